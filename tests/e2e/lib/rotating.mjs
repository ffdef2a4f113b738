// A provider whose access tokens end soon and whose refresh tokens are good for one use: a second use of one revokes its whole family, as
// RFC 9700 section 4.14.2 wants it. It keeps a book of every refresh and revocation, and does on request what providers do on bad days.
import http from 'node:http';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const b64 = x => Buffer.from(x).toString('base64url');
const name = what => `${what}-canary-${randomBytes(12).toString('hex')}`;

export async function startRotating(t, { life = 2, idTokens = true, rotates = true } = {}) {
  const clientId = 'gateway', clientSecret = 'a-client-secret-of-decent-length-0123456789';
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'r1', alg: 'ES256', use: 'sig' };
  const codes = new Map(), families = new Map(), refreshTokens = new Map(), accessTokens = new Map();
  const op = {
    clientId, clientSecret, life, who: 'ada', sid: null,
    refreshes: [],   // { family, ok, at }
    revocations: [], // { token, kind, auth }
    reuses: 0,
    answer: null,    // (r, say, honest, ask) => ...: instead of the honest answer to a refresh
    claims: null,    // c => c: of refreshed id_tokens
    hold: null,      // a promise every refresh waits for before it is looked at
    holdRevoke: null, refuseRevoke: false,
    isGood(access) {
      const a = accessTokens.get(access);
      return a !== undefined && a.until > Date.now() && !families.get(a.family).dead;
    },
    // refresh tokens that would be taken now, by family
    living: () => [...refreshTokens.values()].filter(x => !x.used && !families.get(x.family).dead).length,
    kill() { for (const f of families.values()) f.dead = true; },
  };
  const jwt = (typ, claims) => {
    const head = b64(JSON.stringify({ alg: 'ES256', kid: 'r1', typ })), body = b64(JSON.stringify(claims));
    return `${head}.${body}.${b64(sign('sha256', Buffer.from(`${head}.${body}`), { key: privateKey, dsaEncoding: 'ieee-p1363' }))}`;
  };
  const idToken = (who, extra = {}) => {
    const now = Math.floor(Date.now() / 1000);
    let claims = { iss: op.issuer, aud: clientId, sub: who, email: `${who}@example.test`, email_verified: true, name: who, iat: now, exp: now + 300, ...(op.sid ? { sid: op.sid } : {}), ...extra };
    if (op.claims && !extra.nonce) claims = op.claims(claims);
    return jwt('JWT', claims);
  };
  op.logoutToken = who => {
    const now = Math.floor(Date.now() / 1000);
    return jwt('logout+jwt', { iss: op.issuer, aud: clientId, iat: now, exp: now + 120, jti: name('jti'), events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, ...who });
  };
  const give = (family, extra) => {
    const access = name('access'), refresh = name('refresh'), { who } = families.get(family);
    accessTokens.set(access, { family, until: Date.now() + op.life * 1000 });
    const hash = createHash('sha256').update(access).digest();
    const all = { access_token: access, token_type: 'Bearer', expires_in: op.life };
    if (rotates || !extra.again) { refreshTokens.set(refresh, { family, used: false }); all.refresh_token = refresh; }
    if (idTokens || extra.nonce) all.id_token = idToken(who, { at_hash: b64(hash.subarray(0, 16)), ...(extra.nonce ? { nonce: extra.nonce } : {}) });
    return all;
  };
  const authentic = q => q.headers.authorization === `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const refreshed = async (ask, say, r) => {
    const token = refreshTokens.get(ask.refresh_token);
    const line = { family: token?.family, ok: false, at: Date.now() };
    op.refreshes.push(line);
    if (op.hold) await op.hold;
    const honest = () => {
      if (!token || families.get(token.family).dead) return say(400, { error: 'invalid_grant' });
      if (token.used) {
        op.reuses++;
        families.get(token.family).dead = true;
        return say(400, { error: 'invalid_grant', error_description: 'used before' });
      }
      if (rotates) token.used = true;
      line.ok = true;
      return say(200, give(token.family, { again: true }));
    };
    return op.answer ? op.answer(r, say, honest, ask) : honest();
  };
  const server = http.createServer((q, r) => {
    const url = new URL(q.url, op.issuer);
    const say = (status, body, headers = {}) => { r.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers }); r.end(JSON.stringify(body)); };
    if (url.pathname === '/.well-known/openid-configuration') {
      return say(200, { issuer: op.issuer, authorization_endpoint: `${op.issuer}/auth`, token_endpoint: `${op.issuer}/token`, jwks_uri: `${op.issuer}/jwks`,
        revocation_endpoint: `${op.issuer}/revoke`, response_types_supported: ['code'], subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'], code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_basic'] });
    }
    if (url.pathname === '/jwks') return say(200, { keys: [jwk] });
    if (url.pathname === '/auth') {
      const ask = Object.fromEntries(url.searchParams), code = name('code'), family = name('family');
      families.set(family, { who: op.who, dead: false });
      codes.set(code, { family, nonce: ask.nonce });
      const back = new URL(ask.redirect_uri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', ask.state);
      r.writeHead(302, { location: back.href });
      return r.end();
    }
    const parts = [];
    q.on('data', d => parts.push(d));
    q.on('end', async () => {
      const ask = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
      if (url.pathname === '/revoke') {
        op.revocations.push({ token: ask.token, kind: ask.token_type_hint, authentic: authentic(q) });
        if (op.holdRevoke) await op.holdRevoke;
        if (op.refuseRevoke) return say(503, {});
        const family = refreshTokens.get(ask.token)?.family ?? accessTokens.get(ask.token)?.family;
        if (family) families.get(family).dead = true;
        return say(200, {});
      }
      if (url.pathname !== '/token') return say(404, {});
      if (!authentic(q)) return say(401, { error: 'invalid_client' });
      if (ask.grant_type === 'refresh_token') return refreshed(ask, say, r);
      const code = codes.get(ask.code);
      codes.delete(ask.code);
      return code ? say(200, give(code.family, { nonce: code.nonce })) : say(400, { error: 'invalid_grant' });
    });
    return undefined;
  });
  server.keepAliveTimeout = 60000;
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  op.port = server.address().port;
  op.issuer = `http://127.0.0.1:${op.port}`;
  t.after(() => new Promise(done => { server.closeAllConnections?.(); server.close(done); }));
  return op;
}
