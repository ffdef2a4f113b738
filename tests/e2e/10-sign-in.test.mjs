// A whole sign-in through the certified provider, sessions in Redis: what the backend is told, and what is left afterwards.
import test from 'node:test';
import assert from 'node:assert/strict';
import { eventually } from './lib/parts.mjs';
import { Visitor } from './lib/visitor.mjs';
import { checkAssertion } from './lib/backend.mjs';
import { installation, signIn } from './lib/installation.mjs';

test('a stranger signs in and comes back to where they were going, and the backend knows who it is', async t => {
  const { base, backend, op, gw } = await installation(t);
  const visitor = new Visitor();
  const page = await signIn(visitor, base, 'ada', '/reports?x=1&y=%2F');
  assert.equal(page.status, 200);
  const seen = JSON.parse(page.body);
  assert.equal(seen.url, '/reports?x=1&y=%2F');
  assert.equal(seen.headers['x-auth-user'], 'op:ada');
  assert.equal(seen.headers['x-auth-email'], 'ada@example.test');
  assert.equal(seen.headers['x-auth-groups'], 'staff');
  assert.equal(seen.headers['x-auth-provider'], 'op');
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
  assert.ok(!/vestibule/.test(seen.headers.cookie ?? ''), 'our cookies stay with us');
  const { payload } = await checkAssertion(seen.headers['x-auth-assertion'], { jwks: `${base}/_vestibule/.well-known/jwks.json`, issuer: base, audience: backend.url });
  assert.equal(payload.sub, 'op:ada');
  assert.ok(payload.exp - payload.iat <= 300);
  assert.deepEqual([op.seen.token, op.seen.discovery], [1, 1]);
  // nothing personal in the cookie, nothing in clear in the store
  const cookie = visitor.cookie('__Host-vestibule');
  assert.ok(cookie.length <= 400);
  assert.deepEqual(Object.keys(JSON.parse(Buffer.from(cookie.split('.')[1], 'base64url'))).sort(), ['exp', 'iat', 'iss', 'sid'].sort());
  // one audit line for the start, one for the success
  await eventually(() => gw.log().some(l => l.event === 'signin.succeeded'));
  const audit = gw.log().filter(l => l.stream === 'audit').map(l => l.event);
  assert.deepEqual(audit, ['signin.started', 'signin.succeeded']);
});
