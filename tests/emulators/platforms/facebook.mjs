// Facebook Login, Graph API: manual flow, access tokens, appsecret_proof, long-lived exchange, permissions.
import { exchange } from '../grants.mjs';
import { picked } from '../api.mjs';
import { refuse } from '../strict.mjs';
import { graphError, limits, proven } from './meta.mjs';

const fields = {
  id: p => p.sub, name: p => p.name, first_name: p => p.given, last_name: p => p.family, email: p => p.email, link: p => p.link,
  picture: p => ({ data: { height: 256, width: 256, is_silhouette: false, url: p.picture } }),
};

export default {
  id: 'facebook', name: 'Facebook',
  settings: { version: 'v25.0' },
  client: { id: '1234567890123456', secret: 'fb0123456789abcdef0123456789abcd' },
  person: { sub: '10229876543210987', name: 'Ada Lovelace', given: 'Ada', family: 'Lovelace', email: 'ada@facebook.example',
    picture: 'https://platform-lookaside.fbsbx.example/platform/profilepic/?asid=10229876543210987&height=256' },
  expect: { subject: '10229876543210987', name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', email: 'ada@facebook.example', email_verified: false,
    picture: 'https://platform-lookaside.fbsbx.example/platform/profilepic/?asid=10229876543210987&height=256' },
  accessToken: r => `EAAB${r.replace(/[-_]/g, 'Z')}ZDZD`,
  endpoints: {
    authorize: {
      kind: 'authorize', url: 'https://www.facebook.com/{version}/dialog/oauth',
      scope: { separator: ',', known: ['public_profile', 'email'], must: ['public_profile'] },
      may: { auth_type: /^(rerequest|reauthenticate|reauthorize)$/, display: /^(page|popup|touch)$/, return_scopes: 'true' },
      fragment: '#_=_', code: r => `AQ${r}`,
      denied: () => ({ error: 'access_denied', error_code: '200', error_description: 'Permissions error', error_reason: 'user_denied' }),
    },
    token: {
      kind: 'token', url: 'https://graph.facebook.com/{version}/oauth/access_token', method: ['POST', 'GET'], auth: ['post'], bare: true, lives: 5400,
      exchange: { grant_type: 'fb_exchange_token', field: 'fb_exchange_token', secret: 'client_secret', lives: 5184000,
        answer: x => ({ access_token: x.access, token_type: 'bearer', expires_in: x.lives }) },
      grants: { fb_exchange_token: exchange },
      answer: x => ({ access_token: x.access, token_type: 'bearer', expires_in: x.lives }),
    },
    profile: {
      kind: 'api', url: 'https://graph.facebook.com/{version}/me', query: ctx => ({ fields: true, ...proven(ctx) }),
      answer: (person, ctx, grant) => {
        const all = grant.scopes.includes('email') ? person : { ...person, email: undefined };
        return { ...picked(all, ctx.query.get('fields'), fields), id: person.sub };
      },
    },
    // DELETE /{user}/permissions with the token in the query takes the app away from the person.
    revoke: {
      kind: 'own', url: 'https://graph.facebook.com/{version}/10229876543210987/permissions',
      handle(ctx) {
        if (ctx.method !== 'DELETE') refuse('invalid_request', `${ctx.method} on permissions`);
        const known = ctx.p.tokens.get(ctx.query.get('access_token') ?? /^Bearer (.*)$/.exec(ctx.headers.authorization ?? '')?.[1]);
        if (!known || known.grant.ended) refuse('invalid_token', 'Error validating access token');
        ctx.access = [...ctx.p.tokens].find(([, v]) => v === known)[0];
        const against = proven(ctx).appsecret_proof(ctx.query.get('appsecret_proof'));
        if (against) refuse('invalid_request', `appsecret_proof ${against}`);
        ctx.p.endGrant(known.grant);
        ctx.p.revoked.push(ctx.access);
        return { body: { success: true } };
      },
    },
  },
  limits, refuses: graphError,
};
