// Every page there is, each reached as a person reaches it. `open(page)` brings a tab there; the frame to look at is what it gives.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, folder, listens, Part, binary, startGateway, startRedis, eventually } from './parts.mjs';
import { hash } from './local.mjs';
import { startProvider } from './provider.mjs';
import { startBackend } from './backend.mjs';
import { Visitor } from './visitor.mjs';
import { signIn } from './installation.mjs';

// Four ports in a row, as `vestibule demo --port` takes them; below those that the system hands out, so that nobody gets them meanwhile.
export async function startDemo(t) {
  for (let tries = 0; ; tries++) {
    const port = 20000 + 4 * Math.floor(Math.random() * 3000);
    if ((await Promise.all([0, 1, 2, 3].map(i => listens(port + i)))).some(Boolean) && tries < 50) continue;
    const part = new Part('vestibule demo', binary, ['demo', '--port', String(port), '--quiet'], { env: { ...process.env, HOME: '/nonexistent' } });
    t.after(async () => {
      const early = part.exit;
      await part.stop();
      if (early || /Sanitizer|runtime error:|^must:/m.test(part.err)) throw new Error(`the demonstration ended ${JSON.stringify(part.exit)}:\n${part.err.slice(0, 6000)}`);
    });
    await part.until(() => listens(port), 30);
    return Object.assign(part, { base: `http://localhost:${port}`, provider: `http://127.0.0.1:${port + 1}`, port });
  }
}

export const brands = [['google', 'Google'], ['apple', 'Apple'], ['microsoft', 'Microsoft'], ['github', 'GitHub'], ['facebook', 'Facebook'], ['discord', 'Discord'],
  ['linkedin', 'LinkedIn'], ['openid', 'Example staff']];

function brand([icon, name], port) {
  return `
  - { use: oidc, id: ${icon}, name: ${JSON.stringify(name)}, icon: ${icon}, issuer: "http://127.0.0.1:${port}", client_id: c, client_secret: a-client-secret-of-decent-length, allow_private: true }`;
}

// Gateways with one, two and eight providers. Those with a brand's name lead nowhere; `op` is real.
export async function manyProviders(t, { primary, extra = '' } = {}) {
  const [nowhere, redis, backend] = [await freePort(), await startRedis(t), await startBackend(t, (q, r) => {
    if (q.url === '/public/frame') { r.setHeader('content-type', 'text/html'); r.end('<!DOCTYPE html><html lang="en"><title>Outside</title><main><h1>Outside</h1><iframe title="inside" src="/inside" width="100%" height="560"></iframe></main></html>'); return true; }
    if (q.url === '/public/form') { r.setHeader('content-type', 'text/html'); r.end('<!DOCTYPE html><html lang="en"><title>Form</title><main><h1>Form</h1><form method="post" action="/inside"><button>Send</button></form></main></html>'); return true; }
  })];
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const op = await startProvider(t, { redirectUris: [`${base}/_vestibule/callback/op`] });
  const real = `
  - { use: oidc, id: op, name: Example staff, icon: openid, issuer: "${op.issuer}", client_id: gateway, client_secret: ${op.clientSecret}, allow_private: true, tokens: session }`;
  const config = (at, providers, more = '') => `
public_url: http://localhost:${at}
listen: 127.0.0.1:${at}
server: { workers: 1, drain: 1s }
providers:${providers}
session: { store: "${redis.url}", revocation_cache: 1s }
access:
  - { path: /public/**, allow: everyone }
  - { path: /ops/**, allow: { groups: [nobody-has-it] } }
  - { path: /**, allow: signed_in }
backends:
  - { id: away, path: /away/**, url: "http://127.0.0.1:${nowhere}" }
  - { id: app, path: /public/**, url: "${backend.url}" }
  - { id: inside, path: /inside/**, url: "${backend.url}" }
sign_in: { name: Example, skip_if_single: false, message: ${more ? '""' : '"Staff and guests are welcome."'}, terms: "https://example.com/terms", privacy: "https://example.com/privacy", help: "mailto:help@example.com"${primary === undefined ? '' : `, primary: ${primary}`} }
log: { format: json }
${extra}`;
  const gateway = (at, providers) => startGateway(t, config(at, providers)).then(part => Object.assign(part, { base: `http://localhost:${at}` }));
  const eight = await gateway(port, brands.slice(0, 7).map(b => brand(b, nowhere)).join('') + real);
  return { base, eight, redis, backend, op, fewer: async n => gateway(await freePort(), brands.slice(0, n).map(b => brand(b, nowhere)).join('')),
    withPasswords: async () => {
      const [at, file] = [await freePort(), join(folder(t), 'local_users')];
      writeFileSync(file, hash('ada', 'correct horse battery'), { mode: 0o600 });
      const part = await startGateway(t, `${config(at, brands.slice(0, 2).map(b => brand(b, nowhere)).join(''))}local_users: { file: "${file}" }\n`);
      return Object.assign(part, { base: `http://localhost:${at}` });
    } };
}

// What people sign in with; one says nothing of itself.
const agents = ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0', ''];

