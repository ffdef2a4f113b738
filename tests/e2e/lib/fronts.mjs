// Proxies in front of the gateway, each with the file that is shipped for it under deploy/: only addresses are put into it.
import http from 'node:http';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Part, folder, freePort, listens, root } from './parts.mjs';

const shipped = name => readFileSync(join(root, 'deploy', name), 'utf8');

// Every pair must be found, or the story would prove something else than what is shipped.
function filled(text, pairs) {
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`the shipped file has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

async function serve(t, name, command, args, port, options = {}) {
  const part = new Part(name, command, args, options);
  t.after(() => part.stop('SIGTERM', 5));
  await part.until(() => listens(port), 20);
  return part;
}

// file: the text of an nginx file for the http block.
export async function nginxWith(t, file, port) {
  const dir = folder(t);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(n => `${n}_temp_path ${dir}/${n};`).join(' ');
  writeFileSync(join(dir, 'site.conf'), file);
  writeFileSync(join(dir, 'nginx.conf'), `daemon off; master_process off; worker_processes 1; pid ${dir}/pid; error_log stderr warn;
events { worker_connections 256; } http { access_log off; ${temporary} include ${dir}/site.conf; }`);
  return serve(t, 'nginx', 'nginx', ['-c', join(dir, 'nginx.conf'), '-e', 'stderr'], port);
}

// change: what an operator adds to the file.
export async function nginx(t, { port, gateway, app }, change = file => file) {
  return nginxWith(t, change(filled(shipped('nginx/vestibule.conf'), [['listen 80;', `listen 127.0.0.1:${port};`], ['server_name app.example.com', 'server_name localhost'],
    ['127.0.0.1:4180', `127.0.0.1:${gateway}`], ['127.0.0.1:3000', `127.0.0.1:${app}`]])), port);
}

export async function caddy(t, { port, gateway, app }) {
  const dir = folder(t);
  const site = filled(shipped('caddy/Caddyfile'), [['app.example.com {', `http://localhost:${port} {\n\tbind 127.0.0.1`],
    ['127.0.0.1:4180', `127.0.0.1:${gateway}`], ['127.0.0.1:3000', `127.0.0.1:${app}`]]);
  writeFileSync(join(dir, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n}\n${site}`);
  return serve(t, 'caddy', 'caddy', ['run', '--adapter', 'caddyfile', '--config', join(dir, 'Caddyfile')], port, { env: { PATH: process.env.PATH, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } });
}

export async function haproxy(t, { port, gateway, app }) {
  const dir = folder(t);
  writeFileSync(join(dir, 'haproxy.cfg'), filled(shipped('haproxy/haproxy.cfg'), [['bind :80', `bind 127.0.0.1:${port}`], ['/etc/haproxy/vestibule.lua', join(root, 'deploy/haproxy/vestibule.lua')],
    ['127.0.0.1:4180', `127.0.0.1:${gateway}`], ['127.0.0.1:3000', `127.0.0.1:${app}`]]));
  return serve(t, 'haproxy', 'haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')], port);
}

export async function apache(t, { port, gateway, app }) {
  const dir = folder(t), modules = '/usr/lib/apache2/modules';
  const lua = filled(shipped('apache/vestibule.lua'), [['"127.0.0.1", 4180', `"127.0.0.1", ${gateway}`]]);
  writeFileSync(join(dir, 'vestibule.lua'), lua);
  writeFileSync(join(dir, 'site.conf'), filled(shipped('apache/vestibule.conf'), [['*:80', `127.0.0.1:${port}`], ['app.example.com', 'localhost'], ['/etc/apache2/vestibule.lua', join(dir, 'vestibule.lua')],
    ['127.0.0.1:4180', `127.0.0.1:${gateway}`], ['127.0.0.1:3000', `127.0.0.1:${app}`]]));
  const load = ['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'lua'].map(m => `LoadModule ${m}_module ${modules}/mod_${m}.so`).join('\n');
  writeFileSync(join(dir, 'apache.conf'), `ServerRoot ${dir}\nDefaultRuntimeDir ${dir}\nPidFile ${dir}/pid\nServerName localhost\n${load}\nStartServers 1\nThreadsPerChild 16\nMaxRequestWorkers 16
${process.getuid() === 0 ? 'User nobody\nGroup nogroup\n' : ''}ErrorLog ${dir}/error.log\nLogLevel warn\nListen 127.0.0.1:${port}\nInclude ${dir}/site.conf\n`);
  mkdirSync(join(dir, 'tmp'));
  chmodSync(dir, 0o755); // its workers are nobody
  return Object.assign(await serve(t, 'apache2', '/usr/sbin/apache2', ['-X', '-f', join(dir, 'apache.conf')], port), { dir });
}

// ---- those that Debian has not: what they send and accept, by the shipped file ----

// Maps, lists and plain values by indentation, {} and [] on one line: what the shipped files use of YAML.
export function yamlOf(text) {
  const rows = text.split('\n').map(l => l.replace(/(^|\s)#.*$/, '')).filter(l => l.trim()).map(l => ({ depth: /^ */.exec(l)[0].length, text: l.trim() }));
  let at = 0;
  const plain = s => {
    s = s.trim();
    if (/^".*"$/.test(s)) return JSON.parse(s);
    if (/^\[.*\]$/.test(s)) return s.slice(1, -1).split(',').map(plain).filter(v => v !== '');
    if (/^\{.*\}$/.test(s)) { // one pair, nested as deep as they like; or several flat ones
      const inner = s.slice(1, -1).trim(), parts = inner.includes('{') ? [inner] : inner.split(',');
      return Object.fromEntries(parts.filter(Boolean).map(p => [p.slice(0, p.indexOf(':')).trim(), plain(p.slice(p.indexOf(':') + 1))]));
    }
    return s === 'true' ? true : s === 'false' ? false : /^\d+$/.test(s) ? Number(s) : s;
  };
  const block = depth => {
    if (rows[at].text.startsWith('- ')) {
      const list = [];
      while (at < rows.length && rows[at].depth === depth && rows[at].text.startsWith('- ')) {
        const rest = rows[at].text.slice(2);
        if (/^"?[\w@.-]+"?:(\s|$)/.test(rest)) { rows[at] = { depth: depth + 2, text: rest }; list.push(block(depth + 2)); } else { at++; list.push(plain(rest)); }
      }
      return list;
    }
    const map = {};
    while (at < rows.length && rows[at].depth === depth && !rows[at].text.startsWith('- ')) {
      const [, key, rest] = /^"?([\w@.-]+)"?:\s*(.*)$/.exec(rows[at].text);
      at++;
      map[key] = rest !== '' ? plain(rest) : rows[at]?.depth > depth ? block(rows[at].depth) : null;
    }
    return map;
  };
  return block(0);
}

const hop = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-connection']);
const withoutHop = headers => Object.fromEntries(Object.entries(headers).filter(([k]) => !hop.has(k) && !(headers.connection ?? '').toLowerCase().split(/,\s*/).includes(k)));

function ask(port, { method, path, headers, body }) {
  return new Promise((ok, bad) => {
    const q = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, r => {
      const parts = [];
      r.on('data', d => parts.push(d));
      r.once('end', () => ok({ status: r.statusCode, headers: r.headers, raw: r.rawHeaders, body: Buffer.concat(parts) }));
      r.once('error', bad);
    });
    q.setTimeout(10000, () => q.destroy(new Error('no answer')));
    q.once('error', bad);
    q.end(body);
  });
}

async function pass(to, q, r, headers, body) {
  const a = await ask(to, { method: q.method, path: q.url, headers: { ...withoutHop(headers), 'content-length': body.length }, body });
  r.writeHead(a.status, withoutHop(a.headers));
  r.end(a.body);
}

async function simulator(t, port, handle) {
  const server = http.createServer((q, r) => {
    const parts = [];
    q.on('data', d => parts.push(d));
    q.on('end', () => handle(q, r, Buffer.concat(parts)).catch(e => { if (!r.headersSent) r.writeHead(502); r.end(String(e)); }));
  });
  await new Promise(ok => server.listen(port, '127.0.0.1', ok));
  t.after(() => new Promise(done => { server.closeAllConnections?.(); server.close(done); }));
}

// Traefik's forwardAuth: all headers but hop-by-hop ones go along, X-Forwarded-* are its own, 2xx means yes, everything else is the answer.
export async function traefik(t, { port, gateway, app }) {
  const conf = yamlOf(filled(shipped('traefik/vestibule.yaml'), [['127.0.0.1:4180', `127.0.0.1:${gateway}`], ['127.0.0.1:3000', `127.0.0.1:${app}`]])).http;
  const auth = conf.middlewares.vestibule.forwardAuth, address = new URL(auth.address);
  const removed = Object.entries(conf.middlewares['spelled-otherwise'].headers.customRequestHeaders).filter(([, v]) => v === '').map(([k]) => k.toLowerCase());
  if (conf.routers.application.middlewares.join() !== 'spelled-otherwise,vestibule' || auth.trustForwardHeader !== false) throw new Error('the shipped file asks nobody');
  const prefixes = [...conf.routers.vestibule.rule.matchAll(/(!?)PathPrefix\(`([^`]+)`\)/g)];
  const targetOf = service => Number(new URL(conf.services[service].loadBalancer.servers[0].url).port);
  await simulator(t, port, async (q, r, body) => {
    const told = { 'x-forwarded-proto': 'http', 'x-forwarded-host': q.headers.host, 'x-forwarded-port': String(port), 'x-forwarded-for': '127.0.0.1', 'x-forwarded-server': 'traefik', 'x-real-ip': '127.0.0.1' };
    const plain = { ...withoutHop(q.headers), ...told };
    if (prefixes.every(([, not, p]) => q.url.startsWith(p) !== (not === '!'))) return pass(targetOf('vestibule'), q, r, plain, body);
    for (const name of removed) delete plain[name];
    const asked = { ...plain, 'x-forwarded-method': q.method, 'x-forwarded-uri': q.url, host: address.host };
    delete asked['content-length'];
    const a = await ask(Number(address.port), { method: 'GET', path: address.pathname + address.search, headers: asked });
    if (a.status < 200 || a.status > 299) { r.writeHead(a.status, withoutHop(a.headers)); r.end(a.body); return undefined; }
    for (const name of auth.authResponseHeaders.map(n => n.toLowerCase())) {
      delete plain[name];
      if (a.headers[name] !== undefined) plain[name] = a.headers[name];
    }
    return pass(targetOf('application'), q, r, plain, body);
  });
}

