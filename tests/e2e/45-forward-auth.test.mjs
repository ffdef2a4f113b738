// What a front proxy may ask, what it is answered, and what nobody gets by asking oddly. The gateway alone, asked as each proxy asks.
import test from 'node:test';
import assert from 'node:assert/strict';
import { behind } from './lib/behind.mjs';
import { Visitor } from './lib/visitor.mjs';
import { exchange } from './lib/front.mjs';
import { checkAssertion } from './lib/backend.mjs';
import { eventually } from './lib/parts.mjs';

const none = async () => ({});
const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const configured = ['x-auth-user', 'x-auth-email', 'x-auth-name', 'x-auth-groups', 'x-auth-provider', 'x-auth-assertion'];

// The three ways to ask; each gives what to send for an address.
const ways = {
  nginx: (host, path, method = 'GET') => ['/_vestibule/auth/nginx', { 'x-original-method': method, 'x-original-url': `http://${host}${path}` }],
  forward: (host, path, method = 'GET') => ['/_vestibule/auth/forward', { 'x-forwarded-method': method, 'x-forwarded-proto': 'http', 'x-forwarded-host': host, 'x-forwarded-uri': path }],
  envoy: (host, path) => [`/_vestibule/auth/envoy${path}`, { host }],
};

async function house(t, change = () => {}) {
  const h = await behind(t, none, { change: config => {
    const { port } = new URL(`http://${config.listen}`);
    config.public_url = `http://localhost:${port}`;
    config.sign_in = { redirects: ['http://app.localhost:8000', 'http://*.apps.localhost:8000'] };
    change(config);
  } });
  h.base = h.config.public_url;
  h.home = h.base.slice('http://'.length);
  h.ada = new Visitor();
  await h.ada.go(`${h.base}/_vestibule/start/op?rd=/_vestibule/me`);
  h.cookie = `__Host-vestibule=${h.ada.cookie('__Host-vestibule')}`;
  // One question by a person with this cookie.
  h.ask = (way, path, { host = h.home, method = 'GET', headers = {}, cookie, query = '' } = {}) => {
    const [at, own] = ways[way](host, path, method);
    return new Visitor().ask(`${h.base}${at}${query}`, { method: way === 'envoy' ? method : 'GET', navigate: false, headers: { ...page, ...own, ...(cookie ? { cookie } : {}), ...headers } });
  };
  return h;
}

test('SEC-170 SEC-179 SEC-180: a yes is 200 and names the person in every configured header once; for nobody each is there and empty', async t => {
  const h = await house(t);
  for (const way of Object.keys(ways)) {
    const yes = await h.ask(way, '/reports?x=1', { cookie: h.cookie });
    assert.equal(yes.status, 200, way);
    assert.equal(yes.body, '');
    assert.equal(yes.headers['cache-control'], 'no-store');
    assert.equal(yes.headers['set-cookie'], undefined);
    const lines = yes.raw.filter((_, i) => i % 2 === 0).map(n => n.toLowerCase());
    for (const name of configured) assert.equal(lines.filter(l => l === name).length, 1, `${way} ${name}`);
    assert.deepEqual(configured.slice(0, 5).map(n => yes.headers[n]), ['op:ada', 'ada@example.test', 'ada', '', 'op']);
    const { payload } = await checkAssertion(yes.headers['x-auth-assertion'], { jwks: `${h.base}/_vestibule/jwks.json`, issuer: h.base, audience: h.base });
    assert.equal(payload.sub, 'op:ada');
    assert.ok(yes.raw.join('').length < 4096);
    const open = await h.ask(way, '/public/x');
    assert.equal(open.status, 200, way);
    assert.deepEqual(configured.map(n => open.headers[n]), configured.map(() => ''), way);
  }
});

