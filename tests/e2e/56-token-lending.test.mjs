// Where a provider's tokens go: to the backend that is configured to get one, back to the provider, and nowhere else.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import { binary, eventually, Part, sleep } from './lib/parts.mjs';
import { HEADER, keysLeft, street } from './lib/street.mjs';
import { form, Visitor } from './lib/visitor.mjs';
import { installation, signIn } from './lib/installation.mjs';

const LONG = { life: 60 };

test('the token goes to the backend that is configured to get it, and what a client says of it goes nowhere', async t => {
  const s = await street(t, { op: LONG });
  const lie = { [HEADER]: 'mallory', authorization: 'Bearer mallory' };
  const app = await s.ask(s.houses[0], '/app', lie), plain = await s.ask(s.houses[0], '/plain/x', lie);
  assert.ok(s.op.isGood(app.token));
  assert.equal(app.seen.headers.authorization, 'Bearer mallory', 'that is between the client and its backend');
  assert.equal(plain.status, 200);
  assert.equal(plain.token, undefined);
  assert.equal(plain.seen.headers.authorization, 'Bearer mallory');
});

test('applications that come from oauth2-proxy find it under the name they know', async t => {
  const s = await street(t, { op: LONG, backend: { headers: { preset: 'oauth2-proxy' } } });
  const r = await s.ask(s.houses[0], '/app', { 'x-forwarded-access-token': 'mallory', [HEADER]: 'mallory' });
  assert.ok(s.op.isGood(r.seen.headers['x-forwarded-access-token']));
  assert.equal(r.token, undefined);
});

test('as Authorization it takes the place of the client\'s own, which never passes (SEC-144)', async t => {
  const s = await street(t, { op: { life: 3 }, backend: { access_token: 'bearer' } });
  const first = await s.ask(s.houses[0], '/app', { authorization: 'Basic bWFsbG9yeTp4' });
  assert.ok(s.op.isGood(first.seen.headers.authorization.replace(/^Bearer /, '')));
  assert.equal(first.token, undefined);
  await sleep(3300);
  s.op.refreshes.length = 0;
  s.op.answer = (r, say) => say(503, {});
  const none = await s.ask(s.houses[0], '/app', { authorization: 'Basic bWFsbG9yeTp4' });
  assert.equal(none.status, 200);
  assert.equal(none.seen.headers.authorization, undefined, 'also when there is nothing to put in its place');
});

test('nobody else sees them: not the browser, not other backends, not Redis, not the logs, not the cookies', async t => {
  const s = await street(t, { op: { life: 1 }, gateways: 2 });
  const answers = [];
  const keep = async what => { const r = await what; answers.push(`${r.body}${JSON.stringify(r.headers)}`); return r; };
  for (let i = 0; i < 2; i++) {
    await sleep(1200);
    for (const house of s.houses) await s.ask(house);
    for (const path of ['/plain', '/_vestibule/me', '/_vestibule/session', '/_vestibule/sign-out']) await keep(s.visitor.ask(`${s.houses[0].base}${path}`));
  }
  assert.ok(s.op.refreshes.filter(r => r.ok).length >= 2);
  const page = await keep(s.visitor.ask(`${s.houses[0].base}/_vestibule/sign-out`));
  const dump = execFileSync('redis-cli', ['-p', String(s.houses[0].redis.port), '--raw', 'eval',
    "local o = {} for _, k in ipairs(redis.call('keys', '*')) do local d = redis.call('dump', k) o[#o + 1] = k .. (d or '') end return o", '0'], { encoding: 'latin1' });
  assert.ok(dump.includes('vestibule:t:'), 'the record of the tokens is there');
  const f = form(page);
  await keep(s.visitor.go(f.action, { method: 'POST', body: f.fields }));
  const said = { answers: answers.join('\n'), dump, cookies: JSON.stringify(s.visitor.jar) };
  s.houses.forEach((h, i) => { said[`log ${i}`] = h.gw.out + h.gw.err; });
  for (const [where, text] of Object.entries(said)) assert.doesNotMatch(text, /(access|refresh|code)-canary-[0-9a-f]{24}/, where);
});

