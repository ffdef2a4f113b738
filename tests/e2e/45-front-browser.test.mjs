// A browser behind a front proxy: the address with its query and its #fragment, by way of the page with several providers.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { behind } from './lib/behind.mjs';
import { person, startBrowser } from './lib/browser.mjs';
import { caddy, nginx } from './lib/fronts.mjs';

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser?.close());

for (const [name, front] of Object.entries({ nginx, Caddy: caddy })) {
  test(`${name}: with one provider redirects keep query and fragment, without script`, async t => {
    const house = await behind(t, front);
    const context = await person(browser);
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${house.base}/reports?x=1&y=%2F#part-2`);
    assert.equal(page.url(), `${house.base}/reports?x=1&y=%2F#part-2`);
    assert.match(await page.locator('body').innerText(), /op:ada/);
  });

  test(`${name}: the page with several providers keeps query and fragment`, async t => {
    const house = await behind(t, front, { change: config => { config.providers.push({ ...config.providers[0], id: 'second', name: 'The Second' }); } });
    const context = await person(browser, { javaScriptEnabled: true });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${house.base}/reports?x=1&y=%2F#part-2`);
    assert.ok(page.url().startsWith(`${house.base}/_vestibule/sign-in?rd=`), page.url());
    await page.click('a[href*="/start/second"]');
    await page.waitForURL(/reports/);
    assert.equal(page.url(), `${house.base}/reports?x=1&y=%2F#part-2`);
    assert.match(await page.locator('body').innerText(), /second:ada/);
    // denied: the gateway's own page, in its own look, and no way round to the sign-in
    const denied = await page.goto(`${house.base}/admin/x`);
    assert.equal(denied.status(), 403);
    assert.equal(page.url(), `${house.base}/admin/x`);
    const sheets = await page.evaluate(() => [...document.styleSheets].map(s => s.cssRules.length));
    assert.ok(sheets.length > 0 && sheets.every(n => n > 0), 'with its style sheet');
  });
}
