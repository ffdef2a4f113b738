// A platform changes its API. An operator edits one file and sends SIGHUP; the next sign-in follows, nobody who is signed in notices.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './lib/parts.mjs';
import { replies } from './lib/hostile.mjs';
import { refused, signsIn, startPlatforms, walk } from './lib/platforms.mjs';

// A house whose operator has a folder of platform files of their own.
function withFolder(t, ids, files) {
  let folder;
  const write = (name, text) => writeFileSync(join(folder, `${name}.yaml`), text);
  return startPlatforms(t, { ids, store: 'memory', change(config, { dir }) {
    folder = join(dir, 'platforms');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) write(name, text);
    config.provider_folder = folder;
  } }).then(house => Object.assign(house, { write }));
}

const signedIn = async (house, person) => assert.equal((await person.visitor.ask('/still-there')).status, 200, 'who was signed in still is');

test('a new version of an API: the old one is refused by the platform, one line in a file and SIGHUP follow it', async t => {
  const house = await withFolder(t, ['facebook', 'spotify'],
    { facebook: 'id: facebook\nname: Facebook\nextends: facebook\nvariables:\n  api_version: { default: v25.0 }\n' });
  delete house.config.providers[0].variables;
  await house.reload(house.config);
  const early = await signsIn(house, 'facebook');
  const fb = house.world.platform('facebook');
  fb.settings.version = 'v26.0'; // the old one is gone
  const from = house.world.journal.length;
  const page = await house.visitor().ask(`${house.base}/_vestibule/start/facebook`);
  assert.match(String(page.location), /\/v25\.0\//);
  assert.equal((await house.visitor().ask(page.location)).status, 404, 'the platform has no such address any more');
  assert.ok(house.world.journal.slice(from).some(j => /v25\.0/.test(j.why ?? '')));
  house.write('facebook', 'id: facebook\nname: Facebook\nextends: facebook\nvariables:\n  api_version: { default: v26.0 }\n');
  assert.equal((await house.reload()).event, 'config.reloaded');
  await signsIn(house, 'facebook');
  await signedIn(house, early);
});

test('a renamed field and a moved endpoint: refused before, followed after; a file with a mistake changes nothing and says where', async t => {
  const house = await withFolder(t, ['spotify', 'reddit'], {});
  const early = await signsIn(house, 'spotify');
  const p = house.world.platform('spotify');
  p.alter('profile', said => { const { id, ...rest } = said; return { ...rest, account_id: id }; });
  p.moved.profile = 'https://api.spotify.com/v2/me';
  p.data = { ...p.data, expect: { ...p.data.expect, username: undefined } };
  delete p.data.expect.username;
  await refused(house, 'spotify', await walk(house, 'spotify'));
  await signsIn(house, 'reddit');
  house.write('spotify', 'id: spotify\nname: Spotify\nextends: spotify\nendpoints:\n  userinfo: https://api.spotify.com/v2/me\nprofile:\n  map:\n    subjct: /account_id\n');
  const no = await house.reload();
  assert.notEqual(no.event, 'config.reloaded');
  assert.ok(house.gw.log().some(l => JSON.stringify(l).includes('spotify.yaml:8:5')), 'file, line and column are named');
  await refused(house, 'spotify', await walk(house, 'spotify'));
  house.write('spotify', 'id: spotify\nname: Spotify\nextends: spotify\nendpoints:\n  userinfo: https://api.spotify.com/v2/me\nprofile:\n  map:\n    subject: /account_id\n');
  assert.equal((await house.reload()).event, 'config.reloaded');
  await signsIn(house, 'spotify');
  await signedIn(house, early);
});

test('a platform that is not on the list, written while the gateway runs', async t => {
  const house = await withFolder(t, ['oidc', 'discord'], {});
  house.write('engines', `id: engines
name: Engines
extends: oauth2
endpoints:
  authorization: https://discord.com/oauth2/authorize
  token: https://discord.com/api/oauth2/token
  userinfo: https://discord.com/api/users/@me
authorize: { scopes: [identify] }
profile:
  requests: [{ as: profile, url: "{userinfo}" }]
  map: { subject: /id, name: /global_name, username: /username }
`);
  const entry = { ...house.config.providers.find(p => p.id === 'discord'), use: 'engines', id: 'engines', name: 'Engines' };
  house.config.providers.push(entry);
  house.world.platform('discord').client.redirect_uris.push(`${house.base}/_vestibule/callback/engines`);
  assert.equal((await house.reload(house.config)).event, 'config.reloaded');
  const { subject, name, username } = house.world.platform('discord').data.expect;
  await signsIn(house, 'discord', { as: 'engines', expect: { subject, name, username } });
});

test('an outage: the page says who does not answer and offers the others, nobody is signed out, and it ends by itself', async t => {
  const house = await startPlatforms(t, { ids: ['github', 'discord', 'google'], store: 'memory', change(config) {
    for (const p of config.providers) p.timeout = '3s';
    config.sign_in = { skip_if_single: false };
  } });
  const early = await signsIn(house, 'github');
  const gh = house.world.platform('github');
  for (const step of ['token', 'profile']) gh.fail(step, replies.status(503));
  for (let i = 0; i < 12; i++) await refused(house, 'github', await walk(house, 'github'), { problem: 'provider-away' });
  const page = await eventually(async () => {
    const r = await house.visitor().ask('/_vestibule/sign-in');
    return /GitHub[^]{0,400}(not answer|unavailable|trouble)/i.test(r.body.replace(/<[^>]+>/g, ' ')) ? r : undefined;
  }, 5);
  assert.equal(page.status, 200);
  for (const name of ['discord', 'google']) assert.match(page.body, new RegExp(`/_vestibule/start/${name}`), 'the others are offered');
  await signsIn(house, 'discord');
  await signsIn(house, 'google');
  await signedIn(house, early);
  gh.heal();
  await eventually(async () => (await walk(house, 'github')).last.status === 303, 40, 500);
  const after = await house.visitor().ask('/_vestibule/sign-in');
  assert.doesNotMatch(after.body.replace(/<[^>]+>/g, ' '), /GitHub[^]{0,200}(not answer|unavailable)/i);
});
