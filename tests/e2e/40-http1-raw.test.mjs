// HTTP/1 as nobody polite would send it, with and without a session: what has no single reading is refused and ends the connection, nothing is smuggled.
import test from 'node:test';
import assert from 'node:assert/strict';
import { front, cookieOf, get, exchange, Wire } from './lib/front.mjs';
import { startHouse } from './lib/house.mjs';
import { sleep } from './lib/parts.mjs';

const CLOSED = [400]; // an answer of 400 and the end, or the end alone
const HEAD = 'POST /public/x HTTP/1.1\r\nHost: %\r\n';
const HIDDEN = 'GET /admin/smuggled HTTP/1.1\r\nHost: %\r\n\r\n';
const chunked = (body, more = '') => `${HEAD}Transfer-Encoding: chunked\r\n${more}\r\n${body}`;
const line = l => `${l}\r\nHost: %\r\n\r\n`;
const host = h => `GET /public/ HTTP/1.1\r\n${h}\r\n`;
const field = f => `GET /public/ HTTP/1.1\r\nHost: %\r\n${f}\r\n\r\n`;

// name, bytes ('%' is the right host), wanted final statuses of what was sent
const refused = [
  ['content-length and chunked', `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['chunked and content-length', `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['chunked and content-length 0', `${HEAD}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['two lengths, 5 and 6', `${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345${HIDDEN}`],
  ['two lengths, 6 and 5', `${HEAD}Content-Length: 6\r\nContent-Length: 5\r\n\r\n12345${HIDDEN}`],
  ['the same length twice', `${HEAD}Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345`],
  ['a list of lengths', `${HEAD}Content-Length: 5, 5\r\n\r\n12345`],
  ...['+5', '-5', '0x5', '5 5', '5.0', '', '٥', '5;', '"5"', '99999999999999999999', '18446744073709551621', '5_0', '5e0'].map(v =>
    [`the length ${JSON.stringify(v)}`, Buffer.from(`${HEAD}Content-Length: ${v}\r\n\r\n12345${HIDDEN}`).toString('latin1')]),
  ...['xchunked', 'gzip, chunked', 'chunked, chunked', 'chunked, identity', 'identity', '\x0bchunked', 'chunked\x0b', '"chunked"', 'chunked;q=1', 'chunked,', ',chunked', 'chun ked', ''].map(v =>
    [`the coding ${JSON.stringify(v)}`, `${HEAD}Transfer-Encoding: ${v}\r\n\r\n0\r\n\r\n${HIDDEN}`]),
  ['transfer-encoding twice', `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['identity and then chunked', `${HEAD}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['chunked in HTTP/1.0', `POST /public/x HTTP/1.0\r\nHost: %\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['chunked in HTTP/1.0 kept alive', `POST /public/x HTTP/1.0\r\nHost: %\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['a space before the colon of a length', `${HEAD}Content-Length : 5\r\n\r\n12345${HIDDEN}`],
  ['a tab before the colon of a coding', `${HEAD}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['a folded coding', `${HEAD}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['a folded field', field('X-A: 1\r\n folded: 2')],
  ['a folded first field', 'GET /public/ HTTP/1.1\r\n Host: %\r\nHost: %\r\n\r\n'],
  ['a bare line feed after the request line', 'GET /public/ HTTP/1.1\nHost: %\r\n\r\n'],
  ['a bare line feed after a field', 'GET /public/ HTTP/1.1\r\nHost: %\nX-A: 1\r\n\r\n'],
  ['a bare line feed at the end', 'GET /public/ HTTP/1.1\r\nHost: %\r\n\n'],
  ['a bare carriage return in a field', field('X-A: 1\rX-B: 2')],
  ['a carriage return twice', 'GET /public/ HTTP/1.1\r\r\nHost: %\r\n\r\n'],
  ...['\x00', '\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x7f'].map(c => [`the byte ${c.charCodeAt(0)} in a value`, field(`X-A: a${c}b`)]),
  ...['\x00', ' ', '\t', '(', '/', '@', '[', '{', '"', '\x80', '\xe4', '\x7f', ','].map(c => [`${JSON.stringify(c)} in a name`, field(`X${c}A: 1`)]),
  ['an empty name', field(': 1')],
  ['a line without a colon', field('X-A')],
  ...['5g', '0x5', '5_0', '5\x00', '+5', '-5', ' 5', '5 ', '', '000000005', 'FFFFFFFFF', '10000000000000005', '٥'].map(s =>
    [`the chunk size ${JSON.stringify(s)}`, Buffer.from(chunked(`${s}\r\n12345\r\n0\r\n\r\n`)).toString('latin1')]),
  ['a bare line feed after a chunk size', chunked('5\n12345\r\n0\r\n\r\n')],
  ['a bare line feed after chunk data', chunked('5\r\n12345\n0\r\n\r\n')],
  ['no line end after chunk data', chunked('5\r\n123450\r\n\r\n')],
  ['a chunk longer than its size', chunked(`3\r\n12345\r\n0\r\n\r\n${HIDDEN}`)],
  ['a carriage return in a chunk extension', chunked('5;a\rb\r\n12345\r\n0\r\n\r\n')],
  ['a line feed in a chunk extension', chunked('5;a\nb\r\n12345\r\n0\r\n\r\n')],
  ['a NUL in a chunk extension', chunked('5;a\x00b\r\n12345\r\n0\r\n\r\n')],
  ['70 kB of chunk extension', chunked(`5;${'a'.repeat(70000)}\r\n12345\r\n0\r\n\r\n`)],
  ['70 kB of trailers', chunked(`0\r\nX: ${'a'.repeat(70000)}\r\n\r\n`)],
  ['a bare line feed in trailers', chunked(`0\r\nX: 1\n\r\n`)],
  ['a bare line feed after the last chunk', chunked(`0\r\n\n${HIDDEN}`)],
  ['a folded trailer', chunked('0\r\n X: 1\r\n\r\n')],
  ['no Host', host('')],
  ['two Hosts', host('Host: %\r\nHost: %\r\n')],
  ['two different Hosts', host('Host: %\r\nHost: other.example\r\n')],
  ['an empty Host', host('Host:\r\n')],
  ...['a b', 'user@localhost', 'localhost/x', 'localhost?x', 'localhost#x', 'localhost,other', 'local<host', 'localhost;x', 'localhost:', 'localhost:0', 'localhost:65536', 'localhost:8o', 'localhost:80:80',
    'l\xf6calhost', '[::1', '[::1]x', '[::1]:99999', '[fe80::1%25eth0]', 'localhost\\x', 'http://localhost', '"localhost"', '%6cocalhost', '(localhost)'].map(h => [`the Host ${h}`, host(`Host: ${h}\r\n`)]),
  ...['get', 'Get', 'G@T', 'G(T', 'GET:', 'G\xcbT', 'G-T', 'GET1', 'A'.repeat(21), 'A'.repeat(5000), '', 'PRI'].filter(m => m !== 'PRI').map(m => [`the method ${m.slice(0, 30)}`, line(`${m} /public/ HTTP/1.1`)]),
  ['CONNECT', 'CONNECT localhost:80 HTTP/1.1\r\nHost: %\r\n\r\n'],
  ['CONNECT with a path', line('CONNECT /public/ HTTP/1.1')],
  ['TRACE', line('TRACE /public/ HTTP/1.1')],
  ['OPTIONS *', line('OPTIONS * HTTP/1.1')],
  ['GET *', line('GET * HTTP/1.1')],
  ...['http://evil.example/public/', 'http://%/public/', 'HTTP://%/admin/x', 'file:///etc/passwd', 'public/', 'localhost:80', '?x', '\\public', '/public/#/../admin', '/public/x#', '/public/\x00', '/public/\x01', '/public/\x7f',
    '/public/\tx', '/pub lic/', '/public/\x0b'].map(p => [`the target ${JSON.stringify(p)}`, line(`GET ${p} HTTP/1.1`)]),
  ...['HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.10', 'HTTP/11', 'http/1.1', 'HTTP/1,1', 'HTTP/1.1 ', ' HTTP/1.1', 'HTTQ/1.1', '1.1', 'HTTP/1.1\t', 'HTTP/1.'].map(v => [`the version ${JSON.stringify(v)}`, line(`GET /public/ ${v}`)]),
  ['HTTP/0.9', 'GET /public/\r\n\r\n'],
  ['a tab after the method', line('GET\t/public/ HTTP/1.1')],
  ['two spaces after the method', line('GET  /public/ HTTP/1.1')],
  ['a space before the method', line(' GET /public/ HTTP/1.1')],
  ['two empty lines before the request', '\r\n\r\nGET /public/ HTTP/1.1\r\nHost: %\r\n\r\n'],
  ['an expectation nobody knows', field('Expect: 200-maybe')],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00'],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['a PROXY line', `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /public/ HTTP/1.1\r\nHost: %\r\n\r\n`],
  ['101 fields', field(Array.from({ length: 100 }, (_, i) => `X-${i}: 1`).join('\r\n')), [431]],
  ['2000 fields', field(Array.from({ length: 2000 }, (_, i) => `X-${i}: 1`).join('\r\n')), [431]],
  ['a head of 33 KiB', field(`X-A: ${'a'.repeat(33 * 1024)}`), [431]],
  ['a name of 60 KiB', field(`${'X'.repeat(60 * 1024)}: 1`), [431]],
  ['a head without an end', `GET /public/ HTTP/1.1\r\nHost: %\r\n${'X-A: 1\r\n'.repeat(5000)}`, [431]],
  ['a target of 8193 bytes', line(`GET /public/${'a'.repeat(8193 - 8)} HTTP/1.1`), [414]],
  ['a target of 70 kB', line(`GET /public/${'a'.repeat(70000)} HTTP/1.1`), [414]],
  ['a target without an end', `GET /public/${'a'.repeat(100000)}`, [414]],
  ['a length above the limit', `${HEAD}Content-Length: 10485761\r\n\r\n`, [413]],
];

// What is unusual and right: one request each, and the same connection serves the next one (or does not, where it must not).
const served = [
  ['one empty line before the request', `\r\n${line('GET /public/ HTTP/1.1')}`],
  ['a chunk extension', chunked('5;a=b;c="d"\r\n12345\r\n0\r\n\r\n'), '12345'],
  ['trailers, which go nowhere', chunked('5\r\n12345\r\n0\r\nX-Auth-User: admin\r\nContent-Length: 7\r\n\r\n'), '12345'],
  ['chunk sizes with capitals and leading zeros', chunked('0000000A\r\n1234567890\r\n00\r\n\r\n'), '1234567890'],
  ['the coding in capitals', `${HEAD}transfer-ENCODING:\t CHUNKED \t\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 'abc'],
  ['a length with white space around', `${HEAD}Content-Length: \t 5 \t\r\n\r\n12345`, '12345'],
  ['a length with leading zeros', `${HEAD}Content-Length: 0005\r\n\r\n12345`, '12345'],
  ['a body with GET', `GET /public/x HTTP/1.1\r\nHost: %\r\nContent-Length: 5\r\n\r\n12345`, '12345'],
  ['a body that looks like a request', `${HEAD}Content-Length: ${`GET /admin/x HTTP/1.1\r\nHost: a\r\n\r\n`.length}\r\n\r\nGET /admin/x HTTP/1.1\r\nHost: a\r\n\r\n`, 'GET /admin/x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['bytes of other alphabets in a value', field('X-A: \xe4\xf6\xfc \xff')],
  ['100 fields', field(Array.from({ length: 99 }, (_, i) => `X-${i}: 1`).join('\r\n'))],
  ['an unknown method', line('PROPFIND /public/ HTTP/1.1')],
  ['the Host in capitals', host('Host: LOCALHOST:@\r\n')],
  ['Upgrade: h2c', field('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA')],
  ['Upgrade: something', field('Connection: upgrade\r\nUpgrade: TLS/1.0, irc/6.9')],
  ['a websocket asked for twice', field('Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c')],
  ['Connection with our names', field('Connection: keep-alive, X-Forwarded-For, Host, X-Request-Id, Content-Length, Cookie')],
  ['hop-by-hop fields', field('TE: trailers\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nTrailer: X-A\r\nProxy-Authenticate: x')],
];

const never = ['te', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'trailer', 'upgrade', 'http2-settings', 'connection', 'transfer-encoding', 'expect'];

test('what HTTP/1 leaves to interpretation is refused, and nothing is smuggled', async t => {
  const { plain, secure, authority, base, backend, gw } = await front(t);
  const cookie = await cookieOf(base, 'ada');
  const filled = bytes => bytes.replaceAll('%\r', `${authority}\r`).replaceAll('%\n', `${authority}\n`).replaceAll('//%/', `//${authority}/`).replaceAll(':@\r', `:${authority.split(':')[1]}\r`);
  const lives = async () => {
    const r = await exchange(plain, get('/public/alive', authority));
    assert.equal(r.list[0]?.status, 200, 'the gateway lives');
  };
  const withCookie = bytes => bytes.replace(/\r\nHost: ([^\r\n]*)\r\n/, `\r\nHost: $1\r\nCookie: ${cookie}\r\n`);

  await t.test('refused: with the wanted status, the end of the connection, and nothing at the backend (SEC-147, SEC-148, SEC-149, SEC-150, SEC-153, SEC-156)', async () => {
    const wrong = [];
    const one = async ([name, bytes, wanted = CLOSED], to, change, label) => {
      const sent = change(filled(bytes)) + get('/public/second', authority);
      const r = await exchange(to, sent, { count: 9, ms: 6000 });
      const got = r.list.map(a => a.status);
      const fine = (got.length === 1 && wanted.includes(got[0])) || (got.length === 0 && r.ended);
      if (!fine || !r.ended) wrong.push(`${label}${name}: got ${got} ${r.ended ? 'and the end' : 'and no end'}`);
    };
    // Ten at a time, for some linger; what reaches the backend is known by the ten it came from.
    const all = async (rows, ...how) => {
      for (let i = 0; i < rows.length; i += 10) {
        const before = backend.seen.length, ten = rows.slice(i, i + 10);
        await Promise.all(ten.map(row => one(row, ...how)));
        const leaked = backend.seen.slice(before);
        if (leaked.length) wrong.push(`one of ${ten.map(r => r[0])}: the backend got ${JSON.stringify(leaked.map(s => s.method + ' ' + s.url))}`);
      }
    };
    await all(refused, plain, b => b, '');
    await lives();
    await all(refused, plain, withCookie, 'signed in: ');
    await all(refused.filter((_, i) => i % 5 === 0), secure, b => b, 'over TLS: ');
    await lives();
    assert.deepEqual(wrong, []);
    assert.deepEqual(backend.odd, []);
  });

  await t.test('served: exactly one request in, one out, and the next on the same connection is itself (SEC-139, SEC-147, SEC-153, SEC-160)', async () => {
    for (const [name, bytes, body = ''] of served) {
      for (const change of [b => b, withCookie]) {
        if (change === withCookie && name === '100 fields') continue; /* it would be the 101st */
        const before = backend.seen.length;
        const r = await exchange(plain, change(filled(bytes)) + get('/public/next', authority), { count: 2 });
        assert.deepEqual(r.list.map(a => a.status), [200, 200], name);
        const got = backend.seen.slice(before);
        assert.equal(got.length, 2, name);
        assert.equal(got[0].body, body, name);
        assert.equal(got[1].url, '/public/next', name);
        for (const f of got[0].fields) assert.ok(!never.includes(f[0].toLowerCase()), `${name}: ${f[0]} went through`);
        assert.deepEqual(got[0].values('x-forwarded-for'), ['127.0.0.1'], name);
        assert.equal(got[0].values('x-request-id').length, 1, name);
        assert.equal(got[0].values('x-auth-user')[0], change === withCookie ? 'op:ada' : undefined, name);
      }
    }
    assert.deepEqual(backend.odd, []);
  });

  await t.test('byte by byte and in one piece a request is the same', async () => {
    const bytes = filled(chunked('5\r\n12345\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n')) + get('/public/after', authority);
    const w = new Wire(plain);
    await w.open;
    w.socket.setNoDelay(true);
    const before = backend.seen.length;
    for (const c of bytes) { w.write(c); await new Promise(setImmediate); }
    await w.until(() => w.answers().list.length === 2);
    assert.deepEqual(w.answers().list.map(a => a.status), [200, 200]);
    assert.deepEqual(backend.seen.slice(before).map(s => s.body), ['12345abc', '']);
    w.close();
  });

  await t.test('pipelined requests of a signed-in person and of a stranger are answered in order, each as itself (SEC-166)', async () => {
    const mine = get('/mine', authority, `Cookie: ${cookie}\r\n`), theirs = get('/mine', authority), open = get('/public/p', authority);
    const before = backend.seen.length;
    const r = await exchange(plain, mine + theirs + open + mine + theirs + open, { count: 6 });
    assert.deepEqual(r.list.map(a => a.status), [200, 401, 200, 200, 401, 200]);
    assert.deepEqual(backend.seen.slice(before).map(s => s.values('x-auth-user')[0]), ['op:ada', undefined, 'op:ada', undefined]);
  });

  await t.test('HTTP/1.0 is served and then closed, unless it asks for more', async () => {
    const once = await exchange(plain, `GET /public/ HTTP/1.0\r\nHost: ${authority}\r\n\r\n`, { count: 9 });
    assert.deepEqual([once.list.length, once.list[0].status, once.ended], [1, 200, true]);
    const kept = await exchange(plain, `GET /public/ HTTP/1.0\r\nHost: ${authority}\r\nConnection: keep-alive\r\n\r\n`.repeat(2), { count: 2 });
    assert.deepEqual(kept.list.map(a => a.status), [200, 200]);
  });

  await t.test('a protected address gives a stranger not one byte of the backend, whatever the method (SEC-155, SEC-165)', async () => {
    const before = backend.seen.length;
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'A']) {
      for (const path of ['/', '/api/x', '/admin/', '/admin', '/publicity', '/publi', '/Public/', '/nowhere']) {
        const r = await exchange(plain, `${method} ${path} HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: 0\r\n\r\n`, { methods: [method] });
        assert.ok([302, 401].includes(r.list[0].status), `${method} ${path}: ${r.list[0].status}`);
      }
    }
    assert.equal(backend.seen.length, before);
  });

  await t.test('a client that sends half and goes, at any point, harms nobody (SEC-167)', async () => {
    const whole = filled(chunked('5\r\n12345\r\n0\r\n\r\n'));
    const before = backend.seen.filter(s => s.method === 'POST').length;
    for (let i = 1; i < whole.length; i += 2) {
      const w = new Wire(plain);
      await w.open;
      w.write(whole.slice(0, i));
      if (i % 4 === 1) await sleep(1);
      if (i % 6 === 1) w.socket.resetAndDestroy?.(); else w.close();
    }
    await lives();
    assert.equal(backend.seen.filter(s => s.method === 'POST').length, before, 'half a request is none');
    assert.deepEqual(backend.odd, []);
    assert.equal(gw.exit, undefined);
  });
});

test('a few who hold back uploads that fill the memory for bodies keep nobody from a form, and from nothing for long (SEC-163, SEC-215)', async t => {
  const f = await front(t, { server: '  body_limit: 3MiB\n  body_total: 4MiB' });
  const post = async size => {
    const a = await exchange(f.plain, Buffer.concat([Buffer.from(`POST /public/up HTTP/1.1\r\nHost: ${f.authority}\r\ncontent-length: ${size}\r\nconnection: close\r\n\r\n`), Buffer.alloc(size, 'x')]));
    return a.list[0]?.status;
  };
  assert.deepEqual([await post(200), await post(500000)], [200, 200]);
  const misers = await Promise.all([1, 2].map(async () => {
    const w = new Wire(f.plain);
    await w.open;
    return w.write(`POST /public/up HTTP/1.1\r\nHost: ${f.authority}\r\ncontent-length: ${3 << 20}\r\n\r\n`).write(Buffer.alloc((2 << 20) - 50000, 'x'));
  }));
  t.after(() => { for (const w of misers) w.close(); });
  // enough for a body that is merely slow: far more than half a kilobyte in the body timeout of thirty seconds
  const drip = setInterval(() => { for (const w of misers) w.write('x'.repeat(100)); }, 100);
  t.after(() => clearInterval(drip));
  await sleep(500);
  assert.deepEqual([await post(200), await post(500000)], [200, 503]);
  // one of them goes, or both when one worker has them: then there is room again
  await Promise.race(misers.map(w => w.end(15000)));
  assert.ok(misers.some(w => w.ended), 'who brings hardly anything is let go');
  assert.deepEqual([await post(200), await post(500000)], [200, 200]);
});

test('a hundred thousand requests sent at once are answered a few at a time: others are not kept waiting (SEC-161)', async t => {
  const house = await startHouse(t, { change: c => { c.server.workers = 1; c.log = { format: 'json', access: 'none' }; } });
  const one = `GET /_vestibule/nothing HTTP/1.1\r\nhost: localhost:${house.port}\r\n\r\n`;
  const floods = await Promise.all([1, 2, 3].map(async () => {
    const w = new Wire({ port: house.port });
    await w.open;
    w.socket.removeAllListeners('data');
    w.read = 0;
    w.socket.on('data', d => { w.read += d.length; });
    return w.write(one.repeat(300000));
  }));
  t.after(() => { for (const w of floods) w.close(); });
  const waits = [];
  for (const end = Date.now() + 2500; Date.now() < end;) {
    const at = Date.now();
    const a = await exchange({ port: house.port }, one.replace('nothing', 'neighbour'));
    assert.ok(a.list.length === 1);
    waits.push(Date.now() - at);
    await sleep(20);
  }
  assert.ok(floods.every(w => w.read > 1e5 && !w.ended), 'they are being served meanwhile');
  assert.ok(Math.max(...waits) < 700, `the neighbour waited ${Math.max(...waits)} ms`);
});
