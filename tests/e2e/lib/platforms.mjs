// The gateway as strangers reach it, https and all, with the emulated platforms for its providers under their own names and its own descriptors.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { eventually, folder, freePort, startGateway, startRedis } from './parts.mjs';
import { startBackend } from './backend.mjs';
import { startEmulator } from '../../emulators/emulator.mjs';
import { key as appleKey } from '../../emulators/platforms/apple.mjs';
import { form, Visitor } from './visitor.mjs';
import { yaml } from './house.mjs';

// What an operator fills in for platforms that are many: from the settings of the emulated one to the names of the descriptor's variables.
const variables = {
  facebook: s => ({ api_version: s.version }), instagram: s => ({ api_version: s.version }),
  okta: s => ({ domain: s.domain, as_path: s.path }), auth0: s => ({ domain: s.domain }), keycloak: s => ({ realm_url: s.realm }),
  microsoft: s => ({ tenant: s.tenant }),
};

export function entryOf(world, id, dir) {
  const p = world.platform(id);
  const entry = { use: id, id, name: p.data.name, client_id: p.client.id, ca_file: world.ca, require_verified_email: false };
  if (p.client.secret) entry.client_secret = p.client.secret;
  if (variables[id]) entry.variables = variables[id](p.settings);
  if (id === 'oidc') entry.issuer = p.settings.issuer;
  if (p.client.signing) {
    entry.client_key_file = join(dir, 'signing.pem');
    writeFileSync(entry.client_key_file, appleKey, { mode: 0o600 });
    entry.variables = { team_id: p.client.signing.team, key_id: p.client.signing.kid };
  }
  return entry;
}

// ids: of the platforms; change(config, { world, dir }): alters the configuration; settings: of the emulated platforms.
export async function startPlatforms(t, { ids, change = () => {}, settings, store = 'redis', gateway = {} } = {}) {
  const dir = folder(t);
  const [world, backend, redis, port] = await Promise.all([startEmulator(t, { platforms: ids, settings }), startBackend(t),
    store === 'redis' ? startRedis(t) : undefined, freePort()]);
  world.gate = port;
  const base = `https://${world.host}`;
  ids ??= world.ids;
  const config = {
    public_url: base,
    listen: [{ address: `127.0.0.1:${port}`, tls: { certificate: world.certificate, key: world.key } }],
    server: { workers: 2, drain: '2s', https_redirect: false },
    providers: ids.map(id => entryOf(world, id, dir)),
    session: { store: redis?.url ?? 'memory://' },
    backends: [{ id: 'app', url: backend.url }],
    log: { format: 'json' },
    metrics: { listen: 'none' },
  };
  for (const id of ids) world.platform(id).client.redirect_uris = [`${base}/_vestibule/callback/${id}`];
  change(config, { world, dir });
  const gw = await startGateway(t, yaml(config), { port, ...gateway, env: { HTTPS_PROXY: world.proxy, ...gateway.env } });
  const tls = new https.Agent({ keepAlive: true, maxSockets: 16 }); // all visitors come through one house's connections: handshakes are dear
  t.after(() => tls.destroy());
  const house = { world, backend, redis, port, base, dir, config, gw, visitor: () => Object.assign(new Visitor({ elsewhere: world.elsewhere, tls }), { at: base }) };
  house.audit = id => gw.log().filter(l => l.stream === 'audit' && l.provider === id);
  // Why something was refused, wherever that is written.
  house.told = id => `${world.told(id)}\n${gw.log().filter(l => l.cause && (l.provider === id || !l.provider)).slice(-5).map(l => JSON.stringify(l)).join('\n')}`;
  // Writes the configuration anew if one is given, says HUP, and gives the audit record that answers.
  house.reload = async next => {
    const events = () => gw.log().filter(l => l.stream === 'audit' && l.event.startsWith('config.reload'));
    const before = events().length;
    if (next) writeFileSync(gw.config, yaml(next));
    gw.child.kill('SIGHUP');
    await eventually(() => events().length > before, 20);
    return events()[before];
  };
  return house;
}

