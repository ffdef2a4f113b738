// signed_request, as Meta posts it to deauthorize and data-deletion callbacks: HMAC-SHA256 over the payload part, both parts base64url.
import { createHmac } from 'node:crypto';

export function signedRequest(secret, payload, { algorithm = 'HMAC-SHA256', now = Math.floor(Date.now() / 1000), text } = {}) {
  const part = Buffer.from(text ?? JSON.stringify({ algorithm, issued_at: now, expires: now + 3600, ...payload })).toString('base64url');
  return `${createHmac('sha256', secret).update(part).digest('base64url')}.${part}`;
}

// Posts one as the platform does, and gives { status, headers, body }. `send` is a Visitor (no cookie of anybody's).
export function post(send, url, value) {
  return send.ask(url, { method: 'POST', navigate: false, body: { signed_request: value }, headers: { accept: '*/*', 'user-agent': 'facebookexternalua' } });
}
