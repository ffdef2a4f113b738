// The servers of a measurement: the one under test has processor 0 to itself, everything else is on processor 1.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { Part, binary, folder, freePort, listens, startRedis } from '../e2e/lib/parts.mjs';
import { startProvider } from '../e2e/lib/provider.mjs';
import { signIn } from '../e2e/lib/installation.mjs';
import { Visitor } from '../e2e/lib/visitor.mjs';

export const run = promisify(execFile);
export const BODY = 'x'.repeat(1024);
export const pinned = (cpu, command, args) => ['taskset', ['-c', String(cpu), command, ...args]];

// Collects what must be stopped, as node:test's context does.
export class Scope {
  constructor() { this.last = []; }
  after(f) { this.last.push(f); }
  async close() { for (const f of this.last.reverse()) await Promise.resolve(f()).catch(() => {}); this.last = []; }
}

async function serve(t, name, cpu, command, args, port, env = {}) {
  const part = new Part(name, ...pinned(cpu, command, args), { env: { PATH: process.env.PATH, ...env } });
  t.after(() => part.stop());
  await part.until(() => listens(port));
  return part;
}

export function certificate(t) {
  const dir = folder(t);
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return { key, cert };
}

export async function nginx(t, name, cpu, location, tls) {
  const [port, dir] = [await freePort(), folder(t)];
  const conf = join(dir, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(n => `${n}_temp_path ${dir}/${n};`).join(' ');
  writeFileSync(conf, `daemon off; master_process off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/err; worker_rlimit_nofile 40000;
events { worker_connections 30000; }
http { access_log off; ${temporary} keepalive_requests 100000000; keepalive_timeout 300s; proxy_http_version 1.1; proxy_set_header Connection "";
${location.ask ? `upstream verdict { server 127.0.0.1:${location.ask.port}; keepalive 128; keepalive_requests 100000000; }` : ''}
${location.upstream ? `upstream app { server 127.0.0.1:${location.upstream}; keepalive 128; keepalive_requests 100000000; }` : ''}
server { listen 127.0.0.1:${port}${tls ? ` ssl http2; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}` : ''};
  ${location.ask ? `location = /ask { internal; proxy_pass http://verdict/_vestibule/auth/nginx; proxy_pass_request_body off; proxy_set_header Connection ""; proxy_set_header Content-Length "";
    proxy_set_header X-Original-Method $request_method; proxy_set_header X-Original-URL ${location.ask.base}$request_uri; }` : ''}
  location / { ${location.ask ? 'auth_request /ask;' : ''} ${location.upstream ? 'proxy_pass http://app' : `return ${location.status}`}; } } }`);
  const part = await serve(t, name, cpu, 'nginx', ['-c', conf, '-e', `${dir}/err`], port);
  return { part, url: `${tls ? 'https' : 'http'}://localhost:${port}/`, port };
}

export async function h2o(t, upstream, tls) {
  const [port, dir] = [await freePort(), folder(t)];
  const conf = join(dir, 'h2o.yaml');
  const ssl = tls ? `, ssl: { certificate-file: ${tls.cert}, key-file: ${tls.key} }` : '';
  writeFileSync(conf, `num-threads: 1
${process.getuid() === 0 ? 'user: root\n' : ''}max-connections: 30000
http1-request-timeout: 300
listen: { host: 127.0.0.1, port: ${port}${ssl} }
hosts: { default: { paths: { "/": { proxy.reverse.url: "http://127.0.0.1:${upstream}/", proxy.timeout.keepalive: 60000 } } } }
`);
  const part = await serve(t, 'h2o', 0, 'h2o', ['-m', 'worker', '-c', conf], port);
  return { part, url: `${tls ? 'https' : 'http'}://localhost:${port}/`, port };
}

// The application: see app.c.
async function application(t) {
  const [program, port] = [join(folder(t), 'app'), await freePort()];
  await run('cc', ['-O2', '-o', program, new URL('app.c', import.meta.url).pathname]);
  const part = await serve(t, 'application', 1, program, [String(port), String(BODY.length)], port);
  return { part, port };
}

