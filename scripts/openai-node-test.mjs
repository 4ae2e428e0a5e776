// The official Node client, unchanged, against a running server: node openai-node-test.mjs URL KEY IMAGE
// Ends with exit code 1 and a sentence at the first answer that is not as the client's users expect.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import OpenAI, { toFile } from 'openai';

const [baseURL, apiKey, image] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const small = { size: '80x48', num_frames: 9, num_inference_steps: 2, seed: 7 };

async function step(name, body) {
  try {
    await body();
    console.log(`ok   ${name}`);
  } catch (error) {
    console.log(`FAIL ${name}: ${error.message}`);
    process.exit(1);
  }
}

async function finished(id) {
  for (;;) {
    const video = await client.videos.retrieve(id);
    if (video.status === 'completed') return video;
    assert.notEqual(video.status, 'failed', `failed: ${video.error?.code}: ${video.error?.message}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function bytes(id, variant) {
  const answer = await client.videos.downloadContent(id, { variant });
  return { type: answer.headers.get('content-type'), data: Buffer.from(await answer.arrayBuffer()) };
}

async function refused(status, call, code) {
  await assert.rejects(call, (error) => {
    assert.equal(error.status, status, error.message);
    assert.ok(error.error?.message, 'the envelope has a message');
    for (const key of ['message', 'type', 'param', 'code']) assert.ok(key in error.error, `the envelope has ${key}`);
    if (code) assert.equal(error.error.code, code);
    return true;
  });
}

const made = [];
let first;

await step('create by form, text only', async () => {
  const video = await client.videos.create({ model: 't2v', prompt: 'a boat on a lake', ...small });
  assert.match(video.id, /^video_/);
  assert.equal(video.object, 'video');
  assert.ok(['queued', 'in_progress', 'completed'].includes(video.status));
  for (const key of ['completed_at', 'expires_at', 'prompt', 'remixed_from_video_id', 'error']) {
    assert.ok(key in video, `${key} is present`);
  }
  first = await finished(video.id);
  assert.equal(first.progress, 100);
  assert.equal(first.size, '80x48');
  assert.equal(first.prompt, 'a boat on a lake');
  assert.equal(typeof first.seconds, 'string');
  made.push(video.id);
});

await step('create by JSON', async () => {
  const video = await client.post('/videos', { body: { model: 't2v', prompt: 'a boat on a lake', ...small, seconds: '1' } });
  const same = await finished(video.id);
  assert.ok((await bytes(same.id, 'video')).data.equals((await bytes(first.id, 'video')).data), 'the same video as by form');
  await client.videos.delete(same.id);
});

await step('content in all variants', async () => {
  const video = await bytes(first.id, 'video');
  assert.equal(video.type, 'video/mp4');
  assert.equal(video.data.toString('latin1', 4, 8), 'ftyp');
  for (const variant of ['thumbnail', 'spritesheet']) {
    const picture = await bytes(first.id, variant);
    assert.equal(picture.type, 'image/webp');
    assert.equal(picture.data.toString('latin1', 8, 12), 'WEBP');
  }
});

await step('an image by file', async () => {
  const file = await toFile(await readFile(image), '../../first frame.png');
  const video = await client.videos.create({ model: 'i2v', prompt: 'it moves', input_reference: file, ...small });
  made.push((await finished(video.id)).id);
});

await step('an image by data URL', async () => {
  const image_url = `data:image/png;base64,${(await readFile(image)).toString('base64')}`;
  const video = await client.videos.create({ model: 'i2v', prompt: 'it moves', input_reference: { image_url }, ...small });
  made.push((await finished(video.id)).id);
});

await step('the same image by file and by data URL gives the same video', async () => {
  const [, byFile, byUrl] = made;
  assert.ok((await bytes(byFile, 'video')).data.equals((await bytes(byUrl, 'video')).data));
});

await step('remix by JSON: the same seed and settings, a new prompt', async () => {
  const video = await client.videos.remix(first.id, { prompt: 'a boat at night' });
  assert.equal(video.remixed_from_video_id, first.id);
  const remixed = await finished(video.id);
  assert.equal(remixed.prompt, 'a boat at night');
  assert.equal(remixed.size, first.size);
  assert.equal(remixed.seed, first.seed);
  made.push(video.id);
});

await step('edit of a finished video', async () => {
  const video = await client.videos.edit({ prompt: 'a ship', video: { id: first.id } });
  made.push((await finished(video.id)).id);
});

await step('list, page by page, both ways', async () => {
  for (const order of ['asc', 'desc']) {
    const seen = [];
    for await (const video of client.videos.list({ limit: 2, order })) seen.push(video.id);
    assert.deepEqual(seen, order === 'asc' ? made : made.toReversed());
  }
});

await step('characters are answered by an envelope', async () => {
  const video = await toFile(Buffer.from('not used'), 'a.mp4');
  await refused(404, () => client.videos.createCharacter({ name: 'someone', video }));
  await refused(404, () => client.videos.getCharacter('char_1'));
});

await step('what is not there', async () => {
  await refused(404, () => client.videos.retrieve('video_000000000000'));
  await refused(404, () => client.videos.downloadContent('video_000000000000'));
});

await step('what is wrong in a request is named', async () => {
  await refused(400, () => client.videos.create({ model: 't2v', prompt: 'x', size: 'large' }));
  await refused(400, () => client.videos.create({ model: 'i2v', prompt: 'x', input_reference: { file_id: 'file_1' } }));
  await refused(400, () => client.videos.create({ model: 'i2v', prompt: 'x', input_reference: { image_url: 'http://127.0.0.1/' } }));
});

await step('another key', async () => {
  const stranger = new OpenAI({ baseURL, apiKey: 'not-a-key', maxRetries: 0 });
  await refused(401, () => stranger.videos.list());
});

await step('a full queue', async () => {
  // More at once than the server was told to hold: what does not fit is refused with the time to come again.
  const long = { model: 't2v', prompt: 'x', ...small, num_inference_steps: 50 };
  const tries = await Promise.allSettled(Array.from({ length: 12 }, () => client.videos.create(long)));
  const refusals = tries.filter((one) => one.status === 'rejected').map((one) => one.reason);
  assert.ok(refusals.length > 0, 'some are refused');
  for (const refusal of refusals) {
    assert.equal(refusal.status, 429, refusal.message);
    assert.ok(Number(refusal.headers.get('retry-after')) > 0, 'Retry-After is told');
  }
  for (const one of tries.filter((each) => each.status === 'fulfilled')) {
    const gone = await client.videos.delete(one.value.id);
    assert.deepEqual({ ...gone }, { id: one.value.id, object: 'video.deleted', deleted: true });
  }
});

await step('delete', async () => {
  for (const id of made) await client.videos.delete(id);
  await refused(404, () => client.videos.retrieve(first.id));
  assert.equal((await client.videos.list()).data.length, 0);
});
