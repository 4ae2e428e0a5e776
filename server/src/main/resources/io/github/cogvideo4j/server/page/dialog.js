// A dialog that a link opens: `#video=…`, `#compare=…`. The browser keeps the focus inside and gives it back.
import { html } from 'lit';
import { Part, state } from './state.js';
import { icon } from './icons.js';
import { t } from './words.js';

export class LinkedDialog extends Part {
  static properties = { videos: { state: true } };

  /** @param word what the fragment begins with */
  constructor(word) {
    super();
    this.word = word;
    this.videos = [];
    this.onHash = () => this.follow();
  }

  connectedCallback() {
    super.connectedCallback();
    window.addEventListener('hashchange', this.onHash);
    this.follow();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener('hashchange', this.onHash);
  }

  async follow() {
    const [, ids] = new RegExp(`^#${this.word}=(.+)$`).exec(location.hash) ?? [];
    if (!ids) {
      this.querySelector('dialog')?.close();
      this.videos = [];
      return;
    }
    const found = await state.attempt(() =>
      Promise.all(ids.split(',').slice(0, this.most).map(id => state.find(decodeURIComponent(id)))));
    if (!found) return this.leave();
    this.videos = found;
    await this.updateComplete;
    const dialog = this.querySelector('dialog');
    if (!dialog.open) dialog.showModal();
    return undefined;
  }

  leave() {
    history.replaceState(null, '', location.pathname);
    this.videos = [];
  }

  frame(title, content) {
    return html`<dialog class=${this.word} aria-labelledby=${`${this.word}-title`} @close=${this.leave}
        @click=${event => { if (event.target === event.currentTarget) event.currentTarget.close(); }}>
      ${this.videos.length === 0 ? '' : html`<div class="inside">
        <div class="head"><h2 id=${`${this.word}-title`} tabindex="-1" autofocus>${title}</h2>
          <button class="plain round" aria-label=${t('close')}
            @click=${() => this.querySelector('dialog').close()}>${icon('close')}</button></div>
        ${content()}</div>`}</dialog>`;
  }
}
