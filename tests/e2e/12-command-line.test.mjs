// The program as somebody meets it for the first time: every command by its own help, what mistakes are told, what leaves it and what never does.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import net from 'node:net';
import { Part, binary, eventually, folder, freePort, listens, startGateway, startRedis } from './lib/parts.mjs';
import { startProvider } from './lib/provider.mjs';
import { startBackend } from './lib/backend.mjs';
import { certificate } from './lib/front.mjs';
import { Visitor } from './lib/visitor.mjs';

const sanitizers = Object.fromEntries(['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS'].filter(n => process.env[n]).map(n => [n, process.env[n]]));
const secrets = ['s3cret-of-the-client', 's3cret-of-the-store', 's3cret-by-variable', 's3cret-from-a-file'];

// Runs one command to its end in an empty folder. Gives { code, out, err }; nothing secret may stand in either.
async function vestibule(t, args, { env = {}, cwd } = {}) {
  cwd ??= folder(t);
  const part = new Part(`vestibule ${args.join(' ')}`, binary, args, { cwd, env: { PATH: process.env.PATH, HOME: cwd, STATE_DIRECTORY: join(cwd, 'state'), ...sanitizers, ...env } });
  const late = setTimeout(() => part.child.kill('SIGKILL'), 40000);
  const { code, signal } = await part.ended;
  clearTimeout(late);
  assert.equal(signal, null, `${part.name} died of ${signal}:\n${part.err}`);
  assert.doesNotMatch(part.err, /Sanitizer|runtime error|^must:/m);
  for (const s of secrets) assert.ok(!(part.out + part.err).includes(s), `${part.name} tells a secret:\n${part.out}${part.err}`);
  return { code, out: part.out, err: part.err, text: part.out + part.err };
}

