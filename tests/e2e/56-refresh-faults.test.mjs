// What a token endpoint may answer to a refresh on its bad days: nobody is signed out, nothing of it is believed, nothing secret is told, and the
// next time it goes on with the refresh token there was.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, sleep } from './lib/parts.mjs';
import { street } from './lib/street.mjs';
import { replies } from './lib/hostile.mjs';

const tokens = JSON.stringify({ access_token: 'hostile-access', token_type: 'Bearer', expires_in: 300, refresh_token: 'hostile-refresh' });
const said = (body, status = 200, type = 'application/json') => r => replies.text(typeof body === 'string' ? body : JSON.stringify(body), type, status)(r);
const of = reply => r => reply(r, tokens);

// Those that make the provider look away stand between others: three in a row, and it is not asked any more.
const faults = {
  'a page with 200': of(replies.html()),
  '502': of(replies.html(502)),
  'an empty object': said({}),
  'silence': of(replies.silent()),
  'a list': said('[]'),
  'the connection reset': of(replies.reset()),
  'no JSON': said('{"access_token":'),
  'a token with a line break': said({ ...JSON.parse(tokens), access_token: 'a\r\nx-auth-user: mallory' }),
  'one byte at a time': of(replies.trickle()),
  'a token that is a number': said({ ...JSON.parse(tokens), access_token: 5 }),
  'the connection cut inside the answer': of(replies.cut()),
  'an access_token twice': said(`{"access_token":"x",${tokens.slice(1)}`),
  'a token of another type': said({ ...JSON.parse(tokens), token_type: 'mac' }),
  'an answer of 8 MB': of(replies.huge()),
  'an answer without end': of(replies.endless()),
  'no HTTP': of(replies.garbage()),
  'a bomb of gzip': of(replies.bomb()),
  'a redirect': of(replies.redirect('http://127.0.0.1:1/elsewhere')),
  'invalid_client': said({ error: 'invalid_client' }, 401),
  'a word nobody knows, with what was sent': null,
  'an error that is an object': said({ error: { message: 'no' } }, 400),
};

test('whatever the token endpoint answers to a refresh, nobody is signed out and nothing of it is believed', async t => {
  const s = await street(t, { op: { life: 1 }, provider: { timeout: '700ms' } });
  const [house] = s.houses, people = {};
  for (const [i, name] of Object.keys(faults).entries()) { s.op.who = `person-${i}`; people[name] = await s.another(); }
  await sleep(1300);
  s.op.life = 60;
  for (const [name, cookie] of Object.entries(people)) {
    s.op.refreshes.length = 0;
    let sent;
    s.op.answer = (r, say, honest, ask) => { sent = ask.refresh_token; (faults[name] ?? said({ error: 'strange', error_description: `you sent ${sent}` }, 400))(r); };
    const r = await s.ask(house, '/app', { cookie });
    assert.equal(r.status, 200, `${name}: ${r.body.slice(0, 200)}`);
    assert.match(r.seen.headers['x-auth-user'], /^op:person-\d+$/, name);
    assert.equal(r.token, undefined, name);
    assert.equal(s.op.refreshes.length, 1, name);
    assert.match(sent, /^refresh-canary/, name);
  }
  const told = house.told('token.refresh_failed');
  assert.equal(told.length, Object.keys(faults).length, 'one audit record each');
  assert.ok(told.every(l => /^provider-(away|broken|misconfigured)$/.test(l.reason)), JSON.stringify(told.map(l => l.reason)));
  assert.equal(house.told('session.revoked').length, 0);
  assert.doesNotMatch(house.gw.out + house.gw.err, /(access|refresh)-canary-[0-9a-f]{24}|hostile-(access|refresh)/);
  s.op.answer = null;
  for (const [name, cookie] of Object.entries(people)) {
    const r = await eventually(async () => { const a = await s.ask(house, '/app', { cookie }); return a.token && a; }, 12, 100).catch(e => { throw new Error(`${name}: ${e.message}`); });
    assert.ok(s.op.isGood(r.token), name);
  }
  assert.equal(s.op.reuses, 0);
  assert.equal((await house.gw.stop()).code, 0);
});

test('a provider that has had too much is not asked for anybody until its time is over, and nobody is signed out', async t => {
  const s = await street(t, { op: { life: 1 } });
  s.op.who = 'bob';
  const bob = await s.another();
  await sleep(1300);
  s.op.refreshes.length = 0;
  s.op.answer = r => { r.writeHead(429, { 'retry-after': '99999999999', 'content-type': 'application/json' }); r.end('{}'); };
  for (const cookie of [s.cookie, bob, s.cookie, bob]) {
    const r = await s.ask(s.houses[0], '/app', { cookie });
    assert.equal(r.status, 200);
    assert.equal(r.token, undefined);
  }
  assert.equal(s.op.refreshes.length, 1);
});
