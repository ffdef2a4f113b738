// Keycloak: the realm is the issuer; answers name their issuer (RFC 9207); short tokens.
import { standard } from './standard.mjs';

const person = { sub: 'f1b2c3d4-0a1b-4c2d-8e3f-405162738495', username: 'ada', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace',
  email: 'ada@keycloak.example' };

export default standard('keycloak', 'Keycloak', {
  settings: { realm: 'https://sso.engines.example/realms/main' },
  client: { id: 'vestibule-kc', secret: 'kc0123456789abcdefghijklmnopqrst' },
  person,
  expect: { subject: person.sub, username: 'ada', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', email: 'ada@keycloak.example',
    email_verified: true, locale: 'en-GB' },
  issuer: p => p.settings.realm, lives: 300, algorithms: ['PS256', 'RS256'], metadata: { authorization_response_iss_parameter_supported: true },
  endpoints: { discovery: '{realm}/.well-known/openid-configuration', jwks: '{realm}/protocol/openid-connect/certs',
    authorize: '{realm}/protocol/openid-connect/auth', token: '{realm}/protocol/openid-connect/token',
    profile: '{realm}/protocol/openid-connect/userinfo', revoke: '{realm}/protocol/openid-connect/revoke', end_session: '{realm}/protocol/openid-connect/logout' },
  authorize: { may: { kc_idp_hint: true, prompt: true, login_hint: true, ui_locales: true, acr_values: true } },
});
