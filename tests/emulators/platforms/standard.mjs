// Issuers that keep to OpenID Connect to the letter; what differs is where things are and how the issuer is written.
import { usual } from '../grants.mjs';

const claims = p => ({ email: p.email, email_verified: true, name: p.name, given_name: p.given, family_name: p.family, preferred_username: p.username,
  nickname: p.nickname, picture: p.picture,
  locale: 'en-GB', profile: p.profile });

// more: { endpoints: { name: url }, issuer(p), auth, lives, settings, client, person, expect, authorize, limits, algorithms, slim: token without profile claims }
export function standard(id, name, more) {
  const e = more.endpoints;
  const picked = all => Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
  const iss = p => more.metadata?.authorization_response_iss_parameter_supported ? { iss: more.issuer(p) } : {};
  return {
    id, name, settings: more.settings, client: more.client, person: more.person, expect: more.expect,
    identity: {
      algorithms: more.algorithms ?? ['RS256'], issuer: more.issuer,
        claims: person => picked(more.slim ? { preferred_username: person.username, auth_time: Math.floor(Date.now() / 1000) } : claims(person)),
      metadata: { code_challenge_methods_supported: ['S256'], scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
        token_endpoint_auth_methods_supported: more.methods ?? ['client_secret_basic', 'client_secret_post'],
        ...more.metadata },
    },
    endpoints: {
      discovery: { kind: 'discovery', url: e.discovery },
      jwks: { kind: 'jwks', url: e.jwks },
      authorize: { kind: 'authorize', url: e.authorize, pkce: 'offered', nonce: 'wanted',
        scope: { known: ['openid', 'profile', 'email', 'offline_access', 'groups'], must: ['openid'] }, ...more.authorize,
        // RFC 9207: refusals, too, say whose they are
        denied: (grant, p) => ({ error: 'access_denied', error_description: 'The resource owner denied the request.', ...iss(p) }), adds: (grant, p) => iss(p) },
      token: { kind: 'token', url: e.token, auth: more.auth ?? ['basic', 'post'], lives: more.lives ?? 3600, answer: usual() },
      profile: { kind: 'api', url: e.profile, scope: 'openid',
        answer: p => picked({ sub: p.sub, ...claims(p), ...(more.updated ? { updated_at: more.updated } : {}) }) },
      revoke: { kind: 'revoke', url: e.revoke, auth: more.auth ?? ['basic', 'post'] },
      ...(e.end_session ? { end_session: { kind: 'own', browser: true, url: e.end_session, handle: () => ({ type: 'text/html', body: 'bye' }) } } : {}),
    },
    refresh: { rotates: more.rotates ?? 'always', only: grant => grant.scopes.includes('offline_access'), may: { scope: true } },
    limits: more.limits ?? { status: 429, headers: () => ({ 'retry-after': '7' }), body: () => ({ error: 'temporarily_unavailable' }) },
  };
}
