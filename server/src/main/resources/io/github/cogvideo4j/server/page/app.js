// The frame around everything: header, login, and which page is shown.
import { html, nothing } from 'lit';
import { options, Part, state } from './state.js';
import { icon } from './icons.js';
import { language, preferredLanguage, speak, t } from './words.js';

const parts = location.pathname === '/model' ? [() => import('./model.js')]
  : [() => import('./create.js'), () => import('./queue.js'), () => import('./gallery.js'),
    () => import('./detail.js'), () => import('./compare.js')];

const schemes = ['auto', 'light', 'dark'];

class App extends Part {
  static properties = { message: { state: true }, busy: { state: true } };

  constructor() {
    super();
    this.message = '';
    this.busy = false;
  }

  async say(wanted) {
    await speak(wanted);
    state.changed();
  }

  scheme(wanted) {
    if (wanted === 'auto') {
      localStorage.removeItem('scheme');
      delete document.documentElement.dataset.scheme;
    } else {
      localStorage.setItem('scheme', wanted);
      document.documentElement.dataset.scheme = wanted;
    }
    this.requestUpdate();
  }

  async login(event) {
    event.preventDefault();
    this.busy = true;
    try {
      await state.login(new FormData(event.target).get('key'));
      this.message = '';
    } catch (refused) {
      this.message = refused.message;
      this.querySelector('#key').focus();
    }
    this.busy = false;
  }

  render() {
    const model = location.pathname === '/model';
    document.title = model ? t('title.model') : t('title.make');
    return html`
      <a class="skip" href="#main" @click=${this.skip}>${t('skip')}</a>
      <header class="top">
        <a class="brand" href="/">${icon('mark')}<span>CogVideo4J</span></a>
        <nav aria-label=${t('nav')}>
          <a href="/" aria-current=${model ? nothing : 'page'}>${t('nav.make')}</a>
          <a href="/model" aria-current=${model ? 'page' : nothing}>${t('nav.model')}</a>
        </nav>
        <div class="switches">
          ${state.session.required && state.session.name ? html`
            <span class="who">${state.session.name}</span>
            <button class="plain" @click=${() => state.attempt(() => state.logout())}>${t('logout')}</button>` : nothing}
          <label class="bare"><span class="hidden">${t('scheme')}</span>
            <select id="scheme" @change=${event => this.scheme(event.target.value)}>
              ${options(schemes.map(each => [each, t(`scheme.${each}`)]), document.documentElement.dataset.scheme ?? 'auto')}
            </select></label>
          <button class="plain" id="language" lang=${language === 'zh' ? 'en' : 'zh-Hans'}
            @click=${() => this.say(language === 'zh' ? 'en' : 'zh')}>${t('language.other')}</button>
        </div>
      </header>
      <main id="main" tabindex="-1">${this.page(model)}</main>
      <div class="notice" role="status" aria-live="polite">${state.notice
        ? html`<div><p>${state.notice}</p><button class="plain round" aria-label=${t('close')}
          @click=${() => { state.notice = ''; state.changed(); }}>${icon('close')}</button></div>` : nothing}</div>`;
  }

  skip(event) {
    event.preventDefault();
    document.getElementById('main').focus();
  }

  page(model) {
    if (state.fault) {
      return html`<section class="card narrow"><h1>${t('fault.title')}</h1><p role="alert">${state.fault}</p>
        <button @click=${() => state.start()}>${t('again')}</button></section>`;
    }
    if (state.locked) return this.lock();
    if (!state.models) return html`<p class="narrow soft" role="status">${t('loading')}</p>`;
    if (state.models.length === 0) {
      return html`<section class="card narrow"><h1>${t('no-model.title')}</h1><p>${t('no-model.text')}</p></section>`;
    }
    return model ? html`<cv-model></cv-model>` : html`
      <h1 class="hidden">${t('title.make')}</h1>
      ${state.connected ? nothing : html`<p class="banner" role="alert">${t('disconnected')}</p>`}
      <div class="columns">
        <cv-create></cv-create>
        <div class="results"><cv-queue></cv-queue><cv-gallery></cv-gallery></div>
      </div>
      <cv-detail></cv-detail><cv-compare></cv-compare>`;
  }

  lock() {
    return html`<section class="card narrow"><h1>${t('login.title')}</h1><p class="soft">${t('login.text')}</p>
      <form @submit=${this.login}>
        <label for="key">${t('login.key')}</label>
        <input id="key" name="key" type="password" autocomplete="current-password" required
          aria-invalid=${this.message ? 'true' : nothing} aria-describedby=${this.message ? 'key-wrong' : nothing}>
        ${this.message ? html`<p class="wrong" id="key-wrong" role="alert">${this.message}</p>` : nothing}
        <button class="main" ?disabled=${this.busy}>${t('login.button')}</button>
      </form></section>`;
  }
}

await Promise.all([speak(preferredLanguage()), ...parts.map(part => part())]);
customElements.define('cv-app', App);
state.start();
