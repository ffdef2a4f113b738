// What may come from the userinfo endpoint: asked once, with the token in the header, and believed only about the person of the identity token.
import test from 'node:test';
import assert from 'node:assert/strict';
import { forge, replies } from './lib/hostile.mjs';
import { table } from './lib/hostile_rows.mjs';

const broken = { problem: 'provider-broken', userinfo: 1 }, away = { problem: 'provider-away', userinfo: 1 }, unverified = { problem: 'email-unverified', userinfo: 1 };
const claims = userinfo => ({ lies: { userinfo } });
const reply = userinfoReply => ({ lies: { userinfoReply } });
const text = change => reply((r, honest) => replies.text(change(honest))(r));
const slow = { config: { timeout: '1s' } };
const show = v => JSON.stringify(v) ?? 'missing';
const markup = '<script>alert(1)</script>';
const headers = ({ world }) => world.backend.seen.at(-1).headers;

const subjects = [undefined, null, '', 7, true, ['ada'], { sub: 'ada' }, 'bob', 'Ada', 'ada ', ' ada', 'ada\0', 'аda'].map(v => (
  { name: `sub ${show(v)}`, ...broken, because: /sub|JSON/, ...claims(u => { u.sub = v; }) }));

const shapes = [
  { name: 'an array', ...broken, ...text(t => `[${t}]`) },
  { name: 'null', ...broken, ...text(() => 'null') },
  { name: 'nothing', ...broken, ...text(() => '') },
  { name: 'text', ...broken, ...text(t => JSON.stringify(t)) },
  { name: 'sub twice', ...broken, ...text(t => t.replace('"sub":', '"sub":"bob","sub":')) },
  { name: 'any member twice', ...broken, ...text(t => `${t.slice(0, -1)},"x":1,"x":1}`) },
  { name: 'something behind the object', ...broken, ...text(t => `${t}x`) },
  { name: 'nested deep', ...broken, ...text(t => `${t.slice(0, -1)},"x":${'['.repeat(5000)}${']'.repeat(5000)}}`) },
  { name: 'no UTF-8', ...broken, ...text(t => Buffer.concat([Buffer.from(t.slice(0, -1)), Buffer.from(',"x":"'), Buffer.from([0xff]), Buffer.from('"}')])) },
  { name: '600 claims', ...broken, ...claims(u => { for (let i = 0; i < 600; i++) u[`x${i}`] = i; }) },
  { name: 'html', ...broken, ...reply(replies.html()) },
  { name: 'a good answer as text/html', ...broken, ...reply(replies.as('text/html')) },
  { name: 'a good answer as text/plain', ...broken, ...reply(replies.as('text/plain')) },
  { name: 'a good answer with a charset', accepted: true, ...reply(replies.as('application/json;charset=UTF-8')) },
  { name: 'an unsigned token', ...broken, ...reply((r, t) => replies.text(forge({ alg: 'none' }, t), 'application/jwt')(r)) },
  { name: 'an unsigned token that says it is JSON', ...broken, ...reply((r, t) => replies.text(forge({ alg: 'none' }, t))(r)) },
];

const transport = [
  ...[204, 400, 401, 404].map(status => ({ name: `${status}, asked once`, ...broken, ...reply(replies.status(status)) })),
  { name: '403, asked once: the client is not allowed to', problem: 'provider-misconfigured', userinfo: 1, ...reply(replies.status(403)) },
  ...[429, 500, 502, 503].map(status => ({ name: `${status}, asked once`, ...away, ...reply(replies.status(status)) })),
  { name: '401 with a challenge', ...broken, ...reply(replies.status(401, { 'www-authenticate': `Bearer error="invalid_token", error_description="${markup}"` })) },
  ...[302, 307].map(status => ({ name: `a redirect by ${status} is not followed: the token stays here`, ...broken,
    lies: { userinfoReply(r) { replies.redirect(`${this.op.url}/elsewhere`, status)(r); } } })),
  { name: '8 MB', ...broken, ...reply(replies.huge()) },
  { name: 'without end', ...broken, ...reply(replies.endless()) },
  { name: 'gzip', ...broken, ...reply(replies.gzip()) },
  { name: 'silence', ...away, ...slow, ...reply(replies.silent()) },
  { name: 'one byte at a time', ...away, ...slow, ...reply(replies.trickle()) },
  { name: 'cut in the middle', ...away, ...reply(replies.cut()) },
];

