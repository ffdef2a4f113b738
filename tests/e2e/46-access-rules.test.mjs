// Access rules on the way of real requests: who meets which rule, by what, and signing in again when a rule asks for more.
import test from 'node:test';
import assert from 'node:assert/strict';
import { signedIn, startHouse, eventually } from './lib/house.mjs';
import { startHonest } from './lib/honest.mjs';
import { Visitor } from './lib/visitor.mjs';

const now = () => Math.floor(Date.now() / 1000);
const json = { navigate: false, headers: { accept: 'application/json' } };
const program = (house, visitor, path, more = {}) => visitor.ask(`${house.base}${path}`, { ...json, ...more, headers: { ...json.headers, ...more.headers } });
const statusOf = async (house, visitor, path, more) => (await program(house, visitor, path, more)).status;

test('a rule for a network is met by the address of a trusted proxy\'s client, never by a header that anybody may send', async t => {
  const access = [
    { id: 'office', path: '/inside/**', client_ip: ['10.0.0.0/8', '2001:db8::/32'], allow: 'everyone' },
    { id: 'rest', path: '/**', allow: 'signed_in' },
  ];
  const trusting = await startHouse(t, { change: c => { c.access = access; c.trusted_proxies = ['127.0.0.0/8']; } });
  const alone = await startHouse(t, { change: c => { c.access = access; } });
  const stranger = new Visitor();
  const from = address => ({ headers: { 'x-forwarded-for': address } });
  for (const [address, status] of [['10.9.8.7', 200], ['2001:db8::1', 200], ['11.0.0.1', 401], ['10.0.0.1, 192.0.2.1', 401], ['192.0.2.1, 10.0.0.1', 200]])
    assert.equal(await statusOf(trusting, stranger, '/inside/x', from(address)), status, address);
  assert.equal(await statusOf(alone, stranger, '/inside/x', from('10.9.8.7')), 401, 'an untrusted peer is who it is');
  for (const header of ['forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip', 'x-client-ip', 'x-cluster-client-ip'])
    assert.equal(await statusOf(alone, stranger, '/inside/x', { headers: { [header]: header === 'forwarded' ? 'for=10.9.8.7' : '10.9.8.7' } }), 401, header);
});

test('claims that sessions keep decide, as one value or as a member of a list, and what looks like a list is none', async t => {
  const house = await startHouse(t, {
    who: ask => ask.login_hint ?? 'ada',
    claims: () => ({ department: 'ops', realm_access: { roles: ['reader', 'editor'] }, nickname: '["admin"]' }),
    change: c => {
      c.providers[0].claims = { keep: ['department', '/realm_access/roles', 'nickname'] };
      c.access = [
        { path: '/department', allow: { claims: { department: 'ops' } } },
        { path: '/other-department', allow: { claims: { department: ['dev', 'sales'] } } },
        { path: '/editors', allow: { claims: { '/realm_access/roles': ['editor', 'admin'] } } },
        { path: '/admins', allow: { claims: { '/realm_access/roles': 'admin' } } },
        { path: '/nickname', allow: { claims: { nickname: 'admin' } } },
        { path: '/both', allow: { all_of: [{ claims: { department: 'ops' } }, { claims: { '/realm_access/roles': 'admin' } }] } },
        { path: '/either', allow: { any_of: [{ all_of: [{ claims: { department: 'ops' } }, { providers: ['op'] }] }, { groups: ['nobody'] }] } },
        { path: '/**', allow: 'signed_in' },
      ];
    },
  });
  const { visitor } = await signedIn(house);
  for (const [path, status] of [['/department', 200], ['/other-department', 403], ['/editors', 200], ['/admins', 403], ['/nickname', 403], ['/both', 403], ['/either', 200]])
    assert.equal(await statusOf(house, visitor, path), status, path);
});

test('a backend\'s own rules decide alone for it; expressions mean the whole path; what is hidden looks like nothing', async t => {
  const house = await startHouse(t, { change: c => {
    c.backends = [
      { id: 'open', path: '/open/**', url: c.backends[0].url, access: [{ id: 'all', path: '~/open/[a-z]+(/[0-9]{1,4})?', allow: 'everyone' }, { id: 'some', allow: { groups: ['ops'] } }] },
      c.backends[0],
    ];
    c.access = [{ path: '/hidden/**', allow: { groups: ['ops'] }, otherwise: 'hide' }, { path: '/refused/**', allow: 'signed_in', otherwise: 'refuse' }, { path: '/**', allow: 'signed_in' }];
  } });
  const stranger = new Visitor();
  for (const [path, status] of [['/open/page', 200], ['/open/page/12', 200], ['/open/page/12345', 401], ['/open/page/12/x', 401], ['/open/PAGE', 401], ['/open/page/1?x=/2', 200], ['/hidden/x', 404], ['/refused/x', 401]])
    assert.equal(await statusOf(house, stranger, path), status, path);
  assert.equal((await stranger.ask(`${house.base}/refused/x`)).status, 401, 'nobody is led to the sign-in page from there');
  assert.equal((await stranger.ask(`${house.base}/other`)).status, 302);
  const { visitor } = await signedIn(house);
  for (const [path, status] of [['/open/page/12345', 403], ['/hidden/x', 404], ['/refused/x', 200]]) assert.equal(await statusOf(house, visitor, path), status, path);
  await eventually(() => house.told('access.refused').some(l => l.target === 'some' || l.rule === 'some'));
});

