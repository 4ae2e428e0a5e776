// What the video in the form would take, told before it is sent.
import { html, nothing } from 'lit';
import { Part, state } from './state.js';
import { estimate } from './request.js';
import { duration, memory, t } from './words.js';

class Estimate extends Part {
  static properties = {
    settings: { attribute: false }, media: { attribute: false }, count: { type: Number }, wrong: { attribute: false },
    told: { state: true },
  };

  #asked = 0;
  #active = 0;
  #timer = 0;

  constructor() {
    super();
    this.count = 1;
    this.wrong = {};
    this.told = null;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  updated(changed) {
    const active = state.running().length + state.waiting().length;
    if (!changed.has('settings') && !changed.has('media') && active === this.#active) return;
    this.#active = active;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), 350);
  }

  async #ask() {
    const asked = ++this.#asked;
    let told;
    try {
      told = await estimate(this.settings, this.media);
    } catch (refused) {
      if (refused.status === 401) state.lock();
      told = { refused: refused.message };
    }
    if (asked === this.#asked) this.told = told;
  }

  render() {
    const { told } = this;
    if (!told) return html`<p>${t('estimate.asking')}</p>`;
    if (Object.values(this.wrong).includes(told.refused)) return nothing;
    if (told.refused) return html`<p class="wrong">${told.refused}</p>`;
    const parts = [];
    if (told.seconds_estimated) parts.push(t('estimate.time', { time: duration(told.seconds_estimated * this.count) }));
    const n = memory(told.memory_bytes);
    const of = told.memory_available_bytes;
    parts.push(of ? t('estimate.memory-of', { n, of: memory(of) }) : t('estimate.memory', { n }));
    return html`<p>${parts.join(' · ')}</p>
      ${told.queue_seconds > 1 ? html`<p>${t('estimate.queue', { time: duration(told.queue_seconds) })}</p>` : nothing}
      ${told.fits === false ? html`<p class="wrong">${t('estimate.too-large')}</p>` : nothing}
      ${told.warnings.map(warning => html`<p class="hint">${warning.message}</p>`)}`;
  }
}

customElements.define('cv-estimate', Estimate);
