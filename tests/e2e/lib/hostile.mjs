// A provider of our own that can misbehave. Each issuer of it keeps to OpenID Connect Core, Discovery and RFC 9207 until it is told to lie, judges
// what it is asked as strictly as a certified one would (`complaints`), counts what it is asked (`seen`) and remembers all it gave out that
// must never be told on (`secrets`).
//
//   const op = await startHostile(t);
//   const issuer = op.issuer('shop', { settings });
//   issuer.lies = { claims: c => { c.aud = 'another'; } };
//
// A lie changes one thing on its way out:
//   metadata(doc) keySet(doc) header(h) claims(c) tokens(answer) userinfo(claims)      change the object, or give another one
//   idToken(parts)                                                                     gives the whole compact token
//   answer(params, context)                                                            changes the list of [name, value], or gives the query as text
//   metadataReply keySetReply authorizeReply tokenReply userinfoReply(response, text)  the reply itself; `replies` has the usual ones
import http from 'node:http';
import https from 'node:https';
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CompactSign, exportJWK } from 'jose';

export const client = { id: 'the gateway&=:100%+é?#', secret: 'client-secret-canary: 100%+é&=/?' };

// ---- keys, made once for a file: RSA keys are dear

const kinds = {
  RS256: ['rsa', { modulusLength: 2048 }], RS384: ['rsa', { modulusLength: 2048 }], PS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }], EdDSA: ['ed25519', {}], weak: ['rsa', { modulusLength: 1024 }],
};
const pool = new Map();
export function pair(kind, which = 0) {
  const name = `${kind} ${which}`;
  if (!pool.has(name)) pool.set(name, generateKeyPairSync(...kinds[kind]));
  return pool.get(name);
}

// A key as an issuer holds it; `kid` null: none.
export function keyOf(alg, which = 0, kid = `${alg}-${which}`, kind = alg) {
  return { alg, kid: kid ?? undefined, ...pair(kind, which) };
}

async function publicJwk(k) {
  return { ...await exportJWK(k.publicKey), ...(k.kid === undefined ? {} : { kid: k.kid }), alg: k.alg, use: 'sig' };
}

// ---- tokens

const base64url = v => Buffer.from(v).toString('base64url');
const hashes = { 256: 'sha256', 384: 'sha384', 512: 'sha512' };
const half = (alg, value) => {
  const all = createHash(hashes[alg.slice(2)] ?? 'sha512').update(value).digest();
  return all.subarray(0, all.length / 2).toString('base64url');
};

// Signs any header and payload, however wrong: what jose, rightly, would not do.
export function forge(header, payload, { alg = header.alg, privateKey, secret } = {}) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const input = `${base64url(typeof header === 'string' ? header : JSON.stringify(header))}.${base64url(text)}`;
  if (secret !== undefined) return `${input}.${createHmac(hashes[alg.slice(2)], secret).update(input).digest('base64url')}`;
  if (!privateKey) return `${input}.`;
  const how = { key: privateKey, dsaEncoding: 'ieee-p1363', ...(alg.startsWith('PS') ? { padding: 6, saltLength: 32 } : {}) };
  return `${input}.${signBytes(alg === 'EdDSA' ? null : hashes[alg.slice(2)], input, how).toString('base64url')}`;
}

// ---- replies that no honest server gives

