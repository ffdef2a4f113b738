// Bitbucket Cloud: Basic only, "scopes" in the answer, addresses at a second address.
export default {
  id: 'bitbucket', name: 'Bitbucket',
  client: { id: 'Bb0123456789abcdef', secret: 'bb0123456789abcdefghijklmnopqrst' },
  person: { sub: '{c788b2da-b7a2-404c-9e26-d3f077557007}', account: '557058:c0e72ad0', username: 'ada_bb', name: 'Ada Lovelace', email: 'ada@bitbucket.example', picture: 'https://bitbucket.example/account/ada/avatar/' },
  expect: { subject: '{c788b2da-b7a2-404c-9e26-d3f077557007}', username: 'ada_bb', name: 'Ada Lovelace', email: 'ada@bitbucket.example', email_verified: true,
    picture: 'https://bitbucket.example/account/ada/avatar/', profile_url: 'https://bitbucket.org/%7Bc788b2da-b7a2-404c-9e26-d3f077557007%7D/' },
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://bitbucket.org/site/oauth2/authorize', scope: { known: ['account', 'email'], must: [] }, denied: () => ({ error: 'access_denied', error_description: 'The user denied access' }) },
    token: { kind: 'token', url: 'https://bitbucket.org/site/oauth2/access_token', auth: ['basic'], lives: 7200,
      answer: x => ({ scopes: x.grant.scopes.join(' '), access_token: x.access, expires_in: x.lives, token_type: 'bearer', state: 'authorization_code', refresh_token: x.refresh }) },
    profile: { kind: 'api', url: 'https://api.bitbucket.org/2.0/user', scope: 'account',
      answer: p => ({ type: 'user', uuid: p.sub, account_id: p.account, username: p.username, nickname: p.username, display_name: p.name, account_status: 'active',
        links: { self: { href: 'https://api.bitbucket.org/2.0/users/x' }, html: { href: `https://bitbucket.org/${encodeURIComponent(p.sub)}/` }, avatar: { href: p.picture } } }) },
    emails: { kind: 'api', url: 'https://api.bitbucket.org/2.0/user/emails', scope: 'email',
      answer: p => ({ pagelen: 10, page: 1, size: 2, values: [{ type: 'email', email: 'second@bitbucket.example', is_primary: false, is_confirmed: false }, { type: 'email', email: p.email, is_primary: true, is_confirmed: true }] }) },
  },
  refresh: { rotates: 'never' },
  refuses: (ctx, r, usual) => ctx.at.kind === 'api' ? { status: r.code === 'insufficient_scope' ? 403 : 401, body: { type: 'error', error: { message: r.why } } } : usual(ctx, r),
  limits: { status: 429, headers: () => ({}), body: () => ({ type: 'error', error: { message: 'Rate limit for this resource has been exceeded' } }) },
};
