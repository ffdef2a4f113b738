// Every platform says "too much" in its own way, and each is understood: the page asks for patience, not for help, and nobody else is affected.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { platforms } from '../emulators/platforms/index.mjs';
import { refused, signsIn, startPlatforms, walk } from './lib/platforms.mjs';

const closers = [];
const t = { after: f => closers.unshift(f) };
let house, world;
before(async () => {
  house = await startPlatforms(t, { store: 'memory', change(config) { config.sign_in = { name: 'Example' }; } });
  world = house.world;
});
after(async () => { for (const close of closers) await close(); });

const others = Object.keys(platforms).filter(id => id !== 'discord');

// The last question of a sign-in that the person cannot do without.
const lastStep = id => {
  const { endpoints } = platforms[id];
  const asked = new Set(world.journal.filter(j => j.platform === id).map(j => j.step));
  return ['profile', 'token'].find(s => endpoints[s] && asked.has(s) && id !== 'google') ?? 'token';
};

for (const id of others) {
  test(`too much for ${platforms[id].name}: the person is told to wait, and others get in elsewhere`, async () => {
    const first = await signsIn(house, id);
    const p = world.platform(id), step = lastStep(id);
    p.limit(step);
    const way = await walk(house, id);
    await refused(house, id, way, { problem: 'provider-away', status: 502 });
    assert.equal((await first.visitor.ask('/still')).status, 200, 'who is signed in stays so');
    p.heal();
  });
}

test('and a platform that was not asked too much serves as ever', () => signsIn(house, 'discord'));
