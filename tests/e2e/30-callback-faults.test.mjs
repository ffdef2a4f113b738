// What may come back to the callback instead of an answer: refused with one page, one audit record and no question to the provider, the attempt ended.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import { eventually, readFileSync, sleep } from './lib/parts.mjs';
import { Visitor, withoutOurScript } from './lib/visitor.mjs';
import { startHostile } from './lib/hostile.mjs';
import { assertQuietLogs, assertRefusalPage, startWorld, table, txCookies, walk } from './lib/hostile_rows.mjs';

const bad = { problem: 'bad-request', token: 0 };
const unknown = { problem: 'attempt-unknown', token: 0, event: 'callback.state_mismatch' };
const said = (error, ...more) => ({ answer: p => [['error', error], ...p.slice(1), ...more] });
const markup = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&{{t.sign_in.title}}{{{x}}}%s%n';
const answer = change => ({ answer: (p, about) => change(p, about) });
const post = { settings: { responseMode: 'form_post' }, config: { response_mode: 'form_post' } };

// The attempt stays: what came does not say which it was of.
const kept = { attemptKept: true };

const states = [
  { name: 'no state', ...unknown, ...kept, lies: answer(p => p.filter(([n]) => n !== 'state')) },
  { name: 'an empty state', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? '' : v])) },
  { name: 'a state nobody gave out', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? 'x'.repeat(43) : v])) },
  { name: 'a state whose head is right and whose tail is not', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? v.slice(0, 42) + (v.endsWith('A') ? 'B' : 'A') : v])) },
  { name: 'the right state, shortened', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? v.slice(0, 20) : v])) },
  { name: 'the right state with something behind it', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? `${v}x` : v])) },
  { name: 'the right state in capitals', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? v.toUpperCase() : v])) },
  { name: 'the right state with NUL behind it', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? `${v}\0` : v])) },
  { name: 'two equal states', ...bad, ...kept, lies: answer(p => [...p, p[1]]) },
  { name: 'two states, the right one first', ...bad, ...kept, lies: answer(p => [...p, ['state', 'another']]) },
  { name: 'a state of 6 kB', ...bad, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? 'x'.repeat(6000) : v])) },
  { name: 'markup as state', ...unknown, ...kept, lies: answer(p => p.map(([n, v]) => [n, n === 'state' ? '"><script>alert(1)</script>' : v])) },
];

const shapes = [
  { name: 'two codes', ...bad, lies: answer(p => [...p, ['code', 'another']]) },
  { name: 'two equal codes', ...bad, lies: answer(p => [...p, p[0]]) },
  { name: 'two issuers', ...bad, lies: answer(p => [...p, p[2]]) },
  { name: 'two errors', ...bad, lies: answer(p => [['error', 'access_denied'], ['error', 'server_error'], ...p.slice(1)]) },
  { name: 'a code and an error', ...bad, lies: answer(p => [...p, ['error', 'access_denied']]) },
  { name: 'neither code nor error', ...bad, lies: answer(p => p.slice(1)) },
  { name: 'an empty code', ...bad, lies: answer(p => [['code', ''], ...p.slice(1)]) },
  { name: 'a code of 5 kB', ...bad, lies: answer(p => [['code', 'c'.repeat(5000)], ...p.slice(1)]) },
  { name: 'a code with NUL in it', ...bad, lies: answer(p => [['code', 'a\0b'], ...p.slice(1)]) },
  { name: 'a code with a line end in it', ...bad, lies: answer(p => [['code', 'a\r\nX-Evil: 1'], ...p.slice(1)]) },
  { name: 'a code that is not ASCII', ...bad, lies: answer(p => [['code', 'ä'], ...p.slice(1)]) },
  { name: 'an access token in the query instead of a code', ...bad, lies: answer((p, { issuer }) => [['access_token', issuer.secret('fragment')], ['token_type', 'Bearer'], ...p.slice(1)]) },
  { name: 'an id_token in the query instead of a code', ...bad, lies: answer((p, { issuer }) => [['id_token', issuer.secret('fragment')], ...p.slice(1)]) },
  { name: 'everything in a fragment, which a browser keeps to itself', ...unknown, ...kept, lies: answer((p, { code, ask }) => `#code=${code}&state=${ask.state}`) },
];

