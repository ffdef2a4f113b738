// The token endpoint and its relatives: codes and refresh tokens for access tokens, exchanges, revocation.
import { createHash } from 'node:crypto';
import { authenticate } from './client.mjs';
import { idToken } from './identity.mjs';
import { demands, oneOf, refuse, takes } from './strict.mjs';

// The fields, from where this endpoint wants them.
export function fieldsOf(ctx) {
  const { at } = ctx;
  const methods = at.method ?? ['POST'];
  if (!methods.includes(ctx.method)) refuse('invalid_request', `${ctx.method}: this endpoint takes ${methods.join(', ')}`);
  if (ctx.method === 'GET' || ctx.method === 'DELETE') {
    if (ctx.body.length > 0 && !at.body) refuse('invalid_request', `a ${ctx.method} with a body`);
    return ctx.query;
  }
  if (ctx.query.list.length > 0) refuse('invalid_request', `a query in the address (${ctx.query.names.join(', ')}): fields belong into the form`);
  if (!ctx.form) refuse('invalid_request', `content-type is ${ctx.headers['content-type']}, not application/x-www-form-urlencoded`);
  return ctx.form;
}

export function token(ctx) {
  const { p, at } = ctx;
  demands(ctx.headers, at.headers);
  const given = fieldsOf(ctx);
  const spent = authenticate(p, at, given, ctx.headers, ctx.now);
  const kind = given.get('grant_type') ?? (at.bare ? 'authorization_code' : refuse('invalid_request', 'grant_type is missing'));
  const client = Object.fromEntries(spent.map(n => [n, true]));
  const ways = { authorization_code: redeem, refresh_token: renew, ...at.grants };
  if (!ways[kind] || (kind === 'refresh_token' && p.data.refresh === undefined)) refuse('unsupported_grant_type', `grant_type "${kind}" is unknown here`);
  return ways[kind](ctx, given, client);
}

function redeem(ctx, given, client) {
  const { p, at } = ctx;
  const a = p.endpoint('authorize');
  takes(given, { ...(at.bare ? {} : { grant_type: 'authorization_code' }), code: true, ...(at.redirect === false ? {} : { redirect_uri: true }), ...at.needs },
    { ...client, ...(at.bare ? { grant_type: 'authorization_code' } : {}), ...(a.pkce && a.pkce !== 'none' ? { code_verifier: true } : {}), ...at.may });
  const code = given.get('code');
  const grant = p.codes.get(code);
  if (!grant) {
    const used = p.spent.get(code);
    if (used) p.endGrant(used); // RFC 6749 section 4.1.2: what a code gave out ends when it comes again
    refuse('invalid_grant', used ? 'the code was used before' : 'the code is none that we gave out');
  }
  p.codes.delete(code);
  p.spent.set(code, grant);
  if (ctx.now - grant.madeAt > (at.codeLives ?? 600)) refuse('invalid_grant', `the code is ${ctx.now - grant.madeAt} s old, it lived ${at.codeLives ?? 600} s`);
  if (at.redirect !== false && given.get('redirect_uri') !== grant.redirect_uri) refuse('invalid_grant', `redirect_uri is not the one that the code was asked with`);
  for (const [name, from] of Object.entries(at.binds ?? {})) {
    if (given.get(name) !== from(grant)) refuse('invalid_grant', `${name} "${given.get(name)}" does not belong to the code`);
  }
  verifier(a, grant, given.get('code_verifier'));
  at.before?.(grant, given);
  return answer(ctx, grant, true, given);
}

function verifier(a, grant, text) {
  if (grant.challenge === undefined) {
    if (text !== undefined) refuse('invalid_grant', 'a code_verifier without a challenge before');
    return;
  }
  if (text === undefined) refuse('invalid_grant', 'code_verifier is missing');
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(text)) refuse('invalid_grant', `code_verifier has ${text.length} characters or some that it must not have`);
  const digest = createHash('sha256').update(text).digest(a.encoding ?? 'base64url');
  if (digest !== grant.challenge) refuse('invalid_grant', `code_verifier is not that of the challenge (${a.encoding ?? 'base64url'} of SHA-256)`);
}

