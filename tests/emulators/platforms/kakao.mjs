// Kakao Login: OpenID Connect beside an API of its own, v2/user/me, whose ids are numbers of 64 bits and whose mail has two flags.
import { oneOf } from '../strict.mjs';
import { usual } from '../grants.mjs';

const names = ['openid', 'account_email', 'profile_nickname', 'profile_image'];

export default {
  id: 'kakao', name: 'Kakao',
  client: { id: 'ka0123456789abcdef0123456789abcd', secret: 'kaSecret0123456789abcdefghijklmn' },
  person: { sub: '9007199254740997', name: '김에이다', email: 'ada@kakao.example', picture: 'https://k.kakaocdn.example/dn/ada/img_640x640.jpg' },
  expect: { subject: '9007199254740997', name: '김에이다', email: 'ada@kakao.example', email_verified: true,
    picture: 'https://k.kakaocdn.example/dn/ada/img_640x640.jpg' },
  identity: {
    algorithms: ['RS256'], kid: '3f96980381e451efad0d2ddd30e3d3', issuer: () => 'https://kauth.kakao.com', at_hash: false, lives: 21600,
    claims: person => ({ auth_time: Math.floor(Date.now() / 1000), nickname: person.name, picture: person.picture, email: person.email }),
    metadata: { code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_post'],
      userinfo_endpoint: 'https://kapi.kakao.com/v1/oidc/userinfo' },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://kauth.kakao.com/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://kauth.kakao.com/.well-known/jwks.json' },
    authorize: { kind: 'authorize', url: 'https://kauth.kakao.com/oauth/authorize', pkce: 'offered', nonce: 'wanted',
      scope: { separator: ',', known: names, must: ['openid'] },
      may: { prompt: oneOf('login', 'none', 'create', 'select_account'), login_hint: true },
        denied: () => ({ error: 'access_denied', error_description: 'User denied access' }) },
    token: { kind: 'token', url: 'https://kauth.kakao.com/oauth/token', auth: ['post'], lives: 21599,
      answer: usual(x => ({ token_type: 'bearer', scope: x.grant.scopes.join(' '), refresh_token_expires_in: 5183999 })),
      refuses: (ctx, r) => ({ status: r.code === 'invalid_client' ? 401 : 400,
        body: { error: r.code, error_description: r.why, error_code: r.code === 'invalid_grant' ? 'KOE320' : 'KOE101' } }) },
    userinfo: { kind: 'api', url: 'https://kapi.kakao.com/v1/oidc/userinfo', scope: 'openid',
      answer: p => ({ sub: p.sub, nickname: p.name, picture: p.picture, email: p.email, email_verified: true }) },
    profile: { kind: 'api', url: 'https://kapi.kakao.com/v2/user/me', may: { secure_resource: /^(true|false)$/, property_keys: true },
      answer: (p, ctx, grant) => ({ id: BigInt(p.sub), connected_at: '2022-04-11T01:45:28Z', kakao_account: {
        ...(grant.scopes.includes('profile_nickname') ? { profile: { nickname: p.name,
          ...(grant.scopes.includes('profile_image') ? { thumbnail_image_url: `${p.picture}-s`, profile_image_url: p.picture } : {}) } } : {}),
        ...(grant.scopes.includes('account_email') ? { email_needs_agreement: false, has_email: true, is_email_valid: p.valid ?? true,
          is_email_verified: p.verified ?? true, email: p.email } : {}) } }),
      refuses: (ctx, r) => ({ status: r.code === 'invalid_token' ? 401 : 400, body: { msg: r.why, code: r.code === 'invalid_token' ? -401 : -2 } }) },
    // Logout ends the tokens, unlink takes the app away from the person: the first is what a sign-out means.
    revoke: { kind: 'api', url: 'https://kapi.kakao.com/v1/user/logout', method: ['POST'],
      answer: (p, ctx, grant) => { ctx.p.endGrant(grant); ctx.p.revoked.push(ctx.access); return { id: BigInt(p.sub) }; } },
    unlink: { kind: 'api', url: 'https://kapi.kakao.com/v1/user/unlink', method: ['POST'],
      answer: (p, ctx, grant) => { ctx.p.endGrant(grant); ctx.p.revoked.push(ctx.access); return { id: BigInt(p.sub) }; } },
    end_session: { kind: 'own', browser: true, url: 'https://kauth.kakao.com/oauth/logout', handle: () => ({ type: 'text/html', body: 'bye' }) },
  },
  refresh: { rotates: 'never' },
  limits: { status: 429, headers: () => ({}), body: () => ({ msg: 'API limit has been exceeded.', code: -10 }) },
};
