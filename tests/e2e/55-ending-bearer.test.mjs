// What a program opened by an access token ends with the token: at its end, or when its issuer withdraws it. And however many bring one token at once, its issuer
// is asked once.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { eventually, sleep, startHouse } from './lib/house.mjs';
import { Visitor } from './lib/visitor.mjs';

const now = () => Math.floor(Date.now() / 1000);
const audience = 'https://api.example.com';
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

function handle(q, r) {
  if (!q.url.startsWith('/api/events')) return false;
  r.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(() => r.write('data: tick\n\n'), 50);
  q.socket.on('close', () => clearInterval(timer));
  return true;
}

// An issuer that is asked about tokens, and says of each what `answers` says when it is let.
async function startIssuer(t) {
  const issuer = { asked: [], answers: {}, hold: null };
  const server = http.createServer((q, r) => {
    const parts = [];
    q.on('data', d => parts.push(d));
    q.on('end', async () => {
      const token = new URLSearchParams(Buffer.concat(parts).toString()).get('token');
      issuer.asked.push(token);
      if (issuer.hold) await issuer.hold;
      r.writeHead(200, { 'content-type': 'application/json' });
      r.end(JSON.stringify(issuer.answers[token] ?? { active: false }));
    });
  });
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  t.after(() => new Promise(done => { server.closeAllConnections?.(); server.close(done); }));
  issuer.url = `http://127.0.0.1:${server.address().port}/introspect`;
  return issuer;
}

