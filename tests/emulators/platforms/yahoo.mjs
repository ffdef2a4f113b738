// Yahoo's OpenID Connect: Basic only, ES256, no PKCE from confidential clients, metadata with "token_revocation_endpoint".
import { usual } from '../grants.mjs';

const claims = p => ({ email: p.email, email_verified: true, name: p.name, given_name: p.given, family_name: p.family, locale: 'en-US', picture: p.picture,
  nickname: p.username });

export default {
  id: 'yahoo', name: 'Yahoo',
  client: { id: 'dj0yJmk9abcdefghijklmnop--', secret: 'ya0123456789abcdef0123456789abcdef012345' },
  person: { sub: 'JABBZR5YAHOOEXAMPLEGUID1234', username: 'ada', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', email: 'ada@yahoo.example',
    picture: 'https://s.yimg.example/ada.png' },
  expect: { subject: 'JABBZR5YAHOOEXAMPLEGUID1234', username: 'ada', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace',
    email: 'ada@yahoo.example', email_verified: true,
    picture: 'https://s.yimg.example/ada.png', locale: 'en-US' },
  identity: {
    algorithms: ['ES256', 'RS256'], kid: '3466d51f7dd0c780565688c183921816c45889ad', issuer: () => 'https://api.login.yahoo.com',
      claims: person => ({ ...claims(person), auth_time: Math.floor(Date.now() / 1000) - 3, expires_in: 3600 }),
    metadata: { revocation_endpoint: undefined, token_revocation_endpoint: 'https://api.login.yahoo.com/oauth2/revoke',
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      scopes_supported: ['openid', 'profile', 'email'], response_modes_supported: ['query'] },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: 'https://api.login.yahoo.com/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: 'https://api.login.yahoo.com/openid/v1/certs' },
    authorize: { kind: 'authorize', url: 'https://api.login.yahoo.com/oauth2/request_auth', nonce: 'wanted',
      scope: { known: ['openid', 'profile', 'email'], must: ['openid'] }, may: { language: true, prompt: 'login' },
      denied: () => ({ error: 'access_denied' }) },
    token: { kind: 'token', url: 'https://api.login.yahoo.com/oauth2/get_token', auth: ['basic'], lives: 3600,
      answer: usual(() => ({ token_type: 'bearer', scope: undefined })) },
    profile: { kind: 'api', url: 'https://api.login.yahoo.com/openid/v1/userinfo', scope: 'openid', answer: p => ({ sub: p.sub, ...claims(p) }) },
    revoke: { kind: 'revoke', url: 'https://api.login.yahoo.com/oauth2/revoke', auth: ['basic'], answer: () => ({}) },
  },
  refresh: { rotates: 'never', may: { redirect_uri: true } },
  limits: { status: 429, headers: () => ({}), body: () => ({ error: 'rate_limited', error_description: 'Too many requests' }) },
};
