// YouTube: Google's sign-in with a scope of the Data API, and the channel as the profile. The person is Google's subject, whatever the channel.
import { endpoints, identity, limits, refresh, tokens } from './google.mjs';

const readonly = 'https://www.googleapis.com/auth/youtube.readonly';

export default {
  id: 'youtube', name: 'YouTube',
  client: { id: '512345678901-youtube.apps.googleusercontent.com', secret: 'GOCSPX-y0123456789abcdefghij' },
  person: { sub: '104029292853099978293', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', email: 'ada@youtube.example',
    picture: 'https://lh3.googleusercontent.example/a/ada-yt',
    channels: [{ id: 'UC_x5XG1OV2P6uZZ5FSM9Ttw', title: 'Ada & the Engine', customUrl: '@ada-engine', picture: 'https://yt3.ggpht.example/ada=s88' }] },
  expect: { subject: '104029292853099978293', name: 'Ada & the Engine', given_name: 'Ada', family_name: 'Lovelace', username: '@ada-engine',
    email: 'ada@youtube.example', email_verified: true,
    picture: 'https://yt3.ggpht.example/ada=s88', profile_url: 'https://www.youtube.com/channel/UC_x5XG1OV2P6uZZ5FSM9Ttw' },
  ...tokens, identity, limits, refresh,
  endpoints: {
    ...endpoints,
    authorize: { ...endpoints.authorize, scope: { ...endpoints.authorize.scope, must: ['openid', readonly] } },
    channel: {
      kind: 'api', url: 'https://www.googleapis.com/youtube/v3/channels', scope: readonly, query: { part: 'snippet', mine: 'true' },
      answer: p => ({ kind: 'youtube#channelListResponse', etag: 'x', pageInfo: { totalResults: p.channels.length, resultsPerPage: 5 },
        items: p.channels.length === 0 ? undefined : p.channels.map(c => ({ kind: 'youtube#channel', id: c.id,
          snippet: { title: c.title, customUrl: c.customUrl, publishedAt: '2012-01-01T00:00:00Z',
          thumbnails: { default: { url: c.picture, width: 88, height: 88 } } } })) }),
      refuses: (ctx, r) => {
        const code = r.code === 'invalid_token' ? 401 : r.code === 'insufficient_scope' ? 403 : 400;
        return { status: code, body: { error: { code, message: r.why, errors: [{ message: r.why, domain: 'global', reason: r.code }] } } };
      },
    },
  },
};
