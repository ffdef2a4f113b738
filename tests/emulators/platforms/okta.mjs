// Okta, the custom authorization server "default"; the org's own server is the same without a path in its issuer.
import { standard } from './standard.mjs';

const person = { sub: '00uid4BxXw6I6TV4m0g3', username: 'ada@engines.example', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace',
  email: 'ada@okta.example', profile: 'https://engines.example/people/ada' };

export default standard('okta', 'Okta', {
  settings: { domain: 'https://dev-123456.okta.com', path: '/oauth2/default' },
  client: { id: '0oa1b2c3d4e5f6g7h8i9', secret: 'ok0123456789abcdefghijklmnopqrstuvwxyzABCD' },
  person,
  expect: { subject: person.sub, username: 'ada@engines.example', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace',
    email: 'ada@okta.example', email_verified: true, locale: 'en-GB', profile_url: 'https://engines.example/people/ada' },
  issuer: p => p.fill('{domain}{path}'), slim: true,
  endpoints: { discovery: '{domain}{path}/.well-known/openid-configuration', jwks: '{domain}{path}/v1/keys', authorize: '{domain}{path}/v1/authorize',
    token: '{domain}{path}/v1/token', profile: '{domain}{path}/v1/userinfo',
    revoke: '{domain}{path}/v1/revoke', end_session: '{domain}{path}/v1/logout' },
  authorize: { may: { idp: true, login_hint: true, prompt: true } },
  limits: { status: 429, headers: now => ({ 'x-rate-limit-limit': '600', 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(now + 45) }),
    body: () => ({ errorCode: 'E0000047', errorSummary: 'API call exceeded rate limit due to too many requests.' }) },
});
