// log.identity: people in the logs as they are, as hashes that are the same for the same person everywhere, or not at all.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, signedIn, startHouse } from './lib/house.mjs';
import { form } from './lib/visitor.mjs';

const hash = /^[0-9a-f]{16}$/;

async function lived(t, identity, like) {
  const people = ['ada-4711', 'grace-4712', 'ada-4711'];
  const house = await startHouse(t, { who: () => people.shift(), like, change: c => { if (identity) c.log.identity = identity; if (like) c.providers = like.config.providers; } });
  const visitors = [];
  for (let i = 0; i < (like ? 0 : 3); i++) visitors.push((await signedIn(house)).visitor);
  const page = visitors.length ? await visitors[0].ask(`${house.base}/_vestibule/sign-out`) : null;
  if (page) {
    const f = form(page);
    assert.equal((await visitors[0].ask(f.action, { method: f.method, body: f.fields, headers: { origin: house.base, 'sec-fetch-site': 'same-origin' } })).status, 303);
    await eventually(() => house.told('signout').length === 1);
  }
  const log = house.gw.log();
  return { house, visitors, text: house.gw.out + house.gw.err, access: log.filter(l => l.stream === 'access' && l.backend === 'app'), audit: log.filter(l => l.stream === 'audit') };
}
const begun = l => l.audit.filter(a => a.event === 'signin.succeeded' || a.event === 'session.created');

test('as they are, when nothing is said', async t => {
  const l = await lived(t);
  assert.ok(l.access.some(a => a.user === 'ada-4711'));
  const out = l.audit.find(a => a.event === 'signout');
  assert.deepEqual([out.actor, out.subject], ['op:ada-4711', 'ada-4711']);
  assert.ok(begun(l).some(a => a.email?.includes('@')), JSON.stringify(l.audit));
});

test('hashed: who it was stands nowhere, and the same person is alike in every line, stream and replica', async t => {
  const l = await lived(t, 'hashed');
  assert.doesNotMatch(l.text, /4711|4712|@example/);
  const users = [...new Set(l.access.map(a => a.user).filter(Boolean))];
  assert.equal(users.length, 2, 'three sessions of two people');
  for (const u of users) assert.match(u, hash);
  const out = l.audit.find(a => a.event === 'signout');
  assert.ok(users.includes(out.subject));
  assert.equal(out.actor, `op:${out.subject}`, 'the provider is no secret');
  for (const a of begun(l)) { assert.ok(users.includes(a.subject), JSON.stringify(a)); if (a.email) assert.match(a.email, hash); }
  const two = await lived(t, 'hashed', l.house);
  const cookie = `__Host-vestibule=${l.visitors[1].cookie('__Host-vestibule')}`;
  assert.equal((await l.visitors[1].ask(`${two.house.at}/`, { headers: { cookie, host: new URL(l.house.base).host } })).status, 200);
  const line = await eventually(() => two.house.gw.log().find(x => x.stream === 'access' && x.user));
  assert.ok(users.includes(line.user), 'by the keys the replicas share');
});

test('none: nobody stands in the logs at all, and what they are for still does', async t => {
  const l = await lived(t, 'none');
  assert.doesNotMatch(l.text, /4711|4712|@example/);
  for (const a of [...l.access, ...l.audit]) for (const field of ['user', 'subject', 'email']) assert.equal(a[field], undefined);
  const out = l.audit.find(a => a.event === 'signout');
  assert.deepEqual([out.actor, out.provider, out.session.length], ['op', 'op', 8]);
  assert.ok(l.access.length > 3 && l.access.every(a => a.session), 'a session is still told apart by its reference');
});
