// Pinterest API v5: Basic, scopes by comma, refresh tokens that renew themselves when asked for.
export default {
  id: 'pinterest', name: 'Pinterest',
  client: { id: '1478901', secret: 'pi0123456789abcdef0123456789abcdef012345' },
  person: { sub: '549755885175', username: 'adapins', business: 'Engines & Co', picture: 'https://i.pinimg.example/280x280/ada.jpg' },
  expect: { subject: '549755885175', username: 'adapins', name: 'Engines & Co', email_verified: false, picture: 'https://i.pinimg.example/280x280/ada.jpg', profile_url: 'https://www.pinterest.com/adapins/' },
  accessToken: r => `pina_${r}`, refreshToken: r => `pinr.${r}`,
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://www.pinterest.com/oauth/', scope: { separator: ',', known: ['user_accounts:read', 'boards:read', 'pins:read'], must: ['user_accounts:read'] }, pkce: 'offered', denied: () => ({ error: 'access_denied' }) },
    token: { kind: 'token', url: 'https://api.pinterest.com/v5/oauth/token', auth: ['basic'], lives: 2592000, may: { continuous_refresh: /^(true|false)$/ },
      answer: x => ({ response_type: 'authorization_code', access_token: x.access, token_type: 'bearer', expires_in: x.lives, scope: x.grant.scopes.join(' '), refresh_token: x.refresh, refresh_token_expires_in: 5184000 }) },
    profile: { kind: 'api', url: 'https://api.pinterest.com/v5/user_account', scope: 'user_accounts:read', may: { ad_account_id: true },
      answer: p => ({ id: p.sub, username: p.username, account_type: 'BUSINESS', profile_image: p.picture, website_url: '', business_name: p.business, board_count: 1, pin_count: 2 }) },
  },
  refresh: { rotates: 'always', may: { scope: true, continuous_refresh: true } },
  refuses: (ctx, r) => ({ status: { invalid_client: 401, invalid_token: 401, insufficient_scope: 403 }[r.code] ?? 400, body: { code: { invalid_client: 2, invalid_token: 2, invalid_grant: 283 }[r.code] ?? 1, message: r.why } }),
  limits: { status: 429, headers: () => ({ 'x-ratelimit-limit': '100, 100;w=1;name="safety_net"', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }), body: () => ({ code: 8, message: 'You have exceeded your rate limit.' }) },
};
