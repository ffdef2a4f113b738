// The real parts of a story: processes on free loopback ports, each stopped by its own id when the test is over.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync, rmSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import dns from 'node:dns';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

// Everything here listens on 127.0.0.1; older Nodes try only the first address of `localhost`.
dns.setDefaultResultOrder('ipv4first');

export const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../..');
export const binary = process.env.VESTIBULE_BIN ?? join(root, 'build/vestibule');

// A port nobody has. It is let go again before a server of ours takes it, so it comes from below the range that the kernel gives to
// connections and to listen(0), and stories that run at the same time tell each other theirs by a file as long as they run.
const claims = join(tmpdir(), 'vestibule-e2e-ports'), claimed = [];
const FIRST_PORT = 10240, LAST_PORT = 32000;

function claim(port) {
  const file = join(claims, String(port));
  mkdirSync(claims, { recursive: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    try { process.kill(Number(readFileSync(file, 'latin1')), 0); return false; } catch (e) { if (e.code !== 'ESRCH') return false; }
    writeFileSync(file, String(process.pid)); // who claimed it has gone
  }
  claimed.push(file);
  return true;
}

const isFree = port => new Promise(done => {
  const s = net.createServer();
  s.once('error', () => done(false));
  s.listen(port, '127.0.0.1', () => s.close(() => done(true)));
});

export async function freePort() {
  for (let turn = 0; turn < 1000; turn++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (claim(port) && await isFree(port)) return port;
  }
  throw new Error('no free port in a thousand turns');
}

export function folder(t) {
  const dir = mkdtempSync(join(tmpdir(), 'vestibule-e2e-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

// A child process whose output is kept; `stop` ends it and says how it ended.
export class Part {
  constructor(name, command, args, options = {}) {
    this.name = name;
    this.out = '';
    this.err = '';
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.ended = new Promise(done => this.child.once('exit', (code, signal) => { this.exit = { code, signal }; done(this.exit); }));
    this.closed = new Promise(done => this.child.once('close', done));
    this.child.once('error', e => { this.err += `${e}\n`; });
    this.child.stdout.on('data', d => { this.out += d; });
    this.child.stderr.on('data', d => { this.err += d; });
  }
  get pid() { return this.child.pid; }
  async until(ready, seconds = 20) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      if (this.exit) throw new Error(`${this.name} ended early (${JSON.stringify(this.exit)}):\n${this.out}${this.err}`);
      if (await ready()) return this;
      if (Date.now() > end) throw new Error(`${this.name} was not ready in ${seconds} s:\n${this.out}${this.err}`);
      await sleep(20);
    }
  }
  async stop(signal = 'SIGTERM', seconds = 20) {
    if (this.exit) return this.exit;
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), seconds * 1000);
    const how = await this.ended;
    clearTimeout(late);
    return how;
  }
}

export function listens(port, host = '127.0.0.1') {
  return new Promise(done => {
    const s = net.connect(port, host, () => { s.destroy(); done(true); });
    s.once('error', () => done(false));
  });
}

export async function startRedis(t, { port, args = [], ready } = {}) {
  port ??= await freePort();
  const dir = folder(t);
  const part = new Part('redis-server', 'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir, ...args]);
  t.after(() => part.stop('SIGKILL'));
  await part.until(ready ?? (() => listens(port)));
  return Object.assign(part, { port, url: `redis://127.0.0.1:${port}/0` });
}

// config: YAML text. The gateway's state (keys) lives in a folder of its own unless `state` is given.
// Stories sign in more often, from one address, than people do: they are not limited unless their configuration speaks of it.
const unlimited = { VESTIBULE_RATE_LIMIT_SIGN_IN: 'none', VESTIBULE_RATE_LIMIT_CALLBACK: 'none', VESTIBULE_RATE_LIMIT_AUTH_FAILURES: 'none' };

export async function startGateway(t, config, { env = {}, state, args = [], port, wait = true, seconds = 30, command = [binary], spawn: options = {} } = {}) {
  const dir = folder(t);
  state ??= join(dir, 'state');
  const file = join(dir, 'vestibule.yaml');
  // Stories run side by side: the usual port of metrics belongs to nobody.
  writeFileSync(file, /^metrics:/m.test(config) ? config : `${config}\nmetrics: { listen: none }\n`);
  const part = new Part('vestibule', command[0], [...command.slice(1), 'run', '--config', file, ...args],
    { ...options, env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: state, ...sanitizers(), ...(/^rate_limit:/m.test(config) ? {} : unlimited), ...env } });
  part.config = file;
  part.dir = dir;
  part.log = () => (part.out + part.err).split('\n').filter(l => l.startsWith('{')).map(l => { try { return JSON.parse(l); } catch { return { broken: l }; } });
  t.after(async () => {
    const how = await part.stop();
    // what it said last may still be in the pipe; a successor keeps the pipe open, and speaks for itself
    await Promise.race([part.closed, sleep(1000)]);
    const trouble = /(ERROR: (Address|Leak|Undefined|Thread)Sanitizer|runtime error:|WARNING: ThreadSanitizer|^must:)[^]*/m.exec(part.err);
    // Said aloud, too: of a test that has failed by then the runner tells only the first reason, which is mostly what came of it.
    const say = text => { console.error(text); throw new Error(text); };
    if (trouble) say(`the gateway reported:\n${trouble[0].slice(0, 6000)}`);
    if (how.signal && how.signal !== 'SIGTERM' && how.signal !== 'SIGKILL') say(`the gateway died of ${how.signal}:\n${part.err.slice(-4000)}`);
  });
  if (wait) await part.until(() => listens(port ?? portOf(config)), seconds);
  return part;
}

function portOf(config) {
  const m = /^listen:\s*(?:127\.0\.0\.1:)(\d+)/m.exec(config);
  if (!m) throw new Error('say which port to wait for');
  return Number(m[1]);
}

export function sanitizers() {
  const keep = {};
  for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS']) if (process.env[name]) keep[name] = process.env[name];
  return keep;
}

export async function eventually(what, seconds = 10, every = 50) {
  const end = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try { const v = await what(); if (v) return v; last = v; } catch (e) { last = e; }
    if (Date.now() > end) throw last instanceof Error ? last : new Error(`did not happen in ${seconds} s (last: ${last})`);
    await sleep(every);
  }
}

export { sleep, readFileSync };

// Node frees its handles once more when it ends by itself, and with sockets that were reset on purpose may never be done with it. By the time
// of `exit` everything has been told and the status is settled.
process.on('exit', code => {
  for (const file of claimed) rmSync(file, { force: true });
  process.exit(process.exitCode ?? code);
});
