// Sign In with LinkedIn using OpenID Connect: credentials in the form only, no nonce, email_verified as text in the identity token.
import { usual } from '../grants.mjs';

export default {
  id: 'linkedin', name: 'LinkedIn',
  client: { id: '86abcdefghijkl', secret: 'WPL_AP1.li0123456789abcd.efghij==' },
  person: { sub: '782bbtaQ-Z', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', email: 'ada@linkedin.example',
    picture: 'https://media.licdn.example/dms/image/ada' },
  expect: { subject: '782bbtaQ-Z', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', email: 'ada@linkedin.example', email_verified: true,
    picture: 'https://media.licdn.example/dms/image/ada', locale: 'en-US' },
  identity: {
    algorithms: ['RS256'], nonce: 'ignored', at_hash: false, kid: 'd929668a-bab1-4c69-9598-4373149723ff',
    issuer: p => p.settings.issuer ?? 'https://www.linkedin.com/oauth',
    claims: person => ({ name: person.name, given_name: person.given, family_name: person.family, picture: person.picture, email: person.email,
      email_verified: 'true',
      locale: 'en_US' }),
    metadata: { scopes_supported: ['openid', 'profile', 'email'],
      claims_supported: ['iss', 'aud', 'iat', 'exp', 'sub', 'name', 'given_name', 'family_name', 'picture', 'email', 'email_verified', 'locale'] },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://www.linkedin.com/oauth/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://www.linkedin.com/oauth/openid/jwks' },
    authorize: {
      kind: 'authorize', url: 'https://www.linkedin.com/oauth/v2/authorization',
        scope: { known: ['openid', 'profile', 'email', 'w_member_social'], must: ['openid'] },
      denied: () => ({ error: 'user_cancelled_login', error_description: 'The user cancelled LinkedIn login' }),
    },
    token: { kind: 'token', url: 'https://www.linkedin.com/oauth/v2/accessToken', auth: ['post'], lives: 5184000, codeLives: 1800,
      answer: usual(x => ({ token_type: 'Bearer', scope: x.grant.scopes.join(',') })) },
    profile: {
      kind: 'api', url: 'https://api.linkedin.com/v2/userinfo', scope: 'openid',
      answer: p => ({ sub: p.sub, name: p.name, given_name: p.given, family_name: p.family, picture: p.picture, locale: { country: 'US', language: 'en' },
        email: p.email, email_verified: true }),
      refuses: (ctx, r) => ({ status: 401, body: { serviceErrorCode: 65600, message: `Invalid access token (${r.why})`, status: 401 } }),
    },
    revoke: { kind: 'revoke', url: 'https://www.linkedin.com/oauth/v2/revoke', auth: ['post'] },
  },
  limits: { status: 429, headers: () => ({}),
    body: () => ({ status: 429, message: 'Resource level throttle APPLICATION DAY limit for calls to this resource is reached.' }) },
};