const json = (r, text, status = 200, type = 'application/json') => {
  r.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  r.end(text);
};
export const replies = {
  text: (body, type = 'application/json', status = 200) => r => json(r, body, status, type),
  status: (status, headers = {}) => r => { r.writeHead(status, { 'content-type': 'application/json', ...headers }); r.end('{}'); },
  html: (status = 200) => r => json(r, '<!doctype html><title>Down</title><script>alert(1)</script>', status, 'text/html'),
  as: (type, status = 200) => (r, text) => json(r, text, status, type),
  redirect: (to, status = 302) => r => { r.writeHead(status, { location: to, 'content-type': 'application/json' }); r.end('{}'); },
  gzip: () => (r, text) => { r.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }); r.end(gzipSync(text)); },
  bomb: () => r => { r.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }); r.end(gzipSync(Buffer.alloc(64 << 20, 32))); },
  // honest at first, then spaces that JSON does not mind
  huge: (bytes = 8 << 20) => (r, text) => json(r, text + ' '.repeat(bytes)),
  endless: () => (r, text) => {
    r.writeHead(200, { 'content-type': 'application/json' });
    r.write(text.slice(0, 1));
    const more = () => { while (!r.destroyed && r.write(' '.repeat(65536))); };
    r.on('drain', more).on('error', () => {});
    more();
  },
  longHead: () => (r, text) => { for (let i = 0; i < 40; i++) r.setHeader(`x-filler-${i}`, 'a'.repeat(4000)); json(r, text); },
  silent: () => () => {},
  trickle: () => (r, text) => {
    r.writeHead(200, { 'content-type': 'application/json' });
    let i = 0;
    const more = setInterval(() => { if (r.destroyed || i >= text.length) { clearInterval(more); r.end(); } else r.write(text[i++]); }, 100);
    r.on('close', () => clearInterval(more));
  },
  reset: () => r => r.socket.encrypted ? r.socket.destroy() : r.socket.resetAndDestroy(), // under TLS Node cannot reset: hung up
  cut: () => (r, text) => { r.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) + 10 }); r.write(text); setTimeout(() => r.socket.destroy(), 20); },
  garbage: () => r => { r.socket.end('this is not HTTP\r\n\r\n'); },
};

// ---- one issuer

const counters = () => ({ discovery: 0, keySet: 0, authorize: 0, token: 0, userinfo: 0, other: 0 });

class Issuer {
  constructor(op, id, { keys, clientAuth = 'basic', responseMode = 'query', scope = 'openid profile email', extra = [], sendsIss = true, origin = op.url, tail = '' } = {}) {
    Object.assign(this, { op, id, clientAuth, responseMode, scope, extra, sendsIss });
    this.url = `${origin}/${id}`; // as the gateway knows it; browsers come to op.url
    this.issuer = this.url + tail;
    this.keys = keys ?? [keyOf('RS256')];
    this.lies = {};
    this.seen = counters();
    this.codes = new Map();
    this.tokens = new Map();
    this.secrets = new Set();
    this.complaints = [];
    this.heard = []; // what came to the token and userinfo endpoints: { path, headers, body }
    this.who = { sub: 'ada', name: 'Ada Example', email: 'ada@example.test', email_verified: true, preferred_username: 'ada', groups: ['staff'] };
    this.keySetPath = `keys-${randomBytes(6).toString('hex')}`; // known from the metadata alone
  }

  secret(prefix) {
    const value = `${prefix}-canary-${randomBytes(18).toString('base64url')}`;
    this.secrets.add(value);
    return value;
  }

  complain(text) { this.complaints.push(text); }

  async lied(name, honest, ...more) {
    const lie = this.lies[name];
    return lie ? await lie.call(this, honest, ...more) ?? honest : honest;
  }

