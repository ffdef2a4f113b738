// The way back from platforms that are no OpenID providers: whose answer it is, for whom, how often, and how old; and answers of the wrong type.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { replies } from './lib/hostile.mjs';
import { refused, signsIn, startPlatforms, walk } from './lib/platforms.mjs';

const ids = ['x', 'x-oauth1', 'github', 'facebook', 'tiktok', 'vk', 'wechat', 'apple', 'google', 'spotify', 'discord'];
const closers = [];
const t = { after: f => closers.unshift(f) };
let house, world;
before(async () => {
  house = await startPlatforms(t, { ids, store: 'memory', change(config) { for (const p of config.providers) p.timeout = '1500ms'; } });
  world = house.world;
});
after(async () => { for (const close of closers) await close(); });

const asked = id => world.count(id, 'token');
async function altered(id, step, change, then) {
  const p = world.platform(id);
  p.alter(step, change);
  try { return await then(); } finally { p.heal(); }
}
// The browser comes back with other parameters.
const backWith = change => url => {
  const u = new URL(url);
  change(u.searchParams);
  return [String(u), {}];
};

test('OAuth 1.0a: nobody is sent away with a request token that is not whole and confirmed', async () => {
  const id = 'x-oauth1';
  for (const change of [s => { s.oauth_callback_confirmed = 'false'; }, s => { delete s.oauth_callback_confirmed; }, s => { s.oauth_token = ''; },
    s => { delete s.oauth_token_secret; }, s => { delete s.oauth_token; }]) {
    await altered(id, 'request_token', change, async () => {
      const way = await walk(house, id);
      assert.ok(way.last === way.start, 'nobody is sent away');
      await refused(house, id, way);
    });
  }
});

for (const id of ids) {
  test(`${id}: an answer opened in another browser, or at another platform's address, spends no code`, async () => {
    const before = asked(id);
    let callback;
    await walk(house, id, { change: (url, options) => { callback = [url, options]; return [`${house.base}/_vestibule/signed-out`, {}]; } });
    const stranger = house.visitor();
    const answer = await stranger.ask(...callback);
    assert.equal(answer.status, 400, house.told(id));
    assert.equal(stranger.cookie('__Host-vestibule'), undefined);
    const elsewhere = await walk(house, id, { change: (url,
      options) => [url.replace(`/callback/${id}`, `/callback/${id === 'github' ? 'discord' : 'github'}`), options] });
    assert.ok(elsewhere.last.status >= 400, 'another platform\'s callback');
    assert.equal(elsewhere.visitor.cookie('__Host-vestibule'), undefined);
    assert.equal(asked(id), before, 'the code was not sent anywhere');
  });

  test(`${id}: the same answer twice signs in once and asks the platform once`, async () => {
    const before = asked(id);
    const { visitor, back, last } = await walk(house, id, { rd: '/once' });
    assert.equal(last.status, 303, house.told(id));
    const again = await visitor.ask(...back);
    assert.ok(again.status < 500);
    assert.equal(asked(id) - before, 1);
  });
}

test('a code that took too long is refused by the platform, and the page says so', async () => {
  for (const [id, lives] of [['x', 30], ['github', 600]]) {
    const way = await walk(house, id, { change: () => { world.pass(lives + 5); } });
    world.offset = 0;
    assert.match(world.refusals(id).at(-1).why, /s old/);
    await refused(house, id, way);
  }
});

test('parameters that are missing, doubled or too long end the attempt before the platform is asked', async () => {
  for (const [id, changes] of Object.entries({
    'x-oauth1': [q => q.delete('oauth_verifier'), q => q.delete('oauth_token'), q => q.set('oauth_token', 'another'),
      q => q.append('oauth_verifier', 'twice'), q => q.set('oauth_verifier', 'v'.repeat(5000))],
    github: [q => q.delete('code'), q => q.append('code', 'twice'), q => q.set('code', 'c'.repeat(5000)), q => q.set('error', 'access_denied'),
      q => q.set('iss', 'https://evil.example')],
    vk: [q => q.append('state', 'twice'), q => q.append('code', 'twice')],
  })) {
    for (const change of changes) {
      const before = asked(id);
      const way = await walk(house, id, { change: backWith(change) });
      assert.ok(way.last.status >= 400 || way.last.status === 200, `${id} ${change}: ${way.last.status}`);
      assert.equal(way.visitor.cookie('__Host-vestibule'), undefined, `${id} ${change}`);
      assert.equal(asked(id), before, `${id} ${change}: the platform was asked`);
    }
  }
});

