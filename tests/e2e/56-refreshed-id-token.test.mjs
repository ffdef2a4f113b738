// An id_token that comes with a refresh is verified as one of a sign-in is, and must be about the same person.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, sleep } from './lib/parts.mjs';
import { keysLeft, street } from './lib/street.mjs';

for (const [what, change, ends] of [
  ['another sub', c => ({ ...c, sub: 'mallory' }), true],
  ['another iss', c => ({ ...c, iss: 'https://elsewhere.example' }), true],
  ['another aud', c => ({ ...c, aud: 'somebody' }), false],
  ['an at_hash of another token', c => ({ ...c, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }), false],
]) {
  test(`a refreshed id_token with ${what} ${ends ? 'ends the session' : 'is not believed: no token is lent, and it is tried again with the new refresh token'}`, async t => {
    const s = await street(t, { op: { life: 1 }, provider: { refresh_refused: 'keep_session' } });
    await sleep(1300);
    s.op.refreshes.length = 0;
    s.op.claims = change;
    const r = await s.ask(s.houses[0]);
    assert.equal(r.status, ends ? 401 : 200);
    assert.equal(r.token, undefined);
    if (ends) return assert.deepEqual(keysLeft(s.houses[0].redis), []);
    s.op.claims = null;
    s.op.life = 60;
    const later = await eventually(async () => { const a = await s.ask(s.houses[0]); return a.token && a; }, 8, 200);
    assert.ok(s.op.isGood(later.token));
    assert.deepEqual([s.op.refreshes.length, s.op.reuses], [2, 0]);
  });
}
