// Twitch's OpenID Connect: the claims parameter decides what the identity token says; scope is an array; the API wants Client-Id.
export default {
  id: 'twitch', name: 'Twitch',
  client: { id: 'hof5gwx0su6owfnys0nyan9c87zr6t', secret: 'tw0123456789abcdefghijklmnopqr' },
  person: { sub: '44322889', username: 'AdaPlays', login: 'adaplays', email: 'ada@twitch.example', picture: 'https://static-cdn.jtvnw.example/ada-300x300.png' },
  expect: { subject: '44322889', username: 'AdaPlays', name: 'AdaPlays', email: 'ada@twitch.example', email_verified: true,
    picture: 'https://static-cdn.jtvnw.example/ada-300x300.png',
    profile_url: 'https://www.twitch.tv/adaplays' },
  identity: {
    algorithms: ['RS256'], kid: '1', issuer: () => 'https://id.twitch.tv/oauth2', at_hash: false,
    claims: (person, grant, p) => {
      const all = { email: grant.scopes.includes('user:read:email') ? person.email : undefined,
        email_verified: grant.scopes.includes('user:read:email') ? true : undefined, picture: person.picture,
        preferred_username: person.username };
      const asked = JSON.parse(grant.asked.claims ?? '{}').id_token ?? {};
      return { azp: p.client.id, ...Object.fromEntries(Object.keys(asked).map(n => [n, all[n]]).filter(([, v]) => v !== undefined)) };
    },
    metadata: { scopes_supported: ['openid'], response_types_supported: ['id_token', 'code', 'token', 'code id_token', 'token id_token'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      claims_parameter_supported: true, claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'email', 'email_verified', 'picture', 'preferred_username',
        'updated_at'] },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://id.twitch.tv/oauth2/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://id.twitch.tv/oauth2/keys' },
    authorize: {
      kind: 'authorize', url: 'https://id.twitch.tv/oauth2/authorize', nonce: 'wanted', scope: { known: ['openid', 'user:read:email'], must: ['openid'] },
      may: { force_verify: 'true', claims: v => { try { const c = JSON.parse(v); return Object.keys(c).every(k => k === 'id_token' || k === 'userinfo') ? undefined : 'has other members'; } catch { return 'is no JSON'; } } },
      adds: grant => ({ scope: grant.scopes.join(' ') }), denied: () => ({ error: 'access_denied', error_description: 'The user denied you access' }),
    },
    token: { kind: 'token', url: 'https://id.twitch.tv/oauth2/token', auth: ['post'], lives: 14124,
      answer: x => ({ access_token: x.access, expires_in: x.lives, id_token: x.identity, refresh_token: x.refresh, scope: x.grant.scopes, token_type: 'bearer' }) },
    profile: { kind: 'api', url: 'https://id.twitch.tv/oauth2/userinfo', scope: 'openid',
      answer: (p, ctx) => ({ aud: ctx.p.client.id, iss: 'https://id.twitch.tv/oauth2', sub: p.sub, preferred_username: p.username }) },
    helix: {
      kind: 'api', url: 'https://api.twitch.tv/helix/users',
      headers: { 'client-id': 'hof5gwx0su6owfnys0nyan9c87zr6t' },
      answer: p => ({ data: [{ id: p.sub, login: p.login, display_name: p.username, type: '', broadcaster_type: '', description: '',
        profile_image_url: p.picture, created_at: '2013-06-03T19:12:02Z' }] }),
    },
    revoke: { kind: 'revoke', url: 'https://id.twitch.tv/oauth2/revoke', needs: { client_id: 'hof5gwx0su6owfnys0nyan9c87zr6t' }, unknown: true },
  },
  refresh: { rotates: 'never' },
  refuses: (ctx, r) => {
    const status = { invalid_token: 401, invalid_client: 403 }[r.code] ?? 400;
    return { status, body: { status, message: r.why, ...(ctx.at.kind === 'api' ? { error: 'Unauthorized' } : {}) } };
  },
  limits: { status: 429, headers: now => ({ 'ratelimit-limit': '800', 'ratelimit-remaining': '0', 'ratelimit-reset': String(now + 30) }),
    body: () => ({ error: 'Too Many Requests', status: 429, message: 'Too Many Requests' }) },
};
