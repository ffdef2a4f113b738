// Installations that exist: another gateway stood behind this front proxy until yesterday, and the proxy's file is not touched.
import test from 'node:test';
import assert from 'node:assert/strict';
import { behind, passes, told } from './lib/behind.mjs';
import { nginxWith } from './lib/fronts.mjs';
import { Visitor } from './lib/visitor.mjs';
import { startHouse, yaml } from './lib/house.mjs';
import { binary, folder } from './lib/parts.mjs';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

// nginx as it was set up for oauth2-proxy; `refused` is what it does with a 401.
const oauth2Proxy = refused => (t, { port, gateway, app }) => nginxWith(t, `
server {
  listen 127.0.0.1:${port};
  server_name localhost;
  location /oauth2/ {
    proxy_pass       http://127.0.0.1:${gateway};
    proxy_set_header Host                    $http_host;
    proxy_set_header X-Real-IP               $remote_addr;
    proxy_set_header X-Auth-Request-Redirect $request_uri;
  }
  location = /oauth2/auth {
    proxy_pass       http://127.0.0.1:${gateway};
    proxy_set_header Host            $http_host;
    proxy_set_header X-Real-IP       $remote_addr;
    proxy_set_header X-Forwarded-Uri $request_uri;
    proxy_set_header Content-Length  "";
    proxy_pass_request_body          off;
  }
  ${refused.location ?? ''}
  location / {
    auth_request /oauth2/auth;
    error_page 401 ${refused.page};
    auth_request_set $user   $upstream_http_x_auth_request_user;
    auth_request_set $email  $upstream_http_x_auth_request_email;
    auth_request_set $cookie $upstream_http_set_cookie;
    add_header Set-Cookie $cookie;
    proxy_set_header X-User  $user;
    proxy_set_header X-Email $email;
    proxy_set_header Host    $http_host;
    proxy_pass http://127.0.0.1:${app}/;
  }
}`, port);

const asOauth2Proxy = config => {
  config.compat = ['oauth2-proxy'];
  config.access = [{ path: '/**', allow: { email_domains: ['example.test'] } }];
};
const names = { user: 'x-user', email: 'x-email', assertion: null, says: 'ada', narrow: false, ambiguous: false, keepsCookie: false, prefix: '/oauth2',
  spoof: { 'X-User': 'root', 'x-email': 'root@example.test', X_User: 'root' } };

test('oauth2-proxy behind auth_request with its sign-in page as the error page: the old file passes the story', async t => {
  const house = await behind(t, oauth2Proxy({ page: '= /oauth2/sign_in' }), { change: asOauth2Proxy });
  const click = /href="([^"]*\/oauth2\/start\/op[^"]*)"/;
  await passes(house, { ...names, click, refused: r => r.status >= 300 || click.test(r.body) });
});

test('oauth2-proxy behind auth_request with a redirect to start, unescaped as in its manual: back to the exact address', async t => {
  const house = await behind(t, oauth2Proxy({ page: '= @start', location: 'location @start { return 302 /oauth2/start?rd=$scheme://$http_host$request_uri; }' }), { change: asOauth2Proxy });
  const page = await new Visitor().go(`${house.base}/reports?x=1&y=%2F`);
  assert.deepEqual([page.status, page.url.href], [200, `${house.base}/reports?x=1&y=%2F`]);
});

test('oauth2-proxy behind auth_request with the sign-in page under 403: the page leads on, and back to the exact address', async t => {
  const house = await behind(t, oauth2Proxy({ page: '=403 /oauth2/sign_in' }), { change: asOauth2Proxy });
  const ada = new Visitor();
  const page = await ada.go(`${house.base}/reports?x=1&y=%2F`);
  assert.equal(page.status, 403);
  const href = /href="([^"]*\/oauth2\/start\/op[^"]*)"/.exec(page.body)[1].replaceAll('&amp;', '&');
  const css = /href="([^"]*\.css)"/.exec(page.body)[1];
  assert.equal((await ada.ask(new URL(css, house.base))).status, 200);
  const back = await ada.go(new URL(href, house.base));
  assert.equal(back.url.href, `${house.base}/reports?x=1&y=%2F`);
  assert.deepEqual(told(house.app.seen.at(-1), 'x-user'), ['ada']);
});

