// Login with Amazon: S256 has to be named (plain is the default), user/profile.
import { usual } from '../grants.mjs';

export default {
  id: 'amazon', name: 'Amazon',
  settings: { api: 'https://api.amazon.com' },
  client: { id: 'amzn1.application-oa2-client.a0123456789abcdef', secret: 'amzn1.oa2-cs.v1.0123456789abcdef' },
  person: { sub: 'amzn1.account.K2LI23KL2LK2', name: 'Ada Lovelace', email: 'ada@amazon.example', postal: '98052' },
  expect: { subject: 'amzn1.account.K2LI23KL2LK2', name: 'Ada Lovelace', email: 'ada@amazon.example', email_verified: false },
  accessToken: r => `Atza|${r}${'x'.repeat(900)}`, refreshToken: r => `Atzr|${r}`,
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://www.amazon.com/ap/oa', pkce: 'offered',
      scope: { known: ['profile', 'profile:user_id', 'postal_code'], must: ['profile'] },
      denied: () => ({ error: 'access_denied', error_description: 'Access not permitted.' }) },
    token: { kind: 'token', url: '{api}/auth/o2/token', auth: ['post', 'basic'], codeLives: 300, lives: 3600,
      answer: usual(() => ({ token_type: 'bearer', scope: undefined })),
      refuses: (ctx, r) => ({ status: r.code === 'invalid_client' ? 401 : 400, body: { error: r.code, error_description: r.why, request_id: 'bef0c2f8-e292' } }) },
    profile: { kind: 'api', url: '{api}/user/profile', scope: 'profile',
      answer: (p, ctx, grant) => ({ user_id: p.sub, name: p.name, email: p.email, ...(grant.scopes.includes('postal_code') ? { postal_code: p.postal } : {}) }) },
  },
  refresh: { rotates: 'keeps' },
  limits: { status: 429, headers: () => ({}), body: () => ({ error: 'throttled', error_description: 'Rate exceeded' }) },
};
