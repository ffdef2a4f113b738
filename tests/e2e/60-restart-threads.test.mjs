// The process ends, or gives way to a new one, while people are at work: what was begun is finished, and nobody is turned away.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { copyFileSync, chmodSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, eventually, folder, freePort, listens, sleep } from './lib/parts.mjs';
import { alive, certificate, children, signedIn, startHouse } from './lib/house.mjs';
import { ask, fields, frame, FRAME } from './lib/raw.mjs';
import { startLoad } from './lib/load.mjs';

const slow = ms => (q, r) => {
  if (!q.url.startsWith('/slow')) return false;
  r.write('begun ');
  setTimeout(() => r.end('and done'), ms);
  return true;
};

const get = (url, options = {}) => new Promise((ok, bad) => {
  const q = http.request(url, options, r => {
    let body = '';
    r.on('data', d => { body += d; });
    r.once('error', bad);
    r.once('end', () => ok({ status: r.statusCode, headers: r.headers, body }));
  });
  q.once('error', bad);
  q.end();
});

test('SIGTERM under load: what was begun is finished, connections are closed in words, the exit is 0 and in time', async t => {
  const house = await startHouse(t, { handle: slow(1200) });
  const { cookie } = await signedIn(house);
  const load = startLoad(t, { url: `${house.base}/work`, headers: { cookie }, clients: 6, pause: 1 });
  await sleep(400);
  const long = Promise.all(Array.from({ length: 6 }, () => get(`${house.base}/slow`, { headers: { cookie }, agent: false })));
  // somebody's browser keeps a connection open and asks nothing
  const idle = net.connect(house.port, '127.0.0.1');
  idle.write(`GET /_vestibule/sign-in HTTP/1.1\r\nhost: localhost:${house.port}\r\n\r\n`);
  const idleEnded = new Promise(ok => { idle.once('end', () => ok('end')); idle.once('error', e => ok(e.code)); });
  idle.resume();
  await sleep(300);
  const at = Date.now();
  house.gw.child.kill('SIGTERM');
  assert.ok((await long).every(r => r.status === 200 && r.body === 'begun and done'), 'requests under way are finished');
  const how = await house.gw.ended;
  const took = Date.now() - at;
  assert.deepEqual(how, { code: 0, signal: null });
  assert.ok(took < 3500, `within the drain time (${took} ms)`);
  assert.equal(await idleEnded, 'end', 'closed, not reset');
  await load.stop();
  const refused = load.errors.filter(e => /ECONNREFUSED/.test(e.error));
  const other = load.errors.filter(e => !/ECONNREFUSED/.test(e.error));
  assert.deepEqual(other.slice(0, 3), [], 'after SIGTERM there is no listener; nothing else may go wrong');
  assert.ok(refused.every(e => e.at >= at));
  assert.deepEqual(Object.keys(load.statuses), ['200']);
  await eventually(() => house.told('process.stopped').length === 1);
  assert.equal(house.told('process.stopped')[0].cut, '0');
});

test('what is not finished in the drain time is cut, and a second SIGTERM does not wait for it', async t => {
  const house = await startHouse(t, { handle: slow(20000), change: c => { c.server.drain = '1s'; } });
  const { cookie } = await signedIn(house);
  const cut = get(`${house.base}/slow`, { headers: { cookie }, agent: false }).then(() => 'whole', () => 'cut');
  await sleep(300);
  let at = Date.now();
  house.gw.child.kill('SIGTERM');
  assert.deepEqual(await house.gw.ended, { code: 0, signal: null });
  assert.ok(Date.now() - at >= 900 && Date.now() - at < 4000, `${Date.now() - at} ms`);
  assert.equal(await cut, 'cut');
  assert.equal(house.told('process.stopped')[0].cut, '1');
  const second = await startHouse(t, { like: house, change: c => { c.server.drain = '20s'; } });
  const host = new URL(house.base).host;
  const begun = get(`${second.at}/slow`, { headers: { cookie, host }, agent: false }).then(() => 'whole', () => 'cut');
  await sleep(500);
  at = Date.now();
  second.gw.child.kill('SIGTERM');
  await eventually(() => second.told('process.draining').length === 1);
  await sleep(200);
  assert.equal(second.gw.exit, undefined, 'it waits');
  second.gw.child.kill('SIGTERM');
  const how = await second.gw.ended;
  assert.ok(Date.now() - at < 3000);
  assert.deepEqual(how, { code: 1, signal: null });
  assert.equal(await begun, 'cut');
});

