// Apache's mod_auth_openidc and the gateway, asked the same by the same visitors: where the one is right, the other says so too.
import test from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBackend } from './lib/backend.mjs';
import { startHonest } from './lib/honest.mjs';
import { startHouse } from './lib/house.mjs';
import { Part, folder, freePort, listens } from './lib/parts.mjs';
import { Visitor } from './lib/visitor.mjs';

async function startPeer(t) {
  const [port, dir, modules] = [await freePort(), folder(t), '/usr/lib/apache2/modules'];
  const [app, op] = await Promise.all([startBackend(t), startHonest(t)]);
  const base = `http://localhost:${port}`;
  const load = ['mpm_event', 'authz_core', 'authn_core', 'authz_user', 'proxy', 'proxy_http', 'auth_openidc'].map(m => `LoadModule ${m}_module ${modules}/mod_${m}.so`).join('\n');
  writeFileSync(join(dir, 'apache.conf'), `ServerRoot ${dir}\nDefaultRuntimeDir ${dir}\nPidFile ${dir}/pid\nServerName localhost\n${load}\nStartServers 1\nThreadsPerChild 16\nMaxRequestWorkers 16
${process.getuid() === 0 ? 'User nobody\nGroup nogroup\n' : ''}ErrorLog ${dir}/error.log\nLogLevel warn\nListen 127.0.0.1:${port}
OIDCProviderMetadataURL ${op.issuer}/.well-known/openid-configuration
OIDCSSLValidateServer Off
OIDCClientID ${op.clientId}
OIDCClientSecret ${op.clientSecret}
OIDCRedirectURI ${base}/callback
OIDCCryptoPassphrase a-passphrase-for-this-test-alone
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
ProxyPass /callback !
ProxyPass / ${app.url}/ nocanon
<Location />
  AuthType openid-connect
  Require valid-user
</Location>\n`);
  chmodSync(dir, 0o755);
  const part = new Part('apache2', '/usr/sbin/apache2', ['-X', '-f', join(dir, 'apache.conf')]);
  t.after(() => part.stop('SIGTERM', 5));
  await part.until(() => listens(port));
  return { base, backend: app, op };
}

const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const asked = {
  'a navigation': [302, { headers: { ...page, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } }],
  'a browser that says nothing of itself': [302, { headers: page, navigate: false }],
  'XMLHttpRequest': [401, { headers: { ...page, 'x-requested-with': 'XMLHttpRequest' }, navigate: false }],
  'a program that wants JSON': [401, { headers: { accept: 'application/json' }, navigate: false }],
  'an image': [401, { headers: { accept: 'image/avif,*/*;q=0.8', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, navigate: false }],
};

test('strangers get the same from both: who navigates is sent to sign in, whatever else asks gets 401', async t => {
  const [peer, ours] = await Promise.all([startPeer(t), startHouse(t, { change: config => { config.access = [{ path: '/**', allow: 'signed_in' }]; } })]);
  for (const [what, [status, how]] of Object.entries(asked)) {
    for (const house of [peer, ours]) {
      const r = await new Visitor().ask(`${house.base}/reports`, how);
      assert.equal(r.status, status, `${what}, ${house === peer ? 'mod_auth_openidc' : 'vestibule'}`);
    }
  }
});

test('both bring people back to the exact address, tell the application who it is, and take no client\'s word for it', async t => {
  const [peer, ours] = await Promise.all([startPeer(t), startHouse(t)]);
  for (const [house, name, says] of [[peer, 'oidc_claim_sub', 'ada'], [ours, 'x-auth-user', 'op:ada']]) {
    const ada = new Visitor();
    const back = await ada.go(`${house.base}/reports?x=1&y=%2F`);
    assert.equal(back.status, 200, back.body.slice(0, 500));
    assert.equal(back.url.href, `${house.base}/reports?x=1&y=%2F`);
    assert.equal(house.backend.seen.at(-1).headers[name], says);
    await ada.ask(`${house.base}/reports`, { headers: { [name]: 'root', [name.toUpperCase()]: 'root' } });
    assert.equal(house.backend.seen.at(-1).headers[name], says);
    // what belongs to the sign-in stays in front: a second use of the answer is none
    const callback = back.way.find(w => w.url.searchParams.has('code')).url;
    const again = await new Visitor().ask(callback);
    assert.ok(again.status >= 400 || !String(again.headers['set-cookie'] ?? '').includes('ada'), 'an answer of the provider is worth nothing to somebody else');
    assert.notEqual(again.status, 200);
  }
});
