// A platform that is down, or was asked too much: new sign-ins there are held back for as long as it takes, the page says so and offers the others, who
// is on the way back is served, and nobody who is signed in notices.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { replies } from './lib/hostile.mjs';
import { freePort, sleep } from './lib/parts.mjs';
import { refused, signsIn, startPlatforms, walk } from './lib/platforms.mjs';
import { Visitor } from './lib/visitor.mjs';

const closers = [], t = { after: f => closers.unshift(f) };
let house, world, metrics;
before(async () => {
  metrics = await freePort();
  house = await startPlatforms(t, { ids: ['github', 'google', 'x-oauth1'], store: 'memory',
    change(config) { config.metrics.listen = `127.0.0.1:${metrics}`; config.sign_in = { name: 'Example' }; } });
  world = house.world;
});
after(async () => { for (const close of closers) await close(); });

const page = async () => (await house.visitor().ask('/_vestibule/sign-in')).body;
const begin = id => house.visitor().ask(`/_vestibule/start/${id}`);
const value = async line => Number(new RegExp(`^${line.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec((await new Visitor().ask(`http://127.0.0.1:${metrics}/metrics`, { navigate: false })).body)?.[1] ?? 0);
const note = /<div class="note away"[^]*?<\/div>/;

test('three answers that fail hold back the next sign-in, name the provider on the page, and leave everybody else alone', async () => {
  const signedIn = await signsIn(house, 'github');
  assert.doesNotMatch(await page(), note);
  const github = world.platform('github');
  const under = await begin('github'); // somebody is on the way before it begins
  assert.equal(under.status, 302);
  github.fail('token', replies.status(503));
  for (let i = 0; i < 3; i++) await refused(house, 'github', await walk(house, 'github'), { problem: 'provider-away', status: 502 });
  assert.equal(await value('vestibule_provider_unavailable{provider="github"}'), 1);
  assert.equal(await value('vestibule_provider_unavailable_total{provider="github"}'), 1);
  assert.ok(await value('vestibule_provider_answers_total{provider="github",endpoint="token",meaning="retryable"}') >= 3);

  const asked = world.count('github', 'authorize'), held = await begin('github');
  assert.equal(held.status, 502);
  assert.match(held.headers['retry-after'], /^[1-3]$/);
  assert.match(held.body, /GitHub/);
  assert.match(held.body, /does not answer/);
  assert.ok(held.body.includes('href="/_vestibule/start/google'), 'the others are offered');
  assert.equal(world.count('github', 'authorize'), asked, 'nobody was sent there');
  assert.match((await page()).match(note)[0], /GitHub/);

  await signsIn(house, 'google');
  await signsIn(house, 'x-oauth1');
  assert.equal((await signedIn.visitor.ask('/still')).status, 200, 'who is signed in stays so');

  github.heal();
  await sleep(3100); // two seconds, and up to half as much again by chance
  assert.match(await page(), note, 'it is named until it has answered');
  await signsIn(house, 'github');
  assert.doesNotMatch(await page(), note);
  assert.equal(await value('vestibule_provider_unavailable{provider="github"}'), 0);
});

test('who comes back from a provider that is held back is served, and shows that it is well again', async () => {
  const github = world.platform('github'), visitor = house.visitor();
  const late = await walk(house, 'github', { visitor, change: async (...back) => {
    github.fail('token', replies.status(500));
    for (let i = 0; i < 3; i++) await walk(house, 'github');
    assert.equal((await begin('github')).status, 502, 'new ones are held back');
    github.heal();
    return back;
  } });
  assert.equal(late.last.status, 303, house.told('github'));
  assert.equal((await begin('github')).status, 302, 'and so it is open again');
});

test('too much is told once and kept to for as long as the platform says', async () => {
  const github = world.platform('github');
  github.fail('token', replies.status(429, { 'retry-after': '4' }));
  const began = Date.now();
  await refused(house, 'github', await walk(house, 'github'), { problem: 'provider-away', status: 502 });
  github.heal();
  const held = await begin('github');
  assert.equal(held.status, 502);
  assert.ok(Number(held.headers['retry-after']) >= 3, held.headers['retry-after']);
  await sleep(3000 - (Date.now() - began));
  assert.equal((await begin('github')).status, 502, 'three seconds are not four');
  await sleep(4200 - (Date.now() - began));
  await signsIn(house, 'github');
});

test('with OAuth 1.0a the request token is what fails, before anybody is sent away', async () => {
  const x = world.platform('x-oauth1');
  x.fail('request_token', replies.status(503));
  for (let i = 0; i < 3; i++) assert.equal((await begin('x-oauth1')).status, 502);
  const asked = world.count('x-oauth1', 'request_token');
  assert.equal((await begin('x-oauth1')).status, 502);
  assert.equal(world.count('x-oauth1', 'request_token'), asked, 'it is left alone');
  x.heal();
  await sleep(3100);
  await signsIn(house, 'x-oauth1');
});

test('answers that are merely wrong hold nobody back', async () => {
  const github = world.platform('github');
  github.fail('token', replies.html());
  for (let i = 0; i < 4; i++) await refused(house, 'github', await walk(house, 'github'), { problem: 'provider-broken', status: 502 });
  assert.equal((await begin('github')).status, 302);
  github.heal();
  await signsIn(house, 'github');
});
