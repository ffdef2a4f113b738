// Every page in Chromium, light and dark, wide and narrow: a picture of each (SHOTS, else build-shots/), nothing cut off, nothing too small to hit,
// nothing that axe-core finds fault with.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gallery, manyProviders } from './lib/gallery.mjs';
import { person, startBrowser } from './lib/browser.mjs';
import { cutOff, phone, shots, small, tooSmall, violations, wide } from './lib/looks.mjs';

const framed = (page, item) => (item.framed ? page.frames().find(f => f !== page.mainFrame()) : page.mainFrame());

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser?.close());

test('what these stories measure with does find faults', async () => {
  const page = await (await person(browser, { javaScriptEnabled: true, viewport: phone })).newPage();
  await page.setContent('<html lang="en"><title>x</title><main><h1>x</h1><a class="provider" href="/" style="display:block;height:40px;width:600px;color:#aaa">pale and wide</a>' +
    '<p>Words</p><ul><li>One</li></ul><img src="data:,"></main>');
  assert.equal((await page.evaluate(cutOff)).length, 2);
  assert.equal((await page.evaluate(tooSmall)).length, 1);
  assert.match((await violations(page)).join(), /color-contrast[^]*image-alt|image-alt[^]*color-contrast/);
});

test('every page stands whole in wide and narrow windows, light and dark, and axe finds no fault', async t => {
  mkdirSync(shots, { recursive: true });
  const { pages } = await gallery(t);
  const faults = [];
  const visit = async item => {
    await item.before?.();
    const context = await person(browser, { javaScriptEnabled: true, viewport: wide }); // for axe, and for moving between windows
    await context.addCookies(item.cookies ?? []);
    const page = await context.newPage();
    const answer = await item.open(page);
    assert.equal(answer.status(), item.status, item.name);
    const frame = framed(page, item);
    const look = async (name, what) => faults.push(...(await what).map(f => `${name}: ${f}`));
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const [size, viewport] of [['1280', wide], ['390', phone]]) {
        await page.setViewportSize(viewport);
        const name = `${item.name}-${size}-${colorScheme}`;
        await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true, animations: 'disabled' });
        await look(name, frame.evaluate(cutOff));
        await look(name, frame.evaluate(tooSmall));
        await look(name, violations(frame));
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(small);
    if (!item.framed) await look(`${item.name}-320`, frame.evaluate(cutOff));
    await context.close();
  };
  const apart = pages.filter(p => p.before), rest = pages.filter(p => !p.before);
  await Promise.all([0, 1, 2].map(async () => { while (rest.length) await visit(rest.shift()); })); // three at a time
  for (const item of apart) await visit(item);
  assert.deepEqual(faults, []);
  assert.equal(pages.length, 24);
});

test('the sign-in page in Arabic, at 320 px, in forced colours, with 200 % text and with its menu open', async t => {
  mkdirSync(shots, { recursive: true });
  const { base } = await manyProviders(t);
  const context = await person(browser, { javaScriptEnabled: true, viewport: wide });
  await context.addCookies([{ name: 'vestibule-last', value: 'github', url: base }]);
  const page = await context.newPage();
  const faults = [];
  const look = async (name, language, viewport, media = {}) => {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none', ...media });
    await page.goto(`${base}/_vestibule/start/google?rd=%2Freports`);
    if (language !== 'en') await page.goto(`${base}/_vestibule/sign-in?rd=%2Freports&ui_locales=${language}`);
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true, animations: 'disabled' });
    for (const f of [...await page.evaluate(cutOff), ...await page.evaluate(tooSmall), ...await violations(page)]) faults.push(`${name}: ${f}`);
  };
  await look('arabic-1280-light', 'ar', wide);
  await look('arabic-390-dark', 'ar', phone, { colorScheme: 'dark' });
  await look('german-390-light', 'de', phone);
  await look('german-320-light', 'de', small);
  await look('forced-1280', 'de', wide, { forcedColors: 'active' });
  await context.clearCookies({ name: 'vestibule-lang' });
  await look('narrow-320-light', 'en', small);
  await page.setViewportSize(wide);
  await page.goto(`${base}/_vestibule/sign-in`);
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; }); // text zoom, WCAG 1.4.4
  faults.push(...(await page.evaluate(cutOff)).map(f => `200 %: ${f}`));
  await page.screenshot({ path: join(shots, 'text-200.png'), fullPage: true });
  await page.goto(`${base}/_vestibule/sign-in`);
  await page.click('footer summary');
  await page.keyboard.press('Tab');
  await page.screenshot({ path: join(shots, 'menu-focus.png') });
  faults.push(...(await page.evaluate(cutOff)).map(f => `menu: ${f}`), ...await violations(page));
  assert.deepEqual(faults, []);
});
