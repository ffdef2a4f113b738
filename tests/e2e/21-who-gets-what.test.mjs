// Who gets a page, who gets a problem document, who is redirected, who gets nothing but a status: asked of the real gateway, one case a line.
// Then the addresses for front ends and backends: who am I, the session, the keys, the assets.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { createHash } from 'node:crypto';
import { Visitor } from './lib/visitor.mjs';
import { installation, signIn } from './lib/installation.mjs';

const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const navigate = { accept: html, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none', 'sec-fetch-user': '?1' };
const frame = { ...navigate, 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-origin' };
const script = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
const image = { accept: 'image/avif,image/*,*/*;q=0.8', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'same-origin' };
const form = { ...navigate, 'content-type': 'application/x-www-form-urlencoded' };
const socket = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };

// A story's parts are let go by hooks of the file.
const closers = [];
let home;
before(async () => {
  home = await installation({ after: f => closers.unshift(f) }, { extra: 'sign_in: { name: Example, skip_if_single: false }', access: `access:
  - { path: /open/**, allow: everyone }
  - { path: /api/**, allow: signed_in, otherwise: refuse }
  - { path: /secret/**, allow: { groups: [nobody-has-it] }, otherwise: hide }
  - { path: /ops/**, allow: { groups: [ops] } }
  - { path: /**, allow: signed_in }` });
});
after(async () => { for (const close of closers) await close(); });

const ask = (path, options) => new Visitor().ask(home.base + path, { navigate: false, ...options });

// to: where a 302 leads (rd); page: a page; json: a problem document's code; bare: nothing
const table = [
  // who asks                                   how                                                        what comes
  ['a browser that navigates',                  'GET', '/x?y=1', navigate,                                 302, { to: '/x?y=1' }],
  ['a browser that only wants the head',        'HEAD', '/x', navigate,                                    302, { to: '/x' }],
  ['an old browser without Fetch Metadata',     'GET', '/x', { accept: html },                             302, { to: '/x' }],
  ['a script\'s fetch',                         'GET', '/x', script,                                       401, { json: 'sign-in-required' }],
  ['a script\'s fetch that names HTML',         'GET', '/x', { ...script, accept: html },                  401, { json: 'sign-in-required' }],
  ['a script that posts JSON',                  'POST', '/x', { ...script, 'content-type': 'application/json' }, 401, { json: 'sign-in-required' }],
  ['XMLHttpRequest in an old browser',          'GET', '/x', { accept: html, 'x-requested-with': 'XMLHttpRequest' }, 401, { json: 'sign-in-required' }],
  ['curl',                                      'GET', '/x', { accept: '*/*' },                            401, { json: 'sign-in-required' }],
  ['a program without Accept',                  'GET', '/x', {},                                           401, { json: 'sign-in-required' }],
  ['a program that likes JSON better',          'GET', '/x', { accept: 'application/json, text/html;q=0.5' }, 401, { json: 'sign-in-required' }],
  ['a program with a token we do not know',     'GET', '/x', { authorization: 'Bearer abc' },              401, { json: 'sign-in-required' }],
  ['a picture on a page',                       'GET', '/x.png', image,                                    401, { json: 'sign-in-required' }],
  ['gRPC',                                      'POST', '/x', { 'content-type': 'application/grpc', te: 'trailers' }, 401, { json: 'sign-in-required' }],
  ['CORS asking beforehand',                    'OPTIONS', '/x', { ...script, origin: 'https://a.example', 'access-control-request-method': 'PUT' }, 401, { json: 'sign-in-required' }],
  ['a browser that fetches beforehand',         'GET', '/x', { ...navigate, 'sec-purpose': 'prefetch' },   401, { bare: true }],
  ['a browser that renders beforehand',         'GET', '/x', { ...navigate, 'sec-purpose': 'prefetch;prerender' }, 401, { bare: true }],
  ['a websocket',                               'GET', '/x', socket,                                       401, { bare: true }],
  ['a page inside a page',                      'GET', '/x', frame,                                        401, { page: 'framed' }],
  ['a form sent by a person',                   'POST', '/x', form,                                        401, { page: 'ended' }],
  ['a form sent by an old browser',             'POST', '/x', { accept: html, 'content-type': 'text/plain' }, 401, { page: 'ended' }],
  ['a navigation where refusing is the rule',   'GET', '/api/x', navigate,                                 401, { page: 'sign-in' }],
  ['curl where refusing is the rule',           'GET', '/api/x', {},                                       401, { json: 'sign-in-required' }],
  ['a navigation to what is hidden',            'GET', '/secret/x', navigate,                              404, { page: 'error' }],
  ['curl to what is hidden',                    'GET', '/secret/x', {},                                    404, { json: 'not-found' }],
  ['anybody where everyone may',                'GET', '/open/x', {},                                      200, {}],
  ['a navigation to a path with two readings',  'GET', '/x%2f..%2fopen', navigate,                         400, { page: 'error' }],
  ['curl to a path with two readings',          'GET', '/x%2f..%2fopen', {},                               400, { json: 'ambiguous-path' }],
  ['curl below the prefix, unknown',            'GET', '/_vestibule/nothing', {},                          404, { json: 'not-found' }],
  ['a navigation below the prefix, unknown',    'GET', '/_vestibule/nothing', navigate,                    404, { page: 'error' }],
  ['a navigation to the bare prefix',           'GET', '/_vestibule', navigate,                            404, { page: 'error' }],
  ['the sign-in page, by a browser',            'GET', '/_vestibule/sign-in', navigate,                    200, { page: 'offer' }],
  ['an unknown provider',                       'GET', '/_vestibule/start/nobody', navigate,               404, { page: 'error' }],
  ['an unknown provider\'s callback',           'GET', '/_vestibule/callback/nobody?state=a&code=b', navigate, 404, { page: 'error' }],
  ['a script that starts a sign-in',            'GET', '/_vestibule/start/op', script,                     401, { json: 'sign-in-required' }],
  ['a picture that starts a sign-in',           'GET', '/_vestibule/start/op', image,                      401, { json: 'sign-in-required' }],
  ['a frame that starts a sign-in',             'GET', '/_vestibule/start/op', frame,                      401, { page: 'framed' }],
  ['a sign-in fetched beforehand',              'GET', '/_vestibule/start/op', { ...navigate, 'sec-purpose': 'prefetch' }, 503, { bare: true }],
  ['the sign-in page asked for by a program',   'GET', '/_vestibule/sign-in', { accept: 'application/json' }, 401, { json: 'sign-in-required' }],
  ['who am I, by a script',                     'GET', '/_vestibule/me', script,                           401, { json: 'sign-in-required' }],
  ['the session, by a script',                  'GET', '/_vestibule/session', script,                      401, { json: 'sign-in-required' }],
  ['the end of no session, by a script',        'DELETE', '/_vestibule/session', script,                   401, { json: 'sign-in-required' }],
];

const pages = { framed: /tab of its own/, ended: /What you sent was not delivered/, 'sign-in': /href="[^"]*\/_vestibule\/sign-in\?rd=/, error: /class="status"/, offer: /class="provider"/ };

