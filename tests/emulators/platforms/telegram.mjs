// Log In With Telegram, OpenID Connect at oauth.telegram.org: no mail, no userinfo, everything in the identity token.
import { usual } from '../grants.mjs';

export default {
  id: 'telegram', name: 'Telegram',
  client: { id: '123456789', secret: 'tg0123456789abcdefghijklmnopqrstuvwxyzAB' },
  person: { sub: '11998877665544332211', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', username: 'ada_tg',
    picture: 'https://cdn4.telesco.example/file/ada.jpg' },
  expect: { subject: '11998877665544332211', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', username: 'ada_tg', email_verified: false,
    picture: 'https://cdn4.telesco.example/file/ada.jpg',
    profile_url: 'https://t.me/ada_tg' },
  identity: {
    algorithms: ['RS256', 'ES256', 'EdDSA'], algorithm: p => p.settings.algorithm ?? 'RS256', issuer: () => 'https://oauth.telegram.org', at_hash: false,
    claims: person => ({ name: person.name, given_name: person.given, family_name: person.family, preferred_username: person.username, picture: person.picture }),
    metadata: { id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA', 'ES256K'], code_challenge_methods_supported: ['S256'],
      scopes_supported: ['openid', 'profile', 'phone'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'] },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://oauth.telegram.org/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://oauth.telegram.org/.well-known/jwks.json' },
    authorize: { kind: 'authorize', url: 'https://oauth.telegram.org/auth', pkce: 'offered', nonce: 'wanted',
      scope: { known: ['openid', 'profile', 'phone'], must: ['openid'] }, denied: () => ({ error: 'access_denied' }) },
    token: { kind: 'token', url: 'https://oauth.telegram.org/token', auth: ['basic', 'post'], lives: 3600, answer: usual() },
  },
  limits: { status: 429, headers: () => ({ 'retry-after': '5' }), body: () => ({ error: 'too_many_requests' }) },
};
