// Sign-ins with the sample answers of tests/golden/providers/ID, through the whole gateway: every host there is answers from the files of the sign-in under way,
// and what it was asked is compared letter for letter. The files are described in tests/golden/README.md.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { createHash, createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folder, freePort, startGateway } from './parts.mjs';
import { certificate } from './house.mjs';
import { startBackend } from './backend.mjs';
import { Visitor } from './visitor.mjs';

const golden = fileURLToPath(new URL('../../golden/providers/', import.meta.url));
export const ids = readdirSync(golden).sort();
const gate = 'app.example.com', [clientId, clientSecret, code] = ['client-id', 'client-secret', 'code-1/2+3='];

// ---- the files ----

export const read = (id, file) => existsSync(join(golden, id, file)) ? readFileSync(join(golden, id, file), 'utf8') : undefined;
export const readJson = (id, file) => read(id, file) && JSON.parse(read(id, file));

// "= NAME METHOD ADDRESS" and its h, q, b and j lines; a lines stand before the first one
export function requestsOf(id, file = 'requests.txt') {
  const list = [];
  list.authorize = [];
  for (const line of read(id, file).split('\n').filter(Boolean)) {
    const [kind, rest] = [line[0], line.slice(2)];
    if (kind === '=') {
      const [name, method, url] = rest.split(' ');
      list.push({ name, method, url, h: {}, q: [], b: [] });
    } else if (kind === 'a') list.authorize.push(rest);
    else if (kind === 'h') list.at(-1).h[rest.slice(0, rest.indexOf(':'))] = rest.slice(rest.indexOf(':') + 2);
    else if (kind === 'j') list.at(-1).json = rest;
    else if (kind === 'q' || kind === 'b') list.at(-1)[kind].push(rest);
    else throw new Error(`${id}/${file}: ${line}`);
  }
  return list;
}

function authorizationOf(id) {
  const [url, ...rest] = read(id, 'authorize.txt').trim().split('\n');
  return { url, parameters: rest.filter(l => !l.startsWith('#')), fragment: rest.find(l => l.startsWith('#')) ?? '' };
}

// ---- the platforms' side: whatever is asked of any host is written down and answered from the files of the sign-in under way ----

const pairs = { RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }), ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
const base64 = v => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');

// alg HS256: signed with the client secret, which most platforms never do
function idToken(id, nonce, more, { alg = read(id, 'keys.txt').trim().split(' ')[0], secret } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { aud: clientId, iat: now, exp: now + 600, ...(nonce === undefined ? {} : { nonce }), ...readJson(id, 'id_token.json'), ...more };
  delete claims.at_hash;
  const text = `${base64({ alg, kid: 'k1', typ: 'JWT' })}.${base64(claims)}`;
  if (alg === 'HS256') return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  return `${text}.${createSign('sha256').update(text).sign({ key: pairs[alg].privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function answerTo(turn, url, method) {
  const { id } = turn;
  const [alg, keys] = (read(id, 'keys.txt') ?? '').trim().split(' ');
  if (method === 'GET' && url === keys) return { body: { keys: [{ ...pairs[alg].publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg }] } };
  if (method === 'GET' && url.endsWith('/.well-known/openid-configuration') && read(id, 'discovery.json')) return { body: readJson(id, 'discovery.json') };
  const wanted = turn.requests.find(r => r.method === method && r.url === url);
  const told = wanted && turn.answers[wanted.name];
  if (told === undefined) return { status: 404, body: { error: 'nobody expected this' } };
  return told;
}

async function startWorld(t, turns) {
  const dir = folder(t);
  const hosts = new Set([gate]);
  for (const id of ids) for (const f of ['requests.txt', 'keys.txt', 'discovery.json']) for (const [, h] of (read(id, f) ?? '').matchAll(/https:\/\/([a-z0-9.-]+)/g)) hosts.add(h);
  const cert = certificate(dir, 'everywhere', { names: [...hosts] });
  const secure = https.createServer({ key: readFileSync(cert.key), cert: readFileSync(cert.file) }, async (q, r) => {
    let body = '';
    for await (const d of q) body += d;
    const [path, query = ''] = q.url.split('?');
    const turn = turns.now, url = `https://${q.headers.host}${path}`;
    const apart = url.endsWith('/openid-configuration') || url === (read(turn.id, 'keys.txt') ?? '').trim().split(' ')[1];
    if (apart) turn.fetched.push(url);
    else turn.asked.push({ method: q.method, url, headers: q.headers, query: query.split('&').filter(Boolean), body: body.split('&').filter(Boolean), text: body, type: q.headers['content-type'] });
    const said = answerTo(turn, url, q.method);
    r.writeHead(said.status ?? 200, { 'content-type': said.type ?? 'application/json' });
    r.end(said.text ?? JSON.stringify(said.body));
  });
  const open = new Set();
  const proxy = http.createServer();
  proxy.on('connect', (q, socket, head) => {
    open.add(socket);
    socket.on('error', () => {}).once('close', () => open.delete(socket));
    if (!hosts.has(q.url.split(':')[0])) { turns.strays.push(q.url); return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'); }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length) socket.unshift(head);
    secure.emit('connection', socket);
  });
  await new Promise(ok => proxy.listen(0, '127.0.0.1', ok));
  t.after(() => new Promise(done => { for (const s of open) s.destroy(); secure.closeAllConnections?.(); proxy.close(done); }));
  return { dir, cert, proxy: `http://127.0.0.1:${proxy.address().port}` };
}

