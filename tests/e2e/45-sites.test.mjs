// Several public addresses on one gateway: each with its people, its pages and its choice of providers, and no session goes from one to another.
import test from 'node:test';
import assert from 'node:assert/strict';
import { startHouse } from './lib/house.mjs';
import { startHonest } from './lib/honest.mjs';
import { Visitor } from './lib/visitor.mjs';

async function twoSites(t) {
  const second = await startHonest(t);
  const house = await startHouse(t, { change: (config, { port }) => {
    config.trusted_proxies = ['127.0.0.1'];
    config.server.https_redirect = false;
    config.providers.push({ use: 'oidc', id: 'other', name: 'The Other', issuer: second.issuer, client_id: second.clientId, client_secret: second.clientSecret, allow_private: true });
    config.sign_in = { name: 'First House', skip_if_single: false };
    config.access = [{ path: '/public/**', allow: 'everyone' }, { path: '/**', allow: 'signed_in' }];
    config.sites = [
      { id: 'two', public_url: `http://127.0.0.1:${port}`, name: 'Second House', providers: ['other', 'op'] },
      { id: 'three', public_url: 'https://auth.example.net', cookie_domain: 'example.net', providers: ['other'], redirects: ['https://*.example.net'] },
    ];
  } });
  return Object.assign(house, { second, two: `http://127.0.0.1:${house.port}` });
}

const script = { headers: { accept: 'application/json', 'sec-fetch-mode': 'cors' }, navigate: false };

test('each site has its own page, providers in its own order, redirect URIs and sign-ins', async t => {
  const h = await twoSites(t);
  const v = new Visitor();
  const [one, two] = [await v.ask(`${h.base}/_vestibule/sign-in`), await v.ask(`${h.two}/_vestibule/sign-in`)];
  assert.match(one.body, /First House/);
  assert.match(two.body, /Second House/);
  assert.ok(!two.body.includes('First House'));
  assert.ok(one.body.indexOf('The Provider') < one.body.indexOf('The Other'));
  assert.ok(two.body.indexOf('The Other') < two.body.indexOf('The Provider'));
  for (const [base, id] of [[h.base, 'op'], [h.two, 'op'], [h.two, 'other']]) {
    const start = await v.ask(`${base}/_vestibule/start/${id}`);
    assert.equal(start.location.searchParams.get('redirect_uri'), `${base}/_vestibule/callback/${id}`);
    const page = await v.go(`${base}/_vestibule/start/${id}?rd=/reports`);
    assert.equal(page.url.href, `${base}/reports`);
    assert.equal(h.backend.seen.at(-1).headers['x-auth-user'], `${id}:ada`);
  }
  // a host that is nobody's is not served
  assert.equal((await v.ask(`${h.base}/_vestibule/sign-in`, { headers: { host: 'elsewhere.example' } })).status, 421);
});

test('a session of one site is nobody on another, and neither is a sign-in that was begun there', async t => {
  const h = await twoSites(t);
  const v = new Visitor();
  await v.go(`${h.base}/_vestibule/start/op?rd=/public/x`);
  const cookie = `__Host-vestibule=${v.cookie('__Host-vestibule')}`;
  const ask = (base, path, c, more = {}) => new Visitor().ask(`${base}${path}`, { ...script, headers: { ...script.headers, cookie: c, ...more } });
  for (const path of ['/reports', '/_vestibule/me', '/_vestibule/session']) {
    assert.equal((await ask(h.base, path, cookie)).status, 200, path);
    assert.equal((await ask(h.two, path, cookie)).status, 401, path);
    assert.equal((await ask(h.base, path, cookie, { host: 'auth.example.net', 'x-forwarded-proto': 'https' })).status, 401, path);
    assert.equal((await ask(h.base, path, cookie.replace('__Host-', '__Secure-'), { host: 'auth.example.net', 'x-forwarded-proto': 'https' })).status, 401, path);
  }
  const there = new Visitor();
  await there.go(`${h.two}/_vestibule/start/op?rd=/public/x`);
  const theirs = `__Host-vestibule=${there.cookie('__Host-vestibule')}`;
  assert.equal((await ask(h.two, '/reports', theirs)).status, 200);
  assert.equal((await ask(h.base, '/reports', theirs)).status, 401);
  // the callback of one with the attempt of the other
  const third = new Visitor();
  const start = await third.ask(`${h.base}/_vestibule/start/op`);
  const answer = await third.ask(start.location);
  const attempt = third.jar.filter(c => c.name.includes('-tx-')).map(c => `${c.name}=${c.value}`).join('; ');
  const crossed = await new Visitor().ask(`${h.two}${answer.location.pathname}${answer.location.search}`, { headers: { cookie: attempt } });
  assert.equal(crossed.status, 400);
  assert.ok(!String(crossed.headers['set-cookie']).includes('__Host-vestibule=ey'));
  // signing out there leaves this one alone
  assert.equal((await there.ask(`${h.two}/_vestibule/session`, { method: 'DELETE', navigate: false, headers: { 'sec-fetch-site': 'same-origin' } })).status, 204);
  assert.equal((await ask(h.two, '/reports', theirs)).status, 401);
  assert.equal((await ask(h.base, '/reports', cookie)).status, 200);
});

