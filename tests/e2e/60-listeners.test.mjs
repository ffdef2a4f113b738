// Sockets that others opened, sockets in the file system, lines of the PROXY protocol; and log files that are taken away.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { existsSync, readFileSync, renameSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, eventually, sleep } from './lib/parts.mjs';
import { children, alive, signedIn, startHouse, yaml } from './lib/house.mjs';
import { startLoad } from './lib/load.mjs';

const lines = file => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(l => JSON.parse(l));

test('a socket that the service manager opened is served by its name, and only by the process it is meant for', async t => {
  // Two sockets that listen, handed to the gateway as descriptors 3 and 4. Ours are closed at once: this process would accept, too.
  let port;
  const start = async (pid, names) => {
    const [other, server] = await Promise.all([0, 1].map(() => new Promise(ok => { const s = net.createServer().listen(0, '127.0.0.1', () => ok(s)); })));
    port = server.address().port;
    const stdio = ['ignore', 'pipe', 'pipe', other._handle.fd, server._handle.fd];
    const house = await startHouse(t, {
      change: c => { c.listen = 'fd:web'; c.public_url = `http://localhost:${port}`; },
      gateway: { wait: false, spawn: { stdio }, env: { LISTEN_FDS: '2', LISTEN_FDNAMES: names }, command: ['/bin/sh', '-c', `LISTEN_PID=${pid} exec "$0" "$@"`, binary] },
    });
    other.close();
    server.close();
    return house;
  };
  const house = await start('$$', 'other:web');
  house.base = `http://localhost:${port}`;
  await eventually(() => house.told('process.serving').length === 1, 20);
  await signedIn(house);
  assert.equal((await house.gw.stop()).code, 0);
  for (const [pid, names] of [['1', 'other:web'], ['$$', 'other:others']]) {
    const stranger = await start(pid, names);
    assert.deepEqual(await stranger.gw.ended, { code: 78, signal: null });
    assert.match(stranger.gw.err, /fd:web/);
  }
});

test('a unix socket is served to its group alone, handed on at a restart, and removed at the end', async t => {
  let path;
  const house = await startHouse(t, { change: (c, { dir, port }) => {
    path = join(dir, 'web.sock');
    c.listen = [`127.0.0.1:${port}`, `unix:${path}`];
    c.trusted_proxies = ['127.0.0.0/8'];
  } });
  const { cookie } = await signedIn(house);
  assert.equal(statSync(path).mode & 0o777, 0o660);
  const ask = headers => new Promise((ok, bad) => {
    const q = http.get({ socketPath: path, path: '/x', headers: { host: `localhost:${house.port}`, cookie, ...headers }, agent: false }, r => {
      let body = '';
      r.on('data', d => { body += d; });
      r.on('end', () => ok({ status: r.statusCode, body }));
    });
    q.once('error', bad);
  });
  const r = await ask({ 'x-forwarded-for': '203.0.113.9' });
  assert.equal(r.status, 200);
  assert.match(JSON.parse(r.body).headers['x-forwarded-for'], /^203\.0\.113\.9/);
  let stop = false;
  const asked = { ok: 0, bad: [] };
  const asking = (async () => { while (!stop) { try { assert.equal((await ask()).status, 200); asked.ok++; } catch (e) { asked.bad.push(String(e)); } await sleep(3); } })();
  await sleep(200);
  house.gw.child.kill('SIGUSR2');
  const young = await eventually(() => children(house.gw.pid)[0], 10, 5);
  t.after(() => { if (alive(young)) process.kill(young, 'SIGKILL'); });
  await house.gw.ended;
  await sleep(300);
  stop = true;
  await asking;
  assert.deepEqual(asked.bad, []);
  assert.ok(asked.ok > 20);
  assert.equal((await ask()).status, 200);
  process.kill(young, 'SIGTERM');
  await eventually(() => !alive(young), 15);
  assert.equal(existsSync(path), false);
});

test('where a file that is no socket stands, none is made and nothing is lost', async t => {
  let path;
  const house = await startHouse(t, { change: (c, { dir }) => {
    path = join(dir, 'ledger');
    writeFileSync(path, 'dear to somebody');
    c.listen = [c.listen, `unix:${path}`];
  }, gateway: { wait: false } });
  assert.deepEqual(await house.gw.ended, { code: 78, signal: null });
  assert.match(house.gw.err, /ledger: a file that is no socket stands there/);
  assert.equal(readFileSync(path, 'utf8'), 'dear to somebody');
});