test('paths with more than one reading meet no rule at all: they are 400 before any is looked at', async t => {
  const house = await startHouse(t, { change: c => { c.access = [{ path: '/public/**', allow: 'everyone' }, { path: '/**', allow: { groups: ['ops'] } }]; } });
  const stranger = new Visitor();
  const net = await import('node:net');
  const raw = path => new Promise((ok, bad) => {
    const s = net.connect(house.port, '127.0.0.1', () => s.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${house.port}\r\nConnection: close\r\n\r\n`));
    let text = '';
    s.on('data', d => { text += d; });
    s.on('error', bad);
    s.on('close', () => ok(Number(text.split(' ')[1])));
    s.setTimeout(20000, () => s.destroy(new Error('no answer')));
  });
  assert.equal(await statusOf(house, stranger, '/public/x'), 200);
  for (const path of ['/public/..%2fadmin', '/public/%2e%2e/admin', '/public/../admin', '/public/%252e%252e/admin', '/public//admin', '/public/..;/admin', '/public\\..\\admin', '/public/%5c..%5cadmin', '/public/a%00', '/public/%c0%ae%c0%ae/admin'])
    assert.equal(await raw(path), 400, path);
  assert.equal(await raw('/public;x/admin'), 401, 'whether it is public depends on who reads the parameter');
  assert.ok(house.backend.seen.every(r => r.url === '/public/x'));
});

test('max_age: who signed in too long ago is sent to the provider with it and comes back to the exact address; a program is told why', async t => {
  let age = 3600;
  const house = await startHouse(t, {
    claims: ask => ({ auth_time: now() - (ask.max_age === undefined ? age : Math.min(age, Number(ask.max_age) - 10)) }),
    change: c => { c.access = [{ id: 'money', path: '/money/**', allow: 'signed_in', max_age: '5m' }, { path: '/**', allow: 'signed_in' }]; },
  });
  const { visitor, cookie } = await signedIn(house);
  const told = await program(house, visitor, '/money/out');
  assert.equal(told.status, 401);
  const problem = JSON.parse(told.body);
  assert.equal(problem.code, 'step-up-required');
  assert.match(problem.sign_in, /\/_vestibule\/start\/op\?rd=/);
  const posted = await visitor.ask(`${house.base}/money/out`, { method: 'POST', body: { amount: '1' } });
  assert.equal(posted.status, 401, 'a form is not lost in a redirect');
  const page = await visitor.go(`${house.base}/money/out?a=1&b=%2F`);
  assert.equal(page.status, 200);
  assert.equal(page.url.href, `${house.base}/money/out?a=1&b=%2F`);
  assert.equal(house.op.seen.asked.at(-1).max_age, '300');
  assert.notEqual(`__Host-vestibule=${visitor.cookie('__Host-vestibule')}`, cookie, 'a new sign-in is a new session');
  assert.equal(await statusOf(house, visitor, '/money/out'), 200);
  // a stranger is asked for it at once, and signs in once
  const other = new Visitor();
  const before = house.op.seen.authorization;
  assert.equal((await other.go(`${house.base}/_vestibule/start/op?rd=/money/out`)).status, 200);
  assert.equal(house.op.seen.authorization, before + 1);
});

test('acr: a provider that cannot give what a rule asks for is asked once, the person is told, and the session they had goes on', async t => {
  let able = false;
  const house = await startHouse(t, {
    claims: ask => (able && ask.acr_values ? { acr: ask.acr_values.split(' ')[0] } : { acr: 'password' }),
    change: c => { c.access = [{ id: 'vault', path: '/vault/**', allow: 'signed_in', acr: ['phr', 'phrh'] }, { path: '/**', allow: 'signed_in' }]; },
  });
  const { visitor, cookie } = await signedIn(house);
  const before = house.op.seen.authorization;
  const page = await visitor.go(`${house.base}/vault/1`);
  assert.equal(page.status, 403);
  assert.match(page.body, /This sign-in was not strong enough/);
  assert.equal(house.op.seen.authorization, before + 1, 'no circle');
  assert.equal(house.op.seen.asked.at(-1).acr_values, 'phr phrh');
  assert.equal(`__Host-vestibule=${visitor.cookie('__Host-vestibule')}`, cookie);
  assert.equal(await statusOf(house, visitor, '/elsewhere'), 200);
  await eventually(() => house.told('signin.failed').some(l => l.reason === 'step-up-unmet'));
  able = true;
  const good = await visitor.go(`${house.base}/vault/1`);
  assert.equal(good.status, 200);
  assert.equal(JSON.parse(good.body).url, '/vault/1');
});

test('provider: who came by another one signs in by the one the rule names, and nobody by a third', async t => {
  const bank = await startHonest(t, { clientId: 'gateway', who: () => 'ada-at-the-bank' });
  const house = await startHouse(t, { change: c => {
    c.providers.push({ use: 'oidc', id: 'bank', name: 'Bank', issuer: bank.issuer, client_id: bank.clientId, client_secret: bank.clientSecret, allow_private: true });
    c.access = [{ id: 'accounts', path: '/accounts/**', allow: 'signed_in', provider: 'bank' }, { path: '/**', allow: 'signed_in' }];
  } });
  const { visitor } = await signedIn(house);
  assert.equal(await statusOf(house, visitor, '/accounts/1'), 401);
  const page = await visitor.go(`${house.base}/accounts/1`);
  assert.equal(page.status, 200);
  assert.equal(JSON.parse(page.body).headers['x-auth-user'], 'bank:ada-at-the-bank');
  assert.equal(bank.seen.authorization, 1);
  const stranger = new Visitor();
  const first = await stranger.go(`${house.base}/accounts/2`);
  assert.equal(first.status, 200, 'with one provider to choose from there is nothing to choose');
  assert.equal(JSON.parse(first.body).headers['x-auth-user'], 'bank:ada-at-the-bank');
});
