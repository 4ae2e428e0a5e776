// From the form to a request of the API.
import { form, post } from './api.js';

/** The fields that all kinds share. */
function shared(settings) {
  const [width, height] = settings.size.split('x').map(Number);
  return {
    model: settings.model,
    prompt: settings.prompt,
    size: `${width}x${height}`,
    num_frames: settings.num_frames,
    fps: settings.fps,
    num_inference_steps: settings.num_inference_steps,
    guidance_scale: settings.guidance_scale,
    use_dynamic_cfg: settings.use_dynamic_cfg,
    scheduler: settings.scheduler || undefined,
    cache: settings.cache || undefined,
    negative_prompt: settings.negative_prompt || undefined,
    lora: settings.lora ? { name: settings.lora, scale: settings.lora_scale } : undefined,
  };
}

/** Sends a video on its way. */
export function create(settings, media, seed) {
  const fields = { ...shared(settings), seed };
  switch (settings.kind) {
    case 'i2v':
      return post('/v1/videos', form({ ...fields, input_reference: media.image, last_image: media.last }));
    case 'v2v':
      return post('/v1/videos/edits', form({ ...fields, strength: settings.strength,
        video: media.video ?? (media.videoId && { id: media.videoId }), mask: media.mask }));
    case 'control':
    case 'canny':
      return post('/v1/videos', form({ ...fields, kind: settings.kind, control_video: media.video }));
    default:
      return post('/v1/videos', fields);
  }
}

/** What a video would need, without making it; a prompt need not be there yet. */
export const estimate = settings =>
  post('/v1/videos/estimate', { ...shared(settings), prompt: settings.prompt || '-', kind: settings.kind });
