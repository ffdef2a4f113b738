// LINE Login v2.1: identity tokens by HS256 with the channel's secret, or ES256 for who asks for a JWK; the mail stands only there.
import { oneOf } from '../strict.mjs';
import { usual } from '../grants.mjs';

export default {
  id: 'line', name: 'LINE',
  client: { id: '1234567890', secret: 'ln0123456789abcdef0123456789abcd' },
  person: { sub: 'U1234567890abcdef1234567890abcdef', name: 'エイダ', email: 'ada@line.example',
    picture: 'https://profile.line-scdn.example/0h8pWWElvzZ19qLk3ywQYYCFZraTIdAGEXEhx9ak56MDxDHUVP' },
  expect: { subject: 'U1234567890abcdef1234567890abcdef', name: 'エイダ', email: 'ada@line.example', email_verified: false,
    picture: 'https://profile.line-scdn.example/0h8pWWElvzZ19qLk3ywQYYCFZraTIdAGEXEhx9ak56MDxDHUVP' },
  identity: {
    algorithms: ['ES256', 'HS256'], issuer: () => 'https://access.line.me', at_hash: false, algorithm: (p, grant) => grant.keyType === 'JWK' ? 'ES256' : 'HS256',
    claims: (person, grant) => ({ amr: ['linesso'], name: person.name, picture: person.picture,
      ...(grant.scopes.includes('email') ? { email: person.email } : {}) }),
    metadata: { id_token_signing_alg_values_supported: ['ES256'], code_challenge_methods_supported: ['S256'],
      scopes_supported: ['openid', 'profile', 'email'], subject_types_supported: ['pairwise'] },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://access.line.me/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://api.line.me/oauth2/v2.1/certs' },
    authorize: { kind: 'authorize', url: 'https://access.line.me/oauth2/v2.1/authorize', pkce: 'offered', nonce: 'wanted',
      scope: { known: ['openid', 'profile', 'email'], must: ['profile'] },
      may: { prompt: oneOf('consent', 'none', 'login'), bot_prompt: oneOf('normal', 'aggressive'), ui_locales: true, max_age: /^\d+$/ },
      adds: () => ({ friendship_status_changed: 'false' }),
        denied: () => ({ error: 'access_denied', error_description: 'The resource owner denied the request.' }) },
    token: { kind: 'token', url: 'https://api.line.me/oauth2/v2.1/token', auth: ['post'], lives: 2592000,
      may: { id_token_key_type: v => v === 'JWK' ? undefined : `"${v}" is not JWK` },
      before: (grant, given) => { grant.keyType = given.get('id_token_key_type'); }, answer: usual() },
    profile: { kind: 'api', url: 'https://api.line.me/oauth2/v2.1/userinfo', scope: 'openid', answer: p => ({ sub: p.sub, name: p.name, picture: p.picture }) },
    profile_v2: { kind: 'api', url: 'https://api.line.me/v2/profile', scope: 'profile',
      answer: p => ({ userId: p.sub, displayName: p.name, pictureUrl: p.picture, statusMessage: '' }) },
    revoke: { kind: 'revoke', url: 'https://api.line.me/oauth2/v2.1/revoke', auth: ['post'], field: 'access_token' },
  },
  refresh: { rotates: 'never' },
  limits: { status: 429, headers: () => ({ 'x-line-request-id': '8c4b3b5a' }), body: () => ({ message: 'The API rate limit has been exceeded. Try again later.' }) },
};
