// The settings of a video: from a result into the form, into a link and back, told and compared.
import { duration, number, seconds, t } from './words.js';

/** What a link carries, and the form keeps. */
export const names = ['model', 'kind', 'prompt', 'negative_prompt', 'size', 'num_frames', 'fps', 'num_inference_steps',
  'guidance_scale', 'use_dynamic_cfg', 'scheduler', 'cache', 'strength', 'seed', 'lora', 'lora_scale'];

const numbers = new Set(['num_frames', 'fps', 'num_inference_steps', 'guidance_scale', 'strength', 'seed', 'lora_scale']);

/** The settings that made a video. */
export function ofVideo(video) {
  const [lora] = [video.lora ?? []].flat();
  const settings = {};
  for (const name of names) if (video[name] !== undefined && video[name] !== null) settings[name] = video[name];
  settings.lora = lora?.name ?? '';
  settings.lora_scale = lora?.scale ?? 1;
  return settings;
}

/** The fragment of a link that carries settings. */
export function toFragment(settings) {
  const parameters = new URLSearchParams();
  for (const name of names) {
    const value = settings[name];
    if (value !== undefined && value !== '' && value !== false) parameters.set(name, value);
  }
  return `#make?${parameters}`;
}

/** The settings in a fragment. It comes from anywhere, so only known names with plausible values are taken. */
export function ofFragment(fragment) {
  const settings = {};
  for (const [name, text] of new URLSearchParams(fragment.replace(/^#make\?/, ''))) {
    if (!names.includes(name)) continue;
    if (numbers.has(name)) {
      if (text !== '' && Number.isFinite(Number(text))) settings[name] = Number(text);
    } else {
      settings[name] = name === 'use_dynamic_cfg' ? text === 'true' : text.slice(0, 32000);
    }
  }
  return settings;
}

/** From the first frame to the last: 49 frames at 8 a second are 6 seconds, as models count. */
export const playtime = video => video.num_frames && video.fps ? seconds((video.num_frames - 1) / video.fps)
  : seconds(video.seconds);

export const sizeText = size => (size ?? '').replace('x', ' × ');

const loraText = lora => [lora ?? []].flat().map(each => `${each.name} × ${each.scale ?? 1}`).join(', ');

/** Every setting of a video as label and value. */
export function rows(video) {
  const took = video.completed_at && video.started_at ? video.completed_at - video.started_at : null;
  return [
    ['prompt', video.prompt],
    ['negative', video.negative_prompt],
    ['model', video.model],
    ['kind', video.kind && t(`kind.${video.kind}`)],
    ['size', sizeText(video.size)],
    ['frames', video.num_frames && `${number(video.num_frames)} (${playtime(video)})`],
    ['rate', video.fps && t('unit.fps', { n: number(video.fps, 2) })],
    ['steps', video.num_inference_steps],
    ['guidance', video.guidance_scale !== undefined ? number(video.guidance_scale, 2) : null],
    ['dynamic', video.use_dynamic_cfg === undefined ? null : t(video.use_dynamic_cfg ? 'yes' : 'no')],
    ['scheduler', video.scheduler],
    ['cache', video.cache],
    ['strength', video.kind === 'v2v' ? video.strength : null],
    ['seed', video.seed],
    ['lora', loraText(video.lora)],
    ['took', took === null ? null : duration(took)],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => ({ name, label: t(`setting.${name}`), value: String(value) }));
}

/** The settings of two videos side by side, and which of them differ. */
export function sideBySide(one, two) {
  const left = new Map(rows(one).map(row => [row.name, row]));
  const right = new Map(rows(two).map(row => [row.name, row]));
  return [...new Set([...left.keys(), ...right.keys()])].map(name => ({
    label: (left.get(name) ?? right.get(name)).label,
    one: left.get(name)?.value ?? '–',
    two: right.get(name)?.value ?? '–',
    differs: left.get(name)?.value !== right.get(name)?.value,
  }));
}

/** Whether all words of a search are in a video's prompt or settings; `seed:42` asks one setting. */
export function matches(video, search) {
  const all = rows(video);
  const text = all.map(row => row.value).join(' \n ').toLowerCase();
  return search.toLowerCase().split(/\s+/).filter(Boolean).every(word => {
    const [, name, value] = /^(\w+):(.+)$/.exec(word) ?? [];
    const row = name && all.find(each => each.name === name || each.label.toLowerCase() === name);
    if (row) return row.value.toLowerCase().replaceAll(' ', '').startsWith(value.replace('x', row.name === 'size' ? '×' : 'x'));
    return text.includes(word);
  });
}
