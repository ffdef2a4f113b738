// One story for every proxy in front: a stranger signs in, comes back to the exact address, is told to the application, is held to the rules,
// and is out at once after signing out.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startBackend, checkAssertion } from './backend.mjs';
import { startHonest } from './honest.mjs';
import { yaml } from './house.mjs';
import { folder, freePort, startGateway, startRedis } from './parts.mjs';
import { Visitor } from './visitor.mjs';

export const rules = [
  { id: 'open', path: '/public/**', allow: 'everyone' },
  { id: 'admin', path: '/admin/**', allow: { groups: ['ops'] } },
  { id: 'rest', path: '/**', allow: 'signed_in' },
];

// front(t, { port, gateway, app }) starts the proxy. change: of the gateway's configuration.
export async function behind(t, front, { change = () => {} } = {}) {
  const [port, gateway] = [await freePort(), await freePort()];
  const base = `http://localhost:${port}`;
  const [redis, app, op] = await Promise.all([startRedis(t), startBackend(t), startHonest(t)]);
  const config = {
    public_url: base,
    mode: 'auth',
    listen: `127.0.0.1:${gateway}`,
    trusted_proxies: ['127.0.0.1'],
    server: { workers: 2, drain: '2s' },
    providers: [{ use: 'oidc', id: 'op', name: 'The Provider', issuer: op.issuer, client_id: op.clientId, client_secret: op.clientSecret, allow_private: true }],
    session: { store: redis.url },
    access: structuredClone(rules),
    log: { format: 'json' },
  };
  change(config);
  const gw = await startGateway(t, yaml(config), { state: join(folder(t), 'state'), port: gateway });
  const proxy = await front(t, { port, gateway, app: app.port });
  return { port, gateway, base, redis, app, op, gw, proxy, config };
}

const xhr = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
const last = house => house.app.seen.at(-1);
// All lines of that name, however they are spelled, as the application got them.
export function told(record, name) {
  const values = [];
  for (let i = 0; i < record.raw.length; i += 2) if (record.raw[i].toLowerCase().replace(/[_.]/g, '-') === name) values.push(record.raw[i + 1]);
  return values;
}
export const spoofed = { 'X-Auth-User': 'op:root', 'x-auth-email': 'root@example.test', 'X-AUTH-GROUPS': 'ops', X_Auth_User: 'op:root', 'X-Auth-Assertion': 'e30.e30.e30', 'X-Auth-Provider': 'other' };
const forged = { 'X-Forwarded-Uri': '/public/x', 'X-Forwarded-Method': 'OPTIONS', 'X-Forwarded-Host': 'elsewhere.example', 'X-Original-URL': 'http://localhost/public/x', 'X-Original-URI': '/public/x', 'X-Original-Method': 'OPTIONS', 'X-Rewrite-URL': '/public/x' };

