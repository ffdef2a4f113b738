// The account page: a person sees where they are signed in, and ends what they do not want, by our own form alone.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Visitor } from './lib/visitor.mjs';
import { eventually, signedIn, startHouse } from './lib/house.mjs';

const agents = { laptop: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', phone: 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36', script: 'curl/8.8.0' };
const account = (house, who, headers = {}) => who.visitor.ask(`${house.base}/_vestibule/account`, { headers });
const revoke = (house, who, body, headers = { origin: house.base, 'sec-fetch-site': 'same-origin' }) => who.visitor.ask(`${house.base}/_vestibule/account/sessions/revoke`, { method: 'POST', body, headers });
const state = async (house, who) => (await who.visitor.ask(`${house.base}/`)).status;
const fields = page => ({ token: /name="token" value="([^"]+)"/.exec(page.body)?.[1], ids: [...page.body.matchAll(/name="id" value="([^"]+)"/g)].map(m => m[1]) });
const person = (house, agent) => signedIn(house, '/', new Visitor({ headers: { 'user-agent': agent } }));

test('a person sees their sessions in plain words and ends one, then all others', async t => {
  const people = ['ada', 'ada', 'ada', 'bob'];
  const house = await startHouse(t, { who: () => people.shift() });
  const laptop = await person(house, agents.laptop), phone = await person(house, agents.phone), script = await person(house, agents.script), bob = await person(house, agents.laptop);
  const page = await account(house, laptop);
  assert.equal(page.status, 200);
  assert.equal(page.headers['cache-control'], 'no-store');
  const text = page.body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  for (const words of ['Firefox on Linux', 'This one', 'Chrome on Android', 'curl', 'ada@example.test', 'Signed in with The Provider', 'just now', '127.0.0.1']) assert.ok(text.includes(words), `${words}: ${text}`);
  assert.ok(!text.includes('bob'));
  const { token, ids } = fields(page);
  assert.equal(ids.length, 2, 'one button for each of the others, newest first');
  const one = await revoke(house, laptop, { token, id: ids[1] });
  assert.deepEqual([one.status, one.location.pathname], [303, '/_vestibule/account']);
  assert.deepEqual(await Promise.all([laptop, phone, script, bob].map(w => state(house, w))), [200, 302, 200, 200]);
  const [told] = await eventually(() => { const l = house.told('session.revoked'); return l.length && l; });
  assert.deepEqual([told.actor, told.provider, told.subject, told.reason, told.session], ['op:ada', 'op', 'ada', 'account', ids[1].slice(0, 8)]);
  assert.equal((await revoke(house, laptop, { token, others: 'yes' })).status, 303);
  assert.deepEqual(await Promise.all([laptop, phone, script, bob].map(w => state(house, w))), [200, 302, 302, 200]);
  const alone = await account(house, laptop);
  assert.deepEqual(fields(alone).ids, []);
  assert.ok(!alone.body.includes('name="others"'), 'nothing more to end');
  assert.equal(await house.metric('vestibule_sessions_revoked_total{cause="account"}'), 2);
});

test('only our own form ends anything, and only what is one\'s own', async t => {
  const people = ['ada', 'ada', 'bob'];
  const house = await startHouse(t, { who: () => people.shift() });
  const one = await person(house, agents.laptop), two = await person(house, agents.phone), bob = await person(house, agents.laptop);
  const { token, ids } = fields(await account(house, one));
  const his = fields(await account(house, bob)).token;
  const bobs = execFileSync('redis-cli', ['-p', String(house.redis.port), 'keys', 'vestibule:s:*'], { encoding: 'utf8' }).trim().split('\n').map(k => k.slice('vestibule:s:'.length))
    .filter(id => !ids.includes(id));
  for (const [body, headers, status] of [
    [{ id: ids[0] }, undefined, 403], [{ token: 'x', id: ids[0] }, undefined, 403], [{ token: his, id: ids[0] }, undefined, 403],
    [{ token, id: ids[0] }, { 'sec-fetch-site': 'cross-site' }, 403], [{ token, id: ids[0] }, { 'sec-fetch-site': 'same-site' }, 403],
    [{ token }, undefined, 400], [{ token, id: 'short' }, undefined, 400], [{ token, id: ids[0], others: 'yes' }, undefined, 400], [{ token, others: 'no' }, undefined, 400]]) {
    const r = await revoke(house, one, body, headers);
    assert.equal(r.status, status, JSON.stringify([body, headers]));
  }
  for (const id of [...bobs, 'A'.repeat(43), `${'*'.repeat(43)}`]) { // bob's among them, and one's own
    const r = await revoke(house, one, { token, id });
    assert.equal(r.status, 303, id);
  }
  assert.deepEqual(await Promise.all([one, two, bob].map(w => state(house, w))), [200, 200, 200]);
  assert.equal(house.told('session.revoked').length, 0);
  assert.equal((await one.visitor.ask(`${house.base}/_vestibule/account/sessions/revoke`)).status, 405);
});

test('a stranger is sent to sign in and comes back to the account; a script is told 401', async t => {
  const house = await startHouse(t);
  const visitor = new Visitor();
  const page = await visitor.go(`${house.base}/_vestibule/account`);
  assert.deepEqual([page.status, page.url.pathname], [200, '/_vestibule/account']);
  const r = await new Visitor().ask(`${house.base}/_vestibule/account`, { navigate: false, headers: { accept: 'application/json' } });
  assert.deepEqual([r.status, r.headers['content-type']], [401, 'application/problem+json']);
  assert.equal((await new Visitor().ask(`${house.base}/_vestibule/account/sessions/revoke`, { method: 'POST', body: { others: 'yes' } })).status, 401);
});

test('the page speaks the languages there are', async t => {
  const house = await startHouse(t);
  const who = await person(house, agents.laptop);
  const german = await account(house, who, { 'accept-language': 'de' }), arabic = await account(house, who, { 'accept-language': 'ar' });
  const plain = page => page.body.replace(/<\/?(bdi|strong)>/g, '');
  assert.match(plain(german), /<html lang="de" dir="ltr">[^]*Firefox unter Linux[^]*Dieses hier[^]*gerade eben/);
  assert.match(plain(arabic), /<html lang="ar" dir="rtl">[^]*Firefox على Linux/);
});
