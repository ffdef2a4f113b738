// What a provider may publish about itself: wrong metadata send nobody away, wrong key sets verify nothing, and neither takes what was learned before.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { eventually, folder, readFileSync, sleep } from './lib/parts.mjs';
import { forge, keyOf, pair, replies, startHostile } from './lib/hostile.mjs';
import { assertQuietLogs, assertRefusalPage, auditOf, linesSince, mark, othersStillSignIn, play, signInBefore, startWorld, table, walk } from './lib/hostile_rows.mjs';
import { Visitor } from './lib/visitor.mjs';

const notSent = { at: 'start', problem: 'provider-broken' }, away = { at: 'start', problem: 'provider-away' };
const metadata = change => ({ lies: { metadata: change } });
const reply = metadataReply => ({ lies: { metadataReply } });
const text = change => reply((r, honest) => replies.text(change(honest))(r));
const slow = { config: { timeout: '1s' } };
const show = v => JSON.stringify(v) ?? 'missing';
const endpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'];

const documents = [
  ...[undefined, null, '', 7, ['x'], 'https://evil.example.net'].map(v => ({ name: `issuer ${show(v)}`, ...notSent, because: /issuer/, ...metadata(m => { m.issuer = v; }) })),
  { name: 'an issuer that is configured with a slash at its end', accepted: true, settings: { tail: '/' } },
  { name: 'issuer without the slash that is configured', ...notSent, because: /issuer/, settings: { tail: '/' }, ...metadata(m => { m.issuer = m.issuer.slice(0, -1); }) },
  { name: 'issuer with a slash more', ...notSent, because: /issuer/, ...metadata(m => { m.issuer += '/'; }) },
  { name: 'issuer in capitals', ...notSent, because: /issuer/, ...metadata(m => { m.issuer = m.issuer.toUpperCase(); }) },
  { name: 'issuer of the other provider', ...notSent, because: /issuer/, lies: { metadata(m) { m.issuer = this.op.issuers.get('good').issuer; } } },
  { name: 'issuer twice', ...notSent, ...text(t => t.replace('{', '{"issuer":"https://evil.example.net",')) },
  ...endpoints.flatMap(name => [undefined, null, 7, '', 'not a URL', '//evil.example.net/x', '/relative', 'javascript:alert(1)', 'file:///etc/passwd', 'gopher://127.0.0.1/x', 'http://user:pass@127.0.0.1/x']
    .map(v => ({ name: `${name} ${show(v)}`, ...notSent, because: new RegExp(name), ...metadata(m => { m[name] = v; }) }))),
  { name: 'userinfo_endpoint is a number', ...notSent, because: /userinfo/, ...metadata(m => { m.userinfo_endpoint = 7; }) },
  { name: 'userinfo_endpoint is a file', ...notSent, because: /userinfo/, ...metadata(m => { m.userinfo_endpoint = 'file:///etc/passwd'; }) },
  { name: 'whether iss is sent is no truth value', ...notSent, ...metadata(m => { m.authorization_response_iss_parameter_supported = 'yes'; }) },
  { name: 'an authorization endpoint with a fragment', ...notSent, because: /authorization_endpoint/, ...metadata(m => { m.authorization_endpoint += '#x'; }) },
  { name: 'an authorization endpoint that sets parameters of ours', at: 'start', problem: 'provider-misconfigured', because: /state/, ...metadata(m => { m.authorization_endpoint += '?state=fixed'; }) },
  { name: 'an authorization endpoint with a query of its own', accepted: true, settings: { extra: ['tenant'] }, ...metadata(m => { m.authorization_endpoint += '?tenant=x'; }) },
];

const transport = [
  { name: 'an array', ...notSent, ...text(t => `[${t}]`) },
  { name: 'nothing', ...notSent, ...text(() => '') },
  { name: 'html', ...notSent, ...reply(replies.html()) },
  { name: 'a good document as text/html', ...notSent, ...reply(replies.as('text/html')) },
  { name: 'a good document under another JSON type', accepted: true, ...reply(replies.as('application/openid-configuration+json')) },
  { name: '404', ...notSent, ...reply(replies.status(404)) },
  { name: '500', ...away, ...reply(replies.status(500)) },
  { name: '429', ...away, ...reply(replies.status(429, { 'retry-after': '99999999999' })) },
  { name: 'a redirect is not followed', ...notSent, lies: { metadataReply(r) { replies.redirect(`${this.op.url}/elsewhere`)(r); } } },
  { name: '8 MB', ...notSent, ...reply(replies.huge()) },
  { name: 'without end', ...notSent, ...reply(replies.endless()) },
  { name: 'gzip', ...notSent, ...reply(replies.gzip()) },
  { name: 'a bomb of gzip', ...notSent, ...reply(replies.bomb()) },
  { name: 'silence', ...away, ...slow, ...reply(replies.silent()) },
  { name: 'one byte at a time', ...away, ...slow, ...reply(replies.trickle()) },
  { name: 'reset', ...away, ...reply(replies.reset()) },
  { name: 'cut in the middle', ...away, ...reply(replies.cut()) },
  { name: 'plain PKCE only: S256 all the same', accepted: true, ...metadata(m => { m.code_challenge_methods_supported = ['plain']; }) },
  { name: 'no PKCE: S256 all the same', accepted: true, ...metadata(m => { delete m.code_challenge_methods_supported; }) },
  { name: 'other ways to prove who we are: the configured one all the same', accepted: true, ...metadata(m => { m.token_endpoint_auth_methods_supported = ['none']; }) },
  { name: 'alg none announced: still refused', problem: 'provider-broken', lies: { metadata: m => { m.id_token_signing_alg_values_supported = ['none']; }, idToken: ({ claims: c }) => `${forge({ alg: 'none' }, c)}AA` } },
];

