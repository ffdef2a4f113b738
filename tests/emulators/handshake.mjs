// OAuth 1.0a's three steps (RFC 5849 section 2) and signed questions: temporary token, the person's decision, the token for good.
import { shown } from './authorize.mjs';
import { check } from './oauth1.mjs';
import { demands, form, random, refuse, takes } from './strict.mjs';

function signed(ctx, tokenSecret) {
  const { p } = ctx;
  return check({ method: ctx.method, url: ctx.url, query: ctx.query.list, formFields: ctx.form?.list ?? [], headers: ctx.headers, consumer: p.client, tokenSecret,
    nonces: p.nonces, now: ctx.now });
}

const html = { type: 'text/html;charset=utf-8' }; // as the documented sample has it

export function requestToken(ctx) {
  const { p } = ctx;
  if (ctx.method !== 'POST') refuse('invalid_request', `${ctx.method}: this endpoint takes POST`);
  demands(ctx.headers, ctx.at.headers);
  const o = signed(ctx, () => undefined);
  if (o.oauth_token !== undefined) refuse('invalid_token', 'a token, where one is asked for');
  const to = o.oauth_callback;
  if (to === undefined) refuse('invalid_request', 'oauth_callback is missing');
  if (!p.client.redirect_uris.some(u => to === u || to.startsWith(`${u}?`))) refuse('invalid_redirect', `oauth_callback "${to}" is not registered`);
  for (const fields of [ctx.query, ctx.form]) if (fields) takes(fields, {}, { x_auth_access_type: /^(read|write)$/ });
  const token = random(20), secret = random(24);
  p.secrets.add(secret);
  p.handshakes.set(token, { secret, to, madeAt: ctx.now, person: p.person, scopes: [] });
  return { ...html, text: form(p.altered(ctx.name, { oauth_token: token, oauth_token_secret: secret, oauth_callback_confirmed: 'true' })) };
}

export function ask(ctx) {
  const { p } = ctx;
  takes(ctx.query, { oauth_token: true }, { force_login: 'true', screen_name: true });
  const h = p.handshakes.get(ctx.query.get('oauth_token'));
  if (!h || h.verifier || h.denied) refuse('invalid_request', 'oauth_token is none that waits for a person', { stays: true });
  return shown(ctx, { handshake: ctx.query.get('oauth_token'), redirect_uri: h.to });
}

export function decide(ctx) {
  const { p } = ctx;
  takes(ctx.form, { ticket: true, decision: /^(allow|deny)$/ });
  const ticket = p.tickets.get(ctx.form.get('ticket'));
  if (!ticket) refuse('invalid_request', 'this form was answered before', { stays: true });
  p.tickets.delete(ctx.form.get('ticket'));
  const h = p.handshakes.get(ticket.handshake);
  let params;
  if (ctx.form.get('decision') === 'deny') {
    h.denied = true;
    params = { denied: ticket.handshake };
  } else {
    h.verifier = random(20);
    p.secrets.add(h.verifier);
    params = { oauth_token: ticket.handshake, oauth_verifier: h.verifier };
  }
  const join = h.to.includes('?') ? '&' : '?';
  return { status: 302, type: 'text/html', headers: { location: `${h.to}${join}${form(p.altered(ctx.name, params))}` }, body: '' };
}

export function accessToken(ctx) {
  const { p } = ctx;
  if (ctx.method !== 'POST') refuse('invalid_request', `${ctx.method}: this endpoint takes POST`);
  demands(ctx.headers, ctx.at.headers);
  const o = signed(ctx, t => p.handshakes.get(t)?.secret);
  if (o.oauth_token === undefined) refuse('invalid_token', 'oauth_token is missing');
  const given = ctx.form?.get('oauth_verifier') ?? o.oauth_verifier;
  if (given === undefined) refuse('invalid_request', 'oauth_verifier is missing');
  if (ctx.form) takes(ctx.form, {}, { oauth_verifier: true });
  const h = p.handshakes.get(o.oauth_token);
  p.handshakes.delete(o.oauth_token); // one try
  if (h.verifier === undefined || h.verifier !== given) refuse('invalid_token', 'oauth_verifier is not that of the token');
  const grant = { person: h.person, scopes: [] };
  const access = p.give(grant, ctx.now, undefined);
  const secret = random(24);
  p.secrets.add(secret);
  p.tokens.get(access).secret = secret;
  const body = p.altered(ctx.name, { oauth_token: access, oauth_token_secret: secret, user_id: h.person.sub, screen_name: h.person.username });
  return { ...html, text: typeof body === 'string' ? body : form(body) };
}

export function profile(ctx) {
  const { p, at } = ctx;
  if (ctx.method !== (at.method?.[0] ?? 'GET')) refuse('invalid_request', `${ctx.method}: this address takes ${at.method?.[0] ?? 'GET'}`);
  const o = signed(ctx, t => { const k = p.tokens.get(t); return k && !k.grant.ended ? k.secret : undefined; });
  if (o.oauth_token === undefined) refuse('invalid_token', 'oauth_token is missing');
  takes(ctx.query, {}, at.may);
  const known = p.tokens.get(o.oauth_token);
  if (at.ends) { p.endGrant(known.grant); p.revoked.push(o.oauth_token); }
  return { headers: p.data.limits?.now?.(ctx.now), body: at.answer(known.grant.person, ctx, known.grant) };
}
