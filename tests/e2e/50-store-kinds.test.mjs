// The ways to reach Redis, what a wrong one says, what two gateways over one Redis tell each other, and what is left in it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { Part, eventually, folder, freePort, listens, sleep, startRedis } from './lib/parts.mjs';
import { certificate, signedIn, startHouse } from './lib/house.mjs';
import { Visitor, form } from './lib/visitor.mjs';

const cli = (port, ...words) => execFileSync('redis-cli', ['-h', '127.0.0.1', '-p', String(port), ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

// What a user of Redis' ACL needs, and nothing more (README).
const RIGHTS = ['+ping', '+get', '+getdel', '+set', '+del', '+incrby', '+pexpire', '+pttl', '+exists', '+multi', '+exec', '+zadd', '+zrem', '+zrange', '+select', '+client|id', '+client|tracking', '+subscribe',
  '&__redis__:invalidate', '~vestibule:*'];

async function signOut(house, visitor) {
  const page = await visitor.go(`${house.base}/_vestibule/sign-out`);
  const f = form(page);
  const r = await visitor.ask(f.action, { method: f.method, body: f.fields, headers: { origin: house.base, 'sec-fetch-site': 'same-origin' } });
  assert.ok(r.status < 400, `${r.status} ${r.body.slice(0, 400)}`);
}

test('a Redis inside TLS is believed by its own authority, and by no other', async t => {
  const dir = folder(t), other = folder(t), [port, plain] = [await freePort(), await freePort()];
  const good = certificate(dir, 'redis'), bad = certificate(other, 'stranger');
  await startRedis(t, { port: plain, args: ['--tls-port', String(port), '--tls-cert-file', good.file, '--tls-key-file', good.key, '--tls-ca-cert-file', good.ca.file, '--tls-auth-clients', 'no'] });
  const house = await startHouse(t, { change: c => { c.session = { store: `rediss://localhost:${port}/2`, store_ca_file: good.ca.file }; } });
  await signedIn(house);
  assert.match(cli(plain, '-n', '2', 'keys', '*'), /^vestibule:s:/m);
  const wrong = await startHouse(t, { change: c => { c.session = { store: `rediss://localhost:${port}/2`, store_ca_file: bad.ca.file }; } });
  await eventually(() => wrong.told('store_away').length > 0);
  assert.equal((await wrong.ask('/ready')).status, 503);
  assert.match(wrong.told('store_away')[0].why, /certificate/i);
});

test('a user with the least rights suffices, changes included', async t => {
  const redis = await startRedis(t);
  assert.equal(cli(redis.port, 'acl', 'setuser', 'gate', 'reset', 'on', '>a-password-of-redis', ...RIGHTS), 'OK');
  const house = await startHouse(t, { change: c => { c.session = { store: `${redis.url.replace('/0', '/1')}`, store_username: 'gate', store_password: 'a-password-of-redis' }; } });
  const { visitor } = await signedIn(house);
  await signOut(house, visitor);
  assert.equal((await visitor.ask(`${house.base}/`)).status, 302);
  assert.equal(house.told('store_tracking_refused').length, 0);
  const denied = cli(redis.port, 'acl', 'log');
  assert.equal(denied, '', `something was denied:\n${denied}`);
  assert.match(cli(redis.port, 'client', 'list'), /user=gate/);
});

test('each of those rights is needed', async t => {
  const redis = await startRedis(t);
  cli(redis.port, 'acl', 'setuser', 'gate', 'reset', 'on', '>a-password-of-redis', ...RIGHTS.filter(r => r !== '+client|tracking'));
  const house = await startHouse(t, { change: c => { c.session = { store: redis.url, store_username: 'gate', store_password: 'a-password-of-redis' }; } });
  await signedIn(house);
  await eventually(() => house.told('store_tracking_refused').length > 0);
  assert.match(house.told('store_tracking_refused')[0].reply, /NOPERM/);
});

test('Redis behind a unix socket', async t => {
  const dir = folder(t);
  const path = join(dir, 'redis.sock');
  const port = await freePort();
  const part = new Part('redis-server', 'redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', path, '--save', '', '--dir', dir]);
  t.after(() => part.stop('SIGKILL'));
  await part.until(() => existsSync(path) && listens(port));
  const house = await startHouse(t, { change: c => { c.session = { store: `redis+unix://${path}?db=3` }; } });
  await signedIn(house);
  assert.match(cli(port, '-n', '3', 'keys', '*'), /^vestibule:s:/m);
});

test('a wrong password is said once and clearly, without the password; the right one mends it', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'the-right-password'] });
  const file = t => join(t, 'password');
  const dir = folder(t);
  writeFileSync(file(dir), 'a-wrong-password\n', { mode: 0o600 });
  const house = await startHouse(t, { change: c => { c.session = { store: redis.url, store_password_file: file(dir) }; } });
  await eventually(() => house.told('store_away').length > 0);
  assert.match(house.told('store_away')[0].why, /WRONGPASS/);
  assert.equal((await house.ask('/ready')).status, 503);
  const r = await new Visitor().go(`${house.base}/_vestibule/start/op`);
  assert.equal(r.status, 503);
  assert.doesNotMatch(r.body, /WRONGPASS|password/i);
  await new Promise(ok => setTimeout(ok, 1500));
  assert.equal(house.told('store_away').length, 1, 'said once');
  assert.ok(!(house.gw.out + house.gw.err).includes('a-wrong-password'));
  cli(redis.port, '-a', 'the-right-password', '--no-auth-warning', 'config', 'set', 'requirepass', 'a-wrong-password');
  await eventually(async () => (await house.ask('/ready')).status === 200, 10);
  await eventually(() => house.told('store_up').length === 1);
});

