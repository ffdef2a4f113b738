// The certified provider (npm oidc-provider) as a real OpenID Connect issuer on loopback, with its own sign-in and consent forms.
import Provider from 'oidc-provider';
import { generateKeyPairSync } from 'node:crypto';
import { freePort } from './parts.mjs';
import { form } from './visitor.mjs';

// Its advice about production is not for us.
for (const level of ['info', 'warn']) {
  const say = console[level];
  console[level] = (...words) => { if (!String(words[0]).includes('oidc-provider')) say(...words); };
}

function key(kid, alg) {
  const kinds = { RS: ['rsa', { modulusLength: 2048 }], PS: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }],
    ES384: ['ec', { namedCurve: 'P-384' }], ES512: ['ec', { namedCurve: 'P-521' }], EdDSA: ['ed25519', {}] };
  const [type, options] = kinds[alg] ?? kinds[alg.slice(0, 2)];
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

// people: account ids; each signs in with any password. watch(ctx): told of every request after its answer was made. Gives { issuer, port, provider, close }.
export async function startProvider(t, { redirectUris, clients, port, algorithms = ['RS256'], settings = {}, watch } = {}) {
  port ??= await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: clients ?? [{
      client_id: 'gateway', client_secret: 'a-client-secret-of-decent-length-0123456789', redirect_uris: redirectUris,
      post_logout_redirect_uris: redirectUris.map(u => u.replace(/\/callback\/.*/, '/signed-out')),
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], id_token_signed_response_alg: algorithms[0],
    }],
    pkce: { required: () => true, methods: ['S256'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'groups'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.test`, email_verified: !id.startsWith('unverified'),
      name: `${id[0].toUpperCase()}${id.slice(1)} Example`, preferred_username: id, groups: id.startsWith('ops') ? ['ops', 'staff'] : ['staff'] }) }),
    jwks: { keys: algorithms.map((a, i) => key(`k${i}`, a)) },
    enabledJWA: { idTokenSigningAlgValues: [...new Set(['RS256', ...algorithms])] },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: false } },
    cookies: { keys: ['test'] },
    conformIdTokenClaims: false,
    ...settings,
  });
  const seen = { token: 0, userinfo: 0, jwks: 0, discovery: 0, authorization: 0 };
  provider.use(async (ctx, next) => {
    if (ctx.path === '/token') seen.token++;
    if (ctx.path === '/me') seen.userinfo++;
    if (ctx.path === '/jwks') seen.jwks++;
    if (ctx.path === '/auth') seen.authorization++;
    if (ctx.path.endsWith('openid-configuration')) seen.discovery++;
    await next();
    watch?.(ctx);
  });
  const server = await new Promise(ok => { const s = provider.listen(port, '127.0.0.1', () => ok(s)); });
  const close = () => new Promise(done => { server.closeAllConnections?.(); server.close(done); });
  t.after(close);
  return { issuer, port, provider, seen, close, clientId: 'gateway', clientSecret: 'a-client-secret-of-decent-length-0123456789' };
}

// From a page of ours to the end of a sign-in at the provider; `page` is wherever the visitor stands (its first provider form).
export async function signInAtProvider(visitor, page, who) {
  for (let i = 0; i < 4 && page.body.includes('<form'); i++) {
    const f = form(page);
    if ('login' in f.fields || /name="login"/.test(page.body)) Object.assign(f.fields, { login: who, password: 'x' });
    page = await visitor.go(f.action, { method: f.method, body: f.fields });
    if (!page.url.pathname.startsWith('/interaction')) break;
  }
  return page;
}
