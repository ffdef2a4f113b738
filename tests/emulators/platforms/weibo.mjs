// Weibo: uid comes with the token and is asked for again, ids of 64 bits as numbers beside their text.
export default {
  id: 'weibo', name: 'Weibo',
  client: { id: '1234567891', secret: 'wb0123456789abcdef0123456789abcd' },
  person: { sub: '9007199254740999', name: '艾达洛芙莱斯', username: '艾达', picture: 'https://tvax1.sinaimg.example/crop.0.0.996.996.180/ada.jpg' },
  expect: { subject: '9007199254740999', name: '艾达洛芙莱斯', username: '艾达', email_verified: false,
    picture: 'https://tvax1.sinaimg.example/crop.0.0.996.996.180/ada.jpg', locale: 'zh-cn',
    profile_url: 'https://weibo.com/u/9007199254740999' },
  accessToken: r => `2.00${r}`,
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://api.weibo.com/oauth2/authorize',
      scope: { separator: ',', known: ['email', 'follow_app_official_microblog'], must: [] },
      may: { forcelogin: 'true', language: 'en', display: /^(default|mobile)$/ },
      denied: () => ({ error_uri: '/oauth2/authorize', error: 'access_denied', error_description: 'user denied your request.', error_code: '21330' }) },
    token: { kind: 'token', url: 'https://api.weibo.com/oauth2/access_token', auth: ['post', 'basic'], lives: 157679999,
      answer: x => ({ access_token: x.access, remind_in: String(x.lives), expires_in: x.lives, uid: x.grant.person.sub, isRealName: 'true' }),
      refuses: (ctx, r) => ({ status: 400, body: { error: r.code, error_code: 21325, request: '/oauth2/access_token', error_uri: '/oauth2/access_token',
        error_description: r.why } }) },
    profile: { kind: 'api', url: 'https://api.weibo.com/2/users/show.json', token: 'query', query: (ctx, known) => ({ uid: known.grant.person.sub }),
      answer: p => ({ id: BigInt(p.sub), idstr: p.sub, screen_name: p.name, name: p.username, lang: 'zh-cn', avatar_large: p.picture,
        profile_image_url: `${p.picture}?s`, verified: false, gender: 'f' }),
      refuses: (ctx, r) => ({ status: 403, body: { error: r.why, error_code: r.code === 'invalid_token' ? 21332 : 10017, request: '/2/users/show.json' } }) },
    revoke: { kind: 'own', url: 'https://api.weibo.com/oauth2/revokeoauth2',
      handle(ctx) {
        const known = ctx.p.tokens.get(ctx.query.get('access_token'));
        if (known) { ctx.p.endGrant(known.grant); ctx.p.revoked.push(ctx.query.get('access_token')); }
        return { body: { result: known ? 'true' : 'false' } };
      } },
  },
  limits: { status: 403, headers: () => ({}), body: () => ({ error: 'User requests out of rate limit!', error_code: 10023, request: '/2/users/show.json' }) },
};
