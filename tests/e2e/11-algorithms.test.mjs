// What operators choose of a provider, against the certified one: signatures, how the client proves itself, how the answer comes back, which claims
// count, what becomes of the tokens. One gateway; an entry for every choice.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, freePort, startGateway } from './lib/parts.mjs';
import { startProvider, signInAtProvider } from './lib/provider.mjs';
import { startBackend } from './lib/backend.mjs';
import { Visitor, form } from './lib/visitor.mjs';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const secret = 'a-client-secret-of-decent-length-0123456789';
// id of the entry: signature of its client, how the client proves itself, further keys of the entry
const entries = {
  ...Object.fromEntries(algorithms.map(a => [a.toLowerCase(), { alg: a }])),
  post: { alg: 'ES256', auth: 'client_secret_post', keys: 'client_auth: post' },
  formpost: { alg: 'RS256', keys: 'response_mode: form_post' },
  narrow: { alg: 'RS256', keys: 'algorithms: [ES256, EdDSA]' },
  exact: { alg: 'ES384', keys: 'algorithms: [ES384]' },
  quiet: { alg: 'RS256', keys: 'userinfo: false' },
  asking: { alg: 'RS256', keys: 'userinfo: true' },
  keeping: { alg: 'RS256', keys: 'tokens: session' },
  forgetting: { alg: 'RS256', keys: 'tokens: discard' },
  mapped: { alg: 'RS256', keys: 'claims: { name: nickname, username: badge.number, groups: /realm_access/roles, keep: [department, /badge/number] }' },
  strict: { alg: 'RS256', keys: 'require_verified_email: true' },
  easy: { alg: 'RS256', keys: 'require_verified_email: false' },
};

