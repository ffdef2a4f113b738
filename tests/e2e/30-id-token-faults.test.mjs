// Identity tokens with one thing wrong: refused before the userinfo endpoint is asked. And those that look odd and are right: accepted.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { client, forge, keyOf, pair } from './lib/hostile.mjs';
import { signInBefore, table } from './lib/hostile_rows.mjs';

const refused = { problem: 'provider-broken' };
const claims = change => ({ lies: { claims: change } });
const header = change => ({ lies: { header: change } });
const token = make => ({ lies: { idToken: make } });
const set = (name, value) => claims((c, about) => { c[name] = typeof value === 'function' ? value(c[name], about) : value; });
const hours = n => (_, { now }) => now + n * 3600;
const near = s => (_, { now }) => now + s;
const show = v => (typeof v === 'string' && v.length > 30 ? `text of ${v.length}` : JSON.stringify(v) ?? 'missing');

// A claim that must be text, in every other shape.
const notText = ['missing', null, '', 7, true, ['x'], { a: 1 }];
const unlike = (name, ...more) => [...notText.map(v => (v === 'missing' ? undefined : v)), ...more].map(v => (
  { name: `${name} ${show(v)}`, ...refused, because: new RegExp(name), ...set(name, v) }));
const wrapped = name => ({ name: `${name} is right, but in an array`, ...refused, because: new RegExp(name), ...set(name, v => [v]) });

const who = [
  ...unlike('iss', 'https://evil.example.net'),
  wrapped('iss'),
  { name: 'iss with a slash more', ...refused, because: /iss/, ...set('iss', v => `${v}/`) },
  { name: 'iss in capitals', ...refused, because: /iss/, ...set('iss', v => v.toUpperCase()) },
  { name: 'iss of the other provider', ...refused, because: /iss/, lies: { claims(c) { c.iss = this.op.issuers.get('good').issuer; } } },
  { name: 'iss with NUL and more behind it', ...refused, ...set('iss', v => `${v}\0x`) },
  ...unlike('sub'),
  { name: 'sub of 256 bytes', ...refused, because: /sub/, ...set('sub', 'x'.repeat(256)) },
  { name: 'sub of 255 bytes', accepted: true, user: 'x'.repeat(255), lies: { claims: c => { c.sub = 'x'.repeat(255); }, userinfo: u => { u.sub = 'x'.repeat(255); } } },
  { name: 'sub with a line end', ...refused, because: /sub/, ...set('sub', 'ada\r\nX-Auth-Groups: root') },
  { name: 'sub with NUL', ...refused, ...set('sub', 'ada\0root') },
  ...unlike('aud', 'another', []),
  { name: 'aud is a list with us alone', accepted: true, ...set('aud', [client.id]) },
  { name: 'aud is a list with us and a stranger', ...refused, because: /aud/, ...claims(c => { c.aud = [client.id, 'stranger']; c.azp = client.id; }) },
  { name: 'aud is a list of strangers', ...refused, because: /aud/, ...claims(c => { c.aud = ['stranger', 'other']; c.azp = client.id; }) },
  { name: 'aud is a list with a number in it', ...refused, because: /aud/, ...claims(c => { c.aud = [client.id, 7]; c.azp = client.id; }) },
  { name: 'aud in capitals', ...refused, because: /aud/, ...set('aud', client.id.toUpperCase()) },
  { name: 'aud begins like us', ...refused, because: /aud/, ...set('aud', `${client.id} stranger`) },
  { name: 'a trusted second audience, with azp', accepted: true, config: { audiences: ['sister'] }, ...claims(c => { c.aud = [client.id, 'sister']; c.azp = client.id; }) },
  { name: 'a trusted second audience without azp', ...refused, because: /azp/, config: { audiences: ['sister'] }, ...set('aud', [client.id, 'sister']) },
  { name: 'a trusted audience alone', ...refused, because: /aud/, config: { audiences: ['sister'] }, ...set('aud', 'sister') },
  { name: 'azp is us', accepted: true, ...set('azp', client.id) },
  { name: 'azp is a stranger', ...refused, because: /azp/, ...set('azp', 'stranger') },
  { name: 'azp is a number', ...refused, because: /azp/, ...set('azp', 7) },
];

