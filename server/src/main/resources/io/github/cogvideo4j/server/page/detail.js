// One video: played, told, downloaded, and what can be made of it.
import { html, nothing } from 'lit';
import { state } from './state.js';
import { LinkedDialog } from './dialog.js';
import { content, post, videoPath } from './api.js';
import { forget, restore } from './gallery.js';
import { ofFragment, ofVideo, rows, toFragment } from './settings.js';
import { date, t } from './words.js';

class Detail extends LinkedDialog {
  static properties = { remixing: { state: true }, sure: { state: true } };

  most = 1;

  constructor() {
    super('video');
    this.remixing = false;
    this.sure = false;
  }

  async follow() {
    this.remixing = false;
    this.sure = false;
    if (location.hash.startsWith('#make?')) {
      const settings = ofFragment(location.hash);
      history.replaceState(null, '', location.pathname);
      document.dispatchEvent(new CustomEvent('restore', { detail: { settings } }));
      state.say(t('say.restored'));
    }
    return super.follow();
  }

  get video() {
    return state.videos.get(this.videos[0]?.id) ?? this.videos[0];
  }

  #use(change) {
    const { video } = this;
    this.querySelector('dialog').close();
    restore(video, change);
  }

  /** The frame that the player shows, as a picture. */
  async still() {
    const player = this.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = player.videoWidth;
    canvas.height = player.videoHeight;
    canvas.getContext('2d').drawImage(player, 0, 0);
    return new Promise(done => canvas.toBlob(done, 'image/png'));
  }

  async asImage() {
    const image = await this.still();
    const kinds = state.model(this.video.model).kinds;
    const model = kinds.includes('i2v') ? this.video.model : state.models.find(each => each.kinds.includes('i2v'))?.id;
    this.#use({ settings: { kind: 'i2v', model }, media: { image } });
  }

  again() {
    return state.attempt(async () => {
      const { video } = this;
      await state.send(() => post(videoPath(video.id, '/remix'), { prompt: video.prompt, seed: video.seed + 1 }));
      this.querySelector('dialog').close();
      state.say(t('say.queued'));
    });
  }

  remix(event) {
    event.preventDefault();
    const prompt = new FormData(event.target).get('prompt').trim();
    if (!prompt) return undefined;
    return state.attempt(async () => {
      await state.send(() => post(videoPath(this.video.id, '/remix'), { prompt }));
      this.querySelector('dialog').close();
      state.say(t('say.queued'));
    });
  }

  async copy() {
    const link = new URL(toFragment(ofVideo(this.video)), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      state.say(t('say.copied'));
    } catch {
      // without permission, or over plain http: the link is shown to be copied by hand
      state.say(link);
    }
  }

  delete() {
    if (!this.sure) {
      this.sure = true;
      return undefined;
    }
    const { video } = this;
    this.querySelector('dialog').close();
    return state.attempt(() => forget(video));
  }

  render() {
    return this.frame(t('video'), () => this.#content(this.video));
  }

  #content(video) {
    const can = kind => state.models.some(model => model.kinds.includes(kind));
    const name = video.id.slice(-12);
    return html`<div class="both"><video src=${content(video.id)} controls loop autoplay muted playsinline
        poster=${content(video.id, 'thumbnail')} aria-label=${video.prompt}></video>
      <dl class="settings">${rows(video).map(row => html`<dt>${row.label}</dt><dd>${row.value}</dd>`)}
        <dt>${t('setting.created')}</dt><dd>${date(video.created_at)}</dd>
        ${video.expires_at ? html`<dt>${t('setting.expires')}</dt><dd>${date(video.expires_at)}</dd>` : nothing}</dl></div>
      <div class="actions">
        <button @click=${() => this.#use({})}>${t('restore')}</button>
        <button @click=${this.again}>${t('again-next')}</button>
        <button aria-expanded=${this.remixing ? 'true' : 'false'} @click=${() => { this.remixing = !this.remixing; }}>${t('remix')}</button>
        ${can('i2v') ? html`<button @click=${this.asImage}>${t('as-image')}</button>` : nothing}
        ${can('v2v') ? html`<button @click=${() => this.#use({ settings: { kind: 'v2v' },
          media: { video: null, videoId: video.id } })}>${t('as-video')}</button>` : nothing}
        <button @click=${this.copy}>${t('copy-link')}</button>
      </div>
      ${this.remixing ? html`<form class="remix" @submit=${this.remix}><label for="remix">${t('remix.prompt')}</label>
        <textarea id="remix" name="prompt" rows="3" required .value=${video.prompt}></textarea>
        <button class="main">${t('remix.make')}</button></form>` : nothing}
      <div class="actions">
        <a class="button" href=${content(video.id)} download=${`${name}.mp4`}>${t('download.mp4')}</a>
        <a class="button" href=${content(video.id, 'gif')} download=${`${name}.gif`}>${t('download.gif')}</a>
        <a class="button" href=${videoPath(video.id, '/record')} download=${`${name}.json`}>${t('download.record')}</a>
        <button class="danger" @click=${this.delete}>${this.sure ? t('delete.sure') : t('delete')}</button>
      </div>`;
  }
}

customElements.define('cv-detail', Detail);
