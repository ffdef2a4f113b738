// A gateway whose configuration is an object, in front of one application, with a provider that says yes to everybody.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, folder, startGateway, startRedis, eventually, sleep } from './parts.mjs';
import { startHonest } from './honest.mjs';
import { startBackend } from './backend.mjs';
import { Visitor } from './visitor.mjs';

// `change` may alter the configuration before the start; `like` is another house whose provider, store, state and public address are shared.
export async function startHouse(t, { change = () => {}, like, gateway = {}, handle, who, claims } = {}) {
  const [port, metrics] = [await freePort(), await freePort()];
  const dir = like?.dir ?? folder(t);
  const base = like?.base ?? `http://localhost:${port}`;
  const [redis, backend, op] = like ? [like.redis, like.backend, like.op] : await Promise.all([startRedis(t), startBackend(t, handle), startHonest(t, { who, claims })]);
  const config = {
    public_url: base,
    listen: `127.0.0.1:${port}`,
    server: { workers: 2, drain: '3s' },
    metrics: { listen: `127.0.0.1:${metrics}` },
    providers: [{ use: 'oidc', id: 'op', name: 'The Provider', issuer: op.issuer, client_id: op.clientId, client_secret: op.clientSecret, allow_private: true }],
    session: { store: redis.url },
    backends: [{ id: 'app', url: backend.url }],
    log: { format: 'json' },
  };
  change(config, { dir, port });
  const gw = await startGateway(t, yaml(config), { state: join(dir, 'state'), port, ...gateway });
  const house = { port, metrics, base, at: `http://localhost:${port}`, dir, redis, backend, op, gw, config };
  // Writes the configuration anew and says HUP; gives the audit line that answers.
  house.reload = async (next = config) => {
    const events = () => gw.log().filter(l => l.stream === 'audit' && l.event.startsWith('config.reload'));
    const before = events().length;
    if (next !== null) writeFileSync(gw.config, typeof next === 'string' ? next : yaml(next));
    gw.child.kill('SIGHUP');
    await eventually(() => events().length > before, 15);
    return events()[before];
  };
  house.ask = async path => {
    try { const r = await fetch(`http://127.0.0.1:${metrics}${path}`, { headers: { connection: 'close' } }); return { status: r.status, body: await r.text() }; }
    catch (e) { return { status: 0, body: String(e) }; }
  };
  house.metric = async name => Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (.*)$`, 'm').exec((await house.ask('/metrics')).body)?.[1]);
  house.told = event => gw.log().filter(l => l.event === event);
  return house;
}

// A line for each key, its value as JSON, which is YAML too.
export const yaml = config => Object.entries(config).map(([k, v]) => `${k}: ${JSON.stringify(v)}\n`).join('');

export async function signedIn(house, path = '/', visitor = new Visitor()) {
  const page = await visitor.go(`${house.base}/_vestibule/start/op?rd=${encodeURIComponent(path)}`);
  assert.equal(page.status, 200, page.body.slice(0, 600));
  const cookie = `__Host-vestibule=${visitor.cookie('__Host-vestibule')}`;
  // on new connections until every worker has met this person (two workers: sixteen in a row on one of them are not to be expected)
  for (let i = 0; i < 16; i++) {
    const r = await visitor.ask(`${house.base}/warm`, { headers: { connection: 'close' } });
    assert.equal(r.status, 200);
  }
  return { visitor, cookie };
}

export const rss = pid => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

// The processes that a process started and that still live.
export function children(pid) {
  const all = [];
  for (const task of readdirSync(`/proc/${pid}/task`)) all.push(...readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
  return all;
}

export function alive(pid) {
  try { return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')); } catch { return false; }
}

// A certificate authority and a certificate for these names, or localhost, signed by it, with whatever common name the story wants to see.
export function certificate(dir, name, { authority, names = ['localhost'] } = {}) {
  const at = f => join(dir, `${name}${f}`);
  const ca = authority ?? { key: at('-ca.key'), file: at('-ca.pem') };
  const run = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  if (!authority) run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', ca.key, '-out', ca.file, '-days', '2', '-subj', `/CN=${name} authority`);
  run('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('.key'), '-out', at('.csr'), '-subj', `/CN=${name}`);
  writeFileSync(at('.ext'), `subjectAltName=${names.map(n => `DNS:${n}`).join(',')},IP:127.0.0.1\n`);
  run('x509', '-req', '-in', at('.csr'), '-CA', ca.file, '-CAkey', ca.key, '-CAcreateserial', '-days', '2', '-extfile', at('.ext'), '-out', at('.pem'));
  return { key: at('.key'), file: at('.pem'), ca };
}

export { sleep, eventually };
