// What the page knows, in one place: parts render it, events of the server change it.
import { html, LitElement } from 'lit';
import { live } from 'lit/directives/live.js';
import { get, post, remove, sentence, videoPath } from './api.js';
import { t } from './words.js';

const pageSize = 60;
const active = video => video.status === 'queued' || video.status === 'in_progress';

class State extends EventTarget {
  session = { required: false, name: null, admin: true };
  models = null;
  loras = [];
  videos = new Map();
  paused = false;
  more = false;
  last = null;
  fault = '';
  notice = '';
  connected = true;
  locked = false;
  chosen = [];
  #stream = null;
  #events = 0;
  #lastEvent = new Map();

  changed() {
    this.dispatchEvent(new Event('change'));
  }

  /** Shows a sentence at the foot of the page; screen readers say it. */
  say(text) {
    this.notice = text;
    this.changed();
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => { this.notice = ''; this.changed(); }, 8000);
  }

  /** Runs something that may be refused, and says why. */
  async attempt(work) {
    try {
      return await work();
    } catch (refused) {
      if (refused.status === 401) this.lock();
      else this.say(refused.message);
      return undefined;
    }
  }

  lock() {
    this.locked = true;
    this.#stream?.close();
    this.changed();
  }

  async start() {
    this.fault = '';
    try {
      this.session = await get('/v1/session');
      this.locked = this.session.required && !this.session.name;
      if (!this.locked) await this.#load();
    } catch (refused) {
      if (refused.status === 401) this.locked = true;
      else this.fault = refused.message;
    }
    this.changed();
  }

  async login(key) {
    await post('/v1/session', { key });
    await this.start();
  }

  async logout() {
    await remove('/v1/session');
    location.reload();
  }

  async #load() {
    const [models, loras] = await Promise.all([get('/v1/models'), get('/v1/loras')]);
    this.models = models.data;
    this.loras = loras.data;
    this.#listen();
    await this.refresh();
  }

  /** Sends a request, and says of what an answer tells whether it holds: events that came meanwhile tell more. */
  async #ask(send) {
    const sent = this.#events;
    const answer = await send();
    return [answer, name => (this.#lastEvent.get(name) ?? 0) <= sent];
  }

  #keep(videos, holds) {
    videos.filter(video => holds(video.id)).forEach(video => this.videos.set(video.id, video));
  }

  /** Sends a request whose answer is a video. */
  async send(request) {
    const [video, holds] = await this.#ask(request);
    if (holds(video.id)) this.take(video);
  }

  /** The newest videos and the state of the queue. */
  async refresh() {
    const [[page, queue], holds] = await this.#ask(() =>
      Promise.all([get(`/v1/videos?limit=${pageSize}`), get('/v1/queue')]));
    this.videos = new Map([...this.videos].filter(([id]) => !holds(id)));
    this.#keep(page.data, holds);
    this.more = page.has_more;
    this.last = page.last_id;
    if (holds('queue')) this.paused = queue.paused;
    this.changed();
  }

  async loadMore() {
    const [page, holds] = await this.#ask(() =>
      get(`/v1/videos?limit=${pageSize}&after=${encodeURIComponent(this.last)}`));
    this.#keep(page.data, holds);
    this.more = page.has_more;
    this.last = page.last_id ?? this.last;
    this.changed();
  }

  /** A video that a link names may be older than those that were loaded. */
  async find(id) {
    if (this.videos.has(id)) return this.videos.get(id);
    const [video, holds] = await this.#ask(() => get(videoPath(id)));
    this.#keep([video], holds);
    return video;
  }

  #listen() {
    this.#stream?.close();
    const stream = new EventSource('/v1/videos/events');
    this.#stream = stream;
    const on = (type, act) => stream.addEventListener(type, event => {
      const told = JSON.parse(event.data);
      this.#events += 1;
      this.#lastEvent.set(told.id ?? type, this.#events);
      act(told);
      this.changed();
    });
    let opened = false;
    stream.onopen = () => {
      this.connected = true;
      // after a lost connection the list may have gaps that no event tells of
      if (opened) this.attempt(() => this.refresh());
      opened = true;
      this.changed();
    };
    stream.onerror = () => {
      this.connected = false;
      this.changed();
      // a browser gives up for good when the answer was an error, such as a proxy's 502
      if (stream.readyState === EventSource.CLOSED && !this.locked) setTimeout(() => this.#listen(), 3000);
    };
    on('video', video => this.take(video));
    on('deleted', ({ id }) => this.videos.delete(id));
    on('queue', queue => { this.paused = queue.paused; });
  }

  /** Takes a video as the server tells it. */
  take(video) {
    const before = this.videos.get(video.id);
    if (before && active(before) && !active(video)) {
      const prompt = short(video.prompt);
      this.say(video.status === 'completed' ? t('say.completed', { prompt })
        : video.error?.code === 'cancelled' ? t('say.cancelled', { prompt })
          : t('say.failed', { prompt, reason: sentence(video.error?.code, video.error?.message) }));
    }
    this.videos.set(video.id, { ...video, told: Date.now() });
    this.changed();
  }

  newest() {
    return [...this.videos.values()].sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
  }

  running() {
    return this.newest().filter(video => video.status === 'in_progress').reverse();
  }

  waiting() {
    return this.newest().filter(video => video.status === 'queued')
      .sort((a, b) => (a.queue_position ?? 0) - (b.queue_position ?? 0) || a.created_at - b.created_at);
  }

  done() {
    return this.newest().filter(video => !active(video));
  }

  model(id) {
    return this.models?.find(model => model.id === id) ?? this.models?.[0];
  }
}

export const state = new State();

/** The options of a choice: pairs of value and text. */
export const options = (entries, chosen) =>
  entries.map(([value, text]) => html`<option value=${value} .selected=${live(value === chosen)}>${text}</option>`);

export const short = text => text.length > 60 ? `${text.slice(0, 57)}…` : text;

/** A part of the page, rendered into the document itself, so that labels, styles and searches reach it. */
export class Part extends LitElement {
  #render = () => this.requestUpdate();

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    state.addEventListener('change', this.#render);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    state.removeEventListener('change', this.#render);
  }
}
