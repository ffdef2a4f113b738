// One reading of the host: the name a trusted proxy tells is the one rules are chosen by, and the one the application is told.
import test from 'node:test';
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { freePort, startGateway } from './lib/parts.mjs';
import { installation } from './lib/installation.mjs';

function ask(port, path, headers) {
  return new Promise((resolve, reject) => {
    const r = request({ host: '127.0.0.1', port, path, headers, setHost: false }, answer => {
      let body = '';
      answer.on('data', piece => { body += piece; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
    });
    r.on('error', reject);
    r.end();
  });
}

const access = `access:
  - { host: localhost, path: /**, allow: everyone }
  - { path: /**, allow: nobody }`;

test('a host that only the proxy tells cannot be used to choose one rule and reach another site', async t => {
  const { port } = await installation(t, { access, extra: 'trusted_proxies: [127.0.0.1]' });
  const ours = `localhost:${port}`;
  const answer = await ask(port, '/', { host: `admin.example.test:${port}`, 'x-forwarded-host': ours });
  assert.equal(answer.status, 200);
  const seen = JSON.parse(answer.body).headers;
  assert.equal(seen.host, ours, 'the application is asked for the site the rule let pass');
  assert.equal(seen['x-forwarded-host'], ours);
  const other = await ask(port, '/', { host: ours, 'x-forwarded-host': `admin.example.test:${port}` });
  assert.equal(other.status, 421);
});

test('who came by the name of one of several applications goes back to that name, if people may return there', async t => {
  const first = await installation(t);
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const config = first.config.replaceAll(`localhost:${first.port}`, `localhost:${port}`).replace(`127.0.0.1:${first.port}`, `127.0.0.1:${port}`)
    .replace('backends:\n', `backends:\n  - { id: reports, host: reports.localhost, url: "${first.backend.url}" }\n  - { id: wiki, host: wiki.localhost, url: "${first.backend.url}" }\n`);
  await startGateway(t, `${config}\nsign_in: { redirects: ["http://reports.localhost:${port}"] }`);
  const home = encodeURIComponent('/');
  const cases = [
    [`localhost:${port}`, '/q?x=1', '/q?x=1', encodeURIComponent('/q?x=1')],
    [`reports.localhost:${port}`, '/q?x=1', `http://reports.localhost:${port}/q?x=1`, encodeURIComponent(`http://reports.localhost:${port}/q?x=1`)],
    [`wiki.localhost:${port}`, '/q', `http://wiki.localhost:${port}/q`, home], // not listed: nobody is sent there
  ];
  for (const [host, path, rd, judged] of cases) {
    const answer = await ask(port, path, { host, accept: 'text/html' });
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.location, `${base}/_vestibule/sign-in?rd=${encodeURIComponent(rd)}`);
    const page = await ask(port, answer.headers.location.slice(base.length), { host: `localhost:${port}`, accept: 'text/html' });
    assert.equal(page.headers.location, `/_vestibule/start/op?rd=${judged}`);
  }
  assert.equal((await ask(port, '/', { host: `evil.localhost:${port}` })).status, 421);
});

test('a prefix is stripped at a slash or not at all, and what is left is a path', async t => {
  const first = await installation(t);
  const port = await freePort();
  const config = first.config.replaceAll(`:${first.port}`, `:${port}`)
    .replace('backends:\n', `access:\n  - { path: /**, allow: everyone }\nbackends:\n  - { id: two, path: "/app*/**", strip_prefix: /app, url: "${first.backend.url}" }\n`);
  await startGateway(t, config);
  for (const [asked, got] of [['/app/x?y=1', '/x?y=1'], ['/app', '/'], ['/app?y', '/?y'], ['/app/', '/'], ['/apps/x', '/apps/x'], ['/app%73/x', '/apps/x'], ['/other', '/other']]) {
    const answer = await ask(port, asked, { host: `localhost:${port}` });
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.body).url, got, asked);
  }
});

test('nobody who is not trusted chooses the host', async t => {
  const { port } = await installation(t, { access });
  const answer = await ask(port, '/', { host: `admin.example.test:${port}`, 'x-forwarded-host': `localhost:${port}` });
  assert.equal(answer.status, 421);
});

test('cookies that only look like ours are neither kept nor fatal when a sign-in is started', async t => {
  const { port } = await installation(t);
  const odd = Array.from({ length: 20 }, (_, i) => `__Host-vestibule-tx-(${i}"=x`).join('; ');
  const start = { host: `localhost:${port}`, cookie: odd, accept: 'text/html' };
  const answer = await ask(port, '/_vestibule/start/op', start);
  assert.equal(answer.status, 302);
  assert.equal(answer.headers['set-cookie'].length, 1);
  assert.match(answer.headers['set-cookie'][0], /^__Host-vestibule-tx-[\w-]{17}=/);
  assert.equal((await ask(port, '/_vestibule/start/op', start)).status, 302, 'and the gateway still stands');
});
