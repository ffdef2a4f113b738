// VK ID: PKCE instead of a secret, a device_id that comes with the callback and goes along with every token question, profile by form post.
import { oneOf } from '../strict.mjs';

const device = 'vkid-device-Qx7Zb1pLmN0sT2uV3wX4yZ5';

export default {
  id: 'vk', name: 'VK ID',
  settings: { host: 'https://id.vk.ru' },
  client: { id: '51234567' },
  person: { sub: '1234567890', given: 'Ада', family: 'Лавлейс', name: 'Ада Лавлейс', email: 'ada@vk.example',
    picture: 'https://pp.userapi.example/60tZWMo4SmwcploUVl9XEt8ufnTTvDUmQ6Bj1g/mmv1pcj63C4.png' },
  expect: { subject: '1234567890', name: 'Ада Лавлейс', given_name: 'Ада', family_name: 'Лавлейс', email: 'ada@vk.example', email_verified: false,
    picture: 'https://pp.userapi.example/60tZWMo4SmwcploUVl9XEt8ufnTTvDUmQ6Bj1g/mmv1pcj63C4.png', profile_url: 'https://vk.com/id1234567890' },
  accessToken: r => `vk2.a.${r}`, refreshToken: r => `vk2.a.r${r}`,
  endpoints: {
    authorize: { kind: 'authorize', url: '{host}/authorize', pkce: 'required', state: /^.{32,}$/s,
      scope: { known: ['vkid.personal_info', 'email', 'phone'], must: ['vkid.personal_info'] },
      may: { prompt: oneOf('login', 'consent', 'none'), lang_id: /^\d+$/, scheme: oneOf('light', 'dark') },
      adds: grant => ({ device_id: device, type: 'code_v2', expires_in: '600', ext_id: 'x' }),
        denied: () => ({ error: 'access_denied', error_description: 'User denied your request' }) },
    token: {
      kind: 'token', url: '{host}/oauth2/auth', auth: ['none'], lives: 3600, needs: { device_id: true }, may: { state: true, service_token: true },
      binds: { device_id: () => device },
      answer: x => ({ refresh_token: x.refresh, access_token: x.access, id_token: 'opaque.to.us', token_type: 'Bearer', expires_in: x.lives,
        user_id: BigInt(x.grant.person.sub), state: x.given.get('state') ?? '', scope: x.grant.scopes.join(' ') }),
      refuses: (ctx, r) => ({ status: 200, body: { error: r.code, error_description: r.why } }),
    },
    profile: { kind: 'api', url: '{host}/oauth2/user_info', method: ['POST'], token: 'form', form: { client_id: '51234567' },
      answer: (p, ctx, grant) => ({ user: { user_id: p.sub, first_name: p.given, last_name: p.family, avatar: p.picture,
        ...(grant.scopes.includes('email') ? { email: p.email } : {}), sex: 1, verified: false, birthday: '10.12.1815' } }),
      refuses: (ctx, r) => ({ status: 200, body: { error: r.code, error_description: r.why } }) },
    revoke: { kind: 'revoke', url: '{host}/oauth2/revoke', field: 'access_token', needs: { client_id: '51234567' }, answer: () => ({ response: 1 }) },
  },
  refresh: { rotates: 'always', needs: { device_id: true }, may: { state: true, scope: true }, binds: { device_id: () => device } },
  limits: { status: 200, headers: () => ({}), body: () => ({ error: { error_code: 6, error_msg: 'Too many requests per second' } }) },
};
