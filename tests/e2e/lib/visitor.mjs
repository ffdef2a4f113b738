// A visitor without a screen: HTTP with a cookie jar that keeps to RFC 6265bis, and nothing done behind one's back.
import http from 'node:http';
import https from 'node:https';
import { readFileSync } from 'node:fs';

// A page without the one script it may have, which the policy names by its hash: whoever finds another has found a fault.
const keepFragment = readFileSync(new URL('../../../templates/parts/keep_fragment.html', import.meta.url), 'utf8').trim();
export const withoutOurScript = page => page.replace(keepFragment, '');

export class Visitor {
  // elsewhere(host): the loopback port where that host's TLS is answered in this story, or undefined
  constructor({ agent, tls, headers = {}, elsewhere = () => undefined } = {}) {
    this.tls = tls;
    this.jar = [];
    this.headers = headers;
    this.elsewhere = elsewhere;
    this.agent = agent ?? new http.Agent({ keepAlive: true, maxSockets: 64 });
  }

  cookiesFor(url) {
    const secure = url.protocol === 'https:' || url.hostname === 'localhost' || url.hostname === '127.0.0.1';
    return this.jar.filter(c => c.host === url.hostname && url.pathname.startsWith(c.path) && (!c.secure || secure));
  }

  keep(url, line) {
    const [pair, ...rest] = line.split(';');
    const eq = pair.indexOf('=');
    const c = { host: url.hostname, name: pair.slice(0, eq).trim(), value: pair.slice(eq + 1).trim(), path: '/', line };
    for (const a of rest) {
      const [k, v = ''] = a.trim().split('=');
      if (/^secure$/i.test(k)) c.secure = true;
      if (/^httponly$/i.test(k)) c.httpOnly = true;
      if (/^path$/i.test(k)) c.path = v;
      if (/^domain$/i.test(k)) c.domain = v;
      if (/^samesite$/i.test(k)) c.sameSite = v;
      if (/^max-age$/i.test(k)) c.maxAge = Number(v);
      if (/^expires$/i.test(k)) c.expires = new Date(a.trim().slice(8));
    }
    if (c.name.startsWith('__Host-') && (!c.secure || c.path !== '/' || c.domain !== undefined)) return;
    const gone = c.maxAge === 0 || (c.maxAge === undefined && c.expires && c.expires < new Date());
    this.jar = this.jar.filter(o => !(o.host === c.host && o.name === c.name && o.path === c.path));
    if (!gone) this.jar.push(c);
  }

  cookie(name) { return this.jar.find(c => c.name === name)?.value; }

  // One request, no redirect followed. Gives { status, headers, body, url, location }.
  ask(to, { method = 'GET', headers = {}, body, navigate = true, signal } = {}) {
    const url = new URL(to, this.at);
    const browser = navigate
      ? { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }
      : {};
    const cookies = this.cookiesFor(url).map(c => `${c.name}=${c.value}`).join('; ');
    const all = { ...this.headers, ...browser, ...(cookies ? { cookie: cookies } : {}), ...headers };
    for (const k of Object.keys(all)) if (all[k] === undefined) delete all[k];
    if (body !== undefined && typeof body === 'object' && !Buffer.isBuffer(body)) {
      body = new URLSearchParams(body).toString();
      all['content-type'] ??= 'application/x-www-form-urlencoded';
    }
    if (body !== undefined) all['content-length'] = Buffer.byteLength(body);
    return new Promise((ok, bad) => {
      const lib = url.protocol === 'https:' ? https : http;
      const port = url.protocol === 'https:' ? this.elsewhere(url.hostname) : undefined;
      const way = port === undefined ? {} : { hostname: '127.0.0.1', port, servername: url.hostname, headers: { ...all, host: url.host }, agent: this.tls ??= new https.Agent() };
      const q = lib.request(url, { method, headers: all, agent: url.protocol === 'https:' ? undefined : this.agent, signal, rejectUnauthorized: false, ...way }, r => {
        const parts = [];
        r.on('data', d => parts.push(d));
        r.once('error', bad);
        r.once('end', () => {
          for (const line of r.headers['set-cookie'] ?? []) this.keep(url, line);
          const text = Buffer.concat(parts);
          ok({ status: r.statusCode, headers: r.headers, raw: r.rawHeaders, bytes: text, body: text.toString('utf8'), url,
               location: r.headers.location === undefined ? undefined : new URL(r.headers.location, url) });
        });
      });
      q.once('error', bad);
      q.setTimeout(60000, () => q.destroy(new Error(`no answer in 60 s from ${url}`)));
      q.end(body);
    });
  }

  // Follows redirects as a browser does (303 and 302 become GET); gives the last answer and the way there.
  async go(to, options = {}, most = 20) {
    let r = await this.ask(to, options);
    const way = [r];
    while (r.location && r.status >= 300 && r.status < 400) {
      if (way.length > most) throw new Error('redirected in circles: ' + way.map(w => `${w.status} ${w.url}`).join('\n'));
      this.at = r.url;
      r = await this.ask(r.location, { headers: options.headers, navigate: options.navigate });
      way.push(r);
    }
    this.at = r.url;
    return Object.assign(r, { way });
  }
}

// The first form of a page as { action, method, fields }.
export function form(page) {
  const m = /<form\b([^>]*)>([^]*?)<\/form>/i.exec(page.body);
  if (!m) throw new Error(`no form on ${page.url}:\n${page.body.slice(0, 1500)}`);
  const attribute = (tag, name) => unescape(new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1]);
  const fields = {};
  for (const [tag] of m[2].matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    if (name && !/type="(checkbox|submit)"/i.test(tag)) fields[name] = attribute(tag, 'value') ?? '';
  }
  return { action: new URL(attribute(m[1], 'action') ?? '', page.url), method: (attribute(m[1], 'method') ?? 'get').toUpperCase(), fields };
}

function unescape(s) {
  return s?.replace(/&(amp|lt|gt|quot|#39|#x27);/g, (_, e) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" })[e]);
}
