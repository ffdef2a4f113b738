// Who it is, told to applications: nobody but us says so, in no spelling, on no route; and never about somebody else.
import test from 'node:test';
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { createRemoteJWKSet, jwtVerify, decodeJwt } from 'jose';
import { front, cookieOf, get, exchange } from './lib/front.mjs';
import { startRecorder, Frames, ask } from './lib/raw.mjs';
import { binary, eventually } from './lib/parts.mjs';

const families = ['X-Auth-User', 'X-Auth-Email', 'X-Auth-Name', 'X-Auth-Groups', 'X-Auth-Provider', 'X-Auth-Assertion', 'X-Auth-Anything', 'X-Auth-Request-User', 'X-Auth-Request-Email', 'X-Auth-Request-Groups',
  'X-Auth-Request-Access-Token', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Forwarded-Preferred-Username', 'X-Forwarded-Access-Token', 'X-Forwarded-Id-Token', 'X-Forwarded-Roles',
  'X-Forwarded-Client-Cert', 'Remote-User', 'Remote-Email', 'Remote-Name', 'Remote-Groups', 'X-Remote-User', 'X-Remote-Groups', 'X-Pomerium-Jwt-Assertion', 'X-Pomerium-Claim-Email', 'X-Pomerium-Claim-Groups',
  'X-Vouch-User', 'X-Authentik-Username', 'X-Authentik-Groups', 'Oidc-Claim-Sub', 'X-Webauth-User', 'X-Vestibule-User', 'X-User', 'X-Email', 'X-Internal-Secret'];
