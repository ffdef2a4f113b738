// Where the platform asks the person: it judges the request it was sent, shows its own page, and sends the browser back with what it has to say.
import { json, random, refuse, scopesOf, takes } from './strict.mjs';

const escape = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><h1>${escape(title)}</h1>${body}`;

const challenges = { base64url: /^[A-Za-z0-9_-]{43}$/, hex: /^[0-9a-f]{64}$/ };

// data.authorize: { client: name of the client id, scope, pkce: 'required' | 'offered' | 'none', encoding, nonce: 'wanted' | 'ignored' | 'none', state,
//   needs, may (further parameters), spaces: '%20', mode: 'form_post', redirect(uri), fragment, adds(grant), denied }
export function judge(ctx) {
  const { p, at } = ctx;
  const a = at;
  if (ctx.method !== 'GET') refuse('invalid_request', `${ctx.method} at the authorization address`);
  const name = a.client ?? 'client_id';
  // Who asks, and where to: if these are wrong the browser is sent nowhere.
  if (!ctx.query.has(name)) refuse('invalid_client', `parameter "${name}" is missing (there are: ${ctx.query.names.join(', ')})`, { stays: true });
  if (ctx.query.get(name) !== p.client.id) refuse('invalid_client', `${name} "${ctx.query.get(name)}" is not registered`, { stays: true });
  const to = ctx.query.get('redirect_uri');
  if (!p.client.redirect_uris.includes(to)) refuse('invalid_redirect', `redirect_uri "${to}" is not registered (${p.client.redirect_uris.join(' ')})`,
    { stays: true });
  const odd = a.redirect?.(to);
  if (odd) refuse('invalid_redirect', `redirect_uri: ${odd}`, { stays: true });
  if (a.spaces === '%20' && ctx.query.text.includes('+')) refuse('invalid_request', 'a space is written +, this platform wants %20');
  const pkce = a.pkce ?? 'none';
  const challenge = { code_challenge: challenges[a.encoding ?? 'base64url'], code_challenge_method: 'S256' };
  const nonce = { wanted: { nonce: true }, ignored: {}, none: {} }[a.nonce ?? 'none'];
  const state = a.state ?? /^.{8,1024}$/s;
  takes(ctx.query, { [name]: true, redirect_uri: true, response_type: 'code', state, ...(a.scope?.must?.length ? { scope: true } : {}), ...nonce,
    ...(pkce === 'required' ? challenge : {}), ...(a.mode ? { response_mode: a.mode } : {}), ...a.needs },
  { ...(a.scope && !a.scope.must?.length ? { scope: true } : {}), ...(pkce === 'offered' ? challenge : {}), ...a.may });
  if (a.order) {
    const seen = ctx.query.names.filter(n => a.order.includes(n));
    if (seen.join() !== a.order.join()) refuse('invalid_request', `parameters come as ${seen.join(', ')}: this platform wants ${a.order.join(', ')}`);
  }
  if (ctx.query.has('code_challenge') !== ctx.query.has('code_challenge_method')) refuse('invalid_request', 'code_challenge and its method go together');
  return {
    person: p.person, client: p.client.id, redirect_uri: to, state: ctx.query.get('state'), nonce: ctx.query.get('nonce'),
    scopes: scopesOf(ctx.query.get('scope') ?? '', a.scope ?? {}), challenge: ctx.query.get('code_challenge'), asked: Object.fromEntries(ctx.query.list),
  };
}

export const ask = ctx => shown(ctx, judge(ctx));

export function shown(ctx, grant) {
  const { p } = ctx;
  const ticket = random();
  p.tickets.set(ticket, grant);
  return { type: 'text/html; charset=utf-8', body: page(`Sign in to ${p.data.name}`, `<p>${escape(p.data.name)} asks: may ${escape(p.client.name)} know who you are?</p>
<form method="post" action="${escape(`${new URL(ctx.at.address).pathname}?${ctx.query.text}`)}"><input type="hidden" name="ticket" value="${ticket}">
<p>You are ${escape(p.person.name ?? p.person.sub)}.</p>
<button type="submit" name="decision" value="allow" id="allow">Allow</button> <button type="submit" name="decision" value="deny" id="deny">Cancel</button></form>`) };
}

// The person decided.
export function decide(ctx) {
  const { p, at } = ctx;
  takes(ctx.form, { ticket: true, decision: /^(allow|deny)$/ });
  const grant = p.tickets.get(ctx.form.get('ticket'));
  if (!grant) refuse('invalid_request', 'this form was answered before', { stays: true });
  p.tickets.delete(ctx.form.get('ticket'));
  let params;
  if (ctx.form.get('decision') === 'deny') {
    params = at.denied?.(grant, p) ?? { error: 'access_denied', error_description: 'The user denied your request' };
    if (grant.state !== undefined) params = { ...params, state: grant.state };
  } else {
    const code = at.code ? at.code(random()) : random();
    p.secrets.add(code);
    p.codes.set(code, { ...grant, madeAt: ctx.now });
    p.consents = (p.consents ?? 0) + 1;
    params = { code, ...(grant.state === undefined ? {} : { state: grant.state }), ...at.adds?.(grant, p) };
  }
  return back(ctx, grant, params);
}

export function back({ p, at, name }, grant, params) {
  params = p.altered(name, params);
  const list = Array.isArray(params) ? params : Object.entries(params).map(([k, v]) => [k, typeof v === 'object' ? json(v) : String(v)]);
  if (at.mode !== 'form_post') {
    const text = list.map(pair => pair.map(encodeURIComponent).join('=')).join('&');
    return { status: 302, headers: { location: `${grant.redirect_uri}?${text}${at.fragment ?? ''}` }, type: 'text/html', body: '' };
  }
  const fields = list.map(([n, v]) => `<input type="hidden" name="${escape(n)}" value="${escape(v)}">`).join('');
  return { type: 'text/html; charset=utf-8', body: page('One moment', `<form method="post" action="${escape(grant.redirect_uri)}">${fields}<button type="submit">Continue</button></form>
<script>document.forms[0].submit()</script>`) };
}

// What the browser sees when nothing is right: an error page of the platform, or the way back with the error.
export function refusal(ctx, r) {
  const to = ctx.query.get('redirect_uri');
  const state = ctx.query.get('state');
  if (r.stays || !ctx.p.client.redirect_uris.includes(to)) {
    return { status: 400, type: 'text/html; charset=utf-8', body: page('Something went wrong', `<p id="why">${escape(`${r.code}: ${r.why}`)}</p>`) };
  }
  return back(ctx, { redirect_uri: to }, { error: r.code, error_description: r.why.slice(0, 200), ...(state === undefined ? {} : { state }) });
}

