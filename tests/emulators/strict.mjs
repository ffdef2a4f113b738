// How a platform reads what it is sent: every field once, none missing, none that it does not know; and how it says no.
import { randomBytes } from 'node:crypto';

// A refusal: `code` is what went wrong in OAuth's words (each platform says it in its own), `why` is for the journal, precisely.
export class Refusal extends Error {
  constructor(code, why, more = {}) {
    super(`${code}: ${why}`);
    Object.assign(this, { code, why, ...more });
  }
}

export const refuse = (code, why, more) => { throw new Refusal(code, why, more); };

// Fields of a query or a form, in order, with what was written on the wire.
export class Fields {
  constructor(text) {
    this.text = text;
    this.list = text === '' ? [] : text.split('&').map(pair => {
      const eq = pair.indexOf('=');
      return (eq < 0 ? [pair, ''] : [pair.slice(0, eq), pair.slice(eq + 1)]).map(decode);
    });
  }
  get(name) { return this.list.find(([n]) => n === name)?.[1]; }
  has(name) { return this.list.some(([n]) => n === name); }
  get names() { return this.list.map(([n]) => n); }
}

function decode(text) {
  try { return decodeURIComponent(text.replace(/\+/g, '%20')); }
  catch { return refuse('invalid_request', `"${text}" is no percent-encoded text`); }
}

// needs and may: { name: what } where what is true (anything but nothing), a text, a RegExp, or a function that gives the reason against.
export function takes(fields, needs, may = {}, code = 'invalid_request') {
  const all = { ...may, ...needs };
  for (const name of fields.names) {
    if (!(name in all)) refuse(code, `parameter "${name}" is none of this platform's here (${Object.keys(all).join(', ')})`);
    if (fields.names.filter(n => n === name).length > 1) refuse(code, `parameter "${name}" is there twice`);
  }
  for (const name of Object.keys(needs)) if (!fields.has(name)) refuse(code, `parameter "${name}" is missing (there are: ${fields.names.join(', ')})`);
  for (const [name, value] of fields.list) {
    const against = unlike(value, all[name]);
    if (against) refuse(code, `parameter "${name}": ${against}`);
  }
}

export function unlike(value, what) {
  if (typeof what === 'function') return what(value);
  if (what === true) return value === '' ? 'is empty' : undefined;
  if (what instanceof RegExp) return what.test(value) ? undefined : `"${value}" is not like ${what}`;
  return value === String(what) ? undefined : `"${value}" is not "${what}"`;
}

export const oneOf = (...words) => v => words.includes(v) ? undefined : `"${v}" is none of ${words.join(', ')}`;

// Headers that a platform insists on.
export function demands(headers, wanted = {}) {
  for (const [name, what] of Object.entries(wanted)) {
    if (headers[name] === undefined) refuse('invalid_request', `header ${name} is missing`, { header: name });
    const against = unlike(headers[name], what);
    if (against) refuse('invalid_request', `header ${name}: ${against}`, { header: name });
  }
}

// A scope list as this platform writes it: `separator` between, every one known, those of `must` there.
export function scopesOf(text, { separator = ' ', known = [], must = [] }) {
  const list = text === '' ? [] : text.split(separator);
  for (const s of list) {
    if (!known.includes(s)) refuse('invalid_scope', `scope "${s}" is unknown (separator is ${JSON.stringify(separator)}; known: ${known.join(' ')})`);
    if (list.filter(o => o === s).length > 1) refuse('invalid_scope', `scope "${s}" is there twice`);
  }
  for (const s of must) if (!list.includes(s)) refuse('invalid_scope', `scope "${s}" is needed`);
  return list;
}

export const random = (bytes = 24) => randomBytes(bytes).toString('base64url');

// JSON with whole numbers beyond 2^53 (BigInt) written digit by digit, as platforms with 64-bit ids do.
export function json(value) {
  return JSON.stringify(value, (_, v) => typeof v === 'bigint' ? `\u0001${v}\u0001` : v).replace(/"\\u0001(-?\d+)\\u0001"/g, '$1');
}
export const form = object => Object.entries(object).map(pair => pair.map(v => encodeURIComponent(String(v))).join('=')).join('&');