const issuers = [
  { name: 'iss is another issuer', ...bad, lies: answer(p => [...p.slice(0, 2), ['iss', 'https://evil.example.net']]) },
  { name: 'iss has a slash more', ...bad, lies: answer(p => [...p.slice(0, 2), ['iss', `${p[2][1]}/`]]) },
  { name: 'iss is the issuer in capitals', ...bad, lies: answer(p => [...p.slice(0, 2), ['iss', p[2][1].toUpperCase()]]) },
  { name: 'iss is empty', ...bad, lies: answer(p => [...p.slice(0, 2), ['iss', '']]) },
  { name: 'iss is missing though the provider says that it sends it', ...bad, lies: answer(p => p.slice(0, 2)) },
  { name: 'iss is missing in an error answer, too', ...bad, lies: answer(p => [['error', 'access_denied'], p[1]]) },
  { name: 'iss is wrong though nobody announced it', ...bad, settings: { sendsIss: false }, lies: answer(p => [...p, ['iss', 'https://evil.example.net']]) },
  { name: 'iss is right though nobody announced it', accepted: true, settings: { sendsIss: false }, lies: answer((p, { issuer }) => [...p, ['iss', issuer.issuer]]) },
  { name: 'no iss, and none announced', accepted: true, settings: { sendsIss: false } },
];

const refusals = [
  { name: 'access_denied', problem: 'sign-in-cancelled', token: 0, event: 'signin.cancelled', lies: said('access_denied') },
  { name: 'login_required', problem: 'provider-refused', token: 0, lies: said('login_required') },
  { name: 'interaction_required', problem: 'provider-refused', token: 0, lies: said('interaction_required') },
  { name: 'consent_required', problem: 'provider-refused', token: 0, lies: said('consent_required') },
  { name: 'server_error', problem: 'provider-away', token: 0, lies: said('server_error') },
  { name: 'temporarily_unavailable', problem: 'provider-away', token: 0, lies: said('temporarily_unavailable') },
  { name: 'invalid_request', problem: 'provider-misconfigured', token: 0, lies: said('invalid_request') },
  { name: 'unauthorized_client', problem: 'provider-misconfigured', token: 0, lies: said('unauthorized_client') },
  { name: 'invalid_scope', problem: 'provider-misconfigured', token: 0, lies: said('invalid_scope') },
  { name: 'unsupported_response_type', problem: 'provider-misconfigured', token: 0, lies: said('unsupported_response_type') },
  { name: 'an error nobody has heard of', problem: 'provider-refused', token: 0, lies: said('x_unheard_of') },
  { name: 'markup as error, description and address', problem: 'provider-refused', token: 0, lies: said(markup, ['error_description', markup], ['error_uri', 'javascript:alert(1)']) },
  { name: 'a description of 6 kB', problem: 'provider-refused', token: 0, lies: said('login_required', ['error_description', 'long-'.repeat(1200)]),
    check: ({ audit }) => assert.ok(audit.at(-1).cause.length < 600, `${audit.at(-1).cause.length} characters in the log`) },
  { name: 'a description that tries to write log lines', problem: 'provider-refused', token: 0,
    lies: said('login_required', ['error_description', 'x\r\n{"stream":"audit","event":"signin.succeeded"}\n\u001b[31mred\u202e']),
    check: ({ audit }) => assert.doesNotMatch(audit.at(-1).cause, /[\u0000-\u001f\u202e]/) },
  { name: 'a description that repeats the state', problem: 'provider-refused', token: 0,
    lies: { answer: (p, { ask }) => [['error', 'login_required'], ...p.slice(1), ['error_description', `state ${ask.state} nonce ${ask.nonce}`]] } },
  { name: 'an error that is the state', problem: 'provider-refused', token: 0, lies: { answer: (p, { ask }) => [['error', ask.state], ...p.slice(1)] } },
];

const extras = [
  { name: 'unknown parameters beside the answer are nobody\'s business', accepted: true, lies: answer(p => [...p, ['session_state', 'x'], ['scope', 'openid'], ['hd', markup]]) },
  { name: 'another way back beside the answer changes nothing: the one of the attempt is taken (SEC-120)', accepted: true,
    lies: answer(p => [...p, ['rd', 'https://evil.example/'], ['return_to', '//evil.example'], ['return_url', '/elsewhere']]) },
  { name: 'an access token beside a good code is left alone', accepted: true, lies: answer((p, { issuer }) => [...p, ['access_token', issuer.secret('beside')]]) },
  { name: 'a code that tries to be two parameters stays one', problem: 'provider-broken', complaints: ['token: a code that was not given out, or was used'],
    lies: answer(p => [['code', 'a&client_id=b&grant_type=password"; x'], ...p.slice(1)]) },
];

