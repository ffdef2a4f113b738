// WeChat website login: appid and secret in the query of a GET, answers as text/plain, errors with status 200, a fragment the page needs.
import { refuse, takes } from '../strict.mjs';

const plain = { type: 'text/plain' };
const codes = { invalid_grant: [40029, 'invalid code'], invalid_client: [40125, 'invalid appsecret'],
  invalid_token: [40001, 'invalid credential, access_token is invalid or not latest'] };
const refuses = (ctx, r) => {
  const [errcode, text] = codes[r.code] ?? [41008, 'missing or wrong parameter'];
  return { status: 200, ...plain, body: { errcode, errmsg: `${text} (${r.why})` } };
};

export default {
  id: 'wechat', name: 'WeChat',
  client: { id: 'wxbdc5610cc59c1631', secret: 'wx0123456789abcdef0123456789abcd' },
  person: { sub: 'o6_bmasdasdsad6_2sgVt7hMZOPfL', openid: 'ocMvos6NjeKLIBqg5Mr9QjxrP1FA', name: '艾达',
    picture: 'https://thirdwx.qlogo.example/mmopen/g3MonUZtNHkdmzicIlibx6iaFqAc56vxLSUfpb6n5WKSYVY0ChQKkiaJSgQ1dZuTOgvLLrhJbERQQ4/0' },
  expect: { subject: 'o6_bmasdasdsad6_2sgVt7hMZOPfL', name: '艾达', email_verified: false, locale: 'zh_CN',
    picture: 'https://thirdwx.qlogo.example/mmopen/g3MonUZtNHkdmzicIlibx6iaFqAc56vxLSUfpb6n5WKSYVY0ChQKkiaJSgQ1dZuTOgvLLrhJbERQQ4/0' },
  endpoints: {
    authorize: {
      kind: 'authorize', url: 'https://open.weixin.qq.com/connect/qrconnect', client: 'appid', state: /^[A-Za-z0-9_-]{1,128}$/,
        scope: { separator: ',', known: ['snsapi_login'], must: ['snsapi_login'] },
      may: { lang: /^(cn|en)$/ }, arrivesWith: '#wechat_redirect',
      // the page looks at the order too
      order: ['appid', 'redirect_uri', 'response_type', 'scope', 'state'],
      denied: () => ({}),
    },
    token: {
      kind: 'token', url: 'https://api.weixin.qq.com/sns/oauth2/access_token', method: ['GET'], auth: ['post'], names: { id: 'appid', secret: 'secret' },
        redirect: false, lives: 7200, as: () => plain,
      answer: x => ({ access_token: x.access, expires_in: x.lives, refresh_token: x.refresh, openid: x.grant.person.openid,
        scope: x.grant.scopes.join(','), ...(x.p.settings.unbound ? {} : { unionid: x.grant.person.sub }) }),
    },
    refresh: {
      kind: 'own', url: 'https://api.weixin.qq.com/sns/oauth2/refresh_token',
      handle(ctx) {
        if (ctx.method !== 'GET') refuse('invalid_request', `${ctx.method} to refresh`);
        takes(ctx.query, { appid: ctx.p.client.id, grant_type: 'refresh_token', refresh_token: true });
        const known = ctx.p.refreshTokens.get(ctx.query.get('refresh_token'));
        if (!known || known.grant.ended) refuse('invalid_grant', 'the refresh token is none that we gave out');
        const said = { access_token: ctx.p.give(known.grant, ctx.now, 7200), expires_in: 7200, refresh_token: ctx.query.get('refresh_token'),
          openid: known.grant.person.openid, scope: 'snsapi_login' };
        return { ...plain, body: said };
      },
    },
    profile: {
      kind: 'api', url: 'https://api.weixin.qq.com/sns/userinfo', token: 'query', may: { lang: /^(zh_CN|zh_TW|en)$/ }, as: () => plain,
      query: (ctx, known) => ({ openid: known.grant.person.openid }),
      answer: (p, ctx) => ({ openid: p.openid, nickname: p.name, sex: 2, province: '', city: '', country: 'CN', language: 'zh_CN', headimgurl: p.picture,
        privilege: [], ...(ctx.p.settings.unbound ? {} : { unionid: p.sub }) }),
    },
  },
  refresh: { rotates: 'never' },
  refuses,
  limits: { status: 200, headers: () => ({}), body: () => ({ errcode: 45009, errmsg: 'reach max api daily quota limit' }) },
};