for (const [who, method, path, headers, status, what] of table) {
  test(`${who} (${method} ${path}): ${status}${what.json ? `, ${what.json} as a problem document` : what.page ? ', a page' : what.bare ? ', nothing else' : ''}`, async () => {
    home.backend.seen.length = 0;
    const r = await ask(path, { method, headers, body: method === 'POST' ? 'a=b' : undefined });
    assert.equal(r.status, status);
    assert.equal(home.backend.seen.length, path.startsWith('/open/') ? 1 : 0, 'the application hears of what it is to answer, and of nothing else');
    if (!path.startsWith('/open/')) {
      assert.equal(r.headers['cache-control'], 'no-store');
      assert.match(r.headers['x-request-id'], /^[0-9A-Z]{26}$/);
      assert.equal(r.headers['x-content-type-options'], 'nosniff');
    }
    assert.equal(r.headers['www-authenticate'], status === 401 && !what.bare ? 'Bearer' : undefined);
    assert.equal(r.headers['set-cookie'], undefined);
    if (what.to) {
      assert.equal(r.headers.location, `${home.base}/_vestibule/sign-in?rd=${encodeURIComponent(what.to)}`);
      assert.equal(r.body, '');
    }
    if (what.bare) assert.deepEqual([r.body, r.headers['content-type']], ['', undefined]);
    if (what.page) {
      assert.equal(r.headers['content-type'], 'text/html; charset=utf-8');
      assert.match(r.body, pages[what.page]);
    }
    if (what.json) {
      assert.equal(r.headers['content-type'], 'application/problem+json');
      const id = r.headers['x-request-id'];
      const { title, detail, sign_in, ...rest } = JSON.parse(r.body);
      assert.deepEqual(rest, { type: `urn:vestibule:problem:${what.json}`, status, instance: `urn:vestibule:request:${id}`, code: what.json, request_id: id });
      assert.ok(title.length > 5 && detail.length > 5 && title !== detail);
      const back = path.startsWith('/_vestibule') || !['GET', 'HEAD'].includes(method) ? '/' : path;
      assert.equal(sign_in, status === 401 ? `${home.base}/_vestibule/sign-in?rd=${encodeURIComponent(back)}` : undefined);
    }
  });
}

