// HTTP/2 frame by frame: requests that cannot become one clear request are refused, floods end with the connection, and nobody else notices.
import test from 'node:test';
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import tls from 'node:tls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { front, cookieOf, certificate, get, exchange } from './lib/front.mjs';
import { binary, folder, freePort, sleep } from './lib/parts.mjs';
import { Frames, FRAME, frame, fields, indexed, ask, cost } from './lib/raw.mjs';

// A sanitizer keeps what was freed for a while: what is little without it is more with it.
const sanitized = readFileSync(binary).includes('__asan_init') || readFileSync(binary).includes('__tsan_init');
const MEMORY_MIB = sanitized ? 700 : 96;

const u32 = n => { const b = Buffer.alloc(4); b.writeUInt32BE(n >>> 0); return b; };

test('an HTTP/2 request is one clear request or none', async t => {
  const f = await front(t, { server: '  timeouts: { idle: 1500ms }' });
  const cookie = await cookieOf(f.base, 'ada');
  const A = f.authority;
  const q = (path, o = {}, more = []) => ask(path, { authority: A, ...o }, more);
  const REFUSED = 'refused';
  const without = name => q('/public/').filter(x => x[0] !== name);
  const table = [
    ['an honest one', q('/public/'), 200],
    ['a query', q('/public/?a=b c'.replace(' ', '%20')), 200],
    ['the authority in capitals', q('/public/', { authority: A.toUpperCase() }), 200],
    ['a matching host field', q('/public/', {}, [['host', A]]), 200],
    ['cookies in several fields', q('/public/', {}, [['cookie', 'a=1'], ['cookie', 'b=2']]), 200],
    ['te: trailers', q('/public/', {}, [['te', 'trailers']]), 200],
    ['an unknown method', q('/public/', { method: 'PROPFIND' }), 200],
    ...['', 'public/', '*', 'http://evil.example/public/', `https://${A}/public/`, '/public/ HTTP/1.1', '/public/\tx', '/public/ x', '/public/#x', '/public/\x00', '/public/\r\nX-A: 1', '/public/\n', '/public/\x7f', '?x']
      .map(p => [`the path ${JSON.stringify(p)}`, q(p), REFUSED]),
    ...['', 'get', 'GET /admin HTTP/1.1\r\nX: ', 'GET ', ' GET', 'G@T', 'G\x00T', 'GET /admin/ HTTP/1.1', 'A'.repeat(21), 'CONNECT', 'TRACE']
      .map(m => [`the method ${JSON.stringify(m)}`, q('/public/', { method: m }), REFUSED]),
    ...['', 'user@localhost', `${A}/x`, `${A}?x`, `${A}#x`, 'a b', `${A}\r\nX-A: 1`, `${A},other`, 'localhost:0', 'localhost:99999', 'localhost:', '[::1', `\x00${A}`, ` ${A}`, `${A} `, 'l\xf6cal']
      .map(h => [`the authority ${JSON.stringify(h)}`, q('/public/', { authority: h }), REFUSED]),
    ...['', 'ftp', 'https://x', 'http', 'javascript', 'https:', 'HTTPS\r\n'].map(s => [`the scheme ${JSON.stringify(s)}`, q('/public/', { scheme: s }), REFUSED]),
    ...[':method', ':path', ':authority'].map(n => [`no ${n}`, without(n), REFUSED]),
    ['another host field', q('/public/', {}, [['host', 'evil.example']]), 'one host'],
    ['a matching host field and another', q('/public/', {}, [['host', A], ['host', 'evil.example']]), 'one host'],
    ['only a host field', [...without(':authority'), ['host', A]], REFUSED],
    ...[':method', ':scheme', ':path', ':authority'].map(n => [`${n} twice`, [...q('/public/'), q('/public/').find(x => x[0] === n)], REFUSED]),
    ['a second path', [[':path', '/public/'], ...q('/admin/')], REFUSED],
    ['an unknown pseudo-field', [...q('/public/'), [':x', '1']], REFUSED],
    ['a pseudo-field of answers', [...q('/public/'), [':status', '200']], REFUSED],
    [':protocol', [...q('/public/', { method: 'CONNECT' }), [':protocol', 'websocket']], REFUSED],
    ['a pseudo-field after a field', [...without(':path'), ['x-a', '1'], [':path', '/public/']], REFUSED],
    ...['X-A', 'x a', 'x\x00a', 'x\r\na', 'x:a', '', 'x\x80a', 'x(a', ' x', 'x '].map(n => [`the name ${JSON.stringify(n)}`, q('/public/', {}, [[n, '1']]), REFUSED]),
    ...['a\r\nx-b: 1', 'a\nb', 'a\rb', 'a\x00b', 'a\x0bb', 'a\x7f', ' a', 'a ', '\ta'].map(v => [`the value ${JSON.stringify(v)}`, q('/public/', {}, [['x-a', v]]), REFUSED]),
    ...[['connection', 'close'], ['connection', 'x-forwarded-for'], ['upgrade', 'websocket'], ['transfer-encoding', 'chunked'], ['te', 'gzip'], ['keep-alive', '5'], ['proxy-connection', 'close']]
      .map(h => [`${h[0]}: ${h[1]}`, q('/public/', {}, [h]), 'no connection field']),
    ['101 fields', q('/public/', {}, Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1'])), REFUSED],
    ['2000 fields', q('/public/', {}, Array.from({ length: 2000 }, (_, i) => [`x-${i}`, '1'])), REFUSED],
    ['a value of 15 kB twice and a bit', q('/public/', {}, [['x-a', 'a'.repeat(5000)], ['x-b', 'a'.repeat(5000)], ['x-c', 'a'.repeat(4000)]]), 200],
    ['a target of 9000 bytes', q(`/public/${'a'.repeat(9000)}`), REFUSED],
    ['content-length without a body', q('/public/', { method: 'POST' }, [['content-length', '5']]), 'no length'],
    ['an encoded slash', q('/public/%2f'), REFUSED],
    ['a dot segment', q('/public/../admin/'), REFUSED],
  ];
  const bad = ['connection', 'upgrade', 'transfer-encoding', 'keep-alive', 'proxy-connection', 'te'];

  for (const signedIn of [false, true]) {
    await t.test(`the table, ${signedIn ? 'signed in' : 'as a stranger'} (SEC-148, SEC-149, SEC-150, SEC-151, SEC-153)`, async () => {
      const wrong = [];
      for (const [name, list, wanted] of table) {
        const c = await new Frames(f.h2).open;
        const before = f.backend.seen.length;
        const all = signedIn && name !== '101 fields' ? [...list, ['cookie', cookie]] : list;
        c.headers(1, all);
        const r = await c.outcome(1);
        const leaked = f.backend.seen.slice(before);
        if (wanted === 200) {
          if (r.status !== 200 || leaked.length !== 1) wrong.push(`${name}: ${r.status}, ${leaked.length} requests`);
        } else if (wanted === 'no connection field') {
          if (leaked.some(s => s.fields.some(x => bad.includes(x[0].toLowerCase())))) wrong.push(`${name}: went through`);
        } else if (wanted === 'one host') { // the field is dropped unread: there is only the authority, for the rule and for the backend
          if (leaked.some(s => s.head.includes('evil') || s.values('host').join() !== A || s.values('x-forwarded-host').join() !== A)) wrong.push(`${name}: ${leaked.map(s => s.head)}`);
        } else if (wanted === 'no length') {
          if (leaked.some(s => s.values('content-length')[0] !== '0')) wrong.push(`${name}: the backend waits for a body`);
        } else {
          const refused = [400, 414, 431].includes(r.status) || r.reset !== undefined || r.goaway !== undefined || r.ended;
          if (!refused || leaked.length) wrong.push(`${name}: ${JSON.stringify(r)}, ${leaked.length} requests: ${JSON.stringify(leaked.map(s => s.head))}`);
        }
        c.close();
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual(f.backend.odd, []);
    });
  }

  await t.test('bodies: the length sent to the backend is what came, a broken promise is refused (SEC-151)', async () => {
    const c = await new Frames(f.h2).open;
    const before = f.backend.seen.length;
    c.headers(1, q('/public/a', { method: 'POST' }), { end: false }).data(1, '12345');
    c.headers(3, q('/public/b', { method: 'POST' }, [['content-length', '5']]), { end: false }).data(3, '123');
    c.headers(5, q('/public/c', { method: 'POST' }, [['content-length', '3']]), { end: false }).data(5, '12345');
    c.headers(7, q('/public/d', { method: 'POST' }, [['content-length', '5']]), { end: false }).data(7, '12345', false).trailers(7, [['x-auth-user', 'admin'], ['x-trailer', 'GET /admin/ HTTP/1.1']]);
    c.headers(9, q('/public/e', { method: 'POST' }), { end: false }).data(9, 'GET /admin/ HTTP/1.1\r\nHost: a\r\n\r\n');
    const got = [];
    for (const id of [1, 3, 5, 7, 9]) got.push((await c.outcome(id)).status);
    assert.deepEqual([got[0], got[4]], [200, 200]);
    assert.ok(![200].includes(got[1]) && ![200].includes(got[2]), `lengths that lie: ${got}`);
    const seen = f.backend.seen.slice(before);
    for (const s of seen) {
      assert.equal(s.values('content-length')[0], String(s.body.length));
      assert.deepEqual(s.values('x-auth-user'), []);
      assert.ok(['/public/a', '/public/d', '/public/e'].includes(s.url), s.url);
    }
    assert.deepEqual(f.backend.odd, []);
    c.close();
  });

  await t.test('streams of one connection know nothing of each other: a stranger\'s beside a person\'s (SEC-166)', async () => {
    const c = await new Frames(f.h2).open;
    const before = f.backend.seen.length;
    for (let i = 0; i < 40; i++) c.headers(1 + 2 * i, q(`/public/${i}`, {}, i % 2 ? [['cookie', cookie]] : []));
    for (let i = 0; i < 40; i++) assert.equal((await c.outcome(1 + 2 * i)).status, 200);
    for (const s of f.backend.seen.slice(before)) {
      const i = Number(s.url.split('/')[2]);
      assert.deepEqual(s.values('x-auth-user'), i % 2 ? ['op:ada'] : [], s.url);
      assert.equal(s.values('x-auth-assertion').length, i % 2, s.url);
    }
    for (let i = 40; i < 50; i++) c.headers(1 + 2 * i, q('/private', {}, i % 2 ? [['cookie', cookie]] : []));
    for (let i = 40; i < 50; i++) assert.equal((await c.outcome(1 + 2 * i)).status, i % 2 ? 200 : 401);
    c.close();
  });

  await t.test('a head of two full frames is one head', async () => {
    const c = await new Frames({ ...f.h2, silent: true }).open; /* no acknowledgement may come between the frames of a head */
    const block = fields(q('/public/two', {}, [['x-a', 'a'.repeat(10000)], ['x-b', 'b'.repeat(10000)]]));
    c.write(frame(FRAME.HEADERS, 1, 1, block.subarray(0, 16384)));
    await sleep(20);
    c.write(frame(FRAME.CONTINUATION, 4, 1, block.subarray(16384)));
    assert.equal((await c.outcome(1)).status, 200);
    assert.equal(f.backend.seen.at(-1).values('x-b')[0].length, 10000);
    c.close();
  });

  await t.test('a connection in use is not idle, however short its requests are; one that is, ends', async () => {
    const c = await new Frames(f.h2).open;
    const began = Date.now();
    for (let id = 1; Date.now() - began < 4500; id += 2) {
      c.headers(id, q('/public/short'));
      assert.equal((await c.outcome(id)).status, 200, `after ${Date.now() - began} ms`);
      await sleep(15);
    }
    await c.wire.end(6000);
    assert.ok(c.ended, 'and then nothing more came');
    c.close();
  });

  await t.test('an honest client: node:http2 with bodies both ways and a sign-in redirect', async () => {
    const session = http2.connect(`https://localhost:${f.tlsPort}`, { ca: f.certs.pem });
    const go = (headers, body) => new Promise((ok, no) => {
      const s = session.request({ ':authority': A, ...headers });
      const out = { data: [] };
      s.on('response', h => { out.status = h[':status']; out.headers = h; });
      s.on('data', d => out.data.push(d));
      s.on('end', () => ok(out));
      s.on('error', no);
      s.end(body);
    });
    const put = await go({ ':path': '/public/up', ':method': 'PUT' }, Buffer.alloc(300000, 'x'));
    assert.equal(put.status, 200);
    assert.equal(f.backend.seen.at(-1).body.length, 300000);
    const page = await go({ ':path': '/private', accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' });
    assert.equal(page.status, 302);
    assert.match(page.headers.location, /^\/_vestibule\/|^http:\/\/localhost/);
    session.close();
  });
});

test('floods over HTTP/2 end with their connection, and a neighbour keeps being served (SEC-152)', async t => {
  const big = 'x'.repeat(64 * 1024);
  const f = await front(t, {
    server: '  timeouts: { header: 2s, write: 2s, body: 2s, idle: 4s }\n  body_total: 32MiB',
    reply: (r, s) => {
      if (r.url.startsWith('/public/slow')) return null;
      if (!r.url.startsWith('/public/big')) return 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
      s.write(`HTTP/1.1 200 OK\r\ncontent-length: ${256 * big.length}\r\n\r\n`);
      let left = 256;
      const more = () => { while (left > 0) { left--; if (!s.write(big)) { s.once('drain', more); return; } } };
      more();
      return null;
    },
  });
  const A = f.authority;
  const q = (path, more = []) => fields(ask(path, { authority: A }, more));

  // Serves itself for as long as `what` lasts; the slowest answer is what a neighbour felt.
  const beside = async what => {
    const session = http2.connect(`https://localhost:${f.tlsPort}`, { ca: f.certs.pem });
    let going = true, worst = 0, count = 0, failed = '';
    session.on('error', e => { failed = String(e); });
    const victim = (async () => {
      while (going) {
        const began = Date.now();
        const status = await new Promise(ok => {
          const s = session.request({ ':authority': A, ':path': '/public/victim' });
          s.on('response', h => ok(h[':status']));
          s.on('error', e => ok(String(e)));
          s.resume();
          s.end();
        });
        const plain = await exchange(f.plain, get('/public/victim', A));
        if (status !== 200 || plain.list[0]?.status !== 200) failed = `${status} ${plain.list[0]?.status}`;
        worst = Math.max(worst, Date.now() - began);
        if (session.destroyed) failed ||= 'its connection was closed';
        if (failed) return;
        count++;
        await sleep(20);
      }
    })();
    const start = cost(f.gw.pid), began = Date.now();
    const result = await what();
    const seconds = (Date.now() - began) / 1000;
    going = false;
    await victim;
    session.destroy();
    const end = cost(f.gw.pid);
    assert.equal(failed, '', 'the neighbour is served');
    assert.ok(count >= 1 && worst < 3000, `the neighbour waited ${worst} ms`);
    assert.ok(end.rss - start.rss < MEMORY_MIB, `memory grew by ${end.rss - start.rss} MiB`);
    await sleep(300);
    const calm = cost(f.gw.pid).cpu;
    await sleep(500);
    assert.ok(cost(f.gw.pid).cpu - calm < 0.35, 'and is at rest again afterwards');
    return { ...result, seconds, cpu: end.cpu - start.cpu, grew: end.rss - start.rss };
  };

  // Sends `next(i)` until the connection ends or `most` were sent.
  const flood = async (next, { most, batch = 50, read = true, settings, ms = 15000, first } = {}) => {
    const c = await new Frames({ ...f.h2, settings, silent: first !== undefined }).open;
    if (!read) c.wire.socket.pause();
    if (first) c.write(first);
    let sent = 0;
    const end = Date.now() + ms;
    while (sent < most && !c.ended && !c.goaway && Date.now() < end) {
      const parts = [];
      for (let i = 0; i < batch; i++) parts.push(next(sent++));
      const free = c.wire.socket.write(Buffer.concat(parts));
      if (!free) await Promise.race([new Promise(ok => c.wire.socket.once('drain', ok)), c.wire.end(2000)]);
      else await new Promise(setImmediate);
    }
    return { c, sent };
  };
  const over = async (c, ms = 8000) => { c.wire.socket.resume(); await c.wire.end(ms); return c.ended; };

  await t.test('streams that are opened only to be reset', async () => {
    const before = f.backend.seen.length;
    const r = await beside(async () => {
      const { c, sent } = await flood(i => Buffer.concat([frame(FRAME.HEADERS, 5, 1 + 2 * i, q('/public/slow')), frame(FRAME.RST_STREAM, 0, 1 + 2 * i, u32(8))]), { most: 30000 });
      return { ended: await over(c), sent };
    });
    assert.ok(r.ended, 'the connection is closed');
    const asked = f.backend.seen.slice(before).filter(s => s.url === '/public/slow').length;
    assert.ok(asked <= 300, `the backend saw ${asked} requests`);
  });

  const tricks = {
    'a window update of 0': id => frame(FRAME.WINDOW_UPDATE, 0, id, u32(0)),
    'window updates beyond 2^31': id => frame(FRAME.WINDOW_UPDATE, 0, id, u32(0x7fffffff)),
    'a stream that depends on itself': id => frame(FRAME.PRIORITY, 0, id, Buffer.concat([u32(id), Buffer.from([0])])),
    'data after the end': id => frame(FRAME.DATA, 1, id, Buffer.from('x')),
    'a second head after the end': id => frame(FRAME.HEADERS, 5, id, q('/public/slow')),
    'a reset of a wrong length': id => frame(FRAME.RST_STREAM, 0, id, Buffer.from([0, 0])),
  };
  for (const [name, trick] of Object.entries(tricks)) {
    await t.test(`streams that are made to be reset by us: ${name}`, async () => {
      const before = f.backend.seen.length;
      const r = await beside(async () => {
        const { c, sent } = await flood(i => Buffer.concat([frame(FRAME.HEADERS, 5, 1 + 2 * i, q('/public/slow')), trick(1 + 2 * i)]), { most: 20000 });
        const ended = await over(c, 1500);
        c.close();
        return { ended, sent };
      });
      const asked = f.backend.seen.slice(before).filter(s => s.url === '/public/slow').length;
      assert.ok(asked <= 300, `the backend saw ${asked} requests`);
      assert.ok(r.ended, `the connection is closed (${r.sent} sent)`);
    });
  }

  await t.test('a head that goes on for ever in CONTINUATION frames', async () => {
    const r = await beside(async () => {
      const piece = fields([['x-a', 'a'.repeat(16000)]]);
      const { c, sent } = await flood(() => frame(FRAME.CONTINUATION, 0, 1, piece), { most: 10000, batch: 4, first: frame(FRAME.HEADERS, 1, 1, q('/public/')) });
      return { ended: await over(c), sent };
    });
    assert.ok(r.ended && r.sent < 1000, `${r.sent} frames were taken`);
  });

  await t.test('empty CONTINUATION frames for ever', async () => {
    const r = await beside(async () => {
      const { c, sent } = await flood(() => frame(FRAME.CONTINUATION, 0, 1), { most: 400000, batch: 500, ms: 6000, first: frame(FRAME.HEADERS, 1, 1, q('/public/')) });
      return { ended: await over(c), sent };
    });
    assert.ok(r.ended, `still open after ${r.sent} frames`);
  });

  await t.test('a head that is begun and never ended', async () => {
    const r = await beside(async () => {
      const c = await new Frames({ ...f.h2, silent: true }).open;
      c.write(frame(FRAME.HEADERS, 1, 1, q('/public/')));
      return { ended: await over(c) };
    });
    assert.ok(r.ended);
  });

  for (const [name, make] of [
    ['pings', i => frame(FRAME.PING, 0, 0, Buffer.concat([u32(i), u32(i)]))],
    ['settings', () => frame(FRAME.SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))],
    ['empty settings', () => frame(FRAME.SETTINGS, 0, 0)],
    ['priorities', i => frame(FRAME.PRIORITY, 0, 1 + 2 * (i % 100000), Buffer.concat([u32(0), Buffer.from([i & 255])]))],
    ['window updates', () => frame(FRAME.WINDOW_UPDATE, 0, 0, u32(1))],
    ['frames of unknown kinds', () => frame(0xfa, 0, 0, Buffer.alloc(8))],
  ]) {
    for (const read of [true, false]) {
      await t.test(`${name} without end from a client that ${read ? 'reads the answers' : 'reads nothing'}`, async () => {
        const r = await beside(async () => {
          const { c, sent } = await flood(make, { most: 60000, batch: 200, read, ms: 4000 });
          c.close();
          return { sent };
        });
        assert.ok(r.cpu < r.seconds * 1.9 + 1, `${r.cpu} s of processor time in ${r.seconds} s`);
      });
    }
  }

  await t.test('empty pieces of a body without end', async () => {
    const r = await beside(async () => {
      const { c, sent } = await flood(() => frame(FRAME.DATA, 0, 1), { most: 400000, batch: 500, ms: 8000, first: frame(FRAME.HEADERS, 4, 1, fields(ask('/public/', { authority: A, method: 'POST' }))) });
      await c.wire.until(() => c.stream(1).over || c.ended, 8000);
      const done = c.stream(1).over || c.ended;
      c.close();
      return { sent, done };
    });
    assert.ok(r.done, `still waiting after ${r.sent} empty frames`);
  });

  await t.test('a head that unpacks to hundreds of times its size', async () => {
    const before = f.backend.seen.length;
    const r = await beside(async () => {
      const c = await new Frames(f.h2).open;
      c.headers(1, Buffer.concat([q('/public/'), fields([['x-bomb', 'a'.repeat(3900)]], { index: true })]));
      await c.outcome(1);
      const refs = Buffer.concat([q('/public/'), ...Array.from({ length: 12000 }, () => indexed(62))]);
      for (let i = 0; i < 50 && !c.ended; i++) c.write(frame(FRAME.HEADERS, 5, 3 + 2 * i, refs));
      const o = await c.outcome(3);
      await sleep(500);
      c.close();
      return { o };
    });
    assert.notEqual(r.o.status, 200);
    assert.ok(f.backend.seen.slice(before).filter(s => s.values('x-bomb').length > 1).length === 0);
  });

  await t.test('a hundred large answers that nobody reads: little is kept, and the connection ends', async () => {
    const r = await beside(async () => {
      const c = await new Frames({ ...f.h2, settings: [[4, 0]] }).open;
      for (let i = 0; i < 100; i++) c.headers(1 + 2 * i, q('/public/big'));
      await sleep(1500);
      const held = cost(f.gw.pid).rss;
      const ended = await over(c, 12000);
      c.close();
      return { held, ended };
    });
    assert.ok(r.ended, 'a window that never opens ends the connection');
  });

  await t.test('an answer taken one byte at a time holds nobody up', async () => {
    await beside(async () => {
      const c = await new Frames({ ...f.h2, settings: [[4, 1]] }).open;
      c.headers(1, q('/public/big'));
      for (let i = 0; i < 150 && !c.ended; i++) { c.write(frame(FRAME.WINDOW_UPDATE, 0, 1, u32(1))); await sleep(10); }
      c.close();
      return {};
    });
  });

  await t.test('a thousand requests at once: a hundred are served at a time, the others wait for nobody', async () => {
    const before = f.backend.seen.length;
    const r = await beside(async () => {
      const c = await new Frames(f.h2).open;
      c.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame(FRAME.HEADERS, 5, 1 + 2 * i, q('/public/slow')))));
      await sleep(800);
      const refused = [...c.streams.values()].filter(s => s.reset !== undefined).length;
      c.close();
      return { refused };
    });
    const asked = f.backend.seen.slice(before).filter(s => s.url === '/public/slow').length;
    assert.ok(asked <= 100, `${asked} at the backend at the same time`);
  });

  await t.test('a hundred uploads at once take no more than bodies may take together (SEC-163)', async () => {
    const r = await beside(async () => {
      const c = await new Frames(f.h2).open;
      const piece = Buffer.alloc(16000, 'x');
      for (let i = 0; i < 100; i++) c.headers(1 + 2 * i, fields(ask('/public/up', { authority: A, method: 'POST' })), { end: false });
      let sent = 0;
      const end = Date.now() + 4000;
      while (Date.now() < end && !c.ended) {
        for (let i = 0; i < 100; i++) c.data(1 + 2 * i, piece, false);
        sent += 100 * piece.length;
        c.write(Buffer.alloc(0));
        if (c.wire.socket.writableLength > 4e6) await Promise.race([new Promise(ok => c.wire.socket.once('drain', ok)), sleep(500)]);
        if (c.wire.socket.writableLength > 64e6) break;
      }
      c.close();
      return { sent };
    });
    assert.ok(r.grew < MEMORY_MIB);
  });

  assert.equal(f.gw.exit, undefined);
});

test('uploads over HTTP/2 are added up while they come, however fast: the limit holds within megabytes, not within a second (SEC-163, SEC-217)', async t => {
  const limit = 16 << 20;
  const f = await front(t, { server: '  body_total: 16MiB' });
  const start = cost(f.gw.pid).rss;
  const flood = async () => {
    const c = await new Frames(f.h2).open, sock = c.wire.socket;
    for (let i = 0; i < 100; i++) c.headers(1 + 2 * i, fields(ask('/public/up', { authority: f.authority, method: 'POST' })), { end: false });
    const round = Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(FRAME.DATA, 0, 1 + 2 * i, Buffer.alloc(16000, 'x'))));
    let sent = 0;
    const end = Date.now() + 10000;
    while (!c.ended && sent < 900e6 && Date.now() < end) {
      sent += round.length;
      if (!sock.write(round)) await Promise.race([new Promise(ok => sock.once('drain', ok)), c.wire.end(10000)]);
    }
    await c.wire.end(3000);
    c.close();
    return { sent, ended: c.ended };
  };
  const alone = await flood();
  assert.ok(alone.ended, 'the connection is closed');
  assert.ok(alone.sent < limit + (48 << 20), `it sent ${alone.sent >> 20} MiB, buffers of two kernels' ends among it`);
  const many = await Promise.all([flood(), flood(), flood(), flood()]);
  assert.ok(many.every(m => m.ended));
  const total = many.reduce((n, m) => n + m.sent, 0);
  assert.ok(total < limit + 4 * (48 << 20), `together they sent ${total >> 20} MiB`);
  t.diagnostic(`one sent ${alone.sent >> 20} MiB, four ${total >> 20} MiB; memory ${start.toFixed(0)} MiB before, ${cost(f.gw.pid).peak.toFixed(0)} at most`);
  assert.ok(f.gw.log().some(l => /too many bytes of bodies/.test(JSON.stringify(l))));
  // one honest upload as large as a body may be
  const c = await new Frames(f.h2).open;
  c.headers(1, fields(ask('/public/up', { authority: f.authority, method: 'POST' })), { end: false });
  for (let i = 0; i < 500; i++) c.data(1, Buffer.alloc(16000, 'y'), i === 499);
  const o = await c.outcome(1, 15000);
  c.close();
  assert.equal(o.status, 200);
});

