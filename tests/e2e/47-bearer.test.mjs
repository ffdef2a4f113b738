// Programs that show an access token: JWTs verified here, other tokens asked about, one answer to the question who it is.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { eventually, signedIn, startHouse } from './lib/house.mjs';
import { Visitor } from './lib/visitor.mjs';

const now = () => Math.floor(Date.now() / 1000);
const b64 = x => Buffer.from(x).toString('base64url');
const audience = 'https://api.example.com';

// An issuer's introspection endpoint: answers(token) is what it says.
async function startIntrospection(t, answers) {
  const seen = [];
  const server = http.createServer((q, r) => {
    const parts = [];
    q.on('data', d => parts.push(d));
    q.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
      seen.push({ form, authorization: q.headers.authorization, url: q.url });
      const said = answers(form.token);
      r.writeHead(said.status ?? 200, { 'content-type': 'application/json' });
      r.end(JSON.stringify(said.body ?? said));
    });
  });
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  t.after(() => new Promise(done => { server.closeAllConnections?.(); server.close(done); }));
  return { seen, server, url: `http://127.0.0.1:${server.address().port}` };
}

async function bearerHouse(t, change = () => {}) {
  const house = await startHouse(t, { change: c => {
    c.server.workers = 1;
    c.bearer_issuers = [{ id: 'machines', issuer: c.providers[0].issuer, audiences: [audience], allow_private: true, claims: { keep: ['scope'] } }];
    c.access = [
      { id: 'writers', path: '/api/write', allow: { claims: { scope: 'write' } }, bearer: ['machines'] },
      { id: 'api', path: '/api/**', allow: 'signed_in', bearer: ['machines'] },
      { id: 'kept', path: '/kept/**', allow: 'signed_in', bearer: ['machines'], pass_bearer: true },
      { id: 'pages', path: '/**', allow: 'signed_in' },
    ];
    change(c);
  } });
  const good = { iss: house.op.issuer, aud: audience, sub: 'robot-7', client_id: 'robots', jti: 'j1', iat: now() - 5, exp: now() + 300, scope: 'read list', email: 'robot@example.test', email_verified: true, groups: ['machines'] };
  house.token = (claims = {}, header = {}) => house.op.signed({ ...good, ...claims }, { typ: 'at+jwt', ...header });
  house.show = (path, token, more = {}) => new Visitor().ask(`${house.base}${path}`, { navigate: false, ...more, headers: { authorization: `Bearer ${token}`, ...more.headers } });
  return house;
}

test('a token of the issuer passes like a session: the backend is told who it is by the same headers, and does not get the token (SEC-144)', async t => {
  const house = await bearerHouse(t);
  const answer = await house.show('/api/x', house.token());
  assert.equal(answer.status, 200, answer.body);
  const { headers } = JSON.parse(answer.body);
  assert.equal(headers['x-auth-user'], 'machines:robot-7');
  assert.equal(headers['x-auth-email'], 'robot@example.test');
  assert.equal(headers['x-auth-groups'], 'machines');
  assert.equal(headers['x-auth-provider'], 'machines');
  assert.ok(headers['x-auth-assertion']?.split('.').length === 3);
  assert.equal(headers.authorization, undefined);
  assert.equal(answer.headers['set-cookie'], undefined);
  const passed = JSON.parse((await house.show('/kept/x', house.token())).body);
  assert.match(passed.headers.authorization, /^Bearer ey/, 'where the rule says so, the token goes on');
  // scopes are claims: this one may not write
  const refused = await house.show('/api/write', house.token());
  assert.equal(refused.status, 403);
  assert.equal(refused.headers['www-authenticate'], `Bearer realm="localhost:${house.port}", error="insufficient_scope"`);
  assert.equal((await house.show('/api/write', house.token({ scope: 'read write' }))).status, 200);
  assert.equal((await house.show('/api/write', house.token({ scope: 'writer' }))).status, 403);
});