test('who signs out at one gateway is out at the other within a tenth of a second', async t => {
  const one = await startHouse(t);
  const two = await startHouse(t, { like: one });
  const took = [];
  for (let round = 0; round < 5; round++) {
    const { visitor, cookie } = await signedIn(one);
    const there = new Visitor();
    const host = new URL(one.base).host;
    const knock = () => there.ask(`${two.at}/`, { headers: { cookie, host } });
    for (let i = 0; i < 8; i++) assert.equal((await there.ask(`${two.at}/`, { headers: { cookie, host, connection: 'close' } })).status, 200);
    let stop = false, last = 0;
    const knocking = (async () => { while (!stop) { const at = performance.now(); const r = await knock(); if (r.status === 200) last = at; else return Object.assign(r, { over: performance.now() }); } return null; })();
    const page = await visitor.go(`${one.base}/_vestibule/sign-out`);
    const f = form(page);
    await eventually(() => last > 0);
    const done = await visitor.ask(f.action, { method: f.method, body: f.fields, headers: { origin: one.base, 'sec-fetch-site': 'same-origin' } });
    const out = performance.now(); // the answer to the sign-out is here
    assert.ok(done.status < 400);
    const r = await Promise.race([knocking, new Promise(ok => setTimeout(ok, 2000, null))]);
    stop = true;
    assert.equal(r?.status, 302, 'refused at the other gateway');
    assert.ok(last > 0, 'was let in before');
    took.push(r.over - out);
  }
  t.diagnostic(`refused at the other gateway ${took.map(x => x.toFixed(1)).join(', ')} ms after the answer to the sign-out`);
  assert.ok(Math.max(...took) < 100);
});

test('what is left in Redis says nothing of anybody and ends by itself', async t => {
  const house = await startHouse(t, { change: c => { c.providers[0].tokens = 'session'; }, who: () => 'canary-person' });
  for (let i = 0; i < 5; i++) await signedIn(house);
    const keys = cli(house.redis.port, 'keys', '*').split('\n').filter(Boolean);
  assert.ok(keys.length >= 6, keys.join(' '));
  for (const key of keys) {
    assert.match(key, /^vestibule:[a-z]+:[A-Za-z0-9_:-]+$/);
    const ttl = Number(cli(house.redis.port, 'pttl', key));
    assert.ok(ttl > 0 && ttl <= 7 * 86400 * 1000, `${key} has a time to live (${ttl})`);
  }
  cli(house.redis.port, 'save');
  const dump = execFileSync('cat', [join(cli(house.redis.port, 'config', 'get', 'dir').split('\n')[1], 'dump.rdb')]).toString('latin1');
  assert.ok(dump.length > 1000 && statSync(house.gw.config).size > 0);
  const values = keys.map(k => cli(house.redis.port, 'get', k)).join('\n') + keys.join('\n') + dump;
  assert.doesNotMatch(values, /canary|example\.test|access-[0-9a-f]|eyJ|op:|nonce|verifier/);
});