test('a site with a cookie domain: its cookie reaches the hosts below, a front proxy asks there in its name, and other sites\' providers are none', async t => {
  const h = await twoSites(t);
  const at = { host: 'auth.example.net', 'x-forwarded-proto': 'https' };
  const nobody = new Visitor();
  assert.equal((await nobody.ask(`${h.base}/_vestibule/start/op`, { headers: at })).status, 404);
  const start = await nobody.ask(`${h.base}/_vestibule/start/other?rd=${encodeURIComponent('https://app.example.net/x')}`, { headers: at });
  assert.equal(start.location.searchParams.get('redirect_uri'), 'https://auth.example.net/_vestibule/callback/other');
  const attempt = /^(__Host-vestibule-tx-[^;]*)/.exec(start.headers['set-cookie'].find(c => c.includes('-tx-')))[1];
  const answer = await new Visitor().ask(start.location);
  const done = await new Visitor().ask(`${h.base}${answer.location.pathname}${answer.location.search}`, { headers: { ...at, cookie: attempt } });
  assert.deepEqual([done.status, done.headers.location], [303, 'https://app.example.net/x']);
  const line = done.headers['set-cookie'].find(c => c.startsWith('__Secure-vestibule='));
  assert.match(line, /; Domain=example\.net/i);
  const cookie = line.split(';')[0];
  const ask = (host, path, c) => new Visitor().ask(`${h.base}/_vestibule/auth/forward`, { navigate: true, headers: { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'https', 'x-forwarded-host': host, 'x-forwarded-uri': path, cookie: c ?? '' } });
  const yes = await ask('app.example.net', '/reports', cookie);
  assert.deepEqual([yes.status, yes.headers['x-auth-user']], [200, 'other:ada']);
  const no = await ask('deep.app.example.net', '/reports?x=1');
  assert.equal(no.headers.location, `https://auth.example.net/_vestibule/sign-in?rd=${encodeURIComponent('https://deep.app.example.net/reports?x=1')}`);
  assert.equal((await ask(`localhost:${h.port}`, '/reports', cookie)).status, 302, 'not at the first site');
  assert.equal((await ask('app.example.org', '/public/x', cookie)).status, 421);
  // the cookie is the gateway's everywhere: no backend sees it
  await new Visitor().ask(`${h.base}/public/x`, { headers: { cookie: `${cookie}; theme=dark` } });
  assert.equal(h.backend.seen.at(-1).headers.cookie, 'theme=dark');
  const out = await new Visitor().ask(`${h.base}/_vestibule/session`, { method: 'DELETE', navigate: false, headers: { ...at, cookie, 'sec-fetch-site': 'same-origin' } });
  assert.equal(out.status, 204);
  assert.match(String(out.headers['set-cookie']), /^__Secure-vestibule=;.*Domain=example\.net/i);
  assert.equal((await ask('app.example.net', '/reports', cookie)).status, 302);
});

test('a reload may add a site and take one away', async t => {
  const h = await twoSites(t);
  const v = new Visitor();
  await v.go(`${h.two}/_vestibule/start/op?rd=/public/x`);
  assert.equal((await v.ask(`${h.two}/reports`, script)).status, 200);
  const sites = h.config.sites;
  await h.reload({ ...h.config, sites: [] });
  assert.equal((await v.ask(`${h.two}/_vestibule/me`, script)).status, 421);
  await h.reload({ ...h.config, sites: [{ ...sites[1] }, { ...sites[0] }] });
  assert.equal((await v.ask(`${h.two}/reports`, script)).status, 200, 'its people are still signed in: a site is its id, not its place');
});
