// Gateways over one Redis and one provider whose tokens end soon, one person signed in. `/app` gets the access token, `/plain` does not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Visitor } from './visitor.mjs';
import { startHouse } from './house.mjs';
import { startRotating } from './rotating.mjs';

export const HEADER = 'x-auth-access-token';

export async function street(t, { op: opOptions, provider = {}, backend = {}, gateways = 1, session = {}, change = () => {} } = {}) {
  const op = await startRotating(t, opOptions);
  const alter = (c, where) => {
    c.providers = [{ use: 'oidc', id: 'op', issuer: op.issuer, client_id: op.clientId, client_secret: op.clientSecret, allow_private: true,
      tokens: 'session', userinfo: false, timeout: '2s', ...provider }];
    const { url } = c.backends[0];
    c.backends = [{ id: 'plain', path: '/plain/**', url }, { id: 'app', url, access_token: 'header', ...backend }];
    Object.assign(c.session, session);
    change(c, where);
  };
  const houses = [await startHouse(t, { change: alter })];
  while (houses.length < gateways) houses.push(await startHouse(t, { change: alter, like: houses[0] }));
  const enter = async visitor => {
    const page = await visitor.go(`${houses[0].base}/_vestibule/start/op?rd=/app`);
    assert.equal(page.status, 200, page.body.slice(0, 600));
    return `__Host-vestibule=${visitor.cookie('__Host-vestibule')}`;
  };
  const visitor = new Visitor(), cookie = await enter(visitor);
  const ask = async (house, path = '/app', headers = {}) => {
    const r = await new Visitor().ask(`${house.at}${path}`, { headers: { cookie, host: new URL(houses[0].base).host, ...headers }, navigate: false });
    let seen;
    try { seen = JSON.parse(r.body); } catch { /* a page */ }
    return { status: r.status, seen, token: seen?.headers?.[HEADER], headers: r.headers, body: r.body };
  };
  return { op, houses, visitor, cookie, ask, another: () => enter(new Visitor()) };
}

// Records of sessions, tokens and turns.
export const keysLeft = redis => execFileSync('redis-cli', ['-p', String(redis.port), '--raw', 'keys', '*'], { encoding: 'latin1' }).split('\n')
  .filter(k => /^vestibule:[str]:/.test(k));
