// OAuth 1.0a as a server checks it (RFC 5849 sections 3.1 to 3.4): its own reading of the rules, nothing shared with the program under test.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuse } from './strict.mjs';

export const encode = text => encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

// Section 3.4.1: method, address without query in its one spelling, every parameter sorted by its encoded name and then value.
export function baseString(method, url, params) {
  const u = new URL(url);
  const address = `${u.protocol}//${u.host}${u.pathname}`; // URL has put scheme and host in lower case and left out the usual port
  const pairs = params.map(p => p.map(encode)).sort(([an, av], [bn, bv]) => an < bn ? -1 : an > bn ? 1 : av < bv ? -1 : av > bv ? 1 : 0);
  return [method.toUpperCase(), encode(address), encode(pairs.map(p => p.join('=')).join('&'))].join('&');
}

export const signature = (base, consumerSecret, tokenSecret = '') =>
  createHmac('sha1', `${encode(consumerSecret)}&${encode(tokenSecret)}`).update(base).digest('base64');

// The parameters of an Authorization header (3.5.1). The realm is no part of what is signed.
export function readHeader(header) {
  if (header === undefined) refuse('invalid_request', 'no Authorization header');
  if (!/^OAuth\s/i.test(header)) refuse('invalid_request', 'the Authorization header is not of OAuth 1.0a');
  const params = [];
  for (const piece of header.slice(6).split(',')) {
    const m = /^\s*([^=\s]+)="([^"]*)"\s*$/.exec(piece);
    if (!m) refuse('invalid_request', `"${piece.trim()}" in the Authorization header is no name="value"`);
    const [name, value] = [m[1], m[2]].map(x => decodeURIComponent(x));
    if (name.toLowerCase() === 'realm') continue;
    if (params.some(([n]) => n === name)) refuse('invalid_request', `${name} is there twice`);
    if (encode(value) !== m[2]) refuse('invalid_request', `${name}: "${m[2]}" is not encoded as section 3.6 says ("${encode(value)}")`);
    params.push([name, value]);
  }
  return params;
}

const known = ['oauth_consumer_key', 'oauth_token', 'oauth_signature_method', 'oauth_signature', 'oauth_timestamp', 'oauth_nonce', 'oauth_version',
  'oauth_callback', 'oauth_verifier'];

// Checks one request and gives its oauth_ parameters. tokenSecret(token): the secret, or undefined when the token is none of ours.
// nonces: those seen so far; now: seconds.
export function check({ method, url, query, formFields, headers, consumer, tokenSecret, nonces, now }) {
  const no = why => refuse('invalid_token', why);
  const head = readHeader(headers.authorization);
  const o = Object.fromEntries(head);
  for (const n of Object.keys(o)) if (!known.includes(n)) no(`${n} is unknown in the Authorization header`);
  for (const n of ['oauth_consumer_key', 'oauth_signature_method', 'oauth_signature', 'oauth_timestamp', 'oauth_nonce']) if (!o[n]) no(`${n} is missing`);
  if (o.oauth_consumer_key !== consumer.id) no(`oauth_consumer_key "${o.oauth_consumer_key}" is not registered`);
  if (o.oauth_signature_method !== 'HMAC-SHA1') no(`oauth_signature_method is ${o.oauth_signature_method}`);
  if (o.oauth_version !== undefined && o.oauth_version !== '1.0') no(`oauth_version is ${o.oauth_version}`);
  if (!/^[1-9]\d*$/.test(o.oauth_timestamp)) no(`oauth_timestamp "${o.oauth_timestamp}" is no number`);
  if (Math.abs(Number(o.oauth_timestamp) - now) > 300) no(`oauth_timestamp is ${Number(o.oauth_timestamp) - now} s off`);
  let secret = '';
  if (o.oauth_token !== undefined) {
    secret = tokenSecret(o.oauth_token);
    if (secret === undefined) no('oauth_token is none that we gave out, or was spent');
  }
  const base = baseString(method, url, [...head.filter(([n]) => n !== 'oauth_signature'), ...query, ...formFields]);
  const right = Buffer.from(signature(base, consumer.secret, secret)), given = Buffer.from(o.oauth_signature);
  if (right.length !== given.length || !timingSafeEqual(right, given)) no(`oauth_signature is wrong; the base string here is ${base}`);
  // only what is properly signed can use a nonce up
  const nonce = `${o.oauth_consumer_key} ${o.oauth_token ?? ''} ${o.oauth_timestamp} ${o.oauth_nonce}`;
  if (nonces.has(nonce)) no('oauth_nonce was used before');
  nonces.add(nonce);
  return o;
}
