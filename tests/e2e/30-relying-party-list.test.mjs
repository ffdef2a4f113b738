// The OpenID Foundation's list for relying parties that use the code flow, each module a row: the basic profile (with the modules of the full plan
// that concern a code flow), the same again with response_mode=form_post, and the profile of those that are configured from discovery.
import test from 'node:test';
import assert from 'node:assert/strict';
import { forge, keyOf, replies } from './lib/hostile.mjs';
import { signInBefore, table } from './lib/hostile_rows.mjs';

const refused = { problem: 'provider-broken' };
const broken = token => token.replace(/.(?=.{9}$)/, c => (c === 'A' ? 'B' : 'A'));

function basic() {
  return [
    { name: 'oidcc-client-test: a plain sign-in, to the userinfo endpoint', accepted: true },
    { name: 'nonce-invalid: a nonce with one character more is refused', ...refused, because: /nonce/, lies: { claims: c => { c.nonce += '1'; } } },
    { name: 'client-secret-basic: the secret goes into the header though the form would do', accepted: true,
      check: ({ issuer }) => { assert.match(issuer.heard[0].headers.authorization, /^Basic /); assert.doesNotMatch(issuer.heard[0].body, /client_(id|secret)/); } },
    { name: 'scope-userinfo-claims: profile and email are asked for, and read from userinfo', accepted: true,
      check: ({ world }) => {
        const { headers } = world.backend.seen.at(-1);
        assert.deepEqual([headers['x-auth-email'], headers['x-auth-name'], headers['x-auth-groups']], ['ada@example.test', 'Ada Example', 'staff']);
      } },
    { name: 'kid-absent-single-jwks: no kid, one key without kid', accepted: true, settings: { keys: [keyOf('RS256', 0, null)] } },
    { name: 'kid-absent-multiple-jwks: no kid, several fitting keys', accepted: true, settings: { keys: [keyOf('RS256', 0, null), keyOf('RS256', 1, null), keyOf('ES256')] },
      lies: { get key() { return keyOf('RS256', 1, null); } } },
    { name: 'missing-iat: refused', ...refused, because: /iat/, lies: { claims: c => { delete c.iat; } } },
    { name: 'missing-sub: refused', ...refused, because: /sub/, lies: { claims: c => { delete c.sub; } } },
    { name: 'invalid-aud: refused', ...refused, because: /aud/, lies: { claims: c => { c.aud += '1'; } } },
    { name: 'missing-aud: refused', ...refused, because: /aud/, lies: { claims: c => { delete c.aud; } } },
    { name: 'invalid-iss: refused', ...refused, because: /iss/, lies: { claims: c => { c.iss += '1'; } } },
    { name: 'invalid-sig-rs256: refused', ...refused, because: /signature/, lies: { idToken: ({ header, claims, key }) => broken(forge(header, claims, key)) } },
    { name: 'invalid-sig-es256: refused', ...refused, because: /signature/, settings: { keys: [keyOf('ES256')] },
      lies: { idToken: ({ header, claims, key }) => broken(forge(header, claims, key)) } },
    { name: 'invalid-sig-hs256: refused', ...refused, because: /alg/, lies: { idToken: ({ claims }) => broken(forge({ alg: 'HS256' }, claims, { secret: 'client-secret' })) } },
    { name: 'idtoken-sig-rs256: accepted', accepted: true, settings: { keys: [keyOf('RS256')] } },
    { name: 'idtoken-sig-none: refused', ...refused, because: /an empty part/, lies: { idToken: ({ claims }) => forge({ alg: 'none' }, claims) } },
    { name: 'idtoken-sig-none with something where the signature stands: refused', ...refused, because: /alg/, lies: { idToken: ({ claims }) => `${forge({ alg: 'none' }, claims)}AAAA` } },
    { name: 'userinfo-invalid-sub: the answer is refused', ...refused, userinfo: 1, because: /sub/, lies: { userinfo: u => { u.sub += '1'; } } },
    { name: 'userinfo-bearer-header: the token is shown in the header, once, and nowhere else', accepted: true,
      check: ({ issuer }) => {
        const asked = issuer.heard.filter(h => h.path === 'userinfo');
        assert.equal(asked.length, 1);
        assert.deepEqual([asked[0].method, asked[0].body, asked[0].url.includes('?')], ['GET', '', false]);
        assert.match(asked[0].headers.authorization, /^Bearer access-canary-/);
      } },
    { name: 'userinfo-bearer-body: not our way; the header is used although the provider would take a form', accepted: true,
      check: ({ issuer }) => assert.equal(issuer.heard.at(-1).method, 'GET') },
    { name: 'userinfo-signed: an answer that we did not register for is refused', ...refused, userinfo: 1,
      lies: { userinfoReply(r, text) { const k = this.keys[0]; replies.text(forge({ alg: 'RS256', kid: k.kid }, text, k), 'application/jwt')(r); } } },
    { name: 'aggregated-claims: left alone', accepted: true,
      lies: { userinfo(u) { Object.assign(u, { _claim_names: { groups: 's' }, _claim_sources: { s: { JWT: forge({ alg: 'none' }, { groups: ['root'] }) } } }); delete u.groups; } },
      check: ({ world }) => assert.equal(world.backend.seen.at(-1).headers['x-auth-groups'] ?? '', '') },
    { name: 'distributed-claims: their source is never asked', accepted: true,
      lies: { userinfo(u) { Object.assign(u, { _claim_names: { groups: 's' }, _claim_sources: { s: { endpoint: `${this.op.url}/claims`, access_token: 'x' } } }); delete u.groups; } },
      check: ({ world }) => assert.equal(world.backend.seen.at(-1).headers['x-auth-groups'] ?? '', '') },
    { name: 'mtls-endpoint-aliases: without a client certificate the ordinary addresses are used', accepted: true,
      lies: { metadata(m) { m.mtls_endpoint_aliases = { token_endpoint: `${this.op.url}/mtls/token`, userinfo_endpoint: `${this.op.url}/mtls/userinfo` }; } } },
    { name: 'request-uri-*: no request object is sent though the provider supports them', accepted: true,
      lies: { metadata: m => Object.assign(m, { request_parameter_supported: true, request_uri_parameter_supported: true, request_object_signing_alg_values_supported: ['none', 'RS256'] }) } },
  ];
}

