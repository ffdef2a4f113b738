// Tables of sign-ins at the provider that misbehaves: one row, one sign-in with an issuer of its own, and what must have come of it.
//
// A row: { name, lies, settings (of the issuer), config (of the provider in the gateway) } and what is expected:
//   accepted: true                     in, as `user`; `userinfo` calls (1)
//   problem: 'provider-broken'         refused with that problem, hence its status and page; `token` calls (1) and `userinfo` calls (0);
//                                      `event` of the audit stream (signin.failed), null: none; `at: 'start'`: before anybody is sent away
//   attemptKept: true                  the answer does not say which attempt it is of, so none ends
// and, where a row is no plain sign-in: prepare(story), visit(story) -> { start, last }, check(story, way); story.asked and
// story.audit tell what was asked of the issuer and recorded.
import assert from 'node:assert/strict';
import { eventually, freePort, readFileSync, root, startGateway, startRedis } from './parts.mjs';
import { client, startHostile } from './hostile.mjs';
import { startBackend } from './backend.mjs';
import { form, Visitor, withoutOurScript } from './visitor.mjs';

const texts = readFileSync(`${root}/templates/languages/en.txt`, 'utf8');
const title = problem => new RegExp(`^problem\\.${problem}\\.title = (.*)$`, 'm').exec(texts)[1];
const statuses = { 'sign-in-cancelled': 200, 'bad-request': 400, 'cookies-blocked': 400, 'attempt-unknown': 400, 'attempt-expired': 400, 'provider-refused': 403, 'email-unverified': 403,
  'method-not-allowed': 405, 'provider-away': 502, 'provider-broken': 502, 'provider-misconfigured': 502 };
const mostProviders = 60;
const session = '__Host-vestibule', attempts = '__Host-vestibule-tx-';

// From our start address to the gateway's answer at the callback, as a browser goes. `change` may alter the way back: gives [url, options].
export async function walk(visitor, base, id, { rd = '/', change } = {}) {
  const start = await visitor.ask(`${base}/_vestibule/start/${id}?rd=${encodeURIComponent(rd)}`);
  if (!start.location) return { start, last: start };
  const there = await new Visitor().ask(start.location);
  let back;
  if (there.location) back = [String(there.location), {}];
  else if (there.body.includes('<form')) {
    const f = form(there);
    const body = [...there.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)]
      .map(m => [m[1], m[2].replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n))].map(encodeURIComponent).join('=')).join('&');
    back = [String(f.action), { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', origin: f.action.origin, 'sec-fetch-site': 'cross-site' } }];
  } else throw new Error(`the provider answered ${there.status}: ${there.body.slice(0, 500)}`);
  if (change) back = await change(...back) ?? back;
  return { start, back, last: await visitor.ask(...back) };
}

export async function startWorld(t, rows, { op, replicas = 1, env = {} } = {}) {
  op ??= await startHostile(t);
  const [backend, redis] = await Promise.all([startBackend(t), replicas > 1 ? startRedis(t) : undefined]);
  const port = await freePort(), base = `http://localhost:${port}`;
  const good = op.issuer('good');
  const world = { op, backend, base, good, secrets: [client.secret], refusals: [] };
  const list = [['good', good, {}]];
  rows.forEach((row, i) => {
    row.id ??= `p${i}`;
    row.issuer = row.of ? rows.find(r => r.name === row.of).issuer : (row.op ?? op).issuer(row.id, row.settings);
    if (row.of) row.id = rows.find(r => r.name === row.of).id;
    else list.push([row.id, row.issuer, row.config ?? {}]);
  });
  const providers = list.map(([id, issuer, more]) => {
    issuer.redirectUri = `${base}/_vestibule/callback/${id}`;
    return `  - ${JSON.stringify({ use: 'oidc', id, name: `Provider ${id}`, hidden: id !== 'good', issuer: issuer.issuer, client_id: client.id, client_secret: client.secret,
      allow_private: true, tokens: 'session', ...more })}`;
  });
  const config = at => `
public_url: ${base}
listen: 127.0.0.1:${at}
server: { workers: 2, drain: 2s }
session: { store: "${redis?.url ?? 'memory://'}" }
backends: [{ id: app, url: "${backend.url}" }]
log: { format: json, level: debug }
metrics: { listen: none }
providers:
${providers.join('\n')}
`;
  world.gateways = [await startGateway(t, config(port), { env })];
  while (world.gateways.length < replicas) {
    const other = await freePort();
    world.gateways.push(Object.assign(await startGateway(t, config(other), { state: `${world.gateways[0].dir}/state` }), { port: other }));
  }
  world.gw = world.gateways[0];
  world.lines = () => world.gateways.flatMap(g => g.log());
  return world;
}