test('TLS: protocols, versions, certificates by name', async t => {
  const dir = folder(t), other = certificate(dir, 'other.example'), star = certificate(dir, 'wild', ['*.wild.example']);
  const old = await freePort();
  const f = await front(t, {
    tlsExtra: `, certificates: [ { certificate: ${other.cert}, key: ${other.key} }, { certificate: ${star.cert}, key: ${star.key} } ]`,
    listeners: `  - address: 127.0.0.1:${old}\n    http2: false\n    tls: { certificate: ${other.cert}, key: ${other.key}, min_version: "1.3" }`,
  });
  const hello = (port, options) => new Promise(ok => {
    const s = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'localhost', ...options }, () => {
      const der = s.getPeerX509Certificate?.() ?? new X509Certificate(s.getPeerCertificate().raw);
      ok({ alpn: s.alpnProtocol, version: s.getProtocol(), cipher: s.getCipher().name, name: /CN=(\S+)/.exec(der.subject)[1] });
      s.destroy();
    });
    s.on('error', e => ok({ refused: e.code }));
  });
  const h2 = await hello(f.tlsPort, { ALPNProtocols: ['h2', 'http/1.1'] });
  assert.deepEqual([h2.alpn, h2.version, h2.name], ['h2', 'TLSv1.3', 'localhost']);
  assert.equal((await hello(f.tlsPort, { ALPNProtocols: ['http/1.1', 'h2'] })).alpn, 'h2');
  assert.equal((await hello(f.tlsPort, { ALPNProtocols: ['http/1.1'] })).alpn, 'http/1.1');
  assert.equal((await hello(f.tlsPort, {})).alpn, false);
  assert.ok(!['h2', 'h2c', 'spdy/3'].includes((await hello(f.tlsPort, { ALPNProtocols: ['h2c', 'spdy/3'] })).alpn));
  assert.equal((await hello(old, { ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'http/1.1', 'http2: false');
  assert.notEqual((await hello(old, { ALPNProtocols: ['h2'] })).alpn, 'h2');
  assert.ok((await hello(old, { maxVersion: 'TLSv1.2' })).refused, 'min_version: 1.3');
  const two = await hello(f.tlsPort, { maxVersion: 'TLSv1.2' });
  assert.match(two.cipher, /^ECDHE-.*(GCM|CHACHA20)/);
  for (const v of ['TLSv1.1', 'TLSv1']) assert.ok((await hello(f.tlsPort, { minVersion: v, maxVersion: v, ciphers: 'ALL:@SECLEVEL=0' })).refused, v);
  for (const ciphers of ['AES128-SHA', 'AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'NULL', 'aNULL']) {
    assert.ok((await hello(f.tlsPort, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })).refused, ciphers);
  }
  for (const [asked, shown] of [['localhost', 'localhost'], ['other.example', 'other.example'], ['OTHER.example', 'other.example'], ['a.wild.example', 'wild'], ['a.b.wild.example', 'localhost'], ['wild.example', 'localhost'],
    ['nobody.example', 'localhost'], ['', 'localhost']]) {
    assert.equal((await hello(f.tlsPort, { servername: asked })).name, shown, `asked for ${asked}`);
  }
  // cleartext HTTP/2 exists nowhere, by upgrade or by knowledge
  const up = await exchange(f.plain, get('/public/', f.authority, 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n'));
  assert.equal(up.list[0].status, 200);
  const prior = await exchange(f.plain, Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.SETTINGS, 0, 0)]), { count: 9 });
  assert.ok(prior.ended && prior.list.every(a => a.status === 400));
  // plain bytes at the TLS port, and TLS without a hello
  const plainAtTls = await exchange({ port: f.tlsPort }, get('/public/', f.authority), { count: 9, ms: 12000 });
  assert.ok(plainAtTls.ended && plainAtTls.list.every(a => a.status >= 400));
  assert.equal(f.backend.seen.length, 1);
  assert.equal(f.gw.exit, undefined);
});
