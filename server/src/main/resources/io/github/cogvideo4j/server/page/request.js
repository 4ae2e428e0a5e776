// From the form to a request of the API.
import { form, post } from './api.js';

/** The fields that all kinds share. */
function shared(settings) {
  const [width, height] = settings.size.split('x').map(Number);
  return {
    model: settings.model,
    prompt: settings.prompt,
    size: `${width}x${height}`,
    num_frames: settings.kind === 'v2v' ? undefined : settings.num_frames,
    fps: settings.fps,
    num_inference_steps: settings.num_inference_steps,
    preview_every: Math.ceil(settings.num_inference_steps / 10),
    guidance_scale: settings.guidance_scale,
    use_dynamic_cfg: settings.use_dynamic_cfg,
    scheduler: settings.scheduler || undefined,
    cache: settings.cache || undefined,
    negative_prompt: settings.negative_prompt || undefined,
    lora: settings.lora ? { name: settings.lora, scale: settings.lora_scale } : undefined,
  };
}

/** What each kind starts from. */
function inputs(settings, media) {
  switch (settings.kind) {
    case 'i2v':
      return { input_reference: media.image, last_image: media.last };
    case 'v2v':
      return { video: media.video ?? (media.videoId && { id: media.videoId }), mask: media.mask, strength: settings.strength };
    case 'control':
    case 'canny':
      return { kind: settings.kind, control_video: media.video ?? (media.videoId && { id: media.videoId }) };
    default:
      return {};
  }
}

/** Files need a form; everything else is JSON. */
const body = (fields, from) =>
  Object.values(from).some(value => value instanceof Blob) ? form({ ...fields, ...from }) : { ...fields, ...from };

/** Sends a video on its way. */
export const create = (settings, media, seed) =>
  post(settings.kind === 'v2v' ? '/v1/videos/edits' : '/v1/videos', body({ ...shared(settings), seed }, inputs(settings, media)));

/** What a video would need, without making it; the prompt, image or video need not be there yet. */
export const estimate = (settings, media) => post('/v1/videos/estimate',
  body({ ...shared(settings), kind: settings.kind, prompt: settings.prompt || '-' }, inputs(settings, media)));
