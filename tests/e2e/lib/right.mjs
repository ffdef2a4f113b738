// A client that asks each emulated platform rightly, so that one thing at a time can be made wrong: for the tests of the emulator itself.
import https from 'node:https';
import { createHash, createHmac, randomBytes, sign } from 'node:crypto';
import { form, Visitor } from './visitor.mjs';
import { baseString, encode, signature } from '../../emulators/oauth1.mjs';
import { key as appleKey } from '../../emulators/platforms/apple.mjs';

export const redirect = 'https://gate.example.test/_vestibule/callback/here';
const b64 = x => Buffer.from(x).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

// What is asked of an API beyond the token, where the platform wants more.
const questions = {
  facebook: { profile: (p, token) => ({ fields: 'id,name,picture.width(256)',
    appsecret_proof: createHmac('sha256', p.client.secret).update(token).digest('hex') }) },
  instagram: { profile: () => ({ fields: 'user_id,username' }) }, threads: { profile: () => ({ fields: 'id,username' }) },
    tiktok: { profile: () => ({ fields: 'open_id,display_name' }) },
  x: { profile: () => ({ 'user.fields': 'id,name,profile_image_url' }) }, youtube: { channel: () => ({ part: 'snippet', mine: 'true' }) },
  wechat: { profile: p => ({ openid: p.person.openid, lang: 'zh_CN' }) }, weibo: { profile: p => ({ uid: p.person.sub }) },
  snapchat: { profile: () => ({ query: '{me { externalId displayName bitmoji { avatar id } } }' }) },
};
export const question = (p, name, token) => questions[p.id]?.[name]?.(p, token) ?? {};
const said = { accept: 'application/json', 'user-agent': 'vestibule/1 (+https://gate.example.test)', 'cache-control': 'no-cache' };

export function visitorOf(world) { return new Visitor({ elsewhere: world.elsewhere, tls: new https.Agent({ keepAlive: true }) }); }

// { params, verifier }: as a list, for changing.
export function rightAsk(p) {
  const a = p.endpoint('authorize');
  const verifier = randomBytes(32).toString('base64url');
  const scopes = a.scope?.known ?? [];
  const params = [[a.client ?? 'client_id', p.client.id], ['redirect_uri', redirect], ['response_type', 'code'],
    ...(scopes.length ? [['scope', scopes.join(a.scope.separator ?? ' ')]] : []), ['state', randomBytes(32).toString('base64url')]];
  if (a.mode) params.push(['response_mode', a.mode]);
  if (a.nonce === 'wanted') params.push(['nonce', randomBytes(32).toString('base64url')]);
  if (a.pkce && a.pkce !== 'none') params.push(['code_challenge', createHash('sha256').update(verifier).digest(a.encoding ?? 'base64url')],
    ['code_challenge_method', 'S256']);
  return { params, verifier: a.pkce && a.pkce !== 'none' ? verifier : undefined };
}

export const query = list => list.map(pair => pair.map(encodeURIComponent).join('=')).join('&');

// From the platform's page to the parameters that come back: { page, back, params } (back: undefined when the browser stays).
export async function decide(visitor, address, decision = 'allow') {
  const page = await visitor.ask(address);
  if (page.status !== 200 || !page.body.includes('name="decision"')) return { page, params: page.location && Object.fromEntries(page.location.searchParams) };
  const f = form(page);
  const back = await visitor.ask(f.action, { method: 'POST', body: { ...f.fields, decision } });
  if (back.location) return { page, back, params: Object.fromEntries(back.location.searchParams) };
  const posted = form(back);
  return { page, back, params: Object.fromEntries(Object.entries(posted.fields).map(([n, v]) => [n,
    v.replace(/&#(\d+);/g, (_, c) => String.fromCharCode(c))])), posted };
}

export function signedSecret(p, change = () => {}) {
  const head = { alg: 'ES256', kid: p.client.signing.kid },
    claims = { iss: p.client.signing.team, sub: p.client.id, aud: p.client.signing.audience, iat: now(), exp: now() + 300 };
  change(head, claims);
  const input = `${b64(JSON.stringify(head))}.${b64(JSON.stringify(claims))}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: appleKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

// One token question as { fields, headers, method }, for changing.
export function rightToken(p, got, verifier, way = p.endpoint('token').auth?.[0] ?? 'post') {
  const at = p.endpoint('token');
  const names = { id: 'client_id', secret: 'client_secret', ...at.names };
  const fields = { grant_type: 'authorization_code', code: got.code, ...(at.redirect === false ? {} : { redirect_uri: redirect }) };
  if (verifier) fields.code_verifier = verifier;
  for (const n of Object.keys(at.needs ?? {})) fields[n] = got[n];
  const headers = Object.fromEntries(Object.keys(at.headers ?? {}).map(n => [n, said[n]]));
  client(p, names, way, fields, headers);
  return { fields, headers: { accept: 'application/json', ...headers }, method: at.method?.[0] ?? 'POST' };
}

export function client(p, names, way, fields, headers) {
  if (way === 'basic') headers.authorization = `Basic ${Buffer.from(`${encodeURIComponent(p.client.id)}:${encodeURIComponent(p.client.secret)}`).toString('base64')}`;
  else fields[names.id] = p.client.id;
  if (way === 'post') fields[names.secret] = p.client.secret;
  if (way === 'jwt') fields[names.secret] = signedSecret(p);
}

export async function send(visitor, p, name, { fields, headers, method }) {
  const { address } = p.endpoints.find(e => e.name === name);
  const r = method === 'GET' ? await visitor.ask(`${address}?${query(Object.entries(fields))}`, { navigate: false, headers })
    : await visitor.ask(address, { method, navigate: false, headers, body: query(Object.entries(fields)) === '' ? '' : fields });
  try { r.json = JSON.parse(r.body.replace(/:(\d{16,})/g, ':"$1"')); } catch { r.json = undefined; }
  return r;
}

// One API question with the token the platform's way.
export function rightApi(p, name, token) {
  const at = p.endpoint(name);
  const way = at.token ?? 'bearer';
  const headers = Object.fromEntries(Object.keys(at.headers ?? {}).map(n => [n, n === 'client-id' ? p.client.id : said[n]]));
  const fields = question(p, name, token);
  if (way === 'bearer') headers.authorization = `Bearer ${token}`;
  else fields.access_token = token;
  if (way === 'form') Object.assign(fields, { client_id: p.client.id });
  return { fields, headers: { accept: 'application/json', ...headers }, method: at.method?.[0] ?? 'GET' };
}

// ---- OAuth 1.0a

export function signed(p, method, url, { token, secret = '', params = [], form: fields = [], change = () => {} } = {}) {
  const u = new URL(url);
  const o = { oauth_consumer_key: p.client.id, oauth_nonce: randomBytes(16).toString('hex'), oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(now()), oauth_version: '1.0',
    ...(token ? { oauth_token: token } : {}), ...Object.fromEntries(params) };
  change(o);
  o.oauth_signature ??= signature(baseString(method, `${u.origin}${u.pathname}`, [...Object.entries(o), ...u.searchParams, ...fields]), p.client.secret, secret);
  return `OAuth ${Object.entries(o).map(([n, v]) => `${n}="${encode(v)}"`).join(', ')}`;
}
