// Providers that sign people out: back-channel from a certified one and with tokens gone wrong, front-channel from a frame, and who is still
// signing in when it happens.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Visitor, form } from './lib/visitor.mjs';
import { installation, signIn } from './lib/installation.mjs';
import { eventually, freePort } from './lib/parts.mjs';
import { signedIn, startHouse } from './lib/house.mjs';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const cliOf = house => (...words) => execFileSync('redis-cli', ['-p', String(house.redis.port), ...words], { encoding: 'utf8' }).trim();
const stateOf = async (visitor, base) => (await visitor.ask(`${base}/`)).status;
const post = (house, token, more = {}) => new Visitor().ask(`${house.at ?? house.base}/_vestibule/backchannel-logout/${more.id ?? 'op'}`, {
  method: more.method ?? 'POST', navigate: false, headers: { host: new URL(house.base).host, ...more.headers }, body: more.body ?? (token === undefined ? undefined : { logout_token: token }) });

// ---- the certified provider

async function certified(t, sessionRequired) {
  const port = await freePort(), base = `http://localhost:${port}`;
  const clients = [{ client_id: 'gateway', client_secret: 'a-client-secret-of-decent-length-0123456789', redirect_uris: [`${base}/_vestibule/callback/op`],
    post_logout_redirect_uris: [`${base}/_vestibule/signed-out`], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
    backchannel_logout_uri: `${base}/_vestibule/backchannel-logout/op`, backchannel_logout_session_required: sessionRequired }];
  return installation(t, { port, providerOptions: { clients, settings: { features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true },
    backchannelLogout: { enabled: true } } } } });
}

// Signs the person out at the provider alone, as they would on its own page.
async function signOutAtProvider(visitor, op) {
  const page = await visitor.go(`${op.issuer}/session/end`);
  const f = form(page);
  return visitor.go(f.action, { method: 'POST', body: { ...f.fields, logout: 'yes' } });
}

test('who signs out at a certified provider is signed out here, in the browser where that was and no other', async t => {
  const house = await certified(t, true);
  const laptop = new Visitor(), phone = new Visitor();
  for (const visitor of [laptop, phone]) assert.equal((await signIn(visitor, house.base, 'ada')).status, 200);
  await signOutAtProvider(laptop, house.op);
  await eventually(async () => await stateOf(laptop, house.base) === 302);
  assert.equal(await stateOf(phone, house.base), 200);
  const told = await eventually(() => house.gw.log().find(l => l.event === 'logout.told'));
  assert.deepEqual([told.actor, told.reason], ['op', 'back_channel_logout']);
  const revoked = house.gw.log().filter(l => l.event === 'session.revoked');
  assert.equal(revoked.length, 1);
  assert.deepEqual([revoked[0].actor, revoked[0].provider, revoked[0].reason, revoked[0].session.length], ['op', 'op', 'back_channel_logout', 8]);
});

test('a certified provider that names the person alone signs them out everywhere', async t => {
  const house = await certified(t, false);
  const laptop = new Visitor(), phone = new Visitor(), bob = new Visitor();
  for (const visitor of [laptop, phone]) assert.equal((await signIn(visitor, house.base, 'ada')).status, 200);
  assert.equal((await signIn(bob, house.base, 'bob')).status, 200);
  await signOutAtProvider(laptop, house.op);
  await eventually(async () => await stateOf(laptop, house.base) === 302 && await stateOf(phone, house.base) === 302);
  assert.equal(await stateOf(bob, house.base), 200);
});

test('who signs out here with the box ticked is signed out at the certified provider and comes back (SEC-131, SEC-132)', async t => {
  const house = await certified(t, true);
  const visitor = new Visitor();
  assert.equal((await signIn(visitor, house.base, 'ada')).status, 200);
  const f = form(await visitor.go(`${house.base}/_vestibule/sign-out`));
  const cookie = `__Host-vestibule=${visitor.cookie('__Host-vestibule')}`;
  let page = await visitor.go(f.action, { method: 'POST', body: { ...f.fields, everywhere: 'yes' }, headers: { origin: house.base, 'sec-fetch-site': 'same-origin' } });
  assert.equal(page.url.pathname, '/session/end', 'the provider asks');
  assert.equal((await new Visitor().ask(`${house.base}/`, { headers: { cookie } })).status, 302, 'here it is over before the provider has an answer');
  const g = form(page);
  page = await visitor.go(g.action, { method: 'POST', body: { ...g.fields, logout: 'yes' } });
  assert.equal(page.url.pathname, '/_vestibule/signed-out');
  const again = await visitor.go(`${house.base}/_vestibule/start/op`);
  assert.match(again.url.pathname, /^\/interaction/, 'the provider does not know the person any more');
});

