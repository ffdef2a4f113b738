// Chromium as a person has it: a context is a browser of its own, JavaScript is off unless a story says why it needs it.
import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const name of ['chromium', 'chromium-browser', 'google-chrome'])
      if (existsSync(join(folder, name))) return join(folder, name);
  throw new Error('Chromium is not installed (tests/run installs it)');
}

// To be closed by who asked.
export function startBrowser({ args = [] } = {}) {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--force-color-profile=srgb', ...args],
  });
}

export async function person(browser, options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB', ...options });
  context.setDefaultTimeout(20000);
  return context;
}

// The certified provider's own forms, from wherever the tab stands: who one is, then whether one agrees.
export async function signInAtProvider(page, who) {
  await page.fill('input[name=login]', who);
  await page.fill('input[name=password]', 'x');
  await page.click('button[type=submit]');
  await agreeAtProvider(page);
}

export async function agreeAtProvider(page) {
  if (page.url().includes('/interaction/') && await page.locator('button[autofocus][type=submit]').count() && !await page.locator('input[name=login]').count())
    await page.click('button[type=submit]');
}

export const backendSays = async page => JSON.parse(await page.locator('body').innerText());
export const languageOf = page => page.locator('html').getAttribute('lang');
