// Requests on their way through: what passes whole, what is cut off and is seen to be, and what a visitor is told when an application fails.
import test from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { front, cookieOf, certificate, get, exchange, Wire } from './lib/front.mjs';
import { startRecorder } from './lib/raw.mjs';
import { eventually, folder, freePort, sleep } from './lib/parts.mjs';

const ok = body => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const MASK = Buffer.from([1, 2, 3, 4]);
const masked = (op, text) => { const b = Buffer.from(text); return Buffer.concat([Buffer.from([0x80 | op, 0x80 | b.length]), MASK, Buffer.from(b.map((c, i) => c ^ MASK[i % 4]))]); };
const upgrade = (path, host, more = '') => get(path, host, `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}`);

// An application with many faults: what it does is in the path.
function faulty(r, s) {
  const [, what] = r.url.split('?')[0].replace(/^\/public/, '').split('/');
  switch (what) {
    case 'garbage': return 'SSH-2.0-OpenSSH_9.2\r\n\r\n';
    case 'nothing': s.destroy(); return null;
    case 'reset': s.resetAndDestroy?.(); return null;
    case 'slow': return null;
    case 'status99': return 'HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n';
    case 'both': return 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n';
    case 'lengths': return 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\n12345';
    case 'folded': return 'HTTP/1.1 200 OK\r\nx-a: 1\r\n folded: 2\r\ncontent-length: 2\r\n\r\nok';
    case 'bighead': return `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(500000)}\r\ncontent-length: 2\r\n\r\nok`;
    case 'short': s.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n12345'); setTimeout(() => s.destroy(), 50); return null;
    case 'shortchunk': s.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n'); setTimeout(() => s.destroy(), 50); return null;
    case 'badchunk': s.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n'); setTimeout(() => s.write('zz\r\nx'), 50); return null;
    case 'extra': return `${ok('ok')}${ok('poison')}`;
    case 'close': s.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'); return null;
    case 'chunked': return 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\n12345\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n';
    case 'none': return 'HTTP/1.1 204 No Content\r\n\r\n';
    case 'same': return 'HTTP/1.1 304 Not Modified\r\netag: "a"\r\ncontent-length: 77\r\n\r\n';
    case 'head': return r.method === 'HEAD' ? 'HTTP/1.1 200 OK\r\ncontent-length: 12345\r\n\r\n' : ok('x'.repeat(12345));
    case 'range': return 'HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-1/9\r\ncontent-length: 2\r\n\r\nok';
    case 'unsatisfied': return 'HTTP/1.1 416 Range Not Satisfiable\r\ncontent-range: bytes */9\r\ncontent-length: 0\r\n\r\n';
    case 'early': return `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${ok('ok')}`;
    case 'cookies': return 'HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2; Path=/\r\nSet-Cookie: c=3, d=4\r\ncontent-length: 0\r\n\r\n';
    case 'keepable': return 'HTTP/1.1 200 OK\r\ncache-control: public, max-age=60\r\ncontent-length: 2\r\n\r\nok';
    case 'expiring': return 'HTTP/1.1 200 OK\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT\r\ncontent-length: 2\r\n\r\nok';
    case 'dated': return 'HTTP/1.1 200 OK\r\nlast-modified: Thu, 01 Jan 2015 00:00:00 GMT\r\ncontent-type: text/css\r\ncontent-length: 2\r\n\r\nok';
    case 'moved': return 'HTTP/1.1 302 Found\r\nlocation: http://elsewhere.example/x\r\ncontent-length: 0\r\n\r\n';
    case 'hash': return ok(createHash('sha256').update(Buffer.from(r.body, 'latin1')).digest('hex'));
    case 'big': { s.write(`HTTP/1.1 200 OK\r\ncontent-length: ${20 << 20}\r\n\r\n`); const piece = Buffer.alloc(1 << 20, 'y'); let n = 20; const go = () => { while (n-- > 0) if (!s.write(piece)) { s.once('drain', go); return; } }; go(); return null; }
    case 'events': { s.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'); let n = 0; const timer = setInterval(() => { s.write(`1\r\n${'data: x\n\n'[n % 9]}\r\n`); if (++n === 18) { clearInterval(timer); s.write('0\r\n\r\n'); } }, 25); s.on('close', () => clearInterval(timer)); return null; }
    case 'ws': {
      if (!r.values('upgrade').length) return ok('no upgrade asked');
      s.removeAllListeners('data');
      let b = Buffer.alloc(0);
      s.on('data', d => {
        b = Buffer.concat([b, d]);
        while (b.length >= 6) {
          const size = b[1] & 0x7f;
          if (b.length < 6 + size) return;
          const text = Buffer.from(b.subarray(6, 6 + size).map((c, i) => c ^ b[2 + i % 4])), op = b[0] & 15;
          b = b.subarray(6 + size);
          s.write(Buffer.concat([Buffer.from([0x80 | op, size]), text]));
          if (op === 8) s.end();
        }
      });
      return 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Auth-User: evil\r\n\r\n\x81\x05early';
    }
    default: return ok('ok');
  }
}

test('requests and answers pass whole, and what broke is seen to have broken', async t => {
  const dir = folder(t);
  const path = join(dir, 'app.sock'), hostPort = await freePort();
  const unixSeen = [];
  const unix = net.createServer(s => { let b = ''; s.on('error', () => {}); s.on('data', d => { b += d; if (b.includes('\r\n\r\n')) { unixSeen.push(b); b = ''; s.write(ok('unix')); } }); });
  await new Promise(done => unix.listen(path, done));
  t.after(() => unix.close());
  const good = certificate(dir, 'app.example'), shown = { cert: readFileSync(good.cert), key: readFileSync(good.key) };
  const overTls = tls.createServer(shown, s => { s.on('error', () => {}); s.on('data', () => s.write(ok('tls'))); });
  overTls.on('tlsClientError', () => {});
  await new Promise(done => overTls.listen(hostPort, '127.0.0.1', done));
  t.after(() => overTls.close());
  const hosted = await startRecorder(t), stripped = await startRecorder(t), own = await startRecorder(t), down = await freePort();
  const f = await front(t, {
    reply: faulty, app: ', timeout: { connect: 1s, response: 1s, idle: 3s }',
    backends: `  - { id: hosted, host: "other.localhost", url: "${hosted.url}" }
  - { id: stripped, path: "/public/strip/**", strip_prefix: /public/strip, url: "${stripped.url}" }
  - { id: own, path: "/public/own/**", host_header: backend, url: "${own.url}" }
  - { id: down, path: "/public/down/**", url: "http://127.0.0.1:${down}" }
  - { id: unix, path: "/public/unix/**", url: "http+unix://${path}" }
  - { id: tls, path: "/public/tls/**", url: "https://127.0.0.1:${hostPort}", tls: { ca_file: ${good.cert}, name: app.example } }
  - { id: wrongname, path: "/public/wrongname/**", url: "https://127.0.0.1:${hostPort}", tls: { ca_file: ${good.cert}, name: other.example } }
  - { id: untrusted, path: "/public/untrusted/**", url: "https://127.0.0.1:${hostPort}", tls: { name: app.example } }
  - { id: nosockets, path: "/public/nosockets/**", websockets: false, url: "${f0()}" }`,
  });
  function f0() { return own.url; }
  const A = f.authority, cookie = `Cookie: ${await cookieOf(f.base, 'ada')}\r\n`;
  const one = async (p, more = '', o) => (await exchange(f.plain, get(p, A, more), o));

  await t.test('answers of every framing arrive as they were (SEC-168)', async () => {
    for (const [p, status, body, headers = {}] of [['chunked', 200, '12345abc'], ['close', 200, 'until the end'], ['none', 204, ''], ['same', 304, '', { etag: '"a"' }], ['range', 206, 'ok', { 'content-range': 'bytes 0-1/9' }],
      ['unsatisfied', 416, '', { 'content-range': 'bytes */9' }], ['early', 200, 'ok'], ['moved', 302, '', { location: 'http://elsewhere.example/x' }]]) {
      for (const [to, count] of [[f.plain, 1], [f.secure, 1]]) {
        const r = await exchange(to, get(`/public/${p}`, A, 'Range: bytes=0-1\r\nIf-None-Match: "a"\r\n'), { count });
        assert.deepEqual([r.list[0]?.status, r.list[0]?.body.toString()], [status, body], p);
        for (const [n, v] of Object.entries(headers)) assert.equal(r.list[0].value(n), v, p);
      }
      assert.deepEqual([f.backend.seen.at(-1).values('range'), f.backend.seen.at(-1).values('if-none-match')], [['bytes=0-1'], ['"a"']]);
    }
    const head = await exchange(f.plain, `HEAD /public/head HTTP/1.1\r\nHost: ${A}\r\n\r\n${get('/public/x', A)}`, { count: 2, methods: ['HEAD', 'GET'] });
    assert.deepEqual([head.list[0].value('content-length'), head.list[1].body.toString()], ['12345', 'ok']);
    const cookies = await one('/public/cookies');
    assert.deepEqual(cookies.list[0].headers.filter(h => h[0] === 'set-cookie').map(h => h[1]), ['a=1', 'b=2; Path=/', 'c=3, d=4']);
  });

  await t.test('large bodies: 20 MiB down, 9 MiB up, and 413 for 11 MiB before they were all sent (SEC-163)', async () => {
    const down20 = await one('/public/big', '', { ms: 30000 });
    assert.equal(down20.list[0].body.length, 20 << 20);
    assert.ok(down20.list[0].body.every(c => c === 121));
    const body = Buffer.alloc(9 << 20);
    for (let i = 0; i < body.length; i++) body[i] = (i * 31 + (i >> 8)) & 255;
    const want = createHash('sha256').update(body).digest('hex');
    const headOf = n => `POST /public/hash HTTP/1.1\r\nHost: ${A}\r\nContent-Length: ${n}\r\n\r\n`;
    assert.equal((await exchange(f.plain, Buffer.concat([Buffer.from(headOf(body.length)), body]), { ms: 30000 })).list[0].body.toString(), want);
    const before = f.backend.seen.length;
    const early = await exchange(f.plain, headOf(11 << 20));
    assert.equal(early.list[0].status, 413);
    const chunks = await exchange(f.plain, Buffer.concat([Buffer.from(`POST /public/hash HTTP/1.1\r\nHost: ${A}\r\nTransfer-Encoding: chunked\r\n\r\nb00000\r\n`), Buffer.alloc(11 << 20)]), { ms: 20000 });
    assert.equal(chunks.list[0]?.status, 413);
    const asked = await exchange(f.plain, headOf(11 << 20).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
    assert.deepEqual(asked.all.list.map(a => a.status), [413]);
    assert.equal(f.backend.seen.length, before);
    const w = new Wire(f.plain);
    await w.open;
    w.write(headOf(5).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
    await w.until(() => w.bytes.includes('100 Continue'));
    assert.match(w.bytes.toString(), /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    w.write('12345');
    await w.until(() => w.answers().list.length === 2);
    assert.equal(w.answers().list[1].status, 200);
    w.close();
  });

  await t.test('what is answered to a person is for no shared cache, unless the application says so; to strangers it is left as it is (SEC-164)', async () => {
    for (const to of [f.plain, f.secure]) {
      for (const [p, who, wanted] of [['/account/x.css', cookie, ['private']], ['/dated/x.css', cookie, ['private']], ['/public/dated/x.css', cookie, ['private']],
        ['/keepable', cookie, ['public, max-age=60']], ['/expiring', cookie, []], ['/public/dated/x.css', '', []], ['/public/keepable', '', ['public, max-age=60']]]) {
        const r = await exchange(to, get(p, A, who));
        assert.equal(r.list[0].status, 200, p);
        assert.deepEqual(r.list[0].headers.filter(h => h[0] === 'cache-control').map(h => h[1]), wanted, `${p} ${who && 'signed in'}`);
      }
      const stranger = (await exchange(to, get('/account/x.css', A))).list[0];
      assert.deepEqual([stranger.status, stranger.value('cache-control')], [401, 'no-store'], 'what we answer ourselves is kept by nobody');
    }
    const signIn = await exchange(f.plain, get('/account/x.css', A, 'Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n'));
    assert.deepEqual([signIn.list[0].status, signIn.list[0].value('cache-control')], [302, 'no-store']);
  });

  await t.test('events arrive one byte at a time, as they are sent', async () => {
    const w = new Wire(f.plain);
    await w.open;
    w.write(get('/events', A, cookie));
    await w.until(() => w.answers().list.length === 1 && w.answers().whole);
    const pieces = w.parts.filter(p => p.bytes.length < 20).length;
    assert.equal(w.answers().list[0].body.toString(), 'data: x\n\ndata: x\n\n');
    assert.ok(pieces >= 9, `${pieces} pieces`);
    w.close();
  });

  await t.test('an answer that broke off does not look whole, and its connection is not used again (SEC-158, SEC-159)', async () => {
    for (const p of ['short', 'shortchunk', 'badchunk']) {
      for (const to of [f.plain, f.secure]) {
        const r = await exchange(to, get(`/public/${p}`, A), { ms: 4000 });
        assert.ok(r.list.length === 0 || !r.all.whole || r.list[0].status === 502, `${p}: ${r.bytes}`);
        assert.ok(r.ended, p);
      }
    }
    for (let i = 0; i < 20; i++) assert.equal((await one(i % 2 ? '/public/extra' : '/public/x')).list[0].body.toString(), 'ok', 'no answer that nobody asked for');
  });

  await t.test('an application that fails is told apart, to people and to programs, and never its own bytes (SEC-159, SEC-165)', async () => {
    for (const [p, status, code] of [['garbage', 502, 'backend-broken'], ['nothing', 502, 'backend-broken'], ['reset', 502, 'backend-broken'], ['status99', 502, 'backend-broken'], ['both', 502, 'backend-broken'], ['lengths', 502, 'backend-broken'],
      ['folded', 502, 'backend-broken'], ['bighead', 502, 'backend-broken'], ['slow', 504, 'backend-timeout'], ['down/x', 502, 'backend-unreachable'], ['wrongname/x', 502, 'backend-unreachable'], ['untrusted/x', 502, 'backend-unreachable']]) {
      const program = (await one(`/public/${p}`, 'Accept: application/json\r\n')).list[0];
      assert.deepEqual([program?.status, JSON.parse(program?.body ?? '{}').code], [status, code], p);
      assert.equal(program.value('content-type'), 'application/problem+json', p);
      const person = (await one(`/public/${p}`, 'Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n')).list[0];
      assert.equal(person.status, status, p);
      assert.match(person.value('content-type'), /^text\/html/, p);
      assert.equal(person.value('cache-control'), 'no-store', p);
      assert.ok(!/SSH|127\.0\.0\.1|app\.example|\.c:/.test(person.body.toString() + program.body), p);
    }
    assert.equal((await one('/public/tls/x')).list[0].body.toString(), 'tls', 'with the right name it is served');
  });

  await t.test('a POST is never sent twice; a GET at most (SEC-162)', async () => {
    for (const p of ['nothing', 'reset']) {
      await one('/public/x'); /* a connection waits */
      const before = f.backend.seen.length;
      const r = await exchange(f.plain, `POST /public/${p} HTTP/1.1\r\nHost: ${A}\r\nContent-Length: 1\r\n\r\nx`);
      assert.equal(r.list[0].status, 502);
      assert.equal(f.backend.seen.length, before + 1, p);
      await one('/public/x');
      const again = f.backend.seen.length;
      await one(`/public/${p}`);
      assert.ok(f.backend.seen.length - again <= 2, p);
    }
  });

  await t.test('a visitor who goes in the middle of an answer, or while it is awaited, takes the backend\'s work along (SEC-167)', async () => {
    for (const p of ['/public/big', '/public/slow', '/public/events']) {
      const w = new Wire(f.plain);
      await w.open;
      const had = f.backend.sockets.size;
      w.write(get(p, A));
      await sleep(100);
      w.close();
      await eventually(() => f.backend.sockets.size <= Math.max(had, 1), 3);
      assert.equal((await one('/public/x')).list[0].status, 200);
    }
  });

  await t.test('applications by host, by path without its head, by their own name, over a unix socket (SEC-149, SEC-156)', async () => {
    const byHost = await exchange(f.plain, get('/x', 'other.localhost', ''));
    assert.equal(byHost.list[0].status, 401, 'rules hold there, too');
    const byHostIn = await exchange(f.plain, get('/x', 'OTHER.localhost:99', cookie));
    assert.deepEqual([byHostIn.list[0].status, hosted.seen.at(-1).values('host'), hosted.seen.at(-1).values('x-auth-user')], [200, ['other.localhost:99'], ['op:ada']]);
    assert.equal((await exchange(f.plain, get('/public/x', 'nobody.localhost'))).list[0].status, 421);
    assert.equal((await exchange(f.plain, get('/_vestibule/sign-in', 'other.localhost'))).list[0].status, 421);
    for (const [asked, got] of [['/public/strip/a/b?c', '/a/b?c'], ['/public/strip', '/'], ['/public/strip/', '/'], ['/public/strip?x', '/?x']]) {
      assert.equal((await one(asked)).list[0].status, 200, asked);
      assert.equal(stripped.seen.at(-1).url, got);
    }
    assert.equal((await one('/public/strip/../x')).list[0].status, 400);
    await one('/public/own/x');
    assert.deepEqual([own.seen.at(-1).values('host'), own.seen.at(-1).values('x-forwarded-host')], [[own.url.slice(7)], [A]]);
    assert.equal((await one('/public/unix/x')).list[0].body.toString(), 'unix');
    assert.match(unixSeen.at(-1), new RegExp(`\r\nhost: ${A}\r\n`, 'i'));
  });

  await t.test('a websocket passes with a session, not without, not for another site, and not where it is switched off', async () => {
    const refused = async (bytes, status, why) => {
      const before = f.backend.seen.length;
      assert.equal((await exchange(f.plain, bytes)).list[0]?.status, status, why);
      assert.equal(f.backend.seen.length, before, why);
    };
    await refused(upgrade('/ws', A), 401, 'no session');
    for (const origin of ['https://evil.example', 'null', `http://${A}.evil.example`, `https://${A}`, `http://evil@${A}`, '', `http://localhost`]) await refused(upgrade('/ws', A, `${cookie}Origin: ${origin}\r\n`), 403, `Origin ${origin}`);
    const off = await exchange(f.plain, upgrade('/public/nosockets/ws', A, cookie));
    assert.equal(off.list[0].status, 200);
    assert.deepEqual(own.seen.at(-1).values('upgrade'), []);
    for (const [to, more] of [[f.plain, ''], [f.plain, `Origin: ${f.base}\r\n`], [f.secure, '']]) {
      const w = new Wire(to);
      await w.open;
      w.write(Buffer.concat([Buffer.from(upgrade('/ws', A, cookie + more)), masked(1, 'ahead of the answer')]));
      await w.until(() => w.bytes.includes('ahead of the answer'));
      const text = w.bytes.toString('latin1');
      assert.match(text, /^HTTP\/1\.1 101 /);
      assert.ok(!/x-auth-user/i.test(text), 'and it does not say who somebody is');
      assert.ok(text.includes('\x81\x05early'), 'what came with the 101 is not lost');
      w.write(masked(1, 'ping'.repeat(20)));
      await w.until(() => w.bytes.includes('ping'.repeat(20)));
      const { length } = w.bytes;
      w.write(masked(8, Buffer.concat([Buffer.from([0x0f, 0xa1]), Buffer.from('bye')])));
      await w.end(5000);
      assert.ok(w.ended);
      assert.deepEqual([...w.bytes.subarray(length)], [0x88, 5, 0x0f, 0xa1, 0x62, 0x79, 0x65], 'its code and reason arrive');
      assert.deepEqual(f.backend.seen.at(-1).values('x-auth-user'), ['op:ada']);
    }
  });
  assert.equal(f.gw.exit, undefined);
});
