// The platforms of the world on one loopback port, each as strict as it is documented, from data of its own (platforms/ID.mjs): written from what
// the platforms say, never from the gateway's descriptors, so that the same mistake has to be made twice to pass.
//
//   const world = await startEmulator(t, { platforms: ['github', 'x-oauth1'] });
//   world.platform('github').client.redirect_uris = ['https://gate.example.test/_vestibule/callback/github'];
//   startGateway(t, config, { env: { HTTPS_PROXY: world.proxy } })       with ca_file: world.ca for each provider
//   new Visitor({ elsewhere: world.elsewhere })                          and Chromium with world.chromium
//
// The port is two things: a proxy that is asked for CONNECT and answers for every host itself, and, behind TLS with a certificate for the
// platforms' own names, the platforms. So the gateway runs with the descriptors it is shipped with, addresses and all.
//
// world.journal: { platform, step, method, url, status, why } of all that was asked, `why` where it was refused; world.refusals(id) the refused.
// platform.fail / alter / limit / lie / heal: see platform.mjs.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { folder } from '../e2e/lib/parts.mjs';
import { certificate } from '../e2e/lib/house.mjs';
import * as authorize from './authorize.mjs';
import * as grants from './grants.mjs';
import * as handshake from './handshake.mjs';
import { api } from './api.mjs';
import { keySet, keysOf, metadata } from './identity.mjs';
import { Platform } from './platform.mjs';
import { Fields, json, Refusal, refuse } from './strict.mjs';
import { platforms as all } from './platforms/index.mjs';

const document = make => ctx => {
  if (ctx.method !== 'GET') refuse('invalid_request', `${ctx.method}: a document is fetched with GET`);
  if (ctx.headers.authorization !== undefined) refuse('invalid_request', 'credentials for a public document');
  return { body: make(ctx.p) };
};

const kinds = {
  authorize: ctx => ctx.method === 'POST' ? authorize.decide(ctx) : authorize.ask(ctx),
  token: grants.token,
  revoke: grants.revoke,
  exchange: ctx => grants.exchange(ctx),
  api,
  discovery: document(metadata),
  jwks: document(keySet),
  request_token: handshake.requestToken,
  authenticate: ctx => ctx.method === 'POST' ? handshake.decide(ctx) : handshake.ask(ctx),
  access_token: handshake.accessToken,
  signed: handshake.profile,
  own: ctx => ctx.at.handle(ctx),
};

// How a refusal looks where the platform says nothing of its own (RFC 6749 section 5.2, RFC 6750 section 3).
function usual(ctx, r) {
  const status = r.code === 'invalid_client' || r.code === 'invalid_token' ? 401 : r.code === 'insufficient_scope' ? 403 : 400;
  const headers = status !== 401 ? {} : ctx.at.kind === 'api' ? { 'www-authenticate': `Bearer error="${r.code}"` } : { 'www-authenticate': 'Basic realm="clients"' };
  return { status, headers, body: { error: r.code, error_description: r.why } };
}

function refusal(ctx, r) {
  if (ctx.at.kind === 'authorize' || ctx.at.kind === 'authenticate') return authorize.refusal(ctx, r);
  return { status: 400, ...(ctx.at.refuses ?? ctx.p.data.refuses ?? usual)(ctx, r, usual) };
}

function send(r, said) {
  const body = said.text ?? (typeof said.body === 'string' ? said.body : json(said.body));
  r.writeHead(said.status ?? 200, { 'content-type': said.type ?? 'application/json', 'cache-control': 'no-store', ...said.headers });
  r.end(body);
}

