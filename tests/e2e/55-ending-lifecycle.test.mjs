// A platform says that a person took back what they had allowed, or wants to be forgotten: signed with the client secret, carried out everywhere, shown to
// the person. What is wrong with such a word ends nobody's session.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signedRequest } from '../emulators/signed_request.mjs';
import { Visitor } from './lib/visitor.mjs';
import { eventually, signedIn, startHouse } from './lib/house.mjs';

const file = `extends: oidc
id: shop
name: The Shop
lifecycle:
  deauthorize: { type: signed_request, issued_at: /issued_at, max_age_s: 600 }
  data_deletion: { type: signed_request, issued_at: /issued_at, max_age_s: 600 }
`;

async function shop(t, { who = () => 'ada', like } = {}) {
  return startHouse(t, { who, like, change: (c, { dir }) => {
    mkdirSync(join(dir, 'providers'), { recursive: true });
    writeFileSync(join(dir, 'providers', 'shop.yaml'), file);
    c.provider_folder = join(dir, 'providers');
    c.providers[0] = { ...c.providers[0], use: 'shop', tokens: 'session' };
  } });
}

const post = (house, what, body, more = {}) => new Visitor().ask(`${house.at}/_vestibule/${what}/${more.id ?? 'op'}`, { method: more.method ?? 'POST', navigate: false,
  headers: { host: new URL(house.base).host, ...more.headers }, body });
const sign = (house, payload, more) => signedRequest(house.op.clientSecret, payload, more);
const state = async (house, p, at = house) => (await new Visitor().ask(`${at.at}/`, { headers: { cookie: p.cookie, host: new URL(house.base).host } })).status;
const cli = (house, ...words) => execFileSync('redis-cli', ['-p', String(house.redis.port), ...words], { encoding: 'utf8' }).trim();

test('who took back what they allowed is signed out of every gateway, and the tokens are gone', async t => {
  const people = ['ada', 'ada', 'bob'];
  const one = await shop(t, { who: () => people.shift() }), two = await shop(t, { like: one });
  const all = [];
  for (let i = 0; i < 3; i++) all.push(await signedIn(one));
  for (const p of all) assert.equal(await state(one, p, two), 200);
  assert.equal(cli(one, 'keys', 'vestibule:t:*').split('\n').length, 3, 'tokens are kept');
  const word = sign(one, { user_id: 'ada' });
  const r = await post(two, 'deauthorize', { signed_request: word }, {});
  assert.deepEqual([r.status, r.body, r.headers['cache-control']], [200, '', 'no-store']);
  for (const at of [one, two]) assert.deepEqual(await Promise.all(all.map(p => state(one, p, at))), [302, 302, 200]);
  assert.equal(cli(one, 'keys', 'vestibule:t:*').split('\n').length, 1);
  const audit = await eventually(() => { const l = two.gw.log().filter(x => x.stream === 'audit' && (x.event.startsWith('lifecycle') || x.event === 'session.revoked')); return l.length >= 3 && l; });
  assert.deepEqual(audit.map(l => [l.event, l.actor, l.provider, l.subject, l.reason]), [['lifecycle.told', 'op', 'op', 'ada', 'deauthorize'],
    ['session.revoked', 'op', 'op', 'ada', 'deauthorize'], ['session.revoked', 'op', 'op', 'ada', 'deauthorize']]);
  // the same word once more ends nothing
  people.push('ada');
  const again = await signedIn(one);
  assert.equal((await post(one, 'deauthorize', { signed_request: word })).status, 200);
  assert.equal(await state(one, again), 200);
  assert.equal(await one.metric('vestibule_lifecycle_requests_total{provider="op",kind="deauthorize",outcome="repeated"}'), 1);
});

