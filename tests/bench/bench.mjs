// The tables; README.md says how to read them.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { binary, folder, sleep } from '../e2e/lib/parts.mjs';
import { Scope, certificate, cpu, gateway, h2o, load, median, nginx, pinned, press, rss, run, surroundings } from './parts.mjs';

const rounds = Number(process.env.ROUNDS ?? 9);
const requests = Number(process.env.REQUESTS ?? 20000);
const idle = (process.env.IDLE ?? '1000,10000').split(',').map(Number);

function table(title, heads, rows) {
  const all = [heads, ...rows.map(r => r.map(String))];
  const width = heads.map((_, i) => Math.max(...all.map(r => r[i].length)));
  console.log(`\n${title}`);
  for (const r of all) console.log('  ' + r.map((c, i) => (i === 0 ? c.padEnd(width[i]) : c.padStart(width[i]))).join('  ').trimEnd());
}

// What a contender's processes (asks: the one it asks) spent on one slice of load: microseconds a request, and how much of their processor.
async function slice(c) {
  const spent = () => [c.part, c.asks].reduce((sum, p) => sum + (p ? cpu(p.pid) : 0), 0);
  const [before, began] = [spent(), performance.now()];
  const { served, took } = c.http2 ? await load(c.url, requests, c).then(() => ({ served: requests, took: (performance.now() - began) / 1e3 }))
    : await press(c.url, 1, c);
  return { us: (spent() - before) / served / 1e3, busy: (spent() - before) / 1e9 / took };
}

// A slice counts when the server had hardly a pause: one that waits for the load sleeps and wakes for each request, and that is not its
// own cost. Where fewer than three count, the three busiest stand, marked: an upper bound.
function counting(slices) {
  const full = slices.filter(s => s.busy >= 0.93);
  return full.length >= 3 ? { slices: full, mark: '' } : { slices: [...slices].sort((a, b) => b.busy - a.busy).slice(0, 3), mark: '~' };
}

// One row a contender: processor time a request, medians over rounds in which all take turns; factor: over the first row.
async function compare(title, contenders) {
  const all = contenders.map(() => []);
  for (const c of contenders) await load(c.url, 2000, c);
  for (let r = 0; r < rounds; r++) {
    for (const [i, c] of contenders.entries()) all[i].push(await slice(c));
  }
  const rows = all.map(counting);
  const us = row => row.slices.map(s => s.us);
  const base = median(us(rows[0]));
  table(title, ['', 'CPU us/request', 'least', 'most', 'x', 'slices', 'busy'], rows.map((row, i) => [contenders[i].name, median(us(row)).toFixed(2),
    Math.min(...us(row)).toFixed(2), Math.max(...us(row)).toFixed(2), (median(us(row)) / base).toFixed(2), `${row.mark}${row.slices.length}/${rounds}`,
    `${Math.round(100 * median(row.slices.map(s => s.busy)))} %`]));
}