test('a warm request that lends a fresh token asks Redis for nothing', async t => {
  const s = await street(t, { op: LONG, session: { revocation_cache: '60s' } });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = () => new Promise((ok, bad) => {
    http.get(`${s.houses[0].base}/app`, { agent, headers: { cookie: s.cookie } }, r => {
      const parts = [];
      r.on('data', d => parts.push(d));
      r.on('end', () => ok(JSON.parse(Buffer.concat(parts))));
    }).once('error', bad);
  });
  const reads = () => [...execFileSync('redis-cli', ['-p', String(s.houses[0].redis.port), 'info', 'commandstats'], { encoding: 'latin1' })
    .matchAll(/^cmdstat_(\w+)[^:]*:calls=(\d+)/gm)].filter(m => !['info', 'ping', 'client', 'hello'].includes(m[1])).reduce((n, m) => n + Number(m[2]), 0);
  for (let i = 0; i < 20; i++) await ask();
  const before = reads();
  for (let i = 0; i < 500; i++) assert.ok(s.op.isGood((await ask()).headers[HEADER]));
  assert.equal(reads() - before, 0);
});

test('signing out takes the tokens out of the store and gives them back to the provider, and waits for nobody', async t => {
  const s = await street(t, { op: LONG, gateways: 2 });
  for (const house of s.houses) assert.ok((await s.ask(house)).token);
  assert.equal(keysLeft(s.houses[0].redis).length, 2);
  let release;
  s.op.holdRevoke = new Promise(ok => { release = ok; });
  const page = await s.visitor.ask(`${s.houses[0].base}/_vestibule/sign-out`);
  const f = form(page), begun = Date.now();
  const bye = await s.visitor.go(f.action, { method: 'POST', body: f.fields });
  assert.equal(bye.status, 200);
  assert.ok(Date.now() - begun < 1000, 'the page does not wait for the provider');
  assert.deepEqual(keysLeft(s.houses[0].redis), []);
  await eventually(() => s.op.revocations.length === 1);
  assert.equal(s.op.living(), 1, 'asked, and not answered yet');
  release();
  await eventually(() => s.op.living() === 0);
  assert.equal(s.op.revocations[0].kind, 'refresh_token');
  assert.ok(s.op.revocations[0].authentic, 'in our own name');
  await eventually(() => s.houses[0].told('token.revoked').length === 1);
  const [line] = s.houses[0].told('token.revoked');
  assert.deepEqual([line.stream, line.provider, line.actor], ['audit', 'op', 'op:ada']);
  await eventually(async () => await s.houses[0].metric('vestibule_provider_token_revocations_total{provider="op",outcome="revoked"}') === 1);
  assert.equal((await s.ask(s.houses[1])).status, 401);
});

test('an operator who ends sessions gives their tokens back, too', async t => {
  const s = await street(t, { op: LONG }), [house] = s.houses;
  s.op.who = 'bob';
  await s.another();
  assert.equal(s.op.living(), 2);
  const keep = Object.fromEntries(['ASAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS'].filter(n => process.env[n]).map(n => [n, process.env[n]]));
  const sessions = async (...args) => {
    const part = new Part('vestibule sessions', binary, ['sessions', ...args, '--config', house.gw.config],
      { env: { PATH: process.env.PATH, HOME: house.dir, STATE_DIRECTORY: `${house.dir}/state`, ...keep } });
    const { code } = await part.ended;
    await part.closed;
    assert.equal(code, 0, part.err);
    assert.doesNotMatch(part.err, /(access|refresh)-canary-[0-9a-f]{24}|Sanitizer/);
    return part;
  };
  const ended = await sessions('revoke', '--user', 'op/ada');
  assert.equal(s.op.living(), 1, ended.err);
  assert.deepEqual(ended.err.split('\n').filter(l => l.startsWith('{')).map(l => JSON.parse(l).event).sort(), ['session.revoked', 'token.revoked']);
  const [left] = JSON.parse((await sessions('list', '--json')).out);
  await sessions('revoke', '--id', left.id);
  assert.equal(s.op.living(), 0);
  assert.deepEqual(s.op.revocations.map(r => [r.kind, r.authentic]), [['refresh_token', true], ['refresh_token', true]]);
  assert.deepEqual(keysLeft(house.redis), []);
  assert.equal((await s.ask(house)).status, 401);
});