test('SEC-170 SEC-143: nothing that is not a live session is a yes, whatever the cookie says', async t => {
  const h = await house(t);
  const token = h.cookie.slice(h.cookie.indexOf('=') + 1), [head, body, mac] = token.split('.');
  const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url')), sid: 'x' })).toString('base64url');
  for (const value of ['', 'x', token.slice(0, -1), `${token}x`, `${head}.${other}.${mac}`, `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`, `${head}.${body}`, token.replaceAll('.', '%2E')]) {
    for (const way of Object.keys(ways)) {
      const r = await h.ask(way, '/reports', { cookie: `__Host-vestibule=${value}` });
      assert.ok([302, 401].includes(r.status), `${way} ${value.slice(-20)}: ${r.status}`);
      assert.equal(r.headers['x-auth-user'], undefined);
    }
  }
  // two of them are none; another's cookie of the same name beside it is none
  for (const way of Object.keys(ways)) assert.notEqual((await h.ask(way, '/reports', { cookie: `${h.cookie}; __Host-vestibule=x` })).status, 200);
});

test('SEC-177: who navigates is shown the way, a script gets its 401, a form is not sent round, each as its proxy can carry it', async t => {
  const h = await house(t);
  const rd = r => new URL(r.headers['x-auth-location'] ?? r.headers.location).searchParams.get('rd');
  for (const way of Object.keys(ways)) {
    const go = await h.ask(way, '/a?b=c&d=%2F');
    assert.equal(go.status, way === 'nginx' ? 401 : 302, way);
    assert.match(go.headers.location, /^http:\/\/localhost:\d+\/_vestibule\/sign-in\?rd=/, 'absolute');
    assert.equal(rd(go), '/a?b=c&d=%2F');
    assert.equal(go.headers['set-cookie'], undefined);
    for (const headers of [{ accept: 'application/json', 'sec-fetch-mode': 'cors' }, { accept: '*/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, { 'sec-fetch-mode': undefined, 'x-requested-with': 'XMLHttpRequest' }, { 'sec-purpose': 'prefetch' }]) {
      const r = await h.ask(way, '/a', { headers });
      assert.equal(r.status, 401, `${way} ${JSON.stringify(headers)}`);
      assert.equal(r.location, undefined);
    }
    const form = await h.ask(way, '/a', { method: 'POST' });
    assert.deepEqual([form.status, form.location], [401, undefined], way);
    const denied = await h.ask(way, '/admin/x', { cookie: h.cookie });
    assert.deepEqual([denied.status, denied.location], [403, undefined], way);
  }
  // at another host the way back names it, with the scheme people use there; a host that is not listed gets none
  const app = await h.ask('forward', '/x?y', { host: 'app.localhost:8000' });
  assert.equal(rd(app), 'http://app.localhost:8000/x?y');
  assert.equal(rd(await h.ask('nginx', '/x', { host: 'deep.one.apps.localhost:8000' })), 'http://deep.one.apps.localhost:8000/x');
});

test('SEC-171 SEC-124: who is not in trusted_proxies may not ask, and describes nothing', async t => {
  const h = await house(t, config => { config.trusted_proxies = ['127.0.0.2']; });
  for (const way of ['nginx', 'forward', 'envoy']) {
    for (const cookie of [undefined, h.cookie]) {
      const r = await h.ask(way, '/public/x', { cookie });
      assert.equal(r.status, 403, way);
      assert.ok(configured.every(n => r.headers[n] === undefined));
      assert.equal(r.location, undefined);
    }
  }
  await eventually(() => h.gw.log().some(l => l.stream === 'access' && l.reason === 'untrusted-peer'));
});

test('SEC-172 SEC-173 SEC-174: what is missing, said twice or contradicted is denied; a prefix or a port of the client changes nothing', async t => {
  const h = await house(t);
  const forward = ways.forward(h.home, '/public/x')[1], nginx = ways.nginx(h.home, '/public/x')[1];
  const refused = async (at, headers, status) => assert.equal((await new Visitor().ask(`${h.base}${at}`, { navigate: false, headers: { ...page, cookie: h.cookie, ...headers } })).status, status, JSON.stringify(headers));
  for (const name of Object.keys(forward)) await refused('/_vestibule/auth/forward', { ...forward, [name]: undefined }, 400);
  for (const name of Object.keys(nginx)) await refused('/_vestibule/auth/nginx', { ...nginx, [name]: undefined }, 403);
  for (const name of ['x-original-uri', 'x-original-url', 'x-rewrite-url']) await refused('/_vestibule/auth/forward', { ...forward, [name]: '/admin/x' }, 400);
  await refused('/_vestibule/auth/nginx', { ...nginx, 'x-forwarded-uri': '/admin/x' }, 403);
  await refused('/_vestibule/auth/forward', { ...forward, 'x-forwarded-uri': '/public/%2e%2e/admin/x' }, 400);
  await refused('/_vestibule/auth/nginx', { ...nginx, 'x-original-url': `http://${h.home}/public/..%2fadmin/x` }, 403);
  // twice: by hand, for polite clients join them
  const { list } = await exchange({ port: h.gateway }, `GET /_vestibule/auth/forward HTTP/1.1\r\nHost: ${h.home}\r\nCookie: ${h.cookie}\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: ${h.home}\r\nX-Forwarded-Uri: /public/x\r\nX-Forwarded-Uri: /public/x\r\nConnection: close\r\n\r\n`);
  assert.equal(list[0].status, 400);
  // no rule, no host, no path by way of them
  const prefixed = { 'x-forwarded-prefix': '/public', 'x-forwarded-port': '1' };
  assert.equal((await h.ask('forward', '/reports', { headers: prefixed })).status, 302);
  assert.equal((await h.ask('forward', '/reports', { headers: prefixed, cookie: h.cookie })).status, 200);
});

test('SEC-170 SEC-176: a host that is not ours is denied; two hosts with the same cookie get their own decisions', async t => {
  const h = await house(t, config => {
    config.access = [{ host: 'app.localhost', path: '/**', allow: { groups: ['ops'] } }, { path: '/**', allow: 'signed_in' }];
  });
  for (const way of Object.keys(ways)) {
    for (const host of ['evil.example', 'localhost.evil.example', 'apps.localhost', 'xapps.localhost', 'app.localhost.evil.example']) {
      const r = await h.ask(way, '/public/x', { host, cookie: h.cookie });
      assert.equal(r.status, way === 'nginx' ? 403 : 421, `${way} ${host}`);
      assert.equal(r.location, undefined);
    }
    assert.equal((await h.ask(way, '/x', { cookie: h.cookie })).status, 200);
    assert.equal((await h.ask(way, '/x', { cookie: h.cookie, host: 'app.localhost:8000' })).status, 403);
    const there = await h.ask(way, '/x', { cookie: h.cookie, host: 'one.apps.localhost:8000' });
    assert.equal(there.status, 200);
    assert.equal(JSON.parse(Buffer.from(there.headers['x-auth-assertion'].split('.')[1], 'base64url')).aud, 'http://one.apps.localhost:8000');
  }
});

test('a page that a front proxy shows at another host brings its style sheet and its links from home', async t => {
  const h = await house(t);
  const denied = await h.ask('forward', '/admin/x', { host: 'app.localhost:8000', cookie: h.cookie });
  assert.equal(denied.status, 403);
  const sheet = /<link[^>]*rel="stylesheet"[^>]*href="([^"]*)"/.exec(denied.body) ?? /<link[^>]*href="([^"]*\.css)"/.exec(denied.body);
  assert.ok(sheet[1].startsWith(`${h.base}/_vestibule/assets/`), sheet[1]);
  assert.equal((await new Visitor().ask(sheet[1])).status, 200);
  for (const what of ['style-src', 'img-src']) assert.match(denied.headers['content-security-policy'], new RegExp(`${what}[^;]*${h.base}`));
  assert.ok(!/(href|src|action)="\//.test(denied.body.replace(/<a[^>]*ui_locales[^>]*>/g, '')), denied.body.match(/(href|src|action)="\/[^"]*/)?.[0]);
  const home = await h.ask('forward', '/admin/x', { cookie: h.cookie });
  assert.match(home.headers['content-security-policy'], /style-src 'self'/);
});

test('SEC-118 SEC-119 SEC-121 SEC-122 SEC-124: a way back is an address of ours, spelled safely, or none', async t => {
  const h = await house(t);
  const back = async (path, host = h.home) => { const r = await h.ask('nginx', path, { host }); return r.headers.location ? new URL(r.headers.location).searchParams.get('rd') : r.headers['x-auth-reason']; };
  assert.equal(await back('/a?next=//evil.example.net&x="<>'), '/a?next=//evil.example.net&x="<>');
  for (const path of ['//evil.example.net/', '/\\evil.example.net', '/%2f/evil.example.net', '/a/..//evil.example.net']) assert.equal(await back(path), 'ambiguous-path', path);
  for (const host of ['evil.example.net', 'app.localhost:8000@evil.example.net', 'app.localhost.evil.example.net']) assert.ok(['unknown-host', 'bad-request'].includes(await back('/', host)), host);
  // the sign-in itself judges again what the way said: nothing of it can be changed on the way
  for (const rd of ['https://evil.example.net/', '//evil.example.net', 'http://app.localhost:8001/', 'http://apps.localhost:8000/', 'javascript:alert(1)', '/a\r\nSet-Cookie: x=y']) {
    const r = await h.ada.ask(`${h.base}/_vestibule/sign-in?rd=${encodeURIComponent(rd)}`);
    assert.equal(r.headers.location, '/', rd);
    assert.equal(r.headers['set-cookie']?.some(c => c.startsWith('x=')), undefined);
  }
  // who is no trusted proxy chooses no host
  const stranger = await house(t, config => { config.trusted_proxies = ['127.0.0.2']; });
  for (const headers of [{ 'x-forwarded-host': 'evil.example.net' }, { 'x-forwarded-proto': 'https' }, { 'x-forwarded-prefix': '/evil' }, { 'x-forwarded-port': '1' }, { forwarded: 'host=evil.example.net;proto=https' }]) {
    const r = await new Visitor().ask(`${stranger.base}/_vestibule/sign-in?rd=/x`, { headers });
    assert.ok(r.headers.location.startsWith('/_vestibule/start/op'), JSON.stringify(headers));
    const start = await new Visitor().ask(`${stranger.base}/_vestibule/start/op`, { headers });
    assert.equal(start.location.searchParams.get('redirect_uri'), `${stranger.base}/_vestibule/callback/op`);
  }
});

test('SEC-175: health checks, metrics and user agents are no way round', async t => {
  const h = await house(t);
  for (const way of Object.keys(ways)) {
    for (const headers of [{ 'user-agent': 'GoogleHC/1.0' }, { 'user-agent': 'kube-probe/1.29' }, { 'user-agent': 'ELB-HealthChecker/2.0' }]) {
      for (const path of ['/live', '/ready', '/metrics', '/ping']) assert.notEqual((await h.ask(way, path, { headers })).status, 200);
    }
  }
});

test('SEC-178: what Envoy appends is split once; its query is the client\'s and narrows nothing; odd bytes are judged, not lost', async t => {
  const h = await house(t);
  const raw = async path => (await exchange({ port: h.gateway }, `GET /_vestibule/auth/envoy${path} HTTP/1.1\r\nHost: ${h.home}\r\nCookie: ${h.cookie}\r\nConnection: close\r\n\r\n`)).list[0];
  assert.equal((await h.ask('envoy', '/reports?rule=nowhere&groups=nobody', { cookie: h.cookie })).status, 200);
  assert.equal((await h.ask('envoy', '/reports?/../admin', { cookie: h.cookie })).status, 200);
  assert.equal((await h.ask('envoy', '/admin?/public/x', { cookie: h.cookie })).status, 403);
  for (const path of ['/public/%2e%2e/admin', '//admin', '/public/%5c..%5cadmin', '/%C0%AFadmin']) assert.equal((await raw(path)).status, 400, path);
  const { list } = await exchange({ port: h.gateway }, Buffer.from(`GET /_vestibule/auth/envoy/reports HTTP/1.1\r\nHost: ${h.home}\r\nX-Name: \xff\xfe\r\nCookie: a=\xff; ${h.cookie}\r\nConnection: close\r\n\r\n`, 'latin1'));
  assert.equal(list[0].status, 200);
});

test('the query of the question narrows and never widens', async t => {
  const h = await house(t);
  for (const way of ['nginx', 'forward']) {
    const status = async (query, path = '/reports', cookie = h.cookie) => (await h.ask(way, path, { query, cookie })).status;
    for (const [query, want] of [['?groups=ops', 403], ['?groups=ops,staff', 403], ['?emails=ada@example.test', 200], ['?emails=ADA@example.test,x@y.test', 200], ['?email_domains=example.test', 200], ['?email_domains=test', 403],
      ['?emails=ada@example.test&groups=ops', 403], ['?rule=rest', 200], ['?rule=open', 200], ['?rule=admin', 403], ['?rule=nowhere', 403], ['?rule=', 403], ['?groups=', 403], ['?emails=ada@example.test&emails=ada@example.test', 403],
      ['?rule=rest&rule=open', 403], ['?emails=%zz', 403], ['?by=caddy', 200], ['?allowed_emails=ada@example.test', 200], ['?emails=ada@example.test&allowed_emails=ada@example.test', 403]]) {
      assert.equal(await status(query), want, `${way} ${query}`);
    }
    assert.equal(await status('?rule=open', '/admin/x'), 403, 'a public rule opens nothing');
    assert.equal(await status('?emails=ada@example.test', '/admin/x'), 403);
    const open = await h.ask(way, '/public/x', { query: '?emails=ada@example.test' });
    assert.equal(open.status, way === 'nginx' ? 401 : 302, 'a public page that is narrowed wants somebody');
  }
});

test('a rule that the query names asks for no other sign-in: nobody is sent in a circle', async t => {
  const h = await house(t, config => { config.access.unshift({ id: 'strong', path: '/strong/**', allow: 'signed_in', acr: ['gold'] }); });
  for (const way of ['nginx', 'forward']) {
    const r = await h.ask(way, '/reports', { query: '?rule=strong', cookie: h.cookie });
    assert.deepEqual([r.status, r.location], [403, undefined], way);
  }
});

test('the store being away is no yes and no sign-out: 503, or what nginx can carry, with the reason', async t => {
  const h = await house(t, config => { config.session.revocation_cache = '0s'; });
  await h.redis.stop('SIGKILL');
  // each worker finds out for itself
  const at = async (way, status) => { let r; await eventually(async () => (r = await h.ask(way, '/reports', { cookie: h.cookie })).status === status); return r; };
  const nginx = await at('nginx', 403);
  assert.deepEqual([nginx.headers['x-auth-reason'], nginx.location], ['store-away', undefined]);
  await at('forward', 503);
  const envoy = await at('envoy', 503);
  assert.ok(envoy.headers['retry-after']);
  for (const r of [nginx, envoy]) assert.equal(r.headers['set-cookie'], undefined);
});

test('a yes may be kept by nginx for as long as the operator says, a no never, and by nobody else', async t => {
  const h = await house(t, config => { config.forward_auth = { cache: '7s' }; });
  const yes = await h.ask('nginx', '/reports', { cookie: h.cookie });
  assert.deepEqual([yes.status, yes.headers['x-accel-expires'], yes.headers['cache-control']], [200, '7', 'no-store']);
  assert.equal((await h.ask('nginx', '/reports')).headers['x-accel-expires'], undefined);
  for (const way of ['forward', 'envoy']) assert.equal((await h.ask(way, '/reports', { cookie: h.cookie })).headers['x-accel-expires'], undefined);
});

test('mode: proxy answers no questions, mode: auth passes nothing on', async t => {
  const auth = await house(t);
  for (const path of ['/reports', '/public/x']) assert.equal((await auth.ada.ask(`${auth.base}${path}`)).status, 404);
  assert.equal((await new Visitor().ask(`${auth.base}/`)).location.pathname, '/_vestibule/sign-in');
  const proxy = await house(t, config => { config.mode = 'proxy'; config.backend = 'http://127.0.0.1:1'; });
  for (const way of Object.keys(ways)) assert.equal((await proxy.ask(way, '/public/x', { cookie: proxy.cookie })).status, 404);
});