test('a restart that fails leaves the unix socket where it is; a visitor behind it who reads nothing is let go', async t => {
  let path;
  const taken = await new Promise(ok => { const s = net.createServer().listen(0, '127.0.0.1', () => ok(s)); });
  t.after(() => taken.close());
  const house = await startHouse(t, { change: (c, { dir, port }) => {
    path = join(dir, 'web.sock');
    c.listen = [`127.0.0.1:${port}`, `unix:${path}`];
    c.access = [{ path: '/**', allow: 'everyone' }];
    c.server.timeouts = { write: '1s' };
  }, handle: (q, r) => { if (q.url !== '/large') return false; r.end(Buffer.alloc(20 << 20)); return true; } });
  const listen = house.config.listen;
  house.config.listen = [...listen, `127.0.0.1:${taken.address().port}`];
  writeFileSync(house.gw.config, yaml(house.config));
  house.gw.child.kill('SIGUSR2');
  await eventually(() => house.told('restart.failed').length === 1, 15);
  const deaf = net.connect(path), busy = net.connect(path);
  for (const s of [deaf, busy]) {
    s.on('error', () => {});
    await new Promise(ok => s.once('connect', ok));
    s.pause().write(`GET /large HTTP/1.1\r\nhost: localhost:${house.port}\r\n\r\n`);
  }
  // the other one takes a little now and then, for longer than the deaf one is waited for
  let read = 0;
  const sipping = setInterval(() => { read += busy.read()?.length ?? 0; }, 100);
  t.after(() => clearInterval(sipping));
  const at = Date.now();
  await eventually(async () => await house.metric('vestibule_http_requests_in_flight') <= 2, 8); // this question is one, too
  assert.ok(Date.now() - at > 500);
  await sleep(1500);
  assert.equal(await house.metric('vestibule_http_requests_in_flight'), 2, 'who reads, however slowly, stays');
  assert.ok(read > 0);
  clearInterval(sipping);
  deaf.destroy();
  busy.destroy();
  assert.equal((await house.gw.stop()).code, 0);
  assert.equal(existsSync(path), false, 'after a restart that failed the file is still ours to remove');
});

