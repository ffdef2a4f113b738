// SIGHUP while people are at work: a good file is in force without anybody noticing a gap, a bad one changes nothing and is told by line.
import test from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';
import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './lib/parts.mjs';
import { certificate, signedIn, startHouse } from './lib/house.mjs';
import { startBackend } from './lib/backend.mjs';
import { startLoad } from './lib/load.mjs';
import { Visitor } from './lib/visitor.mjs';

const copy = config => JSON.parse(JSON.stringify(config));

test('good files: a rule, a name, a backend and new keys come into force under load and no request fails', async t => {
  const house = await startHouse(t, { change: (c, { dir }) => { writeFileSync(join(dir, 'one'), randomBytes(32), { mode: 0o600 }); c.session.keys = [join(dir, 'one')]; } });
  const { visitor, cookie } = await signedIn(house);
  const other = await startBackend(t, (q, r) => { r.end('the new application'); return true; });
  const load = startLoad(t, { url: `${house.base}/work`, headers: { cookie }, clients: 6, pause: 2 });
  const short = startLoad(t, { url: `${house.base}/work`, headers: { cookie }, clients: 2, pause: 4, keepAlive: false });
  const work = () => Promise.all([load.more(40), short.more(10)]);
  await work();
  const next = copy(house.config);
  next.access = [{ id: 'closed', path: '/closed', allow: 'nobody', otherwise: 'hide' }, { id: 'all', path: '/**', allow: 'signed_in' }];
  next.providers[0].name = 'The New Name';
  next.providers.push({ ...next.providers[0], id: 'second', name: 'The Second' });
  next.backends.unshift({ id: 'new', path: '/new/**', url: other.url });
  assert.equal((await visitor.ask(`${house.base}/closed`)).status, 200);
  assert.equal((await house.reload(next)).event, 'config.reloaded');
  assert.equal((await visitor.ask(`${house.base}/closed`)).status, 404);
  assert.equal((await visitor.ask(`${house.base}/new/x`)).body, 'the new application');
  assert.match((await new Visitor().go(`${house.base}/_vestibule/sign-in`)).body, /The New Name[^]*The Second/);
  assert.equal(await house.metric('vestibule_config_last_reload_successful'), 1);
  assert.equal(await house.metric('vestibule_config_reloads_total{outcome="success"}'), 1);
  // a new key in front, then the old one away: the first signs nobody out, the second signs out who came by the old one
  writeFileSync(join(house.dir, 'two'), randomBytes(32), { mode: 0o600 });
  next.session.keys = [join(house.dir, 'two'), join(house.dir, 'one')];
  assert.equal((await house.reload(next)).event, 'config.reloaded');
  assert.equal((await visitor.ask(`${house.base}/`)).status, 200);
  const young = await signedIn(house);
  // again and again
  for (let i = 0; i < 8; i++) {
    next.sign_in = { name: `House ${i}` };
    assert.equal((await house.reload(next)).event, 'config.reloaded');
    await work();
  }
  await load.stop();
  await short.stop();
  assert.deepEqual([...load.errors, ...short.errors], []);
  assert.deepEqual(Object.keys({ ...load.statuses, ...short.statuses }), ['200'], JSON.stringify([load.statuses, short.statuses]));
  assert.equal(load.again + short.again, 0, 'a reload closes no connection');
  next.session.keys = [join(house.dir, 'two')];
  await house.reload(next);
  assert.equal((await visitor.ask(`${house.base}/`)).status, 302, 'the old key is gone, and so is who came by it');
  assert.equal((await young.visitor.ask(`${house.base}/`)).status, 200);
  assert.equal((await house.gw.stop()).code, 0);
});

