// `vestibule demo`, clicked through in Chromium without JavaScript: each person, and each way in which a sign-in can fail.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { person, startBrowser } from './lib/browser.mjs';
import { manyProviders, sessionCookie, startDemo } from './lib/gallery.mjs';
import { eventually } from './lib/parts.mjs';

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser?.close());

async function arrive(demo, who, path = '/') {
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(demo.base + path);
  await page.click('a.provider');
  assert.equal(new URL(page.url()).origin, demo.provider);
  await page.click(`button[value=${who}]`);
  await page.waitForLoadState();
  return page;
}

test('everybody on the demo provider\'s page gets what is written beside their name', async t => {
  const demo = await startDemo(t);
  const ada = await arrive(demo, 'ada', '/admin?x=1');
  assert.equal(ada.url(), `${demo.base}/admin?x=1`);
  assert.match(await ada.locator('main').innerText(), /The gateway says you are Ada Lovelace/);
  await ada.fill('input[name=words]', 'grüße <b>');
  await ada.click('button[type=submit]');
  assert.match(await ada.locator('main').innerText(), /words=gr%C3%BC%C3%9Fe\+%3Cb%3E|grüße <b>/);

  const grace = await arrive(demo, 'grace');
  assert.match(await grace.locator('main').innerText(), /Grace Hopper/);
  const refused = await grace.goto(`${demo.base}/admin`);
  assert.equal(refused.status(), 403);
  assert.match(await grace.locator('main').innerText(), /grace@demo\.example/);

  const linus = await arrive(demo, 'linus');
  assert.equal(new URL(linus.url()).pathname, '/_vestibule/callback/demo');
  assert.match(await linus.locator('[role=alert]').innerText(), /Demo provider: Your e-mail address is not confirmed there/);
  assert.deepEqual((await linus.context().cookies(demo.base)).filter(c => c.name === '__Host-vestibule'), []);

  const eve = await arrive(demo, 'eve');
  assert.match(await eve.locator('h1').innerText(), /no access/);
  assert.match(await eve.locator('main').innerText(), /eve@elsewhere\.example/);
});

test('a person without access comes out by another account', async t => {
  const demo = await startDemo(t);
  const page = await arrive(demo, 'eve', '/?from=here');
  await page.click('a:has-text("Use another account")');
  assert.match(await page.locator('h1').innerText(), /Sign out of Demo\?/);
  await page.click('button[type=submit]');
  assert.match(await page.locator('h1').innerText(), /signed out/);
  await page.click('a.button');
  await page.click('a.provider');
  await page.click('button[value=ada]');
  assert.equal(page.url(), `${demo.base}/?from=here`);
  assert.match(await page.locator('main').innerText(), /Ada Lovelace/);
});

test('a sign-in that was cancelled, or failed at the provider, is told on the page, and the next try works from there', async t => {
  const demo = await startDemo(t);
  for (const [button, status, words] of [['cancel', 200, /Demo provider: The sign-in was cancelled/], ['fail', 502, /Demo provider: The sign-in service does not answer/]]) {
    const context = await person(browser);
    const page = await context.newPage();
    await page.goto(`${demo.base}/deep?x=1`);
    await page.click('a.provider');
    const [answer] = await Promise.all([page.waitForResponse(r => r.url().startsWith(`${demo.base}/_vestibule/callback/`)), page.click(`button[value=${button}]`)]);
    await page.waitForLoadState();
    assert.equal(answer.status(), status);
    assert.match(await page.locator('[role=alert]').innerText(), words);
    assert.match(await page.locator('[role=alert] code').innerText(), /^([0-9A-Z]{4}-){6}[0-9A-Z]{2}$/);
    assert.deepEqual((await context.cookies(demo.base)).map(c => c.name), [], 'nothing of the attempt is left');
    await page.click('a.provider');
    await page.click('button[value=grace]');
    assert.equal(page.url(), `${demo.base}/deep?x=1`);
    await context.close();
  }
});

