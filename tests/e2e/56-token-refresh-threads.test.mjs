// The provider's tokens of a session: one refresh whatever the number of replicas and requests, whatever dies meanwhile; lent to one backend
// only; nothing left when the session is over.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, sleep } from './lib/parts.mjs';
import { Visitor } from './lib/visitor.mjs';
import { startHouse } from './lib/house.mjs';
import { startRotating } from './lib/rotating.mjs';

const HEADER = 'x-auth-access-token';

// Gateways over one Redis and one provider, one person signed in. `/app` gets the token, `/plain` does not.
async function street(t, { op: opOptions, provider = {}, backend = {}, gateways = 1, session = {}, change = () => {} } = {}) {
  const op = await startRotating(t, opOptions);
  const alter = (c, where) => {
    c.providers = [{ use: 'oidc', id: 'op', issuer: op.issuer, client_id: op.clientId, client_secret: op.clientSecret, allow_private: true,
      tokens: 'session', userinfo: false, timeout: '2s', ...provider }];
    const { url } = c.backends[0];
    c.backends = [{ id: 'plain', path: '/plain/**', url }, { id: 'app', url, access_token: 'header', ...backend }];
    Object.assign(c.session, session);
    change(c, where);
  };
  const houses = [await startHouse(t, { change: alter })];
  while (houses.length < gateways) houses.push(await startHouse(t, { change: alter, like: houses[0] }));
  const visitor = new Visitor();
  const page = await visitor.go(`${houses[0].base}/_vestibule/start/op?rd=/app`);
  assert.equal(page.status, 200, page.body.slice(0, 600));
  const cookie = `__Host-vestibule=${visitor.cookie('__Host-vestibule')}`;
  const ask = async (house, path = '/app', headers = {}) => {
    const r = await new Visitor().ask(`${house.at}${path}`, { headers: { cookie, host: new URL(houses[0].base).host, ...headers }, navigate: false });
    let seen;
    try { seen = JSON.parse(r.body); } catch { /* a page */ }
    return { status: r.status, seen, token: seen?.headers?.[HEADER], headers: r.headers, body: r.body };
  };
  return { op, houses, visitor, cookie, ask };
}

// `many` requests at once, spread over the gateways.
const rush = (s, many) => Promise.all(Array.from({ length: many }, (_, i) => s.ask(s.houses[i % s.houses.length])));

test('fifty requests over two gateways at the end of a token cause one refresh, all get a valid token, and nobody is signed out', async t => {
  const s = await street(t, { gateways: 2, op: { life: 2 } });
  for (const house of s.houses) assert.equal((await s.ask(house)).status, 200);
  for (let round = 1; round <= 3; round++) {
    await sleep(s.op.life * 1000 + 300);
    const all = await rush(s, 50);
    assert.deepEqual([...new Set(all.map(a => a.status))], [200]);
    assert.equal(s.op.refreshes.length, round, JSON.stringify(s.op.refreshes));
    assert.ok(all.every(a => a.token && s.op.isGood(a.token)), 'a token that the provider takes');
    assert.equal(new Set(all.map(a => a.token)).size, 1);
  }
  assert.equal(s.op.reuses, 0);
  assert.equal(s.op.living(), 1);
});