// Envoy's ext_authz over HTTP: path_prefix + path, the client's method, Host, Authorization and the listed headers; 200 alone means yes.
export async function envoy(t, { port, gateway, app }) {
  const conf = yamlOf(filled(shipped('envoy/envoy.yaml'), [['127.0.0.1:4180', `127.0.0.1:${gateway}`]]));
  const manager = conf.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
  const authz = manager.http_filters[0].typed_config, service = authz.http_service;
  if (authz.failure_mode_allow !== false) throw new Error('the shipped file lets people pass when nobody answers');
  const has = (rules, name) => rules.patterns.some(p => p.exact === name || (p.prefix !== undefined && name.startsWith(p.prefix)));
  const routes = manager.route_config.virtual_hosts[0].routes;
  await simulator(t, port, async (q, r, body) => {
    const client = Object.fromEntries(Object.entries(withoutHop(q.headers)).filter(([k]) => !k.includes('_')));
    if (/%2f|%5c/i.test(q.url.split('?')[0])) { r.writeHead(400); r.end(); return undefined; }
    Object.assign(client, { 'x-forwarded-proto': 'http', 'x-forwarded-for': '127.0.0.1', 'x-request-id': '8a0c1f0e-2f5f-4e5b-8a5c-3c1d5e7f9a0b' });
    const route = routes.find(o => q.url.startsWith(o.match.prefix));
    if (route.direct_response) { r.writeHead(route.direct_response.status); r.end(); return undefined; }
    const to = route.route.cluster === 'vestibule' ? gateway : app;
    if (route.typed_per_filter_config?.['envoy.filters.http.ext_authz']?.disabled) return pass(to, q, r, client, body);
    const sent = Object.fromEntries(Object.entries(client).filter(([k]) => ['host', 'authorization'].includes(k) || has(authz.allowed_headers, k)));
    const a = await ask(gateway, { method: q.method, path: service.path_prefix + q.url, headers: { ...sent, 'content-length': 0 } });
    if (a.status !== 200) {
      r.writeHead(a.status, Object.fromEntries(Object.entries(a.headers).filter(([k]) => has(service.authorization_response.allowed_client_headers, k))));
      r.end(a.body);
      return undefined;
    }
    for (const [k, v] of Object.entries(a.headers)) if (has(service.authorization_response.allowed_upstream_headers, k)) client[k] = v;
    return pass(to, q, r, client, body);
  });
}

export { freePort };