test('SEC-123 SEC-134, oauth2-proxy: each old address answers as it did, and signing out is no other site\'s affair', async t => {
  const house = await behind(t, oauth2Proxy({ page: '= /oauth2/sign_in' }), { change: asOauth2Proxy });
  const direct = `http://localhost:${house.gateway}`, host = { host: `localhost:${house.port}` };
  const nobody = new Visitor(), ada = new Visitor();
  const auth = (v, query = '', headers = {}) => v.ask(`${direct}/oauth2/auth${query}`, { headers: { ...host, ...headers } });
  const no = await auth(nobody);
  assert.deepEqual([no.status, no.body.trim(), no.headers['set-cookie']], [401, 'Unauthorized', undefined]);
  // the redirect URI that is registered: unchanged
  const start = await nobody.ask(`${direct}/oauth2/start?rd=/a?b=c&d=e`, { headers: host });
  assert.equal(start.status, 302);
  assert.equal(new URL(start.headers.location).searchParams.get('redirect_uri'), `${house.base}/oauth2/callback`);
  const back = await ada.go(`${house.base}/oauth2/start?rd=%2Fa%3Fb%3Dc%26d%3De`);
  assert.equal(back.url.href, `${house.base}/a?b=c&d=e`);
  const yes = await auth(ada);
  assert.equal(yes.status, 202);
  assert.equal(yes.body, '');
  assert.deepEqual(['user', 'email', 'preferred-username', 'groups'].map(n => yes.headers[`x-auth-request-${n}`]), ['ada', 'ada@example.test', '', '']);
  assert.equal(yes.headers['gap-auth'], 'ada@example.test');
  assert.equal(yes.headers['set-cookie'], undefined);
  // narrowing: and between the kinds, or within one; empty is nobody
  for (const [query, status] of [['?allowed_emails=x@y.test,ada@example.test', 202], ['?allowed_email_domains=example.test', 202], ['?allowed_groups=ops', 403], ['?allowed_emails=x@y.test', 403],
    ['?allowed_emails=ada@example.test&allowed_groups=ops', 403], ['?allowed_groups=', 403], ['?allowed_emails=ada@example.test&allowed_emails=x@y.test', 403], ['?allowed_emails=%zz', 403], ['?rule=nowhere', 403]]) {
    assert.equal((await auth(ada, query)).status, status, query);
  }
  // no header of a client makes somebody of nobody
  for (const agent of ['GoogleHC/1.0', 'kube-probe/1.29']) assert.equal((await auth(nobody, '', { 'user-agent': agent, 'x-forwarded-uri': '/ping', 'x-original-url': `${house.base}/ping` })).status, 401);
  const info = await ada.ask(`${direct}/oauth2/userinfo`, { headers: host });
  assert.deepEqual(JSON.parse(info.body), { user: 'ada', email: 'ada@example.test' });
  assert.equal((await nobody.ask(`${direct}/oauth2/userinfo`, { headers: host, navigate: false })).status, 401);
  for (const path of ['/ping', '/ready', '/robots.txt']) assert.equal((await nobody.ask(`${direct}${path}`)).status, 200, path);
  // a stranger's address is no place to return to
  for (const rd of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'http://localhost.evil.example/', '/oauth2/sign_out']) {
    const page = await new Visitor().go(`${house.base}/oauth2/start?rd=${rd}`);
    assert.equal(page.url.href, `${house.base}/`, rd);
  }
  // signing out: asked about when another site sends people there, at once otherwise
  const asked = await ada.ask(`${house.base}/oauth2/sign_out`, { headers: { 'sec-fetch-site': 'cross-site' } });
  assert.equal(asked.status, 200);
  assert.equal((await auth(ada)).status, 202);
  for (const unseen of [{ method: 'HEAD' }, { headers: { 'sec-purpose': 'prefetch' } }, { headers: { purpose: 'prefetch' } }]) {
    const early = await ada.ask(`${house.base}/oauth2/sign_out`, unseen);
    assert.equal(early.headers['set-cookie'], undefined, JSON.stringify(unseen));
    assert.equal((await ada.ask(`${house.base}/oauth2/userinfo`)).status, 200, `nobody meant to sign out: ${JSON.stringify(unseen)}`);
  }
  const out = await ada.ask(`${house.base}/oauth2/sign_out?rd=/bye`);
  assert.deepEqual([out.status, out.location.href], [302, `${house.base}/bye`]);
  assert.equal((await auth(ada)).status, 401);
});

