// Another proxy stays in front and asks: each with the file that we ship for it (deploy/), the same story for all of them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { behind, passes, told } from './lib/behind.mjs';
import { exchange, get } from './lib/front.mjs';
import { apache, caddy, envoy, haproxy, nginx, traefik } from './lib/fronts.mjs';
import { Visitor } from './lib/visitor.mjs';
import { eventually, folder, root, sleep } from './lib/parts.mjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// A websocket is asked about like any other request: opened for whoever may pass, and to nobody else.
async function websockets(house) {
  house.app.server.on('upgrade', (q, socket) => {
    house.app.seen.push({ method: q.method, url: q.url, headers: q.headers, raw: q.rawHeaders, body: '' });
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n');
  });
  const ada = new Visitor();
  await ada.go(`${house.base}/reports`);
  const cookie = ada.cookiesFor(new URL(house.base)).map(c => `${c.name}=${c.value}`).join('; ');
  const open = more => exchange({ port: house.port }, get('/socket', `localhost:${house.port}`, `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${house.base}\r\nX-Auth-User: root\r\n${more}`));
  const before = house.app.seen.length;
  assert.ok([401, 403].includes((await open('')).list[0].status));
  assert.equal(house.app.seen.length, before);
  assert.equal((await open(`Cookie: ${cookie}\r\n`)).list[0].status, 101);
  assert.deepEqual(told(house.app.seen.at(-1), 'x-auth-user'), ['op:ada']);
}

for (const [name, front] of Object.entries({ nginx, Caddy: caddy, HAProxy: haproxy, Apache: apache, 'Traefik (as documented)': traefik, 'Envoy (as documented)': envoy })) {
  test(`${name} in front with the shipped file: sign in, come back, headers, rules, scripts, sign out`, async t => {
    const house = await behind(t, front);
    await passes(house, { keepsCookie: front !== traefik && front !== envoy });
    if (front !== traefik && front !== envoy) await websockets(house);
    // nobody asks in the proxy's place, and without an answer nobody passes
    for (const path of ['nginx', 'forward', 'envoy/', 'envoy/public/x']) {
      const r = await new Visitor().ask(`${house.base}/_vestibule/auth/${path}`, { headers: { 'x-forwarded-uri': '/public/x', 'x-forwarded-method': 'GET', 'x-original-url': `${house.base}/public/x`, 'x-original-method': 'GET' } });
      assert.ok(r.status >= 400, `${path}: ${r.status}`);
    }
    for (const path of ['/_vestibule/auth/forward', '/_vestibule/%61uth/forward', '/%5Fvestibule/auth/nginx', '/_vestibule/auth/%65nvoy/public/x']) {
      const { list } = await exchange({ port: house.port }, get(path, `localhost:${house.port}`, `X-Original-Method: GET\r\nX-Original-URL: ${house.base}/public/x\r\nConnection: close\r\n`));
      assert.ok(list[0].status >= 300 && list[0].value('x-auth-user') === undefined, `${path}: ${list[0].status}`);
    }
    await house.gw.stop();
    const before = house.app.seen.length;
    const r = await new Visitor().ask(`${house.base}/public/x`);
    assert.ok(r.status >= 400, `the gateway is away: ${r.status}`);
    assert.equal(house.app.seen.length, before);
  });
}

test('nginx may keep a yes as the guide says: for that person, address and method alone, and never a no', async t => {
  const guide = readFileSync(join(root, 'docs/behind-a-proxy.md'), 'utf8');
  const lines = guide.match(/^ {4}proxy_cache.*$/gm).map(l => l.replace(/#.*/, '').trim());
  assert.equal(lines.length, 2);
  const front = async (t, at) => {
    const dir = folder(t);
    return nginx(t, at, file => `proxy_cache_path ${dir} keys_zone=verdicts:1m;\n${file.replace('proxy_pass_request_body off;', `proxy_pass_request_body off; ${lines.join(' ')}`)}`);
  };
  const house = await behind(t, front, { change: config => { config.forward_auth = { cache: '3s' }; config.access[1].methods = ['GET']; } });
  const [ada, bob] = [new Visitor(), new Visitor()];
  await ada.go(`${house.base}/reports`);
  const asks = () => house.gw.log().filter(l => l.stream === 'access' && l.handler === 'auth_nginx').length;
  await eventually(() => asks() > 0);
  await ada.ask(`${house.base}/kept`);
  await sleep(200);
  const before = asks();
  for (let i = 0; i < 10; i++) assert.equal((await ada.ask(`${house.base}/kept`)).status, 200);
  assert.deepEqual(told(house.app.seen.at(-1), 'x-auth-user'), ['op:ada'], 'a kept yes names the person, too');
  await sleep(200);
  assert.ok(asks() - before < 10, `asked ${asks() - before} times for ten requests`);
  // nobody else, nothing else, no other method has it
  assert.equal((await bob.ask(`${house.base}/kept`)).status, 302);
  assert.equal((await ada.ask(`${house.base}/admin/x`)).status, 403);
  assert.equal((await ada.ask(`${house.base}/admin/x`, { method: 'POST', body: { a: 'b' } })).status, 200, 'the rule is for GET alone');
  assert.equal((await ada.ask(`${house.base}/admin/x`)).status, 403);
  await ada.ask(`${house.base}/_vestibule/session`, { method: 'DELETE', navigate: false, headers: { 'sec-fetch-site': 'same-origin' } });
  await eventually(async () => (await ada.ask(`${house.base}/kept`)).status === 302, 10);
});
