// Microsoft identity platform v2.0: metadata with "{tenantid}" in its issuer, tokens with the tenant's own, keys without an algorithm.
import { usual } from '../grants.mjs';

export const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad';
const work = 'b9419818-09af-49c2-b0c3-653adc1f376e';

export default {
  id: 'microsoft', name: 'Microsoft',
  settings: { authority: 'https://login.microsoftonline.com', tenant: 'common' },
  client: { id: '6731de76-14a6-49ae-97bc-6eba6914391e', secret: 'ms~8Q~0123456789abcdefghijklmnopqrstuv' },
  person: { sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ', tid: work, oid: '00000000-0000-0000-66f3-3332eca7ea81', name: 'Ada Lovelace', given: 'Ada',
    family: 'Lovelace',
    email: 'ada@microsoft.example', username: 'ada@engines.onmicrosoft.example' },
  // no xms_edov: nothing proves the address
  expect: { subject: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace',
    email: 'ada@microsoft.example', email_verified: false,
    username: 'ada@engines.onmicrosoft.example' },
  identity: {
    algorithms: ['RS256'], kid: 'H9nj5AOSswMphg1SFx7jaV-lB9w',
    // what the documents say: a template for common, organizations and consumers; the tenant itself for one tenant
    published: p => /^(common|organizations|consumers)$/.test(p.settings.tenant) ? `${p.settings.authority}/{tenantid}/v2.0` : `${p.settings.authority}/${p.settings.tenant}/v2.0`,
    issuer: (p, person) => `${p.settings.authority}/${person.tid}/v2.0`,
    claims: person => ({ tid: person.tid, oid: person.oid, ver: '2.0', rh: '0.', uti: 'x', nbf: Math.floor(Date.now() / 1000) - 300, name: person.name,
      given_name: person.given,
      family_name: person.family, preferred_username: person.username, email: person.email, ...(person.edov === undefined ? {} : { xms_edov: person.edov }) }),
    jwk: (p, k) => ({ alg: undefined, x5t: k.kid, issuer: `${p.settings.authority}/{tenantid}/v2.0` }),
    metadata: { token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'], subject_types_supported: ['pairwise'],
        scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      frontchannel_logout_supported: true, http_logout_supported: true, claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'tid', 'email'] },
  },
  endpoints: {
    discovery: { kind: 'discovery', url: '{authority}/{tenant}/v2.0/.well-known/openid-configuration' },
    jwks: { kind: 'jwks', url: '{authority}/{tenant}/discovery/v2.0/keys' },
    authorize: {
      kind: 'authorize', url: '{authority}/{tenant}/oauth2/v2.0/authorize', pkce: 'offered', nonce: 'wanted',
      scope: { known: ['openid', 'profile', 'email', 'offline_access', 'User.Read'], must: ['openid'] },
      may: { response_mode: 'query', prompt: /^(login|none|consent|select_account)$/, domain_hint: true, login_hint: true },
      code: r => `1.AXoA${r}`, adds: () => ({ session_state: '0f4a5d1c-36a7-4a6c-94c3-70b0c3a4e0aa' }),
      denied: () => ({ error: 'access_denied', error_description: 'AADSTS65004: User declined to consent to access the app.' }),
    },
    token: {
      kind: 'token', url: '{authority}/{tenant}/oauth2/v2.0/token', auth: ['post', 'basic'], lives: 3599, may: { scope: true },
      answer: usual(x => ({ ext_expires_in: 3599, scope: x.grant.scopes.filter(s => s !== 'offline_access').join(' ') })),
      refuses: (ctx, r, usual_) => {
        const said = usual_(ctx, r);
        said.body = { ...said.body, error_description: `AADSTS70000: ${r.why}`, error_codes: [70000], timestamp: '2026-11-22 19:00:00Z', trace_id: 'x',
          correlation_id: 'y' };
        return said;
      },
    },
    profile: { kind: 'api', url: 'https://graph.microsoft.com/oidc/userinfo', scope: 'openid',
      answer: p => ({ sub: p.sub, name: p.name, given_name: p.given, family_name: p.family, picture: 'https://graph.microsoft.com/v1.0/me/photo/$value',
        email: p.email }) },
    end_session: { kind: 'own', browser: true, url: '{authority}/{tenant}/oauth2/v2.0/logout',
      handle: () => ({ type: 'text/html', body: 'You signed out of your account' }) },
  },
  refresh: { rotates: 'keeps', only: grant => grant.scopes.includes('offline_access'), may: { scope: true } },
  limits: { status: 429, headers: () => ({ 'retry-after': '20' }), body: () => ({ error: { code: 'TooManyRequests', message: 'Please retry again later.' } }) },
};
