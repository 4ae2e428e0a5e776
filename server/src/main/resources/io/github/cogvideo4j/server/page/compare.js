// Two videos side by side, played in step, and what differs in their settings.
import { html, nothing } from 'lit';
import { LinkedDialog } from './dialog.js';
import { options } from './state.js';
import { content } from './api.js';
import { icon } from './icons.js';
import { sideBySide } from './settings.js';
import { seconds, t } from './words.js';

class Compare extends LinkedDialog {
  static properties = { playing: { state: true }, at: { state: true }, speed: { state: true }, all: { state: true } };

  most = 2;
  #tick = 0;

  constructor() {
    super('compare');
    this.playing = false;
    this.at = 0;
    this.speed = 1;
    this.all = false;
  }

  get players() {
    return [...this.querySelectorAll('video')];
  }

  get length() {
    return Math.max(0.001, ...this.players.map(player => player.duration || 0));
  }

  async follow() {
    this.stop();
    this.at = 0;
    await super.follow();
    if (this.videos.length === 2) this.play();
  }

  leave() {
    this.stop();
    super.leave();
  }

  stop() {
    cancelAnimationFrame(this.#tick);
    this.playing = false;
    this.players.forEach(player => player.pause());
  }

  play() {
    this.playing = true;
    this.seek(this.at >= this.length - 0.01 ? 0 : this.at);
    this.players.forEach(player => {
      player.playbackRate = this.speed;
      player.play().catch(() => this.stop());
    });
    this.#keepInStep();
  }

  /** The longer video leads; the other one follows when it is off by more than a frame. */
  #keepInStep() {
    this.#tick = requestAnimationFrame(() => {
      if (!this.playing) return;
      const [first, second] = this.players;
      if (!first || !second) return;
      const [lead, other] = (first.duration || 0) >= (second.duration || 0) ? [first, second] : [second, first];
      this.at = lead.currentTime;
      const target = Math.min(this.at, other.duration || 0);
      if (!other.seeking && Math.abs(other.currentTime - target) > 0.06) other.currentTime = target;
      if (lead.ended) {
        this.at = 0;
        this.play();
      } else {
        this.#keepInStep();
      }
    });
  }

  seek(time) {
    this.at = Math.min(this.length, Math.max(0, time));
    this.players.forEach(player => { player.currentTime = Math.min(this.at, player.duration || 0); });
  }

  step(frames) {
    this.stop();
    this.seek(this.at + frames / Math.max(...this.videos.map(video => video.fps || 8)));
  }

  render() {
    return this.frame(t('compare.title'), () => this.videos.length < 2 ? nothing : this.#content(...this.videos));
  }

  #content(one, two) {
    const all = sideBySide(one, two);
    const shown = this.all ? all : all.filter(row => row.differs);
    return html`<div class="sides">${[one, two].map((video, index) => html`<figure>
        <video src=${content(video.id)} muted playsinline preload="auto" aria-label=${video.prompt ?? ''}
          @loadedmetadata=${() => this.requestUpdate()}></video>
        <figcaption>${index === 0 ? t('compare.left') : t('compare.right')}</figcaption></figure>`)}</div>
      <div class="player" role="group" aria-label=${t('compare.controls')}>
        <button class="round" aria-label=${t('frame.back')} @click=${() => this.step(-1)}>${icon('back')}</button>
        <button class="round main" aria-label=${t(this.playing ? 'pause' : 'play')}
          @click=${() => this.playing ? this.stop() : this.play()}>${icon(this.playing ? 'pause' : 'play')}</button>
        <button class="round" aria-label=${t('frame.forward')} @click=${() => this.step(1)}>${icon('forward')}</button>
        <input type="range" min="0" max=${this.length} step="0.01" .value=${String(this.at)} aria-label=${t('compare.position')}
          aria-valuetext=${seconds(this.at)} @input=${event => { this.stop(); this.seek(Number(event.target.value)); }}>
        <label class="bare"><span class="hidden">${t('compare.speed')}</span>
          <select @change=${event => { this.speed = Number(event.target.value); this.play(); }}>
            ${options([1, 0.5, 0.25].map(each => [each, `${each} ×`]), this.speed)}
          </select></label></div>
      <div class="head"><h3>${t('compare.differences')}</h3>
        <label class="check"><input type="checkbox" .checked=${this.all}
          @change=${event => { this.all = event.target.checked; }}><span>${t('compare.all')}</span></label></div>
      ${shown.length === 0 ? html`<p class="empty">${t('compare.same')}</p>` : html`<div class="scroll" tabindex="0" role="region"
        aria-label=${t('compare.differences')}><table>
        <thead><tr><th scope="col">${t('compare.setting')}</th><th scope="col">${t('compare.left')}</th>
          <th scope="col">${t('compare.right')}</th></tr></thead>
        <tbody>${shown.map(row => html`<tr class=${row.differs ? 'differs' : ''}><th scope="row">${row.label}</th>
          <td>${row.one}</td><td>${row.two}</td></tr>`)}</tbody></table></div>`}`;
  }
}

customElements.define('cv-compare', Compare);