// The new process, and the promise that it is ended with the story.
async function successor(t, house) {
  const young = await eventually(() => children(house.gw.pid)[0], 10, 5);
  t.after(() => { if (alive(young)) process.kill(young, 'SIGKILL'); });
  return young;
}

test('SIGUSR2 under load: a new process takes the sockets over, nobody is turned away or signed out, the old one ends', async t => {
  const house = await startHouse(t, { handle: slow(1000) });
  const { visitor, cookie } = await signedIn(house);
  const keep = startLoad(t, { url: `${house.base}/work`, headers: { cookie }, clients: 5, pause: 2 });
  const short = startLoad(t, { url: `${house.base}/work`, headers: { cookie }, clients: 3, pause: 2, keepAlive: false });
  const work = () => Promise.all([keep.more(150), short.more(50)]);
  await work();
  const long = get(`${house.base}/slow`, { headers: { cookie }, agent: false });
  await sleep(100);
  house.gw.child.kill('SIGUSR2');
  const young = await successor(t, house);
  assert.deepEqual(await house.gw.ended, { code: 0, signal: null });
  assert.equal((await long).body, 'begun and done');
  const over = Date.now();
  await work();
  await keep.stop();
  await short.stop();
  t.diagnostic(`${keep.sent} requests on connections that stay, ${keep.again} of them sent again; ${short.sent} on new ones, ${short.errors.length} lost`);
  assert.deepEqual([...keep.errors, ...short.errors], []);
  assert.deepEqual(Object.keys({ ...keep.statuses, ...short.statuses }), ['200']);
  assert.ok(Object.keys(short.between(over, Date.now())).length === 1, 'served by the new process');
  assert.equal(short.again, 0);
  assert.ok(alive(young));
  assert.equal((await house.ask('/ready')).status, 200, 'the metrics listener went along');
  // and the new one is a whole one: it can be reloaded and succeeded in its turn
  process.kill(young, 'SIGUSR2');
  const third = await eventually(() => children(young)[0], 10, 5);
  t.after(() => { if (alive(third)) process.kill(third, 'SIGKILL'); });
  await eventually(() => !alive(young), 15);
  assert.equal((await visitor.ask(`${house.base}/`, { headers: { connection: 'close' } })).status, 200);
  process.kill(third, 'SIGTERM');
  await eventually(() => !alive(third), 15);
  assert.equal(await listens(house.port), false, 'the last one closes the door behind it');
});

test('a new program that does not start leaves the old one serving', async t => {
  const house = await startHouse(t);
  const { visitor, cookie } = await signedIn(house);
  const load = startLoad(t, { url: `${house.base}/work`, headers: { cookie }, clients: 4, pause: 2 });
  writeFileSync(house.gw.config, 'nonsense: true\n');
  house.gw.child.kill('SIGUSR2');
  await eventually(() => house.told('restart.failed').length === 1, 15);
  assert.equal((await visitor.ask(`${house.base}/`, { headers: { connection: 'close' } })).status, 200);
  house.gw.child.kill('SIGUSR2'); // it may try again, and again fail
  await eventually(() => house.told('restart.failed').length === 2, 15);
  await load.stop();
  assert.deepEqual(load.errors, []);
  assert.deepEqual(Object.keys(load.statuses), ['200']);
  assert.equal((await house.gw.stop()).code, 0);
});

