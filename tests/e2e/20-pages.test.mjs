// What every page of ours carries, whatever it says: its headers to the letter, a body without style, script but one, or anything from elsewhere, HTML that
// closes what it opens. And that words from providers and operators stay words.
import test from 'node:test';
import assert from 'node:assert/strict';
import { freePort, startGateway } from './lib/parts.mjs';
import { Visitor, withoutOurScript } from './lib/visitor.mjs';
import { manyProviders, sessionCookie } from './lib/gallery.mjs';
import { installation, signIn } from './lib/installation.mjs';

const policy = "default-src 'none'; script-src 'sha256-8thuPyzsp+jnkliPATpg0gwdgV4YCowpxh2bAitqmn0='; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
const framedPolicy = policy.replace("frame-ancestors 'none'; form-action 'self'", "frame-ancestors 'self'; form-action 'none'");
const empty = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr']);

// The elements of a page in order, each { name, attributes, inside }; throws where an end has no beginning or a beginning no end.
function elements(html) {
  const list = [], open = [];
  assert.match(html, /^<!DOCTYPE html>\n<html lang="[A-Za-z-]+" dir="(ltr|rtl)">/);
  for (const [, end, name, rest, self] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g)) {
    if (end) { assert.equal(open.pop(), name, `</${name}> closes what is open`); continue; }
    list.push({ name, inside: [...open], attributes: Object.fromEntries([...rest.matchAll(/([a-zA-Z:-]+)(?:="([^"]*)")?/g)].map(m => [m[1], m[2] ?? ''])) });
    if (!empty.has(name) && !self) open.push(name);
  }
  assert.deepEqual(open, [], 'everything is closed');
  assert.ok(!/[<>]/.test(html.replace(/<!DOCTYPE html>/, '').replace(/<\/?[a-zA-Z][a-zA-Z0-9]*(\s+[a-zA-Z:-]+(="[^"<>]*")?)*\s*\/?>/g, '')), 'no stray < or >');
  return list;
}

function check(r, { csp = policy, language = 'en' } = {}) {
  const h = r.headers, where = `${r.status} ${r.url}`;
  assert.deepEqual({ type: h['content-type'], csp: h['content-security-policy'], cache: h['cache-control'], sniff: h['x-content-type-options'], referrer: h['referrer-policy'],
    opener: h['cross-origin-opener-policy'], language: h['content-language'], encoding: h['content-encoding'], server: h.server, powered: h['x-powered-by'] },
  { type: 'text/html; charset=utf-8', csp, cache: 'no-store', sniff: 'nosniff', referrer: 'no-referrer', opener: 'same-origin', language, encoding: undefined, server: undefined,
    powered: undefined }, where);
  for (const name of ['content-security-policy', 'cache-control', 'content-type', 'x-request-id'])
    assert.equal(r.raw.filter((n, i) => i % 2 === 0 && n.toLowerCase() === name).length, 1, `${name} once, ${where}`);
  const all = elements(withoutOurScript(r.body));
  const names = new Set(all.map(e => e.name));
  for (const bad of ['script', 'style', 'iframe', 'object', 'embed', 'base', 'audio', 'video']) assert.ok(!names.has(bad), `${bad} on ${where}`);
  assert.equal(all[0].attributes.lang, language);
  for (const e of all) {
    for (const a of Object.keys(e.attributes)) assert.ok(!/^on|^style$/.test(a), `${e.name} ${a} on ${where}`);
    const from = e.name === 'link' ? e.attributes.href : e.attributes.src;
    if (from !== undefined) assert.match(from, /^(\/_vestibule\/assets\/|data:,$)/, where);
    if (e.attributes.href) assert.match(e.attributes.href, /^(\/(?![/\\])|\?|http:\/\/localhost:|https:\/\/example\.com\/|mailto:help@|data:,$)/, `${e.attributes.href} on ${where}`);
    if (e.attributes.target === '_blank') assert.match(e.attributes.rel ?? '', /noopener/);
    if (e.name === 'img') assert.ok('alt' in e.attributes, where);
  }
  assert.equal(all.filter(e => e.name === 'h1').length, 1, where);
  assert.equal(all.filter(e => e.name === 'main').length, 1, where);
  assert.equal(all.filter(e => e.name === 'title').length, 1, where);
  assert.doesNotMatch(r.body, /\{\{|vestibule\/\d|nginx|libh2o/i, where);
  const shown = /<code><bdi>([^<]*)<\/bdi>/.exec(r.body)?.[1];
  if (r.status >= 400) assert.equal(shown?.replaceAll('-', ''), h['x-request-id'], `the reference on the page is the request's, ${where}`);
  return all;
}

test('every page and every error has the same headers to the letter, and a body that loads nothing from elsewhere', async t => {
  const many = await manyProviders(t);
  const one = await many.fewer(1);
  const { value } = await sessionCookie(many.base);
  const signedIn = { cookie: `__Host-vestibule=${value}` };
  const v = new Visitor();
  const ask = (path, status, options = {}, expect = {}) => v.ask(many.base + path, options).then(r => { assert.equal(r.status, status, `${path}: ${r.body}`); return check(r, expect); });
  const p = '/_vestibule';
  await ask(`${p}/sign-in?rd=%2Freports`, 200);
  check(await v.ask(`${one.base}${p}/sign-in`));
  await ask(`${p}/sign-in`, 200, { headers: { 'accept-language': 'ar' } }, { language: 'ar' });
  await ask(`${p}/sign-in`, 200, { headers: { 'accept-language': 'xx;q=1, de-DE;q=0.9' } }, { language: 'de' });
  await ask(`${p}/sign-in`, 200, { headers: { cookie: 'vestibule-last=discord; vestibule-lang=de' } }, { language: 'de' });
  await ask(`${p}/start/google`, 502);
  await ask(`${p}/callback/google?state=x&code=y`, 400);
  await ask(`${p}/callback/google?state=x&code=y`, 400, { headers: { cookie: '__Host-vestibule-tx-1ng67934gpRLSujVt=abc' } });
  await ask(`${p}/callback/google`, 400);
  await ask(`${p}/callback/google?state=x&state=y&code=z`, 400);
  const out = await ask(`${p}/sign-out?rd=%2Fops%2F`, 200, { headers: signedIn }, { csp: `${policy} ${many.op.issuer}` });
  assert.deepEqual(out.filter(e => e.name === 'input').map(e => e.attributes.name), ['token', 'rd', 'everywhere']);
  await ask(`${p}/sign-out`, 403, { method: 'POST', headers: signedIn, body: { token: 'stale' } });
  await ask(`${p}/signed-out?provider=google`, 200);
  await ask(`${p}/signed-out`, 200);
  await ask('/ops/x', 403, { headers: signedIn });
  await ask('/inside', 401, { method: 'POST', body: 'a=b' });
  await ask('/inside', 401, { headers: { 'sec-fetch-dest': 'iframe' } }, { csp: framedPolicy });
  await ask('/%zz', 400);
  await ask('/a%2fb', 400);
  await ask('//evil.example/away/', 400, { headers: signedIn });
  await ask('/\\evil.example/away/', 400, { headers: signedIn });
  await ask('/nothing', 404, { headers: signedIn });
  await ask(`${p}/nothing`, 404);
  await ask(`${p}/me`, 405, { method: 'PUT' });
  await ask('/away/', 502, { headers: signedIn });
  await ask('/', 421, { headers: { host: 'other.example' } });
  // the head alone is the same head
  const head = await v.ask(`${many.base}${p}/sign-in`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.body, head.headers['content-security-policy']], [200, '', policy]);
  await many.redis.stop('SIGKILL');
  const fresh = await v.ask(`${many.base}/inside`, { headers: { cookie: `__Host-vestibule=${value.slice(0, -3)}AAA` } });
  assert.equal(fresh.status, 302, 'a cookie that is none of ours asks nobody');
});

test('words of operators, providers and people stay words, whatever they look like', async t => {
  const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;{{name}}`;
  const escaped = /&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;(&#39;|&#x27;)&gt;&lt;img src=x onerror=alert\(2\)&gt;&amp;amp;\{\{name\}\}/;
  const { base, op, gw } = await installation(t, {
    provider: 'require_verified_email: false', // a person with a name alone: pages call people by their e-mail address first
    extra: `sign_in: { name: ${JSON.stringify(evil)}, message: ${JSON.stringify(evil)}, skip_if_single: false }`,
    access: 'access: [{ path: /ops/**, allow: { groups: [nobody-has-it] } }, { path: /**, allow: signed_in }]',
    providerOptions: { settings: { findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: evil }) }) } },
  });
  const v = new Visitor();
  const words = r => r.body.replaceAll('{{name}}', ''); // the only braces on a page are those of the words
  const page = await v.ask(`${base}/_vestibule/sign-in?rd=${encodeURIComponent(`/x?${evil}`)}`);
  assert.match(page.body, escaped);
  check({ ...page, body: words(page) });
  // a provider's error and its description
  const start = await v.ask(`${base}/_vestibule/start/op?rd=%2F`);
  const state = start.location.searchParams.get('state');
  const refused = await v.ask(`${base}/_vestibule/callback/op?state=${state}&iss=${encodeURIComponent(op.issuer)}&error=${encodeURIComponent(evil)}&error_description=${encodeURIComponent(evil)}`);
  assert.equal(refused.status, 403);
  assert.equal(withoutOurScript(refused.body).includes('<script'), false);
  check({ ...refused, body: words(refused) });
  // a person's own name
  const landed = await signIn(v, base, 'mallory', '/');
  assert.equal(landed.status, 200, landed.body);
  const none = await v.ask(`${base}/ops/`);
  assert.equal(none.status, 403);
  assert.match(none.body, escaped);
  check({ ...none, body: words(none) });
  const out = await v.ask(`${base}/_vestibule/sign-out?rd=${encodeURIComponent(`/x?"><script>alert(3)</script>`)}`);
  assert.equal(out.body.includes('alert(3)</script>'), false);
  const me = JSON.parse((await v.ask(`${base}/_vestibule/me`, { navigate: false })).body);
  assert.equal(me.name, evil);
  assert.deepEqual(gw.log().filter(l => l.broken), [], 'each of it is one line of the log');
});

test('a provider\'s name with markup in it is a name', async t => {
  const port = await freePort(), nowhere = await freePort();
  const base = `http://localhost:${port}`;
  await startGateway(t, `
public_url: ${base}
listen: 127.0.0.1:${port}
providers:
  - { use: oidc, id: a, name: "<b>Bold</b> & \\"Co\\"", issuer: "http://127.0.0.1:${nowhere}", client_id: c, client_secret: a-client-secret-of-decent-length, allow_private: true }
  - { use: oidc, id: b, name: "‮evil", issuer: "http://127.0.0.1:${nowhere}", client_id: c, client_secret: a-client-secret-of-decent-length, allow_private: true }
session: { store: "memory://" }
backends: [ { id: app, url: "http://127.0.0.1:${nowhere}" } ]
`);
  const v = new Visitor();
  for (const [path, status] of [['/_vestibule/sign-in', 200], ['/_vestibule/start/a', 502], ['/_vestibule/signed-out?provider=a', 200]]) {
    const r = await v.ask(base + path);
    assert.equal(r.status, status);
    assert.ok(r.body.includes('&lt;b&gt;Bold&lt;/b&gt; &amp; &quot;Co&quot;'), path);
    const all = check(r);
    assert.ok(!all.some(e => e.name === 'b'));
    if (path.endsWith('sign-in')) assert.match(r.body, /<bdi>‮evil<\/bdi>/, 'a name that turns the direction turns only itself');
  }
});
