// The addresses that tell about a person, for an access token that came by the one way the platform takes.
import { demands, refuse, takes } from './strict.mjs';

// at: { method, token: 'bearer' | 'query' | 'form', scope, query, may, form, headers, answer(person, ctx, grant) }
export function api(ctx) {
  const { at } = ctx;
  const method = at.method?.[0] ?? 'GET';
  if (ctx.method !== method) refuse('invalid_request', `${ctx.method}: this address takes ${method}`);
  demands(ctx.headers, at.headers);
  const known = bearerOf(ctx);
  if (at.scope && !known.grant.scopes.includes(at.scope)) refuse('insufficient_scope', `scope "${at.scope}" was not granted (${known.grant.scopes.join(' ')})`);
  const may = typeof at.may === 'function' ? at.may(ctx, known) : at.may ?? {};
  const needs = typeof at.query === 'function' ? at.query(ctx, known) : at.query ?? {};
  if (at.token === 'form') {
    if (!ctx.form) refuse('invalid_request', `content-type is ${ctx.headers['content-type']}, not a form`);
    takes(ctx.form, { access_token: true, ...at.form });
  }
  takes(ctx.query, { ...needs, ...(at.token === 'query' ? { access_token: true } : {}) }, may);
  if (method === 'GET' && ctx.body.length > 0) refuse('invalid_request', 'a GET with a body');
  return { headers: ctx.p.data.limits?.now?.(ctx.now), ...at.as?.(ctx), body: at.answer(known.grant.person, ctx, known.grant) };
}

export function bearerOf(ctx) {
  const { p, at } = ctx;
  const way = at.token ?? 'bearer';
  const header = ctx.headers.authorization;
  let text;
  if (way === 'bearer') {
    if (header === undefined) refuse('invalid_token', 'no Authorization header', { absent: true });
    const m = /^(Bearer|bearer) ([A-Za-z0-9._~+/|*!:-]+=*)$/.exec(header);
    if (!m) refuse('invalid_token', `"${header.slice(0, 12)}..." is no bearer token`);
    text = m[2];
  } else {
    if (header !== undefined) refuse('invalid_token', 'an Authorization header: here the token is a parameter');
    text = (way === 'query' ? ctx.query : ctx.form)?.get('access_token');
    if (text === undefined) refuse('invalid_token', `no access_token in the ${way}`, { absent: true });
  }
  const known = p.tokens.get(text);
  if (!known || known.grant.ended) refuse('invalid_token', 'the access token is none that we gave out, or was revoked');
  if (known.expires !== undefined && known.expires <= ctx.now) refuse('invalid_token', `the access token was over ${ctx.now - known.expires} s ago`);
  if (way === 'bearer' && ctx.query.has('access_token')) refuse('invalid_request', 'the access token stands in the header and in the query');
  ctx.access = text;
  return known;
}

// Only the members that were asked for, and none that are not there to be asked for.
export function picked(person, fields, known) {
  const names = [...fields.matchAll(/([^,.(]+)((?:\.[a-z]+\([^)]*\))?)(,|$)/g)].map(m => m[1]);
  if (names.join(',') !== fields.replace(/\.[a-z]+\([^)]*\)/g, '')) refuse('invalid_request', `"${fields}" is no list of fields`);
  for (const n of names) if (!(n in known)) refuse('invalid_request', `field "${n}" does not exist (there are: ${Object.keys(known).join(', ')})`);
  return Object.fromEntries(names.map(n => [n, known[n](person)]).filter(([, v]) => v !== undefined));
}
