// What may come from a platform instead of an answer, at every step it is asked in: the attempt ends with a page and one audit record, nobody is
// signed in, nothing is kept, and the other platforms go on serving.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { platforms } from '../emulators/platforms/index.mjs';
import { replies } from './lib/hostile.mjs';
import { refused, startPlatforms, walk } from './lib/platforms.mjs';

const ids = Object.keys(platforms);
const closers = [];
const t = { after: f => closers.unshift(f) };
let house, world;
before(async () => {
  house = await startPlatforms(t, { change(config) { for (const p of config.providers) Object.assign(p, { timeout: '1500ms', tokens: 'session' }); } });
  world = house.world;
});
after(async () => { for (const close of closers) await close(); });

const keys = () => execFileSync('redis-cli', ['-p', String(house.redis.port), '--raw', 'KEYS', '*'], { encoding: 'utf8' }).split('\n').filter(Boolean).sort();
const changed = change => (r, text, said) => replies.text(change(text), said.type)(r);
const isForm = text => !/^[[{]/.test(text);
// Failures that more asking makes worse never come three in a row: the gateway would rightly stop sending people there.
const kinds = {
  'status 500': replies.status(500), 'a page': replies.html(), 'status 503': replies.status(503), 'nothing at all': replies.text(''),
    'a reset': replies.reset(), 'null': replies.text('null'),
  'less than promised': replies.cut(), 'a number': replies.text('17'), 'an array': changed(text => `[${text}]`), 'no HTTP': replies.garbage(),
    'half of it': changed(text => text.slice(0, Math.ceil(text.length / 2))),
  'a member twice': changed(text => isForm(text) ? `${text.split('&')[0]}&${text}` : text.replace(/^(\[?\{)("[^"]+":)/, '$1$2"other",$2')),
    'something behind it': changed(text => isForm(text) ? `{}${text}` : `${text}{}`),
  'eight megabytes': replies.huge(), 'a bomb of gzip': replies.bomb(),
    'no UTF-8': (r, text, said) => replies.text(Buffer.concat([Buffer.from([0xc3, 0x28]), Buffer.from(text)]), said.type)(r),
  'nested without end': replies.text(`{"access_token":"x","x":${'['.repeat(20000)}${']'.repeat(20000)}}`),
    'a redirect': r => replies.redirect('https://www.facebook.com/elsewhere')(r),
};
const names = Object.keys(kinds);
// What the platforms' documents let fail: a second question about the person.
// A long-lived token instead of the short one is for later, the person is in.
const optional = { instagram: ['exchange'], threads: ['exchange'], youtube: ['channel'], github: ['emails'], bitbucket: ['emails'], twitch: ['helix'],
  google: ['profile'] };

// The questions of one good sign-in after the browser came back.
async function stepsOf(id) {
  const from = world.journal.length;
  await walk(house, id);
  return [...new Set(world.journal.slice(from).filter(j => j.platform === id).map(j => j.step))].filter(s => !['authorize', 'discovery', 'jwks'].includes(s));
}

for (const id of ids) {
  test(`${platforms[id].name}: whatever comes instead of an answer ends the attempt and nothing else`, async () => {
    const p = world.platform(id);
    const steps = await stepsOf(id);
    assert.ok(steps.includes('token'), `${steps}`);
    const before = keys();
    for (const [i, step] of steps.entries()) {
      // every kind comes to each step of every fourth platform
      for (const name of names.filter((_, k) => (k + i + ids.indexOf(id)) % 4 === 0)) {
        p.fail(step, kinds[name]);
        const asked = world.count(id, step);
        const way = await walk(house, id);
        if (optional[id]?.includes(step)) {
          assert.equal(way.last.status, 303, `${id}, ${step}, ${name}: the sign-in goes on\n${house.told(id)}`);
        } else {
          assert.notEqual(way.last.status, 303, `${id}, ${step}, ${name}`);
          await refused(house, id, way);
        }
        // A question that changes nothing may be put again over another connection when the first was hung up; a code is sent once.
        const again = name === 'a reset' && !['token', 'request_token', 'exchange'].includes(step);
        const times = world.count(id, step) - asked;
        assert.ok(again ? times >= 1 : times === 1, `${id}, ${step}, ${name}: asked ${times} times`);
        p.heal();
      }
    }
    if (!optional[id]) assert.deepEqual(keys().filter(k => !before.includes(k)).filter(k => /^vestibule:[st]:/.test(k)), [], 'nothing is kept of all that');
    assert.equal((await walk(house, id)).last.status, 303, `${id}: and then it works again\n${house.told(id)}`);
  });
}

test('the emulator did what it was told, and nothing was asked of anybody else', () => {
  assert.deepEqual(world.strays, []);
});
