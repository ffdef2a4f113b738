// Threads API: as Instagram's login, with its own hosts and names; ids of 64 bits as numbers in the token answer.
import { picked } from '../api.mjs';
import { flatError, graphError, limits } from './meta.mjs';

const fields = { id: p => p.sub, username: p => p.username, name: p => p.name, threads_profile_picture_url: p => p.picture,
  threads_biography: () => 'Engines.', is_verified: () => false };
const long = x => ({ access_token: x.access, token_type: 'bearer', expires_in: x.lives });

export default {
  id: 'threads', name: 'Threads',
  client: { id: '770102030405060', secret: 'th0123456789abcdef0123456789abcd' },
  person: { sub: '9123456789012345678', username: 'ada.threads', name: 'Ada L.', picture: 'https://scontent.cdninstagram.example/threads/ada.jpg' },
  expect: { subject: '9123456789012345678', username: 'ada.threads', name: 'Ada L.', email_verified: false,
    picture: 'https://scontent.cdninstagram.example/threads/ada.jpg',
    profile_url: 'https://www.threads.com/@ada.threads' },
  accessToken: r => `TH${r}`,
  endpoints: {
    authorize: {
      kind: 'authorize', url: 'https://threads.com/oauth/authorize',
        scope: { separator: ',', known: ['threads_basic', 'threads_content_publish'], must: ['threads_basic'] },
      fragment: '#_', code: r => `AQ${r}`,
      denied: () => ({ error: 'access_denied', error_reason: 'user_denied', error_description: 'The user denied your request' }),
    },
    token: {
      kind: 'token', url: 'https://graph.threads.net/oauth/access_token', auth: ['post'], lives: 3600,
      answer: x => ({ access_token: x.access, user_id: BigInt(x.grant.person.sub) }),
      refuses: flatError,
    },
    exchange: { kind: 'exchange', url: 'https://graph.threads.net/access_token', method: ['GET'], grant_type: 'th_exchange_token', field: 'access_token',
      secret: 'client_secret',
      from: 'short', lives: 5184000, answer: long },
    refresh: { kind: 'exchange', url: 'https://graph.threads.net/refresh_access_token', method: ['GET'], grant_type: 'th_refresh_token', field: 'access_token',
      from: 'long', least: 86400, lives: 5184000, answer: long },
    profile: {
      kind: 'api', url: 'https://graph.threads.net/v1.0/me', token: 'query', query: { fields: true },
        may: ctx => ctx.query.has('appsecret_proof') ? { appsecret_proof: true } : {},
      answer: (person, ctx) => ({ ...picked(person, ctx.query.get('fields'), fields), id: person.sub }),
    },
  },
  limits, refuses: graphError,
};
