// The form that asks for videos.
import { html, noChange, nothing } from 'lit';
import { directive, Directive } from 'lit/directive.js';
import { live } from 'lit/directives/live.js';
import { options, Part, state } from './state.js';
import { content } from './api.js';
import { create } from './request.js';
import { defaults, fitted, inputOf, kinds, store, stored } from './draft.js';
import { playtime, sizeText } from './settings.js';
import { number, t } from './words.js';
import './estimate.js';
import './media.js';

/** A field that is wrong says so, and names the message below it. */
const marked = directive(class extends Directive {
  render() {
    return noChange;
  }

  update({ element }, [name, wrong]) {
    element.ariaInvalid = wrong ? 'true' : null;
    if (wrong) element.setAttribute('aria-describedby', `${name}-wrong`);
    else element.removeAttribute('aria-describedby');
    return noChange;
  }
});

const largestSeed = 2 ** 32;

const randomSeed = () => crypto.getRandomValues(new Uint32Array(1))[0];

/** The field of the form that an error of the API speaks of. */
const fieldOf = { width: 'size', height: 'size', seconds: 'num_frames', input_reference: 'media-image', last_image: 'media-last',
  video: 'media-video', 'video.id': 'media-video', control_video: 'media-video', mask: 'media-mask', 'lora.name': 'lora' };

class Create extends Part {
  static properties = {
    settings: { state: true }, media: { state: true }, wrong: { state: true },
    busy: { state: true }, seedMode: { state: true }, count: { state: true }, custom: { state: true },
  };

  constructor() {
    super();
    this.media = {};
    this.wrong = {};
    this.busy = false;
    this.seedMode = localStorage.getItem('seed-mode') ?? 'random';
    this.count = 1;
    const draft = stored();
    this.#take({ ...defaults(state.models[0]), ...draft, seed: draft.seed ?? 42 });
  }

  connectedCallback() {
    super.connectedCallback();
    this.onRestore = event => this.restore(event.detail);
    document.addEventListener('restore', this.onRestore);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener('restore', this.onRestore);
  }

  get model() {
    return state.model(this.settings.model);
  }