// ---- the gateway with all of them ----

// entries: [{ id, as, more, secret }] or ids; more: further lines of the provider's entry.
export async function startSamples(t, entries = ids) {
  entries = entries.map(e => typeof e === 'string' ? { id: e, as: e, more: [] } : e);
  const turns = { now: undefined, strays: [] };
  const [world, backend, port] = await Promise.all([startWorld(t, turns), startBackend(t), freePort()]);
  const p8 = join(world.dir, 'key.p8');
  writeFileSync(p8, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const entry = ({ id, as, more, secret = clientSecret }) => {
    const own = (read(id, 'entry.yaml') ?? '').trim();
    const proof = id === 'apple' ? `client_key_file: ${p8}` : id === 'vk' ? '' : `client_secret: ${secret}`;
    return `  - use: ${id}\n${[`id: ${as}`, `client_id: ${clientId}`, proof, own, `ca_file: ${world.cert.ca.file}`, 'require_verified_email: false', ...more].filter(Boolean).flatMap(l => l.split('\n')).map(l => `    ${l}\n`).join('')}`;
  };
  const gw = await startGateway(t, `
public_url: https://${gate}
listen: [{ address: "127.0.0.1:${port}", tls: { certificate: ${world.cert.file}, key: ${world.cert.key} } }]
server: { workers: 1, drain: 1s, https_redirect: false }
providers:
${entries.map(entry).join('')}
session: { store: "memory://" }
backends: [{ id: app, url: "${backend.url}" }]
log: { format: json }
`, { port, env: { HTTPS_PROXY: world.proxy } });
  return { gw, turns, visitor: () => Object.assign(new Visitor({ elsewhere: host => host === gate ? port : undefined }), { at: `https://${gate}` }) };
}

// Parameters as they are on the wire, without regard to order.
const sorted = list => [...list].sort();
const value = (list, name) => { const p = list.find(x => x.startsWith(`${name}=`)); return p && decodeURIComponent(p.slice(name.length + 1)); };

function same(id, what, got, wanted) {
  const fits = (g, w) => w.endsWith('=*') ? g.startsWith(w.slice(0, -1)) && g.length > w.length - 1 : g === w;
  const [a, b] = [sorted(got), sorted(wanted)];
  assert.ok(a.length === b.length && a.every((g, i) => fits(g, b[i])), `${id}: ${what}\n  got     ${a.join('\n          ')}\n  wanted  ${b.join('\n          ')}`);
}

export function compare(id, asked, wanted, swap) {
  const where = `${wanted.name}: ${wanted.method} ${wanted.url}`;
  assert.deepEqual([asked.method, asked.url], [wanted.method, wanted.url], `${id}: ${where}`);
  same(id, `query of ${where}`, asked.query, wanted.q.map(swap));
  if (wanted.json) assert.deepEqual([asked.text, asked.type], [wanted.json, 'application/json'], `${id}: ${where}`);
  else same(id, `body of ${where}`, asked.body, wanted.b.map(swap));
  if (wanted.b.length) assert.equal(asked.type, 'application/x-www-form-urlencoded', `${id}: ${where}`);
  for (const [name, v] of Object.entries(wanted.h)) {
    const got = asked.headers[name];
    if (v.endsWith('*')) assert.ok(got?.startsWith(v.slice(0, -1)), `${id}: ${name} of ${where} is ${got}`);
    else assert.equal(got, v, `${id}: ${name} of ${where}`);
  }
  if (!('authorization' in wanted.h)) assert.equal(asked.headers.authorization, undefined, `${id}: nobody asked for credentials in a header, ${where}`);
}

// Up to the answer at the callback. requests, scope and answers replace what the files say: for a check an operator switched on.
export async function walk(house, id, { as = id, requests = requestsOf(id), scope, authorize = [], answers = {}, claims = {}, sign } = {}) {
  const wanted = authorizationOf(id);
  if (scope) wanted.parameters = wanted.parameters.map(p => p.startsWith('scope=') ? `scope=${encodeURIComponent(scope)}` : p);
  const name = p => p.split('=')[0];
  wanted.parameters = [...wanted.parameters.filter(p => !authorize.some(a => name(a) === name(p))), ...authorize];
  wanted.parameters = wanted.parameters.map(p => p.replace(`callback%2F${id}`, `callback%2F${as}`));
  const turn = house.turns.now = { id, requests, asked: [], fetched: [], answers: {} };
  for (const { name } of requests) {
    const form = read(id, `${name}.form`);
    if (answers[name] !== undefined) turn.answers[name] = { text: JSON.stringify(answers[name]) };
    else turn.answers[name] = form ? { text: form.trim(), type: 'text/html; charset=utf-8' } : { text: read(id, `${name}.json`) };
  }
  const visitor = house.visitor();
  const begun = await visitor.ask(`/_vestibule/start/${as}?rd=%2Fgoal`);
  assert.equal(begun.status, 302, `${as}: ${begun.body.slice(0, 300)}\n${house.gw.err.slice(-1500)}`);
  const raw = begun.headers.location;
  const [address, fragment = ''] = [raw.split('#')[0], raw.includes('#') ? `#${raw.split('#')[1]}` : ''];
  const sent = address.split('?')[1].split('&');
  // What is new for every sign-in takes the place of the file's fixed values.
  const [state, nonce, challenge] = ['state', 'nonce', 'code_challenge'].map(n => value(sent, n));
  const fixed = { 'state=state-0123456789': `state=${state}`, 'nonce=nonce-0123456789': `nonce=${nonce}`, 'code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM': `code_challenge=${challenge}` };
  assert.equal(address.split('?')[0], wanted.url);
  same(as, 'the address the browser is sent to', sent, wanted.parameters.map(p => fixed[p] ?? p));
  assert.equal(fragment, wanted.fragment);
  assert.ok(!address.includes('+'), 'a space is %20');
  // the token answer's identity token needs this attempt's nonce
  if (turn.answers.token.text) turn.answers.token.text = turn.answers.token.text.replace(/"id_token": ?"\*"/, () => `"id_token":"${idToken(id, nonce, claims, sign)}"`);
  const oauth1 = requests[0].name === 'request_token';
  const back = oauth1 ? { oauth_token: new URLSearchParams(read(id, 'request_token.form')).get('oauth_token'), oauth_verifier: code } : { code, state, ...readJson(id, 'callback.json') };
  const posted = wanted.parameters.includes('response_mode=form_post');
  const done = posted
    ? await visitor.ask(`/_vestibule/callback/${as}`, { method: 'POST', body: back, headers: { origin: new URL(wanted.url).origin, 'sec-fetch-site': 'cross-site' } })
    : await visitor.ask(`/_vestibule/callback/${as}?${new URLSearchParams(back)}`);
  const why = `${as}: ${house.gw.log().filter(l => l.stream === 'audit' || l.cause || l.level === 'error').slice(-3).map(l => JSON.stringify(l)).join('\n')}`;
  const verifier = value(turn.asked.flatMap(a => [...a.body, ...a.query]), 'code_verifier');
  const swap = p => (p.startsWith('code_verifier=') ? `code_verifier=${verifier}` : fixed[p] ?? p).replace(`callback%2F${id}`, `callback%2F${as}`);
  return { visitor, done, why, turn, challenge, verifier, swap };
}

export async function signIn(house, id, how = {}) {
  const as = how.as ?? id, requests = how.requests ?? requestsOf(id);
  const { visitor, done, why, turn, challenge, verifier, swap } = await walk(house, id, how);
  assert.equal(done.status, 303, why);
  assert.deepEqual(turn.asked.map(a => `${a.method} ${a.url}`), requests.map(r => `${r.method} ${r.url}`), `${as}: what was asked, in order`);
  if (challenge !== undefined) assert.equal(createHash('sha256').update(verifier).digest('base64url'), challenge, `${as}: the verifier fits the challenge`);
  requests.forEach((r, i) => compare(as, turn.asked[i], r, swap));
  const discovered = read(id, 'discovery.json') !== undefined;
  for (const url of turn.fetched) assert.ok(discovered || !url.endsWith('/openid-configuration'), `${as}: ${url} was fetched`);
  const me = JSON.parse((await visitor.ask('/_vestibule/me', { navigate: false })).body);
  const { user, provider, signed_in, expires, ...profile } = me;
  assert.ok(expires > signed_in);
  if (Array.isArray(profile.groups) && profile.groups.length === 0) delete profile.groups;
  const { subject, ...rest } = readJson(id, 'expected.json');
  assert.deepEqual([user, provider, profile], [`${as}:${subject}`, as, rest], `${as}: who it is`);
}