// From our start address over the platform's page to the gateway's answer at the callback. of: the platform, where `id` is a further registration
// of it; change(back): alters [url, options] of the way back.
export async function walk(house, id, { of = id, visitor = house.visitor(), rd = '/', decision = 'allow', change } = {}) {
  const start = await visitor.ask(`${house.base}/_vestibule/start/${id}?rd=${encodeURIComponent(rd)}`);
  if (!start.location || start.location.host === new URL(house.base).host) return { visitor, start, last: start };
  const wanted = house.world.platform(of).endpoint('authorize').arrivesWith;
  if (wanted) assert.equal(start.location.hash, wanted, `${id} needs its fragment`);
  const page = await visitor.ask(start.location);
  let there = page;
  if (page.body.includes('name="decision"')) {
    const f = form(page);
    there = await visitor.ask(f.action, { method: 'POST', body: { ...f.fields, decision } });
  }
  let back;
  if (there.location) back = [String(there.location), {}];
  else if (there.body.includes('<form')) {
    const f = form(there);
    const body = Object.fromEntries(Object.entries(f.fields).map(([n, v]) => [n, v.replace(/&#(\d+);/g, (_, c) => String.fromCharCode(c))]));
    back = [String(f.action), { method: 'POST', body, headers: { origin: page.url.origin, 'sec-fetch-site': 'cross-site' } }];
  } else throw new Error(`${id} sent nobody back: ${there.status} ${there.body.slice(0, 300)}\n${house.told(id)}`);
  if (change) back = await change(...back) ?? back;
  return { visitor, start, page, back, last: await visitor.ask(...back) };
}

const decoded = v => v === undefined ? undefined : decodeURIComponent(v);

// Signs in and checks what the backend and /me are told against what the platform's own data says of the person.
export async function signsIn(house, id, { expect = house.world.platform(id).data.expect, visitor, as = id } = {}) {
  const rd = `/goal/${as}?x=1&y=%2F`;
  const way = await walk(house, as, { of: id, visitor, rd });
  assert.equal(way.last.status, 303, `${id}: ${way.last.body.slice(0, 200)}\n${house.told(id)}`);
  assert.equal(way.last.headers.location.replace(/^https:..[^/]*/, '').replace(/#$/, ''), rd);
  const page = await way.visitor.ask(way.last.location);
  assert.equal(page.status, 200, page.body.slice(0, 300));
  const { headers, url } = JSON.parse(page.body);
  assert.equal(url, rd);
  const h = n => decoded(headers[`x-auth-${n}`]);
  assert.equal(h('user'), `${as}:${expect.subject}`, `${id}: ${house.told(id)}`);
  assert.equal(h('provider'), as);
  assert.equal(h('name'), expect.name);
  assert.equal(h('email'), expect.email_verified ? expect.email : undefined, 'a backend is told of addresses that the platform vouches for');
  const me = JSON.parse((await way.visitor.ask('/_vestibule/me', { navigate: false })).body);
  const { user, provider, groups, signed_in: since, expires, ...profile } = me;
  assert.ok(expires > since);
  const { subject, ...rest } = expect;
  const told = Object.fromEntries(Object.entries(rest).filter(([n]) => n !== 'email_verified' || rest.email !== undefined));
  assert.deepEqual([user, provider, profile], [`${as}:${subject}`, as, told], `${id}: the profile`);
  return { ...way, me, headers };
}

// What a refusal looks like, whatever went wrong: a page, one audit record, no session.
export async function refused(house, id, way, { problem, status, event = problem === 'sign-in-cancelled' ? 'signin.cancelled' : 'signin.failed' } = {}) {
  const { last, visitor } = way;
  assert.ok(last.status >= 200 && last.status < 600 && last.status !== 303, `${id}: ${last.status}`);
  if (status) assert.equal(last.status, status, `${id}: ${house.told(id)}`);
  assert.match(last.headers['content-type'] ?? '', /^text\/html/);
  assert.equal(last.headers['cache-control'], 'no-store');
  assert.doesNotMatch(last.body, /<iframe|javascript:|onerror/i);
  assert.equal(visitor.cookie('__Host-vestibule'), undefined, 'no session');
  const request = last.headers['x-request-id'];
  const record = await eventually(() => house.audit(id).find(l => l.request_id === request && l.event === event));
  if (problem) assert.equal(record.reason, problem, `${id}: ${house.told(id)}`);
  assert.equal(house.audit(id).filter(l => l.request_id === request).length, 1, 'one audit record');
  return record;
}
