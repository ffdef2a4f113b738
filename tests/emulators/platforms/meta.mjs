// What Facebook, Instagram and Threads have in common: how the Graph says no, how it counts, which signed notices it sends.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuse } from '../strict.mjs';

const graphCodes = { invalid_token: 190, insufficient_scope: 10, invalid_client: 101 };

// {"error":{"message","type","code","fbtrace_id"}}, with 400 for nearly everything.
export function graphError(ctx, r) {
  const code = graphCodes[r.code] ?? 100;
  return { status: 400, headers: code === 190 ? { 'www-authenticate': `OAuth "Facebook Platform" "invalid_token" "${r.code}"` } : {},
    body: { error: { message: r.why, type: 'OAuthException', code, ...(code === 190 ? { error_subcode: 463 } : {}), fbtrace_id: 'AbCdEfGhIjKlMnOpQrStUvW' } } };
}

// The older hosts for codes say it flatly.
export const flatError = (ctx, r) => ({ status: 400, body: { error_type: 'OAuthException', code: 400, error_message: r.why } });

export const limits = {
  status: 400,
  headers: () => ({ 'x-app-usage': JSON.stringify({ call_count: 100, total_time: 60, total_cputime: 50 }) }),
  body: () => ({ error: { message: '(#4) Application request limit reached', type: 'OAuthException', code: 4, is_transient: true,
    fbtrace_id: 'AbCdEfGhIjKlMnOpQrStUvW' } }),
  now: () => ({ 'x-app-usage': JSON.stringify({ call_count: 3, total_time: 2, total_cputime: 1 }) }),
};

// appsecret_proof: hex HMAC-SHA256 of the access token under the app's secret.
export function proof(p, token) {
  return given => {
    const right = createHmac('sha256', p.client.secret).update(token ?? '').digest('hex');
    return given.length === right.length && timingSafeEqual(Buffer.from(given),
      Buffer.from(right)) ? undefined : 'is not the proof for this token (Invalid appsecret_proof provided in the API argument)';
  };
}

// With "Require App Secret" on, a call without the proof is none.
export function proven(ctx) {
  if (!ctx.query.has('appsecret_proof')) refuse('invalid_request', 'API calls from the server require an appsecret_proof argument');
  return { appsecret_proof: proof(ctx.p, ctx.access) };
}
