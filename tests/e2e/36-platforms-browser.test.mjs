// The platforms as people meet them: Chromium, our sign-in page, the platform's own page under its own name, and back to where one was going.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { backendSays, person, startBrowser } from './lib/browser.mjs';
import { startPlatforms } from './lib/platforms.mjs';

const ids = ['facebook', 'x', 'x-oauth1', 'linkedin', 'instagram', 'youtube', 'tiktok', 'google', 'github', 'microsoft', 'apple'];
const closers = [];
const t = { after: f => closers.unshift(f) };
let house, browser;
before(async () => {
  house = await startPlatforms(t, { ids, change(config) { config.sign_in = { name: 'Example' }; } });
  browser = await startBrowser({ args: house.world.chromium() });
});
after(async () => {
  await browser?.close();
  for (const close of closers) await close();
});

// From a page of the application to the platform's page, by the button.
async function toPlatform(context, id, path) {
  const tab = await context.newPage();
  const way = [];
  tab.on('request', r => { if (r.isNavigationRequest()) way.push(`${r.method()} ${r.url()}`); });
  await tab.goto(house.base + path);
  assert.equal(new URL(tab.url()).pathname, '/_vestibule/sign-in');
  await tab.click(`a[href*="/_vestibule/start/${id}?"], a[href$="/_vestibule/start/${id}"]`);
  await tab.waitForSelector('#allow');
  return { tab, way };
}

async function allow(tab) {
  await tab.click('#allow');
  // a platform that posts its answer does so by a script; a browser without one shows a button
  if (new URL(tab.url()).host !== new URL(house.base).host) await tab.click('button[type=submit]');
}

for (const id of ids) {
  test(`in the browser: ${id}, from the sign-in page to the backend's headers`, async () => {
    const { data } = house.world.platform(id);
    const context = await person(browser);
    const path = `/reports/${id}?page=2&sort=%2Fname`;
    const { tab, way } = await toPlatform(context, id, path);
    const authorize = house.world.platform(id).endpoints.find(e => e.name === 'authorize').address;
    assert.equal(tab.url().split('?')[0], authorize, 'the platform\'s own address');
    await allow(tab);
    await tab.waitForURL(u => u.href.split('#')[0] === house.base + path);
    assert.ok(['', '#', '#_'].includes(new URL(tab.url()).hash), `no fragment of the platform's is left: ${tab.url()}`);
    const { headers, url } = await backendSays(tab);
    assert.equal(url, path);
    assert.equal(decodeURIComponent(headers['x-auth-user']), `${id}:${data.expect.subject}`);
    assert.equal(decodeURIComponent(headers['x-auth-name']), data.expect.name);
    assert.equal(headers['x-auth-email'], data.expect.email_verified ? data.expect.email : undefined);
    assert.equal(headers['x-auth-provider'], id);
    const back = way.find(w => w.includes(`/_vestibule/callback/${id}`));
    assert.ok(back.startsWith(id === 'apple' ? 'POST ' : 'GET '), back);
    const ours = (await context.cookies(house.base)).filter(c => c.name.startsWith('__Host-vestibule'));
    assert.deepEqual(ours.map(c => c.name), ['__Host-vestibule'], 'no sign-in under way is left behind');
    await context.close();
  });
}

test('in the browser: a person who cancels at the platform finds the others on the page and gets in by one of them', async () => {
  const context = await person(browser);
  const { tab } = await toPlatform(context, 'x-oauth1', '/inside');
  await tab.click('#deny');
  await tab.waitForURL(u => u.pathname === '/_vestibule/callback/x-oauth1');
  assert.equal(await tab.locator('[role=alert], [role=status]').count() > 0, true, 'the page says what happened');
  await tab.click('a[href*="/_vestibule/start/github"]');
  await tab.click('#allow');
  await tab.waitForURL(u => u.href.split('#')[0] === `${house.base}/inside`);
  assert.equal((await backendSays(tab)).headers['x-auth-provider'], 'github');
  await context.close();
});

test('in the browser: with scripts on, the form post comes back by itself, from another site, and its cookie comes along', async () => {
  const context = await person(browser, { javaScriptEnabled: true });
  const { tab } = await toPlatform(context, 'apple', '/by-post');
  await tab.click('#allow');
  await tab.waitForURL(u => u.href.split('#')[0] === `${house.base}/by-post`);
  assert.equal((await backendSays(tab)).headers['x-auth-provider'], 'apple');
  await context.close();
});

test('the platforms refused nothing of all that', () => {
  // Chromium asks for icons, and one company for its own sake
  const ours = house.world.refusals().filter(r => !/\/favicon\.ico$|\/ListAccounts$/.test(r.url));
  assert.deepEqual(ours.map(r => `${r.platform} ${r.step}: ${r.why}`), []);
});
