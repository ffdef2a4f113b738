// Sign in with Apple: the secret is a JWT the client signs, the answer a form post from another site, and the name comes once in a lifetime.
import { pair } from '../../e2e/lib/hostile.mjs';
import { usual } from '../grants.mjs';

const signing = pair('ES256', 7);
export const key = signing.privateKey.export({ type: 'pkcs8', format: 'pem' }); // what the developer downloads once

export default {
  id: 'apple', name: 'Apple',
  client: { id: 'test.example.signin', signing: { team: 'DEF123GHIJ', kid: 'ABC123DEFG', audience: 'https://appleid.apple.com',
    publicKey: signing.publicKey.export({ type: 'spki', format: 'pem' }) } },
  person: { sub: '001234.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1234', given: 'Ada', family: 'Lovelace', name: 'Ada Lovelace',
    email: 'dpdcnf87nu@privaterelay.appleid.example' },
  expect: { subject: '001234.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1234', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace',
    email: 'dpdcnf87nu@privaterelay.appleid.example', email_verified: true },
  identity: {
    algorithms: ['RS256'], kid: 'fh6Bs8C', issuer: p => p.settings.issuer ?? 'https://appleid.apple.com', lives: 86400,
    // flags as text, as often as not
    claims: person => ({ email: person.email, email_verified: person.verified ?? 'true', is_private_email: 'true',
      auth_time: Math.floor(Date.now() / 1000), nonce_supported: true }),
    metadata: { response_modes_supported: ['query', 'fragment', 'form_post'], subject_types_supported: ['pairwise'], scopes_supported: ['openid', 'email', 'name'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
        claims_supported: ['aud', 'email', 'email_verified', 'exp', 'iat', 'is_private_email', 'iss', 'nonce', 'nonce_supported', 'sub'] },
    when: () => true, // openid need not be asked for
  },
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://appleid.apple.com/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://appleid.apple.com/auth/keys' },
    authorize: {
      kind: 'authorize', url: 'https://appleid.apple.com/auth/authorize', mode: 'form_post', spaces: '%20', nonce: 'wanted', pkce: 'offered',
      scope: { known: ['openid', 'name', 'email'], must: ['name', 'email'] }, code: r => `c${r}.0.${r.slice(0, 4)}`,
      redirect: uri => /^https:\/\/[a-z0-9.-]+\.[a-z]+\//.test(uri) ? undefined : 'needs https and the name of a domain',
      adds: (grant, p) => p.consents === 1 ? { user: { name: { firstName: grant.person.given, lastName: grant.person.family }, email: grant.person.email } } : {},
      denied: () => ({ error: 'user_cancelled_authorize' }),
    },
    token: { kind: 'token', url: 'https://appleid.apple.com/auth/token', auth: ['jwt'], codeLives: 300, lives: 3600,
      answer: usual(() => ({ scope: undefined })), refuses: (ctx, r) => ({ status: 400, body: { error: r.code, error_description: r.why } }) },
    revoke: { kind: 'revoke', url: 'https://appleid.apple.com/auth/revoke', auth: ['jwt'] },
  },
  refresh: { rotates: 'never' },
  limits: { status: 429, headers: () => ({}), body: () => ({ error: 'too_many_requests' }) },
};
