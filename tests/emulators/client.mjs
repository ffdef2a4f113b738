// Which client asks: by HTTP Basic, in the form, with a signed secret, or by its name alone. Each platform takes the ways it documents, and no two at once.
import { createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { refuse } from './strict.mjs';

const same = (a, b) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

// p: the platform; at: its endpoint with `auth` (ways: basic, post, jwt, none) and `names`; given: the fields. Gives the names of the fields it used.
export function authenticate(p, at, given, headers, now) {
  const names = { id: 'client_id', secret: 'client_secret', ...at.names };
  const header = headers.authorization;
  const ways = at.auth ?? ['post'];
  if (header !== undefined && given.has(names.secret)) refuse('invalid_client', 'the secret stands in the header and in the form: one way at a time');
  if (header !== undefined) {
    if (!ways.includes('basic')) refuse('invalid_client', 'an Authorization header: this platform does not take Basic here');
    basic(p, header);
    if (given.has(names.id) && given.get(names.id) !== p.client.id) refuse('invalid_client', `${names.id} in the form is not the client of the header`);
    return [names.id];
  }
  if (!given.has(names.id)) refuse('invalid_client', `no client: neither Basic nor "${names.id}" (there are: ${given.names.join(', ')})`);
  if (given.get(names.id) !== p.client.id) refuse('invalid_client', `${names.id} "${given.get(names.id)}" is not registered`);
  if (!given.has(names.secret)) {
    if (ways.includes('none')) return [names.id];
    refuse('invalid_client', ways.includes('post') || ways.includes('jwt') ? `"${names.secret}" is missing` : 'no Basic credentials: this platform takes no others');
  }
  const secret = given.get(names.secret);
  if (ways.includes('jwt')) signedSecret(p, secret, now);
  else if (!ways.includes('post')) refuse('invalid_client', `"${names.secret}" in the form: this platform wants ${ways.join(' or ')}`);
  else if (!same(secret, p.client.secret)) refuse('invalid_client', `${names.secret} is wrong`);
  return [names.id, names.secret];
}

// RFC 6749 section 2.3.1: name and password are form-encoded before they are put together.
function basic(p, header) {
  const m = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(header);
  if (!m) refuse('invalid_client', 'the Authorization header is no Basic credentials');
  const text = Buffer.from(m[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) refuse('invalid_client', 'Basic credentials without a colon');
  const [id, secret] = [text.slice(0, colon), text.slice(colon + 1)].map(s => decodeURIComponent(s.replace(/\+/g, '%20')));
  if (id !== p.client.id) refuse('invalid_client', `Basic: client "${id}" is not registered`);
  if (!same(secret, p.client.secret)) refuse('invalid_client', 'Basic: the secret is wrong');
}

// A client secret that the client signs itself: ES256, key and team as registered, for this platform, not for longer than half a year.
export function signedSecret(p, token, now) {
  const no = why => refuse('invalid_client', `the signed client secret: ${why}`);
  const parts = token.split('.');
  if (parts.length !== 3) no('is no JWT of three parts');
  let head, claims;
  try { [head, claims] = parts.slice(0, 2).map(x => JSON.parse(Buffer.from(x, 'base64url').toString())); } catch { no('is no JSON'); }
  const { signing } = p.client;
  if (head.alg !== 'ES256') no(`alg is ${head.alg}, not ES256`);
  if (head.kid !== signing.kid) no(`kid "${head.kid}" is not the registered key`);
  if (claims.iss !== signing.team) no(`iss "${claims.iss}" is not the team`);
  if (claims.sub !== p.client.id) no(`sub "${claims.sub}" is not the client`);
  if (claims.aud !== signing.audience) no(`aud "${claims.aud}" is not ${signing.audience}`);
  if (!Number.isInteger(claims.iat) || claims.iat > now + 60) no(`iat ${claims.iat} is no time that has been`);
  if (!Number.isInteger(claims.exp) || claims.exp <= now) no(`exp ${claims.exp} is over`);
  if (claims.exp - now > 15777000) no('exp is more than six months away');
  const key = { key: createPublicKey(signing.publicKey), dsaEncoding: 'ieee-p1363' };
  if (!verify('sha256', Buffer.from(`${parts[0]}.${parts[1]}`), key, Buffer.from(parts[2], 'base64url'))) no('the signature is wrong');
}
