// Spotify Web API: users by id, the mail is what the person typed in.
import { usual } from '../grants.mjs';

export default {
  id: 'spotify', name: 'Spotify',
  client: { id: 'sp0123456789abcdef0123456789abcd', secret: 'spsecret0123456789abcdef01234567' },
  person: { sub: '31l77y2al5lnn7mxfrmd4bpfhqke', name: 'Ada Lovelace', email: 'ada@spotify.example', picture: 'https://i.scdn.example/image/ada' },
  expect: { subject: '31l77y2al5lnn7mxfrmd4bpfhqke', username: '31l77y2al5lnn7mxfrmd4bpfhqke', name: 'Ada Lovelace', email: 'ada@spotify.example',
    email_verified: false,
    picture: 'https://i.scdn.example/image/ada', profile_url: 'https://open.spotify.com/user/31l77y2al5lnn7mxfrmd4bpfhqke' },
  accessToken: r => `BQ${r}`, refreshToken: r => `AQ${r}`,
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://accounts.spotify.com/authorize', pkce: 'offered',
      scope: { known: ['user-read-email', 'user-read-private'], must: ['user-read-email'] }, may: { show_dialog: /^(true|false)$/ },
      redirect: uri => /^https:\/\/|^http:\/\/(127\.0\.0\.1|\[::1\])[:/]/.test(uri) ? undefined : 'neither https nor an IP address of loopback',
        denied: () => ({ error: 'access_denied' }) },
    token: { kind: 'token', url: 'https://accounts.spotify.com/api/token', auth: ['basic', 'post'], lives: 3600, answer: usual() },
    profile: { kind: 'api', url: 'https://api.spotify.com/v1/me', scope: 'user-read-email',
      answer: p => ({ display_name: p.name, external_urls: { spotify: `https://open.spotify.com/user/${p.sub}` },
        href: `https://api.spotify.com/v1/users/${p.sub}`, id: p.sub, type: 'user', uri: `spotify:user:${p.sub}`,
        images: p.picture ? [{ url: p.picture, height: 300, width: 300 }, { url: `${p.picture}-small`, height: 64, width: 64 }] : [], email: p.email,
          followers: { href: null, total: 0 } }),
      refuses: (ctx, r) => ({ status: r.code === 'invalid_token' ? 401 : 403,
        body: { error: { status: r.code === 'invalid_token' ? 401 : 403, message: r.why } } }) },
  },
  refresh: { rotates: 'never' },
  limits: { status: 429, headers: () => ({ 'retry-after': '12' }), body: () => ({ error: { status: 429, message: 'API rate limit exceeded' } }) },
};