test('a deletion is carried out, answered with a code, and the code shows what became of it', async t => {
  const house = await shop(t);
  const person = await signedIn(house), word = sign(house, { user_id: 'ada' });
  const r = await post(house, 'data-deletion', { signed_request: word });
  assert.equal(r.status, 200);
  assert.match(r.headers['content-type'], /^application\/json/);
  const { url, confirmation_code: code, ...more } = JSON.parse(r.body);
  assert.deepEqual(more, {});
  assert.equal(url, `${house.base}/_vestibule/data-deletion/status?code=${code}`);
  assert.match(code, /^[\w-]{22}$/);
  assert.equal(await state(house, person), 302);
  const page = await new Visitor().go(url);
  assert.equal(page.status, 200);
  const text = page.body.replace(/<[^>]+>/g, '').replace(/\s+/g, ' ');
  for (const words of ['Your data has been deleted', 'The Provider', new Date().toISOString().slice(0, 10), code]) assert.ok(text.includes(words), `${words}: ${text}`);
  assert.match((await new Visitor({ headers: { 'accept-language': 'ar' } }).go(url)).body, /<html lang="ar" dir="rtl">/);
  const repeated = JSON.parse((await post(house, 'data-deletion', { signed_request: word })).body);
  assert.equal(repeated.confirmation_code, code, 'the same word has the same answer');
  for (const wrong of ['', '?code=', '?code=nobody', `?code=${code}&code=${code}`, `?code=${code}x`, `?code=${'a'.repeat(500)}`]) {
    assert.equal((await new Visitor().ask(`${house.base}/_vestibule/data-deletion/status${wrong}`)).status, 404, wrong);
  }
  for (const key of cli(house, 'keys', 'vestibule:[dj]:*').split('\n')) {
    assert.ok(Number(cli(house, 'pttl', key)) > 0);
    assert.doesNotMatch(key + cli(house, 'get', key).replace(code, ''), /ada|[\w-]{43}\./);
  }
});

test('a word with anything wrong in it ends nobody\'s session', async t => {
  const house = await shop(t);
  const person = await signedIn(house), now = Math.floor(Date.now() / 1000), secret = house.op.clientSecret;
  const good = sign(house, { user_id: 'ada' });
  const bent = { 'another secret': signedRequest('another', { user_id: 'ada' }), 'no secret': signedRequest('', { user_id: 'ada' }), 'no algorithm': sign(house, { user_id: 'ada', algorithm: undefined }),
    'another algorithm': sign(house, { user_id: 'ada' }, { algorithm: 'HMAC-SHA1' }), 'algorithm none': sign(house, { user_id: 'ada' }, { algorithm: 'none' }),
    'an hour old': sign(house, { user_id: 'ada' }, { now: now - 3600 }), 'of tomorrow': sign(house, { user_id: 'ada' }, { now: now + 86400 }), 'without a time': sign(house, { user_id: 'ada', issued_at: undefined }),
    'expired': sign(house, { user_id: 'ada', expires: now - 120 }), 'nobody': sign(house, {}), 'somebody who is a list': sign(house, { user_id: ['ada'] }), 'not JSON': sign(house, {}, { text: '{' }),
    'two of one name': sign(house, {}, { text: `{"algorithm":"HMAC-SHA256","issued_at":${now},"user_id":"bob","user_id":"ada"}` }), 'one part': good.split('.')[1], 'three parts': `${good}.x`,
    'parts the wrong way round': good.split('.').reverse().join('.'), 'a signature in hex': `${createHmac('sha256', secret).update(good.split('.')[1]).digest('hex')}.${good.split('.')[1]}`,
    'padding': good.replace('.', '=.'), 'empty': '' };
  for (const [what, word] of Object.entries(bent)) {
    for (const kind of ['deauthorize', 'data-deletion']) {
      const r = await post(house, kind, { signed_request: word });
      assert.equal(r.status, 400, `${kind}, ${what}: ${r.status} ${r.body}`);
      assert.deepEqual([r.headers['cache-control'], JSON.parse(r.body).error], ['no-store', 'invalid_request']);
    }
  }
  const type = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  assert.equal((await post(house, 'deauthorize', `signed_request=${good}&signed_request=${good}`, type)).status, 400);
  assert.equal((await post(house, 'deauthorize', JSON.stringify({ signed_request: good }), { headers: { 'content-type': 'application/json' } })).status, 400);
  assert.equal((await post(house, 'deauthorize', undefined, { method: 'GET' })).status, 405);
  assert.equal((await post(house, 'deauthorize', { signed_request: good }, { id: 'nobody' })).status, 404);
  assert.equal(await state(house, person), 200);
  assert.equal(house.told('session.revoked').length, 0);
  assert.ok(house.told('lifecycle.refused').length >= 2 * Object.keys(bent).length);
  assert.ok(!(house.gw.out + house.gw.err).includes(good.split('.')[0]));
});

test('a provider that declares nothing of the kind has no such address; a store that is away fails it', async t => {
  const plain = await startHouse(t);
  for (const kind of ['deauthorize', 'data-deletion']) assert.equal((await post(plain, kind, { signed_request: sign(plain, { user_id: 'ada' }) })).status, 404);
  const house = await shop(t);
  await signedIn(house);
  await house.redis.stop('SIGKILL');
  const r = await post(house, 'data-deletion', { signed_request: sign(house, { user_id: 'ada' }) });
  assert.deepEqual([r.status, JSON.parse(r.body).error], [503, 'temporarily_unavailable']);
});