test('SEC-171, oauth2-proxy: rules for paths are not believed to headers that a client may have written: all of them must allow', async t => {
  const house = await behind(t, oauth2Proxy({ page: '= /oauth2/sign_in' }), { change: config => {
    config.compat = ['oauth2-proxy'];
    config.access = [{ path: '/public/**', allow: 'everyone' }, { path: '/admin/**', allow: { groups: ['ops'] } }, { path: '/**', allow: 'signed_in' }];
  } });
  const ada = new Visitor();
  await ada.go(`${house.base}/oauth2/start?rd=/oauth2/userinfo`);
  const headers = { host: `localhost:${house.port}`, 'x-forwarded-uri': '/public/x', 'x-forwarded-method': 'GET' };
  assert.equal((await new Visitor().ask(`http://localhost:${house.gateway}/oauth2/auth`, { headers })).status, 401);
  assert.equal((await ada.ask(`http://localhost:${house.gateway}/oauth2/auth`, { headers })).status, 403);
});

test('oauth2-proxy: with several sites a client does not choose which one is asked for', async t => {
  const house = await behind(t, oauth2Proxy({ page: '= /oauth2/sign_in' }), { change: config => {
    asOauth2Proxy(config);
    config.sites = [{ id: 'two', public_url: config.public_url.replace('localhost', '127.0.0.1') }];
  } });
  const two = house.base.replace('localhost', '127.0.0.1'), there = new Visitor();
  await there.go(`${two}/oauth2/start/op?rd=/oauth2/userinfo`, { headers: { host: two.slice(7) } });
  const cookie = `__Host-vestibule=${there.cookie('__Host-vestibule')}`;
  const ask = (host, forwarded) => new Visitor().ask(`http://localhost:${house.gateway}/oauth2/auth`, { headers: { host, cookie, ...(forwarded ? { 'x-forwarded-host': forwarded } : {}) } });
  assert.equal((await ask(two.slice(7))).status, 202);
  assert.equal((await ask(house.base.slice(7))).status, 401);
  assert.equal((await ask(house.base.slice(7), two.slice(7))).status, 403, 'the header is the client\'s');
  assert.equal((await ask('gateway.internal:4180')).status, 403);
});

test('oauth2-proxy as the proxy itself: its addresses beside the application, its names to the application', async t => {
  const house = await startHouse(t, { change: config => { config.compat = ['oauth2-proxy']; config.trusted_proxies = ['127.0.0.1']; config.headers = { preset: 'oauth2-proxy' }; } });
  const ada = new Visitor();
  const page = await ada.go(`${house.base}/reports?x=1`);
  assert.deepEqual([page.status, page.url.href], [200, `${house.base}/reports?x=1`]);
  assert.ok(page.way.some(w => w.url.pathname === '/oauth2/callback'), 'by the redirect URI of before');
  const seen = house.backend.seen.at(-1).headers;
  assert.deepEqual([seen['x-forwarded-user'], seen['x-forwarded-email'], seen.cookie], ['ada', 'ada@example.test', undefined]);
  assert.equal((await ada.ask(`${house.base}/oauth2/auth`)).status, 202);
  assert.equal((await ada.ask(`${house.base}/oauth2/sign_out?rd=/oauth2/userinfo`)).status, 302);
  assert.equal((await ada.ask(`${house.base}/oauth2/auth`)).status, 401);
});

// Authelia's addresses: what each front proxy was told to send there.
const asAuthelia = config => { config.compat = ['authelia']; };
const none = async () => ({});