const times = [
  ...['exp', 'iat'].flatMap(name => [undefined, null, '', 'soon', true, -1, [1], {}].map(v => ({ name: `${name} ${show(v)}`, ...refused, because: new RegExp(name), ...set(name, v) }))),
  { name: 'exp as digits in text', ...refused, because: /exp/, ...set('exp', v => String(v)) },
  { name: 'exp an hour ago', ...refused, because: /exp/, ...claims((c, { now }) => { c.exp = now - 3600; c.iat = now - 7200; }) },
  { name: 'exp two minutes ago, beyond the skew', ...refused, because: /exp/, ...claims((c, { now }) => { c.exp = now - 120; c.iat = now - 300; }) },
  { name: 'exp half a minute ago, within the skew', accepted: true, ...claims((c, { now }) => { c.exp = now - 30; c.iat = now - 300; }) },
  { name: 'exp as a fraction', accepted: true, ...set('exp', v => v + 0.5) },
  { name: 'exp beyond 64 bits', ...refused, lies: { idToken: ({ header: h, claims: c, key }) => forge(h, JSON.stringify(c).replace(/"exp":\d+/, '"exp":99999999999999999999'), key) } },
  { name: 'exp 1e300', ...refused, because: /exp/, ...set('exp', 1e300) },
  { name: 'exp before iat', ...refused, because: /exp/, ...claims((c, { now }) => { c.exp = now + 10; c.iat = now + 20; }) },
  { name: 'iat in an hour', ...refused, because: /iat/, ...claims((c, { now }) => { c.iat = now + 3600; c.exp = now + 7200; }) },
  { name: 'iat in half a minute, within the skew', accepted: true, ...set('iat', near(30)) },
  { name: 'nbf in an hour', ...refused, because: /nbf/, ...set('nbf', hours(1)) },
  { name: 'nbf as text', ...refused, because: /nbf/, ...set('nbf', 'now') },
  { name: 'nbf just now', accepted: true, ...set('nbf', near(0)) },
  { name: 'auth_time as text', ...refused, because: /auth_time/, ...set('auth_time', 'now') },
  { name: 'no auth_time, which nobody asked for', accepted: true, ...set('auth_time', undefined) },
  { name: 'max_age was asked for, and auth_time is two hours old', ...refused, because: /auth_time/, settings: { extra: ['max_age'] }, config: { authorize_params: { max_age: '600' } },
    ...set('auth_time', hours(-2)) },
  { name: 'max_age was asked for, and there is no auth_time', ...refused, because: /auth_time/, settings: { extra: ['max_age'] }, config: { authorize_params: { max_age: '600' } },
    ...set('auth_time', undefined) },
  { name: 'max_age was asked for, and auth_time is recent', accepted: true, settings: { extra: ['max_age'] }, config: { authorize_params: { max_age: '600' } } },
];

const bound = [
  ...unlike('nonce', 'x'.repeat(43)),
  wrapped('nonce'),
  { name: 'nonce shortened', ...refused, because: /nonce/, ...set('nonce', v => v.slice(0, -1)) },
  { name: 'nonce of an earlier sign-in', ...refused, because: /nonce/, lies: { claims(c) { c.nonce = [...this.secrets].find(s => /^[\w-]{43}$/.test(s) && s !== c.nonce); } }, prepare: signInBefore },
  { name: 'at_hash of another token', ...refused, because: /at_hash/, ...claims((c, { half }) => { c.at_hash = half('RS256', 'another'); }) },
  { name: 'at_hash as a number', ...refused, because: /at_hash/, ...set('at_hash', 7) },
  { name: 'at_hash of the whole digest', ...refused, because: /at_hash/, ...claims((c, { access }) => { c.at_hash = createHash('sha256').update(access).digest('base64url'); }) },
  { name: 'no at_hash, which the code flow permits', accepted: true, ...set('at_hash', undefined) },
  { name: 'at_hash of ES384', accepted: true, settings: { keys: [keyOf('ES384')] } },
  { name: 'c_hash of another code', ...refused, because: /c_hash/, ...claims((c, { half }) => { c.c_hash = half('RS256', 'another'); }) },
  { name: 'an access token swapped after signing', ...refused, because: /at_hash/, lies: { tokens(a) { a.access_token = this.secret('swapped'); } } },
  { name: 'a logout token', ...refused, ...claims(c => { c.events = { 'http://schemas.openid.net/event/backchannel-logout': {} }; }) },
];

