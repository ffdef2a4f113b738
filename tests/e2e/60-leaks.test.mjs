// Nothing grows: many thousand warm requests and many sign-ins later the process is as large as it was, and at the end nothing was forgotten.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { binary, sleep } from './lib/parts.mjs';
import { rss, signedIn, startHouse } from './lib/house.mjs';
import { Visitor } from './lib/visitor.mjs';

const sanitized = readFileSync(binary).includes('__asan_init');
const REQUESTS = sanitized ? 40000 : 200000;
const SIGN_INS = sanitized ? 500 : 2000;
// Sanitizers keep what was freed in quarantine; so much of it and no more.
const env = { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=8:malloc_context_size=5` };

// Pipelines by hand: an HTTP client for each request would need longer than the gateway.
async function warmRequests(house, cookie, count) {
  const { connect } = await import('node:net');
  const request = Buffer.from(`GET /warm HTTP/1.1\r\nhost: localhost:${house.port}\r\ncookie: ${cookie}\r\n\r\n`);
  let left = count, good = 0;
  const errors = [];
  await Promise.all(Array.from({ length: 16 }, () => new Promise(done => {
    const s = connect(house.port, '127.0.0.1');
    let text = '';
    const next = () => { if (left-- <= 0) { s.end(); return; } s.write(request); };
    s.on('connect', next);
    s.on('data', d => {
      text += d.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? NaN);
      if (Number.isNaN(length)) { errors.push(text.slice(0, 200)); s.destroy(); return; }
      if (text.length < end + 4 + length) return;
      if (text.startsWith('HTTP/1.1 200')) good++; else errors.push(text.slice(0, 100));
      text = text.slice(end + 4 + length);
      next();
    });
    s.on('error', e => errors.push(String(e)));
    s.on('close', done);
  })));
  assert.deepEqual(errors.slice(0, 3), []);
  return good;
}

async function signIns(house, count) {
  let left = count, done = 0;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (left-- > 0) {
      const visitor = new Visitor({ agent });
      const page = await visitor.go(`${house.base}/_vestibule/start/op?rd=%2F`);
      assert.equal(page.status, 200, page.body.slice(0, 300));
      done++;
    }
  }));
  agent.destroy();
  return done;
}

test('memory stays flat over warm requests and sign-ins, and nothing is forgotten at the end', async t => {
  let n = 0;
  const house = await startHouse(t, {
    who: () => `person-${n++ % 50}`,
    change: c => { c.log = { format: 'json', access: 'none', level: 'error' }; },
    handle: (q, r) => { r.setHeader('content-length', '2'); r.end('ok'); return true; },
    gateway: { env },
  });
  const { cookie } = await signedIn(house);
  const fds = () => Number(execFileSync('sh', ['-c', `ls /proc/${house.gw.pid}/fd | wc -l`], { encoding: 'utf8' }));
  await warmRequests(house, cookie, REQUESTS / 10);
  const [start, open] = [rss(house.gw.pid), fds()];
  assert.equal(await warmRequests(house, cookie, REQUESTS), REQUESTS);
  const warm = rss(house.gw.pid);
  // sessions are cached, 4096 a worker: the first part fills what is meant to be kept
  await signIns(house, SIGN_INS / 4);
  const before = rss(house.gw.pid);
  assert.equal(await signIns(house, SIGN_INS), SIGN_INS);
  const after = rss(house.gw.pid);
  t.diagnostic(`${REQUESTS} warm requests: ${start} -> ${warm} KiB; ${SIGN_INS} sign-ins: ${before} -> ${after} KiB`);
  assert.ok(warm - start < (sanitized ? 24 : 4) * 1024, `${warm - start} KiB over ${REQUESTS} requests`);
  // a session in a worker's cache is about 2 KiB; sanitizers multiply
  assert.ok(after - before < SIGN_INS * (sanitized ? 64 : 8), `${after - before} KiB over ${SIGN_INS} sign-ins`);
  await sleep(300);
  assert.ok(fds() <= open + 24, `${open} -> ${fds()} descriptors`);
  assert.equal((await house.gw.stop()).code, 0);
});
