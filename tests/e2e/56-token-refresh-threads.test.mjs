// The provider's tokens of a session: one refresh whatever the number of replicas and requests, whatever dies meanwhile; lent to one backend
// only; nothing left when the session is over.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, sleep, startRedis } from './lib/parts.mjs';
import { startFault } from './lib/fault.mjs';
import { HEADER, keysLeft, street } from './lib/street.mjs';

// `many` requests at once, spread over the gateways.
const rush = (s, many) => Promise.all(Array.from({ length: many }, (_, i) => s.ask(s.houses[i % s.houses.length])));

test('fifty requests over two gateways at the end of a token cause one refresh, all get a valid token, and nobody is signed out', async t => {
  const s = await street(t, { gateways: 2, op: { life: 3 } });
  for (const house of s.houses) assert.equal((await s.ask(house)).status, 200);
  for (let round = 0; round < 2; round++) {
    await sleep(s.op.life * 1000 + 300);
    s.op.refreshes.length = 0;
    s.op.life = 5; // time for fifty answers on a busy machine
    const all = await rush(s, 50);
    assert.deepEqual([...new Set(all.map(a => a.status))], [200]);
    assert.equal(s.op.refreshes.length, 1, JSON.stringify(s.op.refreshes));
    assert.ok(all.every(a => a.token && s.op.isGood(a.token)), 'a token that the provider takes');
    assert.equal(new Set(all.map(a => a.token)).size, 1);
  }
  assert.equal(s.op.reuses, 0);
  assert.equal(s.op.living(), 1);
});

test('one who is killed while it refreshes is followed by the next, and nobody is signed out', async t => {
  const s = await street(t, { gateways: 2, op: { life: 1 }, provider: { timeout: '1s' } });
  for (const house of s.houses) assert.equal((await s.ask(house)).status, 200);
  await sleep(1300);
  s.op.refreshes.length = 0;
  s.op.answer = () => {}; // asked, and never answered
  const lost = s.ask(s.houses[0]).catch(e => e);
  await eventually(() => s.op.refreshes.length === 1);
  s.houses[0].gw.child.kill('SIGKILL');
  await lost;
  s.op.answer = null;
  s.op.life = 60;
  const begun = Date.now();
  const all = await Promise.all(Array.from({ length: 20 }, () => s.ask(s.houses[1])));
  assert.deepEqual([...new Set(all.map(a => a.status))], [200]);
  assert.ok(all.every(a => s.op.isGood(a.token)), JSON.stringify(all.map(a => a.token)));
  assert.equal(s.op.refreshes.length, 2);
  assert.equal(s.op.reuses, 0);
  t.diagnostic(`the lock of the dead one held the others up for ${Date.now() - begun} ms`);
  assert.ok(Date.now() - begun < 8000);
});

test('one who is told to stop while it refreshes stores what it gets before it goes', async t => {
  const s = await street(t, { gateways: 2, op: { life: 1 } });
  for (const house of s.houses) assert.equal((await s.ask(house)).status, 200);
  await sleep(1300);
  s.op.refreshes.length = 0;
  let release;
  s.op.hold = new Promise(ok => { release = ok; });
  const waits = s.ask(s.houses[0]).catch(e => e);
  await eventually(() => s.op.refreshes.length === 1);
  const gone = s.houses[0].gw.stop();
  await sleep(300);
  s.op.hold = null;
  s.op.life = 60;
  release();
  assert.deepEqual(await gone, { code: 0, signal: null });
  await waits;
  const r = await s.ask(s.houses[1]);
  assert.equal(r.status, 200);
  assert.ok(s.op.isGood(r.token));
  assert.deepEqual([s.op.refreshes.length, s.op.reuses, s.op.living()], [1, 0, 1]);
});

test('a reload, and another, while tokens are renewed changes nothing about that', async t => {
  const s = await street(t, { op: { life: 1 } }), [house] = s.houses;
  await sleep(1300);
  s.op.refreshes.length = 0;
  let release;
  s.op.hold = new Promise(ok => { release = ok; });
  const waits = s.ask(house);
  await eventually(() => s.op.refreshes.length === 1);
  for (const life of ['6h', '5h']) assert.equal((await house.reload({ ...house.config, session: { ...house.config.session, lifetime: life } })).event, 'config.reloaded');
  const others = Promise.all(Array.from({ length: 5 }, () => s.ask(house)));
  await sleep(200);
  s.op.hold = null;
  s.op.life = 60;
  release();
  for (const r of [await waits, ...await others]) {
    assert.equal(r.status, 200);
    assert.ok(s.op.isGood(r.token));
  }
  assert.deepEqual([s.op.refreshes.length, s.op.reuses, s.op.living()], [1, 0, 1]);
});

