// How often one address may try: sign-ins, callbacks, failures; over all replicas while Redis is there, by each process while it is not.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, signedIn, sleep, startHouse } from './lib/house.mjs';
import { Visitor } from './lib/visitor.mjs';

const limited = (limits, more = () => {}) => ({ change: c => { c.server.workers = 2; c.trusted_proxies = ['127.0.0.0/8']; c.rate_limit = limits; more(c); } });
const from = address => ({ headers: { 'x-forwarded-for': address } });
const start = (house, address, id = 'op') => new Visitor().ask(`${house.base}/_vestibule/start/${id}`, from(address));
const answers = async (many, ask) => { const all = []; for (let i = 0; i < many; i++) all.push((await ask(i)).status); return all; };

test('who begins too many sign-ins is asked to wait, on a page or as a problem, and nobody else is', async t => {
  const house = await startHouse(t, limited({ sign_in: '5/1m' }));
  assert.deepEqual(await answers(7, () => start(house, '192.0.2.1')), [302, 302, 302, 302, 302, 429, 429]);
  const page = await start(house, '192.0.2.1');
  const wait = Number(page.headers['retry-after']);
  assert.ok(wait >= 1 && wait <= 121, page.headers['retry-after']);
  assert.match(page.headers['content-type'], /text\/html/);
  assert.match(page.body, /Too many attempts/);
  assert.equal(page.headers['set-cookie'], undefined);
  assert.equal((await start(house, '192.0.2.2')).status, 302, 'another address');
  assert.deepEqual(await answers(6, i => start(house, `2001:db8:1:2::${i + 1}`)), [302, 302, 302, 302, 302, 429], 'a /64 is one subscriber');
  assert.equal((await start(house, '2001:db8:1:3::1')).status, 302);
  assert.equal((await new Visitor().ask(`${house.base}/_vestibule/sign-in`, from('192.0.2.1'))).status, 302, 'looking at the page is not trying');
  await eventually(() => house.told('rate.limited').length === 2);
  assert.deepEqual(house.told('rate.limited').map(l => [l.target, l.client_ip]), [['sign_in', '192.0.2.1'], ['sign_in', '2001:db8:1:2::6']], 'told once each');
  assert.equal(await house.metric('vestibule_rate_limited_total{limit="sign_in"}'), 4);
});

test('callbacks with junk are counted before anything is opened, and a person who is signed in notices nothing', async t => {
  const house = await startHouse(t, limited({ callback: '10/1m' }));
  const { visitor } = await signedIn(house);
  const junk = () => new Visitor().ask(`${house.base}/_vestibule/callback/op?code=x&state=${'y'.repeat(43)}`, from('192.0.2.9'));
  const all = await answers(40, junk);
  assert.deepEqual([all.filter(s => s === 400).length, all.filter(s => s === 429).length], [10, 30]);
  assert.equal((await visitor.ask(`${house.base}/x`, from('192.0.2.9'))).status, 200);
  assert.equal((await new Visitor().ask(`${house.base}/_vestibule/callback/op?code=x&state=${'y'.repeat(43)}`, { ...from('192.0.2.10'), navigate: false })).status, 400);
  const problem = await new Visitor().ask(`${house.base}/_vestibule/callback/op?code=x&state=z`, { ...from('192.0.2.9'), navigate: false });
  assert.equal(JSON.parse(problem.body).code, 'rate-limited');
  assert.ok(Number(problem.headers['retry-after']) > 0);
});

test('after too many failures of an address no further token or callback is looked at; tokens that are known pass', async t => {
  const now = Math.floor(Date.now() / 1000), audience = 'https://api.example.com';
  const house = await startHouse(t, limited({ auth_failures: '8/1m' }, c => {
    c.server.workers = 1;
    c.bearer_issuers = [{ id: 'machines', issuer: c.providers[0].issuer, audiences: [audience], allow_private: true }];
    c.access = [{ id: 'api', path: '/api/**', allow: 'signed_in', bearer: ['machines'] }, { path: '/**', allow: 'signed_in' }];
  }));
  const token = (claims = {}) => house.op.signed({ iss: house.op.issuer, aud: audience, sub: 'robot', iat: now, exp: now + 300, ...claims }, { typ: 'at+jwt' });
  const show = (value, address) => new Visitor().ask(`${house.base}/api/x`, { navigate: false, headers: { 'x-forwarded-for': address, authorization: `Bearer ${value}` } });
  const known = token({ jti: 'known' });
  assert.equal((await show(known, '192.0.2.1')).status, 200);
  assert.deepEqual(await answers(10, i => show(token({ aud: `other-${i}` }), '192.0.2.1')), [401, 401, 401, 401, 401, 401, 401, 401, 429, 429]);
  const fresh = await show(token({ jti: 'fresh' }), '192.0.2.1');
  assert.equal(fresh.status, 429, 'whether it is good is not looked at');
  assert.ok(Number(fresh.headers['retry-after']) > 0);
  assert.equal((await show(known, '192.0.2.1')).status, 200);
  assert.equal((await show(token({ jti: 'fresh' }), '192.0.2.2')).status, 200);
  assert.equal((await new Visitor().ask(`${house.base}/_vestibule/callback/op?code=x&state=z`, from('192.0.2.1'))).status, 429, 'one count for all ways to fail');
});