test('what a platform sends along with its answer, when it is there twice, too long or not at all, is as if it were not there: the platform says no', async () => {
  for (const change of [q => q.append('device_id', 'twice'), q => q.set('device_id', 'd'.repeat(5000)), q => q.delete('device_id'),
    q => q.set('device_id', 'another')]) {
    const way = await walk(house, 'vk', { change: backWith(change) });
    assert.match(world.refusals('vk').at(-1).why, /device_id/);
    await refused(house, 'vk', way);
  }
});

test('the name that a browser posts is a name or nothing, never more', async () => {
  const expect = world.platform('apple').data.expect;
  const posted = change => walk(house, 'apple', { change: (url, options) => [url, { ...options, body: change({ ...options.body }) }] });
  const { name, given_name: _, family_name: __, ...rest } = expect;
  for (const user of ['not JSON', '[]', '"text"', '{"name":17}', '{"name":{"firstName":{"a":1},"lastName":[]}}',
    '{"sub":"somebody","email":"root@evil.example","name":{}}', '{"name":{"firstName":"A\\r\\nX: 1"}}', `{"name":{"firstName":"${'x'.repeat(5000)}"}}`,
    '{'.repeat(3000)]) {
    const way = await posted(b => ({ ...b, user }));
    if (way.last.status !== 303) { await refused(house, 'apple', way); continue; }
    const me = JSON.parse((await way.visitor.ask('/_vestibule/me', { navigate: false })).body);
    assert.deepEqual([me.user, me.email], [`apple:${rest.subject}`, rest.email], 'who it is says the token alone');
    assert.ok(!('name' in me) || /^[^\x00-\x1f]{1,512}$/.test(me.name));
  }
  const good = await posted(b => ({ ...b, user: JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' } }) }));
  assert.equal(JSON.parse((await good.visitor.ask('/_vestibule/me', { navigate: false })).body).name, name);
});

test('an id that is no text and no whole number is nobody\'s', async () => {
  for (const id of [{}, [], null, true, 1.5, '', 'a\nb', 'x'.repeat(600), [1], { id: 1 }, undefined]) {
    await altered('discord', 'profile', s => { s.id = id; }, async () => {
      const way = await walk(house, 'discord');
      assert.notEqual(way.last.status, 303, `${JSON.stringify(id)} is nobody's id`);
      await refused(house, 'discord', way, { problem: 'provider-broken', status: 502 });
    });
  }
  for (const id of ['0', 'abc', '18446744073709551615']) {
    await altered('discord', 'profile', s => { s.id = id; }, async () => {
      const way = await walk(house, 'discord');
      assert.equal(JSON.parse((await way.visitor.ask('/_vestibule/me', { navigate: false })).body).user, `discord:${id}`);
    });
  }
});

test('tokens of the wrong type are none; odd lifetimes change nothing', async () => {
  for (const access of [null, '', 17, true, {}, ['a'], undefined, 'a\r\nb', 'x'.repeat(200000)]) {
    await altered('spotify', 'token', s => { s.access_token = access; }, async () => refused(house, 'spotify', await walk(house, 'spotify'), {}));
  }
  for (const type of ['mac', 'DPoP', 17]) await altered('spotify', 'token', s => { s.token_type = type; },
    async () => refused(house, 'spotify', await walk(house, 'spotify'), {}));
  for (const type of ['BEARER', 'bearer', undefined]) await altered('spotify', 'token', s => { s.token_type = type; }, () => signsIn(house, 'spotify'));
  for (const seconds of ['3600', undefined, null, 0, 9007199254740993n, 1e300]) {
    await altered('spotify', 'token', s => { s.expires_in = seconds; }, async () => {
      const way = await walk(house, 'spotify');
      if (way.last.status !== 303) await refused(house, 'spotify', way);
      else assert.equal((await way.visitor.ask('/goal')).status, 200);
    });
  }
});

test('silence and one byte at a time end by our patience, at every step of the three dialects', async () => {
  await Promise.all([['x-oauth1', ['request_token', 'token', 'profile']], ['facebook', ['token', 'profile']], ['google', ['token']],
    ['tiktok', ['token', 'profile']]].map(async ([id, steps]) => {
    const p = world.platform(id);
    for (const step of steps) {
      for (const reply of [replies.silent(), replies.trickle()]) {
        p.fail(step, reply);
        const from = Date.now();
        const way = await walk(house, id);
        assert.ok(Date.now() - from < 8000, `${id}, ${step}`);
        await refused(house, id, way, { problem: 'provider-away' });
        p.heal();
        assert.equal((await walk(house, id)).last.status, 303, house.told(id));
      }
    }
  }));
});