const forwarding = ['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Forwarded-Uri', 'X-Forwarded-Method', 'X-Forwarded-Server', 'Forwarded', 'X-Real-IP',
  'X-Original-URL', 'X-Original-URI', 'X-Original-Host', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-Request-Id', 'traceparent'];
const folded = name => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
const spellings = n => [n, n.toLowerCase(), n.toUpperCase(), n.replaceAll('-', '_'), n.replaceAll('-', '.'), n.replace('-', '_'), n.replace(/-(?=[^-]*$)/, '_')];
const EVIL = 'evil-value';

test('identity and forwarding headers of a client never pass, in any spelling (SEC-136, SEC-137, SEC-139, SEC-140)', async t => {
  const f = await front(t, { extra: 'headers: { strip: [X-Internal-Secret] }',
    reply: r => r.values('upgrade').length ? 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n' : 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' });
  const cookie = await cookieOf(f.base, 'ada');
  const names = [...families, ...forwarding];
  const check = (s, signedIn, what) => {
    assert.ok(!s.head.includes(EVIL), `${what}: ${s.head.split('\r\n').filter(l => l.includes(EVIL))}`);
    const seen = s.fields.map(x => folded(x[0]));
    for (const n of [...families, ...forwarding].map(folded)) assert.ok(seen.filter(x => x === n).length <= 1, `${what}: ${n} twice`);
    assert.deepEqual(s.values('x-auth-user'), signedIn ? ['op:ada'] : [], what);
    assert.equal(s.values('x-auth-assertion').length, signedIn ? 1 : 0, what);
    for (const n of families.map(folded).filter(x => !['x-auth-user', 'x-auth-email', 'x-auth-name', 'x-auth-groups', 'x-auth-provider', 'x-auth-assertion'].includes(x))) assert.ok(!seen.includes(n), `${what}: ${n}`);
    assert.deepEqual(s.values('x-forwarded-for'), ['127.0.0.1'], what);
    assert.deepEqual(s.values('x-real-ip'), ['127.0.0.1'], what);
    assert.deepEqual(s.values('x-forwarded-host'), [f.authority], what);
    assert.deepEqual(s.values('forwarded'), [], what);
  };
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  let rows = 0;
  for (const signedIn of [false, true]) {
    const who = signedIn ? `Cookie: ${cookie}\r\n` : '';
    for (const [kind, method, path, extra, status] of [['GET', 'GET', signedIn ? '/private' : '/public/x', '', 200], ['public', 'GET', '/public/x', '', 200], ['OPTIONS', 'OPTIONS', '/public/x', 'Origin: https://evil.example\r\nAccess-Control-Request-Method: PUT\r\n', 200],
      ['websocket', 'GET', '/public/ws', upgrade, 101]]) {
      for (let spelling = 0; spelling < 7; spelling++) {
        // ten names in each request, each twice, and all of them named by Connection on one of them
        for (let i = 0; i < names.length; i += 10) {
          const ten = names.slice(i, i + 10).map(n => spellings(n)[spelling]);
          const named = kind === 'websocket' ? extra : `${extra}Connection: keep-alive, ${ten.slice(0, 5).join(', ')}, X-Auth-User, X-Forwarded-For, Cookie2\r\n`;
          const before = f.backend.seen.length;
          const r = await exchange(f.plain, `${method} ${path} HTTP/1.1\r\nHost: ${f.authority}\r\n${who}${named}${ten.map(n => `${n}: ${EVIL}\r\n${n}: ${EVIL}2\r\n`).join('')}\r\n`);
          assert.equal(r.list[0]?.status, status, `${kind} ${ten}`);
          assert.equal(f.backend.seen.length, before + 1);
          check(f.backend.seen.at(-1), signedIn, `${kind} ${signedIn} ${ten}`);
          rows++;
        }
      }
    }
    // as HTTP/2 names, and as trailers
    const c = await new Frames(f.h2).open;
    let id = 1;
    for (const n of names) {
      for (const s of [...new Set(spellings(n).map(x => x.toLowerCase()))]) {
        const base = ask('/public/x', { authority: f.authority, method: 'POST' }, signedIn ? [['cookie', cookie]] : []);
        c.headers(id, [...base, [s, EVIL], [s, EVIL]]);
        assert.equal((await c.outcome(id)).status, 200, s);
        check(f.backend.seen.at(-1), signedIn, `HTTP/2 ${s}`);
        c.headers(id + 2, base, { end: false }).data(id + 2, 'x', false).trailers(id + 2, [[s, EVIL]]);
        const before = f.backend.seen.length;
        const o = await c.outcome(id + 2);
        if (o.status === 200 && f.backend.seen.length > before) check(f.backend.seen.at(-1), signedIn, `HTTP/2 trailer ${s}`);
        assert.ok(!o.goaway, `trailer ${s}`);
        id += 4;
      }
    }
    c.close();
    const chunked = await exchange(f.plain, `POST /public/x HTTP/1.1\r\nHost: ${f.authority}\r\n${who}Transfer-Encoding: chunked\r\nTrailer: X-Auth-User\r\n\r\n1\r\nx\r\n0\r\n${names.map(n => `${n}: ${EVIL}\r\n`).join('')}\r\n`);
    assert.equal(chunked.list[0].status, 200);
    check(f.backend.seen.at(-1), signedIn, 'trailers in chunks');
  }
  assert.ok(rows > 200);
  assert.deepEqual(f.backend.odd, []);

  await t.test('a name with anything but letters, digits and hyphens goes nowhere, whoever sends it (SEC-138)', async () => {
    for (const who of ['', `Cookie: ${cookie}\r\n`]) {
      const r = await exchange(f.plain, get('/public/n', f.authority, `${who}X_Foo: ${EVIL}\r\nX.Foo: ${EVIL}\r\nX~Foo: ${EVIL}\r\n_: ${EVIL}\r\nX-Foo: kept\r\n`));
      assert.equal(r.list[0].status, 200);
      assert.ok(!f.backend.seen.at(-1).head.includes(EVIL), f.backend.seen.at(-1).head);
      assert.deepEqual(f.backend.seen.at(-1).values('x-foo'), ['kept']);
    }
    const c = await new Frames(f.h2).open;
    c.headers(1, ask('/public/n', { authority: f.authority }, [['x_foo', EVIL], ['x.foo', EVIL], ['x-foo', 'kept']]));
    assert.equal((await c.outcome(1)).status, 200);
    assert.ok(!f.backend.seen.at(-1).head.includes(EVIL), f.backend.seen.at(-1).head);
    assert.deepEqual(f.backend.seen.at(-1).values('x-foo'), ['kept']);
    c.close();
  });

  await t.test('cookies of ours stay, others go on byte for byte', async () => {
    for (const [sent, kept] of [
      ['a=1; %; b=2', 'a=1; b=2'], ['%', undefined], ['a=1;%', 'a=1'], ['%; __Host-vestibule=x; a="q"; c==', 'a="q"; c=='], ['__host-vestibule=x; %', '__host-vestibule=x'],
      ['vestibule=other; %', 'vestibule=other'], ['x__Host-vestibule=1; %', 'x__Host-vestibule=1'],
    ]) {
      const r = await exchange(f.plain, get('/public/c', f.authority, `Cookie: ${sent.replace('%', cookie)}\r\n`));
      assert.equal(r.list[0].status, 200, sent);
      const got = f.backend.seen.at(-1).values('cookie');
      if (kept !== undefined || sent === '%') assert.deepEqual(got, kept === undefined ? [] : [kept], sent);
      assert.ok(!/__Host-vestibule/.test(got[0]?.replace(/x__Host-vestibule/, '') ?? ''), sent);
    }
  });

  await t.test('a trusted peer is believed, from the right end of its list, and no further (SEC-124, SEC-145)', async () => {
    const g = await front(t, { extra: 'trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]' });
    for (const [headers, wanted] of [
      ['X-Forwarded-For: 203.0.113.7\r\n', ['203.0.113.7', 'http']],
      ['X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.0.0.9\r\nX-Forwarded-Proto: https\r\n', ['203.0.113.7', 'https']],
      ['X-Forwarded-For: nonsense, 203.0.113.7\r\n', ['203.0.113.7', 'http']],
      ['X-Forwarded-For: 203.0.113.7, nonsense\r\n', ['127.0.0.1', 'http']],
      ['X-Real-IP: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n', ['127.0.0.1', 'http']],
      ['X-Forwarded-Proto: javascript\r\n', ['127.0.0.1', 'http']],
    ]) {
      const r = await exchange(g.plain, get('/public/x', g.authority, `${headers}X-Auth-User: ${EVIL}\r\nX-Forwarded-User: ${EVIL}\r\n`));
      assert.equal(r.list[0].status, 200, headers);
      const s = g.backend.seen.at(-1);
      assert.deepEqual([s.values('x-real-ip')[0], s.values('x-forwarded-proto')[0]], wanted, headers);
      assert.ok(s.values('x-forwarded-for')[0].endsWith('127.0.0.1'));
      assert.ok(!s.head.includes(EVIL), 'also a trusted peer does not say who it is');
    }
    const other = await exchange(g.plain, get('/public/x', g.authority, 'X-Forwarded-Host: evil.example\r\n'));
    assert.equal(other.list[0].status, 421, 'a host that nobody serves, whoever says so');
  });
});

test('what applications answer cannot set our cookie or say who somebody is (SEC-146, SEC-160)', async t => {
  const f = await front(t, { reply: () => `HTTP/1.1 200 OK\r\nSet-Cookie: __Host-vestibule=evil; Path=/; Secure\r\nSet-Cookie: a=1; Path=/\r\nset-cookie:  __Host-vestibule =x\r\nSet-Cookie: b=2\r\n${families.filter(n => n !== 'X-Internal-Secret').map(n => `${n}: ${EVIL}\r\n`).join('')}Connection: X-Hop\r\nX-Hop: 1\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok` });
  const plain = await exchange(f.plain, get('/public/x', f.authority));
  assert.deepEqual(plain.list[0].headers.filter(h => h[0] === 'set-cookie').map(h => h[1]), ['a=1; Path=/', 'b=2']);
  assert.ok(!plain.bytes.includes(EVIL) && !plain.bytes.includes('=evil'));
  assert.equal(plain.list[0].value('x-kept'), '1');
  assert.equal(plain.list[0].value('x-hop'), undefined);
  const session = http2.connect(`https://localhost:${f.tlsPort}`, { ca: f.certs.pem });
  const headers = await new Promise((ok, no) => { const s = session.request({ ':authority': f.authority, ':path': '/public/x' }); s.on('response', ok); s.on('error', no); s.resume(); s.end(); });
  session.close();
  assert.deepEqual(headers['set-cookie'], ['a=1; Path=/', 'b=2']);
  assert.ok(!JSON.stringify(headers).includes(EVIL));
});

const PEOPLE = {
  comma: { name: 'Last, First', groups: ['a,b', 'c', ' d ', 'x%2Cy', '100%', ''] },
  lines: { name: 'A\r\nX-Auth-User: op:root\r\n\r\nGET /admin/ HTTP/1.1\nB\x01C\x7f', groups: ['ops\r\nX-Evil: 1', 'x\ny'] },
  other: { name: 'Zoë 你好 😀', groups: ['größe', '組'] },
  long: { name: 'n'.repeat(5000), groups: [] },
  many: { name: 'Many', groups: Array.from({ length: 300 }, (_, i) => `group-${i}`) },
};

test('every preset says all that is known and nothing that could be read otherwise (SEC-141, SEC-142)', async t => {
  const presets = {
    standard: ['x-auth-user', 'x-auth-email', 'x-auth-name', 'x-auth-groups'],
    'oauth2-proxy': ['x-forwarded-user', 'x-forwarded-email', null, 'x-forwarded-groups'],
    authelia: ['remote-user', 'remote-email', 'remote-name', 'remote-groups'],
    pomerium: ['x-pomerium-claim-user', 'x-pomerium-claim-email', 'x-pomerium-claim-name', 'x-pomerium-claim-groups'],
  };
  const keys = Object.keys(presets);
  const apps = Object.fromEntries(await Promise.all(keys.map(async k => [k, await startRecorder(t)])));
  const f = await front(t, {
    backends: keys.map(k => `  - { id: ${k}, path: "/${k}/**", url: "${apps[k].url}", headers: { preset: ${k} }, audience: "app-${k}" }`).join('\n'),
    providerOptions: { settings: { conformIdTokenClaims: false, findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.test`, email_verified: true, preferred_username: id, ...PEOPLE[id] ?? { name: id, groups: [] } }) }) } },
  });
  const jwks = createRemoteJWKSet(new URL(`${f.base}/_vestibule/.well-known/jwks.json`));
  for (const [who, claims] of Object.entries(PEOPLE)) {
    const cookie = await cookieOf(f.base, who).catch(e => e);
    assert.equal(typeof cookie, 'string', `${who}: ${cookie}`);
    for (const k of keys) {
      const before = apps[k].seen.length;
      const r = await exchange(f.plain, get(`/${k}/x`, f.authority, `Cookie: ${cookie}\r\n`));
      assert.equal(r.list[0].status, 200, `${who} ${k}`);
      assert.equal(apps[k].seen.length, before + 1);
      const s = apps[k].seen.at(-1);
      for (const [, v] of s.fields) assert.match(v, /^[\x20-\x7e]*$/, `${who} ${k}`);
      for (const foreign of keys.filter(o => o !== k).flatMap(o => presets[o])) if (foreign && !presets[k].includes(foreign)) assert.deepEqual(s.values(foreign), [], `${who} ${k} ${foreign}`);
      const [user, email, name, groups] = presets[k].map(n => n === null ? undefined : s.values(n));
      assert.deepEqual(user, [k === 'standard' ? `op:${who}` : who], `${who} ${k}`);
      assert.deepEqual(email, [`${who}@example.test`]);
      const token = s.values(k === 'pomerium' ? 'x-pomerium-jwt-assertion' : 'x-auth-assertion');
      assert.equal(token.length, 1);
      const { payload } = await jwtVerify(token[0], jwks, { audience: `app-${k}`, issuer: f.base, algorithms: ['ES256'] });
      assert.equal(payload.sub, `op:${who}`);
      for (const o of keys.filter(o => o !== k)) await assert.rejects(jwtVerify(token[0], jwks, { audience: `app-${o}` }));
      const wanted = claims.groups.filter(g => g !== '');
      const plainOf = v => decodeURIComponent(v);
      if (groups?.[0] !== undefined && who !== 'lines') assert.deepEqual(groups[0].split(',').filter(g => g !== '').map(plainOf), wanted, `${who} ${k}: groups`);
      if (who === 'many') assert.ok(groups[0].split(',').length === 300);
      if (name && who !== 'lines' && name[0] !== undefined) assert.equal(plainOf(name[0]), claims.name, `${who} ${k}: name`);
      if (who === 'many' || who === 'comma') assert.deepEqual(payload.groups?.filter(g => g !== ''), wanted);
    }
  }
  for (const k of keys) assert.deepEqual(apps[k].odd, []);
});

test('keys: the next one is published before it signs, and rotation lets old assertions live', async t => {
  const f = await front(t);
  const cookie = await cookieOf(f.base, 'ada');
  const where = `${f.base}/_vestibule/.well-known/jwks.json`;
  const published = async () => (await (await fetch(where)).json()).keys;
  const assertion = async () => { await exchange(f.plain, get('/x', f.authority, `Cookie: ${cookie}\r\n`)); return f.backend.seen.at(-1).values('x-auth-assertion')[0]; };
  const kid = token => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
  const first = await published();
  assert.equal(first.length, 2, 'the current and the next');
  for (const k of first) assert.deepEqual([k.kty, k.crv, k.d, k.use ?? 'sig'], ['EC', 'P-256', undefined, 'sig']);
  const old = await assertion();
  const next = first.find(k => k.kid !== kid(old));
  execFileSync(binary, ['keys', 'rotate', '--config', f.gw.config], { env: { PATH: process.env.PATH, HOME: f.gw.dir, STATE_DIRECTORY: `${f.gw.dir}/state`, ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '', LSAN_OPTIONS: process.env.LSAN_OPTIONS ?? '' } });
  assert.equal(kid(await assertion()), kid(old), 'files alone change nothing');
  process.kill(f.gw.pid, 'SIGHUP');
  await eventually(async () => (await published()).length === 3);
  const young = await eventually(async () => { const a = await assertion(); return kid(a) === next.kid && a; });
  const jwks = createRemoteJWKSet(new URL(where));
  for (const token of [old, young]) assert.equal((await jwtVerify(token, jwks, { issuer: f.base, audience: f.backend.url, algorithms: ['ES256'] })).payload.sub, 'op:ada');
});

test('a hundred people, fifty requests each, all mixed up over few connections: everybody is themselves (SEC-166)', async t => {
  const f = await front(t, { reply: r => { const u = r.values('x-auth-user')[0] ?? '-', b = `${u} ${decodeJwt(r.values('x-auth-assertion')[0] ?? 'e30.e30.').sub ?? '-'} ${r.body}`; return `HTTP/1.1 200 OK\r\ncontent-length: ${b.length}\r\n\r\n${b}`; } });
  const people = Array.from({ length: 100 }, (_, i) => `person${i}`), cookies = {};
  for (let i = 0; i < 100; i += 10) await Promise.all(people.slice(i, i + 10).map(async p => { cookies[p] = await cookieOf(f.base, p); }));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 6 });
  const sessions = Array.from({ length: 4 }, () => http2.connect(`https://localhost:${f.tlsPort}`, { ca: f.certs.pem }));
  const one = (p, i) => new Promise((ok, no) => {
    const body = i % 5 === 0 ? `${p}/${i}` : '', parts = [], method = body ? 'POST' : 'GET';
    const done = s => ok([s, Buffer.concat(parts).toString()]);
    if (i % 2) {
      const q = http.request({ port: f.port, host: '127.0.0.1', path: `/${p}/${i}`, method, agent, headers: { host: f.authority, cookie: cookies[p] } }, r => { r.on('data', d => parts.push(d)); r.on('end', () => done(r.statusCode)); });
      q.on('error', no);
      q.end(body);
    } else {
      const s = sessions[i % 4].request({ ':authority': f.authority, ':path': `/${p}/${i}`, ':method': method, cookie: cookies[p] });
      let status;
      s.on('response', h => { status = h[':status']; });
      s.on('data', d => parts.push(d));
      s.on('end', () => done(status));
      s.on('error', no);
      s.end(body || undefined);
    }
  });
  let wrong = 0, right = 0;
  for (let i = 0; i < 50; i += 2) {
    await Promise.all(people.flatMap(p => [i, i + 1].map(async n => {
      const [status, body] = await one(p, n);
      if (status === 200 && body === `op:${p} op:${p} ${n % 5 === 0 ? `${p}/${n}` : ''}`) right++; else { wrong++; if (wrong < 4) t.diagnostic(`${p}: ${status} ${body}`); }
    })));
  }
  for (const s of sessions) s.destroy();
  agent.destroy();
  assert.deepEqual([wrong, right], [0, 5000]);
});
