// How a sign-in begins: what is sent to the provider, what cannot be slipped into it, and who may begin at all.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Visitor } from './lib/visitor.mjs';
import { client } from './lib/hostile.mjs';
import { assertQuietLogs, startWorld, txCookies, walk } from './lib/hostile_rows.mjs';

test('how a sign-in begins', async t => {
  const rows = [{ name: 'plain' }, { name: 'wordy', settings: { scope: 'openid profile email groups', extra: ['prompt', 'acr_values', 'x&y'] },
    config: { extra_scopes: ['groups'], authorize_params: { prompt: 'select_account', acr_values: 'urn:a b', 'x&y': 'é=1&2' } } }];
  const world = await startWorld(t, rows);
  const [plain, wordy] = rows.map(r => r.issuer);
  const start = (query = '', options = {}, id = plain.id) => new Visitor().ask(`${world.base}/_vestibule/start/${id}${query}`, options);

  await t.test('302, not stored, with an authorization request for a code, with S256, state and nonce', async () => {
    const r = await start();
    assert.equal(r.status, 302);
    assert.equal(r.headers['cache-control'], 'no-store');
    const ask = Object.fromEntries(r.location.searchParams);
    assert.deepEqual({ ...ask, state: 0, nonce: 0, code_challenge: 0 }, { response_type: 'code', client_id: client.id, redirect_uri: `${world.base}/_vestibule/callback/${plain.id}`,
      scope: 'openid profile email', code_challenge_method: 'S256', state: 0, nonce: 0, code_challenge: 0 });
    for (const n of ['state', 'nonce', 'code_challenge']) assert.match(ask[n], /^[\w-]{43}$/);
  });

  await t.test('three hundred starts have nothing in common', async () => {
    const seen = { state: [], nonce: [], code_challenge: [] };
    for (let i = 0; i < 300; i++) {
      const { location } = await start();
      for (const n of Object.keys(seen)) seen[n].push(location.searchParams.get(n));
    }
    const all = Object.values(seen).flat();
    assert.equal(new Set(all).size, 900, 'no value comes twice, not even as another parameter');
    // 900 values of 32 bytes: each byte value comes about 112 times; six deviations either way
    const counts = new Array(256).fill(0);
    for (const v of all) for (const byte of Buffer.from(v, 'base64url')) counts[byte]++;
    assert.ok(Math.min(...counts) > 48 && Math.max(...counts) < 180, `${Math.min(...counts)} to ${Math.max(...counts)}`);
  });

  await t.test('configured parameters are sent once and encoded once', async () => {
    const { last } = await walk(new Visitor(), world.base, wordy.id);
    assert.equal(last.status, 303);
    assert.deepEqual(wordy.complaints, []);
    const ask = (await start('', {}, wordy.id)).location.searchParams;
    assert.deepEqual([ask.get('prompt'), ask.get('acr_values'), ask.get('x&y')], ['select_account', 'urn:a b', 'é=1&2']);
  });

  await t.test('nothing of the visitor\'s query comes through', async () => {
    const evil = '?redirect_uri=https://evil.example.net&response_type=token&state=x&nonce=x&scope=admin&client_id=x&code_challenge_method=plain&prompt=none&response_mode=fragment&request_uri=https://evil.example.net/r';
    const { location } = await start(evil);
    assert.ok(!location.href.includes('evil.example.net'));
    assert.equal([...location.searchParams.keys()].length, 8);
    assert.equal(location.searchParams.get('response_type'), 'code');
  });

  for (const headers of [{ host: 'evil.example.net' }, { 'x-forwarded-host': 'evil.example.net' }, { forwarded: 'host=evil.example.net;proto=https' }, { 'x-forwarded-proto': 'https' }, { 'x-original-host': 'evil.example.net' }]) {
    await t.test(`redirect_uri does not come from ${JSON.stringify(headers)}`, async () => {
      const r = await start('', { headers });
      if (r.status === 421) { assert.equal(r.headers['set-cookie'], undefined); assert.ok(headers.host); return; }
      assert.equal(r.location.searchParams.get('redirect_uri'), `${world.base}/_vestibule/callback/${plain.id}`);
    });
  }

  const noClicks = [{ 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }, { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }, { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' },
    { 'x-requested-with': 'XMLHttpRequest' }, { accept: 'application/json' }, { 'sec-purpose': 'prefetch' }, { 'sec-purpose': 'prefetch;prerender' }];
  for (const headers of noClicks) {
    await t.test(`no attempt for what is no click: ${JSON.stringify(headers)}`, async () => {
      const visitor = new Visitor();
      const r = await visitor.ask(`${world.base}/_vestibule/start/${plain.id}`, { headers });
      assert.ok([401, 503].includes(r.status), `status ${r.status}`);
      assert.equal(r.headers.location, undefined);
      assert.equal(txCookies(visitor).length, 0);
    });
  }

  // Applications that show the web name themselves in every request of theirs; a service worker hands a navigation on without what it was for.
  for (const headers of [{ 'x-requested-with': 'com.example.reader' }, { 'sec-fetch-dest': 'empty' }]) {
    await t.test(`an attempt for a click all the same: ${JSON.stringify(headers)}`, async () => {
      const visitor = new Visitor();
      const r = await visitor.ask(`${world.base}/_vestibule/start/${plain.id}`, { headers });
      assert.equal(r.status, 302);
      assert.equal(txCookies(visitor).length, 1);
    });
  }

  for (const method of ['POST', 'HEAD', 'PUT', 'OPTIONS']) {
    await t.test(`${method} begins nothing`, async () => {
      const r = await start('', { method });
      assert.equal(r.status, 405);
      assert.equal(r.headers['set-cookie'], undefined);
    });
  }

  for (const rd of ['https://evil.example.net/', '//evil.example.net/', '/\\evil.example.net', 'javascript:alert(1)', '/%2f/evil.example.net', 'https:evil.example.net', '\thttps://evil.example.net']) {
    await t.test(`afterwards nobody is sent to ${JSON.stringify(rd)}`, async () => {
      const { last } = await walk(new Visitor(), world.base, plain.id, { rd });
      assert.equal(last.status, 303);
      assert.equal(last.location.origin, world.base);
      assert.doesNotMatch(last.headers.location, /^\/[/\\]|[\t\r\n\\]/);
    });
  }

  await t.test('the return address cannot be changed at the callback', async () => {
    const { last } = await walk(new Visitor(), world.base, plain.id, { rd: '/mine', change: url => [`${url}&rd=https%3A%2F%2Fevil.example.net&return_url=%2Fother`] });
    assert.equal(String(last.location), `${world.base}/mine`);
  });

  await t.test('a provider that does not exist begins nothing', async () => {
    for (const id of ['nobody', '..', '%2e%2e', 'plain%00', `${plain.id}/x`, plain.id.toUpperCase()]) {
      const r = await start('', {}, id);
      assert.ok([400, 404].includes(r.status), `${id}: ${r.status}`);
      assert.equal(r.headers['set-cookie'], undefined);
    }
  });

  await t.test('no log line tells a secret, a code, a token or a state', () => {
    assert.deepEqual([...plain.complaints, ...wordy.complaints], []);
    world.secrets.push(...plain.secrets, ...wordy.secrets);
    return assertQuietLogs(world);
  });
});
