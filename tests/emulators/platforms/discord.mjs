// Discord OAuth 2.0: forms only, spaces as %20, users/@me; refresh tokens rotate.
import { usual } from '../grants.mjs';

export default {
  id: 'discord', name: 'Discord',
  client: { id: '157730590492196864', secret: 'dc-0123456789abcdefghijklmnopqrs' },
  person: { sub: '80351110224678912', username: 'nelly', name: 'Nelly ❤', email: 'nelly@discord.example', avatar: '8342729096ea3675442027381ff50dfe',
    guilds: ['197038439483310086'] },
  expect: { subject: '80351110224678912', username: 'nelly', name: 'Nelly ❤', email: 'nelly@discord.example', email_verified: true,
    picture: 'https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png', locale: 'en-US' },
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://discord.com/oauth2/authorize', spaces: '%20', pkce: 'offered',
      scope: { known: ['identify', 'email', 'guilds', 'guilds.members.read'], must: ['identify'] },
      may: { prompt: /^(none|consent)$/ }, denied: () => ({ error: 'access_denied',
        error_description: 'The resource owner or authorization server denied the request' }) },
    token: { kind: 'token', url: 'https://discord.com/api/oauth2/token', auth: ['basic', 'post'], lives: 604800, answer: usual() },
    revoke: { kind: 'revoke', url: 'https://discord.com/api/oauth2/token/revoke', auth: ['basic', 'post'], answer: () => ({}) },
    profile: {
      kind: 'api', url: 'https://discord.com/api/users/@me', scope: 'identify',
      answer: (p, ctx, grant) => ({ id: p.sub, username: p.username, discriminator: '0', global_name: p.name, avatar: p.avatar, bot: false,
        mfa_enabled: true, locale: 'en-US',
        ...(grant.scopes.includes('email') ? { verified: p.verified ?? true, email: p.email } : {}), flags: 64, premium_type: 1 }),
    },
    guilds: { kind: 'api', url: 'https://discord.com/api/users/@me/guilds', scope: 'guilds', may: { limit: /^\d+$/, with_counts: /^(true|false)$/ },
      answer: p => p.guilds.map(id => ({ id, name: 'A guild', icon: null, owner: false, permissions: '36953089', features: [] })) },
  },
  refresh: { rotates: 'always' },
  refuses: (ctx, r, usual_) => ctx.at.kind === 'api' ? { status: r.code === 'invalid_token' ? 401 : 403,
    body: { message: r.why, code: r.code === 'invalid_token' ? 0 : 50001 } } : usual_(ctx, r),
  limits: {
    status: 429, headers: now => ({ 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${now + 4}.250`,
      'x-ratelimit-reset-after': '4.25', 'x-ratelimit-bucket': 'abcd1234',
      'x-ratelimit-scope': 'user', 'retry-after': '5' }),
    body: () => ({ message: 'You are being rate limited.', retry_after: 4.25, global: false }),
    now: now => ({ 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '4', 'x-ratelimit-reset': `${now + 1}.470`, 'x-ratelimit-reset-after': '1' }),
  },
};