const people = [
  { name: 'e-mail not verified', ...unverified, ...claims(u => { u.email_verified = false; }) },
  ...[undefined, null, 'false', 'yes', 1, ['true'], {}].map(v => ({ name: `email_verified ${show(v)} is not true`, ...unverified, ...claims(u => { u.email_verified = v; }) })),
  { name: 'email_verified "true" as text is true', accepted: true, ...claims(u => { u.email_verified = 'true'; }) },
  ...['no-address', 'a@b@c', 'ada@example.test,root@example.test', '"ada@example.test" <root@evil.test>', 'ada@example.test\r\nX-Auth-Groups: root', '@example.test', 'ada@', 7, ['ada@example.test']].map(v => (
    { name: `an e-mail that is no one address: ${show(v)}`, ...unverified, ...claims(u => { u.email = v; }) })),
  { name: 'verified for another address than the identity token has', ...unverified,
    lies: { claims: c => { Object.assign(c, { email: 'ada@example.test', email_verified: true }); }, userinfo: u => { u.email = 'root@example.test'; delete u.email_verified; } } },
  { name: 'verified by the identity token for the very same address', accepted: true,
    lies: { claims: c => { Object.assign(c, { email: 'ada@example.test', email_verified: true }); }, userinfo: u => { delete u.email_verified; } } },
  { name: 'what makes a token what it is cannot be overridden', accepted: true,
    ...claims(u => { Object.assign(u, { iss: 'https://evil.example.net', aud: 'other', exp: 1, iat: 1, nbf: 9e9, nonce: 'x', sid: 'x', azp: 'x', at_hash: 'x', auth_time: 'x' }); }) },
  { name: 'a name with line ends reaches no header line of its own', accepted: true, ...claims(u => { u.name = 'Ada\r\nX-Auth-Groups: root'; }),
    check: s => { assert.equal(headers(s)['x-auth-groups'], 'staff'); assert.doesNotMatch(headers(s)['x-auth-name'] ?? '', /[\r\n]/); } },
  { name: 'a name that is markup is text to the page', accepted: true, ...claims(u => { u.name = markup; u.email = 'ada@example.test'; }),
    check: async ({ visitor, world }) => assert.doesNotMatch((await visitor.ask(`${world.base}/_vestibule/sign-out`)).body, /<script/) },
  { name: 'a name of the wrong kind', accepted: true, ...claims(u => { u.name = { first: 'Ada' }; }), check: s => assert.equal(headers(s)['x-auth-name'] ?? '', '') },
  { name: 'groups with a comma in one do not become two', accepted: true, ...claims(u => { u.groups = ['staff,root']; }),
    check: s => assert.ok(!(headers(s)['x-auth-groups'] ?? '').split(',').includes('root'), headers(s)['x-auth-groups']) },
  { name: 'groups with a line end in one', accepted: true, ...claims(u => { u.groups = ['staff\r\nroot', 'good']; }), check: s => assert.doesNotMatch(headers(s)['x-auth-groups'] ?? '', /root/) },
  { name: 'groups of the wrong kind', accepted: true, ...claims(u => { u.groups = { staff: true }; }), check: s => assert.equal(headers(s)['x-auth-groups'] ?? '', '') },
  { name: 'a claim named like a prototype', accepted: true, ...text(t => `${t.slice(0, -1)},"__proto__":{"groups":["root"]},"constructor":1}`), check: s => assert.equal(headers(s)['x-auth-groups'], 'staff') },
  { name: 'switched off: the identity token alone speaks', accepted: true, userinfo: 0, config: { userinfo: false, require_verified_email: false } },
  { name: 'missing in the metadata: the identity token alone speaks', accepted: true, userinfo: 0, config: { require_verified_email: false }, lies: { metadata: m => { delete m.userinfo_endpoint; } } },
];

test('the person it is about', t => table(t, subjects));
test('its shape', t => table(t, shapes));
test('transport', t => table(t, transport));
test('what it says about the person', t => table(t, people));
