// Passwords are compared on a thread of their own, beside the workers: nobody waits for somebody else's.
import test from 'node:test';
import assert from 'node:assert/strict';
import { hash, localHouse, right, sameOrigin, signIn } from './lib/local.mjs';
import { Visitor, form } from './lib/visitor.mjs';

test('comparing passwords holds nobody up: others are served meanwhile, and more than can wait are turned away', async t => {
  const house = await localHouse(t, c => { c.server.workers = 1; }, [hash('ada', right, 11)]);
  const page = await new Visitor().go(`${house.base}/_vestibule/sign-in`);
  const f = form(page);
  const tries = Array.from({ length: 30 }, (_, i) => new Visitor().ask(f.action, { method: 'POST', body: { ...f.fields, user: `name-${i}`, password: 'wrong password' }, headers: { ...sameOrigin(house), 'x-forwarded-for': `198.51.100.${i}` } }));
  let slowest = 0;
  for (let i = 0; i < 20; i++) {
    const began = Date.now();
    assert.equal((await new Visitor().ask(`${house.base}/_vestibule/me`, { navigate: false })).status, 401);
    slowest = Math.max(slowest, Date.now() - began);
  }
  assert.ok(slowest < 1000, `${slowest} ms`);
  const statuses = (await Promise.all(tries)).map(r => r.status);
  assert.ok(statuses.includes(403) && statuses.includes(429), JSON.stringify(statuses));
  assert.ok(statuses.every(s => s === 403 || s === 429));
});

test('a gateway that is told to stop while passwords wait, and browsers that hang up, leave nothing behind', async t => {
  const house = await localHouse(t, c => { c.server.workers = 2; }, [hash('ada', right, 10)]);
  const page = await new Visitor().go(`${house.base}/_vestibule/sign-in`);
  const f = form(page);
  const hangUp = new AbortController();
  const tries = Array.from({ length: 12 }, (_, i) => new Visitor().ask(f.action, { method: 'POST', signal: i % 2 ? hangUp.signal : undefined,
    body: { ...f.fields, user: `name-${i}`, password: 'wrong password' }, headers: { ...sameOrigin(house), 'x-forwarded-for': `198.51.100.${i}` } }).catch(e => e));
  await new Promise(done => setTimeout(done, 200));
  hangUp.abort();
  assert.equal((await signIn(house, 'ada', right, { from: '192.0.2.9' })).status, 303, 'and who waits behind them gets in');
  const more = Array.from({ length: 8 }, (_, i) => new Visitor().ask(f.action, { method: 'POST', body: { ...f.fields, user: `late-${i}`, password: 'wrong password' }, headers: { ...sameOrigin(house), 'x-forwarded-for': `198.51.101.${i}` } }).catch(e => e));
  await new Promise(done => setTimeout(done, 100));
  const how = await house.gw.stop('SIGTERM');
  assert.equal(how.code, 0);
  await Promise.all([...tries, ...more]);
});
