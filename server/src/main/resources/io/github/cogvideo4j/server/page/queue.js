// What is being made, and what waits.
import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { Part, state } from './state.js';
import { post, videoPath } from './api.js';
import { icon } from './icons.js';
import { playtime, rows, sizeText } from './settings.js';
import { duration, t } from './words.js';

const phases = new Set(['load', 'encode-prompt', 'encode-input', 'denoise', 'decode', 'save']);

class Queue extends Part {
  #clock = 0;

  connectedCallback() {
    super.connectedCallback();
    // the time left goes down between two events
    this.#clock = setInterval(() => state.running().length > 0 && this.requestUpdate(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#clock);
  }

  cancel(video) {
    return state.attempt(async () => {
      await state.send(() => post(videoPath(video.id, '/cancel')));
      this.querySelector('h2').focus();
    });
  }

  pause() {
    return state.attempt(async () => {
      state.paused = (await post(state.paused ? '/v1/queue/resume' : '/v1/queue/pause')).paused;
      state.changed();
    });
  }

  move(video, position, name) {
    return state.attempt(async () => {
      await post(videoPath(video.id, '/move'), { position });
      await state.refresh();
      await this.updateComplete;
      const item = this.querySelector(`#wait-${CSS.escape(video.id)}`);
      (item?.querySelector(`.${name}:not([disabled])`) ?? item?.querySelector('button:not([disabled])'))?.focus();
      state.say(t('say.moved', { n: position }));
    });
  }

  render() {
    const running = state.running();
    const waiting = state.waiting();
    return html`<section class="queue" aria-labelledby="queue-title">
      <div class="head"><h2 id="queue-title" tabindex="-1">${t('queue')}
        ${waiting.length > 0 ? html`<span class="count">${t('queue.waiting', { n: waiting.length })}</span>` : nothing}</h2>
        ${state.session.admin ? html`<button @click=${this.pause}>${icon(state.paused ? 'play' : 'pause')}
          <span>${state.paused ? t('queue.resume') : t('queue.pause')}</span></button>` : nothing}</div>
      ${state.paused ? html`<p class="banner">${t('queue.paused')}</p>` : nothing}
      ${running.length + waiting.length === 0 ? html`<p class="empty">${t('queue.empty')}</p>` : nothing}
      ${repeat(running, video => video.id, video => this.#running(video))}
      ${waiting.length > 0 ? html`<ol class="waiting">${repeat(waiting, video => video.id,
        (video, index) => this.#waiting(video, index, waiting.length))}</ol>` : nothing}
    </section>`;
  }

  #running(video) {
    const phase = phases.has(video.phase) ? video.phase : 'working';
    const left = video.eta_seconds === null ? null
      : Math.max(1, video.eta_seconds - (Date.now() - (video.told ?? Date.now())) / 1000);
    const step = phase === 'denoise' && video.steps ? t('progress.step', { n: video.step, of: video.steps }) : '';
    return html`<article class="card running" aria-label=${t('queue.now', { prompt: video.prompt })}>
      <div class="preview">${video.preview !== null ? html`<img alt=${t('preview', { n: video.preview })}
        src=${`${videoPath(video.id, '/preview')}?step=${video.preview}`}>` : html`<span class="soft">${phase === 'decode' || phase === 'save' ? nothing : t('preview.none')}</span>`}</div>
      <div class="about">
        <p class="prompt">${video.prompt}</p>
        <p class="state">${[t(`phase.${phase}`), step].filter(Boolean).join(' · ')}</p>
        <progress max="100" value=${video.progress} aria-label=${t('progress')}></progress>
        <div class="line"><span class="soft">${video.progress} %${left === null ? '' : ` · ${t('progress.left', { time: duration(left) })}`}</span>
          <button @click=${() => this.cancel(video)} aria-label=${t('cancel.of', { prompt: video.prompt })}>${t('cancel')}</button></div>
      </div></article>`;
  }

  #waiting(video, index, all) {
    const button = (sign, label, act, off = false) => html`<button class=${`plain round ${sign}`} ?disabled=${off}
      aria-label=${t(label, { prompt: video.prompt })} @click=${act}>${icon(sign)}</button>`;
    return html`<li id=${`wait-${video.id}`}>
      <span class="place" aria-hidden="true">${index + 1}</span>
      <div class="about"><p class="prompt">${video.prompt}</p>
        <p class="soft">${[playtime(video), sizeText(video.size),
          ...rows(video).filter(row => row.name === 'seed').map(row => `${row.label} ${row.value}`)].join(' · ')}</p></div>
      ${button('up', 'queue.up', () => this.move(video, index, 'up'), index === 0)}
      ${button('down', 'queue.down', () => this.move(video, index + 2, 'down'), index === all - 1)}
      ${button('close', 'cancel.of', () => this.cancel(video))}</li>`;
  }
}

customElements.define('cv-queue', Queue);
