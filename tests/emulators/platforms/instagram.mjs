// Instagram API with Instagram Login (business login): professional accounts; short token by POST, long one by exchange, refreshed when a day old.
import { picked } from '../api.mjs';
import { flatError, graphError, limits } from './meta.mjs';

const fields = {
  id: p => p.scoped, user_id: p => p.sub, username: p => p.username, name: p => p.name, account_type: () => 'BUSINESS', profile_picture_url: p => p.picture,
};
const long = x => ({ access_token: x.access, token_type: 'bearer', expires_in: x.lives });

export default {
  id: 'instagram', name: 'Instagram',
  settings: { version: 'v25.0' },
  client: { id: '990602627938098', secret: 'ig0123456789abcdef0123456789abcd' },
  // a number of 64 bits, beyond what a double holds
  person: { sub: '17841405793187218', scoped: '9007199254740995', username: 'ada.lovelace', name: 'Ada Lovelace',
    picture: 'https://scontent.cdninstagram.example/v/t51/ada.jpg?x=1&y=2' },
  expect: { subject: '17841405793187218', name: 'Ada Lovelace', username: 'ada.lovelace', email_verified: false,
    picture: 'https://scontent.cdninstagram.example/v/t51/ada.jpg?x=1&y=2', profile_url: 'https://www.instagram.com/ada.lovelace/' },
  accessToken: r => `IGAA${r}`,
  endpoints: {
    authorize: {
      kind: 'authorize', url: 'https://www.instagram.com/oauth/authorize',
      scope: { separator: ',', known: ['instagram_business_basic', 'instagram_business_manage_messages', 'instagram_business_content_publish'],
        must: ['instagram_business_basic'] },
      may: { enable_fb_login: /^[01]$/, force_authentication: '1' },
      fragment: '#_', code: r => `AQ${r}`,
      denied: () => ({ error: 'access_denied', error_reason: 'user_denied', error_description: 'The user denied your request.' }),
    },
    token: {
      kind: 'token', url: 'https://api.instagram.com/oauth/access_token', auth: ['post'], lives: 3600,
      // the guide shows an array, programs meet the flat object: settings decide
      answer: x => {
        const flat = { access_token: x.access, user_id: BigInt(x.grant.person.sub), permissions: x.grant.scopes };
        return x.p.settings.guide ? { data: [flat] } : flat;
      },
      refuses: flatError,
    },
    exchange: { kind: 'exchange', url: 'https://graph.instagram.com/access_token', method: ['GET'], grant_type: 'ig_exchange_token', field: 'access_token',
      secret: 'client_secret',
      from: 'short', lives: 5184000, answer: long },
    refresh: { kind: 'exchange', url: 'https://graph.instagram.com/refresh_access_token', method: ['GET'], grant_type: 'ig_refresh_token', field: 'access_token',
      from: 'long', least: 86400, lives: 5184000, answer: long },
    profile: {
      kind: 'api', url: 'https://graph.instagram.com/{version}/me', token: 'query', query: { fields: true },
        may: ctx => ctx.query.has('appsecret_proof') ? { appsecret_proof: true } : {},
      answer: (person, ctx) => ({ ...picked(person, ctx.query.get('fields'), fields), id: person.scoped }),
    },
  },
  limits, refuses: graphError,
};