test('a provider that takes no tokens back just now changes nothing about the sign-out', async t => {
  const s = await street(t, { op: LONG });
  s.op.refuseRevoke = true;
  const page = await s.visitor.ask(`${s.houses[0].base}/_vestibule/sign-out`);
  const f = form(page);
  assert.equal((await s.visitor.go(f.action, { method: 'POST', body: f.fields })).status, 200);
  await eventually(() => s.houses[0].told('token.revoke_failed').length === 1);
  assert.deepEqual(keysLeft(s.houses[0].redis), []);
});

test('with revoke: false they are only forgotten', async t => {
  const s = await street(t, { op: LONG, provider: { revoke: false } });
  const page = await s.visitor.ask(`${s.houses[0].base}/_vestibule/sign-out`);
  const f = form(page);
  await s.visitor.go(f.action, { method: 'POST', body: f.fields });
  assert.deepEqual(keysLeft(s.houses[0].redis), []);
  await sleep(300);
  assert.deepEqual(s.op.revocations, []);
});

test('a sign-out while the tokens are renewed is not undone, and what came is given back', async t => {
  const s = await street(t, { op: { life: 1 }, gateways: 2 });
  for (const house of s.houses) assert.equal((await s.ask(house)).status, 200);
  await sleep(1300);
  s.op.refreshes.length = 0;
  let release;
  s.op.hold = new Promise(ok => { release = ok; });
  const waits = s.ask(s.houses[0]);
  await eventually(() => s.op.refreshes.length === 1);
  const page = await s.visitor.ask(`${s.houses[1].base}/_vestibule/session`, { method: 'DELETE', navigate: false, headers: { 'sec-fetch-site': 'same-origin' } });
  assert.equal(page.status, 204);
  s.op.hold = null;
  release();
  assert.equal((await waits).status, 401);
  await eventually(() => s.op.living() === 0);
  await eventually(() => keysLeft(s.houses[0].redis).length === 0);
});

test('with the certified provider: refresh tokens rotate, and what is given back is worth nothing there', async t => {
  const refreshed = [], revoked = [];
  const it = await installation(t, {
    provider: 'extra_scopes: [offline_access]\nauthorize_params: { prompt: consent }',
    app: ', access_token: header',
    providerOptions: {
      watch: ctx => {
        if (ctx.path === '/token' && ctx.oidc?.params?.grant_type === 'refresh_token') refreshed.push(ctx.status);
        if (ctx.path === '/token/revocation') revoked.push([ctx.status, ctx.oidc?.params?.token_type_hint]);
      },
      settings: {
        rotateRefreshToken: true,
        ttl: { AccessToken: 2, RefreshToken: 600, Session: 600, Grant: 600, Interaction: 600, IdToken: 600, AuthorizationCode: 60 },
        features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true }, revocation: { enabled: true } },
      },
    },
  });
  const visitor = new Visitor();
  const first = JSON.parse((await signIn(visitor, it.base, 'ada')).body).headers[HEADER];
  assert.ok(first);
  const seen = new Set([first]);
  for (let i = 1; i <= 3; i++) {
    await sleep(2300);
    const all = await Promise.all(Array.from({ length: 10 }, () => visitor.ask(`${it.base}/`)));
    for (const r of all) { assert.equal(r.status, 200); seen.add(JSON.parse(r.body).headers[HEADER]); }
    assert.equal(seen.size, i + 1, 'one new token for all');
  }
  assert.deepEqual(refreshed, [200, 200, 200]);
  const f = form(await visitor.ask(`${it.base}/_vestibule/sign-out`));
  await visitor.ask(f.action, { method: 'POST', body: f.fields });
  await eventually(() => revoked.length === 1);
  assert.deepEqual(revoked, [[200, 'refresh_token']]);
});
