// One reading of a path for rule and application, on both protocols; and a way back after signing in that is always ours.
import test from 'node:test';
import assert from 'node:assert/strict';
import { front, cookieOf, exchange } from './lib/front.mjs';
import { Frames, ask } from './lib/raw.mjs';
import { Visitor, form } from './lib/visitor.mjs';
import { signInAtProvider } from './lib/provider.mjs';

// Every way we know to write "/admin/x" or to climb there from a public place.
function corpus() {
  const ups = ['..', '%2e%2e', '%2E%2e', '.%2e', '%2e.', '%252e%252e', '..;', '..;x=1', '%2e%2e%3b', '..%00', '..%20', '.. ', '..\t', '...', '....', '..%09', '..%0d', '..%c0%ae', '%c0%ae%c0%ae', '%e0%80%ae%e0%80%ae', '%f0%80%80%ae.',
    '\u2025', '%e2%80%a5', '%ef%bc%8e%ef%bc%8e', '%uff0e%uff0e', '%u002e%u002e', '..%ff', '..%2500', '%25%32%65%25%32%65', '.%00.', '..%5c', '..%255c', '..%2f', '..%252f', '%2e%2e%2f', '%2e%2e%5c', '..\\', '..%c0%af', '..%e2%88%95', '..%ef%bc%8f'];
  const slashes = ['/', '//', '%2f', '%2F', '%252f', '%252F', '%5c', '\\', '\\/', '/\\', '/./', '/%2e/', '/;/', '/;x/', '%c0%af', '%e0%80%af', '%ef%bc%8f', '%e2%88%95', '%u2215', '%00/', '/%00', '/%20/', '/%09/', '/ /', '%3f', '%23', '#', '?/', ';/', '%3b/', '/.;/', '%0a', '%0d%0a', '/%2f', '%2f/', '%25%32%66', '/.%00/'];
  const admins = ['admin', 'Admin', 'ADMIN', 'adm%69n', '%61dmin', '%61%64%6d%69%6e', 'admin;', 'admin;x=1', 'admin%3bx', ';admin', '%2561dmin', 'adm%2569n', 'admin%00', 'admin%20', 'admin.', 'admin%2e', './admin', '.admin', 'admi\u0144', 'adm%c4%b1n', '%ef%bd%81dmin', 'admin~', 'admin%09', 'admin%2f', 'admin%5c', 'admin/.', 'admin/..;', 'admin%23', 'admin%3f', 'admin\\', '%u0061dmin'];
  const list = [];
  for (const u of ups) for (const s of ['/', '%2f', '//', '\\', '%5c']) for (const p of ['/public', '/public/a', '/api']) list.push(`${p}/${u}${s}admin/x`, `${p}/a/${u}${s}${u}${s}admin/x`);
  for (const s of slashes) list.push(`${s}admin/x`, `/${s}admin/x`, `/public${s}../admin/x`, `/public${s}..${s}admin${s}x`, `/admin${s}x`, `/public/x${s}admin`, `/public${s}x`);
  for (const a of admins) list.push(`/${a}`, `/${a}/`, `/${a}/x`, `/${a}/x?y`, `/public/../${a}/x`, `/public/${a}/x`, `//${a}/x`, `/./${a}/x`, `/x/../${a}/x`);
  for (const tail of ['', '/', '//', '/.', '/..', '?', '?/public/', '#', '#/public/', ';', ';/public/', '.json', '.css', '/x.css', '%3f/public/', '%23/public', '%00/public', '/x;/public/', '/x%0d%0aX: 1', '?x=/../public/', '/%', '/%a', '/%zz', '/%%', '/x%', '/*', '/**', '/[a]', '/{a}', '/|', '/^', '/`', '/"', '/<x>', "/'", '/x&y', '/x+y', '/x=y', '/~x', '/:x', '/@x', '/!']) list.push(`/admin${tail}`);
  list.push('/public', '/public/', '/publicx', '/public.', '/public;/admin', '/public/;/admin', '/publi%63/x', '/%70ublic/x', '/public/%61', '/public/%7Ex', '/public/a%2Bb', '/public/%E4%BD%A0', '/public/a b', '/Public/x', '/PUBLIC/x', '/api', '/api/', '/api/x', '/', '/x', '');
  return [...new Set(list)];
}

