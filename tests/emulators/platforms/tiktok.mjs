// TikTok Login Kit for web, API v2: client_key, scopes by comma, one form post, and errors inside answers of status 200.
import { picked } from '../api.mjs';

const fields = { open_id: p => p.sub, union_id: p => p.union, avatar_url: p => p.picture, avatar_url_100: p => p.picture, display_name: p => p.name,
  username: p => p.username, profile_deep_link: p => p.link, bio_description: () => '', is_verified: () => false };
const scoped = { username: 'user.info.profile', profile_deep_link: 'user.info.profile', bio_description: 'user.info.profile', is_verified: 'user.info.profile' };
const lives = { refresh: 15552000 };

export default {
  id: 'tiktok', name: 'TikTok',
  client: { id: 'awk1234567890abc', secret: 'tt0123456789abcdefghijklmnopqrst' },
  person: { sub: '-000a1b2c3d4e5f6g7h8', union: 'c9c60f44-a68e-4f5d-84dd-ce22faeb0ba1', name: 'Ada ✨ Lovelace',
    picture: 'https://p16-sign.tiktokcdn.example/ada.jpeg?x-expires=1' },
  expect: { subject: '-000a1b2c3d4e5f6g7h8', name: 'Ada ✨ Lovelace', email_verified: false, picture: 'https://p16-sign.tiktokcdn.example/ada.jpeg?x-expires=1' },
  accessToken: r => `act.${r}!4567.va`, refreshToken: r => `rft.${r}!4567.va`,
  endpoints: {
    authorize: {
      kind: 'authorize', url: 'https://www.tiktok.com/v2/auth/authorize/', client: 'client_key', pkce: 'offered', encoding: 'hex',
      scope: { separator: ',', known: ['user.info.basic', 'user.info.profile', 'user.info.stats'], must: ['user.info.basic'] },
      may: { disable_auto_auth: /^[01]$/ },
      redirect: uri => !uri.startsWith('https://') ? 'not https' : /[?#]/.test(uri) ? 'has a query or a fragment' : uri.length > 512 ? 'longer than 512 characters' : undefined,
      code: r => `${r}*1!4567.va`, // has to survive one decoding and one encoding
      adds: grant => ({ scopes: grant.scopes.join(',') }),
      denied: () => ({ error: 'access_denied', error_type: 'access_denied', errCode: '-2', error_description: 'The user denied access' }),
    },
    token: {
      kind: 'token', url: 'https://open.tiktokapis.com/v2/oauth/token/', auth: ['post'], names: { id: 'client_key', secret: 'client_secret' }, lives: 7200,
      headers: { 'cache-control': 'no-cache' },
      answer: x => ({ open_id: x.grant.person.sub, scope: x.grant.scopes.join(','), access_token: x.access, expires_in: x.lives, refresh_token: x.refresh,
        refresh_expires_in: lives.refresh, token_type: 'Bearer' }),
    },
    revoke: { kind: 'revoke', url: 'https://open.tiktokapis.com/v2/oauth/revoke/', auth: ['post'], names: { id: 'client_key', secret: 'client_secret' },
      answer: () => ({}) },
    profile: {
      kind: 'api', url: 'https://open.tiktokapis.com/v2/user/info/', scope: 'user.info.basic', query: { fields: true },
      answer: (person, ctx, grant) => {
        const names = ctx.query.get('fields').split(',');
        const short = names.find(n => scoped[n] && !grant.scopes.includes(scoped[n]));
        if (short) return { data: {}, error: { code: 'scope_not_authorized', message: `The user did not authorize the scope required for ${short}`,
          log_id: '2026112219' } };
        return { data: { user: picked(person, ctx.query.get('fields'), fields) }, error: { code: 'ok', message: '', log_id: '20261122190000010' } };
      },
      refuses: (ctx, r) => ({ status: r.code === 'invalid_token' ? 401 : 200,
        body: { data: {}, error: { code: { invalid_token: 'access_token_invalid', insufficient_scope: 'scope_not_authorized' }[r.code] ?? 'invalid_params',
          message: r.why, log_id: '20261122190000011' } } }),
    },
  },
  refresh: { rotates: 'always' },
  limits: { status: 429, headers: () => ({}),
    body: () => ({ data: {}, error: { code: 'rate_limit_exceeded', message: 'The API rate limit was exceeded.', log_id: '2026' } }) },
  // the token endpoint refuses with status 200
  refuses: (ctx, r) => ({ status: 200, body: { error: r.code, error_description: r.why, log_id: '20261122190000012' } }),
};
