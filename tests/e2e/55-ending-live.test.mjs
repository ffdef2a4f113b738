// What is open in a session's name ends with it, at every gateway: websockets, event streams, downloads; whoever and whatever ended the session.
import test from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { createHash } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import http2 from 'node:http2';
import { certificate, eventually, signedIn, sleep, startHouse } from './lib/house.mjs';
import { Visitor, form } from './lib/visitor.mjs';

const SECOND = 1000;

// An application with things that do not end by themselves.
function handle(q, r) {
  if (q.url.startsWith('/events')) {
    r.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => r.write('data: tick\n\n'), 50);
    q.socket.on('close', () => clearInterval(timer));
    return true;
  }
  if (q.url.startsWith('/download')) {
    r.writeHead(200, { 'content-length': '1000000000' });
    const timer = setInterval(() => r.write('x'.repeat(1000)), 50);
    q.socket.on('close', () => clearInterval(timer));
    return true;
  }
  if (q.url.startsWith('/poll')) return true; // never answers
  return false;
}

function speakWebsocket(server) {
  server.on('upgrade', (q, s) => {
    const accept = createHash('sha1').update(`${q.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    s.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const timer = setInterval(() => s.write(Buffer.from([0x81, 2, 0x68, 0x69])), 50);
    s.on('close', () => clearInterval(timer));
    s.on('error', () => {});
    s.on('end', () => s.end());
  });
}

// A thing that is open: `bytes` so far, when it closed, what its answer began with.
function open(port, path, cookie, host, more = '') {
  const socket = net.connect(port, '127.0.0.1');
  const it = { bytes: 0, head: '', closedAt: 0, socket };
  socket.on('data', d => { if (it.head.length < 400) it.head += d.toString('latin1'); it.bytes += d.length; });
  socket.on('error', () => {});
  it.closed = new Promise(done => socket.on('close', () => { it.closedAt = performance.now(); done(it.closedAt); }));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n${more}\r\n`);
  return it;
}

const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

function everything(house, cookie) {
  const host = new URL(house.base).host;
  return [open(house.port, '/socket', cookie, host, upgrade), open(house.port, '/events', cookie, host), open(house.port, '/download', cookie, host), open(house.port, '/poll', cookie, host)];
}

const cli = (house, ...words) => execFileSync('redis-cli', ['-p', String(house.redis.port), ...words], { encoding: 'utf8' }).trim();
const idOf = cookie => createHash('sha256').update(JSON.parse(Buffer.from(cookie.split('=')[1].split('.')[1], 'base64url')).sid).digest('base64url');
const running = all => eventually(() => all.slice(0, 3).every(x => x.bytes > 300));

async function signOut(house, visitor) {
  const f = form(await visitor.go(`${house.base}/_vestibule/sign-out`));
  const r = await visitor.ask(f.action, { method: f.method, body: f.fields, headers: { origin: house.base, 'sec-fetch-site': 'same-origin' } });
  assert.ok(r.status < 400, `${r.status}`);
  return performance.now();
}

const closedWithin = (all, ms) => Promise.race([Promise.all(all.map(x => x.closed)), sleep(ms).then(() => { throw new Error(`still open: ${all.map(x => x.closedAt !== 0)}`); })]);

test('a sign-out at one gateway cuts what is open at all of them, and nothing of anybody else', async t => {
  const people = ['ada', 'bob'];
  const one = await startHouse(t, { handle, who: () => people.shift() });
  speakWebsocket(one.backend.server);
  const two = await startHouse(t, { like: one }), three = await startHouse(t, { like: one });
  const ada = await signedIn(one), bob = await signedIn(one);
  const hers = [one, two, three].flatMap(h => everything(h, ada.cookie)), his = [one, two, three].flatMap(h => everything(h, bob.cookie));
  await Promise.all([0, 4, 8].flatMap(i => [running(hers.slice(i, i + 4)), running(his.slice(i, i + 4))]));
  for (const [i, start] of [[0, 101], [1, 200], [2, 200]]) assert.match(hers[i].head, new RegExp(`^HTTP/1.1 ${start} `));
  assert.ok(hers.every(x => x.closedAt === 0));
  const out = await signOut(one, ada.visitor);
  const flowing = hers.filter((x, i) => i % 4 < 3);
  await closedWithin(flowing, SECOND);
  const late = Math.max(...flowing.map(x => x.closedAt - out));
  await closedWithin(hers, 3 * SECOND); // what was never answered had a second for it
  t.diagnostic(`nine open things at three gateways were cut ${late.toFixed(1)} ms after the answer to the sign-out`);
  assert.ok(late < 500);
  await sleep(300);
  assert.ok(his.every(x => x.closedAt === 0), 'those of somebody else stay');
  for (const house of [one, two, three]) {
    assert.equal(await house.metric('vestibule_live_cut_total'), 4);
    const told = await eventually(() => { const l = house.gw.log().filter(x => x.reason === 'session-ended'); return l.length >= 4 && l; });
    assert.equal(told.length, 4);
  }
  for (const x of his) x.socket.destroy();
});

test('what is open is cut when nobody used the session any more; being open is no use of it', async t => {
  const house = await startHouse(t, { handle, change: c => { c.session.idle = '1m'; } });
  speakWebsocket(house.backend.server);
  const { cookie } = await signedIn(house);
  const key = `vestibule:s:${idOf(cookie)}`, all = everything(house, cookie);
  await running(all);
  const left = Number(cli(house, 'pttl', key));
  await sleep(2200); // the gateway has looked by now, for so many reasons as there may be
  const less = Number(cli(house, 'pttl', key));
  assert.ok(less > 0 && left - less > 1500, `${left} ms were left, then ${less}`);
  assert.equal(cli(house, 'pexpire', key, '1500'), '1'); // time flies
  const from = performance.now();
  await sleep(1000);
  assert.ok(all.every(x => x.closedAt === 0));
  await closedWithin(all, 8 * SECOND);
  assert.ok(Math.min(...all.map(x => x.closedAt)) - from > 1300);
});

test('a store that goes away cuts nothing; what ended meanwhile is cut when it is back', async t => {
  const people = ['ada', 'bob'];
  const house = await startHouse(t, { handle, who: () => people.shift() });
  speakWebsocket(house.backend.server);
  const ada = await signedIn(house), bob = await signedIn(house);
  const hers = everything(house, ada.cookie), his = everything(house, bob.cookie);
  await running(hers);
  await running(his);
  const key = `vestibule:s:${idOf(ada.cookie)}`;
  // The news break off, and before they are back the record has gone: nobody is told.
  const script = spawnSync('redis-cli', ['-p', String(house.redis.port)], { input: `MULTI\nCLIENT KILL TYPE pubsub\nCLIENT KILL TYPE normal SKIPME yes\nDEL ${key}\nEXEC\n`, encoding: 'utf8' });
  assert.match(script.stdout, /1\s*$/, script.stdout + script.stderr);
  await closedWithin(hers, 10 * SECOND);
  await sleep(300);
  assert.ok(his.every(x => x.closedAt === 0), 'who is still signed in keeps what is open');
  await house.redis.stop('SIGKILL');
  await sleep(1500);
  assert.ok(his.every(x => x.closedAt === 0), 'nobody is cut by an outage');
  for (const x of his) x.socket.destroy();
});

test('a provider that is taken out of the configuration takes along what is open', async t => {
  const house = await startHouse(t, { handle });
  speakWebsocket(house.backend.server);
  const { cookie } = await signedIn(house);
  const all = everything(house, cookie);
  await running(all);
  house.config.providers[0].id = 'another';
  assert.equal((await house.reload()).event, 'config.reloaded');
  await closedWithin(all, 5 * SECOND);
});

test('four hundred websockets of one person are cut at once', async t => {
  const house = await startHouse(t, { handle, change: c => { c.server.max_connections_per_address = 0; } });
  speakWebsocket(house.backend.server);
  const { visitor, cookie } = await signedIn(house);
  const host = new URL(house.base).host;
  const all = [];
  for (let i = 0; i < 10; i++) {
    const some = Array.from({ length: 40 }, () => open(house.port, '/socket', cookie, host, upgrade));
    all.push(...some);
    await eventually(() => some.every(x => x.bytes > 100), 20);
  }
  const out = await signOut(house, visitor);
  await closedWithin(all, 5 * SECOND);
  t.diagnostic(`${all.length} websockets were cut ${(Math.max(...all.map(x => x.closedAt)) - out).toFixed(1)} ms after the answer to the sign-out`);
});

test('over HTTP/2 the streams of who signed out are reset, and the connection serves others on', async t => {
  const people = ['ada', 'bob'];
  const house = await startHouse(t, { handle, who: () => people.shift(), change: (c, { dir, port }) => {
    const { file, key } = certificate(dir, 'gate');
    c.public_url = `https://localhost:${port}`;
    c.listen = [{ address: `127.0.0.1:${port}`, tls: { certificate: file, key } }];
  } });
  const base = `https://localhost:${house.port}`, visitors = [];
  for (let i = 0; i < 2; i++) {
    const visitor = new Visitor();
    assert.equal((await visitor.go(`${base}/_vestibule/start/op`)).status, 200);
    visitors.push(visitor);
  }
  const cookies = visitors.map(v => `__Host-vestibule=${v.cookie('__Host-vestibule')}`);
  const session = http2.connect(base, { rejectUnauthorized: false });
  t.after(() => session.destroy());
  session.on('error', () => {});
  const stream = (path, cookie, more = {}) => {
    const it = { bytes: 0, status: 0 }, q = session.request({ ':path': path, cookie, ...more });
    q.on('response', h => { it.status = h[':status']; });
    q.on('data', d => { it.bytes += d.length; });
    q.on('error', e => { it.error = e.code; });
    it.closed = new Promise(done => q.on('close', () => { it.over = true; it.rst = q.rstCode; done(); }));
    return it;
  };
  const hers = [stream('/events', cookies[0]), stream('/download', cookies[0]), stream('/poll', cookies[0])], his = stream('/events', cookies[1]);
  await eventually(() => [hers[0], hers[1], his].every(x => x.bytes > 300));
  const out = stream('/_vestibule/session', cookies[0], { ':method': 'DELETE', 'sec-fetch-site': 'same-origin' });
  await out.closed;
  assert.equal(out.status, 204, 'the sign-out itself, on the same connection, is answered');
  await Promise.race([Promise.all(hers.map(x => x.closed)), sleep(3000).then(() => { throw new Error(`still open: ${hers.map(x => x.over)}`); })]);
  assert.ok(hers.every(x => x.rst !== 0), `${hers.map(x => x.rst)}`);
  const before = his.bytes;
  await eventually(() => his.bytes > before + 100);
  assert.equal(his.over, undefined);
  const more = stream('/warm', cookies[1]);
  await more.closed;
  assert.equal(more.status, 200);
});
