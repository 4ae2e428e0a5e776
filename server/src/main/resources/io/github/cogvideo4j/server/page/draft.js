// The settings of the form: what a model was trained for, and what was typed before the page was left.
import { state } from './state.js';

export const kinds = ['t2v', 'i2v', 'v2v', 'control', 'canny'];

/** What a kind starts from. */
export const inputOf = { i2v: 'image', v2v: 'video', control: 'video', canny: 'video' };

const firstKind = model => kinds.find(kind => model.kinds.includes(kind));

/** What the model was trained for. */
export function defaults(model) {
  return {
    model: model.id, kind: firstKind(model), prompt: '', negative_prompt: '',
    size: `${model.width}x${model.height}`, num_frames: model.num_frames, fps: model.fps,
    num_inference_steps: model.num_inference_steps, guidance_scale: model.guidance_scale,
    use_dynamic_cfg: model.use_dynamic_cfg, scheduler: '', cache: '', strength: 0.8, lora: '', lora_scale: 1,
  };
}

/** Settings of a draft or a link may be for another model than those that are here. */
export function fitted(settings) {
  const model = state.model(settings.model);
  const fit = { ...settings, model: model.id };
  if (!model.kinds.includes(fit.kind)) fit.kind = firstKind(model);
  if (fit.lora && !state.loras.some(lora => lora.id === fit.lora)) fit.lora = '';
  if (fit.scheduler === model.scheduler) fit.scheduler = '';
  if (model.fixed_size && !model.sizes.includes(fit.size)) [fit.size] = model.sizes;
  return fit;
}

/** What was typed in this tab before. */
export const stored = () => JSON.parse(sessionStorage.getItem('draft')) ?? {};

export const store = settings => sessionStorage.setItem('draft', JSON.stringify(settings));