// data.refresh: { rotates: 'always' | 'keeps' | 'never', only(grant): gives one out at all, needs, may, binds, without: 'secret' }
function renew(ctx, given, client) {
  const { p } = ctx;
  const { refresh } = p.data;
  takes(given, { grant_type: 'refresh_token', refresh_token: true, ...refresh.needs }, { ...client, ...refresh.may });
  const text = given.get('refresh_token');
  const known = p.refreshTokens.get(text);
  if (!known || known.grant.ended) refuse('invalid_grant', 'the refresh token is none that we gave out, or was revoked');
  if (known.usedAt !== undefined) {
    if (refresh.reuseEnds !== false) p.endGrant(known.grant);
    refuse('invalid_grant', 'the refresh token was used before: it rotates');
  }
  for (const [name, from] of Object.entries(refresh.binds ?? {})) {
    if (given.get(name) !== from(known.grant)) refuse('invalid_grant', `${name} "${given.get(name)}" does not belong to the refresh token`);
  }
  const rotates = refresh.rotates === 'always';
  if (rotates) known.usedAt = ctx.now;
  const said = answer(ctx, known.grant, rotates || refresh.rotates === 'keeps', given);
  return said;
}

export function answer(ctx, grant, withRefresh, given) {
  const { p, at } = ctx;
  const access = p.give(grant, ctx.now, at.lives);
  let refresh;
  if (withRefresh && p.data.refresh && (p.data.refresh.only?.(grant) ?? true)) refresh = p.giveRefresh(grant, ctx.now);
  const identity = p.data.identity && (p.data.identity.when?.(grant) ?? grant.scopes.includes('openid')) ? idToken(p, grant, access, ctx.now) : undefined;
  const body = at.answer({ access, refresh, identity, grant, given, p, ctx, lives: at.lives });
  if (body.form !== undefined) return { type: 'application/x-www-form-urlencoded; charset=utf-8', text: body.form };
  return { ...at.as?.(ctx), body: Object.fromEntries(Object.entries(body).filter(([, v]) => v !== undefined)) };
}

// The usual answer (RFC 6749 section 5.1).
export const usual = (more = () => ({})) => x => ({
  access_token: x.access, token_type: 'Bearer', expires_in: x.lives, refresh_token: x.refresh, scope: x.grant.scopes.join(' '), id_token: x.identity, ...more(x),
});

// RFC 7009; at.auth: as at the token endpoint, or undefined when the token alone is enough; at.field: its name.
export function revoke(ctx) {
  const { p, at } = ctx;
  const given = fieldsOf(ctx);
  const field = at.field ?? 'token';
  const spent = at.auth ? authenticate(p, at, given, ctx.headers, ctx.now) : [];
  takes(given, { [field]: true, ...at.needs },
    { ...Object.fromEntries(spent.map(n => [n, true])), token_type_hint: oneOf('access_token', 'refresh_token'), ...at.may });
  const text = given.get(field);
  const grant = p.tokens.get(text)?.grant ?? p.refreshTokens.get(text)?.grant;
  if (!grant && at.unknown) refuse('invalid_token', 'the token is none that we gave out');
  if (grant) p.endGrant(grant);
  p.revoked.push(text);
  return { body: at.answer ? at.answer(ctx) : '', type: at.answer ? undefined : 'text/plain', status: at.status };
}

// A longer-lived token for a short one, and later for itself (Meta's way): fields in the query, the token speaks for itself.
// at: { grant_type, field, client: also names client_id, secret: name | undefined, least: age in s, from: 'short' | 'long', lives, answer }
export function exchange(ctx, given = fieldsOf(ctx), client) {
  const { p, at } = ctx;
  const how = at.exchange ?? at;
  if (how.secret && client === undefined) {
    if (!given.has(how.secret)) refuse('invalid_client', `"${how.secret}" is missing`);
    if (given.get(how.secret) !== p.client.secret) refuse('invalid_client', `${how.secret} is wrong`);
  }
  takes(given, { grant_type: how.grant_type, [how.field]: true, ...(how.secret && !client ? { [how.secret]: true } : {}) }, client ?? {});
  const known = p.tokens.get(given.get(how.field));
  if (!known || known.grant.ended) refuse('invalid_token', `${how.field} is none that we gave out, or was revoked`);
  if (known.expires <= ctx.now) refuse('invalid_token', `${how.field} is over`);
  if (how.from && known.kind !== how.from) refuse('invalid_token', `${how.field} is a ${known.kind} token, not a ${how.from} one`);
  if (how.least && ctx.now - known.madeAt < how.least) refuse('invalid_token', `${how.field} is ${ctx.now - known.madeAt} s old: not before ${how.least} s`);
  const access = p.give(known.grant, ctx.now, how.lives, 'long');
  return { body: how.answer({ access, lives: how.lives, grant: known.grant, p }) };
}

