// `vestibule sessions`: who is signed in, and their end, from a shell beside a running gateway.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Part, binary, folder, startRedis } from './lib/parts.mjs';
import { signedIn, startHouse, yaml } from './lib/house.mjs';
import { writeFileSync } from 'node:fs';

const sanitizers = Object.fromEntries(['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS'].filter(n => process.env[n]).map(n => [n, process.env[n]]));

async function run(args, { config, state, dir }) {
  const part = new Part(`vestibule ${args.join(' ')}`, binary, [...args, '--config', config], { env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: state, ...sanitizers } });
  const late = setTimeout(() => part.child.kill('SIGKILL'), 40000);
  const { code, signal } = await part.ended;
  await part.closed;
  clearTimeout(late);
  assert.equal(signal, null, `${part.name} died of ${signal}:\n${part.err}`);
  assert.doesNotMatch(part.err, /Sanitizer|runtime error|^must:/m);
  const audit = part.err.split('\n').filter(l => l.startsWith('{')).map(l => JSON.parse(l));
  return { code, out: part.out, err: part.err, audit };
}

const beside = house => (...args) => run(args, { config: house.gw.config, state: join(house.dir, 'state'), dir: house.dir });
const status = async (house, p) => (await p.visitor.ask(`${house.base}/`)).status;

test('an operator sees who is signed in and ends one, a person, those of a provider, everybody', async t => {
  const people = ['ada', 'ada', 'bob', 'cyn', 'dan'];
  const house = await startHouse(t, { who: () => people.shift() });
  const sessions = beside(house);
  const empty = await sessions('sessions', 'list');
  assert.deepEqual([empty.code, empty.out, /nobody is signed in/.test(empty.err)], [0, '', true]);
  assert.deepEqual((await sessions('sessions', 'list', '--json')).out, '[]\n');
  const all = [];
  for (let i = 0; i < 3; i++) all.push(await signedIn(house));
  const listed = await sessions('sessions', 'list');
  assert.equal(listed.code, 0, listed.err);
  assert.equal(listed.out.trim().split('\n').length, 4, listed.out);
  assert.match(listed.out, /^[\w-]{8} {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}127\.0\.0\.1 +op\/bob {2}bob@example\.test$/m);
  const json = JSON.parse((await sessions('sessions', 'list', '--format', 'json')).out);
  assert.equal(json.length, 3);
  for (const s of json) {
    assert.match(s.id, /^[\w-]{43}$/);
    assert.ok(Math.abs(s.began - Date.now() / 1000) < 60 && s.expires - s.began === 7 * 86400 && s.seen >= s.began);
    assert.deepEqual([s.provider, s.address], ['op', '127.0.0.1']);
  }
  const hers = JSON.parse((await sessions('sessions', 'list', '--user', 'op/ada', '--json')).out);
  assert.deepEqual(hers.map(s => s.subject), ['ada', 'ada']);
  assert.deepEqual(JSON.parse((await sessions('sessions', 'list', '--user', 'op/nobody', '--json')).out), []);
  const shown = await sessions('sessions', 'show', '--id', hers[0].id.slice(0, 8));
  assert.match(shown.out, new RegExp(`^id +${hers[0].id}$`, 'm'));
  assert.match(shown.out, /^e-mail +ada@example\.test$/m);
  assert.deepEqual(JSON.parse((await sessions('sessions', 'show', '--id', hers[0].id, '--json')).out), hers[0]);

  // one: the newer of hers
  const one = await sessions('sessions', 'revoke', '--id', hers[0].id.slice(0, 10));
  assert.deepEqual([one.code, one.out], [0, '1 session ended\n'], one.err);
  assert.deepEqual(await Promise.all(all.map(p => status(house, p))), [200, 302, 200]);
  const me = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  assert.deepEqual(one.audit.map(a => [a.event, a.actor, a.provider, a.subject, a.reason, a.session]), [['session.revoked', `operator:${me}`, 'op', 'ada', 'command', hers[0].id.slice(0, 8)]]);
  const again = await sessions('sessions', 'revoke', '--id', hers[0].id);
  assert.deepEqual([again.code, /no such session/.test(again.err)], [1, true]);
  // a person
  const person = await sessions('sessions', 'revoke', '--user', 'op/ada');
  assert.deepEqual([person.code, person.out, person.audit.length], [0, '1 session ended\n', 1]);
  assert.deepEqual(await Promise.all(all.map(p => status(house, p))), [302, 302, 200]);
  // those of a provider
  assert.equal((await sessions('sessions', 'revoke', '--provider', 'another')).out, '0 sessions ended\n');
  assert.equal(await status(house, all[2]), 200);
  all.push(await signedIn(house));
  const three = await sessions('sessions', 'list');
  assert.ok(/op\/cyn/.test(three.out), JSON.stringify(three.out));
  const provider = await sessions('sessions', 'revoke', '--provider', 'op', '--json');
  assert.deepEqual(JSON.parse(provider.out), { ended: 2 });
  assert.deepEqual(await Promise.all(all.map(p => status(house, p))), [302, 302, 302, 302]);
  // everybody
  all.push(await signedIn(house));
  assert.equal((await sessions('sessions', 'revoke', '--all', '--quiet')).out, '');
  assert.equal(await status(house, all[4]), 302);
  const left = execFileSync('redis-cli', ['-p', String(house.redis.port), 'keys', 'vestibule:[sut]:*'], { encoding: 'utf8' }).trim();
  assert.equal(left, '', 'nothing is left of them, nor of their lists');
});

