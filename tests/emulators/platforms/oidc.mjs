// Any OpenID Connect issuer: nothing but the standard.
import { standard } from './standard.mjs';

const person = { sub: 'ada-4711', username: 'ada', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', email: 'ada@oidc.example',
  picture: 'https://id.example/ada.png', profile: 'https://id.example/ada' };

export default standard('oidc', 'OpenID Connect', {
  settings: { issuer: 'https://id.engines.example' },
  client: { id: 'gateway', secret: 'oi0123456789abcdefghijklmnopqrstuvwxyz' },
  person,
  expect: { subject: 'ada-4711', username: 'ada', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', email: 'ada@oidc.example',
    email_verified: true, picture: 'https://id.example/ada.png', locale: 'en-GB',
    profile_url: 'https://id.example/ada' },
  issuer: p => p.settings.issuer, algorithms: ['ES256'], auth: ['basic'], methods: ['client_secret_basic'],
  endpoints: { discovery: '{issuer}/.well-known/openid-configuration', jwks: '{issuer}/keys', authorize: '{issuer}/authorize', token: '{issuer}/token',
    profile: '{issuer}/userinfo', revoke: '{issuer}/revoke',
    end_session: '{issuer}/logout' },
});
