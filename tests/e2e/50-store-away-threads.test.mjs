// The store dies, hangs, limps and comes back while people are at work: who is warm is served, nobody is signed out, and it is told once.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Part, eventually, folder, freePort, listens, sleep, startRedis } from './lib/parts.mjs';
import { Visitor } from './lib/visitor.mjs';
import { rss, signedIn, startHouse } from './lib/house.mjs';
import { startFault } from './lib/fault.mjs';
import { startLoad } from './lib/load.mjs';

const CACHE_MS = 5000;

// A house with one person signed in and warm on every worker.
async function house(t, session) {
  const h = await startHouse(t, { change: c => { c.session = session; } });
  return Object.assign(h, await signedIn(h));
}

const load = (t, h, more = {}) => startLoad(t, { url: `${h.base}/work`, headers: { cookie: h.cookie }, clients: 6, pause: 4, ...more });

// Redis of a port of its own choice, restartable with its data or without.
async function mortalRedis(t) {
  const port = await freePort();
  const dir = folder(t);
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--dir', dir];
  let part;
  const start = async (keep = true) => {
    part = new Part('redis-server', 'redis-server', keep ? args : args.map(a => a === 'yes' ? 'no' : a));
    await part.until(() => listens(port));
  };
  t.after(() => part.stop('SIGKILL'));
  await start();
  return { port, start, kill: () => part.stop('SIGKILL'), signal: s => part.child.kill(s) };
}

test('Redis is killed under load and comes back with its data: the warm are served for the cache time, then 503, and all are still signed in', async t => {
  const redis = await mortalRedis(t);
  const h = await house(t, { store: `redis://127.0.0.1:${redis.port}/0` });
  assert.equal((await h.ask('/ready')).status, 200);
  const before = rss(h.gw.pid);
  const book = load(t, h);
  await sleep(700);
  const killed = Date.now();
  await redis.kill();
  await eventually(async () => (await h.ask('/ready')).status === 503, 3);
  assert.equal((await h.ask('/live')).status, 200, 'a store that is away restarts nobody');
  // a stranger's way in: a calm page, and time to come back
  const stranger = new Visitor();
  const door = await stranger.go(`${h.base}/_vestibule/start/op`);
  assert.equal(door.status, 503);
  assert.equal(door.headers['retry-after'], '5');
  assert.match(door.headers['content-type'], /text\/html/);
  assert.doesNotMatch(door.body, /redis|ECONN|127\.0\.0\.1:|store_away|errno/i);
  const junk = await stranger.ask(`${h.base}/`, { headers: { cookie: `__Host-vestibule=${'x'.repeat(20)}` } });
  assert.equal(junk.status, 302, 'a cookie that is none of ours needs no store');
  await sleep(Math.max(0, killed + CACHE_MS - 600 - Date.now()));
  const early = book.between(killed, killed + CACHE_MS - 700);
  assert.deepEqual(Object.keys(early), ['200'], `a warm session is served for the cache time: ${JSON.stringify(early)}`);
  assert.ok(early[200] > 50);
  await sleep(Math.max(0, killed + CACHE_MS + 1500 - Date.now()));
  const late = book.answers.filter(a => a.at > killed + CACHE_MS + 500);
  assert.ok(late.length > 20);
  assert.deepEqual([...new Set(late.map(a => a.status))], [503]);
  assert.ok(late.every(a => a.retryAfter === '5' && a.setCookie === undefined), 'Retry-After, and the cookie untouched');
  // back with its data
  await redis.start();
  await eventually(async () => (await h.ask('/ready')).status === 200, 10);
  await eventually(async () => (await h.visitor.ask(`${h.base}/`)).status === 200, 10);
  await sleep(2500);
  const since = Date.now();
  await sleep(700);
  await book.stop();
  assert.deepEqual(Object.keys(book.between(since, since + 700)), ['200'], 'people are still signed in');
  assert.deepEqual(book.errors, []);
  assert.deepEqual(Object.keys(book.statuses).sort(), ['200', '503'], 'nobody was ever sent to sign in');
  await eventually(() => h.told('store_up').length === 2);
  assert.equal(h.told('store_away').length, 1, JSON.stringify(h.told('store_away')));
  assert.equal(h.told('store_up').length, 2);
  assert.deepEqual(h.gw.log().filter(l => l.stream === 'server' && l.event === 'request.failed'), [], 'told once, not for each request');
  const grown = rss(h.gw.pid) - before;
  t.diagnostic(`memory grew by ${grown} KiB over ${book.sent} requests`);
  assert.ok(grown < 64 * 1024);
  assert.equal((await h.gw.stop()).code, 0);
});

