// In Chromium: a person ends a session of theirs from another browser; a provider's page ends one through a frame, without a cookie of ours.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { person, startBrowser } from './lib/browser.mjs';
import { eventually, startHouse } from './lib/house.mjs';

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser?.close());

async function signIn(house) {
  const context = await person(browser), page = await context.newPage();
  const answer = await page.goto(`${house.base}/_vestibule/start/op`);
  assert.equal(answer.status(), 200);
  return { context, page, state: async () => { const p = await context.newPage(); const r = await p.goto(`${house.base}/_vestibule/session`); await p.close(); return r.status(); } };
}

test('a person signs another browser out from the account page, by the button beside it', async t => {
  const house = await startHouse(t);
  const here = await signIn(house), there = await signIn(house), third = await signIn(house);
  await here.page.goto(`${house.base}/_vestibule/account`);
  assert.equal(await here.page.locator('.sessions li').count(), 3);
  assert.equal(await here.page.locator('.sessions li').first().locator('.tag').innerText(), 'This one');
  await Promise.all([here.page.waitForNavigation(), here.page.getByRole('button', { name: /^Sign out there/ }).last().click()]);
  assert.equal(await here.page.locator('.sessions li').count(), 2);
  assert.deepEqual([await here.state(), await there.state(), await third.state()], [200, 401, 200], 'the oldest other one stands last');
  await Promise.all([here.page.waitForNavigation(), here.page.getByRole('button', { name: 'Sign out everywhere else' }).click()]);
  assert.equal(await here.page.locator('.sessions li').count(), 1);
  assert.equal(await here.page.getByRole('button').count(), 0, 'nothing more to end');
  assert.deepEqual([await here.state(), await third.state()], [200, 401]);
  await Promise.all([here.page.waitForNavigation(), here.page.getByRole('link', { name: 'Sign out' }).click()]);
  assert.equal(new URL(here.page.url()).pathname, '/_vestibule/sign-out');
});

test('a frame on the provider\'s page signs out, and a page of somebody else may not even show it (SEC-130)', async t => {
  let n = 0;
  const house = await startHouse(t, { who: () => ({ sub: 'ada', sid: `s${++n}` }) });
  const one = await signIn(house), two = await signIn(house);
  const frame = sid => `<!DOCTYPE html><title>Signing out</title><iframe src="${house.base}/_vestibule/frontchannel-logout/op?iss=${encodeURIComponent(house.op.issuer)}&sid=${sid}"></iframe>`;
  const { context } = one;
  house.op.pages['/bye'] = frame('s1');
  const page = await context.newPage();
  const refused = [];
  page.on('console', m => { if (/frame-ancestors/.test(m.text())) refused.push(m.text()); });
  const [answer] = await Promise.all([page.waitForResponse(r => r.url().includes('frontchannel-logout')), page.goto(`${house.op.issuer}/bye`)]);
  assert.equal(answer.status(), 200);
  assert.equal((await answer.request().allHeaders()).cookie, undefined, 'the browser sent no cookie of ours');
  await eventually(async () => await one.state() === 401);
  assert.equal(await two.state(), 200);
  assert.deepEqual(refused, []);
  const stranger = http.createServer((q, r) => { r.setHeader('content-type', 'text/html'); r.end(frame('s7')); });
  await new Promise(ok => stranger.listen(0, '127.0.0.1', ok));
  t.after(() => { stranger.closeAllConnections(); stranger.close(); });
  await page.goto(`http://127.0.0.1:${stranger.address().port}/`);
  await eventually(() => refused.length === 1);
});
