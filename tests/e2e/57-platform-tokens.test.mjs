// Each platform's tokens are kept, lent, renewed and given back in its own way, as its emulation, written from its documentation, demands it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, sleep } from './lib/parts.mjs';
import { form } from './lib/visitor.mjs';
import { startPlatforms, walk } from './lib/platforms.mjs';

const HEADER = 'x-auth-access-token';
const LIFE = 2;

// Wherever an answer tells how long a token lives: not long.
const hasten = said => {
  for (const body of [said, said?.data?.[0]]) if (body?.expires_in !== undefined) body.expires_in = typeof body.expires_in === 'string' ? String(LIFE) : LIFE;
};

// A token that is exchanged for itself must be a day old: here the platform's clock goes ahead, and the gateway is told not to wait.
const exchanged = ['instagram', 'threads'];

async function street(t) {
  const house = await startPlatforms(t, {
    settings: { github: { app: true }, slack: { rotation: true } },
    change: (c, { dir }) => {
      const own = join(dir, 'own');
      mkdirSync(own);
      for (const id of exchanged) writeFileSync(join(own, `${id}-at-once.yaml`), `id: ${id}-at-once\nextends: ${id}\nrefresh: { min_age_s: 0 }\n`);
      c.provider_folder = own;
      for (const p of c.providers) {
        p.tokens = 'session';
        if (exchanged.includes(p.id)) p.use = `${p.id}-at-once`;
        if (p.id === 'oidc') p.extra_scopes = ['offline_access'];
      }
      c.backends[0].access_token = 'header';
    },
  });
  for (const id of house.world.ids) {
    const p = house.world.platform(id);
    for (const [name, at] of Object.entries(p.data.endpoints)) if (['token', 'exchange', 'own'].includes(at.kind)) p.alter(name, hasten);
  }
  return house;
}

const good = (p, token) => p.tokens.has(token) && !p.tokens.get(token).grant.ended;

const tokenOf = async (house, visitor, path) => {
  const r = await visitor.ask(path);
  assert.equal(r.status, 200, r.body.slice(0, 300));
  return JSON.parse(r.body).headers[HEADER];
};

// Those whose tokens do not end, or cannot be renewed: their descriptors and their documentation say so.
const NEVER = ['linkedin', 'salesforce', 'telegram', 'weibo', 'x-oauth1'];

test('every platform that renews tokens is asked as it wants to be asked, and gets back what it takes back', async t => {
  const house = await street(t);
  const { world } = house, people = {};
  const complaints = id => world.refusals(id).map(x => `${x.step}: ${x.why}`);
  for (const id of world.ids) {
    const { visitor, last } = await walk(house, id, { rd: '/goal' });
    assert.equal(last.status, 303, house.told(id));
    people[id] = { p: world.platform(id), visitor, first: await tokenOf(house, visitor, '/goal') };
    assert.ok(good(people[id].p, people[id].first), `${id}: the backend has a token of the platform's\n${house.told(id)}`);
  }
  await sleep(LIFE * 1000 + 300);
  const renew = async ids => {
    for (const id of ids) {
      const one = people[id];
      one.second = await tokenOf(house, one.visitor, '/again');
      assert.deepEqual(complaints(id), []);
      if (one.second !== undefined) assert.ok(good(one.p, one.second), `${id}: ${house.told(id)}`);
    }
  };
  await renew(world.ids.filter(id => !exchanged.includes(id)));
  world.pass(90000);
  await renew(exchanged);
  world.pass(-90000);
  assert.deepEqual(world.ids.filter(id => people[id].second === undefined || people[id].second === people[id].first), NEVER);
  const takers = [];
  for (const id of world.ids) {
    const { p, visitor, first, second } = people[id];
    const f = form(await visitor.ask('/_vestibule/sign-out'));
    assert.equal((await visitor.ask(f.action, { method: 'POST', body: f.fields, headers: { origin: house.base, 'sec-fetch-site': 'same-origin' } })).status, 303);
    if (!p.data.endpoints.revoke && !Object.values(p.data.endpoints).some(at => at.ends) && id !== 'naver') continue;
    takers.push(id);
    await eventually(() => p.revoked.length > 0 || complaints(id).length > 0, 5).catch(() => { throw new Error(`${id}: nothing was given back\n${house.told(id)}`); });
    assert.ok(!good(p, second ?? first), `${id}: the grant is over at the platform`);
  }
  assert.ok(takers.length >= 15, takers.join(' '));
  await eventually(() => takers.every(id => house.audit(id).some(l => l.event === 'token.revoked')));
  for (const id of [...world.ids, '?']) assert.deepEqual(complaints(id), [], house.told(id));
  assert.deepEqual(house.gw.log().filter(l => l.event === 'token.revoke_failed' || l.event === 'token.refresh_failed').map(l => `${l.provider}: ${l.cause}`), []);
  assert.deepEqual(world.strays, []);
  t.diagnostic(`given back: ${takers.join(' ')}`);
});
