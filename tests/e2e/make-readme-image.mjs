// Makes docs/img/sign-in.png: the sign-in page with eight providers, light and dark side by side.
//     VESTIBULE_BIN=build/vestibule node tests/e2e/make-readme-image.mjs
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, root, startGateway } from './lib/parts.mjs';
import { person, startBrowser } from './lib/browser.mjs';

const width = 560, height = 800, most = 200 * 1000;
const brands = ['Google', 'Apple', 'Microsoft', 'GitHub', 'Facebook', 'LinkedIn', 'X', 'Discord'];
const closers = [];
const t = { after: f => closers.unshift(f) };

const folder = mkdtempSync(join(tmpdir(), 'vestibule-image-'));
t.after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'logo.svg'), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 52 52"><rect width="52" height="52" rx="14" fill="#0a6b6b"/>
<path d="M12 23c5-6 9-6 14 0s9 6 14 0M12 33c5-6 9-6 14 0s9 6 14 0" fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/></svg>`);

try {
  const port = await freePort(), nowhere = await freePort();
  await startGateway(t, `
public_url: http://reports.localhost:${port}
listen: 127.0.0.1:${port}
providers:
${brands.map(name => `  - { use: oidc, id: ${name.toLowerCase()}, name: ${name}, icon: ${name.toLowerCase()}, issuer: "https://id.example.com", client_id: c, client_secret: a-client-secret-of-decent-length }`).join('\n')}
session: { store: "memory://" }
backends: [ { id: app, url: "http://127.0.0.1:${nowhere}" } ]
sign_in: { name: Tidewater, logo: ${join(folder, 'logo.svg')}, terms: "https://example.com/terms", privacy: "https://example.com/privacy", help: "mailto:help@example.com" }
`);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const halves = [];
  for (const colorScheme of ['light', 'dark']) {
    const context = await person(browser, { colorScheme, viewport: { width, height } });
    await context.addCookies([{ name: 'vestibule-last', value: 'google', url: `http://reports.localhost:${port}` }]);
    const page = await context.newPage();
    await page.goto(`http://reports.localhost:${port}/_vestibule/sign-in`);
    halves.push((await page.screenshot({ animations: 'disabled' })).toString('base64'));
  }
  const both = await (await browser.newContext({ viewport: { width: 2 * width, height } })).newPage();
  await both.setContent(`<body style="margin:0;display:flex">${halves.map(h => `<img src="data:image/png;base64,${h}">`).join('')}`);
  await both.waitForFunction(() => [...document.images].every(i => i.complete));
  const file = join(root, 'docs/img/sign-in.png');
  mkdirSync(join(root, 'docs/img'), { recursive: true });
  await both.screenshot({ path: file });
  const { size } = statSync(file);
  console.log(`${file}: ${size} bytes`);
  if (size > most) throw new Error(`the picture has ${size} bytes, more than ${most}`);
} finally {
  for (const close of closers) await close();
}
