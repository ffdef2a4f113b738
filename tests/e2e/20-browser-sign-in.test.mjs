// Signing in and out as people do it: Chromium without JavaScript, the certified provider, sessions in Redis, several tabs.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { eventually } from './lib/parts.mjs';
import { checkAssertion } from './lib/backend.mjs';
import { installation } from './lib/installation.mjs';
import { agreeAtProvider, backendSays, languageOf, person, signInAtProvider, startBrowser } from './lib/browser.mjs';

const alone = 'sign_in: { name: Example }';
const withPage = 'sign_in: { name: Example, skip_if_single: false }';

async function signIn(context, base, who, path = '/') {
  const page = await context.newPage();
  await page.goto(base + path);
  await signInAtProvider(page, who);
  await page.waitForURL(base + path);
  return page;
}

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser?.close());

test('two people with five tabs each sign in at the same time; every tab ends at its own address with its own person', async t => {
  const { base, backend } = await installation(t, { extra: alone });
  await Promise.all(['ada', 'bob'].map(async who => {
    const context = await person(browser);
    const tabs = await Promise.all([1, 2, 3, 4, 5].map(() => context.newPage()));
    const path = i => `/${who}/${i}?tab=${i}&to=%2Fx`;
    await Promise.all(tabs.map((tab, i) => tab.goto(base + path(i)))); // all five stand at the provider, each with a sign-in of its own
    for (const tab of tabs) assert.match(tab.url(), /\/interaction\//);
    for (const [i, tab] of tabs.entries()) {
      await signInAtProvider(tab, who);
      await tab.waitForURL(base + path(i));
      const seen = await backendSays(tab);
      assert.equal(seen.url, path(i));
      assert.equal(seen.headers['x-auth-user'], `op:${who}`);
      assert.equal(seen.headers['x-auth-email'], `${who}@example.test`);
      assert.equal(seen.headers['x-auth-provider'], 'op');
      const { payload } = await checkAssertion(seen.headers['x-auth-assertion'],
        { jwks: `${base}/_vestibule/.well-known/jwks.json`, issuer: base, audience: backend.url });
      assert.equal(payload.sub, `op:${who}`);
    }
    const ours = (await context.cookies(base)).filter(c => c.name.startsWith('__Host-vestibule'));
    assert.deepEqual(ours.map(c => c.name), ['__Host-vestibule'], 'no sign-in under way is left behind');
    assert.deepEqual([ours[0].httpOnly, ours[0].secure, ours[0].sameSite], [true, true, 'Lax']);
    await context.close();
  }));
});

test('signing out in one tab is felt in the others', async t => {
  const { base, gw } = await installation(t, { extra: alone });
  const context = await person(browser);
  const tab = await signIn(context, base, 'ada', '/one');
  const other = await context.newPage();
  await other.goto(`${base}/two`);
  assert.equal((await backendSays(other)).headers['x-auth-user'], 'op:ada');
  const kept = (await context.cookies(base)).filter(c => c.name === '__Host-vestibule');

  await tab.goto(`${base}/_vestibule/sign-out?rd=%2Fone`);
  assert.match(await tab.locator('h1').innerText(), /Sign out of Example\?/);
  assert.match(await tab.locator('main').innerText(), /ada@example\.test/);
  await tab.click('button[type=submit]');
  assert.equal(new URL(tab.url()).pathname, '/_vestibule/signed-out');
  assert.match(await tab.locator('main').innerText(), /still signed in at The Provider/);

  const answer = await other.goto(`${base}/two`); // the provider still knows ada, but nobody gets in without going there
  const way = [];
  for (let r = answer.request(); r; r = r.redirectedFrom()) way.unshift(new URL(r.url()).pathname);
  assert.deepEqual(way.slice(0, 3), ['/two', '/_vestibule/sign-in', '/_vestibule/start/op']);
  // and the old cookie, kept by somebody, is worth nothing
  const thief = await person(browser);
  await thief.addCookies(kept);
  const page = await thief.newPage();
  await page.goto(`${base}/two`);
  assert.match(page.url(), /\/interaction\//);
  await eventually(() => gw.log().some(l => l.event === 'signout' && l.stream === 'audit'));
  // "Sign in again" leads back to where the person was
  await tab.click('a.button');
  await tab.waitForURL(`${base}/one`);
});

test('signing out at the provider too: the box is ticked, the policy of the page lets the form through, the next sign-in asks again', async t => {
  const { base, op } = await installation(t, { extra: alone });
  const context = await person(browser);
  const tab = await signIn(context, base, 'ada');
  const answer = await tab.goto(`${base}/_vestibule/sign-out`);
  assert.ok(answer.headers()['content-security-policy'].endsWith(`form-action 'self' ${op.issuer}`));
  await tab.check('input[name=everywhere]');
  await tab.click('button.button');
  await tab.waitForURL(u => u.href.startsWith(`${op.issuer}/session/end`));
  await tab.click('button[value=yes]');
  await tab.waitForURL(u => u.href.startsWith(`${base}/_vestibule/signed-out`));
  assert.doesNotMatch(await tab.locator('main').innerText(), /still signed in/);
  await tab.goto(base);
  assert.equal(await tab.locator('input[name=login]').count(), 1, 'the provider asks who it is');
});

test('the callback opened again, by Back or by reload, is no dead end', async t => {
  const { base } = await installation(t, { extra: alone });
  const context = await person(browser);
  const tab = await context.newPage();
  let callback;
  tab.on('request', r => { if (r.url().includes('/callback/op')) callback = r.url(); });
  await tab.goto(`${base}/deep?x=1`);
  await signInAtProvider(tab, 'ada');
  await tab.waitForURL(`${base}/deep?x=1`);
  assert.ok(callback);
  const again = await tab.goto(callback);
  assert.equal(again.status(), 200);
  assert.equal((await backendSays(tab)).headers['x-auth-user'], 'op:ada');
  await tab.reload();
  assert.equal((await backendSays(tab)).headers['x-auth-user'], 'op:ada');
  await tab.goBack();
  await tab.goBack().catch(() => {});
  await tab.goto(`${base}/deep?x=2`);
  assert.equal((await backendSays(tab)).url, '/deep?x=2');

  // The same callback in somebody else's browser signs nobody in and says what to do.
  const stranger = await person(browser);
  const page = await stranger.newPage();
  const refused = await page.goto(callback);
  assert.equal(refused.status(), 400);
  assert.equal(await page.locator('[role=alert]').count(), 1);
  assert.equal(await page.locator('a.provider').count(), 1, 'a way to start again stands on the page');
  assert.deepEqual((await stranger.cookies(base)).filter(c => c.name === '__Host-vestibule'), []);
});

test('a person whose browser keeps no cookies is told so, in one round', async t => {
  const { base, op } = await installation(t, { extra: withPage });
  const context = await person(browser);
  const tab = await context.newPage();
  await tab.goto(`${base}/private`);
  await tab.click('a.provider');
  await tab.waitForURL(/\/interaction\//);
  await context.clearCookies({ domain: 'localhost' });
  await signInAtProvider(tab, 'ada');
  assert.equal(new URL(tab.url()).pathname, '/_vestibule/callback/op');
  const words = await tab.locator('[role=alert]').innerText();
  assert.match(words, /did not keep our cookie/);
  assert.match(words, /Allow cookies/);
  assert.equal(op.seen.token, 0, 'the code was not spent');
});

test('a provider that answers by form_post: the cookie comes along although another site posts', async t => {
  const { base } = await installation(t, { extra: alone, provider: 'response_mode: form_post' });
  const context = await person(browser, { javaScriptEnabled: true }); // the provider's page posts itself by script
  const tab = await context.newPage();
  let by;
  tab.on('request', r => { if (r.url().startsWith(`${base}/_vestibule/callback/`)) by = r.method(); });
  await tab.goto(`${base}/by-post`);
  const tx = (await context.cookies(base)).find(c => c.name.startsWith('__Host-vestibule-tx-'));
  assert.deepEqual([tx.sameSite, tx.secure, tx.httpOnly], ['None', true, true]);
  await signInAtProvider(tab, 'ada');
  await tab.waitForURL(`${base}/by-post`);
  assert.equal(by, 'POST');
  assert.equal((await backendSays(tab)).headers['x-auth-user'], 'op:ada');
});

test('with one provider the page is passed over; if the operator wants it, it is shown', async t => {
  const [a, b] = await Promise.all([installation(t, { extra: alone }), installation(t, { extra: withPage })]);
  const context = await person(browser);
  const tab = await context.newPage();
  await tab.goto(a.base);
  assert.equal(new URL(tab.url()).origin, a.op.issuer);
  await tab.goto(`${b.base}/x?y=1`);
  assert.equal(tab.url(), `${b.base}/_vestibule/sign-in?rd=%2Fx%3Fy%3D1`);
  assert.equal(await tab.locator('a.provider > span:not(.mark)').innerText(), 'Continue with The Provider');
});

test('a return address keeps its query and its fragment, and one on another site is not followed', async t => {
  const { base } = await installation(t, { extra: withPage });
  const context = await person(browser);
  const tab = await context.newPage();
  const to = '/list?q=a%26b&page=2#row-7';
  await tab.goto(`${base}/_vestibule/sign-in?rd=${encodeURIComponent(to)}`);
  await tab.click('a.provider');
  await signInAtProvider(tab, 'ada');
  await tab.waitForURL(base + to);
  assert.equal((await backendSays(tab)).url, '/list?q=a%26b&page=2');
  // signed in already: straight there
  await tab.goto(`${base}/_vestibule/sign-in?rd=${encodeURIComponent(to)}`);
  assert.equal(tab.url(), base + to);
  for (const evil of ['https://evil.example/', '//evil.example/', '/\\evil.example/', 'javascript:alert(1)', `${base}.evil.example/`]) {
    await tab.goto(`${base}/_vestibule/sign-in?rd=${encodeURIComponent(evil)}`);
    assert.equal(tab.url(), `${base}/`, evil);
  }
});

test('the #fragment of the address a stranger came for is kept when the page is shown', async t => {
  const { base } = await installation(t, { extra: withPage });
  const context = await person(browser, { javaScriptEnabled: true });
  const tab = await context.newPage();
  const complaints = [];
  tab.on('console', m => complaints.push(m.text()));
  const to = '/list?q=a%26b&page=2#row-7/%C3%A9&x=1';
  await tab.goto(base + to);
  assert.match(tab.url(), /sign-in\?rd=.*#row-7/);
  await Promise.all([tab.waitForURL(/ui_locales=de.*#|ui_locales=de/), tab.click('details.language summary').then(() => tab.click('a[hreflang=de]'))]);
  await tab.click('a.provider');
  await signInAtProvider(tab, 'ada');
  await tab.waitForURL(base + to);
  assert.equal((await backendSays(tab)).url, '/list?q=a%26b&page=2');
  assert.deepEqual(complaints.filter(m => /Content Security|script/i.test(m)), []);
  // a script that is not ours does not run on our pages
  await context.clearCookies();
  await tab.goto(`${base}/list`);
  await tab.evaluate(() => { const s = document.createElement('script'); s.textContent = 'document.title = "taken over"'; document.body.append(s); });
  assert.notEqual(await tab.title(), 'taken over');
});

test('a stranger inside a frame gets a page that asks for a tab, and the tab signs in', async t => {
  const { base } = await installation(t, { extra: alone, access: `access:
  - { path: /public/**, allow: everyone }
  - { path: /**, allow: signed_in }` });
  const context = await person(browser);
  const tab = await context.newPage();
  await tab.route(`${base}/public/frame`, route => route.fulfill({ contentType: 'text/html', body: '<iframe src="/inside" width="600" height="600"></iframe>' }));
  await tab.goto(`${base}/public/frame`);
  const frame = tab.frameLocator('iframe');
  assert.match(await frame.locator('main').innerText(), /tab of its own/);
  const [opened] = await Promise.all([context.waitForEvent('page'), frame.locator('a.button').click()]);
  await opened.waitForURL(/\/interaction\//);
  await signInAtProvider(opened, 'ada');
  await opened.waitForURL(`${base}/inside`);
  await tab.reload();
  assert.match(await frame.locator('body').innerText(), /op:ada/);
});

test('a form sent after the session ended is not delivered, and the page says so', async t => {
  const { base, backend } = await installation(t, { extra: alone });
  const context = await person(browser);
  const tab = await signIn(context, base, 'ada');
  await tab.route(`${base}/form`, (route, request) => request.method() === 'GET'
    ? route.fulfill({ contentType: 'text/html', body: '<form method=post action=/form><input name=a value=b><button>send</button></form>' }) : route.continue());
  await tab.goto(`${base}/form`);
  await context.clearCookies({ name: '__Host-vestibule' });
  backend.seen.length = 0;
  const [answer] = await Promise.all([tab.waitForResponse(`${base}/form`), tab.click('button')]);
  assert.equal(answer.status(), 401);
  await tab.waitForLoadState();
  assert.match(await tab.locator('[role=alert]').innerText(), /What you sent was not delivered/);
  assert.deepEqual(backend.seen.filter(s => s.method === 'POST'), []);
  await tab.click('a.button >> nth=0');
  await tab.waitForURL(`${base}/`); // the provider still knows her
});

test('the page speaks the language that was chosen, else the browser\'s; Arabic runs from right to left', async t => {
  const { base } = await installation(t, { extra: withPage });
  const url = `${base}/_vestibule/sign-in?rd=%2Fx%3Fa%3D1%26b%3D2`;
  const german = await (await person(browser, { locale: 'de-AT' })).newPage();
  const answer = await german.goto(url);
  assert.equal(answer.headers()['content-language'], 'de');
  assert.equal(await languageOf(german), 'de');
  assert.match(await german.locator('a.provider').innerText(), /Weiter mit The Provider/);

  const context = await person(browser);
  const tab = await context.newPage();
  await tab.goto(url);
  assert.equal(await languageOf(tab), 'en');
  await tab.click('footer summary');
  await tab.click('footer a[hreflang=ar]');
  assert.equal(await languageOf(tab), 'ar');
  assert.equal(await tab.locator('html').getAttribute('dir'), 'rtl');
  assert.equal(new URL(tab.url()).searchParams.get('rd'), '/x?a=1&b=2', 'where the person goes is kept');
  const mark = await tab.locator('a.provider .mark').boundingBox(), text = await tab.locator('a.provider span:not(.mark)').first().boundingBox();
  assert.ok(mark.x > text.x, 'the mark stands right of the words');
  await tab.goto(url);
  assert.equal(await languageOf(tab), 'ar', 'the choice is remembered');
  await tab.goto(`${url}&ui_locales=xx%20de`);
  assert.equal(await languageOf(tab), 'de');

  // On a page that tells of a failure, the menu leads to the sign-in page: nothing is started or sent again by choosing a language.
  const failed = await tab.goto(`${base}/_vestibule/callback/op?state=x&error=access_denied`);
  assert.equal(failed.status(), 400);
  await tab.click('footer summary');
  await tab.click('footer a[hreflang=en]');
  assert.equal(new URL(tab.url()).pathname, '/_vestibule/sign-in');
  assert.equal(await languageOf(tab), 'en');
  await tab.click('a.provider');
  await signInAtProvider(tab, 'ada');
  await agreeAtProvider(tab);
  await tab.waitForURL(`${base}/`);
});