const accept = keys => ({ accepted: true, settings: { keys } });
const algorithms = [
  ...['RS256', 'RS384', 'PS256', 'ES256', 'ES384', 'EdDSA'].map(alg => ({ name: `alg ${alg} with a key of that kind`, ...accept([keyOf(alg)]) })),
  { name: 'alg RS256 where only ES256 is allowed', ...refused, because: /alg/, config: { algorithms: ['ES256'] } },
  { name: 'alg ES256 where only ES256 is allowed', ...accept([keyOf('ES256')]), config: { algorithms: ['ES256'] } },
  ...['none', 'None', 'NONE', 'nOnE', ''].flatMap(alg => [
    { name: `alg "${alg}" without a signature`, ...refused, ...token(({ claims: c }) => forge({ alg }, c)) },
    { name: `alg "${alg}" with the signature of RS256`, ...refused, ...token(({ claims: c, key }) => forge({ alg, kid: key.kid }, c, { ...key, alg: 'RS256' })) },
  ]),
  { name: 'no alg', ...refused, ...header(h => ({ kid: h.kid })) },
  { name: 'alg as a list', ...refused, ...header(h => ({ ...h, alg: ['RS256'] })) },
  { name: 'alg in small letters', ...refused, ...header(h => ({ ...h, alg: 'rs256' })) },
  { name: 'HS256 with the public key as PEM for a secret', ...refused, ...token(({ claims: c, key }) => forge({ alg: 'HS256', kid: key.kid }, c, { secret: key.publicKey.export({ type: 'spki', format: 'pem' }) })) },
  { name: 'HS256 with the public key as DER for a secret', ...refused, ...token(({ claims: c, key }) => forge({ alg: 'HS256' }, c, { secret: key.publicKey.export({ type: 'spki', format: 'der' }) })) },
  { name: 'HS256 with our client secret', ...refused, ...token(({ claims: c }) => forge({ alg: 'HS256' }, c, { secret: client.secret })) },
  { name: 'HS256 with an empty secret', ...refused, ...token(({ claims: c }) => forge({ alg: 'HS256' }, c, { secret: '' })) },
  { name: 'HS256 with an octet key of the key set', ...refused, lies: { keySet: k => { k.keys.push({ kty: 'oct', kid: 'oct', k: 'c2VjcmV0', alg: 'HS256' }); },
    idToken: ({ claims: c }) => forge({ alg: 'HS256', kid: 'oct' }, c, { secret: 'secret' }) } },
  { name: 'PS256 under a key that is for RS256', ...refused, ...token(({ claims: c, key }) => forge({ alg: 'PS256', kid: key.kid }, c, { ...key, alg: 'PS256' })) },
  { name: 'alg says ES256, the key is RSA', ...refused, ...header(h => ({ ...h, alg: 'ES256' })) },
  { name: 'ES256 with a signature in DER', ...refused, settings: { keys: [keyOf('ES256')] }, ...token(({ header: h, claims: c, key }) => {
    const [a, b] = forge(h, c, key).split('.');
    return `${a}.${b}.${Buffer.concat([Buffer.from([0x30, 0x44, 2, 32]), Buffer.alloc(32, 1), Buffer.from([2, 32]), Buffer.alloc(32, 1)]).toString('base64url')}`;
  }) },
  { name: 'ES256 with a signature of zeros', ...refused, settings: { keys: [keyOf('ES256')] }, ...token(({ header: h, claims: c, key }) => forge(h, c, key).replace(/[^.]*$/, Buffer.alloc(64).toString('base64url'))) },
  { name: 'signed with a key that nobody published, under a known kid', ...refused, ...token(({ header: h, claims: c }) => forge(h, c, { alg: 'RS256', ...pair('RS256', 7) })) },
  { name: 'jwk in the header, signed with it', ...refused, ...token(({ claims: c }) => {
    const k = pair('RS256', 7);
    return forge({ alg: 'RS256', jwk: k.publicKey.export({ format: 'jwk' }) }, c, { alg: 'RS256', ...k });
  }) },
  { name: 'jku and x5u in the header are never fetched', ...refused, lies: { idToken({ claims: c }) {
    return forge({ alg: 'RS256', kid: 'x', jku: `${this.op.url}/elsewhere/keys`, x5u: `${this.op.url}/elsewhere/x5u` }, c, { alg: 'RS256', ...pair('RS256', 7) });
  } } },
  { name: 'jku beside a good signature means nothing', accepted: true, lies: { header(h) { return { ...h, jku: `${this.op.url}/elsewhere/keys` }; } } },
  { name: 'kid is a path', ...refused, ...token(({ claims: c, key }) => forge({ alg: 'HS256', kid: '../../../../dev/null' }, c, { ...key, secret: '' })) },
  { name: 'kid is a number', ...refused, ...header(h => ({ ...h, kid: 7 })) },
  { name: 'crit with something unknown', ...refused, ...header(h => ({ ...h, crit: ['x'], x: 1 })) },
  { name: 'crit with exp', ...refused, ...header(h => ({ ...h, crit: ['exp'], exp: 1 })) },
  { name: 'crit empty', ...refused, ...header(h => ({ ...h, crit: [] })) },
  { name: 'b64 false', ...refused, ...header(h => ({ ...h, b64: false, crit: ['b64'] })) },
  { name: 'typ JWT', accepted: true, ...header(h => ({ ...h, typ: 'JWT' })) },
  { name: 'typ at+jwt: an access token', ...refused, because: /typ/, ...header(h => ({ ...h, typ: 'at+jwt' })) },
  { name: 'typ logout+jwt', ...refused, because: /typ/, ...header(h => ({ ...h, typ: 'logout+jwt' })) },
  { name: 'typ as a list', ...refused, ...header(h => ({ ...h, typ: ['JWT'] })) },
  { name: 'cty JWT: a token in a token', ...refused, ...token(({ header: h, claims: c, key }) => forge({ ...h, cty: 'JWT' }, forge(h, c, key), key)) },
];

