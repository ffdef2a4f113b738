// Another proxy stays in front and asks: each with the file that we ship for it (deploy/), the same story for all of them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { behind, passes, told } from './lib/behind.mjs';
import { exchange, get } from './lib/front.mjs';
import { apache, caddy, envoy, haproxy, nginx, traefik } from './lib/fronts.mjs';
import { Visitor } from './lib/visitor.mjs';

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
    await house.gw.stop();
    const before = house.app.seen.length;
    const r = await new Visitor().ask(`${house.base}/public/x`);
    assert.ok(r.status >= 400, `the gateway is away: ${r.status}`);
    assert.equal(house.app.seen.length, before);
  });
}
