// Which providers a sign-in may use depends on where it leads: the page offers those, start takes no other, and a session that came by another one is not
// enough there. And on which of them answer: the page says which one does not.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually, freePort, startGateway, startRedis } from './lib/parts.mjs';
import { startProvider, signInAtProvider } from './lib/provider.mjs';
import { startBackend } from './lib/backend.mjs';
import { Visitor } from './lib/visitor.mjs';

async function house(t) {
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const ids = ['staff', 'partner', 'public', 'inner'];
  const [redis, backend, op] = await Promise.all([startRedis(t), startBackend(t), startProvider(t, { redirectUris: ids.map(id => `${base}/_vestibule/callback/${id}`) })]);
  const entry = id => `
  - { use: oidc, id: ${id}, name: The ${id} one, hidden: ${id === 'inner'}, issuer: "${op.issuer}", client_id: gateway, client_secret: ${op.clientSecret}, allow_private: true }`;
  const gateway = await startGateway(t, `
public_url: ${base}
listen: 127.0.0.1:${port}
server: { workers: 1, drain: 1s }
providers:${ids.map(entry).join('')}
session: { store: "${redis.url}" }
access:
  - { path: /two/**, allow: signed_in, provider: [partner, inner] }
  - { path: /one/**, allow: signed_in, provider: [staff] }
  - { path: /**, allow: signed_in }
backends:
  - { id: app, url: "${backend.url}" }
log: { format: json }
`);
  return { base, gateway, signInBy: (visitor, id, path) => visitor.go(`${base}/_vestibule/start/${id}?rd=${encodeURIComponent(path)}`).then(page => signInAtProvider(visitor, page, 'ada')) };
}

const offered = page => [...page.body.matchAll(/href="\/_vestibule\/start\/([a-z]+)\?rd=/g)].map(m => m[1]);

test('the page offers what counts where the person is going, hidden ones only where a rule names them', async t => {
  const { base } = await house(t);
  const visitor = new Visitor();
  const page = async path => visitor.go(`${base}/_vestibule/sign-in?rd=${encodeURIComponent(path)}`);
  assert.deepEqual(offered(await page('/anywhere')), ['staff', 'partner', 'public']);
  assert.deepEqual(offered(await page('/two/things?x=1')), ['partner', 'inner']);
  assert.deepEqual(offered(await page('/two')), ['partner', 'inner'], 'the pattern covers its own head');
  assert.deepEqual(offered(await page('//evil.example/')), ['staff', 'partner', 'public'], 'a place that is refused is the start page');
  const straight = await new Visitor().ask(`${base}/_vestibule/sign-in?rd=%2Fone%2F`);
  assert.equal(straight.status, 302);
  assert.equal(straight.headers.location, '/_vestibule/start/staff?rd=%2Fone%2F', 'where there is one, nothing is asked');
});

test('a start by a provider that does not count there leads to the page, and leaves no attempt behind', async t => {
  const { base } = await house(t);
  const visitor = new Visitor();
  const r = await visitor.ask(`${base}/_vestibule/start/public?rd=%2Ftwo%2F`);
  assert.equal(r.status, 302);
  assert.equal(r.headers.location, `${base}/_vestibule/sign-in?rd=%2Ftwo%2F`);
  assert.equal(r.headers['set-cookie'], undefined);
  assert.deepEqual(offered(await visitor.go(r.headers.location)), ['partner', 'inner']);
});

test('a session that came by another provider is not enough: the person chooses among those that are, and comes back signed in by one', async t => {
  const { base, signInBy } = await house(t);
  const visitor = new Visitor();
  assert.equal((await signInBy(visitor, 'public', '/anywhere')).status, 200);
  const page = await visitor.go(`${base}/two/things`);
  assert.equal(page.url.pathname, '/_vestibule/sign-in', 'not sent back to where they came from, in a circle');
  assert.deepEqual(offered(page), ['partner', 'inner']);
  const there = await signInBy(visitor, 'inner', '/two/things');
  assert.equal(there.status, 200);
  assert.equal(JSON.parse(there.body).headers['x-auth-provider'], 'inner');
  assert.equal((await visitor.go(`${base}/anywhere`)).status, 200, 'elsewhere it counts as well');
  const other = await visitor.go(`${base}/one/`);
  assert.equal(JSON.parse(other.body).headers['x-auth-provider'], 'staff', 'with one to choose the person is sent straight there');
});

test('a script is told 401 and not sent anywhere when its session came by another provider', async t => {
  const { base, signInBy } = await house(t);
  const visitor = new Visitor();
  await signInBy(visitor, 'public', '/anywhere');
  const r = await visitor.ask(`${base}/two/data`, { headers: { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } });
  assert.equal(r.status, 401);
  assert.match(r.headers['content-type'], /application\/problem\+json/);
  assert.equal(r.headers.location, undefined);
});

test('a provider that does not answer is named on the page, stands last, and is offered again when its time is over', async t => {
  const [port, dead] = [await freePort(), await freePort()];
  const base = `http://localhost:${port}`;
  const [redis, op] = await Promise.all([startRedis(t), startProvider(t, { redirectUris: [`${base}/_vestibule/callback/works`] })]);
  await startGateway(t, `
public_url: ${base}
listen: 127.0.0.1:${port}
server: { workers: 2, drain: 1s }
providers:
  - { use: oidc, id: gone, name: The gone one, issuer: "http://127.0.0.1:${dead}", client_id: c, client_secret: a-client-secret-of-decent-length, allow_private: true }
  - { use: oidc, id: works, name: The working one, issuer: "${op.issuer}", client_id: gateway, client_secret: ${op.clientSecret}, allow_private: true }
session: { store: "${redis.url}" }
access: [{ path: /**, allow: signed_in }]
backends: [{ id: app, url: "http://127.0.0.1:${dead}" }]
log: { format: json }
`);
  const page = () => new Visitor().go(`${base}/_vestibule/sign-in?rd=%2Fx`);
  const before = await page();
  assert.deepEqual(offered(before), ['gone', 'works']);
  assert.doesNotMatch(before.body, /id="away"/);
  // It is left alone for two seconds at first; on a slow machine the page may come later than that.
  const during = await eventually(async () => {
    assert.equal((await new Visitor().ask(`${base}/_vestibule/start/gone?rd=%2Fx`)).status, 502);
    const r = await page();
    return /id="away"/.test(r.body) && r;
  });
  assert.equal(during.status, 200);
  assert.match(during.body, /id="away" role="status">\s*<p><bdi>The gone one<\/bdi> does not answer at the moment\./);
  assert.deepEqual(offered(during), ['works', 'gone'], 'last, and still a way to try');
  assert.equal((await new Visitor().ask(`${base}/_vestibule/start/works?rd=%2Fx`)).location.origin, op.issuer, 'the other one works');
  await eventually(async () => !/id="away"/.test((await page()).body), 10, 200);
});