const parts = {
  async cpu(t) {
    const around = await surroundings(t, 3);
    const up = around.app.port;
    const [plain, logged] = [await gateway(t, around), await gateway(t, around, { access: true })];
    await compare('HTTP/1.1, 32 connections, processor time a request', [
      { name: 'nginx, plain proxy', ...await nginx(t, 'nginx', 0, { upstream: up }) },
      { name: 'h2o, plain proxy', ...await h2o(t, up) },
      { name: 'vestibule, public route', ...plain, cookie: undefined, path: 'public/' },
      { name: 'vestibule, session', ...plain },
      { name: 'vestibule, session, access log', ...logged },
    ]);
    const tls = certificate(t);
    const secure = await gateway(t, around, { tls });
    await compare('HTTP/2 over TLS, 32 connections with 8 requests each', [
      { name: 'nginx, plain proxy', ...await nginx(t, 'nginx', 0, { upstream: up }, tls), http2: true },
      { name: 'h2o, plain proxy', ...await h2o(t, up, tls), http2: true },
      { name: 'vestibule, public route', ...secure, cookie: undefined, path: 'public/', http2: true },
      { name: 'vestibule, session', ...secure, http2: true },
    ]);
  },

  async auth(t) {
    const around = await surroundings(t, 1);
    const up = around.app.port;
    const g = await gateway(t, around, { extra: 'trusted_proxies: [127.0.0.1]\n' });
    const endpoint = await nginx(t, 'endpoint', 0, { status: 204 });
    const headers = ['x-original-method: GET', `x-original-url: ${g.base}/reports?x=1`];
    await compare('One verdict, asked as nginx asks, 32 connections', [
      { name: 'nginx, return 204', ...endpoint, cookie: g.cookie, headers, path: '_vestibule/auth/nginx' },
      { name: 'vestibule, session', ...g, headers, path: '_vestibule/auth/nginx' },
      { name: 'vestibule, public route', ...g, cookie: undefined, headers: [headers[0], `x-original-url: ${g.base}/public/x`], path: '_vestibule/auth/nginx' },
    ]);
    const [asking204, asking] = [await nginx(t, 'nginx', 0, { upstream: up, ask: { port: endpoint.port, base: g.base } }), await nginx(t, 'nginx', 0, { upstream: up, ask: { port: g.port, base: g.base } })];
    await compare('A request through nginx that asks, both processes', [
      { name: 'nginx, plain proxy', ...await nginx(t, 'nginx', 0, { upstream: up }), cookie: g.cookie },
      { name: 'nginx and an endpoint that says 204', ...asking204, asks: endpoint.part, cookie: g.cookie },
      { name: 'nginx and vestibule', ...asking, asks: g.part, cookie: g.cookie },
      { name: 'vestibule alone, as the proxy', ...g },
    ]);
  },

  async calls(t) {
    const around = await surroundings(t, 1);
    const rows = [];
    for (const c of [{ name: 'nginx', ...await nginx(t, 'nginx', 0, { upstream: around.app.port }) }, { name: 'vestibule, session', ...await gateway(t, around) }]) {
      await load(c.url, 2000, c);
      const out = join(folder(t), 'perf');
      const perf = spawn('perf', ['stat', '-x,', '-o', out, '-e', 'raw_syscalls:sys_enter', '-p', String(c.part.pid)], { stdio: 'ignore' });
      const ended = new Promise(done => { perf.once('exit', done); perf.once('error', done); });
      await sleep(500);
      await load(c.url, requests, c);
      perf.kill('SIGINT');
      await ended;
      let count = NaN;
      try { count = Number(/^(\d+),[^,]*,raw_syscalls/m.exec(readFileSync(out, 'latin1'))?.[1]); } catch { /* perf may not count here */ }
      rows.push([c.name, Number.isNaN(count) ? 'perf cannot count here' : (count / requests).toFixed(2)]);
    }
    table('System calls a request', ['', 'calls'], rows);
  },

  async redis(t) {
    const around = await surroundings(t, 1);
    const g = await gateway(t, around);
    await load(g.url, 100, g);
    const stats = async () => Object.fromEntries([...(await run('redis-cli', ['-p', String(around.redis.port), 'info', 'commandstats'])).stdout
      .matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(m => [m[1], Number(m[2])]));
    const before = await stats();
    await load(g.url, 10000, g);
    const after = await stats();
    const rows = Object.keys(after).map(k => [k, after[k] - (before[k] ?? 0)]).filter(([k, n]) => n > 0 && k !== 'info');
    table('Redis commands over 10,000 warm requests', ['', 'calls'], rows.length ? rows : [['none', 0]]);
  },

  async start(t) {
    const starter = join(folder(t), 'start'), times = [], memory = [];
    await run('cc', ['-O2', '-o', starter, new URL('start.c', import.meta.url).pathname]);
    for (let r = 0; r < rounds; r++) {
      const own = new Scope();
      const around = await surroundings(own, 1);
      const { port, conf, dir } = await gateway(own, around, { start: false });
      const { stdout } = await new Promise((ok, bad) => {
        // the gateway inherits no pipe, or we would wait for its end
        const child = spawn(starter, [String(port), ...pinned(0, binary, ['run', '--config', conf]).flat().map((w, i) => (i === 0 ? `/usr/bin/${w}` : w))],
          { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: join(dir, 'state') } });
        child.once('exit', code => (code === 0 ? ok({ stdout: said }) : bad(new Error(`it did not start (${code})`))));
        let said = '';
        child.stdout.on('data', d => { said += d; });
      });
      const [ms, pid] = stdout.trim().split(' ').map(Number);
      own.after(() => process.kill(pid));
      times.push(ms);
      await sleep(300);
      memory.push(rss(pid));
      await own.close();
    }
    table('From exec to the first reply', ['', 'ms', 'least', 'most', 'RSS KiB'], [['vestibule',
      median(times).toFixed(1), Math.min(...times).toFixed(1), Math.max(...times).toFixed(1), median(memory)]]);
  },

  async memory(t) {
    const around = await surroundings(t, 2);
    const tls = certificate(t);
    for (const [name, g] of [['plain', await gateway(t, around)], ['tls', await gateway(t, around, { tls })]]) {
      const rest = rss(g.part.pid), rows = [['at rest, one person signed in', rest, '']];
      for (const n of idle) {
        const [command, args] = pinned(1, process.execPath, [new URL('idle.mjs', import.meta.url).pathname, String(g.port), String(n), name]);
        const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        t.after(() => holder.kill());
        await new Promise((ok, bad) => { holder.stdout.once('data', ok); holder.once('exit', () => bad(new Error('the connections could not be opened'))); });
        rows.push([`${n} idle connections`, rss(g.part.pid), ((rss(g.part.pid) - rest) / n).toFixed(2)]);
        const gone = new Promise(done => holder.once('exit', done));
        holder.removeAllListeners('exit');
        holder.once('exit', () => {});
        holder.stdin.end();
        await Promise.race([gone, sleep(3000)]);
        await sleep(1000);
      }
      table(`Memory, ${name === 'tls' ? 'TLS' : 'plaintext'}`, ['', 'RSS KiB', 'KiB a connection'], rows);
    }
  },

  async instructions(t) {
    const total = [];
    for (const n of [500, 2500]) {
      const own = new Scope(), dir = folder(t), around = await surroundings(own, 1);
      const g = await gateway(own, around, { under: ['valgrind', '--tool=callgrind', `--callgrind-out-file=${dir}/out.%p`] });
      await load(g.url, n, { ...g, connections: 8 });
      await g.part.stop('SIGTERM', 60);
      await own.close();
      const text = readdirSync(dir).map(f => readFileSync(join(dir, f), 'latin1')).join('\n');
      total.push(Math.max(...[...text.matchAll(/^(?:totals|summary): (\d+)/gm)].map(m => Number(m[1]))));
    }
    table('Instructions a request in user space', ['', 'instructions'], [['vestibule, session', Math.round((total[1] - total[0]) / 2000)]]);
  },
};

const names = process.argv.slice(2);
for (const name of names.length ? names : Object.keys(parts)) {
  if (parts[name] === undefined) { console.error(`tests/bench: no part ${name}; there are ${Object.keys(parts).join(' ')}`); process.exit(64); }
  const t = new Scope();
  try { await parts[name](t); } finally { await t.close(); }
}
process.exit(0);