// ---- signing out here

const ourForm = (house, f) => ({ method: 'POST', body: f.fields, headers: { origin: house.base, 'sec-fetch-site': 'same-origin' } });

test('a sign-out that the store does not take is told to the person, whose cookie goes all the same (SEC-132)', async t => {
  const house = await startHouse(t);
  const { visitor, cookie } = await signedIn(house);
  const f = form(await visitor.go(`${house.base}/_vestibule/sign-out`));
  cliOf(house)('client', 'pause', '4000', 'WRITE');
  const r = await visitor.ask(f.action, ourForm(house, f));
  assert.deepEqual([r.status, r.headers['retry-after'], r.headers['cache-control'], r.location], [503, '5', 'no-store', undefined]);
  assert.match(r.headers['content-type'], /^text\/html/);
  assert.equal(visitor.cookie('__Host-vestibule'), undefined, 'this browser is out');
  assert.ok(!house.gw.log().some(l => l.stream === 'audit' && l.event === 'signout'), 'nobody writes down a sign-out that was none');
  assert.ok(await eventually(() => house.gw.log().some(l => l.event === 'signout.failed')));
  assert.ok(!(await house.metric('vestibule_sign_outs_total{cause="sign_out"}') > 0));
  assert.match((await house.ask('/metrics')).body, /^vestibule_store_operations_total\{[^}]*outcome="(?!ok|success)[a-z_]+"[^}]*\} [1-9]/m, 'the failure is counted');
  // when the store is back it can be tried again, and then it is over for whoever kept the cookie, too
  cliOf(house)('client', 'unpause');
  await eventually(async () => {
    const question = await new Visitor().ask(`${house.base}/_vestibule/sign-out`, { headers: { cookie } });
    if (question.status === 303) return true; // the deletion that was on its way arrived after all
    if (question.status !== 200) return false;
    const again = form(question), out = ourForm(house, again);
    return (await new Visitor().ask(again.action, { ...out, headers: { ...out.headers, cookie } })).status === 303;
  }, 10);
  assert.equal((await new Visitor().ask(`${house.base}/`, { headers: { cookie } })).status, 302);
});

test('the sign-in page is never shown over a living session: who has one goes on, and after the sign-out the old cookie is nobody\'s (SEC-133)', async t => {
  const house = await startHouse(t, { change: c => { c.sign_in = { skip_if_single: false }; } });
  const { visitor, cookie } = await signedIn(house);
  const at = `${house.base}/_vestibule/sign-in?rd=%2Fx`;
  const asked = await visitor.ask(at);
  assert.deepEqual([asked.status, asked.headers.location], [302, '/x']);
  const f = form(await visitor.go(`${house.base}/_vestibule/sign-out`));
  assert.equal((await visitor.ask(f.action, ourForm(house, f))).status, 303);
  for (const headers of [{}, { cookie }]) {
    const page = await new Visitor().ask(at, { headers });
    assert.deepEqual([page.status, /class="provider"/.test(page.body)], [200, true], 'the page, for there is nobody');
    assert.equal((await new Visitor().ask(`${house.base}/x`, { headers })).status, 302);
    assert.equal((await new Visitor().ask(`${house.base}/_vestibule/me`, { navigate: false, headers })).status, 401);
  }
});