test('a stop after a restart that failed closes the door at once, while what was begun is finished', async t => {
  const house = await startHouse(t, { handle: slow(2500), change: c => { c.access = [{ path: '/**', allow: 'everyone' }]; c.server.drain = '8s'; } });
  writeFileSync(house.gw.config, 'nonsense: true\n');
  house.gw.child.kill('SIGUSR2');
  await eventually(() => house.told('restart.failed').length === 1, 15);
  const begun = get(`${house.base}/slow`, { agent: false });
  await sleep(300);
  house.gw.child.kill('SIGTERM');
  await eventually(() => house.told('process.draining').length === 1);
  await sleep(300);
  assert.equal(await listens(house.port), false, 'nobody is let in whom nobody will serve');
  assert.equal((await begun).body, 'begun and done');
  assert.deepEqual(await house.gw.ended, { code: 0, signal: null });
});

test('who gets to HTTP/2 only after a stop began is told to go elsewhere, not cut', async t => {
  const port = await freePort();
  const house = await startHouse(t, { handle: slow(3500), change: (c, { dir }) => {
    const own = certificate(dir, 'late');
    c.access = [{ path: '/**', allow: 'everyone' }];
    c.listen = [c.listen, { address: `127.0.0.1:${port}`, tls: { certificate: own.file, key: own.key } }];
    c.server = { ...c.server, drain: '6s', https_redirect: false };
  } });
  const begun = get(`${house.base}/slow`, { agent: false });
  const raw = net.connect(port, '127.0.0.1'); // the hello comes when the last farewell to all others was said
  await new Promise(ok => raw.once('connect', ok));
  await sleep(300);
  house.gw.child.kill('SIGTERM');
  await sleep(1700);
  const s = tls.connect({ socket: raw, servername: 'localhost', ALPNProtocols: ['h2'], rejectUnauthorized: false });
  await new Promise((ok, bad) => { s.once('secureConnect', ok); s.once('error', bad); });
  const seen = [];
  let have = Buffer.alloc(0);
  s.on('error', () => {});
  s.on('data', d => {
    for (have = Buffer.concat([have, d]); have.length >= 9 && have.length >= 9 + have.readUIntBE(0, 3); have = have.subarray(9 + have.readUIntBE(0, 3))) seen.push(have[3]);
  });
  const closed = new Promise(ok => s.once('close', ok));
  s.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.SETTINGS, 0, 0), frame(FRAME.HEADERS, 5, 1, fields(ask('/x', { authority: `localhost:${house.port}` })))]));
  await closed;
  assert.equal(seen.filter(f => f === FRAME.HEADERS).length, 1, 'its request is answered');
  assert.ok(seen.includes(FRAME.GOAWAY));
  assert.equal(house.gw.exit, undefined, 'long before the end');
  assert.equal((await begun).body, 'begun and done');
  assert.deepEqual(await house.gw.ended, { code: 0, signal: null });
  assert.equal(house.told('process.stopped')[0].cut, '0');
});

test('the program that stands at the old path is the one that is started', async t => {
  const dir = folder(t);
  const program = join(dir, 'vestibule');
  copyFileSync(binary, program);
  chmodSync(program, 0o755);
  const house = await startHouse(t, { gateway: { command: [program] } });
  const { visitor } = await signedIn(house);
  // replaced as a package manager does it, by a program that cannot be run; then by a good one
  unlinkSync(program);
  writeFileSync(program, 'no program\n', { mode: 0o755 });
  house.gw.child.kill('SIGUSR2');
  await eventually(() => house.told('restart.failed').length === 1, 15);
  assert.equal((await visitor.ask(`${house.base}/`)).status, 200);
  unlinkSync(program);
  copyFileSync(binary, program);
  chmodSync(program, 0o755);
  house.gw.child.kill('SIGUSR2');
  const young = await successor(t, house);
  assert.deepEqual(await house.gw.ended, { code: 0, signal: null });
  assert.ok(alive(young));
  assert.equal((await visitor.ask(`${house.base}/`, { headers: { connection: 'close' } })).status, 200);
  process.kill(young, 'SIGTERM');
  await eventually(() => !alive(young), 15);
});