function writeConfig(t, text, name = 'vestibule.yaml') {
  const dir = folder(t), file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

const small = `public_url: https://app.example.com
providers:
  - { use: oidc, id: corp, issuer: "https://id.example.com", client_id: v, client_secret: s3cret-of-the-client }
session: { store: "redis://127.0.0.1:6379/0", store_password: s3cret-of-the-store }
backend: http://127.0.0.1:3000
`;

const four = { VESTIBULE_PUBLIC_URL: 'https://app.example.com', VESTIBULE_BACKEND: 'http://127.0.0.1:3000', VESTIBULE_SESSION_STORE: 'memory://',
  VESTIBULE_PROVIDERS_CORP_ISSUER: 'https://id.example.com', VESTIBULE_PROVIDERS_CORP_CLIENT_ID: 'v', VESTIBULE_PROVIDERS_CORP_CLIENT_SECRET: 's3cret-by-variable' };

function commandsOf(help) {
  const lines = help.split('\n');
  const everyday = lines.map(l => /^ {2}([a-z]+(?: [a-z]+)?) {2,}\S/.exec(l)?.[1]).filter(Boolean);
  const also = /\nalso:([^]*?)\n\n/.exec(help)[1].split(',').map(w => w.trim());
  return [...everyday, ...also];
}

test('the help names every command, and the help of each shows how it is used and fits a screen', async t => {
  const all = await vestibule(t, ['--help']);
  assert.equal(all.code, 0);
  assert.equal(all.err, '');
  assert.ok(all.out.split('\n').length <= 25, 'one screen');
  const commands = commandsOf(all.out);
  for (const needed of ['run', 'demo', 'setup', 'check', 'status', 'config print', 'config example', 'config schema', 'keys generate', 'keys list', 'keys rotate', 'keys retire', 'keys jwks', 'providers list', 'providers show', 'providers urls', 'providers test', 'sessions list', 'sessions show', 'sessions revoke', 'secret', 'completion', 'man', 'version', 'help'])
    assert.ok(commands.includes(needed), `${needed} is in the help`);
  assert.equal((await vestibule(t, [])).out, all.out, 'nothing said is a call for help');
  for (const c of commands) {
    const help = await vestibule(t, ['help', ...c.split(' ')]);
    assert.equal(help.code, 0, c);
    assert.ok(help.out.startsWith(`vestibule ${c}: `) && help.out.includes(`usage: vestibule ${c}`) && help.out.includes('examples:'), c);
    assert.ok(help.out.split('\n').length <= 25, `${c}: one screen`);
    if (c !== 'help') assert.equal((await vestibule(t, [...c.split(' '), '--help'])).out, help.out, `${c} --help is the same`);
  }
  for (const first of ['config', 'keys', 'providers', 'sessions']) {
    const help = await vestibule(t, [first, '--help']);
    assert.deepEqual([help.code, help.err], [0, ''], first);
    for (const c of commands.filter(c => c.startsWith(`${first} `))) assert.ok(help.out.includes(`\n  ${c} `), `${first} --help names ${c}`);
    assert.equal((await vestibule(t, ['help', first])).out, help.out);
  }
});

test('a slip of the finger ends with 64 and the nearest name', async t => {
  for (const [args, words] of [
    [['chekc'], 'did you mean "check"?'], [['keys', 'rotat'], 'did you mean "keys rotate"?'], [['help', 'stauts'], 'did you mean "status"?'],
    [['check', '--onlin'], 'did you mean "--online"?'], [['xyzzy'], 'vestibule help lists'], [['keys'], 'generate, list, rotate, retire, jwks'],
[['status', '--online'], 'has no option --online'], [['check', '--config'], 'needs a value: FILE'],
    [['check', '--json=yes'], 'takes no value'], [['check', '--format', 'xml'], 'text or json'], [['check', 'this'], 'usage: vestibule check'],
    [['keys', 'retire'], 'usage: vestibule keys retire KID'], [['secret', '--bytes', '7'], 'from 16 to 1024'], [['keys', 'rotate', '--publish', '1s'], 'at least 5m'],
    [['completion', 'tcsh'], 'bash, zsh and fish'], [['demo', '--port', '99999'], '1 to 65000']]) {
    const r = await vestibule(t, args);
    assert.equal(r.code, 64, args.join(' '));
    assert.equal(r.out, '', 'words go to standard error');
    assert.ok(r.err.includes(words), `${args.join(' ')}: ${r.err}`);
    assert.equal(r.err.trim().split('\n').length, 1, 'one line');
  }
});

test('without any configuration the program says where one is looked for and ends with 78', async t => {
  if (existsSync('/etc/vestibule')) return t.skip('this machine has a configuration of its own');
  for (const command of ['check', 'run']) {
    const r = await vestibule(t, [command]);
    assert.equal(r.code, 78);
    assert.match(r.text, /--config FILE.*\/etc\/vestibule\/vestibule\.yaml.*config example/s);
  }
});

test('check tells many mistakes at once, each with its place, and makes nothing', async t => {
  const file = writeConfig(t, `public_ulr: https://app.example.com
providers:
  - { use: oidc, id: corp, issuer: "http://id.example.com", client_id: v, client_secert: s3cret-of-the-client }
session: { store: "redis://127.0.0.1:6379/0", lifetime: 1y }
listen: [ "nonsense" ]
access:
  - { path: /a/**, allow: {} }
backends:
  - { id: app, url: "ftp://127.0.0.1" }
cookie: { same_site: sometimes }
`);
  const r = await vestibule(t, ['check', '--config', file], { env: { VESTIBULE_SESION_IDLE: '1h' } });
  assert.equal(r.code, 78);
  const at = line => new RegExp(`vestibule\\.yaml:${line}:\\d+: error: `);
  for (const line of [1, 3, 4, 5, 7, 9, 10]) assert.match(r.err, at(line), `line ${line}`);
  for (const hint of ['public_url', 'client_secret', 'VESTIBULE_SESSION_IDLE']) assert.ok(r.err.includes(`did you mean "${hint}"?`), `${hint}:\n${r.err}`);
  assert.match(r.err, /^(\d+) errors, \d+ warnings?.*not started$/m);
  assert.ok(Number(/^(\d+) errors/m.exec(r.err)[1]) >= 8);
  assert.deepEqual(readdirSync(join(file, '..')), ['vestibule.yaml']);
  const json = await vestibule(t, ['check', '--config', file, '--format', 'json']);
  assert.equal(json.code, 78);
  assert.equal(json.err, '');
  const told = JSON.parse(json.out);
  assert.ok(told.errors >= 7 && told.problems.length >= told.errors);
  assert.ok(told.problems.some(p => p.line === 1 && p.hint === 'public_url' && p.file === file));
  const run = await vestibule(t, ['run', '--config', file]);
  assert.equal(run.code, 78, 'run refuses the same');
});

test('a fine configuration is called fine, quietly when asked, and no key is made by looking', async t => {
  const file = writeConfig(t, small), cwd = folder(t);
  const r = await vestibule(t, ['check', '--config', file], { cwd });
  assert.deepEqual([r.code, r.out], [0, '']);
  assert.match(r.err, /the configuration is fine/);
  const quiet = await vestibule(t, ['check', '-q', '-c', file], { cwd });
  assert.deepEqual([quiet.code, quiet.text], [0, '']);
  assert.ok(!existsSync(join(cwd, 'state')), 'nothing was made');
  assert.equal((await vestibule(t, ['check', '--config', join(cwd, 'none.yaml')])).code, 78);
});

test('check --online tells who answers and who does not: 0 when all do, 69 otherwise', async t => {
  const [redis, backend, op, dead] = await Promise.all([startRedis(t), startBackend(t), startProvider(t, { redirectUris: ['https://app.example.com/_vestibule/callback/corp'] }), freePort()]);
  const text = (issuer, store, url) => `public_url: https://app.example.com
providers:
  - { use: oidc, id: corp, issuer: "${issuer}", client_id: v, client_secret: s3cret-of-the-client, allow_private: true }
session: { store: "${store}" }
backends: [ { id: app, url: "${url}" } ]
`;
  const good = await vestibule(t, ['check', '--online', '--config', writeConfig(t, text(op.issuer, redis.url, backend.url))]);
  assert.equal(good.code, 0, good.text);
  for (const what of ['provider corp', 'backend app', 'store']) assert.match(good.out, new RegExp(`^ok +${what}`, 'm'));
  const gone = `127.0.0.1:${dead}`;
  for (const [what, args] of [['provider', [`http://${gone}`, redis.url, backend.url]], ['store', [op.issuer, `redis://${gone}/0`, backend.url]], ['backend', [op.issuer, redis.url, `http://${gone}`]]]) {
    const r = await vestibule(t, ['check', '--online', '--config', writeConfig(t, text(...args))]);
    assert.equal(r.code, 69, r.text);
    assert.match(r.out, new RegExp(`^trouble +${what} .*: \\S`, 'm'), 'says why');
    assert.equal(r.out.match(/^trouble/gm).length, 1, 'and of nobody else');
    assert.equal(r.out.match(/^ok/gm).length, 2);
  }
  const locked = await startRedis(t, { args: ['--requirepass', 'another'] });
  const r = await vestibule(t, ['check', '--online', '--config', writeConfig(t, text(op.issuer, locked.url, backend.url))]);
  assert.equal(r.code, 69, r.text);
  assert.match(r.out, /^trouble +store \S+: the store is away: Redis says: NOAUTH/m);
  assert.doesNotMatch(r.err, /away/, 'told once');
});

test('certificates that browsers will refuse are told: for another name, or ended; behind a proxy the name is its own affair', async t => {
  const dir = folder(t), told = async (name, lines = '') => {
    const file = join(dir, 'vestibule.yaml');
    writeFileSync(file, `${small}listen: [ { address: "127.0.0.1:8443", tls: { certificate: ${name}.pem, key: ${name}.key } } ]\n${lines}`);
    const r = await vestibule(t, ['check', '--config', file]);
    assert.equal(r.code, 0, r.text);
    return r.err;
  };
  certificate(dir, 'app.example.com');
  certificate(dir, 'any.example.com', ['*.example.com']);
  certificate(dir, 'other.example.com');
  const { cert, key } = certificate(dir, 'ended', ['app.example.com']);
  execFileSync('openssl', ['x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', cert], { stdio: 'pipe' });
  assert.doesNotMatch(await told('app.example.com'), /warning/);
  assert.doesNotMatch(await told('any.example.com'), /warning/);
  assert.match(await told('other.example.com'), /vestibule\.yaml:6:1: warning: no certificate names app\.example\.com/);
  assert.doesNotMatch(await told('other.example.com', 'trusted_proxies: [192.0.2.1]\n'), /warning/);
  assert.match(await told('ended'), /warning: a certificate here has ended/);
});

test('a file that belongs to somebody else is told with what a service does about it', async t => {
  if (process.getuid() !== 0) return t.skip('root reads everything; only root can be somebody else');
  const dir = folder(t), file = join(dir, 'vestibule.yaml');
  writeFileSync(file, small.replace('client_secret: s3cret-of-the-client', 'client_secret_file: corp') + 'local_users: { file: people }\n');
  for (const name of ['corp', 'people']) writeFileSync(join(dir, name), 's3cret-from-a-file', { mode: 0o600 });
  chmodSync(dir, 0o755);
  const r = spawnSync(binary, ['check', '--config', file], { encoding: 'utf8', uid: 65534, gid: 65534, env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: join(dir, 'state'), ...sanitizers } });
  if (r.error) return t.skip(`nobody else may run this binary: ${r.error.code}`);
  assert.equal(r.status, 78, r.stderr);
  for (const name of ['corp', 'people']) assert.match(r.stderr, new RegExp(`error: .*cannot read \\S*/${name}: Permission denied; .*LoadCredential=`));
});

