// `vestibule providers test ID`: a provider is tried out before anybody signs in there, and what is wrong is told with what to change.
import test from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Part, binary, folder } from './lib/parts.mjs';
import { yaml } from './lib/house.mjs';
import { entryOf } from './lib/platforms.mjs';
import { startEmulator } from '../emulators/emulator.mjs';

const sanitizers = Object.fromEntries(['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS'].filter(n => process.env[n]).map(n => [n, process.env[n]]));

// Gives { code, steps: { name: { state, text } }, out }. change(entry): what the operator got wrong.
async function tried(t, world, id, { change = () => {}, args = ['--json'], env = {} } = {}) {
  const dir = folder(t), entry = entryOf(world, id, dir), file = join(dir, 'vestibule.yaml');
  change(entry);
  writeFileSync(file, yaml({ public_url: `https://${world.host}`, providers: [entry], session: { store: 'memory://' }, backend: 'http://127.0.0.1:3000' }));
  const part = new Part(`providers test ${id}`, binary, ['providers', 'test', id, '--config', file, ...args],
    { env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: join(dir, 'state'), ...sanitizers, HTTPS_PROXY: world.proxy, ...env } });
  const late = setTimeout(() => part.child.kill('SIGKILL'), 40000);
  const { code, signal } = await part.ended;
  clearTimeout(late);
  assert.equal(signal, null, part.err);
  assert.doesNotMatch(part.err, /Sanitizer|runtime error|^must:/m);
  if (entry.client_secret) assert.ok(!(part.out + part.err).includes(entry.client_secret), 'the secret is not told');
  const steps = args.includes('--json') && part.out ? Object.fromEntries(JSON.parse(part.out).steps.map(s => [s.step, s])) : {};
  return { code, steps, out: part.out, err: part.err };
}

test('each platform is found, and knows its client', async t => {
  const world = await startEmulator(t);
  for (const id of world.ids) world.platform(id).client.redirect_uris = [`https://${world.host}/_vestibule/callback/${id}`];
  for (const id of world.ids) {
    await t.test(id, async () => {
      const { code, steps, out } = await tried(t, world, id);
      assert.equal(code, 0, out);
      assert.match(steps.authorize.text, /^https:\/\//);
      assert.match(steps.client.state, /^(ok|unsure)$/, out);
      assert.notEqual(steps.clock?.state, 'wrong', out);
    });
  }
});

test('what an operator got wrong is told with what to change', async t => {
  const ids = ['github', 'google', 'x-oauth1', 'slack', 'spotify', 'oidc'], world = await startEmulator(t, { platforms: ids });
  for (const id of ids) world.platform(id).client.redirect_uris = [`https://${world.host}/_vestibule/callback/${id}`];
  const wrongSecret = { change: e => { e.client_secret = 'another-secret-than-registered'; } };
  for (const id of ids) {
    await t.test(`${id}: a wrong secret`, async () => {
      const { code, steps, out } = await tried(t, world, id, wrongSecret);
      assert.equal(code, 78, out);
      const step = id === 'x-oauth1' ? steps.authorize : steps.client;
      assert.equal(step.state, 'wrong', out);
      assert.match(step.text, /client_id|client_secret/, out);
    });
  }
  await t.test('a client nobody registered', async () => {
    const { code, steps, out } = await tried(t, world, 'github', { change: e => { e.client_id = 'nobody'; } });
    assert.equal(code, 78, out);
    assert.match(steps.client.text, /client_id/);
  });
  await t.test('a redirect URI nobody registered', async () => {
    world.platform('github').client.redirect_uris = ['https://elsewhere.example/callback'];
    const { code, steps, out } = await tried(t, world, 'github');
    assert.ok(code === 78 ? /callback URL/.test(steps.client.text) : steps.client.state !== 'wrong', out);
  });
  await t.test('an issuer that is another', async () => {
    const { code, steps, out } = await tried(t, world, 'oidc', { change: e => { e.issuer += '/'; } });
    assert.equal(code, 78, out);
    assert.equal(steps.discovery.state, 'wrong');
    assert.match(steps.discovery.text, /issuer/);
    assert.equal(steps.client, undefined, 'without addresses nobody is asked');
  });
});

test('who does not answer is told apart from who refuses', async t => {
  const world = await startEmulator(t, { platforms: ['github'] });
  const { code, steps, out } = await tried(t, world, 'github', { env: { HTTPS_PROXY: 'http://127.0.0.1:1' } });
  assert.equal(code, 69, out);
  assert.equal(steps.client.state, 'away');
  assert.equal(steps.authorize.state, 'ok', 'the address needs nobody');
});

test('text is for people: a line for each step', async t => {
  const world = await startEmulator(t, { platforms: ['github'] });
  world.platform('github').client.redirect_uris = [`https://${world.host}/_vestibule/callback/github`];
  const { code, out } = await tried(t, world, 'github', { args: [] });
  assert.equal(code, 0, out);
  assert.deepEqual(out.trim().split('\n').map(l => l.split(/\s+/).slice(0, 2).join(' ')).slice(0, 3), ['ok discovery', 'ok authorize', 'ok client']);
});

test('an id nobody configured ends with 64', async t => {
  const world = await startEmulator(t, { platforms: ['github'] });
  const { code, err } = await tried(t, world, 'github', { change: e => { e.id = 'another'; } });
  assert.equal(code, 64);
  assert.match(err, /no provider "github" is configured/);
});
