// docs/add-a-provider.md, literally: its commands are run by a shell in an empty folder, against a platform nobody has heard of. Only addresses and
// ports are put in place of the page's, and the platform may live on this machine.
import test from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, eventually, folder, freePort, root, startGateway } from './lib/parts.mjs';
import { startBackend } from './lib/backend.mjs';
import { Visitor } from './lib/visitor.mjs';

const page = readFileSync(join(root, 'docs/add-a-provider.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(m => m[1]);
const sample = JSON.parse(/^```json\n(.*?)^```$/ms.exec(page)[1]);

// Acme, from the page's words alone: strict about what it was asked.
async function startAcme(t) {
  const seen = { version: 1, refused: [], profiles: 0 };
  const codes = new Map();
  const server = http.createServer(async (q, r) => {
    const url = new URL(q.url, 'http://acme');
    let body = '';
    for await (const part of q) body += part;
    const no = why => { seen.refused.push(why); r.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'invalid_request', error_description: why })); };
    if (url.pathname === '/oauth/authorize') {
      const p = url.searchParams;
      if (p.get('client_id') !== 'our-client-id' || p.get('response_type') !== 'code' || p.get('scope') !== 'profile,mail') return no(`authorize: ${url.search}`);
      const code = `code${codes.size}`;
      codes.set(code, { redirect: p.get('redirect_uri'), challenge: p.get('code_challenge') });
      return r.writeHead(302, { location: `${p.get('redirect_uri')}?code=${code}&state=${encodeURIComponent(p.get('state'))}` }).end();
    }
    if (url.pathname === '/oauth/token' && q.method === 'POST') {
      const p = new URLSearchParams(body), known = codes.get(p.get('code'));
      const [id, secret] = Buffer.from((q.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString().split(':');
      codes.delete(p.get('code'));
      if (!known || known.redirect !== p.get('redirect_uri') || id !== 'our-client-id' || secret !== 'the-secret-they-gave-you') return no(`token: ${body}`);
      return r.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ access_token: 'acme-token', token_type: 'bearer' }));
    }
    if (url.pathname === `/api/v${seen.version}/me` && q.headers.authorization === 'Bearer acme-token') {
      seen.profiles++;
      return r.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(sample));
    }
    return no(`${q.method} ${q.url}`);
  });
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  t.after(() => new Promise(ok => { server.closeAllConnections(); server.close(ok); }));
  return { url: `http://127.0.0.1:${server.address().port}`, seen };
}

async function readersFolder(t) {
  const [port, backend, acme] = [await freePort(), await startBackend(t), await startAcme(t)];
  const dir = folder(t), bin = join(dir, 'bin'), work = join(dir, 'work');
  mkdirSync(bin);
  mkdirSync(work);
  symlinkSync(binary, join(bin, 'vestibule'));
  const here = text => text.replaceAll('https://acme.example', acme.url).replaceAll('localhost:8080', `localhost:${port}`).replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`).replaceAll('http://127.0.0.1:3000', backend.url);
  const env = { HOME: work, PATH: `${bin}:${process.env.PATH}`, VESTIBULE_PROVIDERS_ACME_ALLOW_PRIVATE: 'true' };
  const run = block => execFileSync('sh', ['-euc', here(block)], { cwd: work, env, encoding: 'utf8', timeout: 20000 });
  return { port, acme, work, run, base: `http://localhost:${port}` };
}

test('the page has the commands this test knows', () => {
  assert.equal(blocks.length, 5);
  assert.match(blocks[2], /^vestibule run --config vestibule.yaml\n$/);
});

test('a provider that is not in the list is added in five minutes, and follows its platform without a restart', async t => {
  const { port, acme, work, run, base } = await readersFolder(t);
  run(blocks[0]);
  const told = run(blocks[1]);
  assert.match(told, /protocol: oauth2 +# .*providers\.d\/acme\.yaml:3/);
  assert.ok(told.includes(`${base}/_vestibule/callback/acme (redirect URI)\n`), told);
  assert.ok(!told.includes('the-secret'), 'no secret is shown');

  const gw = await startGateway(t, readFileSync(join(work, 'vestibule.yaml'), 'utf8').replaceAll('providers.d', join(work, 'providers.d')).replaceAll('acme.secret', join(work, 'acme.secret')),
    { port, env: { VESTIBULE_PROVIDERS_ACME_ALLOW_PRIVATE: 'true' } });
  const first = await new Visitor().go(`${base}/_vestibule/start/acme?rd=/hello`);
  assert.equal(first.status, 200, first.body.slice(0, 500));
  assert.equal(JSON.parse(first.body).headers['x-auth-user'], 'acme:4711');
  assert.equal(JSON.parse(first.body).headers['x-auth-email'], 'ann@example.org');

  // the platform moves: the old file is refused, the new one is followed
  acme.seen.version = 2;
  const moved = await new Visitor().go(`${base}/_vestibule/start/acme?rd=/hello`);
  assert.notEqual(moved.status, 200);
  run(blocks[3]);
  const reloads = () => gw.log().filter(l => l.stream === 'audit' && l.event.startsWith('config.reload')).map(l => l.event);
  gw.child.kill('SIGHUP');
  await eventually(() => reloads().length === 1);
  const again = await new Visitor().go(`${base}/_vestibule/start/acme?rd=/hello`);
  assert.equal(again.status, 200, again.body.slice(0, 500));
  assert.equal(acme.seen.profiles, 2);
  assert.deepEqual(acme.seen.refused, ['GET /api/v1/me']);

  // a file that is wrong changes nothing, and the log says where
  const file = join(work, 'providers.d/acme.yaml');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, good.replace('/person/id', '[/person/id, /person/nick]'));
  gw.child.kill('SIGHUP');
  await eventually(() => reloads().length === 2);
  assert.deepEqual(reloads(), ['config.reloaded', 'config.reload_failed']);
  assert.match(gw.out + gw.err, /acme\.yaml:16:5: error: subject must be one pointer/);
  assert.equal((await new Visitor().go(`${base}/_vestibule/start/acme?rd=/hello`)).status, 200);
  writeFileSync(file, good);

  // one thing of a built-in platform
  const shown = run(blocks[4]);
  assert.match(shown, /scopes: \["read:user"\] +# .*providers\.d\/github\.yaml:4/);
  assert.match(shown, /code: \/error +# providers\/github\.yaml:\d+/);
  assert.ok(existsSync(join(work, 'providers.d/github.yaml')));
});

test('the page of keys knows every key that provider files may have', () => {
  const keys = readFileSync(join(root, 'docs/provider-files.md'), 'utf8');
  const folder = join(root, 'gateway/provider');
  const words = new Set();
  for (const name of readdirSync(folder).filter(n => /^(descriptor_|map_read)/.test(n) && n.endsWith('.c'))) {
    const text = readFileSync(join(folder, name), 'utf8').replace(/"\s*\n\s*"/g, '');
    for (const m of text.matchAll(/reading_(?:section|part)\([^;{]*?"((?:[a-z0-9_]+ ?)+)"\s*\)/g)) for (const w of m[1].split(' ')) words.add(w);
    for (const m of text.matchAll(/REQUEST_WORDS\s+"([a-z0-9_ ]+)"/g)) for (const w of m[1].trim().split(' ')) words.add(w);
  }
  assert.ok(words.size > 90, `${words.size} keys were found in the source`);
  const missing = [...words].filter(w => !new RegExp(`\\b${w}\\b`).test(keys));
  assert.deepEqual(missing, []);
});
