// People with a password of the gateway's own, for the hour when no provider answers.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { eventually, sleep, startHouse } from './lib/house.mjs';
import { hash, localHouse, right, sameOrigin, signIn } from './lib/local.mjs';
import { binary } from './lib/parts.mjs';
import { Visitor, form } from './lib/visitor.mjs';

test('with a right password a person is signed in like others, with groups, and comes back to where they were going', async t => {
  const house = await localHouse(t);
  const visitor = new Visitor();
  const answer = await signIn(house, 'ada', right, { visitor });
  assert.equal(answer.status, 303, answer.body);
  assert.equal(answer.location.href, `${house.base}/page?x=1`);
  assert.match(String(answer.headers['set-cookie']), /__Host-vestibule=[^;]+;.*HttpOnly/);
  const seen = JSON.parse((await visitor.ask(`${house.base}/page`)).body);
  assert.equal(seen.headers['x-auth-user'], 'local:ada');
  assert.equal(seen.headers['x-auth-groups'], 'break-glass');
  assert.equal(seen.headers['x-auth-provider'], 'local');
  assert.equal(seen.headers['x-auth-email'], undefined);
  assert.equal((await visitor.ask(`${house.base}/ada`)).status, 200);
  const grace = new Visitor();
  assert.equal((await signIn(house, 'grace', 'another long one', { visitor: grace })).status, 303);
  assert.equal((await grace.ask(`${house.base}/ada`, { navigate: false })).status, 403);
  await eventually(() => house.told('signin.succeeded').length === 2);
  assert.equal(house.told('signin.succeeded')[0].actor, 'local:ada');
  assert.equal(await house.metric('vestibule_sign_ins_total{provider="local",outcome="success",reason="none"}'), 2);
});

test('wrong is wrong, whichever of the two: the same page after the same time, no session, nothing of the password anywhere', async t => {
  const house = await localHouse(t, c => { c.rate_limit = { sign_in: 'none', auth_failures: 'none' }; }, [hash('ada', right, 10)]);
  const took = { ada: [], nobody: [] };
  for (let i = 0; i < 4; i++) {
    for (const [who, list] of Object.entries(took)) {
      const began = process.hrtime.bigint();
      const answer = await signIn(house, who, `wrong-${i}-password`, { from: `192.0.2.${i * 2 + list.length}` });
      list.push(Number(process.hrtime.bigint() - began) / 1e6);
      assert.equal(answer.status, 403);
      assert.match(answer.body, /That name and password do not fit/);
      assert.equal(answer.headers['set-cookie'], undefined);
    }
  }
  const least = list => Math.min(...list);
  assert.ok(least(took.nobody) > least(took.ada) / 2, `a name that is not there takes its time: ${JSON.stringify(took)}`);
  await eventually(() => house.told('signin.failed').length === 8);
  assert.ok(house.told('signin.failed').every(l => l.reason === 'wrong-password'));
  assert.ok(!(house.gw.out + house.gw.err).includes('wrong-0-password'));
});

test('a form that is not ours, from another page or with another token, signs nobody in', async t => {
  const house = await localHouse(t);
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': undefined, origin: 'https://evil.example' }, { 'sec-fetch-site': undefined, origin: undefined }])
    assert.equal((await signIn(house, 'ada', right, { headers })).status, 403, JSON.stringify(headers));
  const bare = body => new Visitor().ask(`${house.base}/_vestibule/sign-in`, { method: 'POST', body, headers: sameOrigin(house) });
  assert.equal((await bare({ user: 'ada', password: right })).status, 403);
  assert.equal((await bare({ user: 'ada', password: right, token: 'x'.repeat(43) })).status, 403);
  assert.equal(house.told('signin.succeeded').length, 0);
  // where to go afterwards is judged as ever
  const visitor = new Visitor();
  const page = await visitor.go(`${house.base}/_vestibule/sign-in`);
  const f = form(page);
  const away = await visitor.ask(f.action, { method: 'POST', body: { ...f.fields, user: 'ada', password: right, rd: 'https://evil.example/' }, headers: sameOrigin(house) });
  assert.equal(away.location.href, `${house.base}/`);
});

test('wrong passwords make a name and an address wait, longer each time, and the right one is not looked at meanwhile', async t => {
  const house = await localHouse(t);
  for (let i = 0; i < 5; i++) assert.equal((await signIn(house, 'ada', 'wrong password', { from: `192.0.2.${i}` })).status, 403);
  const locked = await signIn(house, 'ada', right, { from: '192.0.2.77' });
  assert.equal(locked.status, 429, 'the name waits');
  assert.equal(locked.headers['retry-after'], '1');
  assert.equal((await signIn(house, 'grace', 'another long one', { from: '192.0.2.78' })).status, 303, 'others do not');
  await sleep(1100);
  assert.equal((await signIn(house, 'ada', 'wrong password', { from: '192.0.2.6' })).status, 403);
  const longer = await signIn(house, 'ada', right, { from: '192.0.2.79' });
  assert.deepEqual([longer.status, longer.headers['retry-after']], [429, '2']);
  await sleep(2100);
  assert.equal((await signIn(house, 'ada', right, { from: '192.0.2.80' })).status, 303);
  assert.equal((await signIn(house, 'ada', right, { from: '192.0.2.81' })).status, 303, 'the name is forgiven');
  for (let i = 0; i < 5; i++) assert.equal((await signIn(house, `guess-${i}`, 'wrong password', { from: '198.51.100.9' })).status, 403);
  assert.equal((await signIn(house, 'grace', 'another long one', { from: '198.51.100.9' })).status, 429, 'the address waits, whatever it tries');
  await eventually(() => house.told('signin.locked').length >= 3);
});