test('when clients have all the connections there may be, probes and metrics still get an answer', async t => {
  const house = await startHouse(t, { change: c => { c.server.max_connections = 12; } });
  const crowd = Array.from({ length: 20 }, () => net.connect(house.port, '127.0.0.1').on('error', () => {}));
  t.after(() => { for (const s of crowd) s.destroy(); });
  await eventually(async () => await house.metric('vestibule_http_connections') >= 12);
  for (const path of ['/live', '/ready', '/metrics']) assert.equal((await house.ask(path)).status, 200, path);
  assert.ok(await house.metric('vestibule_http_connections') <= 13, 'the rest of the crowd waits outside');
  for (const s of crowd.splice(0)) s.destroy();
  const answer = await converse(house.port, `GET /_vestibule/sign-in HTTP/1.1\r\nhost: localhost:${house.port}\r\nconnection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 302/, 'and comes in when there is room');
});

test('a crowd that would take every descriptor leaves enough for applications, the store and probes (SEC-216)', async t => {
  let asked = 0, pause = 0;
  const house = await startHouse(t, { change: c => { c.access = [{ path: '/**', allow: 'everyone' }]; c.server.workers = 1; },
    handle: (q, r) => { asked++; setTimeout(() => r.end('served'), pause); return true; },
    gateway: { command: ['/bin/sh', '-c', 'ulimit -n 128; exec "$0" "$@"', binary] } });
  await eventually(() => house.told('connections_limited').length === 1);
  assert.match(house.told('connections_limited')[0].msg, /three fifths of the descriptors/);
  const crowd = Array.from({ length: 200 }, () => net.connect(house.port, '127.0.0.1').on('error', () => {}));
  t.after(() => { for (const s of crowd) s.destroy(); });
  const request = `GET /x HTTP/1.1\r\nhost: localhost:${house.port}\r\nconnection: close\r\n\r\n`;
  await eventually(async () => await house.metric('vestibule_http_connections') >= 48);
  // those of the crowd that are in ask all at once: each needs a connection to the application
  const seen = crowd.map(s => { let text = ''; s.on('data', d => { text += d; }); return () => text; });
  for (const s of crowd.slice(0, 36)) s.write(request);
  await eventually(() => seen.slice(0, 36).every(text => text().startsWith('HTTP/1.1 ')));
  assert.deepEqual([...new Set(seen.slice(0, 36).map(text => text().slice(9, 12)))], ['200']);
  // more of them than there are descriptors for applications: who is too many is told so, and nobody else is the worse for it
  for (const s of crowd.splice(0)) s.destroy();
  pause = 1500;
  const before = asked, late = Array.from({ length: 45 }, () => converse(house.port, request));
  await eventually(() => asked - before >= 30);
  assert.equal((await house.ask('/ready')).status, 200);
  const statuses = (await Promise.all(late)).map(text => text.slice(9, 12));
  assert.deepEqual([...new Set(statuses)].sort(), ['200', '503']);
  assert.ok(statuses.filter(s => s === '200').length >= 30, statuses.join(' '));
  assert.equal((await house.ask('/ready')).status, 200);
  assert.equal(house.told('accept_paused').length, 0, 'it never came to the last descriptor');
});

// PROXY protocol version 2: signature, command, family, addresses.
function v2(address, port, { command = 1, family = 0x11 } = {}) {
  const body = Buffer.alloc(command ? 12 : 0);
  if (command) {
    address.split('.').forEach((x, i) => { body[i] = Number(x); });
    Buffer.from([127, 0, 0, 1]).copy(body, 4);
    body.writeUInt16BE(port, 8);
    body.writeUInt16BE(443, 10);
  }
  const head = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20 | command, command ? family : 0, 0, body.length]);
  return Buffer.concat([head, body]);
}

const converse = (port, ...bytes) => new Promise(ok => {
  const s = net.connect(port, '127.0.0.1');
  let text = '';
  s.setTimeout(8000, () => s.destroy());
  s.on('data', d => { text += d; });
  s.on('error', () => {});
  s.on('close', () => ok(text));
  (async () => { for (const b of bytes) { s.write(b); await sleep(30); } })();
});

test('a PROXY line says whom a trusted proxy speaks for; without one, or from others, nobody is heard', async t => {
  const house = await startHouse(t, { change: (c, { port }) => {
    c.listen = [{ address: `127.0.0.1:${port}`, proxy_protocol: true }];
    c.trusted_proxies = ['127.0.0.1/32'];
    c.access = [{ path: '/**', allow: 'everyone' }];
  } });
  const request = `GET /who HTTP/1.1\r\nhost: localhost:${house.port}\r\nconnection: close\r\n\r\n`;
  const seen = text => { assert.match(text, /^HTTP\/1\.1 200/); return JSON.parse(/\{.*\}/s.exec(text)[0]).headers['x-forwarded-for']; };
  assert.equal(seen(await converse(house.port, `PROXY TCP4 203.0.113.7 127.0.0.1 4711 443\r\n${request}`)), '203.0.113.7');
  assert.equal(seen(await converse(house.port, 'PROXY TCP6 2001:db8::7 ::1 4711 443\r\n', request)), '2001:db8::7');
  assert.equal(seen(await converse(house.port, 'PROXY TC', 'P4 203.0.113.8 127.0.0.1 4711 4', '43\r\n', request)), '203.0.113.8', 'in pieces');
  assert.equal(seen(await converse(house.port, Buffer.concat([v2('203.0.113.9', 4711), Buffer.from(request)]))), '203.0.113.9');
  assert.equal(seen(await converse(house.port, v2('203.0.113.9', 4711).subarray(0, 10), v2('203.0.113.9', 4711).subarray(10), request)), '203.0.113.9');
  assert.equal(seen(await converse(house.port, v2('', 0, { command: 0 }), request)), '127.0.0.1', 'LOCAL: the proxy speaks for itself');
  assert.equal(seen(await converse(house.port, `PROXY UNKNOWN\r\n${request}`)), '127.0.0.1');
  const forged = request.replace('\r\n\r\n', '\r\nX-Forwarded-For: 203.0.113.66\r\n\r\n');
  assert.equal(seen(await converse(house.port, `PROXY UNKNOWN\r\n${forged}`)), '127.0.0.1', 'a line that names nobody vouches for no header');
  const before = house.backend.seen.length;
  for (const bad of [request, `PROXY TCP4 203.0.113.7 127.0.0.1 4711\r\n${request}`, `PROXY TCP4 999.0.113.7 127.0.0.1 1 2\r\n${request}`, `proxy TCP4 203.0.113.7 127.0.0.1 1 2\r\n${request}`,
    `PROXY TCP4 ${'1'.repeat(200)}\r\n${request}`, Buffer.concat([Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x31, 0x11, 0, 12]), Buffer.from(request)])]) {
    const text = await converse(house.port, bad);
    assert.doesNotMatch(text, /^HTTP\/1\.1 2/, String(bad).slice(0, 60));
  }
  const stranger = await startHouse(t, { change: (c, { port }) => {
    c.listen = [{ address: `127.0.0.1:${port}`, proxy_protocol: true }];
    c.trusted_proxies = ['192.0.2.1/32'];
    c.access = [{ path: '/**', allow: 'everyone' }];
  } });
  assert.doesNotMatch(await converse(stranger.port, `PROXY TCP4 203.0.113.7 127.0.0.1 4711 443\r\nGET /who HTTP/1.1\r\nhost: localhost:${stranger.port}\r\nconnection: close\r\n\r\n`), /^HTTP\/1\.1 2/);
  assert.equal(stranger.backend.seen.length, 0);
  assert.equal(house.backend.seen.length, before);
});

test('SIGUSR1 opens the log file anew: under load no line is lost, and none goes to the old file afterwards', async t => {
  let file;
  const house = await startHouse(t, { change: (c, { dir }) => { file = join(dir, 'vestibule.log'); c.log = { format: 'json', to: 'file', file }; } });
  const { cookie } = await signedIn(house);
  let number = 0;
  const load = startLoad(t, { url: `${house.base}/`, headers: { cookie }, clients: 4, pause: 2, each: () => ({ path: `/rotated/${number++}` }) });
  await sleep(300);
  for (let i = 1; i <= 3; i++) {
    renameSync(file, `${file}.${i}`);
    house.gw.child.kill('SIGUSR1');
    await eventually(() => existsSync(file), 5);
    await sleep(200);
  }
  await load.stop();
  assert.deepEqual(load.errors, []);
  assert.equal((await house.gw.stop()).code, 0);
  const all = [file, `${file}.1`, `${file}.2`, `${file}.3`].map(lines);
  assert.ok(all.every(l => l.length > 0));
  const paths = all.flat().filter(l => l.path?.startsWith('/rotated/')).map(l => l.path);
  assert.equal(new Set(paths).size, number);
  assert.equal(paths.length, number);
  assert.equal(statSync(file).mode & 0o007, 0, 'not for everybody');
});

test('a full disk and a closed standard error stop nobody, and what waited is written when there is room', async t => {
  let file;
  const full = await startHouse(t, { change: (c, { dir }) => {
    file = join(dir, 'vestibule.log');
    symlinkSync('/dev/full', file);
    c.log = { format: 'json', to: 'file', file };
  } });
  const { cookie } = await signedIn(full);
  const load = startLoad(t, { url: `${full.base}/full`, headers: { cookie }, clients: 4, pause: 1 });
  await sleep(800);
  unlinkSync(file);
  full.gw.child.kill('SIGUSR1');
  await eventually(() => existsSync(file) && lines(file).some(l => l.path === '/full'), 5);
  await load.stop();
  assert.deepEqual(load.errors, []);
  assert.deepEqual(Object.keys(load.statuses), ['200']);
  assert.equal((await full.gw.stop()).code, 0);
  assert.equal(lines(file).filter(l => l.event === 'signin.succeeded').length, 1, 'written while the disk was full, and kept');
  const closed = await startHouse(t);
  closed.gw.child.stderr.destroy();
  const second = await signedIn(closed);
  for (let i = 0; i < 20; i++) assert.equal((await second.visitor.ask(`${closed.base}/`)).status, 200);
  assert.equal((await closed.gw.stop()).code, 0);
});