export async function passes(house, { user = 'x-auth-user', email = 'x-auth-email', assertion = 'x-auth-assertion', says = 'op:ada', denied = 403, ambiguous = true, audience = house.base, prefix = '/_vestibule', narrow = true, keepsCookie = true, spoof = spoofed, click, refused = r => r.status >= 300 } = {}) {
  const { base, app } = house;
  // a stranger: sent to sign in, back at the exact address, and the application knows who it is
  const ada = new Visitor();
  let page = await ada.go(`${base}/reports?x=1&y=%2F&z=a+b`);
  if (click) page = await ada.go(new URL(click.exec(page.body)[1].replaceAll('&amp;', '&'), base));
  assert.equal(page.status, 200, `${page.way.map(w => `${w.status} ${w.url}`).join('\n')}\n${page.body.slice(0, 500)}`);
  assert.equal(page.url.href, `${base}/reports?x=1&y=%2F&z=a+b`);
  assert.ok(page.way.some(w => w.url.origin === house.op.issuer), 'by way of the provider');
  assert.equal(last(house).url, '/reports?x=1&y=%2F&z=a+b');
  assert.deepEqual(told(last(house), user), [says]);
  assert.deepEqual(told(last(house), email), ['ada@example.test']);
  if (assertion) {
    const { payload } = await checkAssertion(told(last(house), assertion)[0], { jwks: `http://127.0.0.1:${house.gateway}${prefix}/jwks.json`.replace('127.0.0.1', 'localhost'), issuer: base, audience }).catch(async () =>
      checkAssertion(told(last(house), assertion)[0], { jwks: `${base}${prefix}/jwks.json`, issuer: base, audience }));
    assert.equal(payload.sub, 'op:ada');
  }

  // what a client says of itself is gone: signed in, and where everybody may go
  await ada.ask(`${base}/reports`, { headers: spoof });
  assert.deepEqual(told(last(house), user), [says]);
  assert.ok(!JSON.stringify(last(house).raw).includes('root'), JSON.stringify(last(house).raw));
  if (narrow) {
    const nobody = await new Visitor().ask(`${base}/public/x`, { headers: spoof });
    assert.equal(nobody.status, 200);
    assert.deepEqual(told(last(house), user).join(''), '');
    assert.ok(!/root|e30\.e30/.test(JSON.stringify(last(house).raw)), JSON.stringify(last(house).raw));
  }

  // the session is between the browser and us, the other cookies are the application's
  if (keepsCookie) {
    const mine = ada.cookiesFor(new URL(base)).map(c => `${c.name}=${c.value}`).join('; ');
    for (const [cookie, want] of [[`${mine}; theme=dark`, /^theme=dark$/], [`theme=dark; ${mine}; n=1`, /theme=dark; ?n=1$/], [`theme=dark; ${mine}`, /^theme=dark(; )?$/]]) {
      await ada.ask(`${base}/reports`, { headers: { cookie } });
      assert.match(last(house).headers.cookie.replace(/vestibule-la\w+=[^;]*(; )?/g, '').replace(/^; /, ''), want);
    }
  }

  // a body goes through, and only after the question
  const post = await ada.ask(`${base}/reports`, { method: 'POST', body: { a: 'b' } });
  assert.equal(post.status, 200);
  assert.deepEqual([last(house).method, last(house).body], ['POST', 'a=b']);

  // denied is denied, once, and not a way round to the sign-in
  if (narrow) {
    const before = app.seen.length;
    const no = await ada.go(`${base}/admin/x`);
    assert.equal(no.status, denied);
    assert.equal(no.way.length, 1, no.way.map(w => `${w.status} ${w.url}`).join('\n'));
    assert.equal(app.seen.length, before, 'the application saw nothing of it');
  }

  // a script gets its 401, and nothing of a stranger's reaches the application, whatever they say the address was
  const before = app.seen.length;
  const script = await new Visitor().ask(`${base}/reports`, { headers: xhr, navigate: false });
  assert.equal(script.status, 401);
  assert.equal(script.location, undefined);
  for (const headers of [forged, ...Object.entries(forged).map(([k, v]) => ({ [k]: v }))]) {
    const lie = await new Visitor().ask(`${base}/reports`, { headers });
    assert.ok(refused(lie), `${JSON.stringify(headers)}: ${lie.status}`);
  }
  const lost = await new Visitor().ask(`${base}/reports`, { method: 'POST', body: { a: 'b' } });
  assert.ok(refused(lost) && lost.status !== 302, `a stranger's form: ${lost.status}`);
  if (ambiguous) {
    for (const path of ['/_vestibule/../reports', '/_vestibule/%2e%2e/reports', '/_vestibule/..%2freports', '/_vestibule/..;/reports', '/%5fvestibule/../reports', '/public/..%2fadmin/x', '/public/%2e%2e/reports', '/public/..%5creports', '/public//reports', '/public/%252e%252e/reports', '/public/..;/reports']) {
      const odd = await raw(house.port, path);
      assert.ok(odd >= 300, `${path}: ${odd}`);
    }
  }
  assert.equal(app.seen.length, before, JSON.stringify(app.seen.slice(before).map(s => s.url)));

  // signing out is felt at once, also by whoever kept a copy of the cookie
  const copy = new Visitor();
  copy.jar = ada.jar.map(c => ({ ...c }));
  assert.equal((await copy.ask(`${base}/reports`)).status, 200);
  await signOut(ada, base, prefix);
  for (const v of [ada, copy]) {
    const after = await v.ask(`${base}/reports`, { headers: xhr, navigate: false });
    assert.equal(after.status, 401);
  }
  return { ada };
}

async function signOut(visitor, base, prefix) {
  const r = await visitor.ask(`${base}${prefix}/session`, { method: 'DELETE', navigate: false, headers: { 'sec-fetch-site': 'same-origin' } });
  assert.equal(r.status, 204, r.body);
}

// The path as it is written, which no polite library would send.
async function raw(port, path) {
  const { exchange, get } = await import('./front.mjs');
  const { list } = await exchange({ port }, get(path, `localhost:${port}`, 'Accept: text/html\r\nConnection: close\r\n'));
  return list[0]?.status ?? 999;
}
