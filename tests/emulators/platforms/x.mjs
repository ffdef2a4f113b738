// X, OAuth 2.0 authorization code with PKCE for confidential clients; API v2 users/me. Codes live 30 seconds.
import { refuse } from '../strict.mjs';

const fields = {
  id: p => p.sub, name: p => p.name, username: p => p.username, profile_image_url: p => p.picture,
    confirmed_email: (p, s) => s.includes('users.email') ? p.email : undefined,
  verified: () => false, url: () => 'https://t.co/abcdefghij', created_at: () => '2015-12-10T00:00:00.000Z', description: () => 'Notes on engines',
};

// Answers of the API are problems (RFC 7807 by shape); the token endpoint keeps to RFC 6749.
function refuses(ctx, r, usual) {
  if (ctx.at.kind !== 'api') return usual(ctx, r);
  if (r.code === 'invalid_token') return { status: 401, body: { title: 'Unauthorized', type: 'about:blank', status: 401, detail: 'Unauthorized' } };
  if (r.code === 'insufficient_scope') return { status: 403, body: { title: 'Forbidden', type: 'about:blank', status: 403, detail: r.why } };
  return { status: 400, body: { errors: [{ message: r.why }], title: 'Invalid Request', detail: 'One or more parameters to your request was invalid.',
    type: 'https://api.twitter.com/2/problems/invalid-request' } };
}

export const limits = {
  status: 429,
  headers: now => ({ 'x-rate-limit-limit': '75', 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(now + 60) }),
  body: () => ({ title: 'Too Many Requests', detail: 'Too Many Requests', type: 'about:blank', status: 429 }),
  now: now => ({ 'x-rate-limit-limit': '75', 'x-rate-limit-remaining': '74', 'x-rate-limit-reset': String(now + 900) }),
};

export default {
  id: 'x', name: 'X',
  client: { id: 'rG9n6402A3dbUJKzXTNX4oWHJ', secret: 'x-secret-Q1w2E3r4T5y6U7i8O9p0' },
  person: { sub: '2244994945', name: 'Ada Lovelace', username: 'adalovelace', email: 'ada@x.example',
    picture: 'https://pbs.twimg.example/profile_images/1/ada_normal.jpg' },
  expect: { subject: '2244994945', name: 'Ada Lovelace', username: 'adalovelace', picture: 'https://pbs.twimg.example/profile_images/1/ada_normal.jpg',
    profile_url: 'https://x.com/adalovelace' },
  // with the further scope users.email
  expectWith: { 'users.email': { email: 'ada@x.example', email_verified: true } },
  endpoints: {
    authorize: {
      kind: 'authorize', url: 'https://x.com/i/oauth2/authorize', pkce: 'required', spaces: '%20', state: /^.{1,500}$/s,
      scope: { known: ['users.read', 'tweet.read', 'users.email', 'offline.access'], must: ['users.read', 'tweet.read'] },
      denied: () => ({ error: 'access_denied' }),
    },
    token: {
      kind: 'token', url: 'https://api.x.com/2/oauth2/token', auth: ['basic'], codeLives: 30, lives: 7200,
      answer: x => ({ token_type: 'bearer', expires_in: x.lives, access_token: x.access, scope: x.grant.scopes.join(' '), refresh_token: x.refresh }),
    },
    revoke: { kind: 'revoke', url: 'https://api.x.com/2/oauth2/revoke', auth: ['basic'], answer: () => ({ revoked: true }) },
    profile: {
      kind: 'api', url: 'https://api.x.com/2/users/me', scope: 'users.read', query: {}, may: { 'user.fields': true },
      answer: (person, ctx, grant) => {
        const asked = ['id', 'name', 'username', ...(ctx.query.get('user.fields') ?? '').split(',').filter(Boolean)];
        for (const f of asked) if (!fields[f]) refuse('invalid_request', `The \`user.fields\` query parameter value [${f}] is not one of [${Object.keys(fields)}]`);
        return { data: Object.fromEntries([...new Set(asked)].map(f => [f, fields[f](person, grant.scopes)]).filter(([, v]) => v !== undefined)) };
      },
    },
  },
  refresh: { rotates: 'always', only: grant => grant.scopes.includes('offline.access') },
  limits, refuses,
};