test('bad files: nothing changes, nobody fails, and the place of the mistake is told', async t => {
  const house = await startHouse(t);
  const { visitor, cookie } = await signedIn(house);
  const load = startLoad(t, { url: `${house.base}/work`, headers: { cookie }, clients: 4, pause: 2 });
  const good = readFileSync(house.gw.config, 'utf8');
  const bad = [
    [`${good}access: [ {`, /vestibule\.yaml:\d+:\d+: error/],
    [`${good}acess: []\n`, /vestibule\.yaml:9:1: error: .*acess.*/],
    [good.replace(/"client_secret":"[^"]*"/, '"client_secret_file":"/nowhere/secret"'), /vestibule\.yaml:\d+:\d+: error: .*secret/],
    [good.replace(/"url":"[^"]*"/, '"url":"ftp://x"'), /vestibule\.yaml:\d+:\d+: error/],
    ['', /error/],
  ];
  for (const [text, place] of bad) {
    const line = await house.reload(text);
    assert.equal(line.event, 'config.reload_failed', text.slice(-60));
    assert.match(JSON.stringify(line), place);
    assert.doesNotMatch(JSON.stringify(line), new RegExp(house.op.clientSecret));
    await eventually(() => house.told('config.reload_failed').some(l => l.stream === 'server' && place.test(l.complaints ?? '')));
    assert.equal(await house.metric('vestibule_config_last_reload_successful'), 0);
    assert.equal((await visitor.ask(`${house.base}/`)).status, 200);
  }
  assert.equal(await house.metric('vestibule_config_reloads_total{outcome="failure"}'), bad.length);
  assert.equal((await house.reload(good)).event, 'config.reloaded');
  assert.equal(await house.metric('vestibule_config_last_reload_successful'), 1);
  // what only a restart can change is named; the rest is in force
  const next = copy(house.config);
  next.server.workers = 3;
  next.session.store = 'redis://127.0.0.1:1/0';
  next.sign_in = { name: 'Another House', skip_if_single: false };
  assert.equal((await house.reload(next)).event, 'config.reloaded');
  await eventually(() => house.told('config.needs_restart').length === 1);
  assert.deepEqual(house.told('config.needs_restart')[0].keys.split(', ').sort(), ['server.workers', 'session.store']);
  assert.match((await new Visitor().go(`${house.base}/_vestibule/sign-in`)).body, /Another House/);
  await load.stop();
  assert.deepEqual(load.errors, []);
  assert.deepEqual(Object.keys(load.statuses), ['200']);
});

test('who is at a provider when it is taken out of the configuration comes back to a page that offers the others, and to no session', async t => {
  const house = await startHouse(t, { change: c => { c.providers.push({ ...c.providers[0], id: 'second', name: 'The Second' }); } });
  const without = copy(house.config);
  without.providers.shift();
  const away = async () => {
    const visitor = new Visitor();
    const out = await visitor.ask(`${house.base}/_vestibule/start/op?rd=/deep`);
    return { visitor, back: (await visitor.ask(out.location)).location };
  };
  const one = await away(), two = await away();
  assert.equal((await house.reload(without)).event, 'config.reloaded');
  const page = await one.visitor.ask(one.back);
  assert.equal(page.status, 400);
  assert.match(page.body, /This sign-in cannot be continued/);
  assert.match(page.body, /start\/second\?rd=%2Fdeep/);
  assert.doesNotMatch(page.body, /start\/op/);
  assert.deepEqual(one.visitor.jar, [], 'neither a session nor the attempt');
  await eventually(() => house.told('signin.failed').length === 1);
  assert.equal(house.told('signin.failed')[0].provider, 'op');
  assert.match(house.told('signin.failed')[0].cause, /no longer configured/);
  // to whom never came here it is an address like any other
  assert.equal((await new Visitor().ask(one.back)).status, 404);
  assert.equal(house.op.seen.token, 0);
  // put back before somebody returns: nothing happened
  await house.reload(house.config);
  const home = await two.visitor.ask(two.back);
  assert.deepEqual([home.status, home.location.href], [303, `${house.base}/deep`]);
  // taken out while the provider is asked: the session that comes of it is worth nothing
  const three = await away();
  let answer;
  house.op.hold = new Promise(ok => { answer = ok; });
  const before = house.op.seen.token, waiting = three.visitor.ask(three.back);
  await eventually(() => house.op.seen.token > before);
  await house.reload(without);
  answer();
  assert.equal((await waiting).status, 303);
  const next = await three.visitor.ask(`${house.base}/deep`);
  assert.deepEqual([next.status, next.location.pathname], [302, '/_vestibule/sign-in']);
});

// A gateway behind TLS whose certificate can be exchanged: give(kind) puts the files of 'old' or 'fresh' in place.
async function behindTls(t) {
  let old, fresh;
  const house = await startHouse(t, { change: (c, { dir, port }) => {
    old = certificate(dir, 'old');
    fresh = certificate(dir, 'fresh', { authority: old.ca });
    for (const f of ['key', 'file']) copyFileSync(old[f], join(dir, `live.${f}`));
    c.public_url = `https://localhost:${port}`;
    c.listen = [{ address: `127.0.0.1:${port}`, tls: { certificate: join(dir, 'live.file'), key: join(dir, 'live.key') } }];
  } });
  const give = (kind, files = ['key', 'file']) => { for (const f of files) copyFileSync({ old, fresh }[kind][f], join(house.dir, `live.${f}`)); };
  return { house, give, ca: readFileSync(old.ca.file) };
}

// The certificate that is shown on a connection, new or given.
const shownOn = (port, ca, socket) => new Promise((ok, bad) => {
  const s = tls.connect({ ...(socket ? { socket } : { port, host: '127.0.0.1' }), servername: 'localhost', ca }, () => { ok(s.getPeerCertificate().subject.CN); s.destroy(); });
  s.on('error', bad); // also one that comes after it was let go
});

test('who connects before a reload and begins TLS after it is served', async t => {
  const { house, give, ca } = await behindTls(t);
  // the certificates of the start stay as long as the process; those of a reload go with the next
  give('old');
  assert.equal((await house.reload(null)).event, 'config.reloaded');
  const early = Array.from({ length: 8 }, () => net.connect(house.port, '127.0.0.1'));
  t.after(() => early.forEach(s => s.destroy()));
  await eventually(async () => await house.metric('vestibule_http_connections') >= early.length);
  for (const kind of ['fresh', 'old', 'fresh']) {
    give(kind);
    assert.equal((await house.reload(null)).event, 'config.reloaded');
    assert.equal(await shownOn(house.port, ca), kind);
  }
  for (const socket of early) assert.match(await shownOn(house.port, ca, socket), /^(old|fresh)$/);
  assert.equal((await house.gw.stop()).code, 0);
});

test('a certificate is exchanged by SIGHUP under load: new connections see the new one, old ones go on', async t => {
  const { house, give, ca } = await behindTls(t);
  const base = `https://localhost:${house.port}`;
  const shown = () => shownOn(house.port, ca);
  assert.equal(await shown(), 'old');
  const options = { url: `${base}/_vestibule/sign-in?x`, tls: { ca }, headers: { accept: 'text/html' } };
  const keep = startLoad(t, { ...options, clients: 4 });
  const short = startLoad(t, { ...options, clients: 2, keepAlive: false, pause: 5 });
  const work = () => Promise.all([keep.more(40), short.more(10)]);
  await work();
  for (const kind of ['fresh', 'old', 'fresh']) {
    give(kind);
    assert.equal((await house.reload(null)).event, 'config.reloaded');
    assert.equal(await shown(), kind);
    await work();
  }
  // a key that does not fit its certificate changes nothing
  give('old', ['key']);
  assert.equal((await house.reload(null)).event, 'config.reload_failed');
  assert.equal(await shown(), 'fresh');
  await keep.stop();
  await short.stop();
  assert.deepEqual([...keep.errors, ...short.errors], []);
  assert.equal(keep.again, 0, 'connections that exist go on');
  assert.equal(Object.keys({ ...keep.statuses, ...short.statuses }).length, 1, JSON.stringify([keep.statuses, short.statuses]));
});
