// Another proxy stays in front and asks: each with the file that we ship for it (deploy/), the same story for all of them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { behind, passes } from './lib/behind.mjs';
import { apache, caddy, envoy, haproxy, nginx, traefik } from './lib/fronts.mjs';
import { Visitor } from './lib/visitor.mjs';

for (const [name, front] of Object.entries({ nginx, Caddy: caddy, HAProxy: haproxy, Apache: apache, 'Traefik (as documented)': traefik, 'Envoy (as documented)': envoy })) {
  test(`${name} in front with the shipped file: sign in, come back, headers, rules, scripts, sign out`, async t => {
    const house = await behind(t, front);
    await passes(house, { keepsCookie: front !== traefik && front !== envoy });
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