test('hundreds are found by walking the store, each once', async t => {
  const house = await startHouse(t);
  const all = [];
  await Promise.all(Array.from({ length: 8 }, async () => { for (let i = 0; i < 2; i++) all.push(await signedIn(house)); }));
  // beside very many keys of others
  const fill = Array.from({ length: 20000 }, (_, i) => `SET other:${i} x`).join('\r\n');
  execFileSync('redis-cli', ['-p', String(house.redis.port), '--pipe'], { input: `${fill}\r\n` });
  const json = JSON.parse((await beside(house)('sessions', 'list', '--json')).out);
  assert.equal(json.length, 16);
  assert.equal(new Set(json.map(s => s.id)).size, 16);
  assert.equal(JSON.parse((await beside(house)('sessions', 'revoke', '--all', '--json')).out).ended, 16);
});

test('what cannot be done is said in one line, and nothing is ended by a slip', async t => {
  const house = await startHouse(t);
  const person = await signedIn(house), sessions = beside(house);
  for (const [words, says] of [[['revoke'], /--id ID, --user/], [['revoke', '--all', '--provider', 'op'], /in one way/], [['revoke', '--id', 'short'], /first 8 characters/],
    [['revoke', '--id', '*'.repeat(10)], /first 8 characters/], [['revoke', '--user', 'ada'], /PROVIDER\/SUBJECT/], [['revoke', '--user', 'op/'], /PROVIDER\/SUBJECT/], [['show'], /--id ID/]]) {
    const r = await sessions('sessions', ...words);
    assert.equal(r.code, 64, words.join(' '));
    assert.match(r.err, says);
  }
  const lost = await run(['sessions', 'revoke', '--all'], { config: house.gw.config, state: join(folder(t), 'elsewhere'), dir: house.dir });
  assert.deepEqual([lost.code, /the key that sessions are sealed with is not here/.test(lost.err)], [78, true], lost.err);
  const memory = join(folder(t), 'memory.yaml');
  writeFileSync(memory, yaml({ ...house.config, session: { store: 'memory://' } }));
  const inside = await run(['sessions', 'list'], { config: memory, state: join(house.dir, 'state'), dir: house.dir });
  assert.deepEqual([inside.code, /gateway's own memory/.test(inside.err)], [78, true], inside.err);
  const cli = (...words) => execFileSync('redis-cli', ['-p', String(house.redis.port), ...words], { encoding: 'utf8' }).trim();
  cli('acl', 'setuser', 'default', '-scan');
  const denied = await sessions('sessions', 'list');
  assert.equal(denied.code, 69);
  assert.match(denied.err, /NOPERM/);
  cli('acl', 'setuser', 'default', '+scan');
  assert.equal(await status(house, person), 200);
  await house.redis.stop('SIGKILL');
  assert.equal((await sessions('sessions', 'list')).code, 69);
  const strange = await startRedis(t);
  const other = join(folder(t), 'other.yaml');
  writeFileSync(other, yaml({ ...house.config, session: { store: strange.url } }));
  assert.equal((await run(['sessions', 'revoke', '--all'], { config: other, state: join(house.dir, 'state'), dir: house.dir })).out, '0 sessions ended\n');
});
