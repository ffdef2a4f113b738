// Platforms that are many: an enterprise's own server, one tenant, another region, a newer version, by what an operator fills in.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { signsIn, startPlatforms } from './lib/platforms.mjs';

// settings: of the emulated platform; variables: of the provider's entry; expect: what is another then
const rows = {
  github: { settings: { base: 'https://git.engines.example', api: 'https://git.engines.example/api/v3' },
    variables: { base: 'https://git.engines.example', api_base: 'https://git.engines.example/api/v3' } },
  gitlab: { settings: { base: 'https://lab.engines.example' }, variables: { base: 'https://lab.engines.example' },
    expect: { profile_url: 'https://lab.engines.example/ada' } },
  microsoft: { settings: { tenant: 'b9419818-09af-49c2-b0c3-653adc1f376e' }, variables: { tenant: 'b9419818-09af-49c2-b0c3-653adc1f376e' } },
  amazon: { settings: { api: 'https://api.amazon.co.uk' }, variables: { api_host: 'https://api.amazon.co.uk' } },
  salesforce: { settings: { host: 'https://engines.my.salesforce.com' }, variables: { login_host: 'https://engines.my.salesforce.com' } },
  vk: { settings: { host: 'https://id.vk.com' }, variables: { host: 'https://id.vk.com' } },
  facebook: { settings: { version: 'v26.0' }, variables: { api_version: 'v26.0' } },
  instagram: { settings: { version: 'v26.0' }, variables: { api_version: 'v26.0' } },
  okta: { settings: { path: '/oauth2/aus1a2b3c4' }, variables: { domain: 'https://dev-123456.okta.com', as_path: '/oauth2/aus1a2b3c4' } },
  keycloak: { settings: { realm: 'https://old.engines.example/auth/realms/staff' }, variables: { realm_url: 'https://old.engines.example/auth/realms/staff' } },
};
const closers = [];
const t = { after: f => closers.unshift(f) };
let house;
before(async () => {
  house = await startPlatforms(t, { ids: Object.keys(rows), store: 'memory', settings: Object.fromEntries(Object.entries(rows).map(([id, r]) => [id, r.settings])),
    change(config) { for (const p of config.providers) p.variables = rows[p.id].variables; } });
});
after(async () => { for (const close of closers) await close(); });

for (const [id, { settings, expect }] of Object.entries(rows)) {
  test(`${id} as ${Object.values(settings).join(', ')}`, () => signsIn(house, id, { expect: { ...house.world.platform(id).data.expect, ...expect } }));
}

test('none of them asked the usual addresses', () => {
  assert.deepEqual(house.world.strays, []);
  assert.deepEqual(house.world.refusals().map(r => r.why), []);
});