test('every token that is not exactly an access token for us is refused, and nobody learns more than invalid_token', async t => {
  const house = await bearerHouse(t);
  const own = (await signedIn(house, '/')).visitor.cookie('__Host-vestibule');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [head, body] = house.token().split('.');
  const resigned = `${head}.${body}.${b64(sign('sha256', Buffer.from(`${head}.${body}`), { key: other.privateKey, dsaEncoding: 'ieee-p1363' }))}`;
  const hmac = (() => {
    const h = b64(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: 'h1' }));
    return `${h}.${body}.${createHmac('sha256', 'secret').update(`${h}.${body}`).digest('base64url')}`;
  })();
  const none = `${b64(JSON.stringify({ alg: 'none', typ: 'at+jwt' }))}.${body}.`;
  const rows = {
    'another audience': house.token({ aud: 'https://other.example.com' }), 'no audience': house.token({ aud: undefined }), 'our client id as audience': house.token({ aud: 'gateway' }),
    'audiences of which none is ours': house.token({ aud: ['a', 'b'] }), 'an audience that is a number': house.token({ aud: 7 }),
    'another issuer': house.token({ iss: 'https://evil.example' }), 'no issuer': house.token({ iss: undefined }), 'the issuer with a slash': house.token({ iss: `${house.op.issuer}/` }),
    'expired': house.token({ exp: now() - 120 }), 'no exp': house.token({ exp: undefined }), 'exp as text': house.token({ exp: String(now() + 300) }),
    'issued tomorrow': house.token({ iat: now() + 86400 }), 'no iat': house.token({ iat: undefined }), 'not before tomorrow': house.token({ nbf: now() + 86400 }),
    'no subject': house.token({ sub: undefined }), 'a subject with a line break': house.token({ sub: 'a\nb' }),
    'an identity token by typ': house.token({}, { typ: 'JWT' }), 'no typ': house.token({}, { typ: undefined }), 'a logout token': house.token({ events: {} }, { typ: 'logout+jwt' }),
    'a nonce': house.token({ nonce: 'n' }), 'an at_hash': house.token({ at_hash: 'x' }), 'bound to a key': house.token({ cnf: { jkt: 'x' } }),
    'an unknown critical header': house.token({}, { crit: ['x'], x: 1 }), 'a foreign key': resigned, 'alg none': none, 'HS256': hmac, 'alg none without dots': none.slice(0, -1),
    'our own session token': own, 'an opaque text': 'a-text-nobody-knows', 'dots alone': '..', 'a changed byte': house.token().slice(0, -2) + 'AA',
  };
  for (const [what, token] of Object.entries(rows)) {
    const answer = await house.show('/api/x', token);
    assert.equal(answer.status, 401, what);
    assert.equal(answer.headers['www-authenticate'], `Bearer realm="localhost:${house.port}", error="invalid_token"`, what);
    assert.equal(JSON.parse(answer.body).code, 'invalid-token', what);
  }
  assert.ok(!house.backend.seen.some(r => r.url === '/api/x'));
  await eventually(() => house.told('token.refused').length === Object.keys(rows).length);
  assert.ok(!JSON.stringify(house.gw.log()).includes(house.token().split('.')[1].slice(0, 40)), 'no token in a log');
  assert.equal((await house.show('/api/x', house.token({ aud: ['x', audience] }))).status, 200, 'and the right one passes');
});

test('a token speaks only where the rule names its issuer; elsewhere the header is the backend\'s business and nobody is signed in by it', async t => {
  const house = await bearerHouse(t);
  const page = await house.show('/page', house.token());
  assert.equal(page.status, 401);
  assert.equal(page.headers['www-authenticate'], 'Bearer');
  const { visitor } = await signedIn(house);
  const both = await visitor.ask(`${house.base}/page`, { navigate: false, headers: { authorization: 'Bearer of-the-application' } });
  assert.equal(JSON.parse(both.body).headers.authorization, 'Bearer of-the-application');
});

test('odd credentials are 400: two of them, a cookie beside a token, nothing behind Bearer; a query is never looked into', async t => {
  const house = await bearerHouse(t);
  const { visitor } = await signedIn(house);
  const both = await visitor.ask(`${house.base}/api/x`, { navigate: false, headers: { authorization: `Bearer ${house.token()}` } });
  assert.equal(both.status, 400);
  assert.equal(both.headers['www-authenticate'], `Bearer realm="localhost:${house.port}", error="invalid_request"`);
  for (const odd of ['Bearer', 'Bearer ', 'Bearer a b', 'Bearer "x"', 'Bearer a,b', 'bearer =']) {
    const answer = await new Visitor().ask(`${house.base}/api/x`, { navigate: false, headers: { authorization: odd } });
    assert.equal(answer.status, 400, odd);
  }
  for (const other of ['Basic YTpi', `DPoP ${house.token()}`, `Token ${house.token()}`, house.token()]) {
    const answer = await new Visitor().ask(`${house.base}/api/x`, { navigate: false, headers: { authorization: other } });
    assert.equal(answer.status, 401, other.slice(0, 20));
    assert.equal(answer.headers['www-authenticate'], `Bearer realm="localhost:${house.port}"`);
  }
  assert.equal((await new Visitor().ask(`${house.base}/api/x?access_token=${house.token()}`, { navigate: false })).status, 401);
  assert.equal((await visitor.ask(`${house.base}/api/x`, { navigate: false })).status, 200, 'a session passes there as ever');
  assert.equal((await new Visitor().ask(`${house.base}/api/x`)).status, 302, 'and a person without one is led to sign in');
});