  async reply(name, r, body) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const lie = this.lies[`${name}Reply`];
    if (lie) return lie.call(this, r, text);
    json(r, text);
  }

  async handle(q, r, url, body) {
    const path = url.pathname.slice(this.id.length + 2);
    const ways = { '.well-known/openid-configuration': 'metadata', [this.keySetPath]: 'keySet', authorize: 'authorize', token: 'token', userinfo: 'userinfo' };
    const way = ways[path];
    this.seen[way === 'metadata' ? 'discovery' : way ?? 'other']++;
    if (way === 'token' || way === 'userinfo') this.heard.push({ path, method: q.method, url: q.url, headers: q.headers, body });
    if (!way) return json(r, '{"error":"not_found"}', 404);
    if (way !== 'authorize') this.judgeHeaders(way, q);
    await this[way](q, r, url, body);
  }

  // The gateway asks in its own name: nothing of the visitor comes along.
  judgeHeaders(way, q) {
    const fine = ['host', 'accept', 'connection', 'user-agent', 'content-type', 'content-length', 'authorization'];
    for (const h of Object.keys(q.headers)) if (!fine.includes(h)) this.complain(`${way}: header ${h}`);
    if (!/^vestibule/.test(q.headers['user-agent'] ?? 'vestibule')) this.complain(`${way}: user-agent ${q.headers['user-agent']}`);
    if (q.headers.authorization && way !== 'token' && way !== 'userinfo') this.complain(`${way}: credentials`);
  }

  async metadata(q, r) {
    await this.reply('metadata', r, await this.lied('metadata', {
      issuer: this.issuer, authorization_endpoint: `${this.op.url}/${this.id}/authorize`, token_endpoint: `${this.url}/token`, userinfo_endpoint: `${this.url}/userinfo`,
      jwks_uri: `${this.url}/${this.keySetPath}`, response_types_supported: ['code'], response_modes_supported: ['query', 'form_post'],
      subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], scopes_supported: ['openid', 'profile', 'email'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      code_challenge_methods_supported: ['S256'], claims_supported: ['sub', 'name', 'email'],
      ...(this.sendsIss ? { authorization_response_iss_parameter_supported: true } : {}),
    }));
  }

  async keySet(q, r) {
    await this.reply('keySet', r, await this.lied('keySet', { keys: await Promise.all(this.keys.map(publicJwk)) }));
  }

  async authorize(q, r, url) {
    const names = [...url.searchParams.keys()], ask = Object.fromEntries(url.searchParams);
    const expected = ['response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method',
      ...(this.responseMode === 'form_post' ? ['response_mode'] : []), ...this.extra];
    if (String(names.sort()) !== String(expected.sort())) this.complain(`authorize: parameters ${names}, expected ${expected}`);
    if (ask.response_type !== 'code') this.complain(`authorize: response_type ${ask.response_type}`);
    if (ask.client_id !== client.id) this.complain(`authorize: client_id ${ask.client_id}`);
    if (ask.scope !== this.scope) this.complain(`authorize: scope ${ask.scope}`);
    if (this.redirectUri && ask.redirect_uri !== this.redirectUri) this.complain(`authorize: redirect_uri ${ask.redirect_uri}`);
    for (const n of ['state', 'nonce', 'code_challenge']) if (!/^[A-Za-z0-9_-]{43}$/.test(ask[n] ?? '')) this.complain(`authorize: ${n} ${ask[n]}`);
    if (ask.code_challenge_method !== 'S256') this.complain(`authorize: code_challenge_method ${ask.code_challenge_method}`);
    if (this.responseMode === 'form_post' && ask.response_mode !== 'form_post') this.complain('authorize: response_mode');
    for (const n of ['state', 'nonce']) {
      if (this.secrets.has(ask[n])) this.complain(`authorize: ${n} was used before`);
      this.secrets.add(ask[n]);
    }
    if (q.headers.cookie) this.complain('authorize: somebody else\'s cookies');
    const code = this.secret('code');
    this.codes.set(code, ask);
    const params = [['code', code], ['state', ask.state], ...(this.sendsIss ? [['iss', this.issuer]] : [])];
    const answer = await this.lied('answer', params, { ask, code, issuer: this });
    if (this.lies.authorizeReply) return this.lies.authorizeReply.call(this, r, answer, ask);
    const text = typeof answer === 'string' ? answer : answer.map(p => p.map(encodeURIComponent).join('=')).join('&');
    if (this.responseMode !== 'form_post') {
      r.writeHead(302, { location: `${ask.redirect_uri}${text.startsWith('#') ? '' : '?'}${text}` });
      return r.end();
    }
    const fields = (typeof answer === 'string' ? [...new URLSearchParams(answer)] : answer)
      .map(([n, v]) => `<input type="hidden" name="${n}" value="${v.replace(/[&"<>]/g, c => `&#${c.charCodeAt(0)};`)}">`);
    json(r, `<!doctype html><form method="post" action="${ask.redirect_uri}">${fields.join('')}</form>`, 200, 'text/html');
  }

  // Who asks, by the one method that was registered; the form otherwise.
  authenticate(q, form) {
    let id = form.client_id, secret = form.client_secret;
    const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(q.headers.authorization ?? '');
    if (this.clientAuth === 'basic') {
      if (id !== undefined || secret !== undefined) this.complain('token: the client stands in the form, too');
      [id, secret] = Buffer.from(basic?.[1] ?? '', 'base64').toString().split(':').map(s => decodeURIComponent(s.replace(/\+/g, '%20')));
    } else if (q.headers.authorization) this.complain('token: the client stands in the header, too');
    if (id !== client.id || secret !== client.secret) this.complain('token: client authentication is wrong');
  }

  async token(q, r, url, body) {
    const fields = new URLSearchParams(body), form = Object.fromEntries(fields);
    if (q.method !== 'POST' || q.headers['content-type'] !== 'application/x-www-form-urlencoded') this.complain('token: no form post');
    if (url.search) this.complain('token: a query in the address');
    if ([...fields.keys()].length !== Object.keys(form).length) this.complain('token: a parameter stands there twice');
    this.authenticate(q, form);
    const ask = this.codes.get(form.code);
    if (!ask) { this.complain('token: a code that was not given out, or was used'); return json(r, '{"error":"invalid_grant"}', 400); }
    this.codes.delete(form.code);
    if (form.grant_type !== 'authorization_code') this.complain('token: grant_type');
    if (form.redirect_uri !== ask.redirect_uri) this.complain('token: another redirect_uri than was asked with');
    if (createHash('sha256').update(form.code_verifier ?? '').digest('base64url') !== ask.code_challenge) this.complain('token: code_verifier');
    if (form.code_verifier) this.secrets.add(form.code_verifier);
    const access = this.secret('access');
    const answer = { access_token: access, token_type: 'Bearer', expires_in: 300, refresh_token: this.secret('refresh') };
    answer.id_token = await this.idToken(ask, access);
    this.secrets.add(answer.id_token);
    this.tokens.set(access, 0);
    await this.reply('token', r, await this.lied('tokens', answer, { ask, code: form.code, form }));
  }

  async idToken(ask, access) {
    const now = Math.floor(Date.now() / 1000), key = this.lies.key ?? this.keys[0];
    const header = await this.lied('header', { alg: key.alg, ...(key.kid === undefined ? {} : { kid: key.kid }) });
    const claims = await this.lied('claims', { iss: this.issuer, sub: this.who.sub, aud: client.id, exp: now + 300, iat: now, nonce: ask.nonce,
      auth_time: now - 5, at_hash: half(key.alg, access) }, { now, ask, access, half });
    if (this.lies.idToken) return this.lies.idToken.call(this, { header, claims, key, access });
    if (this.lies.header || typeof claims === 'string') return forge(header, claims, key);
    return new CompactSign(new TextEncoder().encode(JSON.stringify(claims))).setProtectedHeader(header).sign(key.privateKey);
  }

  async userinfo(q, r, url) {
    const bearer = /^Bearer (\S+)$/.exec(q.headers.authorization ?? '')?.[1];
    if (url.search) this.complain('userinfo: a query in the address');
    if (!this.tokens.has(bearer)) { this.complain('userinfo: no token of ours in the header'); return json(r, '{"error":"invalid_token"}', 401); }
    this.tokens.set(bearer, this.tokens.get(bearer) + 1);
    await this.reply('userinfo', r, await this.lied('userinfo', { ...this.who }));
  }
}

// ---- the server: any number of issuers on one port; tls: { key, cert }

export async function startHostile(t, { tls } = {}) {
  const op = { issuers: new Map(), strays: [] };
  const handle = async (q, r) => {
    const parts = [];
    for await (const d of q) parts.push(d);
    const url = new URL(q.url, 'http://host');
    const issuer = op.issuers.get(url.pathname.split('/')[1]);
    if (!issuer) { op.strays.push(`${q.method} ${q.url}`); return json(r, '{}'); }
    await issuer.handle(q, r, url, Buffer.concat(parts).toString());
  };
  const answer = (q, r) => handle(q, r).catch(e => { op.strays.push(`failed: ${e.stack}`); r.destroy(); });
  const server = tls ? https.createServer(tls, answer) : http.createServer({ maxHeaderSize: 1 << 18 }, answer);
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  op.port = server.address().port;
  op.url = tls ? `https://localhost:${op.port}` : `http://127.0.0.1:${op.port}`;
  op.issuer = (id, settings) => { const i = new Issuer(op, id, settings); op.issuers.set(id, i); return i; };
  t.after(() => new Promise(done => { server.closeAllConnections(); server.close(done); }));
  return op;
}
