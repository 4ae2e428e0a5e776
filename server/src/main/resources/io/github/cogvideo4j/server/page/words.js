// The page's language: every text comes from en.json or zh.json, in which {name} stands for a value.
const languages = ['en', 'zh'];
let words = {};
export let language = 'en';

export async function speak(wanted) {
  const answer = await fetch(`/page/${wanted}.json`);
  if (!answer.ok) throw new Error(`${wanted}.json: ${answer.status}`);
  words = await answer.json();
  language = wanted;
  localStorage.setItem('language', wanted);
  document.documentElement.lang = wanted === 'zh' ? 'zh-Hans' : 'en';
}

export function preferredLanguage() {
  const stored = localStorage.getItem('language');
  if (languages.includes(stored)) return stored;
  return navigator.languages.some(tag => tag.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

export const has = key => key in words;

export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? values[name] : whole);
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

export const memory = bytes => bytes < 1e9 ? t('unit.mb', { n: number(Math.ceil(bytes / 1e6)) })
  : t('unit.gb', { n: number(bytes / 1e9, bytes < 1e10 ? 1 : 0) });

export const percent = share => new Intl.NumberFormat(language,
  { style: 'percent', maximumSignificantDigits: 2 }).format(share);

export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const text = whole < 60 ? t('unit.s', { s: whole })
    : whole < 3600 ? t('unit.m-s', { m: Math.floor(whole / 60), s: whole % 60 })
      : t('unit.h-m', { h: Math.floor(whole / 3600), m: Math.floor(whole % 3600 / 60) });
  return text.replaceAll(' ', '\u00a0');
}

/** The length of a video, to a tenth of a second. */
export const seconds = value => t('unit.s', { s: number(value, 1) });

export const date = unix => new Intl.DateTimeFormat(language,
  { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(unix * 1000));