// ---- tokens gone wrong

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const now = () => Math.floor(Date.now() / 1000);
const wrong = {
  'another issuer': op => op.logoutToken({ sub: 'ada', iss: 'https://evil.example' }),
  'no issuer': op => op.logoutToken({ sub: 'ada', iss: undefined }),
  'another audience': op => op.logoutToken({ sub: 'ada', aud: 'somebody-else' }),
  'a further audience nobody trusts': op => op.logoutToken({ sub: 'ada', aud: ['gateway', 'somebody-else'] }),
  'no audience': op => op.logoutToken({ sub: 'ada', aud: undefined }),
  'no iat': op => op.logoutToken({ sub: 'ada', iat: undefined }),
  'an iat of tomorrow': op => op.logoutToken({ sub: 'ada', iat: now() + 86400, exp: now() + 90000 }),
  'an iat of an hour ago': op => op.logoutToken({ sub: 'ada', iat: now() - 3600 }),
  'an iat that is text': op => op.logoutToken({ sub: 'ada', iat: `${now()}` }),
  'an exp that has passed': op => op.logoutToken({ sub: 'ada', exp: now() - 120 }),
  'an exp that is text': op => op.logoutToken({ sub: 'ada', exp: 'never' }),
  'no jti': op => op.logoutToken({ sub: 'ada', jti: undefined }),
  'an empty jti': op => op.logoutToken({ sub: 'ada', jti: '' }),
  'a jti that is a number': op => op.logoutToken({ sub: 'ada', jti: 7 }),
  'no events': op => op.logoutToken({ sub: 'ada', events: undefined }),
  'another event': op => op.logoutToken({ sub: 'ada', events: { 'http://schemas.openid.net/event/other': {} } }),
  'events in a list': op => op.logoutToken({ sub: 'ada', events: [EVENT] }),
  'an event that is no object': op => op.logoutToken({ sub: 'ada', events: { [EVENT]: true } }),
  'a nonce': op => op.logoutToken({ sub: 'ada', nonce: 'n' }),
  'neither sub nor sid': op => op.logoutToken({}),
  'a sub that is a list': op => op.logoutToken({ sub: ['ada'] }),
  'an empty sub': op => op.logoutToken({ sub: '' }),
  'a sid that is a number': op => op.logoutToken({ sub: 'ada', sid: 1 }),
  'the typ of an access token': op => op.logoutToken({ sub: 'ada' }, { header: { typ: 'at+jwt' } }),
  'a critical header nobody knows': op => op.logoutToken({ sub: 'ada' }, { header: { crit: ['x'], x: 1 } }),
  'no algorithm': op => op.logoutToken({ sub: 'ada' }, { header: { alg: 'none' }, key: {} }),
  'an algorithm that is not allowed': op => op.logoutToken({ sub: 'ada' }, { header: { alg: 'RS256' }, key: { alg: 'RS256', privateKey: rsa } }),
  'a secret as key': op => op.logoutToken({ sub: 'ada' }, { header: { alg: 'HS256' }, key: { alg: 'HS256', secret: op.clientSecret } }),
  'a key of somebody else': op => op.logoutToken({ sub: 'ada' }, { key: { alg: 'ES256', privateKey: other } }),
  'a changed claim': op => op.logoutToken({ sub: 'ada' }).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ iss: op.issuer, aud: 'gateway', sub: 'ada', iat: now(), exp: now() + 120, jti: 'x', events: { [EVENT]: {} } })).toString('base64url')}.`),
  'an id_token': op => op.logoutToken({ sub: 'ada', events: undefined, nonce: 'n' }, { header: { typ: 'JWT' } }),
  'duplicate members': op => forgeText(op, `{"iss":"${op.issuer}","aud":"gateway","sub":"bob","sub":"ada","iat":${now()},"exp":${now() + 120},"jti":"dup","events":{"${EVENT}":{}}}`),
  'a payload that is a list': op => forgeText(op, '[]'),
  'not a token at all': () => 'logout',
  'nothing': () => '',
};
let forgeText;

test('a logout token with anything wrong in it signs nobody out (SEC-126)', async t => {
  const house = await startHouse(t);
  const { visitor } = await signedIn(house);
  forgeText = (op, text) => { const parts = op.logoutToken({}).split('.'); return `${parts[0]}.${Buffer.from(text).toString('base64url')}.${op.signText(`${parts[0]}.${Buffer.from(text).toString('base64url')}`)}`; };
  for (const [what, make] of Object.entries(wrong)) {
    const r = await post(house, make(house.op));
    assert.equal(r.status, 400, `${what}: ${r.status} ${r.body}`);
    assert.equal(r.headers['cache-control'], 'no-store', what);
    assert.equal(JSON.parse(r.body).error, 'invalid_request', what);
  }
  assert.equal(await stateOf(visitor, house.base), 200);
  const good = house.op.logoutToken({ sub: 'ada' });
  for (const body of [`logout_token=${good}&logout_token=${good}`, 'token=x', '', '%zz']) {
    assert.equal((await post(house, undefined, { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 400, body);
  }
  assert.equal((await post(house, undefined, { body: JSON.stringify({ logout_token: good }), headers: { 'content-type': 'application/json' } })).status, 400);
  assert.equal((await post(house, undefined, { method: 'GET' })).status, 405);
  assert.equal((await post(house, good, { id: 'another' })).status, 404);
  assert.equal(await stateOf(visitor, house.base), 200);
  const refused = await eventually(() => { const l = house.gw.log().filter(x => x.event === 'logout.refused'); return l.length >= Object.keys(wrong).length && l; });
  assert.ok(refused.every(l => l.provider === 'op' && l.cause.length > 10));
  assert.ok(!house.gw.log().some(l => JSON.stringify(l).includes(good.split('.')[1])), 'no token stands in a log');
});

test('a good logout token is taken once, with what the specification allows beside it (SEC-126, SEC-128)', async t => {
  const house = await startHouse(t);
  const { visitor } = await signedIn(house);
  const token = house.op.logoutToken({ sub: 'ada', aud: ['gateway'], unheard: { of: 1 }, events: { [EVENT]: { more: 1 } } }, { header: { typ: 'JWT' } });
  const r = await post(house, undefined, { body: { more: 'fields', logout_token: token } });
  assert.deepEqual([r.status, r.body, r.headers['cache-control'], r.headers['set-cookie']], [200, '', 'no-store', undefined]);
  assert.equal(await stateOf(visitor, house.base), 302);
  const again = await signedIn(house, '/', visitor);
  const second = await post(house, token);
  assert.equal(second.status, 400, 'the same token once more');
  assert.equal(await stateOf(again.visitor, house.base), 200);
  assert.equal((await post(house, house.op.logoutToken({ sub: 'ada', exp: undefined }))).status, 200, 'older providers send no exp');
  assert.equal(await stateOf(again.visitor, house.base), 302);
  assert.equal((await post(house, house.op.logoutToken({ sub: 'nobody-we-know' }))).status, 200, 'nobody to sign out is no failure');
  assert.equal(await house.metric('vestibule_provider_logouts_total{provider="op",channel="back_channel_logout",outcome="success"}'), 3);
  assert.equal(await house.metric('vestibule_provider_logouts_total{provider="op",channel="back_channel_logout",outcome="refused"}'), 1);
  assert.equal(await house.metric('vestibule_sessions_revoked_total{cause="back_channel_logout"}'), 2);
});

test('a sid ends one session, a sub all of them, and both together also the sessions of which no sid was told (SEC-127)', async t => {
  const people = [{ sub: 'ada', sid: 's1' }, { sub: 'ada', sid: 's2' }, { sub: 'ada' }, { sub: 'bob', sid: 's1b' }];
  const house = await startHouse(t, { who: () => people.shift() });
  const all = [];
  for (let i = 0; i < 4; i++) all.push((await signedIn(house)).visitor);
  const states = () => Promise.all(all.map(v => stateOf(v, house.base)));
  assert.equal((await post(house, house.op.logoutToken({ sid: 's1' }))).status, 200);
  assert.deepEqual(await states(), [302, 200, 200, 200]);
  assert.equal((await post(house, house.op.logoutToken({ sid: 's2', sub: 'ada' }))).status, 200);
  assert.deepEqual(await states(), [302, 302, 302, 200]);
  assert.equal((await post(house, house.op.logoutToken({ sub: 'bob' }))).status, 200);
  assert.deepEqual(await states(), [302, 302, 302, 302]);
});

test('a logout that comes while its person is still signing in wins, and the next sign-in is welcome (SEC-129)', async t => {
  for (const claims of [{ sub: 'ada' }, { sid: 's1' }, { sub: 'ada', sid: 's1' }]) {
    const house = await startHouse(t, { who: () => ({ sub: 'ada', sid: 's1' }) });
    await signedIn(house); // the provider's keys are known
    let letGo;
    house.op.hold = new Promise(ok => { letGo = ok; });
    const slow = new Visitor(), tokens = house.op.seen.token;
    const page = slow.go(`${house.base}/_vestibule/start/op`);
    await eventually(() => house.op.seen.token > tokens);
    assert.equal((await post(house, house.op.logoutToken(claims))).status, 200);
    letGo();
    const answer = await page;
    assert.equal(answer.status, 401, answer.body.slice(0, 300));
    assert.equal(slow.cookie('__Host-vestibule'), undefined, 'no session');
    assert.ok(await eventually(() => house.gw.log().some(l => l.event === 'signin.failed' && l.reason === 'session-ended')));
    house.op.hold = null;
    assert.equal((await slow.go(`${house.base}/_vestibule/start/op`)).status, 200);
    assert.equal(await stateOf(slow, house.base), 200);
  }
});

test('a store that does not answer fails the logout, and the same token may come again (SEC-128)', async t => {
  const house = await startHouse(t);
  const { visitor } = await signedIn(house);
  const token = house.op.logoutToken({ sub: 'ada' });
  cliOf(house)('client', 'pause', '1500', 'WRITE');
  const r = await post(house, token);
  assert.equal(r.status, 503);
  assert.deepEqual([r.headers['cache-control'], JSON.parse(r.body).error, r.headers['retry-after']], ['no-store', 'temporarily_unavailable', '5']);
  await eventually(async () => (await post(house, token)).status === 200);
  assert.equal(await stateOf(visitor, house.base), 302);
  assert.equal((await post(house, token)).status, 400);
});

test('a front-channel logout works by the sid, and only the provider may show it in a frame (SEC-130)', async t => {
  const people = [{ sub: 'ada', sid: 'front 1/é' }, { sub: 'ada', sid: 'front 2' }];
  const house = await startHouse(t, { who: () => people.shift() });
  const one = (await signedIn(house)).visitor, two = (await signedIn(house)).visitor;
  const go = (query, headers = {}) => new Visitor().ask(`${house.base}/_vestibule/frontchannel-logout/op${query}`, { headers });
  const iss = encodeURIComponent(house.op.issuer), sid = encodeURIComponent('front 1/é');
  for (const bad of ['', `?iss=${iss}`, `?sid=${sid}`, `?iss=https%3A%2F%2Fevil.example&sid=${sid}`, `?iss=${iss}&iss=${iss}&sid=${sid}`, `?iss=${iss}&sid=${sid}&sid=x`, `?iss=${iss}&sid=`]) {
    assert.equal((await go(bad)).status, 400, bad);
  }
  assert.equal(await stateOf(one, house.base), 200);
  const r = await go(`?iss=${iss}&sid=${sid}`, { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' });
  assert.equal(r.status, 200);
  assert.equal(r.headers['content-security-policy'], `default-src 'none'; frame-ancestors ${house.op.issuer}`);
  assert.equal(r.headers['cache-control'], 'no-store');
  assert.equal(r.headers['x-frame-options'], undefined);
  assert.equal(await stateOf(one, house.base), 302);
  assert.equal(await stateOf(two, house.base), 200);
  assert.equal((await go('?x=1')).headers['content-security-policy'].includes("frame-ancestors 'none'"), true);
});

test('what the store remembers of logouts tells nobody who they were about', async t => {
  const house = await startHouse(t, { who: () => ({ sub: 'canary-person', sid: 'canary-sid' }) });
  await signedIn(house);
  await post(house, house.op.logoutToken({ sub: 'canary-person', sid: 'canary-sid', jti: 'canary-jti' }));
  const cli = cliOf(house);
  const keys = cli('keys', '*').split('\n');
  assert.ok(keys.some(k => k.startsWith('vestibule:j:')) && keys.some(k => k.startsWith('vestibule:g:')), keys.join(' '));
  for (const key of keys) {
    assert.ok(Number(cli('pttl', key)) > 0, `${key} ends by itself`);
    assert.doesNotMatch(key, /canary/);
  }
  // Nor to who guesses: no name is a hash that needs no key of ours.
  for (const text of ['canary-person', 'op:canary-person', 'op:2:opcanary-person', 'u:2:opcanary-person', 'p:2:opcanary-sid', 'canary-sid', 'op:canary-sid']) {
    const hash = createHash('sha256').update(text).digest('base64url');
    assert.ok(!keys.some(k => k.includes(hash)), text);
  }
});

test('who tells us nonsense too often is not listened to for a while', async t => {
  const house = await startHouse(t, { change: c => { c.rate_limit = { auth_failures: '3/1m', sign_in: 'none', callback: 'none' }; } });
  const { visitor } = await signedIn(house);
  for (let i = 0; i < 3; i++) assert.equal((await post(house, 'nonsense')).status, 400);
  const r = await eventually(async () => { const q = await post(house, house.op.logoutToken({ sub: 'ada', iss: 'x' })); return q.status === 429 && q; });
  assert.ok(Number(r.headers['retry-after']) > 0);
  assert.equal((await new Visitor().ask(`${house.base}/_vestibule/frontchannel-logout/op?iss=x`)).status, 429);
  assert.equal(await stateOf(visitor, house.base), 200);
});