export async function sessionCookie(base, who = 'ada', agent) {
  const visitor = new Visitor(agent === undefined ? {} : { headers: { 'user-agent': agent } });
  const page = await signIn(visitor, base, who, '/inside/');
  if (page.status !== 200) throw new Error(`signing in gave ${page.status}: ${page.body.slice(0, 500)}`);
  return { name: '__Host-vestibule', value: visitor.cookie('__Host-vestibule'), domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' };
}

// Gives a list of { name, status, cookies, open(page) }. The last one needs the store gone: call its `before` first.
export async function gallery(t) {
  const [many, demo] = [await manyProviders(t), await startDemo(t)];
  const [one, two, passwords] = [await many.fewer(1), await many.fewer(2), await many.withPasswords()];
  const signedIn = [await sessionCookie(many.base)];
  const last = [{ name: 'vestibule-last', value: 'github', url: many.base }];
  const at = (name, status, url, more = {}) => ({ name, status, open: page => page.goto(url), ...more });
  const choose = person => async page => {
    await page.goto(`${demo.base}/`);
    await page.click('a.provider');
    const [answer] = await Promise.all([page.waitForResponse(r => new URL(r.url()).origin === demo.base && (r.status() < 300 || r.status() >= 400)), page.click(`button[value=${person}]`)]);
    await page.waitForLoadState();
    return answer;
  };
  const ours = p => `${many.base}/_vestibule${p}`;
  return { many, demo, pages: [
    at('sign-in-1', 200, `${one.base}/_vestibule/sign-in`),
    at('sign-in-2', 200, `${two.base}/_vestibule/sign-in`),
    at('sign-in-passwords', 200, `${passwords.base}/_vestibule/sign-in`),
    at('sign-in-8', 200, ours('/sign-in?rd=%2Freports')),
    at('sign-in-8-last', 200, ours('/sign-in?rd=%2Freports'), { cookies: last }),
    at('sign-in-banner', 502, ours('/start/google?rd=%2Freports'), { cookies: last }),
    at('sign-in-cookies-blocked', 400, ours('/callback/google?state=x&code=y')),
    { name: 'sign-in-cancelled', status: 200, open: choose('cancel') },
    { name: 'sign-in-unverified', status: 403, open: choose('linus') },
    at('sign-out', 200, ours('/sign-out'), { cookies: signedIn }),
    { name: 'account', status: 200, cookies: signedIn, open: async page => {
      for (const agent of agents) await sessionCookie(many.base, 'ada', agent);
      return page.goto(ours('/account'));
    } },
    { name: 'deletion', status: 200, open: page => {
      const code = 'a-code-of-22-characters', key = createHash('sha256').update(code).digest('base64url');
      execFileSync('redis-cli', ['-p', String(many.redis.port), 'set', `vestibule:d:${key}`, 'done 1790000000 google', 'ex', '600']);
      return page.goto(ours(`/data-deletion/status?code=${code}`));
    } },
    at('signed-out', 200, ours('/signed-out?provider=google')),
    { name: 'no-access', status: 403, open: choose('eve') },
    at('no-access-help', 403, `${many.base}/ops/`, { cookies: signedIn }),
    { name: 'session-ended', status: 401, open: async page => {
      await page.goto(`${many.base}/public/form`);
      const [answer] = await Promise.all([page.waitForResponse(`${many.base}/inside`), page.click('button')]);
      await page.waitForLoadState();
      return answer;
    } },
    at('error-400', 400, `${many.base}/%zz`),
    { name: 'error-403', status: 403, cookies: signedIn, open: async page => {
      await page.goto(ours('/sign-out'));
      const [answer] = await Promise.all([page.waitForResponse(r => r.request().method() === 'POST'),
        page.evaluate(() => { document.querySelector('[name=token]').value = 'stale'; document.querySelector('form').submit(); })]);
      await page.waitForURL(ours('/sign-out'), { waitUntil: 'load' });
      return answer;
    } },
    at('error-404', 404, ours('/nothing-here')),
    at('error-502', 502, `${many.base}/away/`, { cookies: signedIn }),
    { name: 'framed', status: 401, framed: true, open: async page => {
      const [answer] = await Promise.all([page.waitForResponse(`${many.base}/inside`), page.goto(`${many.base}/public/frame`)]);
      await page.waitForLoadState();
      return answer;
    } },
    { name: 'demo-provider', status: 200, open: async page => {
      await page.goto(`${demo.base}/`);
      const [answer] = await Promise.all([page.waitForResponse(r => r.url().startsWith(demo.provider) && r.status() === 200), page.click('a.provider')]);
      await page.waitForLoadState();
      return answer;
    } },
    { name: 'demo-app', status: 200, open: choose('ada') },
    at('error-503', 503, `${many.base}/inside`, { cookies: signedIn, before: async () => {
      if (many.redis.exit) return;
      await many.redis.stop('SIGKILL');
      await eventually(async () => {
        const v = new Visitor();
        return (await v.ask(`${many.base}/inside`, { headers: { cookie: `${signedIn[0].name}=${signedIn[0].value}` } })).status === 503;
      }, 15);
    } }),
  ] };
}
