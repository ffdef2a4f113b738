// What operators are told: one JSON line per event, numbers for Prometheus, names that can be followed; and what nobody is ever told.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { eventually, freePort, sleep } from './lib/parts.mjs';
import { Visitor, form } from './lib/visitor.mjs';
import { installation, signIn } from './lib/installation.mjs';

async function told(t) {
  const metrics = await freePort();
  const it = await installation(t, { extra: `metrics: { listen: "127.0.0.1:${metrics}" }` });
  const ask = path => new Visitor().ask(`http://127.0.0.1:${metrics}${path}`, { navigate: false });
  return { ...it, metrics, ask };
}

test('every request leaves one access record that names it as the visitor and the backend saw it', async t => {
  const { base, gw } = await told(t);
  const visitor = new Visitor();
  await signIn(visitor, base, 'ada');
  const r = await visitor.ask(`${base}/reports/42?token=canary-query&code=canary-code`, { headers: { 'user-agent': 'a\u00e9"\\\t{}' } });
  const seen = JSON.parse(r.body);
  const line = await eventually(() => gw.log().find(l => l.stream === 'access' && l.path === '/reports/42'));
  assert.equal(line.method, 'GET');
  assert.equal(line.status, 200);
  assert.equal(line.handler, 'proxy');
  assert.equal(line.decision, 'allow');
  assert.equal(line.user, 'ada');
  assert.equal(line.provider, 'op');
  assert.equal(line.backend, 'app');
  assert.equal(line.client_ip, '127.0.0.1');
  assert.equal(line.request_id, seen.headers['x-request-id']);
  assert.match(line.request_id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(line.trace_id, seen.headers.traceparent.split('-')[1]);
  assert.ok(line.duration_ms >= 0 && line.bytes_out > 0);
  assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(gw.log().filter(l => l.request_id === line.request_id && l.stream === 'access').length, 1);
  assert.ok(gw.log().every(l => l.broken === undefined), 'every line is JSON');
});

test('a stranger cannot choose the reference or the trace; a trusted peer can, if they are well-formed', async t => {
  const { base } = await told(t);
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const stranger = await new Visitor().ask(`${base}/_vestibule/me`, { navigate: false, headers: { 'x-request-id': 'mine', traceparent: parent } });
  assert.notEqual(stranger.headers['x-request-id'], 'mine');
  const trusting = await installation(t, { extra: 'trusted_proxies: [127.0.0.0/8]' });
  const peer = new Visitor({ headers: {} });
  const kept = await peer.ask(`${trusting.base}/_vestibule/me`, { navigate: false, headers: { 'x-request-id': 'from-the-front-1' } });
  assert.equal(kept.headers['x-request-id'], 'from-the-front-1');
  await signIn(peer, trusting.base, 'ada');
  const r = JSON.parse((await peer.ask(`${trusting.base}/x`, { headers: { 'x-request-id': 'bad id', traceparent: parent, tracestate: 'a=b' } })).body);
  assert.notEqual(r.headers['x-request-id'], 'bad id');
  assert.equal(r.headers.traceparent.split('-')[1], '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.equal(r.headers.tracestate, 'a=b');
});

test('the numbers tell sign-ins, refusals, store and backend, with labels from closed sets', async t => {
  const { base, ask, gw } = await told(t);
  const visitor = new Visitor();
  await signIn(visitor, base, 'ada');
  await visitor.ask(`${base}/a`);
  for (let i = 0; i < 30; i++) await new Visitor().ask(`${base}/random-${i}`, { navigate: false, method: i % 2 ? 'GET' : 'PROPFIND' });
  await new Visitor().ask(`${base}/_vestibule/callback/op?state=x&code=y`);
  const page = await visitor.ask(`${base}/_vestibule/sign-out`);
  const f = form(page);
  await visitor.ask(f.action, { method: 'POST', body: f.fields });
  const m = (await ask('/metrics')).body;
  const value = (name, labels) => {
    const line = m.split('\n').find(l => l.startsWith(name) && Object.entries(labels ?? {}).every(([k, v]) => l.includes(`${k}="${v}"`)));
    return line && Number(line.split(' ').pop());
  };
  assert.equal(value('vestibule_sign_ins_total', { provider: 'op', outcome: 'success' }), 1);
  assert.equal(value('vestibule_sign_ins_total', { outcome: 'error', reason: 'cookies-blocked' }), 1);
  assert.equal(value('vestibule_sign_outs_total', { cause: 'sign_out' }), 1);
  assert.equal(value('vestibule_store_up'), 1);
  assert.ok(value('vestibule_http_requests_total', { handler: 'proxy', method: '_OTHER', code: '401' }) >= 15);
  assert.ok(value('vestibule_auth_decisions_total', { decision: 'sign_in' }) >= 30);
  assert.ok(value('vestibule_backend_requests_total', { backend: 'app', code: '200' }) >= 1);
  assert.ok(value('vestibule_provider_requests_total', { provider: 'op' }) >= 1);
  assert.ok(value('vestibule_build_info') === 1 && value('process_resident_memory_bytes') > 0);
  assert.ok(!/random-\d/.test(m), 'no path is a label');
  assert.ok(!m.includes('ada'), 'no person is a label');
  // every series has its HELP and TYPE once, every sample is a number
  for (const l of m.split('\n')) assert.ok(l === '' || /^# (HELP|TYPE) /.test(l) || /^[a-z_:]+(\{[^]*\})? [-+0-9.eEInfNa]+$/.test(l), l);
  const types = m.split('\n').filter(l => l.startsWith('# TYPE ')).map(l => l.split(' ')[2]);
  assert.equal(new Set(types).size, types.length);
  void gw;
});

test('health is told on its own listener, by exact path and method, and never in public', async t => {
  const { base, ask, metrics, redis } = await told(t);
  assert.equal((await eventually(async () => { const r = await ask('/ready'); return r.status === 200 && r; })).status, 200);
  assert.equal((await ask('/live')).status, 200);
  assert.equal((await ask('/live/x')).status, 404);
  assert.equal((await ask('/ready/')).status, 404);
  assert.equal((await new Visitor().ask(`http://127.0.0.1:${metrics}/live`, { method: 'POST', navigate: false })).status, 405);
  for (const path of ['/metrics', '/live', '/ready']) {
    const r = await new Visitor().ask(`${base}${path}`, { navigate: false, headers: { 'user-agent': 'kube-probe/1.29' } });
    assert.equal(r.status, 401, path);
  }
  await redis.stop('SIGKILL');
  await eventually(async () => (await ask('/ready')).status === 503);
  assert.equal((await ask('/live')).status, 200);
});

test('no secret, token, code, state or cookie is ever written anywhere', async t => {
  const it = await told(t);
  const { base, gw, op } = it;
  const visitor = new Visitor();
  const secrets = new Set([op.clientSecret]);
  const note = r => {
    for (const u of [r.url, r.location]) for (const k of ['code', 'state', 'nonce', 'code_challenge', 'id_token_hint']) { const v = u?.searchParams.get(k); if (v) secrets.add(v); }
    for (const c of visitor.jar) if (c.value.length > 20) secrets.add(c.value);
  };
  let r = await visitor.ask(`${base}/_vestibule/start/op?rd=%2F`);
  note(r);
  const back = await signIn(visitor, base, 'ada', '/private');
  for (const hop of back.way ?? []) note(hop);
  note(back);
  secrets.add(JSON.parse(back.body).headers['x-auth-assertion']);
  // failures, too: a replay, a wrong state, an error with text in it, a broken cookie
  const callback = [...(back.way ?? [])].find(w => w.url.pathname.includes('/callback/'));
  if (callback) await new Visitor().ask(callback.url);
  await visitor.ask(`${base}/_vestibule/callback/op?state=canary-state-0123456789&code=canary-code-0123456789`);
  await visitor.ask(`${base}/_vestibule/callback/op?state=canary-state-0123456789&error=x&error_description=canary-description%0a%7b%22user%22%3a%22admin%22%7d`);
  await visitor.ask(`${base}/x`, { headers: { cookie: '__Host-vestibule=canary.cookie.value0123456789', authorization: 'Bearer canary-bearer-0123456789' } });
  const page = await visitor.ask(`${base}/_vestibule/sign-out`);
  const f = form(page);
  secrets.add(f.fields.token);
  r = await visitor.ask(f.action, { method: 'POST', body: f.fields });
  note(r);
  for (const c of ['canary-state-0123456789', 'canary-code-0123456789', 'canary.cookie.value0123456789', 'canary-bearer-0123456789', 'canary-query']) secrets.add(c);
  await sleep(300);
  const all = gw.out + gw.err + (await it.ask('/metrics')).body;
  assert.ok(all.length > 1000);
  for (const s of secrets) if (s) assert.ok(!all.includes(s), `written out: ${s.slice(0, 12)}...`);
  assert.ok(!/"user":"admin"/.test(all), 'a text from outside is no field');
  // nor in the process's arguments or environment as others can see it
  const cmdline = readFileSync(`/proc/${gw.pid}/cmdline`, 'utf8');
  assert.ok(!cmdline.includes(op.clientSecret));
});
