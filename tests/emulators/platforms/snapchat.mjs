// Snapchat Login Kit: scopes are addresses, the profile a GraphQL question in the query.
import { usual } from '../grants.mjs';

const base = 'https://auth.snapchat.com/oauth2/api/';
const known = { externalId: 'user.external_id', displayName: 'user.display_name', bitmoji: 'user.bitmoji.avatar' };

export default {
  id: 'snapchat', name: 'Snapchat',
  client: { id: '6adcb4f1-6d9d-4f57-9a7f-1b2c3d4e5f60', secret: 'sn0123456789abcdefghijklmnopqrstuvwxyz' },
  person: { sub: 'CAESIPiRBp0e5gLDq7VVurQ3rVdmdbqxpOJWynjyBL/xlo0w', name: 'Ada 👻', picture: 'https://sdk.bitmoji.example/render/panel/ada.png' },
  expect: { subject: 'CAESIPiRBp0e5gLDq7VVurQ3rVdmdbqxpOJWynjyBL/xlo0w', name: 'Ada 👻', email_verified: false,
    picture: 'https://sdk.bitmoji.example/render/panel/ada.png' },
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://accounts.snapchat.com/accounts/oauth2/auth', pkce: 'offered',
      scope: { known: Object.values(known).map(s => base + s), must: [base + known.externalId] }, denied: () => ({ error: 'access_denied' }) },
    token: { kind: 'token', url: 'https://accounts.snapchat.com/accounts/oauth2/token', auth: ['basic', 'post'], lives: 3600, answer: usual() },
    profile: {
      kind: 'api', url: 'https://kit.snapchat.com/v1/me',
      query: () => ({ query: v => /^\{\s*me\s*\{(\s*(externalId|displayName|bitmoji\s*\{\s*(id|avatar|\s)+\}))+\s*\}\s*\}$/.test(v) ? undefined : `"${v}" is no question this graph answers` }),
      answer: (p, ctx, grant) => {
        const asked = ctx.query.get('query');
        const may = n => asked.includes(n) && grant.scopes.includes(base + known[n]);
        return { data: { me: { ...(may('externalId') ? { externalId: p.sub } : {}), ...(may('displayName') ? { displayName: p.name } : {}),
          ...(may('bitmoji') ? { bitmoji: { id: 'b1', avatar: p.picture } } : {}) } }, errors: [] };
      },
      refuses: (ctx, r) => ({ status: r.code === 'invalid_token' ? 401 : 400, body: { data: {}, errors: [{ code: r.code, message: r.why }] } }),
    },
  },
  refresh: { rotates: 'always' },
  limits: { status: 429, headers: () => ({}), body: () => ({ errors: [{ code: 'rate_limited', message: 'slow down' }] }) },
};
