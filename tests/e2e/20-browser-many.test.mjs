// The sign-in page with every platform there is: whole in wide and narrow windows, light and dark, in our colours and in their owners', with a mark or a letter
// for each, and without JavaScript.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folder as newFolder, freePort, startGateway } from './lib/parts.mjs';
import { Visitor } from './lib/visitor.mjs';
import { person, startBrowser } from './lib/browser.mjs';
import { cutOff, phone, shots, small, tooSmall, violations, wide } from './lib/looks.mjs';

const folder = fileURLToPath(new URL('../../providers/', import.meta.url));
const templates = new Set(['oidc', 'oauth2', 'oauth1']); // for platforms of one's own
const platforms = readdirSync(folder).map(f => f.replace('.yaml', '')).filter(id => !templates.has(id));
const variables = {
  okta: '{ domain: "https://dev-1.okta.com" }', auth0: '{ domain: "https://example.eu.auth0.com" }', keycloak: '{ realm_url: "https://id.example.com/realms/staff" }',
  apple: '{ team_id: DEF123GHIJ, key_id: ABC123DEFG }',
};
async function everyone(t, signIn = '', more = '') {
  const port = await freePort();
  const key = join(newFolder(t), 'apple.p8');
  writeFileSync(key, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const entry = id => {
    const proof = id === 'apple' ? `client_key_file: ${key}` : id === 'vk' ? '' : 'client_secret: a-client-secret-of-decent-length';
    return `  - { use: ${[id, 'client_id: client', proof, variables[id] && `variables: ${variables[id]}`].filter(Boolean).join(', ')} }`;
  };
  await startGateway(t, `
public_url: http://localhost:${port}
listen: 127.0.0.1:${port}
server: { workers: 1, drain: 1s }
providers:
${platforms.map(entry).join('\n')}${more}
session: { store: "memory://" }
access: [{ path: /**, allow: signed_in }]
backends: [{ id: app, url: "http://127.0.0.1:9" }]
sign_in: { name: Example, skip_if_single: false${signIn} }
log: { format: json }
`);
  return `http://localhost:${port}`;
}

let browser;
before(async () => { browser = await startBrowser({ args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost'] }); mkdirSync(shots, { recursive: true }); });
after(() => browser?.close());

// before: what must have happened just before the page is opened, told by a selector that is there then; on a slow machine it may take a second try
async function look(base, name, { but, before = async () => {}, until = 'a.provider' } = {}) {
  const faults = [];
  const context = await person(browser, { javaScriptEnabled: true, viewport: wide }); // for axe
  await context.addCookies([{ name: 'vestibule-last', value: 'reddit', url: base }]);
  const page = await context.newPage();
  for (let i = 0; i < 5 && (i === 0 || await page.locator(until).count() === 0); i++) {
    await before();
    await page.goto(`${base}/_vestibule/sign-in?rd=%2Freports`);
  }
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const viewport of [wide, phone, small]) {
      await page.setViewportSize(viewport);
      const picture = `${name}-${viewport.width}-${colorScheme}`;
      await page.screenshot({ path: join(shots, `${picture}.png`), fullPage: true, animations: 'disabled' });
      for (const f of [...await page.evaluate(cutOff), ...await page.evaluate(tooSmall), ...await violations(page, { but })]) faults.push(`${picture}: ${f}`);
    }
  }
  return { page, faults };
}

test('with every platform the page is whole and axe finds no fault, at 1280, 390 and 320 px, light and dark', async t => {
  assert.ok(platforms.length >= 34, platforms.join());
  const base = await everyone(t);
  const { page, faults } = await look(base, 'every-platform');
  assert.deepEqual(faults, []);
  const buttons = await page.locator('a.provider').all();
  assert.equal(buttons.length, platforms.length);
  const names = await Promise.all(buttons.map(async b => (await b.getAttribute('aria-label')) ?? (await b.locator('span:not(.mark):not(.tag)').innerText())));
  for (const n of names) assert.match(n, /^Continue with \S/);
  assert.equal(names[0], 'Continue with Reddit', 'the one used last');
  const own = id => /^name: (.*)$/m.exec(readFileSync(join(folder, `${id}.yaml`), 'utf8'))[1];
  assert.deepEqual(names.map(n => n.replace('Continue with ', '')).sort(), platforms.map(own).sort(), 'each has the name its file gives');
  const drawn = await page.locator('a.provider img.mark').evaluateAll(list => list.map(i => i.complete && i.naturalWidth > 0));
  assert.ok(drawn.every(Boolean), 'every drawing can be drawn');
  const letters = await page.locator('a.provider .mark.letter').count();
  assert.equal(drawn.length + letters, platforms.length);
  assert.equal(letters, 1, 'one has no drawing');
});

test('with their owners\' colours the page is whole, and each button has its owner\'s words', async t => {
  const base = await everyone(t, ', buttons: official, primary: 50');
  const { page, faults } = await look(base, 'every-platform-official', { but: ['color-contrast'] }); // some owners ask for white on light green
  assert.deepEqual(faults, []);
  const of = async id => page.locator(`a.provider[href*="/start/${id}?"]`).evaluate(e => ({ words: e.querySelector('span:not(.mark)').textContent, ground: getComputedStyle(e).backgroundColor,
    ink: getComputedStyle(e).color }));
  assert.deepEqual(await of('slack'), { words: 'Sign in with Slack', ground: 'rgb(74, 21, 75)', ink: 'rgb(255, 255, 255)' });
  assert.deepEqual(await of('google'), { words: 'Sign in with Google', ground: 'rgb(255, 255, 255)', ink: 'rgb(31, 31, 31)' });
  assert.deepEqual(await of('amazon'), { words: 'Login with Amazon', ground: 'rgb(255, 208, 120)', ink: 'rgb(0, 0, 0)' });
  await page.goto(`${base}/_vestibule/sign-in?ui_locales=de`);
  assert.equal((await of('slack')).words, 'Weiter mit Slack', 'in other languages the sentence is ours');
});

test('a provider that does not answer is told by words and by its button, in colours that can be read', async t => {
  const base = await everyone(t, '', `
  - { use: oidc, id: gone, name: Example staff, issuer: "http://127.0.0.1:${await freePort()}", client_id: c, client_secret: a-client-secret-of-decent-length, allow_private: true }`);
  const before = async () => assert.equal((await new Visitor().ask(`${base}/_vestibule/start/gone?rd=%2Freports`)).status, 502);
  const { page, faults } = await look(base, 'one-is-away', { before, until: '#away' });
  assert.deepEqual(faults, []);
  assert.equal(await page.locator('#away').innerText(), 'Example staff does not answer at the moment.\n\nThe other ways still work.');
  const last = page.locator('a.provider').last();
  assert.match(await last.getAttribute('href'), /start\/gone/);
  assert.equal(await last.getAttribute('aria-describedby'), 'away');
});

test('without JavaScript a person chooses by keyboard and is sent to the platform', async t => {
  const base = await everyone(t);
  const context = await person(browser, { viewport: phone });
  const page = await context.newPage();
  await page.goto(`${base}/_vestibule/sign-in?rd=%2Freports`);
  await page.locator('a.provider[href*="/start/spotify?"]').focus();
  const [asked] = await Promise.all([page.waitForRequest(/^https:\/\/accounts\.spotify\.com\/authorize\?/), page.keyboard.press('Enter')]);
  assert.equal(asked.method(), 'GET');
  assert.equal(asked.headers().referer, undefined, 'the platform is not told where the person came from');
  const q = new URL(asked.url()).searchParams;
  assert.equal(q.get('redirect_uri'), `${base}/_vestibule/callback/spotify`);
  assert.equal(q.get('scope'), 'user-read-email');
});
