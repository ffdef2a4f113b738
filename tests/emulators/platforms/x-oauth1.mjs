// X, "Log in with X" over OAuth 1.0a: every question signed with HMAC-SHA1, answers as forms with the media type of a page.
import { limits } from './x.mjs';

const codes = { invalid_token: [401, 32, 'Could not authenticate you.'], invalid_redirect: [403, 415, 'Callback URL not approved for this client application.'] };

export default {
  id: 'x-oauth1', name: 'X (OAuth 1.0a)',
  client: { id: 'xvz1evFS4wEEPTGEFPHBog', secret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw' },
  person: { sub: '6253282894949596', name: 'Ada Lovelace', username: 'ada_1815', email: 'ada@x1.example',
    picture: 'https://pbs.twimg.example/profile_images/2/ada_normal.jpg' },
  expect: { subject: '6253282894949596', name: 'Ada Lovelace', username: 'ada_1815', email: 'ada@x1.example', email_verified: true,
    picture: 'https://pbs.twimg.example/profile_images/2/ada_normal.jpg', profile_url: 'https://x.com/ada_1815' },
  accessToken: (r, grant) => `${grant.person.sub}-${r.replace(/[-_]/g, 'a')}`,
  endpoints: {
    request_token: { kind: 'request_token', url: 'https://api.x.com/oauth/request_token' },
    authorize: { kind: 'authenticate', url: 'https://api.x.com/oauth/authenticate' },
    token: { kind: 'access_token', url: 'https://api.x.com/oauth/access_token' },
    profile: {
      kind: 'signed', url: 'https://api.x.com/1.1/account/verify_credentials.json', may: { include_email: 'true', include_entities: 'false', skip_status: 'true' },
      answer: (person, ctx) => ({ id: BigInt(person.sub), id_str: person.sub, name: person.name, screen_name: person.username, verified: false,
        profile_image_url: person.picture.replace('https:', 'http:'), profile_image_url_https: person.picture,
        ...(ctx.query.get('include_email') ? { email: person.email } : {}) }),
    },
    revoke: { kind: 'signed', url: 'https://api.x.com/1.1/oauth/invalidate_token', method: ['POST'], ends: true,
      answer: (person, ctx) => ({ access_token: ctx.url }) },
  },
  limits,
  refuses: (ctx, r) => {
    const [status, code, message] = codes[r.code] ?? [400, 214, 'Bad request'];
    return { status, body: { errors: [{ code, message: `${message} (${r.why})` }] } };
  },
};