// What a lenient application would make of a path: decoded as often as it takes, cut, folded, climbed. Gives the readings.
function readings(path) {
  const out = new Set();
  const climb = p => { const parts = []; for (const s of p.split('/')) { if (s === '' || s === '.') continue; if (s === '..') parts.pop(); else parts.push(s); } return `/${parts.join('/')}`; };
  let p = path.split('?')[0];
  for (let i = 0; i < 3; i++) {
    for (const q of [p, p.replaceAll('\\', '/'), p.replaceAll(/;[^/]*/g, ''), p.replaceAll('\\', '/').replaceAll(/;[^/]*/g, ''), p.split('\0')[0]]) out.add(climb(q));
    const next = p.replaceAll(/%([0-9a-f]{2})/gi, (_, h) => String.fromCharCode(parseInt(h, 16))).replaceAll('\xc0\xaf', '/').replaceAll('\xc0\xae', '.').replaceAll('\xe0\x80\xaf', '/').replaceAll('\xe0\x80\xae', '.');
    if (next === p) break;
    p = next;
  }
  return [...out];
}
const isAdmin = p => p === '/admin' || p.startsWith('/admin/');

test('the page a rule judges is the page the application is asked for (SEC-154, SEC-155)', async t => {
  const f = await front(t);
  const cookies = { stranger: undefined, ada: await cookieOf(f.base, 'ada'), opsy: await cookieOf(f.base, 'opsy') };
  const paths = corpus();
  assert.ok(paths.length > 600);
  const wrong = [], tally = {};
  const judge = (who, how, path, status, leaked) => {
    const label = `${how} ${who} ${JSON.stringify(path)}: ${status}`;
    tally[`${who} ${status}`] = (tally[`${who} ${status}`] ?? 0) + 1;
    if (leaked.length > 1) wrong.push(`${label}: ${leaked.length} requests`);
    if ((status === 200) !== (leaked.length === 1)) wrong.push(`${label}: ${leaked.length} requests`);
    if (![200, 302, 400, 401, 403, 0].includes(status)) wrong.push(label);
    for (const s of leaked) {
      const seen = s.url.split('?')[0], all = readings(s.url);
      if (who !== 'opsy' && all.some(isAdmin)) wrong.push(`${label}: the application may read ${s.url} as /admin`);
      if (who === 'stranger' && !(seen === '/public' || seen.startsWith('/public/'))) wrong.push(`${label}: a stranger got ${s.url}`);
      if (who === 'stranger' && !all.every(p => p === '/public' || p.startsWith('/public/'))) wrong.push(`${label}: ${s.url} can be read as ${all}`);
      if (/\/\/|\\|%2f|%5c|%00|(^|\/)\.\.?(\/|$)|[^\x21-\x7e]/i.test(seen)) wrong.push(`${label}: ${s.url} has more than one reading`);
    }
  };
  for (const [who, cookie] of Object.entries(cookies)) {
    for (const path of paths) {
      const before = f.backend.seen.length;
      const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${f.authority}\r\n${cookie ? `Cookie: ${cookie}\r\n` : ''}\r\n`, 'utf8');
      const r = await exchange(f.plain, bytes);
      judge(who, 'HTTP/1', path, r.list[0]?.status ?? 0, f.backend.seen.slice(before));
    }
    let c, id = 1;
    for (const path of paths) {
      if (!c || c.ended || c.goaway || id > 400) { c?.close(); c = await new Frames(f.h2).open; id = 1; }
      const before = f.backend.seen.length;
      c.headers(id, ask(Buffer.from(path, 'utf8'), { authority: f.authority }, cookie ? [['cookie', cookie]] : []));
      const r = await c.outcome(id);
      judge(who, 'HTTP/2', path, r.status, f.backend.seen.slice(before));
      id += 2;
    }
    c.close();
  }
  t.diagnostic(JSON.stringify(tally));
  assert.deepEqual(wrong.slice(0, 20), []);
  assert.deepEqual(f.backend.odd, []);
  for (const s of ['stranger 200', 'stranger 400', 'stranger 401', 'ada 200', 'ada 403', 'opsy 200', 'opsy 400']) assert.ok(tally[s] > 5, `${s} occurs: ${tally[s]}`);
});

test('a query is passed on byte for byte and decides nothing (SEC-155, SEC-157)', async t => {
  const f = await front(t);
  for (const q of ['?', '?a', '?a=b&a=c', '?x=/../admin', '?a=%zz', '?a=%', '??', '?a=b?c', '?\'"<>`{}|^[]', '?a=\\', '?%00', '?a=%2F..%2F', '?\xe4\xf6', `?${'a=1&'.repeat(1500)}`]) {
    const r = await exchange(f.plain, `GET /public/x${q} HTTP/1.1\r\nHost: ${f.authority}\r\n\r\n`);
    assert.equal(r.list[0].status, 200, q);
    assert.equal(f.backend.seen.at(-1).url, `/public/x${q}`);
    assert.equal((await exchange(f.plain, `GET /x${q} HTTP/1.1\r\nHost: ${f.authority}\r\n\r\n`)).list[0].status, 401, q);
  }
});

const EVIL = 'evil.example';
const returns = base => {
  const own = new URL(base).host;
  return {
    absolute: [`https://${EVIL}`, `http://${EVIL}/x`, `HTTPS://${EVIL}`, `https:${EVIL}`, `https:/${EVIL}`, `http:///${EVIL}`, `ftp://${EVIL}`, `//${EVIL}`, `///${EVIL}`, `////${EVIL}/`, `https://${EVIL}:443`],
    backslash: [`/\\${EVIL}`, `\\\\${EVIL}`, `\\/${EVIL}`, `/\\/${EVIL}`, `/x\\..\\..\\${EVIL}`, `https:\\\\${EVIL}`, `/%5c${EVIL}`, `/%5C%5C${EVIL}`, `%5c%5c${EVIL}`],
    white: [` https://${EVIL}`, `\thttps://${EVIL}`, `/\t/${EVIL}`, `/\n/${EVIL}`, `/\r/${EVIL}`, `/ /${EVIL}`, `//\t${EVIL}`, `h\nttps://${EVIL}`, `/%09/${EVIL}`, `/%0a/${EVIL}`, `/%0d%0aLocation:%20https://${EVIL}`, `/\r\nSet-Cookie: x=1`, `\x00//${EVIL}`, `/\x00/${EVIL}`, `\u00a0//${EVIL}`, `\u2028//${EVIL}`, `/\u200b/${EVIL}`],
    scheme: ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', 'data:text/html,x', 'vbscript:x', `blob:https://${EVIL}/x`, 'file:///etc/passwd', 'about:blank', `view-source:https://${EVIL}`, 'javascript://%0aalert(1)', ':', '::', `:/${EVIL}`],
    userinfo: [`http://${own}@${EVIL}`, `http://${own}:80@${EVIL}`, `http://a@${own}`, `http://${EVIL}@${own}`, `//${own}@${EVIL}`, `http://${own}%40${EVIL}`, `http://${EVIL}#@${own}`, `http://${EVIL}?@${own}`, `http://${EVIL}\\@${own}`, `http://${own}\\@${EVIL}`, `http://${own};@${EVIL}`],
    lookalike: [`http://${own}.${EVIL}`, `http://x${own}`, `http://${EVIL}/${own}`, `http://localhost.${EVIL}`, `http://localhost:1`, `https://${own}`, `http://local\u0068ost.${EVIL}`, `http://l\u043ecalhost`, `http://localhost%00.${EVIL}`, `http://[::1]`, `http://127.0.0.1`, `http://0`, `http://localhost%2e${EVIL}`, `http://LOCALHOST.${EVIL}`],
    dots: [`/.//${EVIL}`, `/..//${EVIL}`, `/%2e%2e//${EVIL}`, `/x/../..//${EVIL}`, `/.%2f/${EVIL}`, `/%2f${EVIL}`, `/%2f%2f${EVIL}`, `/%252f%252f${EVIL}`, `/;//${EVIL}`, `/.;/..//${EVIL}`, `./${EVIL}`, `../${EVIL}`, EVIL, `.${EVIL}`, `@${EVIL}`, `?//${EVIL}`, `#//${EVIL}`],
    loop: ['/_vestibule/sign-in', '/_vestibule/start/op', '/_vestibule/callback/op?code=x', '/_vestibule/sign-out', '/_vestibule/SIGN-OUT', '/_vestibule/sign-out;x', '/%5fvestibule/sign-out', `${base}/_vestibule/sign-out`],
    markup: ['/"><script>alert(1)</script>', "/'onload=alert(1)", '/x?"><img src=x>', '/<x>#<y>'],
    long: [`/${'a'.repeat(7000)}`, `/?${'a'.repeat(5000)}`],
  };
};

test('after a real sign-in the way back is ours, whatever was asked for (SEC-118, SEC-119, SEC-121, SEC-122, SEC-123, SEC-125)', async t => {
  const f = await front(t);
  const own = new URL(f.base).host;
  const check = (name, location) => {
    if (location === undefined) return;
    assert.match(location, /^[!-~]*$/, name);
    const u = new URL(location, f.base);
    assert.equal(u.host, own, `${name} leads to ${location}`);
    assert.equal(u.protocol, 'http:', name);
    assert.ok(!/^\/[\/\\]/.test(location.replace(f.base, '')), `${name}: ${location}`);
    assert.ok(!/^\/_vestibule\/(sign-in|start|callback|sign-out)/i.test(u.pathname), `${name}: a loop to ${location}`);
  };
  const walk = async (name, rd, first) => {
    const visitor = new Visitor();
    let page = await visitor.go(`${f.base}${first}${encodeURIComponent(rd)}`);
    const go = /href="([^"]*\/start\/op[^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&');
    if (page.url.host === own && go) page = await visitor.go(new URL(go, page.url).href);
    const before = page;
    page = await signInAtProvider(visitor, page, 'ada');
    const back = (page.way ?? []).filter(w => /\/_vestibule\/callback\//.test(w.url.pathname));
    assert.ok(back.length === 1, `${name}: ${before.status} ${before.url} -> ${page.status} ${page.url}`);
    check(name, back[0].headers.location);
    visitor.agent.destroy();
    return { at: back[0].headers.location, visitor };
  };
  const rows = Object.entries(returns(f.base)).flatMap(([family, list]) => list.map(rd => [`${family} ${JSON.stringify(rd).slice(0, 80)}`, rd]));
  for (let i = 0; i < rows.length; i += 8) {
    await Promise.all(rows.slice(i, i + 8).map(([name, rd], n) => walk(name, rd, n % 2 ? '/_vestibule/sign-in?rd=' : '/_vestibule/start/op?rd=')));
  }
  for (const [rd, wanted] of [['/a/b?c=d&e=%2F#f', '/a/b?c=d&e=%2F#f'], ['/größe?x=ü', '/gr%C3%B6%C3%9Fe?x=%C3%BC'], [`${f.base}/x`, `${f.base}/x`], ['', '/']]) {
    for (const first of ['/_vestibule/sign-in?rd=', '/_vestibule/start/op?rd=']) assert.equal((await walk(rd, rd, first)).at, wanted, rd);
  }
  // a stranger who asked for a strange page is not sent elsewhere either
  for (const path of [`//${EVIL}/`, `/\\${EVIL}`, `/%2f${EVIL}`, `/.//${EVIL}`, `/;//${EVIL}`, `/%5c${EVIL}`]) {
    const r = await exchange(f.plain, `GET ${path} HTTP/1.1\r\nHost: ${f.authority}\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n`);
    assert.equal(r.list[0].status, 400, path);
    assert.equal(r.list[0].value('location'), undefined);
  }
  // signing out asks, then ends, and stays with us
  const visitor = new Visitor();
  await signInAtProvider(visitor, await visitor.go(`${f.base}/_vestibule/start/op?rd=/`), 'ada');
  let n = 0;
  for (const rd of Object.values(returns(f.base)).flat().filter((_, i) => i % 8 === 0)) {
    const asked = await visitor.ask(`${f.base}/_vestibule/sign-out?rd=${encodeURIComponent(rd)}`);
    check(`sign-out ${rd}`, asked.headers.location);
    assert.equal(asked.status, 200, rd);
    assert.ok(!new RegExp(`(href|action)="[^"]*//${EVIL}`).test(asked.body), rd);
    if (n++ % 4) continue;
    const out = form(asked);
    const done = await visitor.ask(out.action, { method: 'POST', body: { ...out.fields, rd } });
    assert.equal(done.status, 303);
    check(`signed out ${rd}`, done.headers.location);
    await signInAtProvider(visitor, await visitor.go(`${f.base}/_vestibule/start/op?rd=/`), 'ada');
  }
});
