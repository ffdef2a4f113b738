// Platforms that sign what they say, and whose keys or metadata cannot be had: nobody is signed in on their word until they can.
import test, { after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { platforms } from '../emulators/platforms/index.mjs';
import { eventually } from './lib/parts.mjs';
import { replies } from './lib/hostile.mjs';
import { refused, startPlatforms, walk } from './lib/platforms.mjs';

// (YouTube's keys are its company's, whose own row stands for both.)
const ids = Object.keys(platforms).filter(id => platforms[id].identity && id !== 'youtube');
const kinds = { 'status 500': replies.status(500), 'a page': replies.html(), 'no keys': replies.text('{"keys":[]}'), 'an array': replies.text('[]'),
  'eight megabytes': replies.huge(), 'half of it': (r, text) => replies.text(text.slice(0, 40))(r),
  'a redirect': replies.redirect('https://www.facebook.com/keys'), 'a bomb of gzip': replies.bomb(), 'nothing': replies.text('') };
const closers = [];
const t = { after: f => closers.unshift(f) };
let house, world;
before(async () => {
  house = await startPlatforms(t, { ids: [...ids, 'discord'], store: 'memory' });
  world = house.world;
});
after(async () => { for (const close of closers) await close(); });

describe('while the keys of a platform cannot be had', { concurrency: 6 }, () => {
  for (const [i, id] of ids.entries()) {
    const [name, reply] = Object.entries(kinds)[i % Object.keys(kinds).length];
    test(`${platforms[id].name}: instead of its keys comes ${name}, and nobody is believed to be anybody`, async () => {
      const p = world.platform(id);
      for (const step of ['discovery', 'jwks']) p.fail(step, reply);
      const way = await walk(house, id);
      const asked = world.count(id, 'discovery') + world.count(id, 'jwks');
      assert.ok(asked > 0, 'its keys were asked for');
      await refused(house, id, way);
      p.heal();
      await eventually(async () => (await walk(house, id)).last.status === 303, 20, 500);
    });
  }
});

test('a platform without keys was served all the while', async () => assert.equal((await walk(house, 'discord')).last.status, 303));
