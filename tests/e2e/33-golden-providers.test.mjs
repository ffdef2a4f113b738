// For each platform one sign-in with the sample answers of tests/golden/providers/ID: where the browser is sent, what is asked of the platform, letter for
// letter, and who the person is.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './lib/parts.mjs';
import { compare, ids, read, readJson, requestsOf, signIn, startSamples, walk } from './lib/samples.mjs';

const shipped = fileURLToPath(new URL('../../providers/', import.meta.url));
const templates = new Set(['oauth2', 'oauth1']); // for platforms of one's own

test('each of the platforms that are shipped has its samples', () => {
  assert.deepEqual(ids, readdirSync(shipped).map(f => f.replace('.yaml', '')).sort());
  assert.equal(ids.filter(id => !templates.has(id)).length, 35);
});

test('each file says at its head where it is documented, when that was looked at, what to register and what it cannot do; and it has a mark', () => {
  const marks = new Set(readdirSync(fileURLToPath(new URL('../../templates/marks/', import.meta.url))));
  for (const id of ids) {
    const text = readFileSync(join(shipped, `${id}.yaml`), 'utf8');
    const head = text.slice(0, text.indexOf('\nid: '));
    assert.ok(head.split('\n').every(l => l.startsWith('#')), id);
    for (const part of [/^# Documentation: https:\/\/\S+$/m, /^# Checked: 20\d\d-\d\d-\d\d, against /m, /^# To register[ :(]/m, /^# Limits: /m]) assert.match(head, part, id);
    assert.equal(/^id: (.*)$/m.exec(text)[1], id);
    const mark = /^  mark: (.*)$/m.exec(text)?.[1];
    if (!templates.has(id)) assert.ok(marks.has(`${mark}.svg`) || id === 'yahoo', `${id} has the mark ${mark}`);
  }
});

test('for each platform the browser is sent where it documents, it is asked what it documents, and its sample answer becomes the right person', async t => {
  const house = await startSamples(t);
  for (const id of ids) await t.test(id, () => signIn(house, id));
  assert.deepEqual(house.turns.strays, [], 'nobody else was asked');
});

// ---- checks that operators switch on: who fits signs in, who does not is told so and has no session ----

const bearer = { authorization: 'Bearer access-token' };
const asked = (name, url, q = [], h = {}) => ({ name, method: 'GET', url, h: { ...bearer, ...h }, q, b: [] });
const hub = { 'user-agent': '*', accept: 'application/vnd.github+json' };
const checks = [
  { id: 'github', check: 'orgs', wants: '[Engine, other]', scope: 'read:user user:email read:org', request: asked('orgs', 'https://api.github.com/user/orgs', ['per_page=100'], hub),
    member: [{ login: 'engine', id: 1 }], stranger: [{ login: 'engines', id: 2 }] },
  { id: 'github', check: 'teams', wants: 'engine/core', scope: 'read:user user:email read:org', request: asked('teams', 'https://api.github.com/user/teams', ['per_page=100'], hub),
    member: [{ slug: 'core', organization: { login: 'engine' } }], stranger: [{ slug: 'core', organization: { login: 'other' } }] },
  { id: 'discord', check: 'guilds', wants: '["197038439483310086"]', scope: 'identify email guilds', request: asked('guilds', 'https://discord.com/api/users/@me/guilds'),
    member: [{ id: '80351110224678912', name: 'one' }, { id: '197038439483310086', name: 'two' }], stranger: [{ id: '1', name: '197038439483310086' }] },
  { id: 'google', check: 'hosted_domains', wants: 'Example.com', claims: { member: { hd: 'example.com' }, stranger: { hd: 'example.com.evil.test' } } },
  { id: 'google', check: 'hosted_domains', wants: 'example.com', claims: { member: { hd: 'example.com' }, stranger: { hd: undefined } } },
  { id: 'microsoft', check: 'tenants', wants: '72f988bf-86f1-41af-91ab-2d7cd011db47', claims: { member: {},
    stranger: { tid: '11111111-86f1-41af-91ab-2d7cd011db47', iss: 'https://login.microsoftonline.com/11111111-86f1-41af-91ab-2d7cd011db47/v2.0' } } },
  { id: 'slack', check: 'teams', wants: 'T0R7GR', claims: { member: {}, stranger: { 'https://slack.com/team_id': 'T0R7GX' } } },
  { id: 'gitlab', check: 'groups', wants: '[engine/difference]', answers: { member: {}, stranger: { userinfo: { sub: '4711', groups: ['engine'] } } } },
  { id: 'salesforce', check: 'orgs', wants: '00Dx0000000BV7z', answers: { member: {}, stranger: { userinfo: { sub: 'https://login.salesforce.com/id/00Dx0000000BV7z/005x00000012Q9P', user_id: '005x00000012Q9P',
    organization_id: '00Dx0000000BV7y' } } } },
];

test('a check that is switched on lets in who fits and nobody else, and asks for what it needs', async t => {
  const house = await startSamples(t, checks.map((c, i) => ({ id: c.id, as: `p${i}`, more: [`require: { ${c.check}: ${c.wants} }`] })));
  for (const [i, c] of checks.entries()) {
    await t.test(`${c.id}: ${c.check}`, async () => {
      const how = who => ({ as: `p${i}`, scope: c.scope, requests: [...requestsOf(c.id), ...(c.request ? [c.request] : [])], claims: c.claims?.[who],
        answers: { ...c.answers?.[who], ...(c.request ? { [c.request.name]: c[who] } : {}) } });
      await signIn(house, c.id, how('member'));
      const { done, visitor, why } = await walk(house, c.id, how('stranger'));
      assert.equal(done.status, 403, why);
      assert.equal(visitor.cookie('__Host-vestibule'), undefined);
      const record = await eventually(() => house.gw.log().find(l => l.stream === 'audit' && l.request_id === done.headers['x-request-id']));
      assert.deepEqual([record.event, record.provider], ['signin.failed', `p${i}`]);
    });
  }
});

test('where a guard of the file forbids it, an account of the other kind is not believed', async t => {
  const house = await startSamples(t, ['microsoft']); // with tenant: organizations
  const personal = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const { done, visitor, why } = await walk(house, 'microsoft', { claims: { tid: personal, iss: `https://login.microsoftonline.com/${personal}/v2.0` } });
  assert.notEqual(done.status, 303, why);
  assert.equal(visitor.cookie('__Host-vestibule'), undefined);
  const other = await walk(house, 'microsoft', { claims: { iss: 'https://login.microsoftonline.com/11111111-86f1-41af-91ab-2d7cd011db47/v2.0' } });
  assert.notEqual(other.done.status, 303, 'an issuer that does not fit the tenant of the token');
});

test('a second request that fails costs its values and not the sign-in', async t => {
  const house = await startSamples(t, ['github', 'youtube']);
  for (const [id, name, gone] of [['github', 'emails', 'email'], ['youtube', 'channel', 'username']]) {
    const { done, visitor, why } = await walk(house, id, { answers: { [name]: { message: 'API rate limit exceeded', error: { code: 403 } } } });
    assert.equal(done.status, 303, why);
    const me = JSON.parse((await visitor.ask('/_vestibule/me', { navigate: false })).body);
    assert.equal(me[gone], undefined);
    assert.ok(me.name);
  }
});

test('what a platform calls by names of its own is kept when asked for, and told in the signed identity', async t => {
  const wanted = { tiktok: { union_id: 'c9c60f44-a68e-4f5d-84dd-ce22faeb0ba1' }, slack: { team_id: 'T0R7GR', user_id: 'U0R7JM' }, apple: { is_private_email: 'true' },
    microsoft: { tenant_id: '72f988bf-86f1-41af-91ab-2d7cd011db47', object_id: '00000000-0000-0000-66f3-3332eca7ea81' }, google: { hosted_domain: 'example.com' },
    instagram: { account_type: 'BUSINESS' }, twitch: { login: 'adabyron' }, youtube: { channel_id: 'UCuAXFkgsw1L7xaCfnd5JJOw' }, salesforce: { organization_id: '00Dx0000000BV7z' } };
  const house = await startSamples(t, Object.entries(wanted).map(([id, names]) => ({ id, as: id, more: [`claims: { keep: [${Object.keys(names)}] }`] })));
  for (const [id, names] of Object.entries(wanted)) {
    const { done, visitor, why } = await walk(house, id);
    assert.equal(done.status, 303, why);
    const { headers } = JSON.parse((await visitor.ask('/goal')).body);
    const { claims } = JSON.parse(Buffer.from(headers['x-auth-assertion'].split('.')[1], 'base64url'));
    assert.deepEqual(Object.fromEntries(Object.entries(claims).map(([n, v]) => [n, String(v)])), names, id);
  }
});

test('without the id its file names nobody is signed in, until the operator chooses another one', async t => {
  const house = await startSamples(t, [{ id: 'wechat', as: 'union', more: [] }, { id: 'wechat', as: 'open', more: ['claims: { subject: /openid }'] }]);
  const { unionid, ...profile } = readJson('wechat', 'profile.json');
  assert.ok(unionid);
  const without = await walk(house, 'wechat', { as: 'union', answers: { profile } });
  assert.notEqual(without.done.status, 303, without.why);
  assert.equal(without.visitor.cookie('__Host-vestibule'), undefined);
  const chosen = await walk(house, 'wechat', { as: 'open', answers: { profile } });
  assert.equal(chosen.done.status, 303, chosen.why);
  assert.equal(JSON.parse((await chosen.visitor.ask('/_vestibule/me', { navigate: false })).body).user, 'open:oLVPpjqs9BhvzwPj5A-vTYAX3GLc');
});

const facebook = { sub: '10224567890123456', name: 'Ada Byron' };
const secret = 'a-channel-secret-that-has-32-bytes';
const tokens = [
  { what: 'signed with the client secret, where the file says so', id: 'line', sign: { alg: 'HS256', secret }, fine: true },
  { what: 'signed with the client secret, where the file does not', id: 'google', sign: { alg: 'HS256', secret } },
  { what: 'of an issuer\'s second spelling', id: 'google', claims: { iss: 'accounts.google.com' }, fine: true },
  { what: 'of nearly that spelling', id: 'google', claims: { iss: 'accounts.google.com/' } },
  { what: 'without a nonce, where none is given back', id: 'linkedin', claims: { iss: 'https://www.linkedin.com' }, fine: true },
  { what: 'with another nonce than the one that was sent', id: 'google', claims: { nonce: 'another' } },
  { what: 'that an OAuth 2.0 platform gives beside, when asked for openid', id: 'facebook', claims: { ...facebook, iss: 'https://facebook.com' }, more: ['extra_scopes: [openid]'], beside: true, fine: true },
  { what: 'that it gives beside, of another issuer', id: 'facebook', claims: { ...facebook, iss: 'https://facebook.com.evil.test' }, more: ['extra_scopes: [openid]'], beside: true },
  { what: 'that is for another client', id: 'apple', claims: { aud: 'another-client' } },
];

test('identity tokens are believed as the files say', async t => {
  const house = await startSamples(t, tokens.map((c, i) => ({ id: c.id, as: `t${i}`, more: c.more ?? [], secret })));
  for (const [i, c] of tokens.entries()) {
    await t.test(`${c.id}: one ${c.what}`, async () => {
      const answers = c.beside ? { token: { ...readJson(c.id, 'token.json'), id_token: '*' } } : {};
      const { done, visitor, why } = await walk(house, c.id, { as: `t${i}`, sign: c.sign, claims: c.claims, answers, scope: c.beside ? 'public_profile,email,openid' : undefined });
      assert.equal(done.status === 303, c.fine === true, why);
      assert.equal(visitor.cookie('__Host-vestibule') !== undefined, c.fine === true);
    });
  }
});

test('with tokens kept the platform is asked for lasting ones, and they are given back at the sign-out', async t => {
  const keeping = ids.filter(id => read(id, 'kept.txt'));
  const house = await startSamples(t, keeping.map(id => ({ id, as: id, more: ['tokens: session'] })));
  for (const id of keeping) {
    await t.test(id, async () => {
      const kept = requestsOf(id, 'kept.txt'), usual = requestsOf(id);
      const exchange = kept.find(r => r.name === 'exchange'), revoke = kept.find(r => r.name === 'revoke');
      const token = readJson(id, 'token.json');
      const answers = { exchange: { access_token: 'long-access-token', token_type: 'bearer', expires_in: 5184000 }, revoke: { ok: true, response: 1 } };
      if (token && !exchange) answers.token = { ...token, refresh_token: 'refresh-token' };
      const { visitor, done, why, turn, swap } = await walk(house, id, { requests: [...usual, ...kept], authorize: kept.authorize, answers });
      assert.equal(done.status, 303, why);
      const made = r => `${r.method} ${r.url}`;
      assert.deepEqual(turn.asked.map(made).filter(a => !exchange || a !== made(exchange)).sort(), usual.map(made).filter(a => !exchange || a !== made(exchange)).sort(), 'nothing else is asked');
      if (exchange) compare(id, turn.asked.find(a => made(a) === made(exchange) && !a.body.some(b => b.startsWith('grant_type=authorization_code'))), exchange, swap);
      const before = turn.asked.length;
      const end = await visitor.ask('/_vestibule/session', { method: 'DELETE', headers: { 'sec-fetch-site': 'same-origin' }, navigate: false });
      assert.equal(end.status, 204);
      if (!revoke) return;
      await eventually(() => turn.asked.length > before, 5);
      compare(id, turn.asked[before], revoke, swap);
      assert.equal(turn.asked.length, before + 1);
      const record = await eventually(() => house.gw.log().findLast(l => l.stream === 'audit' && l.provider === id && /revoke/.test(l.event)), 5);
      assert.notEqual(record.event, 'tokens.revoke_failed', JSON.stringify(record));
    });
  }
});
