// Reddit OAuth 2.0: Basic only, a User-Agent of one's own or 429, icon with HTML entities in its query.
import { usual } from '../grants.mjs';

// Generic agents are turned away.
const agent = { 'user-agent': v => v === '' || /^(curl|libcurl|python|node|Mozilla)/i.test(v) ? `"${v}" is a generic one` : undefined };

export default {
  id: 'reddit', name: 'Reddit',
  client: { id: 'p-jcoLKBynTLew', secret: 'gko_LXELoV07ZBNUXrvWZfzE3aI' },
  person: { sub: '2kc7zq', username: 'ada_l', title: 'Ada on Engines',
    icon: 'https://styles.redditmedia.example/t5_1/styles/profileIcon_ada.png?width=256&amp;height=256&amp;crop=256:256' },
  expect: { subject: '2kc7zq', username: 'ada_l', name: 'Ada on Engines', email_verified: false,
    picture: 'https://styles.redditmedia.example/t5_1/styles/profileIcon_ada.png',
    profile_url: 'https://www.reddit.com/user/ada_l' },
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://www.reddit.com/api/v1/authorize',
      scope: { known: ['identity', 'read', 'mysubreddits'], must: ['identity'] }, may: { duration: /^(temporary|permanent)$/ },
      fragment: '#_', denied: () => ({ error: 'access_denied' }) },
    token: { kind: 'token', url: 'https://www.reddit.com/api/v1/access_token', auth: ['basic'], headers: agent, lives: 86400,
      answer: usual(() => ({ token_type: 'bearer' })),
      refuses: (ctx, r) => r.header ? { status: 429, body: { message: 'Too Many Requests', error: 429 } } : r.code === 'invalid_client' ? { status: 401,
        body: { message: 'Unauthorized', error: 401 } }
        : { status: 200, body: { error: r.code === 'invalid_request' ? r.why : r.code } } },
    profile: { kind: 'api', url: 'https://oauth.reddit.com/api/v1/me', headers: agent, scope: 'identity', may: { raw_json: '1' },
      answer: p => ({ id: p.sub, name: p.username, icon_img: p.icon,
        subreddit: { title: p.title, display_name: `u_${p.username}`, url: `/user/${p.username}/` }, has_verified_email: true, over_18: false,
        created: 1427123456.0 }),
      refuses: (ctx, r) => r.header ? { status: 429, body: { message: 'Too Many Requests', error: 429 } } : { status: 401,
        body: { message: 'Unauthorized', error: 401 } } },
    revoke: { kind: 'revoke', url: 'https://www.reddit.com/api/v1/revoke_token', auth: ['basic'], status: 204 },
  },
  refresh: { rotates: 'never', only: grant => grant.asked.duration === 'permanent' },
  limits: { status: 429, headers: () => ({ 'x-ratelimit-used': '600.0', 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': '42' }),
    body: () => ({ message: 'Too Many Requests', error: 429 }),
    now: () => ({ 'x-ratelimit-used': '1', 'x-ratelimit-remaining': '599.0', 'x-ratelimit-reset': '300' }) },
};
