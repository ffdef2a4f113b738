// However a session is ended on purpose, its tokens go back to the platform: from the account page, by the provider's word through either channel, by what a
// platform tells of its people. Nobody waits for that, and what merely makes room for a newer session takes nothing back.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signedRequest } from '../emulators/signed_request.mjs';
import { eventually, sleep } from './lib/parts.mjs';
import { keysLeft, street } from './lib/street.mjs';
import { Visitor } from './lib/visitor.mjs';

const LONG = { life: 60 };
const tokensLeft = s => keysLeft(s.houses[0].redis).filter(k => k.startsWith('vestibule:t:')).length;
const post = (house, path, body) => new Visitor().ask(`${house.at}/_vestibule/${path}`, { method: 'POST', navigate: false, headers: { host: new URL(house.base).host }, body });
const revokedLines = house => house.told('token.revoked').map(l => [l.actor, l.provider, l.subject, l.session.length]);

async function account(s, what) {
  const { base } = s.houses[0];
  const page = await s.visitor.ask(`${base}/_vestibule/account`);
  const token = /name="token" value="([^"]+)"/.exec(page.body)[1], ids = [...page.body.matchAll(/name="id" value="([^"]+)"/g)].map(m => m[1]);
  const r = await s.visitor.ask(`${base}/_vestibule/account/sessions/revoke`, { method: 'POST', body: { token, ...what(ids) }, headers: { origin: base, 'sec-fetch-site': 'same-origin' } });
  assert.equal(r.status, 303);
  return ids;
}

test('a session that is ended on the account page gives its tokens back, one or all others, and the page waits for nobody', async t => {
  const s = await street(t, { op: LONG }), [house] = s.houses;
  for (let i = 0; i < 3; i++) await s.another();
  assert.equal(s.op.living(), 4);
  let release;
  s.op.holdRevoke = new Promise(ok => { release = ok; });
  const begun = Date.now(), ids = await account(s, all => ({ id: all[0] }));
  assert.ok(Date.now() - begun < 1500, 'the page does not wait for the provider');
  assert.equal(tokensLeft(s), 3, 'and they are gone from the store');
  await eventually(() => s.op.revocations.length === 1);
  release();
  await eventually(() => s.op.living() === 3);
  const [line] = await eventually(() => { const l = house.told('token.revoked'); return l.length && l; });
  assert.deepEqual([line.actor, line.subject, line.session], ['op:ada', 'ada', ids[0].slice(0, 8)]);
  await account(s, () => ({ others: 'yes' }));
  await eventually(() => s.op.living() === 1);
  assert.equal(s.op.revocations.length, 3);
  assert.ok(s.op.revocations.every(r => r.authentic && r.kind === 'refresh_token'));
  assert.ok(s.op.isGood((await s.ask(house)).token), 'the session that goes on keeps its own');
  assert.equal(tokensLeft(s), 1);
});

test('a back-channel logout gives the tokens of the sessions it ends back, and no others', async t => {
  const s = await street(t, { op: LONG }), [house] = s.houses;
  await s.another();
  s.op.who = 'bob';
  await s.another();
  const answer = await post(house, 'backchannel-logout/op', { logout_token: s.op.logoutToken({ sub: 'ada' }) });
  assert.equal(answer.status, 200, answer.body);
  await eventually(() => s.op.living() === 1);
  assert.equal(tokensLeft(s), 1);
  await eventually(() => house.told('token.revoked').length === 2);
  assert.deepEqual(revokedLines(house), [['op', 'op', 'ada', 8], ['op', 'op', 'ada', 8]]);
});

test('a front-channel logout, which names no person, gives them back in the name of whose session it was', async t => {
  const s = await street(t, { op: LONG }), [house] = s.houses;
  s.op.sid = 'session-at-the-provider';
  await s.another();
  const query = new URLSearchParams({ iss: s.op.issuer, sid: s.op.sid });
  const answer = await new Visitor().ask(`${house.base}/_vestibule/frontchannel-logout/op?${query}`);
  assert.equal(answer.status, 200, answer.body);
  await eventually(() => s.op.living() === 1);
  await eventually(() => house.told('token.revoked').length === 1);
  assert.deepEqual(revokedLines(house), [['op', 'op', 'ada', 8]]);
  assert.ok(s.op.isGood((await s.ask(house)).token), 'another session of the same person is not touched');
});

test('what a platform tells of its people gives them back, and a provider that is away holds up nobody', async t => {
  const s = await street(t, { op: LONG, provider: { use: 'shop' }, change: (c, { dir }) => {
    mkdirSync(join(dir, 'providers'), { recursive: true });
    writeFileSync(join(dir, 'providers', 'shop.yaml'), 'extends: oidc\nid: shop\nname: The Shop\nlifecycle:\n  deauthorize: { type: signed_request, issued_at: /issued_at, max_age_s: 600 }\n');
    c.provider_folder = join(dir, 'providers');
  } }), [house] = s.houses;
  await s.another();
  s.op.refuseRevoke = true;
  const begun = Date.now();
  const answer = await post(house, 'deauthorize/op', { signed_request: signedRequest(s.op.clientSecret, { user_id: 'ada' }) });
  assert.equal(answer.status, 200, answer.body);
  assert.ok(Date.now() - begun < 1500);
  assert.equal(tokensLeft(s), 0);
  await eventually(() => s.op.revocations.length >= 2);
  await eventually(() => house.told('token.revoke_failed').length === 2);
  assert.equal((await s.ask(house)).status, 401);
});

test('a session that makes room for a newer one of the same person takes nothing back from the platform', async t => {
  const s = await street(t, { op: LONG, session: { max_per_user: 1 } }), [house] = s.houses;
  await s.another();
  assert.equal((await s.ask(house)).status, 401);
  assert.equal(tokensLeft(s), 1);
  await sleep(300);
  assert.deepEqual(s.op.revocations, [], 'one revocation could end the grant of the session that has just begun');
});