const byPost = row => ({ ...row, name: `form_post: ${row.name}`, settings: { ...row.settings, responseMode: 'form_post' }, config: { ...row.config, response_mode: 'form_post' } });

test('the basic profile', t => table(t, basic()));

test('the form post profile', t => table(t, [
  ...basic().map(byPost),
  byPost({ name: 'form-post-error: login_required after prompt=none and max_age=0 is told to the person', problem: 'provider-refused', token: 0,
    settings: { extra: ['prompt', 'max_age'] }, config: { authorize_params: { prompt: 'none', max_age: '0' } },
    lies: { answer: (p, { ask }) => {
      assert.deepEqual([ask.prompt, ask.max_age], ['none', '0']);
      return [['error', 'login_required'], ...p.slice(1)];
    } } }),
]));

test('the config profile', t => table(t, [
  { name: 'discovery-openid-config: the metadata is fetched once and used', accepted: true, check: ({ asked }) => assert.equal(asked.discovery, 1) },
  { name: 'discovery-jwks-uri-keys: the key set is where the metadata says', accepted: true, check: ({ asked }) => assert.deepEqual([asked.keySet, asked.other], [1, 0]) },
  { name: 'discovery-issuer-mismatch: nobody is sent away', at: 'start', problem: 'provider-broken', because: /issuer/, lies: { metadata: m => { m.issuer += '/x'; } },
    check: ({ asked }) => assert.equal(asked.authorize, 0) },
  { name: 'idtoken-sig-none: refused', problem: 'provider-broken', because: /an empty part/, lies: { idToken: ({ claims }) => forge({ alg: 'none' }, claims) } },
  { name: 'signing-key-rotation: keys change between two sign-ins, and the second works after one more fetch', accepted: true,
    prepare: async story => { await signInBefore(story); story.issuer.keys = [keyOf('RS256', 1, 'next')]; },
    check: ({ asked }) => assert.deepEqual([asked.keySet, asked.discovery], [1, 0]) },
  { name: 'signing-key-rotation-just-before-signing: keys change after our fetch, before the token', accepted: true, prepare: signInBefore,
    lies: { header(h) { this.keys = [keyOf('RS256', 1, 'next')]; return { ...h, kid: 'next' }; }, get key() { return keyOf('RS256', 1, 'next'); } },
    check: ({ asked }) => assert.deepEqual([asked.keySet, asked.discovery], [1, 0]) },
]));