test('a page of somebody else that makes a visitor\'s browser fail uses up nothing of the visitor\'s, and programs cannot hide behind a browser\'s words', async t => {
  const house = await startHouse(t, limited({ callback: '10/1m', auth_failures: '10/1m' }));
  const by = (address, dest, mode) => ({ headers: { ...from(address).headers, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': dest, 'sec-fetch-mode': mode } });
  const callback = `${house.base}/_vestibule/callback/op?code=x&state=${'y'.repeat(43)}`;
  const told = `${house.base}/_vestibule/backchannel-logout/op`, framed = `${house.base}/_vestibule/frontchannel-logout/op?iss=x&sid=y`;
  const visitor = '192.0.2.1';
  for (const [dest, mode] of [['image', 'no-cors'], ['iframe', 'navigate'], ['empty', 'no-cors'], ['script', 'no-cors']])
    assert.deepEqual([...new Set(await answers(12, () => new Visitor().ask(callback, by(visitor, dest, mode))))], [401], dest);
  assert.deepEqual([...new Set(await answers(12, () => new Visitor().ask(told, { ...by(visitor, 'empty', 'no-cors'), method: 'POST', body: { logout_token: 'x' } })))], [400]);
  assert.deepEqual([...new Set(await answers(12, () => new Visitor().ask(framed, by(visitor, 'iframe', 'navigate'))))], [400]);
  const person = new Visitor({ headers: from(visitor).headers });
  assert.equal((await person.go(`${house.base}/_vestibule/start/op`)).status, 200);
  // a picture is not only not counted, it has no effect
  const out = await person.ask(`${house.base}/_vestibule/start/op`), back = (await person.ask(out.location)).location;
  const tokens = house.op.seen.token;
  assert.deepEqual([(await person.ask(back, by(visitor, 'image', 'no-cors'))).status, house.op.seen.token], [401, tokens]);
  assert.equal((await person.ask(back)).status, 303);
  // a server that speaks for a platform says nothing of fetching, and is counted
  const server = await answers(12, () => new Visitor().ask(told, { ...from('192.0.2.2'), navigate: false, method: 'POST', body: { logout_token: 'x' } }));
  assert.deepEqual([server.filter(s => s === 400).length, server.filter(s => s === 429).length], [10, 2]);
});

test('replicas count together', async t => {
  const one = await startHouse(t, limited({ sign_in: '6/1m' }));
  const two = await startHouse(t, { ...limited({ sign_in: '6/1m' }), like: one });
  const at = (house, address) => new Visitor().ask(`http://127.0.0.1:${house.port}/_vestibule/start/op`, { headers: { 'x-forwarded-for': address, 'x-forwarded-host': new URL(one.base).host } });
  assert.deepEqual(await answers(6, () => at(one, '192.0.2.1')), [302, 302, 302, 302, 302, 302]);
  await sleep(1000);
  assert.equal((await at(two, '192.0.2.1')).status, 302, 'this one learns with its own first count');
  await eventually(async () => (await at(two, '192.0.2.1')).status === 429, 5);
  assert.equal((await at(two, '192.0.2.2')).status, 302);
});

test('without Redis each process goes on counting, and sign-ins still begin', async t => {
  const house = await startHouse(t, limited({ sign_in: '5/1m' }));
  await house.redis.stop('SIGKILL');
  assert.deepEqual(await answers(7, () => start(house, '192.0.2.1')), [302, 302, 302, 302, 302, 429, 429]);
  assert.equal((await start(house, '192.0.2.2')).status, 302);
});

test('a provider that allows so many sign-ins gets no more, whoever begins them, and others are not slowed down', async t => {
  const house = await startHouse(t, limited({ sign_in: 'none', provider: '4/1m' }, c => { c.providers.push({ ...c.providers[0], id: 'other' }); }));
  assert.deepEqual(await answers(6, i => start(house, `192.0.2.${i + 1}`)), [302, 302, 302, 302, 429, 429]);
  assert.equal((await start(house, '192.0.2.1', 'other')).status, 302);
});