export function mark(world) {
  return world.gateways.map(g => [g.out.length, g.err.length]);
}

export function linesSince(world, from) {
  return world.gateways.flatMap((g, i) => (g.out.slice(from[i][0]) + g.err.slice(from[i][1])).split('\n')).filter(l => l.startsWith('{') && l.endsWith('}')).map(l => JSON.parse(l));
}

export const auditOf = (lines, id) => lines.filter(l => l.stream === 'audit' && l.provider === id);
export const txCookies = visitor => visitor.jar.filter(c => c.name.startsWith(attempts));
const txNames = visitor => txCookies(visitor).map(c => c.name);

// What a refusal looks like to the person, whatever went wrong.
export function assertRefusalPage(answer, problem, provider) {
  assert.equal(answer.status, statuses[problem], `status of ${problem}`);
  assert.match(answer.headers['content-type'], /^text\/html/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['referrer-policy'], 'no-referrer');
  assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
  assert.equal(answer.headers.location, undefined);
  assert.ok(answer.body.includes(title(problem)), `the page says: ${title(problem)}`);
  if (provider) assert.ok(answer.body.includes(`Provider ${provider}`), 'the page names the provider as we call it');
  assert.doesNotMatch(withoutOurScript(answer.body), /<script|<img(?! class="mark" src="\/_vestibule\/assets\/)|<iframe|javascript:|onerror/i);
  const set = answer.headers['set-cookie'] ?? [];
  assert.ok(!set.some(c => c.startsWith(`${session}=`)), 'no session cookie');
}

async function accepted(story, way) {
  const { row, world, visitor, rd } = story;
  const { last } = way;
  assert.equal(last.status, 303, last.body.slice(0, 300) + JSON.stringify(linesSince(world, story.from).filter(l => l.cause).map(l => l.cause)));
  assert.equal(String(last.location), world.base + rd);
  assert.equal(last.headers['cache-control'], 'no-store');
  assert.equal(last.headers['referrer-policy'], 'no-referrer');
  assert.ok(visitor.cookie(session), 'there is a session');
  assert.deepEqual(txNames(visitor), [], 'the attempt\'s cookie is gone');
  const page = await visitor.ask(rd);
  assert.equal(page.status, 200);
  assert.equal(JSON.parse(page.body).headers['x-auth-user'], `${row.id}:${row.user ?? 'ada'}`);
}

async function refused(story, way) {
  const { row, world, visitor } = story;
  const { last } = way;
  assertRefusalPage(last, row.problem, row.id);
  assert.equal(visitor.cookie(session), undefined);
  if (row.attemptKept) assert.equal(txCookies(visitor).length, 1, 'no attempt of this browser was meant');
  else if (row.at !== 'start') assert.deepEqual(txNames(visitor), [], 'the attempt\'s cookie is gone');
  else assert.equal(last, way.start, 'nobody was sent to the provider');
  const page = await visitor.ask(story.rd);
  assert.equal(page.status, 302, 'still nobody');
  assert.equal(world.backend.seen.length, story.reached, 'nothing came through to the application');
}

export async function play(world, row) {
  const { issuer, id } = row;
  const visitor = new Visitor(), rd = `/goal?row=${id}`;
  visitor.at = world.base;
  const story = { world, row, issuer, visitor, rd, from: mark(world), reached: world.backend.seen.length, walk: (more = {}) => walk(visitor, world.base, id, { rd, ...more }) };
  issuer.complaints.length = 0;
  try {
    if (row.prepare) await row.prepare(story);
    story.from = mark(world);
    story.reached = world.backend.seen.length;
    const before = { ...issuer.seen }, strays = world.op.strays.length;
    issuer.lies = typeof row.lies === 'function' ? row.lies(story) : row.lies ?? {};
    const way = await (row.visit ?? (s => s.walk()))(story);
    story.asked = Object.fromEntries(Object.keys(before).map(k => [k, issuer.seen[k] - before[k]]));
    await (row.accepted ? accepted : refused)(story, way);
    const expected = row.accepted ? { token: 1, userinfo: row.userinfo ?? 1 } : { token: row.token ?? (row.at === 'start' ? 0 : 1), userinfo: row.userinfo ?? 0 };
    assert.deepEqual({ token: story.asked.token, userinfo: story.asked.userinfo }, expected, 'questions to the provider');
    assert.deepEqual(issuer.complaints, row.complaints ?? [], 'the provider has nothing to complain about');
    assert.deepEqual(world.op.strays.slice(strays), [], 'nothing else was asked of anybody');
    const event = row.accepted ? 'signin.succeeded' : row.event === undefined ? 'signin.failed' : row.event;
    const events = [...(row.at === 'start' ? [] : ['signin.started']), ...(event ? [event] : [])];
    await eventually(() => auditOf(linesSince(world, story.from), id).length >= events.length);
    const audit = auditOf(linesSince(world, story.from), id);
    assert.deepEqual(audit.map(l => l.event), events, 'the audit records');
    if (event && !row.accepted) {
      const record = audit.at(-1);
      world.refusals.push(record.request_id);
      assert.equal(record.reason, row.problem);
      assert.equal(record.request_id, way.last.headers['x-request-id']);
      if (row.because) assert.match(record.cause, row.because);
    }
    story.audit = audit;
    await row.check?.(story, way);
  } finally {
    issuer.lies = {};
    world.secrets.push(...issuer.secrets);
  }
}

// An honest sign-in at the row's own issuer before its lie: the gateway has learned metadata and keys.
export async function signInBefore({ world, row }) {
  const from = mark(world);
  const { last } = await walk(new Visitor(), world.base, row.id);
  assert.equal(last.status, 303);
  await eventually(() => auditOf(linesSince(world, from), row.id).length === 2);
}

// The other provider of the same gateway goes on serving.
export async function othersStillSignIn(world) {
  const visitor = new Visitor();
  const { last } = await walk(visitor, world.base, 'good', { rd: '/other' });
  assert.equal(last.status, 303, 'the other provider still works');
  const page = await visitor.ask(`${world.base}/other`);
  assert.equal(JSON.parse(page.body).headers['x-auth-user'], 'good:ada');
  assert.deepEqual(world.good.complaints, []);
}

// When all is over: nothing that was secret stands in any line, no line is broken, and no refusal has a second audit record.
export async function assertQuietLogs(world) {
  await Promise.all(world.gateways.map(g => g.stop()));
  const all = world.gateways.map(g => g.out + g.err).join('');
  assert.ok(all.length > 1000, 'there are logs to look at');
  for (const s of new Set([...world.secrets, ...world.good.secrets])) assert.ok(!all.includes(s), `the log tells ${s}`);
  const lines = world.lines();
  assert.deepEqual(lines.filter(l => l.broken), [], 'each line is JSON');
  for (const id of world.refusals) assert.equal(lines.filter(l => l.stream === 'audit' && l.request_id === id).length, 1, `audit records of ${id}`);
}

// Plays all rows, each as a test of its own; gateways take as many rows as they can have providers.
export async function table(t, rows, options = {}) {
  for (let i = 0; i < rows.length; i += mostProviders) {
    const part = rows.slice(i, i + mostProviders);
    const world = await startWorld(t, part, options);
    for (const row of part) await t.test(row.name, async () => { await play(world, row); await othersStillSignIn(world); });
    await t.test('no log line tells a secret, a code, a token or a state', () => assertQuietLogs(world));
  }
}