test('a token that was verified is a look-up: the issuer is asked for nothing more, and it ends with the token', async t => {
  const house = await bearerHouse(t);
  const token = house.token({ exp: now() + 3 - 60 + 1 }); // one second and the skew of 60
  for (let i = 0; i < 50; i++) assert.equal((await house.show('/api/x', token)).status, 200);
  assert.equal(await house.metric('vestibule_bearer_tokens_total{issuer="machines",outcome="ok"}'), 50, 'this one has no time left to be kept');
  const lasting = house.token();
  for (let i = 0; i < 50; i++) assert.equal((await house.show('/api/x', lasting)).status, 200);
  assert.equal(await house.metric('vestibule_bearer_tokens_total{issuer="machines",outcome="ok"}'), 51);
  await eventually(async () => (await house.show('/api/x', token)).status === 401, 10);
});

test('other tokens are asked about: active says who, everything else refuses, the answer is believed for a short time, and an issuer that is away is no yes', async t => {
  const said = { active: true, sub: 'svc-1', aud: audience, scope: 'read', client_id: 'svc', username: 'service' };
  const answers = {
    good: { ...said, exp: now() + 300 }, dead: { active: false }, text: { ...said, active: 'true' }, elsewhere: { ...said, aud: 'https://other' }, old: { ...said, exp: now() - 300 },
    bound: { ...said, cnf: { jkt: 'x' } }, nobody: { ...said, sub: undefined }, dpop: { ...said, token_type: 'DPoP' }, foreign: { ...said, iss: 'https://evil.example' }, broken: { status: 500, body: {} }, list: { body: [said] },
  };
  const opaque = await startIntrospection(t, token => answers[token] ?? { active: false });
  const house = await bearerHouse(t, c => {
    c.bearer_issuers.push({ id: 'opaque', issuer: 'https://tokens.example.com', introspection_url: `${opaque.url}/introspect`, client_id: 'ga:te', client_secret: 'sec ret&=%', audiences: [audience], allow_private: true, cache: '2s' });
    c.access.unshift({ id: 'asked', path: '/asked/**', allow: 'signed_in', bearer: ['machines', 'opaque'] });
  });
  const ask = token => house.show('/asked/x', token);
  const good = await ask('good');
  assert.equal(good.status, 200, good.body);
  assert.equal(JSON.parse(good.body).headers['x-auth-user'], 'opaque:svc-1');
  assert.deepEqual(opaque.seen[0], { form: { token: 'good', token_type_hint: 'access_token' }, url: '/introspect', authorization: `Basic ${Buffer.from('ga%3Ate:sec+ret%26%3D%25').toString('base64')}` });
  for (let i = 0; i < 20; i++) assert.equal((await ask('good')).status, 200);
  assert.equal(opaque.seen.length, 1, 'believed for a while');
  for (const token of ['dead', 'elsewhere', 'old', 'bound', 'nobody', 'dpop', 'foreign', 'unknown']) assert.equal((await ask(token)).status, 401, token);
  for (const token of ['text', 'list', 'broken']) assert.ok([502, 503].includes((await ask(token)).status), token);
  assert.equal((await ask(house.token())).status, 200, 'a JWT goes to the issuer it names');
  assert.ok(!opaque.seen.some(s => s.form.token.startsWith('ey')));
  const own = (await signedIn(house, '/')).visitor.cookie('__Host-vestibule');
  assert.equal((await ask(own)).status, 401);
  assert.ok(!opaque.seen.some(s => s.form.token.startsWith('ey')), 'our session token is shown to nobody');
  answers.good = { active: false };
  await eventually(async () => (await ask('good')).status === 401, 10);
  assert.equal((await house.show('/api/x', 'good')).status, 401, 'and where that issuer is not named it never counted');
  await new Promise(done => { opaque.server.closeAllConnections?.(); opaque.server.close(done); });
  assert.equal((await ask('another')).status, 502);
});

test('a front proxy that asks whether a program may pass gets the same answers, also when its query narrows', async t => {
  const house = await bearerHouse(t, c => { c.trusted_proxies = ['127.0.0.0/8']; });
  const ask = (path, token, query = '') => new Visitor().ask(`${house.base}/_vestibule/auth/nginx${query}`, { navigate: false, headers: {
    'x-original-url': `${house.base}${path}`, 'x-original-method': 'GET', ...(token ? { authorization: `Bearer ${token}` } : {}) } });
  const yes = await ask('/api/x', house.token());
  assert.equal(yes.status, 200);
  assert.equal(yes.headers['x-auth-user'], 'machines:robot-7');
  assert.equal((await ask('/api/x', house.token({ aud: 'other' }))).status, 401);
  assert.equal((await ask('/api/write', house.token())).status, 403);
  assert.equal((await ask('/page', house.token())).status, 401);
  assert.equal((await ask('/api/x', house.token(), '?groups=machines,x')).status, 200);
  assert.equal((await ask('/api/x', house.token(), '?groups=people')).status, 403);
  assert.match((await ask('/api/x')).headers['www-authenticate'], /^Bearer realm=/);
});
