// The way of a request whose session the worker knows: it asks Redis for nothing and the allocator for nothing.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, folder } from './lib/parts.mjs';
import { Visitor } from './lib/visitor.mjs';
import { installation, signIn } from './lib/installation.mjs';

const REQUESTS = 2000;

// Requests one after the other on one connection: one worker, whose cache is warm after the first.
async function warmUp(base, cookie, headers = {}) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () => new Promise((ok, bad) => {
    const q = http.request(base, { agent, headers: { cookie, ...headers } }, r => {
      const parts = [];
      r.on('data', d => parts.push(d));
      r.on('end', () => (r.statusCode === 200 ? ok(Buffer.concat(parts).toString()) : bad(new Error(`status ${r.statusCode}`))));
    });
    q.once('error', bad);
    q.end();
  });
  for (let i = 0; i < 50; i++) await ask();
  return { ask, close: () => agent.destroy() };
}

function cookieOf(visitor) {
  return `__Host-vestibule=${visitor.cookie('__Host-vestibule')}`;
}

function reads(redis) {
  const told = execFileSync('redis-cli', ['-p', String(redis.port), 'info', 'commandstats'], { encoding: 'latin1' });
  let sum = 0;
  for (const m of told.matchAll(/^cmdstat_(\w+)[^:]*:calls=(\d+)/gm)) if (!['info', 'ping', 'client', 'hello'].includes(m[1])) sum += Number(m[2]);
  return sum;
}

test('warm requests ask Redis for nothing, though the backend gets the provider\'s access token', async t => {
  // the cache is believed for five seconds without asking; here longer than the test takes
  const { base, redis } = await installation(t, { session: '  revocation_cache: 60s', app: ', access_token: header' });
  const visitor = new Visitor();
  await signIn(visitor, base, 'ada');
  const { ask, close } = await warmUp(base, cookieOf(visitor));
  t.after(close);
  const before = reads(redis);
  assert.ok(before > 0, 'the commands of the sign-in are counted');
  let answer;
  for (let i = 0; i < REQUESTS; i++) answer = await ask();
  assert.equal(JSON.parse(answer).headers['x-auth-user'], 'op:ada');
  assert.ok(JSON.parse(answer).headers['x-auth-access-token']);
  assert.equal(reads(redis) - before, 0);
});

test('warm verdicts for a front proxy ask Redis for nothing', async t => {
  const { base, redis } = await installation(t, { session: '  revocation_cache: 60s', extra: 'trusted_proxies: [127.0.0.1]' });
  const visitor = new Visitor();
  await signIn(visitor, base, 'ada');
  const { ask, close } = await warmUp(`${base}/_vestibule/auth/nginx`, cookieOf(visitor), { 'x-original-method': 'GET', 'x-original-url': `${base}/reports?x=1` });
  t.after(close);
  const before = reads(redis);
  for (let i = 0; i < REQUESTS; i++) await ask();
  assert.equal(reads(redis) - before, 0);
});

test('warm requests, and warm verdicts for a front proxy, ask the allocator for nothing', async t => {
  const dir = folder(t), file = join(dir, 'count'), library = join(dir, 'count.so');
  const text = readFileSync(binary), shared = /libasan/.test(execFileSync('ldd', [binary], { encoding: 'latin1' }));
  if (text.includes('__tsan_init')) return t.skip('the thread sanitizer has an allocator of its own that does not tell');
  if (text.includes('__asan_init') && !shared) return t.skip('the address sanitizer within the program has an allocator of its own that does not tell');
  const hooks = shared ? ['-DHOOKS'] : [];
  execFileSync('cc', ['-O1', '-shared', '-fPIC', ...hooks, '-o', library, join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'lib/count_allocations.c')]);
  writeFileSync(file, Buffer.alloc(8));
  const count = () => Number(readFileSync(file).readBigUInt64LE());
  const env = { LD_PRELOAD: library, COUNT_FILE: file };
  if (hooks.length) env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`;
  const { base } = await installation(t, { session: '  revocation_cache: 60s', extra: 'trusted_proxies: [127.0.0.1]', app: ', access_token: header', gateway: { env } });
  const visitor = new Visitor();
  await signIn(visitor, base, 'ada');
  assert.ok(count() > 1000, `the start and a sign-in allocate, so counting works (${count()})`);
  for (const [at, headers] of [[base, {}], [`${base}/_vestibule/auth/nginx`, { 'x-original-method': 'GET', 'x-original-url': `${base}/reports?x=1` }]]) {
    const { ask, close } = await warmUp(at, cookieOf(visitor), headers);
    t.after(close);
    const before = count();
    for (let i = 0; i < REQUESTS; i++) await ask();
    // a timer or another thread may want something now and then; one allocation a request would be 2000
    const asked = count() - before;
    assert.ok(asked < REQUESTS / 20, `${at}: ${REQUESTS} requests made ${asked} allocations`);
  }
});