// What every gateway of a run shares: the application, Redis, the provider.
export async function surroundings(t, gateways) {
  const ports = [];
  for (let i = 0; i < gateways; i++) ports.push(await freePort());
  const callbacks = ports.flatMap(p => ['http', 'https'].map(s => `${s}://localhost:${p}/_vestibule/callback/op`));
  const [app, redis, op] = [await application(t), await startRedis(t), await startProvider(t, { redirectUris: callbacks })];
  spawnSync('taskset', ['-cp', '1', String(redis.pid)]);
  return { app, redis, op, ports };
}

// One gateway with one worker. under: a command that runs it (valgrind ...). Signs one person in unless told not to.
export async function gateway(t, around, { tls, access = false, under = [], start = true, extra = '' } = {}) {
  const [port, dir] = [around.ports.pop(), folder(t)];
  const base = `${tls ? 'https' : 'http'}://localhost:${port}`;
  const conf = join(dir, 'vestibule.yaml');
  writeFileSync(conf, `public_url: ${base}
listen: ${tls ? `[{ address: "127.0.0.1:${port}", tls: { certificate: ${tls.cert}, key: ${tls.key} } }]` : `127.0.0.1:${port}`}
server: { workers: 1, max_connections: 30000, timeouts: { idle: 300s, header: 300s } }
providers:
  - { use: oidc, id: op, issuer: "${around.op.issuer}", client_id: ${around.op.clientId}, client_secret: ${around.op.clientSecret}, allow_private: true }
session: { store: "${around.redis.url}" }
access:
  - { path: /public/**, allow: everyone }
  - { path: /**, allow: signed_in }
backends: [{ id: app, url: "http://127.0.0.1:${around.app.port}", keep_alive: 128 }]
log: { format: json, access: ${access ? `all, to: file, file: ${dir}/access.log` : 'none'} }
metrics: { listen: none }
${extra}`);
  const [command, ...first] = [...under, binary];
  const g = { base, port, conf, dir, url: `${base}/` };
  if (!start) return g;
  const part = new Part('vestibule', ...pinned(0, command, [...first, 'run', '--config', conf]),
    { env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: join(dir, 'state') } });
  t.after(() => part.stop('SIGTERM', 60));
  g.part = part;
  await part.until(() => listens(port), 60);
  const visitor = new Visitor();
  const page = await signIn(visitor, base, 'ada', '/');
  if (page.status !== 200 || page.body !== BODY) throw new Error(`the sign-in ended with ${page.status}:\n${page.body.slice(0, 500)}\n${part.err.slice(-1000)}`);
  g.cookie = visitor.jar.filter(c => c.host === 'localhost' && /__Host-vestibule$/.test(c.name)).map(c => `${c.name}=${c.value}`).join('; ');
  return g;
}

// Processor time of all threads, in nanoseconds.
export function cpu(pid) {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  return sum;
}

export const rss = pid => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);

// As many requests as it takes in so many whole seconds; gives their number and the seconds they took. Throws unless each was answered well.
// wrk, because it costs less than h2load: the load must not be the slower side.
export async function press(url, seconds, { cookie, connections = 32, path = '', headers = [] } = {}) {
  const args = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`,
    ...(cookie ? ['-H', `Cookie: ${cookie}`] : []), ...headers.flatMap(h => ['-H', h]), url + path];
  const { stdout } = await run(...pinned(1, 'wrk', args));
  const [, served, took] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? [];
  if (!(Number(served) > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url}: not every request was answered well\n${stdout}`);
  return { served: Number(served), took: Number(took) };
}

// So many requests; throws unless each was answered with 200.
export async function load(url, requests, { cookie, connections = 32, http2 = false, path = '', headers = [] } = {}) {
  const args = ['-n', String(requests), '-c', String(connections), '-t', '1', ...(http2 ? ['-m', '8'] : ['--h1']),
    ...(cookie ? ['-H', `cookie: ${cookie}`] : []), ...headers.flatMap(h => ['-H', h]), url + path];
  const { stdout } = await run(...pinned(1, 'h2load', args), { maxBuffer: 1 << 24 });
  const fine = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1]);
  if (fine !== requests) throw new Error(`${url}: ${fine} of ${requests} requests were answered well\n${stdout}`);
}

export const median = list => { const s = [...list].sort((a, b) => a - b), m = s.length >> 1; return s.length % 2 ? s[m] : (s[m - 1] + s[m]) / 2; };
