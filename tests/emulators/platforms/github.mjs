// GitHub OAuth apps: the answer is a form unless JSON is asked for, errors come with status 200, every API call needs a User-Agent.
import { authenticate } from '../client.mjs';
import { form, refuse } from '../strict.mjs';

const agent = { 'user-agent': true };
const versioned = { ...agent, accept: /application\/(vnd\.github(\.v3)?\+json|json)|\*\/\*/ };

const mayHeaders = ['x-github-api-version'];

function refusesApi(ctx, r) {
  if (r.header === 'user-agent') return { status: 403, type: 'text/html',
    body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header' };
  const status = { invalid_token: 401, insufficient_scope: 404 }[r.code] ?? 400;
  return { status, body: { message: status === 401 ? 'Bad credentials' : r.why, documentation_url: 'https://docs.github.com/rest', status: String(status) } };
}

// {base} is the site, {api} its API: an Enterprise server has both on one host.
export default {
  id: 'github', name: 'GitHub',
  settings: { base: 'https://github.com', api: 'https://api.github.com' },
  client: { id: 'Iv1.8a61f9b3a7aba766', secret: 'gh0123456789abcdef0123456789abcdef012345' },
  person: { sub: '9007199254740993', username: 'adalove', name: 'Ada Lovelace', email: 'ada@github.example',
    picture: 'https://avatars.githubusercontent.example/u/583231?v=4',
    orgs: ['engines'], teams: [{ org: 'engines', slug: 'notes' }] },
  expect: { subject: '9007199254740993', username: 'adalove', name: 'Ada Lovelace', email: 'ada@github.example', email_verified: true,
    picture: 'https://avatars.githubusercontent.example/u/583231?v=4', profile_url: 'https://github.com/adalove' },
  accessToken: r => `gho_${r.replace(/[-_]/g, '0')}`, refreshToken: r => `ghr_${r.replace(/[-_]/g, '0')}`,
  endpoints: {
    authorize: {
      kind: 'authorize', url: '{base}/login/oauth/authorize', pkce: 'offered', scope: { known: ['read:user', 'user:email', 'read:org', 'user'], must: [] },
      may: { prompt: 'select_account', login: true, allow_signup: /^(true|false)$/ }, code: r => r.slice(0, 20),
      denied: () => ({ error: 'access_denied', error_description: 'The user has denied your application access.',
        error_uri: 'https://docs.github.com/apps/troubleshooting' }),
    },
    token: {
      kind: 'token', url: '{base}/login/oauth/access_token', auth: ['post', 'basic'], bare: true, codeLives: 600,
      answer: x => {
        const expiring = x.p.settings.app ? { expires_in: 28800, refresh_token: x.refresh, refresh_token_expires_in: 15897600 } : {};
        const said = { access_token: x.access, ...expiring, scope: x.grant.scopes.join(','), token_type: 'bearer' };
        return x.ctx.headers.accept?.includes('json') ? said : { form: form(said) };
      },
      refuses: (ctx, r) => {
        const body = { error: { invalid_grant: 'bad_verification_code', invalid_client: 'incorrect_client_credentials',
          invalid_redirect: 'redirect_uri_mismatch' }[r.code] ?? r.code,
          error_description: r.why, error_uri: 'https://docs.github.com/apps/troubleshooting' };
        return ctx.headers.accept?.includes('json') ? { status: 200, body } : { status: 200, type: 'application/x-www-form-urlencoded; charset=utf-8',
          text: form(body) };
      },
    },
    profile: {
      kind: 'api', url: '{api}/user', headers: versioned, mayHeaders,
      answer: (p, ctx, grant) => ({ login: p.username, id: BigInt(p.sub), node_id: 'MDQ6VXNlcjU4MzIzMQ==', avatar_url: p.picture,
        html_url: `https://github.com/${p.username}`,
        type: 'User', site_admin: false, name: p.name, company: null, email: null, bio: null, created_at: '2011-01-25T18:44:36Z' }),
      refuses: refusesApi,
    },
    emails: {
      kind: 'api', url: '{api}/user/emails', headers: versioned, mayHeaders, scope: 'user:email',
      answer: p => p.emails ?? [{ email: 'old@github.example', primary: false, verified: true, visibility: null },
        { email: p.email, primary: true, verified: true, visibility: 'private' },
        { email: 'someone@elsewhere.example', primary: false, verified: false, visibility: null }],
      refuses: refusesApi,
    },
    orgs: { kind: 'api', url: '{api}/user/orgs', headers: versioned, mayHeaders, scope: 'read:org', may: { per_page: /^\d+$/, page: /^\d+$/ },
      answer: p => p.orgs.map((login, id) => ({ login, id })), refuses: refusesApi },
    teams: { kind: 'api', url: '{api}/user/teams', headers: versioned, mayHeaders, scope: 'read:org', may: { per_page: /^\d+$/, page: /^\d+$/ },
      answer: p => p.teams.map((x, id) => ({ id, slug: x.slug, name: x.slug, organization: { login: x.org } })), refuses: refusesApi },
    // DELETE with Basic and a JSON body
    revoke: {
      kind: 'own', url: '{api}/applications/Iv1.8a61f9b3a7aba766/token', body: true, refuses: refusesApi,
      handle(ctx) {
        if (ctx.method !== 'DELETE') refuse('invalid_request', `${ctx.method} on a token`);
        if (!ctx.headers['user-agent']) refuse('invalid_request', 'no User-Agent', { header: 'user-agent' });
        if (!ctx.headers.authorization) refuse('invalid_client', 'no Basic credentials');
        authenticate(ctx.p, { auth: ['basic'] }, ctx.query, ctx.headers, ctx.now);
        let text;
        try { text = JSON.parse(ctx.body).access_token; } catch { refuse('invalid_request', 'the body is no JSON'); }
        const known = ctx.p.tokens.get(text);
        if (!known) refuse('invalid_request', 'access_token is none that we gave out');
        ctx.p.endGrant(known.grant);
        ctx.p.revoked.push(text);
        return { status: 204, body: '' };
      },
    },
  },
  refresh: { rotates: 'always' },
  limits: {
    status: 403, headers: now => ({ 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now + 60), 'retry-after': '60' }),
    body: () => ({ message: 'API rate limit exceeded', documentation_url: 'https://docs.github.com/rest/rate-limit' }),
    now: now => ({ 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': String(now + 3600) }),
  },
};