async function world(t, { backend } = {}) {
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const clients = Object.entries(entries).map(([id, e]) => ({
    client_id: `client-${id}`, client_secret: secret, redirect_uris: [`${base}/_vestibule/callback/${id}`],
    post_logout_redirect_uris: [`${base}/_vestibule/signed-out`], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
    id_token_signed_response_alg: e.alg, token_endpoint_auth_method: e.auth ?? 'client_secret_basic',
  }));
  const asked = { token: [], end: [] };
  const watch = ctx => {
    if (ctx.path === '/token') asked.token.push({ status: ctx.status, authorization: ctx.get('authorization').split(' ')[0], secretInBody: ctx.oidc?.body?.client_secret !== undefined });
    if (ctx.path === '/session/end') asked.end.push({ ...ctx.query });
  };
  const op = await startProvider(t, { clients, algorithms, watch, settings: {
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'groups', 'nickname', 'department', 'badge', 'realm_access'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.test`, email_verified: !id.startsWith('unverified'), name: `${id} Example`,
      preferred_username: id, groups: ['staff'], nickname: `nick of ${id}`, department: 'works', badge: { number: 'B-7' }, realm_access: { roles: ['smith', 'baker'] } }) }),
  } });
  const app = await startBackend(t, backend);
  const gw = await startGateway(t, `
public_url: ${base}
listen: 127.0.0.1:${port}
server: { workers: 1, drain: 1s }
metrics: { listen: none }
session: { store: "memory://" }
providers:
${Object.entries(entries).map(([id, e]) => `  - use: oidc
    id: ${id}
    issuer: ${op.issuer}
    client_id: client-${id}
    client_secret: ${secret}
    allow_private: true
    ${e.keys ?? 'order: 0'}
`).join('')}
backends:
  - { id: app, url: "${app.url}" }
log: { format: json }
`);
  return { base, op, gw, app, asked };
}

// A sign-in through one entry by a browser that nobody has seen; gives the last page.
async function through(w, id, who, visitor = new Visitor()) {
  const first = await visitor.go(`${w.base}/_vestibule/start/${id}?rd=%2Fhello`);
  assert.equal(first.url.origin, w.op.issuer, `${id} leads to the provider:\n${first.body.slice(0, 500)}`);
  const page = await signInAtProvider(visitor, first, who);
  return { page, visitor, seen: page.status === 200 && page.url.pathname === '/hello' ? JSON.parse(page.body) : undefined };
}

// What failed, as the record of it says; nobody is signed in.
async function refused(w, id, { page, visitor }, status, reason) {
  assert.equal(page.status, status);
  assert.equal(visitor.cookie('__Host-vestibule'), undefined, 'nobody is signed in');
  const line = await eventually(() => w.gw.log().find(l => l.event === 'signin.failed' && l.provider === id));
  assert.equal(line.reason, reason);
}

test('choices about a provider', async t => {
  const w = await world(t);

  for (const alg of algorithms) {
    await t.test(`an id_token signed with ${alg} signs in`, async () => {
      const { seen } = await through(w, alg.toLowerCase(), 'ada');
      assert.equal(seen?.headers['x-auth-user'], `${alg.toLowerCase()}:ada`);
      assert.equal(seen.headers['x-auth-provider'], alg.toLowerCase());
    });
  }

  await t.test('the secret travels in the header with basic and in the body with post', async () => {
    const before = w.asked.token.length;
    assert.ok((await through(w, 'rs256', 'ada')).seen);
    assert.ok((await through(w, 'post', 'ada')).seen);
    assert.deepEqual(w.asked.token.slice(before), [
      { status: 200, authorization: 'Basic', secretInBody: false }, { status: 200, authorization: '', secretInBody: true }]);
  });

  await t.test('with form_post the answer is a form that the browser posts, and the attempt cookie may come along', async () => {
    const { page, visitor } = await through(w, 'formpost', 'ada');
    assert.equal(page.url.origin, w.op.issuer, 'still on the page of the provider that posts itself');
    const f = form(page);
    assert.equal(f.action.href, `${w.base}/_vestibule/callback/formpost`);
    assert.deepEqual([f.method, Object.keys(f.fields).sort()], ['POST', ['code', 'iss', 'state']]);
    const attempt = visitor.jar.find(c => c.name.startsWith('__Host-vestibule-tx-'));
    assert.match(attempt.sameSite, /^none$/i, 'a post from another site brings only such cookies');
    assert.ok(attempt.secure && attempt.httpOnly);
    const last = await visitor.go(f.action, { method: 'POST', body: f.fields, headers: { origin: w.op.issuer, 'sec-fetch-site': 'cross-site' } });
    assert.equal(last.status, 200);
    assert.equal(JSON.parse(last.body).headers['x-auth-user'], 'formpost:ada');
  });

  await t.test('with query the attempt cookie stays at home when other sites post', async () => {
    const visitor = new Visitor();
    await visitor.go(`${w.base}/_vestibule/start/rs256?rd=%2F`);
    assert.match(visitor.jar.find(c => c.name.startsWith('__Host-vestibule-tx-')).sameSite, /^lax$/i);
  });

  await t.test('a signature that the entry does not list is refused, one that it lists is not', async () => {
    await refused(w, 'narrow', await through(w, 'narrow', 'ada'), 502, 'provider-broken');
    assert.equal((await through(w, 'exact', 'ada')).seen?.headers['x-auth-user'], 'exact:ada');
  });

  await t.test('the profile is asked for only when it is wanted', async () => {
    const start = w.op.seen.userinfo;
    assert.ok((await through(w, 'quiet', 'ada')).seen);
    assert.equal(w.op.seen.userinfo, start);
    assert.ok((await through(w, 'asking', 'ada')).seen);
    assert.equal(w.op.seen.userinfo, start + 1);
  });

  await t.test('claims are taken from where the entry says, and only those to keep are kept', async () => {
    const { seen, visitor } = await through(w, 'mapped', 'ada');
    assert.equal(seen.headers['x-auth-groups'], 'smith,baker');
    assert.equal(seen.headers['x-auth-name'], 'nick of ada');
    const me = JSON.parse((await visitor.ask(`${w.base}/_vestibule/me`, { navigate: false, headers: { accept: 'application/json' } })).body);
    assert.equal(me.name, 'nick of ada');
    const payload = JSON.parse(Buffer.from(seen.headers['x-auth-assertion'].split('.')[1], 'base64url'));
    assert.deepEqual(payload.claims, { department: 'works', '/badge/number': 'B-7' });
    const plain = (await through(w, 'rs256', 'ada')).seen;
    assert.equal(plain.headers['x-auth-groups'], 'staff');
    assert.equal(JSON.parse(Buffer.from(plain.headers['x-auth-assertion'].split('.')[1], 'base64url')).claims, undefined, 'nothing is kept that was not asked for');
  });

  await t.test('people of two entries with the same subject are two people', async () => {
    const one = (await through(w, 'es256', 'ada')).seen, two = (await through(w, 'rs512', 'ada')).seen;
    assert.notEqual(one.headers['x-auth-user'], two.headers['x-auth-user']);
    const subject = s => JSON.parse(Buffer.from(s.headers['x-auth-assertion'].split('.')[1], 'base64url')).sub;
    assert.deepEqual([subject(one), subject(two)], ['es256:ada', 'rs512:ada']);
  });

  await t.test('an address that nobody verified is refused where that is required, and else told as unverified', async () => {
    await refused(w, 'strict', await through(w, 'strict', 'unverified-una'), 403, 'email-unverified');
    assert.ok((await through(w, 'strict', 'ada')).seen, 'a verified one passes');
    const easy = await through(w, 'easy', 'unverified-una');
    assert.equal(easy.seen?.headers['x-auth-user'], 'easy:unverified-una');
    assert.equal(easy.seen.headers['x-auth-email'], undefined, 'applications are told of verified addresses only');
  });

  // Signs out here and at the provider; gives the query with which the browser came to the provider's end_session_endpoint.
  async function signOut(visitor) {
    const page = await visitor.go(`${w.base}/_vestibule/sign-out`);
    const f = form(page);
    const answer = await visitor.ask(f.action, { method: f.method, body: { ...f.fields, everywhere: 'yes' }, headers: { origin: w.base, 'sec-fetch-site': 'same-origin' } });
    assert.equal(answer.status, 303);
    assert.equal(answer.location.origin, w.op.issuer, `goes on to the provider: ${answer.location}`);
    const there = await visitor.ask(answer.location);
    assert.equal(there.status, 200, 'the provider takes the question');
    assert.equal(visitor.cookie('__Host-vestibule'), undefined);
    return w.asked.end.at(-1);
  }

  await t.test('tokens kept in the session serve as the hint when people sign out at the provider too', async () => {
    const { visitor } = await through(w, 'keeping', 'ada');
    const query = await signOut(visitor);
    const claims = JSON.parse(Buffer.from(query.id_token_hint.split('.')[1], 'base64url'));
    assert.deepEqual([claims.sub, claims.aud], ['ada', 'client-keeping']);
    assert.equal(query.post_logout_redirect_uri, `${w.base}/_vestibule/signed-out`);
  });

  await t.test('tokens that were discarded are nowhere: signing out names the client instead', async () => {
    const { visitor } = await through(w, 'forgetting', 'ada');
    const query = await signOut(visitor);
    assert.equal(query.id_token_hint, undefined);
    assert.equal(query.client_id, 'client-forgetting');
  });
});

test('two providers whose people have the same subject stay two people', async t => {
  const port = await freePort(), base = `http://localhost:${port}`;
  const [left, right] = await Promise.all(['left', 'right'].map(id => startProvider(t, { redirectUris: [`${base}/_vestibule/callback/${id}`] })));
  const app = await startBackend(t);
  await startGateway(t, `
public_url: ${base}
listen: 127.0.0.1:${port}
server: { workers: 1, drain: 1s }
metrics: { listen: none }
session: { store: "memory://" }
providers:
${[['left', left], ['right', right]].map(([id, op]) => `  - { use: oidc, id: ${id}, issuer: "${op.issuer}", client_id: ${op.clientId}, client_secret: ${op.clientSecret}, allow_private: true }
`).join('')}
access:
  - { id: left-only, path: /left/**, allow: { users: [left/ada] }, otherwise: refuse }
  - { id: all, path: /**, allow: signed_in }
backends:
  - { id: app, url: "${app.url}" }
log: { format: json }
`);
  const people = {};
  for (const [id, op] of [['left', left], ['right', right]]) {
    const visitor = new Visitor();
    const page = await signInAtProvider(visitor, await visitor.go(`${base}/_vestibule/start/${id}?rd=%2F`), 'ada');
    assert.equal(page.status, 200);
    people[id] = { user: JSON.parse(page.body).headers['x-auth-user'], left: (await visitor.ask(`${base}/left/a`)).status };
    assert.equal(op.seen.token, 1);
  }
  assert.deepEqual(people, { left: { user: 'left:ada', left: 200 }, right: { user: 'right:ada', left: 403 } });
});
