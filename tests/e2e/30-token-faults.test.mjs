// What may come from the token endpoint instead of tokens: the code is sent once whatever happens, nothing is believed, and userinfo is not asked.
import test from 'node:test';
import assert from 'node:assert/strict';
import { keyOf, replies, startHostile } from './lib/hostile.mjs';
import { othersStillSignIn, startWorld, assertQuietLogs, play, table, walk } from './lib/hostile_rows.mjs';
import { Visitor } from './lib/visitor.mjs';

const broken = { problem: 'provider-broken' }, away = { problem: 'provider-away' }, setUp = { problem: 'provider-misconfigured' };
const reply = tokenReply => ({ lies: { tokenReply } });
const tokens = change => ({ lies: { tokens: change } });
const error = (code, more = {}, status = 400) => reply(replies.text(JSON.stringify({ error: code, ...more }), 'application/json', status));
// Answers that end only by our patience: the gateway gives up after a second.
const slow = { config: { timeout: '1s' } };
const twice = (text, name) => text.replace(`"${name}":`, `"${name}":"other","${name}":`);
const text = change => reply((r, honest) => replies.text(change(honest))(r));
const markup = '<script>alert(1)</script>';

const answers = [
  { name: '200 with error', ...broken, ...error('invalid_grant', {}, 200) },
  { name: '200 with error beside good tokens', ...broken, ...tokens(a => { a.error = 'invalid_grant'; }) },
  { name: '200 with an error that is no text', ...broken, ...tokens(a => { a.error = { code: 1 }; }) },
  { name: 'error null beside good tokens', accepted: true, ...tokens(a => { a.error = null; }) },
  { name: '201 with good tokens', ...broken, ...reply(replies.as('application/json', 201)) },
  { name: '204', ...broken, ...reply(replies.status(204)) },
  { name: 'html with 200', ...broken, ...reply(replies.html()) },
  { name: 'html with 401', ...setUp, ...reply(replies.html(401)) },
  { name: 'html with 502', ...away, ...reply(replies.html(502)) },
  { name: 'good tokens as text/html', ...broken, ...reply(replies.as('text/html')) },
  { name: 'good tokens as text/plain', ...broken, ...reply(replies.as('text/plain')) },
  { name: 'good tokens without a media type', ...broken, ...reply((r, t) => { r.writeHead(200); r.end(t); }) },
  { name: 'good tokens with a charset', accepted: true, ...reply(replies.as('Application/JSON; charset=utf-8')) },
  { name: 'two media types', ...broken, ...reply((r, t) => { r.writeHead(200, ['content-type', 'application/json', 'content-type', 'text/html']); r.end(t); }) },
  { name: 'nothing', ...broken, ...text(() => '') },
  { name: 'null', ...broken, ...text(() => 'null') },
  { name: 'an array', ...broken, ...text(t => `[${t}]`) },
  { name: 'JSON with something behind it', ...broken, ...text(t => `${t}{}`) },
  { name: 'JSON with a byte order mark', ...broken, ...text(t => `\ufeff${t}`) },
  { name: 'JSON with a comment', ...broken, ...text(t => t.replace('{', '{/* x */')) },
  { name: 'JSON cut in the middle', ...broken, ...text(t => t.slice(0, t.length / 2)) },
  { name: 'JSON that is no UTF-8', ...broken, ...text(t => Buffer.concat([Buffer.from(t.slice(0, -1)), Buffer.from(',"x":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])) },
  { name: 'JSON nested twenty thousand deep', ...broken, ...text(t => `${t.slice(0, -1)},"x":${'['.repeat(20000)}${']'.repeat(20000)}}`) },
  { name: 'access_token twice', ...broken, ...text(t => twice(t, 'access_token')) },
  { name: 'id_token twice', ...broken, ...text(t => twice(t, 'id_token')) },
  { name: 'an unknown member twice', ...broken, ...text(t => `${t.slice(0, -1)},"x":1,"x":2}`) },
  { name: 'unknown members', accepted: true, ...tokens(a => { Object.assign(a, { scope: 'openid', session_state: markup, __proto: [1, { a: null }] }); }) },
];

const transport = [
  { name: 'an answer of 8 MB', ...broken, ...reply(replies.huge()) },
  { name: 'an answer without end', ...broken, ...reply(replies.endless()) },
  { name: 'headers of 160 kB', ...broken, ...reply(replies.longHead()) },
  { name: 'silence', ...away, ...slow, ...reply(replies.silent()) },
  { name: 'one byte at a time', ...away, ...slow, ...reply(replies.trickle()) },
  { name: 'the connection reset: the code is sent once', ...away, ...reply(replies.reset()) },
  { name: 'the connection cut inside the answer: the code is sent once', ...away, ...reply(replies.cut()) },
  { name: 'no HTTP', ...broken, ...reply(replies.garbage()) },
  { name: 'gzip, which nobody asked for', ...broken, ...reply(replies.gzip()) },
  { name: 'a bomb of gzip', ...broken, ...reply(replies.bomb()) },
  ...[301, 302, 303, 307, 308].map(status => ({ name: `a redirect by ${status} is not followed`, ...broken,
    lies: { tokenReply(r) { replies.redirect(`${this.op.url}/elsewhere/token`, status)(r); } } })),
  ...[[400, broken], [401, setUp], [403, setUp], [404, broken], [405, broken], [418, broken], [429, away], [500, away], [503, away]].map(([status, how]) => (
    { name: `${status} without words: the code is sent once`, ...how, ...reply(replies.status(status)) })),
];

const errors = [
  { name: 'invalid_client', ...setUp, ...error('invalid_client', {}, 401) },
  { name: 'unauthorized_client', ...setUp, ...error('unauthorized_client') },
  { name: 'invalid_grant', ...broken, ...error('invalid_grant') },
  { name: 'invalid_grant because of redirect_uri', ...setUp, ...error('invalid_grant', { error_description: 'redirect_uri does not match' }) },
  { name: 'access_denied', problem: 'provider-refused', ...error('access_denied') },
  { name: 'temporarily_unavailable', ...away, ...error('temporarily_unavailable') },
  { name: 'an error nobody has heard of, with markup', ...broken, ...error(markup, { error_description: markup.repeat(300), error_uri: 'javascript:alert(1)' }) },
  { name: 'a description that tries to write log lines', ...broken, ...error('invalid_grant', { error_description: 'x\r\n{"stream":"audit"}\u001b[31m' }),
    check: ({ audit }) => assert.doesNotMatch(audit.at(-1).cause, /[\u0000-\u001f]/) },
  { name: 'a description that repeats the code', ...broken, lies: { tokenReply(r) {
    const { code } = Object.fromEntries(new URLSearchParams(this.heard.at(-1).body));
    replies.text(JSON.stringify({ error: 'invalid_grant', error_description: `no such code: ${code}` }), 'application/json', 400)(r);
  } } },
  { name: 'an error that is the code', ...broken, lies: { tokenReply(r) {
    const { code } = Object.fromEntries(new URLSearchParams(this.heard.at(-1).body));
    replies.text(JSON.stringify({ error: code }), 'application/json', 400)(r);
  } } },
  { name: 'a description that repeats the header with our secret', ...broken, lies: { tokenReply(r) {
    const { authorization } = this.heard.at(-1).headers;
    this.secrets.add(authorization.slice(6));
    replies.text(JSON.stringify({ error: 'invalid_request', error_description: `you sent ${authorization}` }), 'application/json', 400)(r);
  } } },
  { name: 'a description that repeats the whole form', ...broken, lies: { tokenReply(r) {
    replies.text(JSON.stringify({ error: 'invalid_request', error_description: this.heard.at(-1).body }), 'application/json', 400)(r);
  } } },
];

const members = [
  ...[['missing', undefined], ['null', null], ['empty', ''], ['a number', 1], ['an array', ['x']], ['with a space', 'a b'], ['with a line end', 'a\r\nX-Evil: 1'], ['with NUL', 'a\0b'],
    ['not ASCII', 'é'], ['very long', 'x'.repeat(100000)]].map(([what, v]) => ({ name: `access_token ${what}`, ...broken, ...tokens(a => { a.access_token = v; }) })),
  ...[['missing', undefined], ['null', null], ['empty', ''], ['a number', 1], ['an object', {}]].map(([what, v]) => ({ name: `id_token ${what}`, ...broken, ...tokens(a => { a.id_token = v; }) })),
  ...[undefined, null, '', 'mac', 'DPoP', 'N_A', 'Bearer ', 'Bearer, DPoP', 7, ['Bearer']].map(v => (
    { name: `token_type ${JSON.stringify(v)}`, ...broken, ...tokens(a => { a.token_type = v; }) })),
  ...['bearer', 'BEARER', 'bEaReR'].map(v => ({ name: `token_type ${v} is Bearer`, accepted: true, ...tokens(a => { a.token_type = v; }) })),
  ...[undefined, null, 'soon', '300', 300.5, 1e30, -1, 0, Number.MAX_SAFE_INTEGER, true, [1], {}].map(v => (
    { name: `expires_in ${JSON.stringify(v)} ends no sign-in and no session`, accepted: true, ...tokens(a => { a.expires_in = v; }),
      check: async ({ visitor, world }) => {
        const me = JSON.parse((await visitor.ask(`${world.base}/_vestibule/me`)).body);
        assert.ok(me.expires > Date.now() / 1000 + 600 && me.expires < Date.now() / 1000 + 40 * 86400, `the session ends at ${me.expires}`);
      } })),
  { name: 'expires_in with an exponent that no number holds', ...broken, ...text(t => t.replace(/"expires_in":300/, '"expires_in":1e999')) },
  { name: 'expires_in beyond 64 bits', ...broken, ...text(t => t.replace(/"expires_in":300/, '"expires_in":99999999999999999999')) },
  { name: 'no refresh_token', accepted: true, ...tokens(a => { delete a.refresh_token; }) },
  { name: 'refresh_token null', accepted: true, ...tokens(a => { a.refresh_token = null; }) },
  { name: 'refresh_token an array', ...broken, ...tokens(a => { a.refresh_token = ['x']; }) },
  { name: 'refresh_token with a line end', ...broken, ...tokens(a => { a.refresh_token = 'a\nb'; }) },
  { name: 'another scope than we asked for', accepted: true, ...tokens(a => { a.scope = 'openid'; }) },
];

const clients = [
  { name: 'client_auth post: the secret stands in the form, encoded once', accepted: true, settings: { clientAuth: 'post' }, config: { client_auth: 'post' } },
];

test('whole answers', t => table(t, answers));
test('transport', t => table(t, transport));
test('errors in words, and how we prove who we are', t => table(t, [...errors, ...clients]));
test('members of the answer', t => table(t, members));

// Who did not answer is left alone for a moment (two seconds at first, half as much again at most), and the page says so; then it is tried again.
async function takenBack(world, id) {
  const held = await new Visitor().ask(`${world.base}/_vestibule/start/${id}`);
  assert.equal(held.status, 502);
  assert.ok(held.body.includes(`Provider ${id}`), 'the page names the provider that does not answer');
  await new Promise(done => { setTimeout(done, 3100); });
}

test('a provider that hangs does not hold up the others, nor does one that floods', async t => {
  const rows = [{ name: 'hangs', config: { timeout: '2s' }, op: await startHostile(t) }, { name: 'floods', settings: { keys: [keyOf('ES256')] } }];
  const world = await startWorld(t, rows);
  const [hangs, floods] = rows.map(r => r.issuer);
  hangs.lies = { tokenReply: replies.silent() };
  const waiting = Array.from({ length: 20 }, () => walk(new Visitor(), world.base, hangs.id));
  const took = [];
  for (let i = 0; i < 10; i++) {
    const began = Date.now();
    await othersStillSignIn(world);
    took.push(Date.now() - began);
  }
  assert.ok(Math.max(...took) < 1500, `sign-ins at the other provider took ${took} ms`);
  for (const { last } of await Promise.all(waiting)) assert.equal(last.status, 502);
  assert.ok(hangs.seen.token >= 8 && hangs.seen.token <= 20, `${hangs.seen.token} codes were sent`); // who waits in line too long never asks
  assert.deepEqual(hangs.complaints, [], 'none was sent twice');
  floods.lies = { tokenReply: replies.endless() };
  for (let i = 0; i < 20; i++) assert.equal((await walk(new Visitor(), world.base, floods.id)).last.status, 502);
  hangs.lies = floods.lies = {};
  await takenBack(world, hangs.id);
  await play(world, { ...rows[0], accepted: true });
  world.secrets.push(...floods.secrets);
  await assertQuietLogs(world);
});