const broken = { problem: 'provider-broken' };
const keys = change => ({ lies: { keySet: change } });
const keyReply = keySetReply => ({ lies: { keySetReply } });
const odd = [{ kty: 'oct', k: 'c2VjcmV0', kid: 'RS256-0', alg: 'HS256' }, { kty: 'XYZ' }, { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'RS256-0' }, { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' },
  { kty: 'RSA' }, {}, { kty: 7 }];
const keySets = [
  { name: 'keys of kinds nobody knows are passed over, the good one is used', accepted: true, ...keys(k => { k.keys.unshift(...odd); }) },
  { name: 'only keys that cannot be used', ...broken, ...keys(k => { k.keys = odd; }) },
  { name: 'no keys', ...broken, ...keys(k => { k.keys = []; }) },
  { name: 'keys that are no list', ...broken, ...keys(k => { k.keys = { 0: k.keys[0] }; }) },
  { name: 'no member keys', ...broken, ...keys(() => ({})) },
  { name: 'a list instead of an object', ...broken, ...keys(k => k.keys) },
  { name: 'a member twice', ...broken, ...keyReply((r, t) => replies.text(t.replace('{', '{"keys":[],'))(r)) },
  { name: 'a thousand keys', ...broken, ...keys(k => { for (let i = 0; i < 1000; i++) k.keys.push({ ...k.keys[0], kid: `x${i}` }); }) },
  { name: 'a hundred keys, ours last', accepted: true, ...keys(k => { const [own] = k.keys; k.keys = [...Array(99)].map((_, i) => ({ ...own, kid: `x${i}` })).concat(own); }) },
  { name: 'a key for encryption', ...broken, ...keys(k => { k.keys[0].use = 'enc'; }) },
  { name: 'a key that may only encrypt', ...broken, ...keys(k => { delete k.keys[0].use; k.keys[0].key_ops = ['encrypt']; }) },
  { name: 'a key for another algorithm', ...broken, ...keys(k => { k.keys[0].alg = 'RS512'; }) },
  { name: 'a key without alg and use', accepted: true, ...keys(k => { delete k.keys[0].alg; delete k.keys[0].use; }) },
  { name: 'a key with its private part', ...broken, ...keys(k => { k.keys[0] = { ...pair('RS256').privateKey.export({ format: 'jwk' }), kid: 'RS256-0', alg: 'RS256' }; }) },
  { name: 'RSA of 1024 bits', ...broken, settings: { keys: [keyOf('RS256', 0, 'weak', 'weak')] }, lies: { idToken: ({ header, claims, key }) => forge(header, claims, key) } },
  { name: 'RSA with exponent 1', ...broken, ...keys(k => { k.keys[0].e = 'AQ'; }) },
  { name: 'an EC point that is not on the curve', ...broken, settings: { keys: [keyOf('ES256')] }, ...keys(k => { k.keys[0].y = k.keys[0].x; }) },
  { name: 'two keys of one kid, the right one second', accepted: true, settings: { keys: [keyOf('RS256', 0, 'same'), keyOf('RS256', 1, 'same')] }, lies: { get key() { return keyOf('RS256', 1, 'same'); } } },
  { name: 'two keys of one kid and different kinds', accepted: true, settings: { keys: [keyOf('ES256', 0, 'same'), keyOf('RS256', 1, 'same')] }, lies: { get key() { return keyOf('RS256', 1, 'same'); } } },
  { name: 'no kid in the token, twenty keys that would fit, ours among the first', accepted: true, settings: { keys: [keyOf('RS256')] },
    lies: { keySet: k => { for (let i = 0; i < 19; i++) k.keys.push({ ...k.keys[0], kid: `x${i}` }); }, header: ({ alg }) => ({ alg }) } },
  { name: 'kid unknown', ...broken, check: ({ asked }) => assert.ok(asked.keySet <= 2, `${asked.keySet} questions for keys`), lies: { header: h => ({ ...h, kid: 'unknown' }) } },
  { name: 'html', ...broken, ...keyReply(replies.html()) },
  { name: 'application/jwk-set+json', accepted: true, ...keyReply(replies.as('application/jwk-set+json')) },
  { name: '500', problem: 'provider-away', ...keyReply(replies.status(500)) },
  { name: '404', ...broken, ...keyReply(replies.status(404)) },
  { name: '8 MB', ...broken, ...keyReply(replies.huge()) },
  { name: 'without end', ...broken, ...keyReply(replies.endless()) },
  { name: 'a redirect is not followed', ...broken, lies: { keySetReply(r) { replies.redirect(`${this.op.url}/elsewhere`)(r); } } },
  { name: 'silence', problem: 'provider-away', ...slow, ...keyReply(replies.silent()) },
  { name: 'reset', problem: 'provider-away', ...keyReply(replies.reset()) },
];

const rotation = [
  { name: 'a new key under a new kid', accepted: true, prepare: async s => { await signInBefore(s); s.issuer.keys = [keyOf('RS256', 1, 'new')]; }, check: ({ asked }) => assert.equal(asked.keySet, 1) },
  { name: 'a new key under the old kid', accepted: true, prepare: async s => { await signInBefore(s); s.issuer.keys = [keyOf('RS256', 1, 'RS256-0')]; }, check: ({ asked }) => assert.equal(asked.keySet, 1) },
  { name: 'a new key of another kind', accepted: true, prepare: async s => { await signInBefore(s); s.issuer.keys = [keyOf('ES256', 0, 'new')]; } },
  { name: 'a key that was withdrawn no longer signs', ...broken, prepare: async s => { await signInBefore(s); s.issuer.keys = [keyOf('RS256', 1, 'new')]; s.issuer.lies = {}; await signInBefore(s); },
    lies: { get key() { return keyOf('RS256', 0); } } },
  { name: 'keys cannot be had, but were learned', accepted: true, prepare: signInBefore, lies: { keySetReply: replies.status(500), metadataReply: replies.status(500) } },
  { name: 'keys cannot be had just when they change', ...broken, prepare: signInBefore,
    lies: { keySetReply: replies.status(500), get key() { return keyOf('RS256', 1, 'new'); } }, check: ({ asked }) => assert.equal(asked.keySet, 1) },
  { name: 'metadata turn bad after they were learned', accepted: true, prepare: signInBefore, lies: { metadata: m => { m.issuer = 'https://evil.example.net'; } } },
];

test('metadata', t => table(t, documents));
test('how metadata come, and what they may not change', t => table(t, transport));
test('key sets', t => table(t, keySets));
test('keys that change', t => table(t, rotation));

test('a provider that was away is asked again soon, not by each visitor, and then serves', async t => {
  const rows = [{ name: 'away' }, { name: 'keys', config: {} }];
  const world = await startWorld(t, rows);
  const [issuer, keyless] = rows.map(r => r.issuer);
  issuer.lies = { metadataReply: replies.status(500) };
  for (let i = 0; i < 30; i++) assertRefusalPage((await walk(new Visitor(), world.base, issuer.id)).last, 'provider-away', issuer.id);
  assert.ok(issuer.seen.discovery <= 2, `asked ${issuer.seen.discovery} times for thirty visitors`);
  await othersStillSignIn(world);
  issuer.lies = {};
  const until = Date.now() + 15000;
  let last;
  do { await sleep(250); ({ last } = await walk(new Visitor(), world.base, issuer.id)); } while (last.status !== 303 && Date.now() < until);
  assert.equal(last.status, 303, 'it serves again without a restart');

  const began = mark(world);
  // a flood of tokens with unknown kids, one after the other and at once
  keyless.lies = { header: h => ({ ...h, kid: `unknown-${Math.random()}` }) };
  for (let i = 0; i < 10; i++) assert.equal((await walk(new Visitor(), world.base, keyless.id)).last.status, 502);
  await Promise.all(Array.from({ length: 40 }, async () => assert.equal((await walk(new Visitor(), world.base, keyless.id)).last.status, 502)));
  assert.ok(keyless.seen.keySet <= 2, `fifty unknown kids made ${keyless.seen.keySet} questions`);
  assert.equal(keyless.seen.userinfo, 0);
  // all fifty are written, so that what is read next is of the next one
  await eventually(() => auditOf(linesSince(world, began), keyless.id).filter(l => l.event === 'signin.failed').length === 50);
  await play(world, { ...rows[1], accepted: true });
  world.secrets.push(...issuer.secrets);
  await assertQuietLogs(world);
});

function certificate(dir, name, ...hosts) {
  const [key, file] = ['key', 'pem'].map(kind => join(dir, `${name}.${kind}`));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${hosts[0]}`,
    '-addext', `subjectAltName=${hosts.map(h => `DNS:${h}`)}`, '-keyout', key, '-out', file], { stdio: 'ignore' });
  return { tls: { key: readFileSync(key), cert: readFileSync(file) }, file };
}

test('key sets that cannot be had, asked for by many at once and of two providers, harm nobody', async t => {
  const rows = [{ name: 'one' }, { name: 'two' }];
  const world = await startWorld(t, rows);
  const issuers = rows.map(r => r.issuer);
  for (const reply of [replies.reset(), replies.cut(), replies.status(503)]) {
    for (const i of issuers) i.lies = { keySetReply: reply };
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => walk(new Visitor(), world.base, rows[n % 2].id)));
    assert.deepEqual([...new Set(answers.map(a => a.last.status))], [502]);
    for (const i of issuers) i.lies = {};
    await othersStillSignIn(world);
  }
  for (const i of issuers) assert.ok(i.seen.keySet <= 6 && i.seen.userinfo === 0, `${i.seen.keySet} questions for keys, ${i.seen.userinfo} for userinfo`);
  world.secrets.push(...issuers.flatMap(i => [...i.secrets]));
  await assertQuietLogs(world);
});

test('over TLS: no plain http behind an https issuer, no certificates of strangers', async t => {
  const dir = folder(t);
  const own = certificate(dir, 'own', 'localhost'), stranger = certificate(dir, 'stranger', 'stranger.test');
  const op = await startHostile(t, own), other = await startHostile(t, stranger);
  const trust = { ca_file: own.file };
  const plain = name => ({ name: `${name} is plain http`, op, ...notSent, because: new RegExp(name), config: trust, lies: { metadata: m => { m[name] = m[name].replace('https:', 'http:'); } } });
  await table(t, [
    { name: 'an honest provider over TLS', op, accepted: true, config: trust },
    ...[...endpoints, 'userinfo_endpoint'].map(plain),
    { name: 'a certificate that nobody vouches for', op, ...away },
    { name: 'a certificate of another name', op: other, ...away, config: { ca_file: stranger.file } },
  ]);
});

test('a public provider cannot send the gateway into the private network', async t => {
  const { tls, file } = certificate(folder(t), 'public', 'op.public.test', 'localhost');
  const op = await startHostile(t, { tls }), plain = await startHostile(t);
  const asked = [];
  const proxy = http.createServer().on('connect', (q, socket) => {
    const ours = q.url === `127.0.0.1:${plain.port}`;
    if (!ours) asked.push(q.url);
    const to = net.connect(ours ? plain.port : op.port, '127.0.0.1', () => { socket.write('HTTP/1.1 200 OK\r\n\r\n'); to.pipe(socket).pipe(to); });
    for (const s of [socket, to]) s.on('error', () => { socket.destroy(); to.destroy(); });
  });
  await new Promise(ok => proxy.listen(0, '127.0.0.1', ok));
  t.after(() => new Promise(done => { proxy.closeAllConnections(); proxy.close(done); }));
  const row = (name, change, more) => ({ name, op, settings: { origin: 'https://op.public.test' }, config: { ca_file: file, allow_private: false, timeout: '2s' }, lies: { metadata: change },
    ...more, check: () => assert.deepEqual([...new Set(asked)], ['op.public.test:443'], 'the proxy was asked for nobody else') });
  const hosts = ['127.0.0.1', 'localhost', 'a.localhost', '10.0.0.1', '192.168.1.1', '169.254.169.254', '[::1]', '[fd00::1]', '0.0.0.0', '100.64.0.1'];
  const spellings = ['[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0177.0.0.1', '127.1'];
  const to = (m, name, host) => { m[name] = m[name].replace('op.public.test', host); };
  await table(t, [
    row('an honest provider behind a proxy', () => {}, { accepted: true }),
    ...hosts.map(host => row(`token_endpoint at ${host}`, m => to(m, 'token_endpoint', host), { problem: 'provider-misconfigured', token: 0 })),
    ...spellings.map(host => row(`token_endpoint at ${host}`, m => to(m, 'token_endpoint', host), { ...notSent, because: /token_endpoint/ })),
    row('jwks_uri at 127.0.0.1', m => to(m, 'jwks_uri', '127.0.0.1'), { problem: 'provider-misconfigured' }),
    row('userinfo_endpoint at 127.0.0.1', m => to(m, 'userinfo_endpoint', '127.0.0.1'), { problem: 'provider-misconfigured' }),
  ], { op: plain, env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}` } });
});