test('what to register at a provider is told before the provider has given its secret; check misses the file', async t => {
  const file = writeConfig(t, small.replace('client_secret: s3cret-of-the-client', 'client_secret_file: comes_later'));
  for (const args of [['providers', 'urls'], ['providers', 'list'], ['providers', 'show', 'corp']]) {
    const r = await vestibule(t, [...args, '--config', file]);
    assert.deepEqual([r.code, r.err], [0, ''], args.join(' '));
    assert.match(r.out, /corp/);
  }
  for (const args of [['check'], ['run'], ['providers', 'test', 'corp'], ['sessions', 'list']]) {
    const r = await vestibule(t, [...args, '--config', file]);
    assert.equal(r.code, 78, args.join(' '));
    assert.match(r.err, /error: cannot read \S*comes_later: No such file/);
  }
});

test('config print tells where each value comes from, and hides secrets', async t => {
  const file = writeConfig(t, small);
  const r = await vestibule(t, ['config', 'print', '--config', file, '--set', 'session.lifetime=1h'], { env: { VESTIBULE_SESSION_IDLE: '10m' } });
  assert.equal(r.code, 0);
  assert.match(r.out, new RegExp(`^public_url: https://app\\.example\\.com +# ${file}:1$`, 'm'));
  assert.match(r.out, /^ +lifetime: 1h +# --set session\.lifetime$/m);
  assert.match(r.out, /^ +idle: 10m +# VESTIBULE_SESSION_IDLE$/m);
  assert.match(r.out, /^ +revocation_cache: 5s +# default$/m);
  assert.match(r.out, /client_secret: •+/);
  assert.match(r.out, /store_password: •+/);
});

test('an example configuration is a configuration, once it is given what it asks for', async t => {
  for (const args of [[], ['--full']]) {
    const example = await vestibule(t, ['config', 'example', ...args]);
    assert.equal(example.code, 0);
    const dir = folder(t);
    writeFileSync(join(dir, 'vestibule.yaml'), example.out);
    for (const name of ['client_secret', 'redis_password']) writeFileSync(join(dir, name), 's3cret-from-a-file', { mode: 0o600 });
    writeFileSync(join(dir, 'local_users'), 'ada:$2y$12$......................abcdefghijklmnopqrstuvwxyz01234\n', { mode: 0o600 });
    const r = await vestibule(t, ['check', '--config', join(dir, 'vestibule.yaml')]);
    assert.equal(r.code, 0, r.text);
  }
});

test('keys are made, listed, rotated, retired and published; folder and files are for their owner only', async t => {
  const dir = join(folder(t), 'keys'), keys = (...args) => vestibule(t, ['keys', ...args, '--folder', dir]);
  const list = async () => JSON.parse((await keys('list', '--json')).out);
  const jwks = async () => JSON.parse((await keys('jwks')).out).keys;
  const state = (rows, s) => rows.filter(k => k.state === s).map(k => k.kid);
  assert.equal((await keys('generate')).code, 0);
  const modes = () => [statSync(dir).mode & 0o777, ...readdirSync(dir).map(f => statSync(join(dir, f)).mode & 0o777)];
  assert.ok(modes().length >= 3, 'one that signs, one that is next');
  const before = await list();
  const files = readdirSync(dir).length;
  assert.equal((await keys('generate')).code, 0, 'again is harmless');
  assert.deepEqual((await list()).map(k => k.kid), before.map(k => k.kid));
  const published = await jwks();
  assert.deepEqual(published.map(k => k.kid).sort(), before.map(k => k.kid).sort(), 'the next key is published before it signs');
  for (const k of published) assert.deepEqual([k.kty, k.crv, k.alg, k.use, k.d], ['EC', 'P-256', 'ES256', 'sig', undefined]);
  assert.equal((await keys('rotate')).code, 0);
  const after = await list();
  assert.equal(after.length, before.length + 1);
  const [old] = state(before, 'current');
  assert.ok(old, JSON.stringify(before));
  assert.notEqual(state(after, 'current')[0], old, 'another one signs now');
  assert.ok((await jwks()).some(k => k.kid === old), 'the old one is still published');
  assert.equal((await keys('retire', old)).code, 0);
  assert.ok(!(await jwks()).some(k => k.kid === old), 'no longer');
  const wrong = await keys('retire', 'nobody');
  assert.equal(wrong.code, 78);
  assert.match(wrong.err, /no key of that id/);
  const [first, ...rest] = modes();
  assert.equal(first, 0o700);
  assert.ok(rest.length >= files && rest.every(m => m === 0o600), rest.map(m => m.toString(8)).join());
  assert.match((await keys('list')).out, /^state +made +signs from/);
  const open = join(folder(t), 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  const refused = await vestibule(t, ['keys', 'generate', '--folder', open]);
  assert.equal(refused.code, 78, refused.text);
  assert.deepEqual(readdirSync(open), [], 'no key lies where everybody writes');
});

test('secret makes another one each time, version tells what is loaded, providers their addresses', async t => {
  const [one, two, long] = [await vestibule(t, ['secret']), await vestibule(t, ['secret']), await vestibule(t, ['secret', '--bytes', '48'])];
  assert.match(one.out, /^[A-Za-z0-9_-]{43}\n$/);
  assert.notEqual(one.out, two.out);
  assert.match(long.out, /^[A-Za-z0-9_-]{64}\n$/);
  const version = await vestibule(t, ['version', '--json']);
  const v = JSON.parse(version.out);
  assert.match(v.version, /^\d+\.\d+\.\d+$/);
  assert.ok(v.libraries.some(l => l.startsWith('libh2o')) && v.libraries.some(l => l.startsWith('libcrypto')));
  assert.ok((await vestibule(t, ['-V'])).out.startsWith(`vestibule ${v.version}\n`));
  const file = writeConfig(t, small);
  assert.ok((await vestibule(t, ['providers', 'urls', '--config', file])).out.includes('https://app.example.com/_vestibule/callback/corp (redirect URI)\n'));
  assert.match((await vestibule(t, ['providers', 'list', '--config', file])).out, /corp/);
  for (const args of [['providers', 'urls'], ['providers', 'list']]) JSON.parse((await vestibule(t, [...args, '--json', '--config', file])).out);
  for (const args of [['man'], ['man', 'vestibule.yaml'], ['completion', 'bash'], ['completion', 'zsh'], ['completion', 'fish'], ['config', 'schema']]) {
    const r = await vestibule(t, args);
    assert.deepEqual([r.code, r.err, r.out.length > 200], [0, '', true], args.join(' '));
  }
});

test('status is ready beside a running gateway, not ready without its store, and ends with 69 without a gateway', async t => {
  const [port, metrics] = [await freePort(), await freePort()];
  const config = `public_url: http://localhost:${port}
listen: 127.0.0.1:${port}
metrics: { listen: "127.0.0.1:${metrics}" }
server: { workers: 1, drain: 1s }
providers:
  - { use: oidc, id: corp, issuer: "https://id.example.com", client_id: v, client_secret: s3cret-of-the-client }
session: { store: "memory://" }
backend: http://127.0.0.1:3000
log: { format: json }
`;
  const file = writeConfig(t, config);
  const none = await vestibule(t, ['status', '--config', file]);
  assert.deepEqual([none.code, none.out], [69, 'not running\n']);
  const gw = await startGateway(t, config);
  const up = await vestibule(t, ['status', '--config', file]);
  assert.deepEqual([up.code, up.out], [0, 'ready\n']);
  assert.equal(JSON.parse((await vestibule(t, ['status', '--json', '--config', file])).out).status, 'ready');
  assert.equal((await vestibule(t, ['status', '-q', '--config', file])).text, '');
  const line = readFileSync(`/proc/${gw.pid}/cmdline`, 'latin1');
  assert.ok(line.includes('run') && secrets.every(s => !line.includes(s)));
  await gw.stop();
  assert.equal((await vestibule(t, ['status', '--config', file])).code, 69);
  for (const s of secrets) assert.ok(!(gw.out + gw.err).includes(s), 'the log tells no secret');
});

test('four variables are a configuration; what Kubernetes puts beside them is not, and a slip is told with the nearest name', async t => {
  const port = await freePort(), dir = folder(t);
  const secretFile = join(dir, 'secret');
  writeFileSync(secretFile, 's3cret-from-a-file\n', { mode: 0o600 });
  const env = { ...four, VESTIBULE_LISTEN: `127.0.0.1:${port}`, VESTIBULE_METRICS_LISTEN: 'none', VESTIBULE_SERVER_DRAIN: '1s',
    VESTIBULE_SERVICE_HOST: '10.0.0.7', VESTIBULE_SERVICE_PORT: '80', VESTIBULE_PORT: 'tcp://10.0.0.7:80', VESTIBULE_PORT_80_TCP: 'tcp://10.0.0.7:80',
    VESTIBULE_PORT_80_TCP_PROTO: 'tcp', VESTIBULE_PORT_80_TCP_PORT: '80', VESTIBULE_PORT_80_TCP_ADDR: '10.0.0.7', VESTIBULE_SERVICE_PORT_HTTP: '80' };
  delete env.VESTIBULE_PROVIDERS_CORP_CLIENT_SECRET;
  env.VESTIBULE_PROVIDERS_CORP_CLIENT_SECRET_FILE = secretFile;
  const fine = await vestibule(t, ['check'], { env });
  assert.equal(fine.code, 0, fine.text);
  const slip = await vestibule(t, ['check'], { env: { ...env, VESTIBULE_PUBLIC_ULR: 'x' } });
  assert.match(slip.err, /VESTIBULE_PUBLIC_ULR[^]*did you mean "VESTIBULE_PUBLIC_URL"\?/);
  const both = await vestibule(t, ['check'], { env: { ...env, VESTIBULE_PROVIDERS_CORP_CLIENT_SECRET: 's3cret-by-variable' } });
  assert.equal(both.code, 78, 'a secret twice is a mistake');
  const missing = await vestibule(t, ['check'], { env: { ...env, VESTIBULE_PROVIDERS_CORP_CLIENT_SECRET_FILE: join(dir, 'none') } });
  assert.equal(missing.code, 78);
  const part = new Part('vestibule run', binary, ['run'], { cwd: dir, env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: join(dir, 'state'), ...sanitizers, ...env } });
  t.after(() => part.stop());
  await part.until(() => listens(port), 30);
  const answer = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual', headers: { host: 'app.example.com' } });
  assert.ok(answer.status >= 300 && answer.status < 500);
  assert.equal(statSync(join(dir, 'state')).mode & 0o777, 0o700);
  const end = await part.stop();
  assert.deepEqual(end, { code: 0, signal: null });
  for (const s of secrets) assert.ok(!(part.out + part.err).includes(s));
});

test('${NAME} and ${NAME:-default} stand for variables, a variable that is not there is told', async t => {
  const file = writeConfig(t, small.replace('https://app.example.com', 'https://${HOST_OF_US}').replace('client_id: v', 'client_id: "${ID_OF_US:-by-default}"').replace('s3cret-of-the-client', '"${SECRET_OF_US}"'));
  const env = { HOST_OF_US: 'expanded.example.com', SECRET_OF_US: 's3cret-by-variable' };
  const r = await vestibule(t, ['config', 'print', '--config', file], { env });
  assert.equal(r.code, 0, r.text);
  assert.match(r.out, /public_url: https:\/\/expanded\.example\.com /);
  assert.match(r.out, /client_id: by-default /);
  const without = await vestibule(t, ['check', '--config', file], { env: { SECRET_OF_US: 's3cret-by-variable' } });
  assert.equal(without.code, 78);
  assert.match(without.err, /:1:\d+: error: .*HOST_OF_US/);
});

test('colours are for terminals, and not with NO_COLOR', async t => {
  const file = writeConfig(t, 'public_ulr: x\n'), cwd = folder(t);
  const onTerminal = async env => {
    const part = new Part('script', 'script', ['-qec', `${binary} check --config ${file}`, '/dev/null'], { cwd, env: { PATH: process.env.PATH, HOME: cwd, TERM: 'xterm', ...sanitizers, ...env } });
    await part.ended;
    assert.match(part.out, /did you mean/);
    return part.out;
  };
  assert.ok((await onTerminal({})).includes('\x1b['), 'coloured on a terminal');
  assert.ok(!(await onTerminal({ NO_COLOR: '1' })).includes('\x1b['));
  assert.ok(!(await vestibule(t, ['check', '--config', file])).text.includes('\x1b['));
});

test('an address that cannot be had is told with what to do; only the configuration is 78, after which a supervisor does not try again', async t => {
  const server = net.createServer();
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  t.after(() => server.close());
  const end = async (listen, options = {}) => {
    const dir = folder(t), file = join(dir, 'vestibule.yaml');
    writeFileSync(file, `${small}listen: ${listen}\nmetrics: { listen: none }\n`);
    chmodSync(dir, 0o777);
    return spawnSync(binary, ['run', '--config', file], { encoding: 'utf8', timeout: 40000, env: { PATH: process.env.PATH, HOME: dir, STATE_DIRECTORY: join(dir, 'state'), ...sanitizers }, ...options });
  };
  const taken = await end(`127.0.0.1:${server.address().port}`);
  assert.equal(taken.status, 1, taken.stderr);
  assert.match(taken.stderr, new RegExp(`is in use by .*pid ${process.pid}.*choose another address`));
  const elsewhere = await end('192.0.2.77:8080');
  assert.equal(elsewhere.status, 1, elsewhere.stderr);
  assert.match(elsewhere.stderr, /192\.0\.2\.77:8080: no interface of this machine has that address; 0\.0\.0\.0 is every one/);
  if (process.getuid() !== 0 || Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) <= 81) return;
  const low = await end('127.0.0.1:81', { uid: 65534, gid: 65534 });
  if (low.error) return; // nobody else may run this binary
  assert.equal(low.status, 77, low.stderr);
  assert.match(low.stderr, /127\.0\.0\.1:81: no permission; ports below 1024 need CAP_NET_BIND_SERVICE or a socket from systemd/);
});

test('a demonstration on a port that is taken says who holds it and how to take another', async t => {
  const server = net.createServer();
  const bind = port => new Promise((ok, bad) => server.once('error', bad).listen(port, '127.0.0.1', ok));
  for (let bound = false; !bound;) bound = await bind(20000 + Math.floor(Math.random() * 10000)).then(() => true, () => false);
  t.after(() => server.close());
  const { port } = server.address();
  const r = await vestibule(t, ['demo', '--port', String(port)]);
  assert.notEqual(r.code, 0);
  assert.ok(r.err.includes(String(port)) && r.err.includes(String(process.pid)), `names port and holder:\n${r.text}`);
  assert.match(r.err, /vestibule demo --port \d+/);
});

test('a demonstration shows itself and stops when it is told to', async t => {
  let port; // four in a row, below those that the system hands out
  do port = 20000 + Math.floor(Math.random() * 10000); while ((await Promise.all([0, 1, 2, 3].map(n => listens(port + n)))).some(Boolean));
  const cwd = folder(t);
  const part = new Part('vestibule demo', binary, ['demo', '--port', String(port)], { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...sanitizers } });
  t.after(() => part.stop());
  await part.until(() => part.out.includes('Stop with Ctrl-C'), 30);
  assert.ok(part.out.includes(`http://localhost:${port}`));
  await eventually(async () => (await new Visitor().ask(`http://localhost:${port}/_vestibule/sign-in`)).status === 200);
  assert.deepEqual(await part.stop('SIGINT'), { code: 0, signal: null });
  assert.deepEqual(readdirSync(cwd), [], 'it leaves nothing behind');
});