test('replicas know of each other\'s wrong passwords, forgive together, and go on alone while the store is away', async t => {
  const one = await localHouse(t), two = await startHouse(t, { like: one, change: c => Object.assign(c, { trusted_proxies: one.config.trusted_proxies, local_users: one.config.local_users }) });
  const host = new URL(one.base).host;
  const at = async (house, name, password, from) => {
    const headers = { host, 'x-forwarded-for': from }, visitor = new Visitor();
    const f = form(await visitor.ask(`${house.at}/_vestibule/sign-in`, { headers }));
    return visitor.ask(`${house.at}${new URL(f.action).pathname}`, { method: 'POST', body: { ...f.fields, user: name, password }, headers: { ...headers, ...sameOrigin(one) } });
  };
  for (let i = 0; i < 6; i++) {
    const r = await at(i % 2 ? two : one, 'ada', 'wrong password', `192.0.2.${i}`);
    assert.equal(r.status, 403, `${i}: ${r.body.slice(0, 300)}`);
    if (i === 4) await sleep(1100);
  }
  for (const house of [one, two]) assert.equal((await at(house, 'ada', right, '192.0.2.99')).status, 429, 'three failures at each make six');
  await sleep(2100);
  assert.equal((await at(two, 'ada', right, '192.0.2.98')).status, 303);
  for (const house of [one, two]) assert.equal((await at(house, 'ada', 'wrong password', '192.0.2.97')).status, 403, 'forgiven everywhere, so this is looked at');
  for (let i = 0; i < 5; i++) assert.equal((await at(one, `guess-${i}`, 'wrong password', '198.51.100.9')).status, 403);
  assert.equal((await at(two, 'grace', 'another long one', '198.51.100.9')).status, 429, 'an address waits at all of them');
  const keys = execFileSync('redis-cli', ['-p', String(one.redis.port), '--raw', 'keys', 'vestibule:w:*'], { encoding: 'utf8' }).trim().split('\n');
  for (const key of keys) assert.match(key, /^vestibule:w:[\w-]{43}$/, 'of whom it counts, a key does not tell');
  assert.ok(keys.length > 5);
  await one.redis.stop('SIGKILL');
  for (let i = 0; i < 5; i++) assert.equal((await at(one, 'lin', 'wrong password', `203.0.113.${i}`)).status, 403, 'nobody is held up');
  assert.equal((await at(one, 'lin', 'wrong password', '203.0.113.50')).status, 429);
});

test('who is taken out of the file, or gets another password, is signed out at the reload; others stay', async t => {
  const house = await localHouse(t);
  const [ada, grace] = [new Visitor(), new Visitor()];
  await signIn(house, 'ada', right, { visitor: ada });
  await signIn(house, 'grace', 'another long one', { visitor: grace });
  const status = async v => (await v.ask(`${house.base}/x`, { navigate: false })).status;
  assert.deepEqual([await status(ada), await status(grace)], [200, 200]);
  writeFileSync(house.file, hash('ada', 'a new long password') + hash('linus', 'yet another one'), { mode: 0o600 });
  assert.equal((await house.reload(null)).event, 'config.reloaded');
  assert.deepEqual([await status(ada), await status(grace)], [401, 401]);
  assert.equal((await signIn(house, 'ada', right)).status, 403);
  assert.equal((await signIn(house, 'ada', 'a new long password', { visitor: ada })).status, 303);
  assert.equal(await status(ada), 200);
  writeFileSync(house.file, 'ada:{SHA}abc=\n', { mode: 0o600 });
  assert.equal((await house.reload(null)).event, 'config.reload_failed');
  assert.equal(await status(ada), 200, 'a bad file changes nothing');
});

test('the form stands on the page where local users count, and nowhere else; without local users nothing takes a password', async t => {
  const house = await localHouse(t);
  assert.match((await new Visitor().go(`${house.base}/page`)).body, /type="password"/);
  const strict = await new Visitor().ask(`${house.base}/_vestibule/sign-in?rd=${encodeURIComponent('/op')}`);
  assert.equal(strict.status, 302, 'a rule that takes one provider leads there');
  const other = await startHouse(t);
  assert.equal((await new Visitor().ask(`${other.base}/_vestibule/sign-in`, { method: 'POST', body: { user: 'a', password: 'b' } })).status, 405);
});

test('hash writes a line for the file, and refuses what bcrypt would not keep', async () => {
  const run = (args, input) => spawnSync(binary, ['hash', ...args], { input });
  const good = run(['ada'], `${right}\n`);
  assert.equal(good.status, 0);
  assert.match(good.stdout.toString(), /^ada:\$2y\$12\$[./A-Za-z0-9]{53}\n$/);
  assert.match(run(['--cost', '8'], right).stdout.toString(), /^\$2y\$08\$/);
  for (const [args, input, says] of [[['--cost', '4'], right, '--cost'], [['--cost', '16'], right, '--cost'], [[], 'short', 'at least 8'], [[], 'x'.repeat(73), '72 bytes'], [[], '', '']]) {
    const bad = run(args, input);
    assert.equal(bad.status, 64, `${args} ${input}`);
    assert.equal(bad.stdout.toString(), '');
    assert.ok(bad.stderr.toString().includes(says));
  }
});
