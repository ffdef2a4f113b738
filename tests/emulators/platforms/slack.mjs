// Sign in with Slack (OpenID Connect): every answer has "ok", errors come with status 200, claim names are addresses.
const claims = p => ({ 'https://slack.com/user_id': p.sub, 'https://slack.com/team_id': p.team, email: p.email, email_verified: true, name: p.name,
  given_name: p.given, family_name: p.family,
  picture: p.picture, locale: 'en-US', 'https://slack.com/team_name': 'Engines', 'https://slack.com/team_domain': 'engines' });

export default {
  id: 'slack', name: 'Slack',
  client: { id: '25336812096.3287654321098', secret: 'sl0123456789abcdef0123456789abcd' },
  person: { sub: 'U0R7MFMJM', team: 'T0R7GR234', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', email: 'ada@slack.example',
    picture: 'https://secure.gravatar.example/avatar/ada.jpg' },
  expect: { subject: 'U0R7MFMJM', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', email: 'ada@slack.example', email_verified: true,
    picture: 'https://secure.gravatar.example/avatar/ada.jpg', locale: 'en-US' },
  identity: {
    algorithms: ['RS256'], issuer: () => 'https://slack.com', at_hash: true,
    claims: p => ({ ...claims(p), auth_time: Math.floor(Date.now() / 1000), date_email_verified: 1622128723 }),
    metadata: { scopes_supported: ['openid', 'profile', 'email'], response_modes_supported: ['form_post'], claims_supported: ['sub', 'auth_time', 'iss'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'] },
  },
  accessToken: r => `xoxp-${r}`, refreshToken: r => `xoxe-1-${r}`,
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://slack.com/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://slack.com/openid/connect/keys' },
    authorize: { kind: 'authorize', url: 'https://slack.com/openid/connect/authorize', nonce: 'wanted', pkce: 'offered',
      scope: { known: ['openid', 'profile', 'email'], must: ['openid'] }, may: { team: true },
      denied: () => ({ error: 'access_denied' }) },
    token: { kind: 'token', url: 'https://slack.com/api/openid.connect.token', auth: ['post', 'basic'],
      answer: x => ({ ok: true, access_token: x.access, token_type: 'Bearer', id_token: x.identity,
        ...(x.p.settings.rotation ? { expires_in: 43200, refresh_token: x.refresh } : {}) }) },
    profile: { kind: 'api', url: 'https://slack.com/api/openid.connect.userInfo', scope: 'openid', answer: p => ({ ok: true, sub: p.sub, ...claims(p) }) },
    revoke: { kind: 'api', url: 'https://slack.com/api/auth.revoke', method: ['POST'],
      answer: (p, ctx, grant) => { ctx.p.endGrant(grant); ctx.p.revoked.push(ctx.access); return { ok: true, revoked: true }; } },
  },
  refresh: { rotates: 'always', only: () => true },
  refuses: (ctx, r) => ({ status: 200, body: { ok: false,
    error: { invalid_grant: 'invalid_code', invalid_client: 'bad_client_secret', invalid_token: 'invalid_auth',
    insufficient_scope: 'missing_scope' }[r.code] ?? 'invalid_arguments',
    response_metadata: { messages: [`[ERROR] ${r.why}`] } } }),
  limits: { status: 429, headers: () => ({ 'retry-after': '30' }), body: () => ({ ok: false, error: 'ratelimited' }) },
};
