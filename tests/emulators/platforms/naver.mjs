// NAVER Login, classic: /oauth2.0/, no scope, state goes to the token endpoint too, expires_in is text, errors come with status 200.
const wrapped = (resultcode, message, response) => ({ resultcode, message, ...(response ? { response } : {}) });

export default {
  id: 'naver', name: 'NAVER',
  client: { id: 'jyvqXeaVOVmV0123456', secret: 'nv01234567' },
  person: { sub: '32742776', name: '오픈 API', nickname: 'OpenAPI', email: 'openapi@naver.example',
    picture: 'https://ssl.pstatic.example/static/pwe/address/nodata_33x33.gif' },
  expect: { subject: '32742776', name: '오픈 API', username: 'OpenAPI', email: 'openapi@naver.example', email_verified: false,
    picture: 'https://ssl.pstatic.example/static/pwe/address/nodata_33x33.gif' },
  accessToken: r => `AAAAN${r.replace(/[-_]/g, '+')}=`,
  endpoints: {
    authorize: { kind: 'authorize', url: 'https://nid.naver.com/oauth2.0/authorize',
      denied: () => ({ error: 'access_denied', error_description: 'Canceled By User' }) },
    token: {
      kind: 'token', url: 'https://nid.naver.com/oauth2.0/token', auth: ['post'], lives: 3600, redirect: false, may: { redirect_uri: true },
        needs: { state: true }, binds: { state: grant => grant.state },
      answer: x => ({ access_token: x.access, refresh_token: x.refresh, token_type: 'bearer', expires_in: String(x.lives) }),
      grants: {
        delete(ctx, given) {
          const names = given.names.filter(n => !['grant_type', 'client_id', 'client_secret', 'access_token', 'service_provider'].includes(n));
          const known = ctx.p.tokens.get(given.get('access_token'));
          if (names.length || given.get('service_provider') !== 'NAVER' || !known) return { body: { error: 'invalid_request',
            error_description: `delete: ${names} ${given.text.length}` } };
          ctx.p.endGrant(known.grant);
          ctx.p.revoked.push(given.get('access_token'));
          return { body: { access_token: given.get('access_token'), result: 'success' } };
        },
      },
      refuses: (ctx, r) => ({ status: 200, body: { error: r.code, error_description: r.why } }),
    },
    profile: {
      kind: 'api', url: 'https://openapi.naver.com/v1/nid/me',
      answer: p => wrapped('00', 'success', { id: p.sub, nickname: p.nickname, name: p.name, email: p.email, gender: 'F', age: '40-49', birthday: '10-01',
        profile_image: p.picture }),
      refuses: (ctx, r) => ({ status: r.code === 'invalid_token' ? 401 : 200,
        body: wrapped(r.code === 'invalid_token' ? '024' : '028', `Authentication failed (${r.why})`) }),
    },
  },
  refresh: { rotates: 'never' },
  limits: { status: 429, headers: () => ({}), body: () => ({ errorMessage: 'Rate limit exceeded', errorCode: '012' }) },
};
