// Auth0: the issuer ends in a slash; updated_at is a text.
import { standard } from './standard.mjs';

const person = { sub: 'auth0|5c3f7a1b2d4e6f8091a2b3c4', nickname: 'ada', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace',
  email: 'ada@auth0.example', picture: 'https://s.gravatar.example/avatar/ada.png' };

export default standard('auth0', 'Auth0', {
  settings: { domain: 'https://engines.eu.auth0.com' },
  client: { id: 'a00123456789abcdefghijklmnopqrst', secret: 'a0secret-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST' },
  person,
  expect: { subject: person.sub, username: 'ada', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', email: 'ada@auth0.example',
    email_verified: true, picture: 'https://s.gravatar.example/avatar/ada.png', locale: 'en-GB' },
  issuer: p => `${p.settings.domain}/`, auth: ['post', 'basic'], lives: 86400, updated: '2026-11-01T10:00:00.000Z',
  endpoints: { discovery: '{domain}/.well-known/openid-configuration', jwks: '{domain}/.well-known/jwks.json', authorize: '{domain}/authorize',
    token: '{domain}/oauth/token', profile: '{domain}/userinfo', revoke: '{domain}/oauth/revoke',
    end_session: '{domain}/oidc/logout' },
  authorize: { may: { audience: true, connection: true, organization: true, screen_hint: 'signup', prompt: true } },
  limits: { status: 429, headers: now => ({ 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now + 20) }),
    body: () => ({ error: 'too_many_requests', error_description: 'Global limit has been reached' }) },
});
