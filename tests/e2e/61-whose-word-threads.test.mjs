// A session is the word of a provider: when the provider goes from the configuration, or its id stands for another issuer, the word goes too.
import test from 'node:test';
import assert from 'node:assert/strict';
import { signedIn, startHouse } from './lib/house.mjs';

const copy = config => JSON.parse(JSON.stringify(config));

test('sessions of a provider that is taken out, or whose id is given to another issuer, are over at the reload; put back, they hold again', async t => {
  const house = await startHouse(t);
  const { visitor } = await signedIn(house);
  const look = () => visitor.ask(`${house.base}/`, { navigate: false, headers: { accept: 'application/json' } });
  assert.equal((await look()).status, 200);
  const me = () => visitor.ask(`${house.base}/_vestibule/me`, { navigate: false, headers: { accept: 'application/json' } });
  for (const change of [p => { p.id = 'renamed'; }, p => { p.issuer = `${p.issuer}/other`; }]) {
    const next = copy(house.config);
    change(next.providers[0]);
    assert.equal((await house.reload(next)).event, 'config.reloaded');
    const answer = await look();
    assert.equal(answer.status, 401);
    assert.match(answer.body, /session-ended/);
    assert.equal(answer.headers['set-cookie'], undefined, 'the cookie is left alone');
    assert.equal((await me()).status, 401);
    assert.equal((await house.reload(copy(house.config))).event, 'config.reloaded');
    assert.equal((await look()).status, 200);
  }
  const seen = house.backend.seen.filter(r => r.headers['x-auth-user'] !== undefined);
  assert.ok(seen.length > 0 && seen.every(r => r.headers['x-auth-user'].startsWith('op:')));
});