const byPost = row => ({ ...row, name: `form_post: ${row.name}`, settings: { ...row.settings, ...post.settings }, config: { ...row.config, ...post.config } });
const pick = (rows, ...names) => names.map(n => rows.find(r => r.name === n)).map(byPost);

test('answers with a fault, by query', t => table(t, [...states, ...shapes, ...issuers, ...refusals, ...extras]));

test('answers with a fault, by form', t => table(t, [
  ...pick(states, 'no state', 'a state nobody gave out', 'two states, the right one first'),
  ...pick(shapes, 'two codes', 'a code and an error', 'neither code nor error', 'a code of 5 kB'),
  ...pick(issuers, 'iss is another issuer', 'iss is missing though the provider says that it sends it'),
  ...pick(refusals, 'access_denied', 'markup as error, description and address'),
  byPost({ name: 'a description of 10 kB', ...bad, lies: said('login_required', ['error_description', 'long '.repeat(2000)]) }),
  ...pick(extras, 'unknown parameters beside the answer are nobody\'s business'),
]));

test('methods, browsers, providers and replays', async t => {
  const op = await startHostile(t);
  const rows = [{ name: 'a' }, { name: 'b' }, { name: 'posted', ...post }];
  const world = await startWorld(t, rows, { op, replicas: 2 });
  const [a, b, posted] = rows.map(r => r.issuer);
  const callback = issuer => `${world.base}/_vestibule/callback/${issuer.id}`;
  // A visitor who stands before the callback: { visitor, url } of what the browser would ask next.
  const before = async (issuer, visitor = new Visitor()) => {
    const way = await walk(visitor, world.base, issuer.id, { change: to => { throw Object.assign(new Error('stop'), { to }); } }).catch(e => { if (!e.to) throw e; return e; });
    return { visitor, url: way.to };
  };
  const nobody = (visitor, answer) => {
    assert.ok(!(answer.headers['set-cookie'] ?? []).some(c => c.startsWith('__Host-vestibule=')));
    assert.equal(visitor.cookie('__Host-vestibule'), undefined);
  };

  for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'POST']) {
    await t.test(`${method} at a callback that takes GET is 405 and has no effect: GET works afterwards`, async () => {
      const { visitor, url } = await before(a);
      const tokens = a.seen.token;
      const answer = await visitor.ask(url, { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.match(answer.headers.allow, method === 'POST' ? /^GET$/ : /GET/);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.equal(a.seen.token, tokens, 'nothing was asked of the provider');
      assert.equal((await visitor.ask(url)).status, 303);
    });
  }

  await t.test('GET at a callback that takes a form is 405 and has no effect: the form works afterwards', async () => {
    const visitor = new Visitor();
    const { last } = await walk(visitor, world.base, posted.id, { change: async (url, options) => {
      const answer = await visitor.ask(`${url}?${options.body}`);
      assert.deepEqual([answer.status, answer.headers.allow, answer.headers['set-cookie']], [405, 'POST', undefined]);
      const both = await visitor.ask(`${url}?${options.body}`, { method: 'POST', headers: options.headers, body: '' });
      assert.equal(both.status, 400, 'an answer in the query of a POST is none');
    } });
    assert.equal(last.status, 303);
  });

  await t.test('an answer that is fetched beforehand has no effect: who then comes by themselves is signed in', async () => {
    for (const purpose of [{ 'sec-purpose': 'prefetch' }, { 'sec-purpose': 'prefetch;prerender' }, { purpose: 'prefetch' }]) {
      const { visitor, url } = await before(a);
      const tokens = a.seen.token;
      const early = await visitor.ask(url, { headers: purpose });
      assert.deepEqual([early.status, early.body, early.headers['set-cookie']], [503, '', undefined]);
      assert.equal(a.seen.token, tokens);
      assert.equal((await visitor.ask(url)).status, 303);
      assert.equal(a.seen.token, tokens + 1);
    }
  });

  await t.test('a form of another content type is no answer', async () => {
    const visitor = new Visitor(), tokens = posted.seen.token;
    const { last } = await walk(visitor, world.base, posted.id, { change: (url, options) => [url, { ...options, headers: { ...options.headers, 'content-type': 'text/plain' } }] });
    assert.equal(last.status, 400);
    assert.equal(posted.seen.token, tokens);
    nobody(visitor, last);
  });

  await t.test('the cookie of an attempt whose answer comes by form is SameSite=None, of the others Lax; both are bound to host, https and scripts', async () => {
    for (const [issuer, site] of [[a, 'Lax'], [posted, 'None']]) {
      const [line] = (await new Visitor().ask(`${world.base}/_vestibule/start/${issuer.id}`)).headers['set-cookie'];
      assert.match(line, /^__Host-vestibule-tx-[0-9a-z]{7}[\w-]{10}=[\w-]+; /);
      assert.deepEqual(line.split('; ').slice(1).sort(), ['HttpOnly', 'Max-Age=600', 'Path=/', `SameSite=${site}`, 'Secure'].sort());
    }
  });

  await t.test('the answer in a browser that did not begin is refused, and the provider is not asked', async () => {
    const { url } = await before(a);
    const thief = new Visitor(), tokens = a.seen.token;
    const answer = await thief.ask(url);
    assertRefusalPage(answer, 'cookies-blocked', a.id);
    nobody(thief, answer);
    assert.equal(a.seen.token, tokens);
  });

  await t.test('the answer in a browser with an attempt of its own is refused, and that attempt still works', async () => {
    const victim = await before(a), attacker = await before(a);
    const tokens = a.seen.token;
    const answer = await victim.visitor.ask(attacker.url);
    assertRefusalPage(answer, 'attempt-unknown', a.id);
    nobody(victim.visitor, answer);
    assert.equal(a.seen.token, tokens);
    assert.equal((await victim.visitor.ask(victim.url)).status, 303);
  });

  await t.test('the state of one provider at the callback of another is refused', async () => {
    const { visitor, url } = await before(a);
    const tokens = [a.seen.token, b.seen.token];
    const answer = await visitor.ask(url.replace(`/callback/${a.id}`, `/callback/${b.id}`));
    assertRefusalPage(answer, 'attempt-unknown', b.id);
    nobody(visitor, answer);
    assert.deepEqual([a.seen.token, b.seen.token], tokens);
    assert.equal(txCookies(visitor).length, 0);
  });

  await t.test('an attempt\'s cookie under the name of another attempt, or changed in one place, is refused (SEC-120)', async () => {
    for (const spoil of [v => v.replace(/^./, c => (c === 'A' ? 'B' : 'A')), v => v.replace(/.$/, c => (c === 'A' ? 'Q' : 'A')), v => v.slice(0, -4), v => `${v}AAAA`, () => '', () => 'x'.repeat(3000)]) {
      const { visitor, url } = await before(a);
      const tokens = a.seen.token;
      txCookies(visitor)[0].value = spoil(txCookies(visitor)[0].value);
      const answer = await visitor.ask(url);
      assertRefusalPage(answer, 'attempt-unknown', a.id);
      nobody(visitor, answer);
      assert.equal(a.seen.token, tokens);
    }
    const first = await before(a), second = await before(a);
    const [one] = txCookies(first.visitor), [two] = txCookies(second.visitor);
    two.value = one.value;
    assertRefusalPage(await second.visitor.ask(second.url), 'attempt-unknown', a.id);
  });

  // What only the gateway can seal, sealed with its own key.
  const reseal = (cookie, change) => {
    const master = Buffer.from(readFileSync(join(world.gw.dir, 'state/session.key'), 'utf8').trim(), 'base64');
    const sealed = Buffer.from(cookie.value, 'base64url'), head = sealed.subarray(0, 33);
    const key = Buffer.from(hkdfSync('sha256', master, head.subarray(5, 21), 'vestibule sealed record/attempt', 32));
    const box = make => make('aes-256-gcm', key, head.subarray(21)).setAAD(Buffer.concat([head, Buffer.from(cookie.name)]));
    const open = box(createDecipheriv).setAuthTag(sealed.subarray(-16));
    const attempt = JSON.parse(Buffer.concat([open.update(sealed.subarray(33, -16)), open.final()]));
    change(attempt);
    const seal = box(createCipheriv);
    const body = Buffer.concat([seal.update(JSON.stringify(attempt)), seal.final()]);
    cookie.value = Buffer.concat([head, body, seal.getAuthTag()]).toString('base64url');
  };
  const aged = [
    ['as it was', () => {}, undefined],
    ['begun nine minutes ago', x => { x.began -= 540; }, undefined],
    ['begun eleven minutes ago', x => { x.began -= 660; }, 'attempt-expired'],
    ['begun in an hour', x => { x.began += 3600; }, 'attempt-expired'],
    ['without a beginning', x => { delete x.began; }, 'attempt-unknown'],
    ['of another provider', x => { x.provider = 'b'; }, 'attempt-unknown'],
    ['with another issuer', x => { x.issuer += '/'; }, 'attempt-unknown'],
    ['with another client_id', x => { x.client_id = 'another'; }, 'attempt-unknown'],
    ['with another state', x => { x.state = `${x.state.slice(0, -1)}-`; }, 'attempt-unknown'],
  ];
  for (const [what, change, problem] of aged) {
    await t.test(`an attempt ${what} is ${problem ? `refused: ${problem}` : 'accepted'}`, async () => {
      const { visitor, url } = await before(a);
      const tokens = a.seen.token;
      reseal(txCookies(visitor)[0], change);
      const answer = await visitor.ask(url);
      if (!problem) { assert.equal(answer.status, 303); return; }
      assertRefusalPage(answer, problem, a.id);
      nobody(visitor, answer);
      assert.equal(a.seen.token, tokens);
    });
  }

  await t.test('a program gets the same refusals as problem documents', async () => {
    const faults = [['bad-request', 400, u => { u.searchParams.append('code', 'x'); }], ['attempt-unknown', 400, u => { u.searchParams.set('state', 'x'.repeat(43)); }],
      ['provider-refused', 403, u => { u.searchParams.delete('code'); u.searchParams.set('error', '<script>'); }]];
    for (const [problem, status, spoil] of faults) {
      const { visitor, url } = await before(a);
      const to = new URL(url);
      spoil(to);
      const answer = await visitor.ask(to, { navigate: false, headers: { accept: 'application/json' } });
      assert.equal(answer.status, status);
      assert.match(answer.headers['content-type'], /^application\/problem\+json/);
      assert.equal(JSON.parse(answer.body).code, problem);
      assert.doesNotMatch(withoutOurScript(answer.body), /<script/);
      nobody(visitor, answer);
    }
  });

  await t.test('a callback of a provider that does not exist is a page that says so', async () => {
    const { visitor, url } = await before(a);
    const answer = await visitor.ask(url.replace(`/callback/${a.id}`, '/callback/nobody'));
    assert.equal(answer.status, 404);
    nobody(visitor, answer);
  });

  await t.test('a second use of the callback by who is signed in goes home; by who has only the attempt it is refused', async () => {
    const { visitor, url } = await before(a);
    const copy = new Visitor();
    copy.jar = visitor.jar.map(c => ({ ...c }));
    assert.equal((await visitor.ask(url)).status, 303);
    const tokens = a.seen.token;
    const again = await visitor.ask(url);
    assert.deepEqual([again.status, String(again.location)], [303, `${world.base}/`]);
    const replayed = await copy.ask(url);
    assertRefusalPage(replayed, 'attempt-unknown', a.id);
    nobody(copy, replayed);
    assert.equal(txCookies(copy).length, 0);
    assert.equal(a.seen.token, tokens);
    const id = replayed.headers['x-request-id'];
    await eventually(() => world.lines().some(l => l.request_id === id && l.stream === 'audit'));
    assert.deepEqual(world.lines().filter(l => l.request_id === id && l.stream === 'audit').map(l => l.event), ['callback.replayed']);
    assert.equal((await visitor.ask(`${world.base}/`)).status, 200, 'the session of the first use lives on');
  });

  await t.test('fifty uses of one callback at once, over two replicas, are one question to the provider and one session', async () => {
    const { visitor, url } = await before(b);
    const tokens = b.seen.token, cookie = visitor.cookiesFor(new URL(url)).map(c => `${c.name}=${c.value}`).join('; ');
    const host = new URL(world.base).host;
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => {
      const to = new URL(url);
      if (i % 2) to.port = world.gateways[1].port;
      return new Visitor().ask(to, { headers: { cookie, host } });
    }));
    assert.equal(b.seen.token, tokens + 1);
    assert.deepEqual(answers.map(r => r.status).sort().filter(s => s !== 400), [303]);
    assert.equal(answers.filter(r => (r.headers['set-cookie'] ?? []).some(c => c.startsWith('__Host-vestibule='))).length, 1);
    for (const r of answers) if (r.status === 400) assertRefusalPage(r, 'attempt-unknown', b.id);
    assert.deepEqual(b.complaints, []);
  });

  await t.test('a code of one sign-in in the callback of another is refused by its nonce: the provider gives no token for it', async () => {
    const one = await before(a), two = await before(a);
    const code = new URL(one.url).searchParams.get('code');
    const url = new URL(two.url);
    url.searchParams.set('code', code);
    a.complaints.length = 0;
    const answer = await two.visitor.ask(url);
    assert.deepEqual(a.complaints, ['token: code_verifier'], 'an honest provider ends it here');
    assertRefusalPage(answer, 'provider-broken', a.id);
    nobody(two.visitor, answer);
    a.complaints.length = 0;
  });

  await t.test('a visitor who leaves while the provider is thinking leaves nothing behind (SEC-167)', async () => {
    const { visitor, url } = await before(b);
    let release;
    const held = new Promise(ok => { b.lies = { tokenReply: async (r, text) => { ok(); await new Promise(go => { release = go; }); r.writeHead(200, { 'content-type': 'application/json' }).end(text); } }; });
    const gone = new AbortController();
    const asked = visitor.ask(url, { signal: gone.signal }).catch(e => e);
    await held;
    gone.abort();
    assert.equal((await asked).name, 'AbortError');
    release();
    b.lies = {};
    const again = await visitor.ask(url);
    assertRefusalPage(again, 'attempt-unknown', b.id);
    assert.equal((await walk(new Visitor(), world.base, b.id)).last.status, 303);
  });

  await t.test('sixty visitors who leave at any moment harm nobody (SEC-167)', async () => {
    b.lies = { tokenReply: async (r, text) => { await sleep(30); if (!r.destroyed) r.writeHead(200, { 'content-type': 'application/json' }).end(text); } };
    await Promise.all(Array.from({ length: 60 }, async (_, i) => {
      const { visitor, url } = await before(b);
      const gone = new AbortController();
      const asked = visitor.ask(url, { signal: gone.signal }).catch(e => e);
      await sleep(i);
      gone.abort();
      await asked;
    }));
    b.lies = {};
    assert.deepEqual(b.complaints, []);
    assert.equal((await walk(new Visitor(), world.base, b.id)).last.status, 303);
  });

  await t.test('ten tabs: the newest attempts finish, the oldest were forgotten, none piles up', async () => {
    const visitor = new Visitor(), urls = [];
    for (let i = 0; i < 10; i++) urls.push((await before(a, visitor)).url);
    assert.equal(txCookies(visitor).length, 8);
    const statuses = [];
    for (const url of urls.reverse()) statuses.push((await visitor.ask(url)).status);
    assert.deepEqual(statuses, Array(10).fill(303), 'eight can sign in, the others find somebody signed in');
    assert.equal(txCookies(visitor).length, 0);
  });

  await t.test('a session cookie that somebody planted is not the one after sign-in, and a person who signs in anew has a new one', async () => {
    const { visitor, url } = await before(a);
    visitor.keep(new URL(world.base), '__Host-vestibule=planted; Path=/; Secure');
    assert.equal((await visitor.ask(url)).status, 303);
    const first = visitor.cookie('__Host-vestibule');
    assert.notEqual(first, 'planted');
    const next = await before(b, visitor);
    assert.equal((await visitor.ask(next.url)).status, 303);
    assert.notEqual(visitor.cookie('__Host-vestibule'), first);
    const old = await new Visitor().ask(`${world.base}/`, { headers: { cookie: `__Host-vestibule=${first}` } });
    assert.notEqual(old.status, 200, 'the old session ended');
  });

  await t.test('no log line tells a secret, a code, a token or a state', () => {
    for (const i of [a, b, posted]) world.secrets.push(...i.secrets);
    return assertQuietLogs(world);
  });
});
