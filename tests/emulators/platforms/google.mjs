// Google's OpenID Connect: everything about the person in the identity token; userinfo says it again.
import { usual } from '../grants.mjs';

const scopes = ['openid', 'email', 'profile', 'https://www.googleapis.com/auth/youtube.readonly'];

export const identity = {
  algorithms: ['RS256'], kid: '6ce11aecf9eb14024a44bbfd1bcf8b32a12287fa',
  issuer: p => p.settings.issuer ?? 'https://accounts.google.com',
  published: () => 'https://accounts.google.com',
  claims: (person, grant, p) => ({ azp: p.client.id, ...(grant.scopes.includes('email') ? { email: person.email, email_verified: person.verified ?? true } : {}),
    ...(grant.scopes.includes('profile') ? { name: person.name, given_name: person.given, family_name: person.family, picture: person.picture } : {}),
    ...(person.hd ? { hd: person.hd } : {}) }),
  metadata: { scopes_supported: ['openid', 'email', 'profile'], code_challenge_methods_supported: ['plain', 'S256'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'], response_modes_supported: ['query', 'fragment', 'form_post'] },
};

export const endpoints = {
  discovery: { kind: 'discovery', url: 'https://accounts.google.com/.well-known/openid-configuration' },
  jwks: { kind: 'jwks', url: 'https://www.googleapis.com/oauth2/v3/certs' },
  authorize: {
    kind: 'authorize', url: 'https://accounts.google.com/o/oauth2/v2/auth', pkce: 'offered', nonce: 'wanted', scope: { known: scopes, must: ['openid'] },
    may: { access_type: /^(offline|online)$/, prompt: /^(none|consent|select_account|consent select_account)$/, login_hint: true, hd: true,
      include_granted_scopes: 'true' },
    code: r => `4/0A${r}`,
    adds: grant => ({ scope: grant.scopes.join(' '), authuser: '0', prompt: 'consent' }),
    denied: () => ({ error: 'access_denied' }),
  },
  token: { kind: 'token', url: 'https://oauth2.googleapis.com/token', auth: ['post', 'basic'], lives: 3599, answer: usual() },
  revoke: { kind: 'revoke', url: 'https://oauth2.googleapis.com/revoke', unknown: true, answer: () => ({}) },
  profile: {
    kind: 'api', url: 'https://openidconnect.googleapis.com/v1/userinfo', scope: 'openid',
    answer: (p, ctx, grant) => ({ sub: p.sub, ...identity.claims(p, grant, ctx.p), azp: undefined }),
  },
};

export const limits = {
  status: 403, headers: () => ({ 'retry-after': '30' }),
  body: () => ({ error: { code: 403, message: 'User Rate Limit Exceeded',
    errors: [{ message: 'User Rate Limit Exceeded', domain: 'usageLimits', reason: 'userRateLimitExceeded' }] } }),
};

// Refresh tokens only where they were asked for: access_type=offline, and consent given anew.
export const refresh = { rotates: 'never', only: grant => grant.asked.access_type === 'offline' };
export const tokens = { accessToken: r => `ya29.a0${r}`, refreshToken: r => `1//0${r}` };

export default {
  id: 'google', name: 'Google',
  client: { id: '407408718192-abc123def456.apps.googleusercontent.com', secret: 'GOCSPX-g0123456789abcdefghij' },
  person: { sub: '110169484474386276334', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', email: 'ada@google.example', hd: 'google.example',
    picture: 'https://lh3.googleusercontent.example/a/ada=s96-c' },
  expect: { subject: '110169484474386276334', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', email: 'ada@google.example', email_verified: true,
    picture: 'https://lh3.googleusercontent.example/a/ada=s96-c' },
  ...tokens, identity, endpoints, limits, refresh,
};
