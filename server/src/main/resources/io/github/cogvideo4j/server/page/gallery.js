// The videos that were made, with search, and thumbnails that are scrubbed.
import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { options, Part, short, state } from './state.js';
import { content, remove, sentence, videoPath } from './api.js';
import { matches, ofVideo, playtime, sizeText } from './settings.js';
import { t } from './words.js';

/** Puts a video's settings into the form. */
export function restore(video, change = {}) {
  const settings = { ...ofVideo(video), ...change.settings };
  document.dispatchEvent(new CustomEvent('restore', { detail: { settings, media: change.media, seed: change.seed } }));
}

export async function forget(video) {
  await remove(videoPath(video.id));
  state.videos.delete(video.id);
  state.chosen = state.chosen.filter(id => id !== video.id);
  state.say(t('say.deleted'));
}

/** A thumbnail that shows the frame under the pointer; the arrow keys go through the frames as well. */
class Thumb extends Part {
  static properties = { video: { attribute: false }, at: { state: true } };

  constructor() {
    super();
    this.at = null;
  }

  get frames() {
    return this.video.spritesheet?.frames ?? 0;
  }

  point(event) {
    if (event.pointerType === 'touch' || this.frames === 0) return;
    const { left, width } = this.getBoundingClientRect();
    this.at = Math.min(this.frames - 1, Math.max(0, Math.floor((event.clientX - left) / width * this.frames)));
  }

  key(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    if (this.frames === 0 || !(event.key in steps)) return;
    event.preventDefault();
    this.at = ((this.at ?? 0) + steps[event.key] + this.frames) % this.frames;
  }

  render() {
    const { video } = this;
    return html`<button class="thumb" aria-label=${t('video.open', { prompt: short(video.prompt), time: playtime(video) })}
        title=${t('video.scrub')} @pointermove=${this.point} @pointerleave=${() => { this.at = null; }}
        @blur=${() => { this.at = null; }} @keydown=${this.key} @click=${() => { location.hash = `video=${video.id}`; }}>
      <img loading="lazy" alt="" src=${content(video.id, 'thumbnail')}>
      <span class="sheet" ?hidden=${this.at === null}></span>
      <span class="bar" ?hidden=${this.at === null}></span>
      <span class="time">${playtime(video)}</span></button>`;
  }

  // Styles are set as properties: the page's policy forbids style attributes.
  updated() {
    if (this.at === null) return;
    const { columns, rows, frames } = this.video.spritesheet;
    const sheet = this.querySelector('.sheet').style;
    sheet.backgroundImage = `url("${content(this.video.id, 'spritesheet')}")`;
    sheet.backgroundSize = `${columns * 100}% ${rows * 100}%`;
    const part = (index, count) => count < 2 ? 0 : index / (count - 1) * 100;
    sheet.backgroundPosition = `${part(this.at % columns, columns)}% ${part(Math.floor(this.at / columns), rows)}%`;
    this.querySelector('.bar').style.width = `${(this.at + 1) / frames * 100}%`;
  }
}

customElements.define('cv-thumb', Thumb);

class Gallery extends Part {
  static properties = { search: { state: true }, only: { state: true } };

  constructor() {
    super();
    this.search = '';
    this.only = 'all';
  }

  choose(video, chosen) {
    state.chosen = chosen ? [...state.chosen.filter(id => id !== video.id), video.id].slice(-2)
      : state.chosen.filter(id => id !== video.id);
    state.changed();
  }

  render() {
    const all = state.done();
    const shown = all.filter(video => (this.only === 'all' || video.status === this.only) && matches(video, this.search));
    return html`<section class="gallery" aria-labelledby="gallery-title">
      <div class="head"><h2 id="gallery-title">${t('gallery')}</h2>
        ${all.length > 0 ? html`<div class="find">
          <label class="bare"><span class="hidden">${t('search')}</span>
            <input type="search" id="search" placeholder=${t('search.example')} .value=${this.search}
              @input=${event => { this.search = event.target.value; }}></label>
          <label class="bare"><span class="hidden">${t('show')}</span>
            <select id="only" @change=${event => { this.only = event.target.value; }}>
              ${options(['all', 'completed', 'failed'].map(each => [each, t(`show.${each}`)]), this.only)}</select></label></div>` : nothing}</div>
      ${all.length === 0 ? html`<div class="empty"><p>${t('gallery.empty')}</p></div>`
        : shown.length === 0 ? html`<p class="empty">${t('search.nothing')}</p>`
          : html`<ul class="cards">${repeat(shown, video => video.id, video => this.#card(video))}</ul>`}
      ${state.more ? html`<p class="more"><button @click=${() => state.attempt(() => state.loadMore())}>${t('gallery.more')}</button></p>` : nothing}
      ${this.#comparing()}
    </section>`;
  }

  #card(video) {
    const about = [sizeText(video.size), t('seed.value', { n: video.seed })];
    if (video.status !== 'completed') return this.#failed(video);
    return html`<li class="card"><cv-thumb .video=${video}></cv-thumb>
      <p class="prompt" title=${video.prompt}>${video.prompt}</p>
      <p class="soft">${about.join(' · ')}</p>
      <div class="line"><label class="check"><input type="checkbox" .checked=${state.chosen.includes(video.id)}
          aria-label=${t('compare.choose', { prompt: short(video.prompt) })}
          @change=${event => this.choose(video, event.target.checked)}><span>${t('compare')}</span></label>
        ${this.#restore(video)}</div></li>`;
  }

  #restore(video) {
    return html`<button class="plain" aria-label=${t('restore.of', { prompt: short(video.prompt) })}
      @click=${() => restore(video)}>${t('restore')}</button>`;
  }

  #failed(video) {
    const cancelled = video.error?.code === 'cancelled';
    return html`<li class="card failed"><div class="reason"><b>${t(cancelled ? 'video.cancelled' : 'video.failed')}</b>
        ${cancelled ? nothing : html`<p>${sentence(video.error?.code, video.error?.message)}</p>`}</div>
      <p class="prompt" title=${video.prompt}>${video.prompt}</p>
      <div class="line">${this.#restore(video)}
        <button class="plain" aria-label=${t('delete.of', { prompt: short(video.prompt) })}
          @click=${() => state.attempt(() => forget(video))}>${t('delete')}</button></div></li>`;
  }

  #comparing() {
    const { chosen } = state;
    if (chosen.length === 0) return nothing;
    return html`<div class="choosing" role="region" aria-label=${t('compare')}>
      <span>${t(chosen.length === 1 ? 'compare.one' : 'compare.two')}</span>
      <button class="plain" @click=${() => { state.chosen = []; state.changed(); }}>${t('compare.clear')}</button>
      <button class="main" ?disabled=${chosen.length < 2}
        @click=${() => { location.hash = `compare=${chosen.join(',')}`; }}>${t('compare.open')}</button></div>`;
  }
}

customElements.define('cv-gallery', Gallery);