test('a provider that fails at the end of a token signs nobody out, is not pestered, and is asked again', async t => {
  const s = await street(t, { gateways: 2, op: { life: 1 } });
  for (const house of s.houses) assert.equal((await s.ask(house)).status, 200);
  await sleep(1300);
  s.op.refreshes.length = 0;
  s.op.answer = (r, say) => say(503, { error: 'temporarily_unavailable' }, { 'retry-after': '1' });
  for (let i = 0; i < 5; i++) {
    const all = await rush(s, 10);
    assert.deepEqual([...new Set(all.map(a => a.status))], [200], 'the person is still signed in');
    assert.ok(all.every(a => a.seen && a.token === undefined), 'and the backend gets no token that has ended');
  }
  assert.equal(s.op.refreshes.length, 1);
  s.op.answer = null;
  s.op.life = 60;
  const r = await eventually(async () => { const a = await s.ask(s.houses[1]); return a.token && a; }, 8, 200);
  assert.ok(s.op.isGood(r.token));
  assert.equal(s.op.refreshes.length, 2);
  const audit = s.houses.flatMap(h => h.told('token.refresh_failed'));
  assert.equal(audit.length, 1);
  assert.deepEqual([audit[0].stream, audit[0].provider, audit[0].subject, audit[0].reason], ['audit', 'op', 'ada', 'provider-away']);
  const counted = await Promise.all(s.houses.map(h => h.metric('vestibule_provider_token_refreshes_total{provider="op",outcome="failed"}')));
  assert.equal(counted.filter(n => n === 1).length, 1);
});

test('Redis goes away while the provider answers: the new token is kept until it can be stored', async t => {
  const redis = await startRedis(t);
  const way = await startFault(t, redis);
  const s = await street(t, { op: { life: 1 }, session: { store: `redis://127.0.0.1:${way.port}/0` } });
  assert.equal((await s.ask(s.houses[0])).status, 200);
  await sleep(1300);
  s.op.refreshes.length = 0;
  let release;
  s.op.hold = new Promise(ok => { release = ok; });
  const waits = s.ask(s.houses[0]);
  await eventually(() => s.op.refreshes.length === 1);
  way.refuse();
  s.op.hold = null;
  s.op.life = 60;
  release();
  await sleep(1500);
  way.refuse(false);
  const r = await waits;
  assert.equal(r.status, 200);
  assert.ok(s.op.isGood(r.token));
  await eventually(async () => (await s.houses[0].ask('/ready')).status === 200, 8);
  const again = await eventually(async () => { const a = await s.ask(s.houses[0]); return a.status === 200 && a; }, 8);
  assert.equal(again.token, r.token);
  assert.deepEqual([s.op.refreshes.length, s.op.reuses, s.op.living()], [1, 0, 1]);
});

test('tokens that the provider refuses to renew end the session, once, everywhere, and leave nothing', async t => {
  const s = await street(t, { gateways: 2, op: { life: 1 } });
  for (const house of s.houses) assert.equal((await s.ask(house)).status, 200);
  await sleep(1300);
  s.op.refreshes.length = 0;
  s.op.kill();
  const all = await rush(s, 20);
  assert.deepEqual([...new Set(all.map(a => a.status))], [401]);
  assert.equal(JSON.parse(all[0].body).code, 'session-ended');
  assert.equal(s.op.refreshes.length, 1);
  const page = await s.visitor.ask(`${s.houses[0].base}/app`);
  assert.equal(page.status, 302);
  assert.match(page.location.pathname, /sign-in$/);
  assert.deepEqual(keysLeft(s.houses[0].redis), []);
  const told = event => s.houses.flatMap(h => h.told(event));
  await eventually(() => told('session.revoked').length === 1);
  assert.equal(told('token.refresh_failed').length, 1);
  assert.equal(told('session.revoked')[0].reason, 'provider-refused');
  const back = await s.visitor.go(`${s.houses[0].base}/_vestibule/start/op?rd=/app`);
  assert.ok(s.op.isGood(JSON.parse(back.body).headers[HEADER]), 'and signing in again mends it');
});

test('where the operator wants it, the session goes on without tokens', async t => {
  const s = await street(t, { op: { life: 1 }, provider: { refresh_refused: 'keep_session' } });
  await sleep(1300);
  s.op.refreshes.length = 0;
  s.op.kill();
  for (let i = 0; i < 3; i++) {
    const r = await s.ask(s.houses[0]);
    assert.equal(r.status, 200);
    assert.equal(r.seen.headers['x-auth-user'], 'op:ada');
    assert.equal(r.token, undefined);
  }
  assert.equal(s.op.refreshes.length, 1, 'what was refused is not asked for again');
});

test('a session that follows its provider is renewed though no backend gets the token, and ends with the grant', async t => {
  const s = await street(t, { op: { life: 1 }, provider: { refresh: true }, backend: { access_token: 'none' } });
  await sleep(1300);
  s.op.refreshes.length = 0;
  assert.equal((await s.ask(s.houses[0])).status, 200);
  await eventually(() => s.op.refreshes.length === 1);
  await sleep(1300);
  s.op.refreshes.length = 0;
  s.op.kill();
  await eventually(async () => (await s.ask(s.houses[0])).status === 401, 5);
  assert.equal(s.op.refreshes.length, 1);
});
