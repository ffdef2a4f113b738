// An application whose service worker hands on whatever its pages ask for: signing in is asked for by that worker then, and works all the same.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { eventually } from './lib/parts.mjs';
import { startHouse } from './lib/house.mjs';
import { person, startBrowser } from './lib/browser.mjs';

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser?.close());

const worker = `self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', e => e.waitUntil(self.clients.claim()));
self.addEventListener('fetch', e => e.respondWith(fetch(e.request)));`;
const application = (q, r) => {
  const script = q.url === '/worker.js';
  r.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' });
  r.end(script ? worker : `<!doctype html><title>the application</title><p>${q.url}`);
  return true;
};

test('who has lost their session below a service worker signs in again and comes back', async t => {
  const house = await startHouse(t, { handle: application });
  const context = await person(browser, { javaScriptEnabled: true, serviceWorkers: 'allow' });
  t.after(() => context.close());
  const tab = await context.newPage();
  await tab.goto(`${house.base}/first`);
  assert.equal(await tab.title(), 'the application');
  await tab.evaluate(() => navigator.serviceWorker.register('/worker.js'));
  await tab.waitForFunction(() => navigator.serviceWorker.controller !== null);
  for (const path of ['/second', '/third?x=1']) {
    await context.clearCookies();
    await tab.goto(house.base + path);
    assert.equal(tab.url(), house.base + path);
    assert.equal(await tab.title(), 'the application');
  }
  assert.equal(house.op.seen.token, 3);
  await eventually(() => house.told('signin.succeeded').length === 3);
});