export async function startEmulator(t, { platforms = Object.keys(all), settings = {}, host = 'gate.example.test' } = {}) {
  const world = { journal: [], offset: 0, strays: [], ids: platforms };
  const list = platforms.map(id => {
    if (!all[id]) throw new Error(`no platform "${id}" in tests/emulators/platforms`);
    return new Platform(all[id], { settings: settings[id] });
  });
  for (const p of list) if (p.data.identity) keysOf(p); // now: a key is dear, and nobody is to wait for one while a clock runs
  world.platform = id => list.find(p => p.id === id);
  world.now = () => Math.floor(Date.now() / 1000) + world.offset;
  world.pass = seconds => { world.offset += seconds; };
  world.refusals = id => world.journal.filter(j => j.why !== undefined && (id === undefined || j.platform === id));
  world.count = (id, step) => world.journal.filter(j => j.platform === id && j.step === step).length;
  world.told = id => world.journal.filter(j => id === undefined || j.platform === id).slice(-12).map(j => `${j.platform} ${j.step}: ${j.method} ${j.url} -> ${j.status}${j.why ? ` because ${j.why}` : ''}`).join('\n');

  const handle = async (q, r) => {
    const parts = [];
    for await (const d of q) parts.push(d);
    const body = Buffer.concat(parts).toString('utf8');
    const url = `https://${q.headers.host}${q.url}`;
    const entry = { platform: '?', step: 'stray', method: q.method, url: url.split('?')[0], headers: q.headers, status: 404 };
    world.journal.push(entry);
    if (world.journal.length > 20000) world.journal.splice(0, 10000);
    try {
      const ctx = read(q, url, body, world);
      const found = route(list, ctx);
      if (!found) {
        entry.why = `no address of these platforms: ${q.method} ${entry.url}`;
        return send(r, { status: 404, body: { error: 'not_found' } });
      }
      Object.assign(ctx, found, { name: found.at.name });
      Object.assign(entry, { platform: ctx.p.id, step: ctx.name, query: ctx.query.text, body, form: ctx.form });
      if (ctx.broken) throw ctx.broken;
      const said = answer(ctx, entry);
      return reply(ctx, r, said, entry);
    } catch (e) {
      entry.why ??= e instanceof Refusal ? e.message : `the emulator itself failed: ${e.stack}`;
      if (!(e instanceof Refusal)) world.strays.push(entry.why);
      return send(r, { status: entry.status = e instanceof Refusal ? 400 : 500, body: { error: 'server_error' } });
    }
  };

  const dir = folder(t);
  const hosts = [...new Set(list.flatMap(p => p.hosts))];
  const cert = certificate(dir, 'platforms', { names: [host, ...hosts] });
  Object.assign(world, { ca: cert.ca.file, key: cert.key, certificate: cert.file, host });
  const secure = https.createServer({ key: readFileSync(cert.key), cert: readFileSync(cert.file), maxHeaderSize: 1 << 18 },
    (q, r) => { handle(q, r).catch(() => r.destroy()); });
  const proxy = http.createServer((q, r) => { r.writeHead(405); r.end(); });
  const open = new Set();
  const keep = s => { open.add(s); s.once('close', () => open.delete(s)); s.on('error', () => {}); };
  // Whoever says the name of one of the platforms gets the platform; other names there are none.
  proxy.on('connect', (q, socket, head) => {
    keep(socket);
    const [name, port] = q.url.split(':');
    if (world.unplugged?.has(name) || !hosts.includes(name) || port !== '443') {
      if (!world.unplugged?.has(name)) world.strays.push(`CONNECT ${q.url}`);
      return socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length) socket.unshift(head);
    secure.emit('connection', socket);
  });
  secure.on('secureConnection', s => { keep(s); }).on('tlsClientError', () => {});
  // The same port speaks TLS at once to browsers, which are told to look for the platforms here.
  const door = net.createServer(s => {
    keep(s);
    s.once('data', first => {
      s.pause();
      s.unshift(first);
      (first[0] === 0x16 ? secure : proxy).emit('connection', s);
      process.nextTick(() => s.resume());
    });
  });
  await new Promise(ok => door.listen(0, '127.0.0.1', ok));
  world.port = door.address().port;
  world.proxy = `http://127.0.0.1:${world.port}`;
  world.unplugged = new Set();
  t.after(() => new Promise(done => { door.close(done); for (const s of open) s.destroy(); secure.closeAllConnections?.(); proxy.closeAllConnections?.(); }));

  // A way to the platforms for those who know them by name. `gate`: the port where `host` (the gateway) listens.
  world.elsewhere = name => hosts.includes(name) ? world.port : name === host ? world.gate : undefined;
  const spki = createHash('sha256').update(new X509Certificate(readFileSync(cert.file)).publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  world.chromium = () => [`--host-resolver-rules=${[...hosts.map(h => `MAP ${h}:443 127.0.0.1:${world.port}`), `MAP ${host}:443 127.0.0.1:${world.gate}`, 'MAP * ~NOTFOUND'].join(',')}`,
    `--ignore-certificate-errors-spki-list=${spki}`];
  return world;
}

function read(q, url, body, world) {
  const ctx = { method: q.method, url, headers: q.headers, body, now: world.now(), world };
  const mark = url.indexOf('?');
  try {
    ctx.query = new Fields(mark < 0 ? '' : url.slice(mark + 1));
    if (/^application\/x-www-form-urlencoded(;|$)/i.test(q.headers['content-type'] ?? '')) ctx.form = new Fields(body);
  } catch (e) {
    ctx.query ??= new Fields('');
    ctx.broken = e;
  }
  ctx.address = mark < 0 ? url : url.slice(0, mark);
  return ctx;
}

// Two platforms may share an address (one company, two registrations): the client or the token tells which is meant.
function route(list, ctx) {
  const fits = [];
  for (const p of list) {
    for (const at of p.endpoints) {
      if (at.address !== ctx.address) continue;
      if (at.when && !at.when(ctx)) continue;
      fits.push({ p, at });
    }
  }
  const said = [ctx.query.get('client_id'), ctx.form?.get('client_id'), basicUser(ctx.headers.authorization)];
  const bearer = /^Bearer (\S+)$/i.exec(ctx.headers.authorization ?? '')?.[1] ?? ctx.form?.get('token') ?? ctx.query.get('access_token');
  return fits.find(f => said.includes(f.p.client.id)) ?? fits.find(f => f.p.tokens.has(bearer) || f.p.refreshTokens.has(bearer) || f.p.tickets.has(ctx.form?.get('ticket'))) ?? fits[0];
}

function basicUser(header) {
  const m = /^Basic (\S+)$/.exec(header ?? '');
  return m && Buffer.from(m[1], 'base64').toString().split(':')[0];
}

// The gateway asks in its own name: nothing of the visitor's comes along (cookies, X-Forwarded-For, Referer ...).
const own = ['host', 'accept', 'connection', 'user-agent', 'content-type', 'content-length', 'authorization', 'cache-control'];
function inItsOwnName(ctx) {
  if (['authorize', 'authenticate'].includes(ctx.at.kind) || ctx.at.browser) return;
  const more = [...Object.keys(ctx.at.headers ?? {}), ...ctx.at.mayHeaders ?? []];
  for (const name of Object.keys(ctx.headers)) {
    if (!own.includes(name) && !more.includes(name)) refuse('invalid_request', `header ${name}: "${ctx.headers[name]}" is nothing a client sends here`);
  }
}

function answer(ctx, entry) {
  try {
    inItsOwnName(ctx);
    const handler = kinds[ctx.at.kind];
    const said = handler(ctx);
    const shown = ['authorize', 'request_token', 'authenticate', 'access_token'].includes(ctx.at.kind); // these change what they say themselves
    return shown || said.text !== undefined ? said : { ...said, body: ctx.p.altered(ctx.name, said.body) };
  } catch (e) {
    if (!(e instanceof Refusal)) throw e;
    entry.why = e.message;
    return refusal(ctx, e);
  }
}

function reply(ctx, r, said, entry) {
  entry.status = said.status ?? 200;
  const fault = ctx.p.faults.get(ctx.name);
  if (!fault || fault.left <= 0) return send(r, said);
  fault.left--;
  entry.fault = true;
  return fault.reply(r, said.text ?? (typeof said.body === 'string' ? said.body : json(said.body)), said);
}
