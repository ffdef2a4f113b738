// Every platform, from our start address over its own page to the backend's headers: the gateway with the descriptors it is shipped with, the
// platforms as strict as they document themselves. What a person is, is what the platform's data says, not what a descriptor says.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { platforms } from '../emulators/platforms/index.mjs';
import { refused, signsIn, startPlatforms, walk } from './lib/platforms.mjs';

const closers = [];
const t = { after: f => closers.unshift(f) };
let house, world;
before(async () => {
  house = await startPlatforms(t);
  world = house.world;
});
after(async () => { for (const close of closers) await close(); });

// The platform had nothing to refuse since then.
const quiet = (id, from) => assert.deepEqual(world.journal.slice(from).filter(j => j.platform === id && j.why).map(j => `${j.step}: ${j.why}`), [],
  `${id} refused nothing`);

test('there are thirty-five, and the seven people ask for first are among them', () => {
  assert.equal(Object.keys(platforms).length, 35);
  for (const id of ['facebook', 'x', 'x-oauth1', 'linkedin', 'instagram', 'youtube', 'tiktok']) assert.ok(platforms[id], id);
});

for (const id of Object.keys(platforms)) {
  test(`a person signs in with ${platforms[id].name} and the backend is told who it is`, async () => {
    const from = world.journal.length;
    await signsIn(house, id);
    quiet(id, from);
  });
}

test('who says no at a platform is told that the sign-in was cancelled, and nothing is kept', async () => {
  for (const id of Object.keys(platforms)) {
    const way = await walk(house, id, { decision: 'deny' });
    // one platform says nothing at all when a person says no: neither a code nor an error
    await refused(house, id, way, id === 'wechat' ? {} : { problem: 'sign-in-cancelled', status: 200 });
    assert.equal((await way.visitor.ask('/goal')).status, 302, `${id}: still nobody`);
  }
});

test('the fragment that some platforms append is not carried on to the person\'s page', async () => {
  for (const id of ['facebook', 'instagram', 'threads', 'reddit']) {
    const way = await walk(house, id, { rd: '/plain' });
    assert.match(way.back[0], /#_/, 'the platform appends one');
    assert.match(way.last.headers.location, /^[^#]*\/plain#$/, `${id}: ours ends in an empty one, which takes its place`);
  }
});

test('the name that comes once comes once: the second sign-in works without it', async () => {
  const { name, given_name, family_name, ...rest } = platforms.apple.expect;
  await signsIn(house, 'apple', { expect: rest });
});

test('nothing went anywhere else, and no secret stands in a log', async () => {
  assert.deepEqual(world.strays, []);
  const said = house.gw.out + house.gw.err;
  for (const id of Object.keys(platforms)) for (const s of world.platform(id).secrets) assert.ok(!said.includes(s), `${id}: the log tells ${s}`);
});
