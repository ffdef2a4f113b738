// GitLab as an OpenID provider: id_token with the mail, groups and the rest only at userinfo; refresh tokens rotate.
import { usual } from '../grants.mjs';

const base = p => p.fill('{base}');

export default {
  id: 'gitlab', name: 'GitLab',
  settings: { base: 'https://gitlab.com' },
  client: { id: 'gl0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd', secret: 'gloas-gl0123456789abcdef0123456789abcdef' },
  person: { sub: '1837265', username: 'ada', name: 'Ada Lovelace', email: 'ada@gitlab.example',
    picture: 'https://gitlab.example/uploads/-/system/user/avatar/1/ada.png', groups: ['engines', 'engines/notes'] },
  expect: { subject: '1837265', username: 'ada', name: 'Ada Lovelace', email: 'ada@gitlab.example', email_verified: true,
    picture: 'https://gitlab.example/uploads/-/system/user/avatar/1/ada.png', profile_url: 'https://gitlab.com/ada' },
  identity: {
    algorithms: ['RS256'], issuer: base,
    claims: person => ({ sub_legacy: 'a'.repeat(64), auth_time: 1700000000, email: person.email, email_verified: true, groups_direct: person.groups }),
    metadata: { code_challenge_methods_supported: ['plain', 'S256'], token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      scopes_supported: ['openid', 'profile', 'email', 'read_user', 'api'] },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: '{base}/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: '{base}/oauth/discovery/keys' },
    authorize: { kind: 'authorize', url: '{base}/oauth/authorize', pkce: 'offered', nonce: 'wanted',
      scope: { known: ['openid', 'profile', 'email', 'read_user', 'read_api'], must: ['openid'] },
      denied: () => ({ error: 'access_denied', error_description: 'The resource owner or authorization server denied the request.' }) },
    token: { kind: 'token', url: '{base}/oauth/token', auth: ['basic', 'post'], lives: 7200, answer: usual(() => ({ created_at: Math.floor(Date.now() / 1000) })) },
    profile: { kind: 'api', url: '{base}/oauth/userinfo', scope: 'openid',
      answer: (p, ctx) => ({ sub: p.sub, name: p.name, nickname: p.username, preferred_username: p.username, email: p.email, email_verified: true,
        profile: `${base(ctx.p)}/${p.username}`,
        picture: p.picture, groups: p.groups }) },
    revoke: { kind: 'revoke', url: '{base}/oauth/revoke', auth: ['basic', 'post'], answer: () => ({}) },
  },
  refresh: { rotates: 'always', may: { redirect_uri: true } },
  limits: { status: 429, headers: now => ({ 'ratelimit-limit': '60', 'ratelimit-remaining': '0', 'ratelimit-reset': String(now + 60),
    'retry-after': '60' }), body: () => ({ message: { error: 'Too Many Requests' } }) },
};