test('Authelia: the four addresses answer as they did, with Remote-* names', async t => {
  const house = await behind(t, none, { change: (config) => { asAuthelia(config); config.public_url = `http://localhost:${/\d+$/.exec(config.listen)[0]}`; } });
  const base = house.config.public_url, authority = base.slice(7), direct = base;
  const ada = new Visitor();
  await ada.go(`${base}/?rd=${encodeURIComponent('/_vestibule/me')}`);
  assert.ok(ada.cookie('__Host-vestibule'));
  const forward = (path, method = 'GET') => ({ 'x-forwarded-method': method, 'x-forwarded-proto': 'http', 'x-forwarded-host': authority, 'x-forwarded-uri': path });
  const original = (path, method = 'GET') => ({ 'x-original-method': method, 'x-original-url': `${base}${path}` });
  const ways = { 'forward-auth': path => ['/api/authz/forward-auth', forward(path)], 'auth-request': path => ['/api/authz/auth-request', original(path)],
    'ext-authz': path => [`/api/authz/ext-authz${path}`, {}], 'verify (nginx)': path => ['/api/verify', original(path)], 'verify?rd=': path => [`/api/verify?rd=${base}/`, forward(path)] };
  for (const [name, way] of Object.entries(ways)) {
    const ask = (v, path, headers = {}) => { const [at, h] = way(path); return v.ask(`${direct}${at}`, { headers: { ...h, ...headers } }); };
    const yes = await ask(ada, '/reports?x=1');
    assert.equal(yes.status, 200, name);
    assert.deepEqual(['user', 'email', 'name', 'groups'].map(n => yes.headers[`remote-${n}`]), ['ada', 'ada@example.test', 'ada', ''], name);
    const open = await ask(new Visitor(), '/public/x');
    assert.deepEqual([open.status, open.headers['remote-user']], [200, ''], name);
    assert.equal((await ask(ada, '/admin/x')).status, 403, name);
    const no = await ask(new Visitor(), '/reports?x=1');
    assert.equal(no.status, name === 'auth-request' || name === 'verify (nginx)' ? 401 : 302, name);
    assert.equal(new URL(no.headers.location).searchParams.get('rd'), '/reports?x=1', name);
    const script = await ask(new Visitor(), '/reports', { accept: 'application/json', 'sec-fetch-mode': 'cors' });
    assert.equal(script.status, 401, name);
  }
  // both ways of saying it must say the same
  const both = await ada.ask(`${direct}/api/verify`, { headers: { ...forward('/reports'), ...original('/public/x') } });
  assert.ok(both.status >= 400);
  const elsewhere = await new Visitor().ask(`${direct}/api/verify`, { headers: { ...forward('/public/x'), 'x-original-url': 'http://elsewhere.example/public/x' } });
  assert.ok(elsewhere.status >= 400);
});

test('vouch: validate, login and logout answer as they did', async t => {
  const house = await behind(t, none, { change: config => { config.compat = ['vouch']; config.public_url = `http://localhost:${/\d+$/.exec(config.listen)[0]}`; config.access = [{ path: '/**', allow: 'signed_in' }];
    config.providers[0].callback = '/auth'; } });
  const base = house.config.public_url;
  const ada = new Visitor();
  assert.equal((await ada.ask(`${base}/validate`)).status, 401);
  const way = await ada.ask(`${base}/_vestibule/start/op`);
  assert.equal(way.location.searchParams.get('redirect_uri'), `${base}/auth`);
  const page = await ada.go(`${base}/login?url=${base}/_vestibule/me?a=b&c=d&vouch-failcount=1&X-Vouch-Token=&error=`);
  assert.equal(page.url.href, `${base}/_vestibule/me?a=b&c=d`);
  const yes = await ada.ask(`${base}/validate`);
  assert.equal(yes.status, 200);
  assert.deepEqual([yes.headers['x-vouch-user'], yes.headers['x-vouch-success'], yes.headers['x-vouch-idp-claims-email']], ['ada@example.test', 'true', 'ada@example.test']);
  for (const unseen of [{ method: 'HEAD' }, { headers: { 'sec-purpose': 'prefetch' } }]) assert.equal((await ada.ask(`${base}/logout?url=/`, unseen)).headers['set-cookie'], undefined);
  assert.equal((await ada.ask(`${base}/logout?url=/`)).status, 302);
  assert.equal((await ada.ask(`${base}/validate`)).status, 401);
});

test('two providers never share a redirect address', t => {
  const dir = folder(t), file = join(dir, 'vestibule.yaml');
  const one = { use: 'oidc', issuer: 'https://id.example.com', client_id: 'a', client_secret: '0123456789abcdef', callback: '/oauth2/callback' };
  writeFileSync(file, yaml({ public_url: 'https://app.example.com', backend: 'http://127.0.0.1:3000', session: { store: 'redis://127.0.0.1:1/0' }, providers: [{ ...one, id: 'a' }, { ...one, id: 'b' }] }));
  assert.throws(() => execFileSync(binary, ['check', '--config', file], { stdio: 'pipe' }), e => /share the redirect address/.test(String(e.stderr) + String(e.stdout)));
});