test('a problem document speaks the language that was asked for', async () => {
  const de = JSON.parse((await ask('/x', { headers: { 'accept-language': 'de-CH, en;q=0.5' } })).body);
  const en = JSON.parse((await ask('/x')).body);
  assert.notEqual(de.title, en.title);
  assert.equal(de.code, en.code);
});

test('a person without access gets 403 as a page or as a problem document, and a way to another account', async () => {
  const visitor = new Visitor();
  await signIn(visitor, home.base, 'ada', '/');
  const page = await visitor.ask(`${home.base}/ops/x?y=1`);
  assert.equal(page.status, 403);
  assert.match(page.body, /ada@example\.test/);
  assert.ok(page.body.includes(`href="${home.base}/_vestibule/sign-out?rd=%2Fops%2Fx%3Fy%3D1"`));
  const json = await visitor.ask(`${home.base}/ops/x`, { navigate: false });
  assert.deepEqual([json.status, JSON.parse(json.body).code, JSON.parse(json.body).sign_in], [403, 'no-access', undefined]);
  assert.equal(json.headers['www-authenticate'], undefined);
  const hidden = await visitor.ask(`${home.base}/secret/x`, { navigate: false });
  assert.deepEqual([hidden.status, JSON.parse(hidden.body).code], [404, 'not-found']);
  const ops = new Visitor();
  await signIn(ops, home.base, 'ops-lea', '/');
  assert.equal((await ops.ask(`${home.base}/ops/x`)).status, 200);
});

test('an address takes its methods; Allow lists them', async () => {
  const takes = { '/sign-in': 'GET, HEAD, POST', '/no-access': 'GET, HEAD', '/start/op': 'GET', '/callback/op': 'GET, POST', '/sign-out': 'GET, HEAD, POST', '/signed-out': 'GET, HEAD', '/me': 'GET, HEAD',
    '/session': 'GET, HEAD, DELETE', '/jwks.json': 'GET, HEAD', '/.well-known/jwks.json': 'GET, HEAD', '/assets/x/style.css': 'GET, HEAD' };
  for (const [path, allow] of Object.entries(takes)) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const r = await ask(`/_vestibule${path}`, { method });
      if (allow.split(', ').includes(method)) {
        // a provider that answers by query is not posted to
        if (path === '/callback/op' && method === 'POST') assert.deepEqual([r.status, r.headers.allow], [405, 'GET']);
        // nobody signs in here with a password of ours
        else if (path === '/sign-in' && method === 'POST') assert.deepEqual([r.status, r.headers.allow], [405, 'GET, HEAD']);
        else assert.notEqual(r.status, 405, `${method} ${path}`);
        continue;
      }
      assert.deepEqual([r.status, r.headers.allow], [405, allow], `${method} ${path}`);
      if (method === 'HEAD') assert.equal(r.body, '');
      else assert.equal(JSON.parse(r.body).code, 'method-not-allowed');
    }
  }
});

test('/me and /session tell a front end who is there, and nothing of tokens', async () => {
  const visitor = new Visitor();
  await signIn(visitor, home.base, 'ada', '/');
  const before = Math.floor(Date.now() / 1000);
  for (const path of ['/me', '/session']) {
    const r = await visitor.ask(`${home.base}/_vestibule${path}`, { headers: script, navigate: false });
    assert.equal(r.status, 200);
    assert.equal(r.headers['content-type'], 'application/json');
    assert.equal(r.headers['cache-control'], 'no-store');
    assert.equal(r.headers['access-control-allow-origin'], undefined);
    const { signed_in, expires, ...who } = JSON.parse(r.body);
    assert.deepEqual(who, { user: 'op:ada', provider: 'op', email: 'ada@example.test', email_verified: true, name: 'Ada Example', username: 'ada', groups: ['staff'] });
    assert.ok(Math.abs(signed_in - before) < 30 && expires - signed_in === 7 * 86400);
    const head = await visitor.ask(`${home.base}/_vestibule${path}`, { method: 'HEAD', headers: script, navigate: false });
    assert.deepEqual([head.status, head.body], [200, '']);
  }
});

test('DELETE /session ends it for a page of this site alone', async () => {
  const visitor = new Visitor();
  await signIn(visitor, home.base, 'ada', '/');
  const cookie = `__Host-vestibule=${visitor.cookie('__Host-vestibule')}`;
  const end = headers => visitor.ask(`${home.base}/_vestibule/session`, { method: 'DELETE', headers, navigate: false });
  for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none' }, { origin: 'https://evil.example' }, { origin: 'null' },
    { origin: home.base, 'sec-fetch-site': 'cross-site' }, { origin: `${home.base}.evil.example` }]) {
    const r = await end(headers);
    assert.deepEqual([r.status, JSON.parse(r.body).code], [403, 'cross-site'], JSON.stringify(headers));
    assert.equal(r.headers['set-cookie'], undefined);
  }
  assert.equal((await visitor.ask(`${home.base}/_vestibule/session`, { navigate: false })).status, 200);
  const done = await end({ 'sec-fetch-site': 'same-origin' });
  assert.deepEqual([done.status, done.body], [204, '']);
  assert.equal(visitor.cookie('__Host-vestibule'), undefined, 'the cookie goes');
  const again = await ask('/x', { headers: { cookie, ...script } });
  assert.deepEqual([again.status, JSON.parse(again.body).code], [401, 'session-ended']);
  const byOrigin = new Visitor();
  await signIn(byOrigin, home.base, 'bob', '/');
  assert.equal((await byOrigin.ask(`${home.base}/_vestibule/session`, { method: 'DELETE', headers: { origin: home.base }, navigate: false })).status, 204);
});