test('a Redis that is full takes nobody new, keeps who is in, and lets everybody out', async t => {
  const house = await startHouse(t);
  const { port } = house.redis;
  const { visitor, cookie } = await signedIn(house);
  cli(port, 'config', 'set', 'maxmemory', '1');
  const stranger = new Visitor();
  const late = await stranger.go(`${house.base}/_vestibule/start/op`);
  assert.equal(late.status, 503);
  assert.ok(Number(late.headers['retry-after']) > 0);
  await eventually(() => house.told('signin.failed').length > 0);
  assert.match(house.told('signin.failed')[0].cause, /the store refused: OOM/);
  await sleep(5500); // beyond what the workers remember
  assert.equal((await visitor.ask(`${house.base}/still`)).status, 200);
  await signOut(house, visitor);
  assert.equal(cli(port, '--scan', '--pattern', 'vestibule:s:*'), '');
  assert.equal((await new Visitor().ask(`${house.base}/`, { headers: { cookie } })).status, 302, 'a copy of the cookie is worth nothing');
  cli(port, 'config', 'set', 'maxmemory', '0');
  assert.equal((await stranger.go(`${house.base}/_vestibule/start/op`)).status, 200);
});

test('who comes back from the provider while the store takes nothing may come again when it does', async t => {
  const house = await startHouse(t);
  const visitor = new Visitor();
  const out = await visitor.ask(`${house.base}/_vestibule/start/op?rd=/deep`);
  const answer = (await visitor.ask(out.location)).location;
  cli(house.redis.port, 'config', 'set', 'maxmemory', '1');
  const early = await visitor.ask(answer);
  assert.deepEqual([early.status, early.headers['retry-after'], house.op.seen.token], [503, '5', 0]);
  cli(house.redis.port, 'config', 'set', 'maxmemory', '0');
  const again = await visitor.ask(answer);
  assert.deepEqual([again.status, again.location.href], [303, `${house.base}/deep`]);
  assert.equal(house.op.seen.token, 1);
  assert.ok(!visitor.jar.some(c => c.name.includes('-tx-')), 'the attempt is gone with its use');
});

test('a failover that leaves the old connections open costs nobody in use their session', async t => {
  const [old, next] = [await startRedis(t), await startRedis(t)];
  const follows = async (one, other) => { cli(one.port, 'replicaof', '127.0.0.1', String(other.port)); await eventually(() => /master_link_status:up/.test(cli(one.port, 'info', 'replication')), 20); };
  let leads = old.port;
  const open = new Set();
  const address = net.createServer(s => {
    const up = net.connect(leads, '127.0.0.1');
    open.add(s);
    for (const [x, y] of [[s, up], [up, s]]) { x.pipe(y); x.on('error', () => y.destroy()); x.on('close', () => y.destroy()); }
  });
  const port = await new Promise(ok => address.listen(0, '127.0.0.1', () => ok(address.address().port)));
  t.after(() => { for (const s of open) s.destroy(); address.close(); });
  await follows(next, old);
  const house = await startHouse(t, { change: c => { c.session = { store: `redis://127.0.0.1:${port}/0`, idle: '1m' }; } });
  const { visitor } = await signedIn(house);
  await eventually(() => /s:/.test(cli(next.port, '--scan', '--pattern', 'vestibule:s:*')));
  leads = next.port;
  cli(next.port, 'replicaof', 'no', 'one');
  await follows(old, next);
  const key = cli(next.port, '--scan', '--pattern', 'vestibule:s:*');
  const before = Number(cli(next.port, 'pttl', key));
  // every worker meets this person until their session lives on where it now lives: the idle end moves in steps of a tenth, here six seconds
  await eventually(async () => {
    assert.equal((await visitor.ask(`${house.base}/in-use`, { headers: { connection: 'close' } })).status, 200);
    return Number(cli(next.port, 'pttl', key)) > before;
  }, 20, 250);
  assert.match(house.told('store_away')[0].why, /read-only replica/);
  await eventually(async () => (await house.ask('/ready')).status === 200);
});