test('Redis comes back with nothing: everybody signs in again, nobody meets an error', async t => {
  const redis = await mortalRedis(t);
  const h = await house(t, { store: `redis://127.0.0.1:${redis.port}/0`, revocation_cache: '300ms' });
  await redis.kill();
  await eventually(async () => (await h.visitor.ask(`${h.base}/`)).status === 503, 5);
  await redis.start(false);
  await eventually(async () => (await h.ask('/ready')).status === 200, 10);
  const r = await eventually(async () => { const a = await h.visitor.ask(`${h.base}/page?x=1`); return a.status !== 503 && a; }, 10);
  assert.equal(r.status, 302);
  assert.match(r.location.href, /_vestibule\/sign-in\?rd=%2Fpage%3Fx%3D1/);
  await signedIn(h, '/', h.visitor);
});

test('Redis hangs and goes on: the warm are served, the store counts as away meanwhile, nobody is signed out', async t => {
  const redis = await mortalRedis(t);
  const h = await house(t, { store: `redis://127.0.0.1:${redis.port}/0` });
  const book = load(t, h);
  await sleep(300);
  const stopped = Date.now();
  redis.signal('SIGSTOP');
  await eventually(async () => (await h.ask('/ready')).status === 503, 6);
  await sleep(Math.max(0, stopped + 2500 - Date.now()));
  const early = book.between(stopped, stopped + 2400);
  assert.deepEqual(Object.keys(early), ['200'], JSON.stringify(early));
  redis.signal('SIGCONT');
  await eventually(async () => (await h.ask('/ready')).status === 200, 8);
  await sleep(2500);
  await book.stop();
  assert.deepEqual(book.errors, []);
  assert.deepEqual(Object.keys(book.statuses), ['200'], JSON.stringify(book.statuses));
  assert.equal(h.told('store_away').length, 1);
  assert.match(h.told('store_away')[0].why, /late/);
});

test('the way to Redis is slow, silent, cut and refused in turn, and every answer is 200 or 503', async t => {
  const redis = await startRedis(t);
  const fault = await startFault(t, redis);
  const h = await house(t, { store: `redis://127.0.0.1:${fault.port}/0`, store_timeout: '300ms', revocation_cache: '1s' });
  const book = load(t, h);
  // slow but within the time it has: everybody waits a little, nobody fails
  fault.delay(60);
  const slow = Date.now();
  await sleep(1500);
  assert.deepEqual(Object.keys(book.between(slow, Date.now())), ['200']);
  // slower than that: as good as away
  fault.delay(900);
  await eventually(async () => (await h.ask('/ready')).status === 503, 6);
  fault.delay(0);
  await eventually(async () => (await h.ask('/ready')).status === 200, 8);
  // cut in the middle of everything, again and again: reconnected before the cache time is over
  await sleep(500);
  const cut = Date.now();
  for (let i = 0; i < 5; i++) { fault.cut(); await sleep(150); }
  await eventually(async () => (await h.ask('/ready')).status === 200, 8);
  const cuts = book.between(cut, cut + 700);
  assert.deepEqual(Object.keys(cuts), ['200'], JSON.stringify(cuts));
  // refused
  fault.refuse();
  await eventually(() => book.answers.at(-1)?.status === 503, 8);
  fault.refuse(false);
  await eventually(async () => (await h.ask('/ready')).status === 200, 8);
  await eventually(() => book.answers.at(-1)?.status === 200, 8);
  // silent: connected, and no byte passes
  fault.stall();
  await eventually(async () => (await h.ask('/ready')).status === 503, 8);
  fault.stall(false);
  await eventually(() => book.answers.at(-1)?.status === 200 && listens(h.port), 8);
  await book.stop();
  assert.deepEqual(book.errors, []);
  assert.deepEqual(Object.keys(book.statuses).sort(), ['200', '503'], JSON.stringify(book.statuses));
  assert.ok(book.answers.every(a => a.setCookie === undefined));
  assert.ok(book.slowest < 3000, `nobody waits for a store that is away (${book.slowest} ms)`);
});
