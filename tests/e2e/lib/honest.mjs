// A provider that says yes to everybody at once: for stories that need thousands of sign-ins, not a provider's conformance.
import http from 'node:http';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { forge } from './hostile.mjs';

const b64 = x => Buffer.from(x).toString('base64url');

export async function startHonest(t, { clientId = 'gateway', clientSecret = 'a-client-secret-of-decent-length-0123456789', who = () => 'ada', claims = () => ({}) } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'h1', alg: 'ES256', use: 'sig' };
  const codes = new Map();
  const seen = { authorization: 0, token: 0, refused: 0, asked: [] };
  const op = { hold: null, pages: {} }; // hold: a promise, codes are redeemed when it is kept; pages: HTML by path
  let issuer;
  const tokenFor = code => {
    const now = Math.floor(Date.now() / 1000);
    const { sub, ...more } = typeof code.who === 'string' ? { sub: code.who } : code.who;
    return signed({ iss: issuer, aud: clientId, sub, email: `${sub}@example.test`, email_verified: true, name: sub,
      nonce: code.nonce, iat: now, exp: now + 300, auth_time: now, ...more, ...code.claims });
  };
  // Any token in this provider's name.
  const signed = (payload, header = {}) => {
    const head = b64(JSON.stringify({ alg: 'ES256', kid: 'h1', typ: 'JWT', ...header })), body = b64(JSON.stringify(payload));
    return `${head}.${body}.${b64(sign('sha256', Buffer.from(`${head}.${body}`), { key: privateKey, dsaEncoding: 'ieee-p1363' }))}`;
  };
  const signText = text => b64(sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  // A logout token as it should be; `claims` and `header` change it (undefined takes out), `key` signs it.
  const logoutToken = (claims = {}, { header = {}, key = { privateKey } } = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return forge({ alg: 'ES256', kid: 'h1', typ: 'logout+jwt', ...header }, { iss: issuer, aud: clientId, iat: now, exp: now + 120, jti: randomBytes(12).toString('hex'),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, ...claims }, key);
  };
  const server = http.createServer((q, r) => {
    const url = new URL(q.url, issuer);
    const say = (status, body) => { r.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }); r.end(JSON.stringify(body)); };
    if (url.pathname === '/.well-known/openid-configuration') {
      return say(200, { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'],
        code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'] });
    }
    if (op.pages[url.pathname]) { r.writeHead(200, { 'content-type': 'text/html' }); return r.end(op.pages[url.pathname]); }
    if (url.pathname === '/jwks') return say(200, { keys: [jwk] });
    if (url.pathname === '/auth') {
      seen.authorization++;
      const code = randomBytes(16).toString('base64url');
      const ask = Object.fromEntries(url.searchParams);
      codes.set(code, { nonce: ask.nonce, challenge: ask.code_challenge, redirect: ask.redirect_uri, who: who(ask), claims: claims(ask) });
      seen.asked.push(ask);
      const back = new URL(ask.redirect_uri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', ask.state);
      r.writeHead(302, { location: back.href });
      return r.end();
    }
    if (url.pathname === '/token') {
      const parts = [];
      q.on('data', d => parts.push(d));
      q.on('end', async () => {
        seen.token++;
        await op.hold;
        const ask = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
        const code = codes.get(ask.code);
        codes.delete(ask.code);
        if (!code || code.redirect !== ask.redirect_uri || code.challenge !== createHash('sha256').update(ask.code_verifier ?? '').digest('base64url')) {
          seen.refused++;
          return say(400, { error: 'invalid_grant' });
        }
        return say(200, { access_token: `access-${randomBytes(12).toString('hex')}`, token_type: 'Bearer', expires_in: 300, id_token: tokenFor(code) });
      });
      return undefined;
    }
    return say(404, {});
  });
  server.keepAliveTimeout = 60000;
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  issuer = `http://127.0.0.1:${server.address().port}`;
  t.after(() => new Promise(done => { server.closeAllConnections?.(); server.close(done); }));
  return Object.assign(op, { issuer, clientId, clientSecret, seen, signed, logoutToken, signText });
}
