// An image or a video to start from: dropped, pasted, chosen as a file, or taken from a result.
import { html, nothing } from 'lit';
import { Part } from './state.js';
import { icon } from './icons.js';
import { number, t } from './words.js';

const largest = { image: 20 << 20, video: 64 << 20 };

class Media extends Part {
  static properties = {
    type: {}, name: {}, value: { attribute: false }, wrong: {},
    over: { state: true }, problem: { state: true },
  };

  #address = null;
  #shown = null;

  #paste = event => {
    if (this.type !== 'image' || this.name !== 'image') return;
    const file = [...event.clipboardData?.files ?? []].find(each => each.type.startsWith('image/'));
    if (file) {
      event.preventDefault();
      this.take(file);
    }
  };

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener('paste', this.#paste);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener('paste', this.#paste);
    this.#release();
  }

  #release() {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = null;
    this.#shown = null;
  }

  #source() {
    if (typeof this.value === 'string') return this.value;
    if (this.#shown !== this.value) {
      this.#release();
      this.#shown = this.value;
      this.#address = URL.createObjectURL(this.value);
    }
    return this.#address;
  }

  take(file) {
    if (!file) return;
    // a video may be a mask too, and an image may stand for all frames of one
    if (!file.type.startsWith(`${this.type}/`) && !(this.name === 'mask' && file.type.startsWith('image/'))) {
      this.problem = t(`media.not-${this.type}`, { name: file.name });
    } else if (file.size > largest[this.type]) {
      this.problem = t('media.large', { name: file.name, n: number(largest[this.type] >> 20) });
    } else {
      this.problem = '';
      this.#tell(file);
    }
  }

  #tell(value) {
    this.dispatchEvent(new CustomEvent('pick', { detail: value }));
  }

  drop(event) {
    event.preventDefault();
    this.over = false;
    this.take(event.dataTransfer.files[0]);
  }

  render() {
    const id = `media-${this.name}`;
    const wrong = this.problem || this.wrong;
    return html`<div class="media">
      <span class="label" id=${`${id}-label`}>${t(`media.${this.name}`)}</span>
      ${this.value ? this.#preview() : html`
        <label class="drop ${this.over ? 'over' : ''}" @drop=${this.drop}
            @dragover=${event => { event.preventDefault(); this.over = true; }}
            @dragleave=${() => { this.over = false; }}>
          <input class="hidden" id=${id} type="file" accept=${this.name === 'mask' ? 'image/*,video/*' : `${this.type}/*`}
            aria-labelledby=${`${id}-label`} aria-describedby=${`${id}-hint${wrong ? ` ${id}-wrong` : ''}`}
            aria-invalid=${wrong ? 'true' : nothing}
            @change=${event => { this.take(event.target.files[0]); event.target.value = ''; }}>
          <b>${t('media.choose')}</b>
          <span id=${`${id}-hint`}>${t(`media.hint-${this.name === 'image' ? 'image' : 'file'}`)}</span>
        </label>`}
      ${wrong ? html`<p class="wrong" id=${`${id}-wrong`} role="alert">${wrong}</p>` : nothing}
    </div>`;
  }

  #preview() {
    const video = typeof this.value === 'string' || this.value.type.startsWith('video/');
    return html`<div class="picked">
      ${video ? html`<video src=${this.#source()} muted loop autoplay playsinline aria-label=${t(`media.${this.name}`)}></video>`
        : html`<img src=${this.#source()} alt=${t(`media.${this.name}`)}>`}
      <button type="button" class="round" aria-label=${t('media.remove', { what: t(`media.${this.name}`) })}
        @click=${() => this.#tell(null)}>${icon('close')}</button>
    </div>`;
  }
}

customElements.define('cv-media', Media);