const good = ({ header: h, claims: c, key }) => forge(h, c, key);
const parts = change => token(about => change(good(about).split('.'), about).join('.'));
const form = [
  { name: 'one part', ...refused, ...parts(p => p.slice(0, 1)) },
  { name: 'two parts', ...refused, ...parts(p => p.slice(0, 2)) },
  { name: 'four parts', ...refused, ...parts(p => [...p, 'x']) },
  { name: 'five parts, as if encrypted', ...refused, ...parts(p => [...p, 'x', 'y']) },
  { name: 'ten thousand dots', ...refused, ...token(() => '.'.repeat(10000)) },
  { name: 'padding', ...refused, ...parts(p => [p[0], p[1], `${p[2]}==`]) },
  { name: 'the alphabet of plain base64', ...refused, ...token(({ header: h, claims: c, key }) => good({ header: { ...h, x: '???>>>' }, claims: c, key }).replace(/-/g, '+').replace(/_/g, '/')) },
  { name: 'a space inside', ...refused, ...parts(p => [p[0], `${p[1].slice(0, 8)} ${p[1].slice(8)}`, p[2]]) },
  { name: 'a payload changed after signing', ...refused, because: /signature/, ...parts((p, { claims: c }) => [p[0], Buffer.from(JSON.stringify({ ...c, sub: 'root' })).toString('base64url'), p[2]]) },
  { name: 'a payload that is an array', ...refused, ...claims(c => JSON.stringify([c])) },
  { name: 'a payload that is no JSON', ...refused, ...claims(() => 'not json') },
  { name: 'a payload with a member twice', ...refused, ...claims(c => `${JSON.stringify(c).slice(0, -1)},"sub":"root"}`) },
  { name: 'a payload with something behind it', ...refused, ...claims(c => `${JSON.stringify(c)}{}`) },
  { name: 'a payload nested deep', ...refused, ...claims(c => `${JSON.stringify(c).slice(0, -1)},"x":${'['.repeat(5000)}${']'.repeat(5000)}}`) },
  { name: 'a payload of 600 claims', ...refused, ...claims(c => { for (let i = 0; i < 600; i++) c[`x${i}`] = i; }) },
  { name: 'a header with a member twice', ...refused, ...token(({ header: h, claims: c, key }) => forge(`${JSON.stringify(h).slice(0, -1)},"alg":"RS256"}`, c, key)) },
  { name: 'a header that is no object', ...refused, ...token(({ claims: c, key }) => forge('"RS256"', c, key)) },
  { name: 'a token of 80 kB', ...refused, because: /id_token/, ...set('x', 'y'.repeat(60000)) },
  { name: 'a token of 130 kB', ...refused, because: /larger/, ...set('x', 'y'.repeat(100000)) },
  { name: 'a token of 20 kB', accepted: true, ...set('x', 'y'.repeat(14000)) },
  { name: 'JSON serialization', ...refused, lies: { tokens(a) {
    const [h, payload, signature] = a.id_token.split('.');
    a.id_token = { payload, signatures: [{ protected: h, signature }] };
  } } },
  { name: 'JSON serialization as text', ...refused, lies: { tokens(a) {
    const [h, payload, signature] = a.id_token.split('.');
    a.id_token = JSON.stringify({ protected: h, payload, signature });
  } } },
];

test('who it is from, about and for', t => table(t, who));
test('when', t => table(t, times));
test('what it is bound to', t => table(t, bound));
test('how it is signed', t => table(t, algorithms));
test('what it looks like', t => table(t, form));