async function machines(t, { cache = '1s', skew } = {}) {
  const sockets = [];
  t.after(() => sockets.forEach(x => x.destroy())); // before the application, which would wait for its websockets
  const issuer = await startIssuer(t);
  const house = await startHouse(t, { handle, change: c => {
    c.server.workers = 1;
    c.bearer_issuers = [
      { id: 'machines', issuer: c.providers[0].issuer, audiences: [audience], allow_private: true, ...(skew ? { clock_skew: skew } : {}) },
      { id: 'opaque', issuer: 'https://tokens.example.com', introspection_url: issuer.url, client_id: 'gate', client_secret: 'secret', audiences: [audience], allow_private: true, cache, timeout: '5s' },
    ];
    c.access = [{ path: '/api/**', allow: 'signed_in', bearer: ['machines', 'opaque'] }, { path: '/**', allow: 'signed_in' }];
  } });
  house.backend.server.on('upgrade', (q, s) => {
    s.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n');
    const timer = setInterval(() => s.write(Buffer.from([0x81, 2, 0x68, 0x69])), 50);
    for (const event of ['close', 'error']) s.on(event, () => clearInterval(timer));
    s.on('end', () => s.end());
  });
  const signed = exp => house.op.signed({ iss: house.op.issuer, aud: audience, sub: 'robot-7', client_id: 'robots', jti: 'j1', iat: now() - 90, exp }, { typ: 'at+jwt' });
  const open = (path, token, more = '') => {
    const socket = net.connect(house.port, '127.0.0.1'), it = { bytes: 0, head: '', closedAt: 0, socket };
    socket.on('data', d => { if (it.head.length < 200) it.head += d.toString('latin1'); it.bytes += d.length; });
    socket.on('error', () => {});
    it.closed = new Promise(done => socket.on('close', () => { it.closedAt = Date.now(); done(); }));
    sockets.push(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${house.port}\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`);
    return it;
  };
  const both = token => [open('/api/socket', token, upgrade), open('/api/events', token)];
  return { house, issuer, signed, open, both };
}

const flows = all => eventually(() => all.every(x => x.bytes > 300));
const within = (all, ms) => Promise.race([Promise.all(all.map(x => x.closed)), sleep(ms).then(() => { throw new Error(`still open: ${all.map(x => x.closedAt === 0)}`); })]);

test('a websocket and a stream that were opened by an access token are cut when it ends, and not before', async t => {
  const m = await machines(t);
  const ends = now() + 4, mine = m.both(m.signed(ends)), other = m.both(m.signed(now() + 300));
  await flows([...mine, ...other]);
  assert.match(mine[0].head, /^HTTP\/1\.1 101 /);
  assert.match(mine[1].head, /^HTTP\/1\.1 200 /);
  await within(mine, 10000);
  for (const x of mine) assert.ok(x.closedAt >= ends * 1000 - 50 && x.closedAt < ends * 1000 + 3500, `${x.closedAt - ends * 1000} ms after the end`);
  await sleep(300);
  assert.ok(other.every(x => x.closedAt === 0), 'what another token opened stays');
  assert.equal(await m.house.metric('vestibule_live_cut_total'), 2);
});

test('one that ended by our clock alone counts as long as clocks may differ, and so does what it opened', async t => {
  const m = await machines(t, { skew: '10s' });
  const ends = now() - 6, all = m.both(m.signed(ends));
  await flows(all);
  await within(all, 10000);
  for (const x of all) assert.ok(x.closedAt >= (ends + 10) * 1000 - 50, `${x.closedAt - ends * 1000} ms after the end`);
});

test('what a token opened of which only the issuer knows the end is cut soon after the issuer withdrew it, and an issuer that is away cuts nothing', async t => {
  const m = await machines(t);
  const said = { active: true, sub: 'svc-1', aud: audience };
  m.issuer.answers.one = m.issuer.answers.two = said;
  const one = m.both('one'), two = m.both('two');
  await flows([...one, ...two]);
  const asked = m.issuer.asked.length;
  await eventually(() => m.issuer.asked.length > asked + 2, 15);
  assert.ok([...one, ...two].every(x => x.closedAt === 0), 'asked again, it says the same');
  m.issuer.answers.one = { active: false };
  await within(one, 8000);
  m.issuer.answers.two = { oops: true };
  await sleep(3000);
  assert.ok(two.every(x => x.closedAt === 0), 'what cannot be understood is no withdrawal of what was allowed');
});

test('an issuer that is taken out of the configuration takes along what its tokens opened', async t => {
  const m = await machines(t);
  const all = m.both(m.signed(now() + 300));
  await flows(all);
  m.house.config.bearer_issuers[0].audiences = ['https://another.example.com'];
  assert.equal((await m.house.reload()).event, 'config.reloaded');
  await within(all, 6000);
});

test('however many requests bring one token at once, its issuer is asked once, and who hangs up spoils nothing for the others', async t => {
  const m = await machines(t, { cache: '60s' });
  m.issuer.answers.many = { active: true, sub: 'svc-1', aud: audience, exp: now() + 300 };
  let release;
  m.issuer.hold = new Promise(ok => { release = ok; });
  const first = m.open('/api/x', 'many');
  await eventually(() => m.issuer.asked.length === 1);
  const ask = token => new Visitor().ask(`${m.house.base}/api/x`, { navigate: false, headers: { authorization: `Bearer ${token}` } });
  const all = Array.from({ length: 40 }, () => ask('many')), bad = Array.from({ length: 5 }, () => ask('none'));
  await eventually(() => m.issuer.asked.length === 2);
  await sleep(300);
  first.socket.destroy();
  await sleep(200);
  release();
  for (const r of await Promise.all(all)) assert.equal(r.status, 200, r.body);
  for (const r of await Promise.all(bad)) assert.equal(r.status, 401);
  assert.deepEqual(m.issuer.asked, ['many', 'none']);
  assert.equal(await m.house.metric('vestibule_bearer_tokens_total{issuer="opaque",outcome="ok"}'), 1);
  // when all have hung up, whoever comes next asks anew
  m.issuer.answers.later = m.issuer.answers.many;
  m.issuer.hold = new Promise(ok => { release = ok; });
  const gone = m.open('/api/x', 'later');
  await eventually(() => m.issuer.asked.length === 3);
  gone.socket.destroy();
  await sleep(300);
  m.issuer.hold = null;
  assert.equal((await ask('later')).status, 200);
  release();
});