  #take(settings) {
    this.settings = fitted(settings);
    this.custom = !this.model.sizes.includes(this.settings.size);
  }

  /** Puts settings, and what a video starts from, into the form. */
  restore({ settings, media, seed }) {
    const other = settings.model && settings.model !== this.settings.model;
    this.#take({ ...other ? defaults(state.model(settings.model)) : this.settings, ...settings });
    if (media) this.media = { ...this.media, ...media };
    if (settings.seed !== undefined) this.seedMode = seed ?? 'keep';
    store(this.settings);
    this.updateComplete.then(() => {
      const prompt = this.querySelector('#prompt');
      prompt.focus();
      prompt.scrollIntoView({ block: 'center' });
    });
  }

  set(name, value) {
    this.settings = { ...this.settings, [name]: value };
    if (this.wrong[name]) this.wrong = { ...this.wrong, [name]: '' };
    store(this.settings);
  }

  #setModel(id) {
    const { prompt, negative_prompt, seed, kind } = this.settings;
    this.#take({ ...defaults(state.model(id)), prompt, negative_prompt, seed, kind });
    store(this.settings);
  }

  #missing() {
    const { settings, media } = this;
    const input = inputOf[settings.kind];
    const wrong = {};
    if (input && !media[input] && !(input === 'video' && media.videoId)) wrong[`media-${input}`] = t(`missing.${input}`);
    if (!settings.prompt.trim()) wrong.prompt = t('missing.prompt');
    return wrong;
  }

  async submit(event) {
    event.preventDefault();
    this.wrong = this.#missing();
    if (Object.keys(this.wrong).length > 0) return this.#focusWrong();
    this.busy = true;
    const first = this.seedMode === 'random' ? randomSeed() : this.settings.seed;
    let sent = 0;
    try {
      for (; sent < this.count; sent++) {
        await state.send(() => create(this.settings, this.media, (first + sent) % largestSeed));
      }
    } catch (refused) {
      if (refused.status === 401) state.lock();
      this.wrong = { [fieldOf[refused.param] ?? refused.param ?? 'all']: refused.message };
      if (!this.querySelector(`#${CSS.escape(Object.keys(this.wrong)[0])}`)) this.wrong = { all: refused.message };
      this.#focusWrong();
    }
    this.busy = false;
    if (sent > 0) {
      if (this.seedMode !== 'keep') this.set('seed', this.seedMode === 'next' ? (first + sent) % largestSeed : first);
      state.say(sent === 1 ? t('say.queued') : t('say.queued-many', { n: sent }));
    }
    return undefined;
  }

  #focusWrong() {
    this.updateComplete.then(() => {
      const field = this.querySelector('[aria-invalid="true"], .wrong');
      field?.closest('details')?.setAttribute('open', '');
      field?.focus();
    });
  }

  /** A message below a field; the field names it by aria-describedby. */
  #problem(name) {
    return this.wrong[name] ? html`<p class="wrong" id=${`${name}-wrong`} role="alert">${this.wrong[name]}</p>` : nothing;
  }

  #mark(name) {
    return marked(name, this.wrong[name]);
  }

  #number(name, { min, max, step }) {
    return html`<div class="field"><label for=${name}>${t(`field.${name}`)}</label>
      <input id=${name} type="number" inputmode="decimal" required min=${min} max=${max} step=${step}
        .value=${live(String(this.settings[name]))} ${this.#mark(name)}
        @change=${event => event.target.value !== '' && this.set(name, Math.min(max, Math.max(min, Number(event.target.value))))}>
      ${this.#problem(name)}</div>`;
  }

  #select(name, entries) {
    const value = this.settings[name];
    // a video's settings may be none of those that are offered, such as a cache with settings of its own
    if (!entries.some(([each]) => each === value)) entries.push([value, value]);
    return this.#choice(name, entries, value, chosen => this.set(name, chosen));
  }

  #choice(name, entries, value, take) {
    return html`<div class="field"><label for=${name}>${t(`field.${name}`)}</label>
      <select id=${name} ${this.#mark(name)} @change=${event => take(event.target.value)}>
        ${options(entries, value)}
      </select>${this.#problem(name)}</div>`;
  }

  render() {
    const { settings, model } = this;
    return html`<form class="card create" novalidate @submit=${this.submit} aria-labelledby="create-title">
      <h2 id="create-title">${t('create')}</h2>
      ${state.models.length > 1
        ? this.#choice('model', state.models.map(each => [each.id, each.id]), settings.model, id => this.#setModel(id))
        : html`<p class="soft modelname">${model.id}</p>`}
      ${this.#kinds(model)}
      ${this.#inputs(model)}
      <div class="field"><label for="prompt">${t('field.prompt')}</label>
        <textarea id="prompt" rows="5" maxlength="32000" placeholder=${t('prompt.example')} .value=${live(settings.prompt)} ${this.#mark('prompt')}
          @input=${event => this.set('prompt', event.target.value)}
          @keydown=${event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.submit(event); }}></textarea>
        ${this.#problem('prompt')}</div>
      <div class="pair">${this.#size()}${settings.kind === 'v2v' ? this.#asInput() : this.#length()}</div>
      <div class="pair">
        ${this.#number('num_inference_steps', { min: 1, max: 200, step: 1 })}
        ${this.#number('guidance_scale', { min: 0, max: 20, step: 0.1 })}
      </div>
      ${this.#seed()}
      <details class="further"><summary>${t('further')}</summary>${this.#further(model)}</details>
      ${this.#foot()}
    </form>`;
  }

  #kinds(model) {
    const possible = kinds.filter(kind => model.kinds.includes(kind));
    if (possible.length < 2) return nothing;
    return html`<fieldset class="segments"><legend class="hidden">${t('field.kind')}</legend>
      ${possible.map(kind => html`<label><input type="radio" name="kind" value=${kind}
        .checked=${live(kind === this.settings.kind)} @change=${() => this.set('kind', kind)}>
        <span>${t(`kind.${kind}`)}</span></label>`)}</fieldset>`;
  }

  #pick(name, value) {
    this.media = { ...this.media, [name]: value, ...(name === 'video' ? { videoId: null } : {}) };
    this.wrong = { ...this.wrong, [`media-${name}`]: '' };
  }

  #medium(type, name, value = this.media[name]) {
    return html`<cv-media type=${type} name=${name} .value=${value} .wrong=${this.wrong[`media-${name}`] ?? ''}
      @pick=${event => this.#pick(name, event.detail)}></cv-media>`;
  }

  #inputs(model) {
    const { kind } = this.settings;
    const takes = name => model.inputs.includes(name);
    if (kind === 'i2v') {
      return html`${this.#medium('image', 'image')}${takes('last_image') ? this.#medium('image', 'last') : nothing}`;
    }
    if (inputOf[kind] !== 'video') return nothing;
    const chosen = this.media.video ?? (this.media.videoId && content(this.media.videoId));
    return html`${this.#medium('video', 'video', chosen)}
      ${kind === 'v2v' ? html`<div class="field"><label for="strength">${t('field.strength')}
        <output for="strength">${number(this.settings.strength, 2)}</output></label>
        <input id="strength" type="range" min="0.05" max="1" step="0.05" .value=${live(String(this.settings.strength))}
          aria-describedby="strength-hint" @input=${event => this.set('strength', Number(event.target.value))}>
        <p class="hint" id="strength-hint">${t('strength.hint')}</p></div>` : nothing}
      ${kind === 'v2v' && takes('mask') ? this.#medium('video', 'mask') : nothing}`;
  }

  #size() {
    const [width, height] = this.settings.size.split('x').map(Number);
    const step = this.model.size_multiple;
    const choose = value => {
      this.custom = value === 'other';
      if (!this.custom) this.set('size', value);
    };
    const side = (name, value, set) => html`<label for=${name} class="hidden">${t(`field.${name}`)}</label>
      <input id=${name} type="number" min=${step} max="4096" step=${step} .value=${live(String(value))}
        @change=${event => set(Math.max(step, Math.round(Number(event.target.value) / step) * step))}>`;
    return html`<div class="field"><label for="size">${t('field.size')}</label>
      <select id="size" ${this.#mark('size')}
        @change=${event => choose(event.target.value)}>
        ${options([...this.model.sizes.map(size => [size, sizeText(size)]), ...this.model.fixed_size ? [] : [['other', t('size.other')]]],
          this.custom ? 'other' : this.settings.size)}
      </select>
      ${this.custom ? html`<span class="sides">${side('width', width, value => this.set('size', `${value}x${height}`))}
        <span aria-hidden="true">×</span>${side('height', height, value => this.set('size', `${width}x${value}`))}</span>` : nothing}
      ${this.#problem('size')}</div>`;
  }

  #length() {
    const counts = [...new Set([...this.model.frame_counts, this.settings.num_frames])].sort((a, b) => a - b);
    const { num_frames, fps } = this.settings;
    return this.#choice('num_frames', counts.map(count => [count, t('length.choice',
      { time: playtime({ num_frames: count, fps }), n: count })]), num_frames, count => this.set('num_frames', Number(count)));
  }

  /** A changed video is as long as it was. */
  #asInput() {
    return html`<div class="field"><span class="label">${t('field.num_frames')}</span><p class="fixed">${t('length.input')}</p></div>`;
  }

  #seed() {
    const mode = value => {
      this.seedMode = value;
      localStorage.setItem('seed-mode', value);
    };
    return html`<div class="pair">
      ${this.#choice('seed-mode', ['random', 'keep', 'next'].map(each => [each, t(`seed.${each}`)]), this.seedMode, mode)}
      <div class="field"><label for="seed">${t('field.seed')}</label>
        <input id="seed" type="number" inputmode="numeric" min="0" max=${largestSeed - 1} step="1"
          .value=${live(String(this.settings.seed))} ?disabled=${this.seedMode === 'random'} ${this.#mark('seed')}
          @change=${event => this.set('seed', Math.max(0, Math.floor(Number(event.target.value)) || 0))}>
        ${this.#problem('seed')}</div></div>`;
  }

  #further(model) {
    const own = t('as-model');
    return html`
      <div class="field"><label for="negative_prompt">${t('field.negative_prompt')}</label>
        <textarea id="negative_prompt" rows="2" .value=${live(this.settings.negative_prompt)} ${this.#mark('negative_prompt')}
          @input=${event => this.set('negative_prompt', event.target.value)}></textarea>${this.#problem('negative_prompt')}</div>
      ${this.#select('scheduler', [['', `${own} (${model.scheduler.replace(/Scheduler$/, '')})`],
        ...model.schedulers.map(each => [each, each])])}
      ${this.#select('cache', [['', t('cache.none')], ...model.caches.map(each => [each, each])])}
      <label class="check"><input type="checkbox" id="use_dynamic_cfg" .checked=${live(this.settings.use_dynamic_cfg)}
        @change=${event => this.set('use_dynamic_cfg', event.target.checked)}><span>${t('field.use_dynamic_cfg')}</span></label>
      <div class="pair">
        ${this.#number('fps', { min: 1, max: 120, step: 1 })}
        <div class="field"><label for="count">${t('field.count')}</label>
          <input id="count" type="number" inputmode="numeric" min="1" max="10" step="1" .value=${live(String(this.count))}
            @change=${event => { this.count = Math.min(10, Math.max(1, Math.floor(Number(event.target.value)) || 1)); }}></div>
      </div>
      ${state.loras.length > 0 ? html`<div class="pair">
        ${this.#select('lora', [['', t('lora.none')], ...state.loras.map(lora => [lora.id, lora.id])])}
        ${this.#number('lora_scale', { min: -4, max: 4, step: 0.05 })}</div>`
        : html`<p class="hint">${t('lora.empty')}</p>`}`;
  }

  #foot() {
    return html`<div class="foot">
      <cv-estimate class="estimate" aria-live="polite" .settings=${this.settings} .media=${this.media}
        .count=${this.count} .wrong=${this.wrong}></cv-estimate>
      ${this.wrong.all ? html`<p class="wrong" tabindex="-1" role="alert">${this.wrong.all}</p>` : nothing}
      <button class="main" ?disabled=${this.busy}>${this.busy ? t('sending')
        : this.count === 1 ? t('make') : t('make-many', { n: this.count })}</button>
    </div>`;
  }
}

customElements.define('cv-create', Create);
