// The public HTTP API, and nothing else: every request that the page makes is one that any client can make.
import { has, language, t } from './words.js';

/** An answer other than 2xx, with the sentence to show in the page's language. */
export class ApiError extends Error {
  constructor(status, code, message, param) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

/** Known codes have a sentence here; for all others the server's own is shown. */
export function sentence(code, message) {
  return code && has(`error.${code}`) ? t(`error.${code}`) : message || t('error.unknown');
}

async function failure(answer) {
  let error = {};
  try {
    error = (await answer.json()).error ?? {};
  } catch {
    // a proxy's answer: the status has to do
  }
  // what is wrong with a field is told best by the server, which names field and value
  const text = answer.status === 400 && error.message ? error.message
    : sentence(error.code, error.message || t('error.status', { status: answer.status }));
  return new ApiError(answer.status, error.code, text, error.param);
}

export async function call(method, path, body) {
  const headers = { Accept: 'application/json', 'Accept-Language': language };
  if (body !== undefined && !(body instanceof FormData)) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, { method, headers, body });
  } catch {
    throw new ApiError(0, 'offline', t('error.offline'));
  }
  if (!answer.ok) throw await failure(answer);
  return answer.status === 204 ? {} : answer.json();
}

export const get = path => call('GET', path);
export const post = (path, body) => call('POST', path, body);
export const remove = path => call('DELETE', path);

export const videoPath = (id, rest = '') => `/v1/videos/${encodeURIComponent(id)}${rest}`;
export const content = (id, variant = 'video') =>
  videoPath(id, '/content') + (variant === 'video' ? '' : `?variant=${variant}`);

/** A form of the values that are set; objects become bracketed names. */
export function form(values) {
  const data = new FormData();
  const add = (name, value) => {
    if (value === undefined || value === null || value === '') return;
    if (value instanceof Blob) data.append(name, value, 'upload');
    else if (Array.isArray(value)) value.forEach(each => add(`${name}[]`, each));
    else if (typeof value === 'object') Object.entries(value).forEach(([key, each]) => add(`${name}[${key}]`, each));
    else data.append(name, String(value));
  };
  Object.entries(values).forEach(([name, value]) => add(name, value));
  return data;
}