test('signing out at the demo provider too leads back here', async t => {
  const demo = await startDemo(t);
  const page = await arrive(demo, 'ada');
  await page.click('text=Sign out');
  await page.check('input[name=everywhere]');
  await page.click('button.button');
  await page.waitForURL(`${demo.base}/_vestibule/signed-out**`);
  assert.doesNotMatch(await page.locator('main').innerText(), /still signed in/);
  const answer = await page.goto(demo.base);
  assert.equal(new URL(answer.url()).pathname, '/_vestibule/sign-in');
});

test('eight providers: four large ones, the others in pairs, the one used last first; the number of large ones is the operator\'s', async t => {
  const [four, two] = [await manyProviders(t), await manyProviders(t, { primary: 2 })];
  const names = async (page, where) => (await page.locator(`${where} a.provider`).all()).reduce(async (list, a) => [...await list, (await a.locator(':scope > :not(.mark):not(.tag)').innerText()).trim()], []);
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(`${four.base}/_vestibule/sign-in?rd=%2Finside`);
  assert.deepEqual(await names(page, 'ul.providers:not(.pairs)'), ['Google', 'Apple', 'Microsoft', 'GitHub'].map(n => `Continue with ${n}`));
  assert.deepEqual(await names(page, 'ul.pairs'), ['Facebook', 'Discord', 'LinkedIn', 'Example staff']);
  assert.equal(await page.locator('.tag').count(), 0);
  assert.equal(await page.locator('ul.pairs a >> nth=0').getAttribute('aria-label'), 'Continue with Facebook', 'who hears the page hears the whole sentence');
  const boxes = await Promise.all([0, 1].map(i => page.locator('ul.pairs a').nth(i).boundingBox()));
  assert.equal(boxes[0].y, boxes[1].y, 'two stand in a row');

  await page.goto(`${two.base}/_vestibule/sign-in`);
  assert.deepEqual(await names(page, 'ul.providers:not(.pairs)'), ['Continue with Google', 'Continue with Apple']);

  await context.addCookies([await sessionCookie(four.base)]);
  await page.goto(`${four.base}/inside`);
  assert.equal(page.url(), `${four.base}/inside`);
  // signs in for real by the last of the eight
  const fresh = await person(browser);
  const tab = await fresh.newPage();
  await tab.goto(`${four.base}/inside`);
  await tab.click('text=Example staff');
  await tab.fill('input[name=login]', 'ada');
  await tab.fill('input[name=password]', 'x');
  await tab.click('button[type=submit]');
  await tab.click('button[type=submit]');
  await tab.waitForURL(`${four.base}/inside`);
  await fresh.clearCookies({ name: '__Host-vestibule' });
  await tab.goto(`${four.base}/_vestibule/sign-in`);
  assert.deepEqual((await names(tab, 'ul.providers:not(.pairs)')).slice(0, 2), ['Continue with Example staff', 'Continue with Google']);
  assert.equal(await tab.locator('a.provider.last .tag').innerText(), 'Last used');
});

test('the application away is 502, the store away is 503 with a time; trying again works when they are back', async t => {
  const many = await manyProviders(t);
  const context = await person(browser);
  await context.addCookies([await sessionCookie(many.base)]);
  const page = await context.newPage();
  const away = await page.goto(`${many.base}/away/report?x=1`);
  assert.equal(away.status(), 502);
  assert.match(await page.locator('h1').innerText(), /application cannot be reached/);
  assert.equal(await page.locator('a.button >> nth=0').getAttribute('href'), '/away/report?x=1');

  many.redis.child.kill('SIGSTOP');
  t.after(() => many.redis.child.kill('SIGCONT'));
  const down = await eventually(async () => { const r = await page.goto(`${many.base}/inside?x=2`); return r.status() === 503 && r; }, 20);
  assert.match(down.headers()['retry-after'], /^[1-9][0-9]*$/);
  assert.equal(down.headers()['set-cookie'], undefined);
  assert.match(await page.locator('main').innerText(), /You have not been signed out/);
  many.redis.child.kill('SIGCONT');
  await eventually(async () => {
    if (await page.locator('text=Try again >> nth=-1').count()) await page.click('a.button >> nth=0');
    return page.url() === `${many.base}/inside?x=2` && /op:ada/.test(await page.locator('body').innerText());
  }, 20);
});
