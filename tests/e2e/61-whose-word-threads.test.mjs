// A session is the word of a provider: when the provider goes from the configuration, or its id stands for another issuer, the word goes too.
import test from 'node:test';
import assert from 'node:assert/strict';
import { signedIn, startHouse } from './lib/house.mjs';
import { Visitor } from './lib/visitor.mjs';

const copy = config => JSON.parse(JSON.stringify(config));

test('sessions of a provider that is taken out, or whose id is given to another issuer, are over at the reload; put back, they hold again', async t => {
  const house = await startHouse(t);
  const { visitor } = await signedIn(house);
  const look = () => visitor.ask(`${house.base}/`, { navigate: false, headers: { accept: 'application/json' } });
  assert.equal((await look()).status, 200);
  const me = () => visitor.ask(`${house.base}/_vestibule/me`, { navigate: false, headers: { accept: 'application/json' } });
  for (const change of [p => { p.id = 'renamed'; }, p => { p.issuer = `${p.issuer}/other`; }]) {
    const next = copy(house.config);
    change(next.providers[0]);
    assert.equal((await house.reload(next)).event, 'config.reloaded');
    const answer = await look();
    assert.equal(answer.status, 401);
    assert.match(answer.body, /session-ended/);
    assert.equal(answer.headers['set-cookie'], undefined, 'the cookie is left alone');
    assert.equal((await me()).status, 401);
    assert.equal((await house.reload(copy(house.config))).event, 'config.reloaded');
    assert.equal((await look()).status, 200);
  }
  const seen = house.backend.seen.filter(r => r.headers['x-auth-user'] !== undefined);
  assert.ok(seen.length > 0 && seen.every(r => r.headers['x-auth-user'].startsWith('op:')));
});

test('with same_site strict a sign-in ends on a page that goes on by itself: browsers send no such cookie along a redirect that another site began', async t => {
  const house = await startHouse(t, { change: c => { c.cookie = { same_site: 'strict' }; } });
  const visitor = new Visitor();
  const page = await visitor.go(`${house.base}/_vestibule/start/op?rd=${encodeURIComponent('/q?a="&b=<x>')}`);
  assert.equal(page.status, 200);
  assert.equal(page.url.pathname, '/_vestibule/callback/op');
  assert.equal(page.headers.refresh, '0; url=/q?a=%22&b=%3Cx%3E');
  assert.match(page.body, /href="\/q\?a=%22&amp;b=%3Cx%3E"/);
  assert.match(page.headers['content-security-policy'], /default-src 'none'/);
  assert.equal(page.headers['cache-control'], 'no-store');
  assert.match(String(page.headers['set-cookie']), /__Host-vestibule=[^;]+;[^,]*SameSite=Strict/);
  assert.equal((await visitor.ask(`${house.base}/q`)).status, 200);
});
