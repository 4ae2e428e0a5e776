// Where a served model comes from: what it was made of, the proof of its files, what the fine-tuning changed.
import { html, noChange, nothing } from 'lit';
import { directive, Directive } from 'lit/directive.js';
import { options, Part, state } from './state.js';
import { get, post } from './api.js';
import { date, memory, number, percent, t } from './words.js';

/** Colours a cell by a share from 0 to 1; as a property, because the page's policy forbids style attributes. */
const heat = directive(class extends Directive {
  render() {
    return noChange;
  }

  update(part, [share]) {
    part.element.style.setProperty('--t', share.toFixed(3));
    return noChange;
  }
});

const path = (name, rest) => `/v1/models/${encodeURIComponent(name)}/${rest}`;

class ModelPage extends Part {
  static properties = { name: { state: true }, facts: { state: true }, base: { state: true }, fault: { state: true } };

  #timer = 0;

  constructor() {
    super();
    const wanted = new URLSearchParams(location.search).get('name');
    this.name = state.model(wanted).id;
    this.base = '';
    this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  choose(name) {
    this.name = name;
    this.base = '';
    this.facts = null;
    history.replaceState(null, '', `/model?name=${encodeURIComponent(name)}`);
    this.load();
  }

  async load() {
    clearTimeout(this.#timer);
    const { name } = this;
    try {
      const facts = await get(path(name, 'provenance'));
      if (name !== this.name) return;
      this.facts = facts;
      this.fault = '';
      if ([facts.proof, facts.comparison].some(task => task?.state === 'running')) {
        this.#timer = setTimeout(() => this.load(), 1000);
      }
    } catch (refused) {
      if (refused.status === 401) state.lock();
      this.fault = refused.message;
    }
  }

  start(what, body) {
    return state.attempt(async () => {
      await post(path(this.name, what), body);
      await this.load();
    });
  }

  render() {
    const { facts } = this;
    return html`<div class="model">
      <div class="head"><h1>${this.name}</h1>
        ${state.models.length > 1 ? html`<label class="bare"><span class="hidden">${t('field.model')}</span>
          <select id="model" @change=${event => this.choose(event.target.value)}>
            ${options(state.models.map(each => [each.id, each.id]), this.name)}
          </select></label>` : nothing}</div>
      ${this.fault ? html`<p class="banner" role="alert">${this.fault}</p>`
        : !facts ? html`<p class="soft" role="status">${t('loading')}</p>` : html`
          ${this.#trained()}
          ${facts.manifest ? this.#origin(facts.manifest) : html`<section class="card"><h2>${t('origin')}</h2>
            <p>${t('origin.none')}</p></section>`}
          ${this.#proof(facts)}
          ${this.#comparison(facts)}`}
    </div>`;
  }

  #facts(entries) {
    return html`<dl class="settings">${entries.filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => html`<dt>${t(`origin.${name}`)}</dt><dd>${value}</dd>`)}</dl>`;
  }

  #trained() {
    const model = state.model(this.name);
    return html`<section class="card"><h2>${t('trained')}</h2>
      ${this.#facts([
        ['kinds', model.kinds.map(kind => t(`kind.${kind}`)).join(', ')],
        ['size', `${model.width} × ${model.height}`],
        ['length', t('length.choice', { time: t('unit.s', { s: number((model.num_frames - 1) / model.fps, 1) }), n: model.num_frames })],
        ['scheduler', model.scheduler],
      ])}</section>`;
  }

  #origin(manifest) {
    const { source, options } = manifest;
    const versions = Object.entries(source.versions ?? {}).map(([name, version]) => `${name} ${version}`).join(', ');
    return html`<section class="card"><h2>${t('origin')}</h2>
      ${this.#facts([
        ['source', source.name],
        ['kind', source.kind],
        ['step', source.step === null || source.step === undefined ? null : number(source.step)],
        ['zero', source.zero_stage],
        ['ranks', source.world_size],
        ['versions', versions],
        ['files', t('origin.files-value', { n: number(source.files), size: memory(source.bytes) })],
        ['adapters', (source.adapters ?? []).map(each => `${each.name} × ${each.scale}`).join(', ')],
        ['merge', source.merge && `${source.merge.method}: ${source.merge.sources.map(each => `${each.name} × ${each.weight}`).join(', ')}`],
        ['dtype', options.dtype],
        ['software', manifest.software],
        ['names', (manifest.names ?? []).map(each => t(each.unchecked ? 'origin.unchecked' : 'origin.known',
          { component: each.component, model: each.model, by: each.known_by })).join(' ')],
      ])}</section>`;
  }

  #task(task) {
    return html`<p role="status">${t('task.running')}</p>
      <progress max="1" value=${task.progress ?? 0} aria-label=${t('task.running')}></progress>`;
  }

  #proof({ manifest, proof }) {
    const done = proof?.state === 'done';
    return html`<section class="card"><h2>${t('proof')}</h2>
      <p>${manifest ? t('proof.text', { files: number(manifest.files), tensors: number(manifest.tensors) }) : t('proof.none')}</p>
      ${manifest ? html`<p><span class="soft">${t('proof.fingerprint')}</span> <code>${manifest.sha256}</code></p>` : nothing}
      ${proof?.state === 'running' ? this.#task(proof) : nothing}
      ${proof?.state === 'failed' ? html`<p class="wrong">${proof.message}</p>` : nothing}
      ${done && proof.problems.length === 0 ? html`<p class="good">${t(manifest ? 'proof.good' : 'proof.sound',
        { files: number(proof.files), tensors: number(proof.tensors), date: date(proof.finished_at) })}</p>` : nothing}
      ${done && proof.problems.length > 0 ? html`<p class="wrong">${t('proof.bad')}</p>
        <ul>${proof.problems.map(problem => html`<li>${problem}</li>`)}</ul>` : nothing}
      ${proof?.state === 'running' ? nothing
        : html`<button @click=${() => this.start('proof')}>${t(done ? 'proof.again' : 'proof.check')}</button>`}
    </section>`;
  }

  #comparison({ bases, comparison }) {
    const base = this.base || comparison?.base || bases[0];
    return html`<section class="card"><h2>${t('change')}</h2>
      <p class="soft">${t('change.text')}</p>
      ${bases.length === 0 ? html`<p>${t('change.none')}</p>` : comparison?.state === 'running' ? this.#task(comparison)
        : html`<div class="line start"><label for="base">${t('change.base')}</label>
          <select id="base" @change=${event => { this.base = event.target.value; }}>
            ${options(bases.map(each => [each, each]), base)}</select>
          <button @click=${() => this.start('comparison', { base })}>${t('change.compare')}</button></div>`}
      ${comparison?.state === 'failed' ? html`<p class="wrong">${comparison.message}</p>` : nothing}
      ${comparison?.state === 'done' ? this.#changes(comparison) : nothing}</section>`;
  }

  #changes(found) {
    // colours go evenly from the smallest change to the largest on a logarithmic scale
    const logs = found.blocks.flatMap(list => list.rows).flatMap(row => row.values).filter(value => value > 0).map(Math.log);
    const least = Math.min(...logs);
    const span = Math.max(...logs) - least;
    const share = value => value > 0 ? span > 0 ? (Math.log(value) - least) / span : 1 : 0;
    return html`<ul class="figures">
        <li><b>${found.relative === null ? '–' : percent(found.relative)}</b><span>${t('change.total')}</span></li>
        <li><b>${number(found.changed)} / ${number(found.tensors)}</b><span>${t('change.tensors')}</span></li>
        ${found.only_in_model.length + found.only_in_base.length > 0 ? html`<li><b>${number(found.only_in_model.length)} / ${
          number(found.only_in_base.length)}</b><span>${t('change.only')}</span></li>` : nothing}</ul>
      ${found.relative > 1 ? html`<p class="wrong">${t('change.unrelated')}</p>` : nothing}
      ${found.blocks.map(list => html`<h3><code>${list.name}</code></h3>
        <div class="scroll" tabindex="0" role="region" aria-label=${t('change.map', { name: list.name })}>
        <table class="heat"><caption class="hidden">${t('change.map', { name: list.name })}</caption>
          <thead><tr><th scope="col">${t('change.block')}</th>${list.kinds.map(kind => html`<th scope="col">${kind}</th>`)}</tr></thead>
          <tbody>${list.rows.map(row => html`<tr><th scope="row">${row.block}</th>${row.values.map(value =>
            value === null ? html`<td class="none">–</td>`
              : html`<td class=${share(value) > 0.5 ? 'deep' : ''} ${heat(share(value))}>${percent(value)}</td>`)}</tr>`)}
          </tbody></table></div>`)}
      ${found.most_changed.length === 0 ? html`<p>${t('change.nothing')}</p>` : html`<h3>${t('change.most')}</h3>
        <div class="scroll" tabindex="0" role="region" aria-label=${t('change.most')}><table>
        <thead><tr><th scope="col">${t('change.tensor')}</th><th scope="col" class="number">${t('change.relative')}</th></tr></thead>
        <tbody>${found.most_changed.map(tensor => html`<tr><td><code>${tensor.name}</code></td>
          <td class="number">${tensor.relative === null ? '–' : percent(tensor.relative)}</td></tr>`)}</tbody></table></div>`}`;
  }
}

customElements.define('cv-model', ModelPage);