test('the keys for backends are public and may be kept for five minutes', async () => {
  const [a, b] = [await ask('/_vestibule/jwks.json'), await ask('/_vestibule/.well-known/jwks.json')];
  assert.equal(a.body, b.body);
  assert.equal(a.headers['content-type'], 'application/jwk-set+json');
  assert.equal(a.headers['cache-control'], 'public, max-age=300');
  const { keys } = JSON.parse(a.body);
  assert.ok(keys.length >= 1);
  for (const k of keys) {
    assert.deepEqual([k.kty, k.crv, k.alg, k.use, typeof k.kid], ['EC', 'P-256', 'ES256', 'sig', 'string']);
    assert.equal(k.d, undefined, 'never the private part');
  }
});

test('assets never change under their name, are typed, and hold no script', async () => {
  const page = await ask('/_vestibule/callback/op?state=a&code=b', { headers: navigate });
  const urls = [...page.body.matchAll(/(?:href|src)="(\/_vestibule\/assets\/[^"]+)"/g)].map(m => m[1]);
  assert.ok(urls.some(u => u.endsWith('style.css')));
  for (const url of new Set(urls)) {
    const r = await ask(url);
    assert.equal(r.status, 200, url);
    assert.match(r.headers['content-type'], /^(text\/css; charset=utf-8|image\/svg\+xml|image\/png)/);
    assert.equal(r.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(r.headers['content-security-policy'], "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'");
    assert.equal(r.headers['x-content-type-options'], 'nosniff');
    assert.equal(r.headers['set-cookie'], undefined);
    assert.doesNotMatch(r.body, /<script|javascript:|@import|https?:\/\/(?!www\.w3\.org)/i);
    const head = await ask(url, { method: 'HEAD' });
    assert.deepEqual([head.status, head.body, head.headers['content-type']], [200, '', r.headers['content-type']]);
  }
  const [, hash] = /assets\/([^/]+)\//.exec(urls[0]);
  for (const wrong of [`/_vestibule/assets/${'0'.repeat(hash.length)}/style.css`, '/_vestibule/assets/style.css', '/_vestibule/assets/', `/_vestibule/assets/${hash}/none.css`])
    assert.equal((await ask(wrong)).status, 404, wrong);
});

test('another host than the public one is told so, also below the prefix', async () => {
  for (const path of ['/', '/_vestibule/sign-in', '/_vestibule/me']) {
    const r = await ask(path, { headers: { host: 'other.example', accept: html } });
    assert.equal(r.status, 421, path);
    assert.equal(r.headers.location, undefined);
  }
});

test('a signed-in websocket passes to the application; from a page of another site it does not', async t => {
  const visitor = new Visitor();
  await signIn(visitor, home.base, 'ada', '/');
  home.backend.server.on('upgrade', (q, s) => {
    const accept = createHash('sha1').update(`${q.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    s.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nhello ${q.headers['x-auth-user']}.`);
  });
  const open = origin => new Promise((ok, bad) => {
    const s = net.connect(home.port, '127.0.0.1');
    t.after(() => s.destroy());
    let text = '';
    s.setTimeout(10000, () => bad(new Error(`silence after ${text}`)));
    s.on('error', bad).on('data', d => { text += d; if (/hello .*\.$/.test(text) || /^HTTP\/1\.1 [2-5].*\r\n\r\n/s.test(text)) ok(text); }).on('close', () => ok(text));
    s.write(`GET /socket HTTP/1.1\r\nHost: localhost:${home.port}\r\nOrigin: ${origin}\r\nCookie: __Host-vestibule=${visitor.cookie('__Host-vestibule')}\r\n` +
      Object.entries(socket).map(([k, v]) => `${k}: ${v}\r\n`).join('') + '\r\n');
  });
  const fine = await open(home.base);
  assert.match(fine, /^HTTP\/1\.1 101 /);
  assert.match(fine, /hello op:ada\.$/);
  assert.match(await open('https://evil.example'), /^HTTP\/1\.1 403 /);
});
