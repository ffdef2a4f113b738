// What platforms do now and then: other shapes of the same answer, a second question that fails, people who keep something to themselves, issuers
// and tenants that are not the expected ones.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { consumers } from '../emulators/platforms/microsoft.mjs';
import { replies } from './lib/hostile.mjs';
import { entryOf, refused, signsIn, startPlatforms, walk } from './lib/platforms.mjs';

const ids = ['facebook', 'instagram', 'github', 'bitbucket', 'microsoft', 'google', 'youtube', 'linkedin', 'apple', 'line', 'wechat', 'twitch', 'slack',
  'discord', 'kakao', 'gitlab', 'x', 'telegram', 'spotify', 'auth0', 'keycloak'];
const closers = [];
const t = { after: f => closers.unshift(f) };
let house, world;
before(async () => {
  house = await startPlatforms(t, { ids, change(config, { world: w, dir }) {
    const more = (id, extra) => {
      config.providers.push({ ...entryOf(w, id.split(':')[0], dir), id: id.replace(':', '-'), ...extra });
      w.platform(id.split(':')[0]).client.redirect_uris.push(`https://${w.host}/_vestibule/callback/${id.replace(':', '-')}`);
    };
    more('microsoft:work', { variables: { tenant: 'organizations' } });
    more('google:corp', { require: { hosted_domains: ['google.example'] } });
    more('github:corp', { require: { orgs: ['engines'] } });
    more('discord:guild', { require: { guilds: ['197038439483310086'] } });
    more('gitlab:corp', { require: { groups: ['engines/notes'] } });
    more('x:mail', { scopes: ['users.read', 'tweet.read', 'users.email'] });
    more('github:verified', { require_verified_email: true });
  } });
  world = house.world;
});
after(async () => { for (const close of closers) await close(); });

const expectOf = id => world.platform(id).data.expect;
const without = (o, ...names) => Object.fromEntries(Object.entries(o).filter(([n]) => !names.includes(n)));

// The platform behaves like this for one sign-in.
async function while_(id, set, then) {
  const p = world.platform(id), settings = { ...p.settings }, person = structuredClone(p.person);
  await set(p);
  try { return await then(p); } finally {
    p.heal();
    p.settings = settings;
    p.person = person;
  }
}

test('the token answer of the guide, an array, is read as the flat one is', () => while_('instagram', p => { p.settings.guide = true; }, () => signsIn(house, 'instagram')));

test('a person who keeps their address to themselves is signed in without one', async () => {
  await while_('facebook', p => { delete p.person.email; }, () => signsIn(house, 'facebook', { expect: without(expectOf('facebook'), 'email') }));
  await while_('kakao', p => { p.person.verified = false; }, () => signsIn(house, 'kakao', { expect: { ...expectOf('kakao'), email_verified: false } }));
  await while_('discord', p => { p.person.verified = false; }, () => signsIn(house, 'discord', { expect: { ...expectOf('discord'), email_verified: false } }));
  await while_('spotify', p => { delete p.person.picture; }, () => signsIn(house, 'spotify', { expect: without(expectOf('spotify'), 'picture') }));
});

test('the second question may fail and the person is signed in without what it would have told', async () => {
  for (const reply of [replies.status(500), replies.status(403), replies.text('not JSON'), replies.reset()]) {
    await while_('github', p => p.fail('emails', reply), () => signsIn(house, 'github', { expect: without(expectOf('github'), 'email') }));
    await while_('bitbucket', p => p.fail('emails', reply), () => signsIn(house, 'bitbucket', { expect: without(expectOf('bitbucket'), 'email') }));
  }
  const plain = { ...without(expectOf('youtube'), 'username', 'profile_url'), name: 'Ada Lovelace', picture: 'https://lh3.googleusercontent.example/a/ada-yt' };
  await while_('youtube', p => p.fail('channel', replies.status(403)), () => signsIn(house, 'youtube', { expect: plain }));
  await while_('youtube', p => { p.person.channels = []; }, () => signsIn(house, 'youtube', { expect: plain }));
});

test('of several addresses the primary one counts, with the platform\'s word for that one', () => while_('github', p => {
  p.person.emails = [{ email: 'a@github.example', primary: false, verified: true }, { email: 'b@github.example', primary: true, verified: false }];
}, () => signsIn(house, 'github', { expect: { ...expectOf('github'), email: 'b@github.example', email_verified: false } })));

test('an operator who wants verified addresses gets nobody the platform does not vouch for', async () => {
  await while_('github', p => { p.person.emails = [{ email: 'b@github.example', primary: true, verified: false }]; },
    async () => refused(house, 'github-verified', await walk(house, 'github-verified', { of: 'github' }), { problem: 'email-unverified', status: 403 }));
  await signsIn(house, 'github', { as: 'github-verified' });
});

test('an address for an extra scope: the platform gives confirmed ones only', () => signsIn(house, 'x', { as: 'x-mail', expect: { ...expectOf('x'), ...world.platform('x').data.expectWith['users.email'] } }));

test('a tenant\'s token is believed for what it says of its tenant, and an optional claim proves the address', async () => {
  for (const edov of [true, '1', 'true', 1]) await while_('microsoft', p => { p.person.edov = edov; },
    () => signsIn(house, 'microsoft', { expect: { ...expectOf('microsoft'), email_verified: true } }));
  for (const edov of [false, '0', 'yes', null]) await while_('microsoft', p => { p.person.edov = edov; }, () => signsIn(house, 'microsoft'));
  await while_('microsoft', p => { p.person.tid = consumers; }, () => signsIn(house, 'microsoft'));
  const lie = (change, id = 'microsoft') => while_(id, p => { p.lie = change; },
    async () => refused(house, id, await walk(house, id), { problem: 'provider-broken', status: 502 }));
  await lie(s => { s.claims.iss = 'https://login.microsoftonline.com/{tenantid}/v2.0'; });
  await lie(s => { s.claims.iss = 'https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111/v2.0'; });
  await lie(s => { s.claims.tid = '../../evil'; });
  await lie(s => { delete s.claims.tid; });
});

test('a personal account is not of an organisation', async () => {
  const p = world.platform('microsoft');
  p.settings.tenant = 'organizations';
  await signsIn(house, 'microsoft', { as: 'microsoft-work' });
  await while_('microsoft', () => { p.person.tid = consumers; },
    async () => refused(house, 'microsoft-work', await walk(house, 'microsoft-work', { of: 'microsoft' }), {}));
  p.settings.tenant = 'common';
});

test('both spellings of an issuer are the platform\'s, a third is not', async () => {
  for (const [id, other, wrong] of [['google', 'accounts.google.com', 'https://accounts.google.com.evil.example'],
    ['linkedin', 'https://www.linkedin.com', 'https://linkedin.com'], ['apple', 'https://account.apple.com', 'https://apple.com']]) {
    const expect = id === 'apple' ? undefined : expectOf(id);
    await while_(id, p => { p.lie = s => { s.claims.iss = other; }; },
      () => id === 'apple' ? signsIn(house, id,
      { expect: world.platform(id).consents ? without(expectOf(id), 'name', 'given_name', 'family_name') : expectOf(id) }) : signsIn(house, id, { expect }));
    await while_(id, p => { p.lie = s => { s.claims.iss = wrong; }; },
      async () => refused(house, id, await walk(house, id), { problem: 'provider-broken', status: 502 }));
  }
});

test('a token that is signed otherwise than this platform signs is no token', async () => {
  // HS256 with the client secret, for everybody but the one platform that documents it
  for (const id of ['google', 'apple', 'slack', 'telegram', 'auth0']) {
    await while_(id, p => { p.algorithm = 'HS256'; }, async () => refused(house, id, await walk(house, id), { problem: 'provider-broken', status: 502 }));
  }
  await while_('line', p => { p.alter('token', s => { s.id_token = `${s.id_token.slice(0, -6)}AAAAAA`; }); },
    async () => refused(house, 'line', await walk(house, 'line'), { problem: 'provider-broken', status: 502 }));
  await while_('telegram', p => { p.settings.algorithm = 'EdDSA'; }, () => signsIn(house, 'telegram'));
  await while_('telegram', p => { p.settings.algorithm = 'ES256'; }, () => signsIn(house, 'telegram'));
});

test('an answer inside status 200 that says no is a no', async () => {
  await while_('slack', p => p.alter('profile', () => ({ ok: false, error: 'account_inactive' })),
    async () => refused(house, 'slack', await walk(house, 'slack'), {}));
  await while_('wechat', p => p.alter('profile', () => ({ errcode: 48001, errmsg: 'api unauthorized' })),
    async () => refused(house, 'wechat', await walk(house, 'wechat'), {}));
  await while_('github', p => p.alter('token', () => ({ error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' })),
    async () => refused(house, 'github', await walk(house, 'github'), {}));
});

test('a person without the one id the platform is keyed by is nobody', async () => {
  await while_('wechat', p => { p.settings.unbound = true; },
    async () => refused(house, 'wechat', await walk(house, 'wechat'), { problem: 'provider-broken', status: 502 }));
});

test('who is not a member of what the operator demands is not let in', async () => {
  for (const [id, as, other] of [['google', 'google-corp', p => { p.person.hd = 'elsewhere.example'; }],
    ['github', 'github-corp', p => { p.person.orgs = ['elsewhere']; }], ['discord', 'discord-guild', p => { p.person.guilds = ['1']; }],
    ['gitlab', 'gitlab-corp', p => { p.person.groups = ['engines']; }]]) {
    await signsIn(house, id, { as });
    await while_(id, other, async () => refused(house, as, await walk(house, as, { of: id }), { status: 403 }));
  }
  await while_('google', p => { delete p.person.hd; },
    async () => refused(house, 'google-corp', await walk(house, 'google-corp', { of: 'google' }), { status: 403 }));
  await while_('github', p => p.fail('orgs', replies.status(500)),
    async () => refused(house, 'github-corp', await walk(house, 'github-corp', { of: 'github' }), {}));
});

test('the answer names its issuer where the platform says it will: another one is not believed, none neither', async () => {
  await while_('keycloak', p => p.alter('authorize', s => { s.iss = 'https://evil.example'; }),
    async () => refused(house, 'keycloak', await walk(house, 'keycloak'), {}));
  await while_('keycloak', p => p.alter('authorize', s => { delete s.iss; }), async () => refused(house, 'keycloak', await walk(house, 'keycloak'), {}));
  await signsIn(house, 'keycloak');
});

test('what a platform says of a person is text: escaped on pages, encoded in headers, dropped when it is no name any more', async () => {
  const markup = '<script>alert("ü")</script>';
  await while_('github', p => { p.person.name = markup; }, async () => {
    const { visitor, headers } = await signsIn(house, 'github', { expect: { ...expectOf('github'), name: markup } });
    assert.match(headers['x-auth-name'], /^[\x20-\x7e]+$/);
    const page = await visitor.ask('/_vestibule/sign-out');
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.body, /<script>alert/);
  });
  for (const name of ['Ada\r\nX-Evil: 1', 'a\u001bb', 'x'.repeat(10000)]) {
    await while_('github', p => { p.person.name = name; }, async () => {
      const way = await walk(house, 'github');
      const { headers } = JSON.parse((await way.visitor.ask('/goal')).body);
      assert.ok([undefined, 'adalove'].includes(headers['x-auth-name']), headers['x-auth-name']);
      assert.equal(headers['x-evil'], undefined);
    });
  }
  // a NUL is in no JSON that we read
  await while_('github', p => { p.person.name = 'a\u0000b'; },
    async () => refused(house, 'github', await walk(house, 'github'), { problem: 'provider-broken', status: 502 }));
});

test('what a platform says of an error is shown short and plain, and what it echoes of ours is not written down', async () => {
  const p = world.platform('github');
  const evil = `<script>alert(1)</script>\r\n\u001b[31m${'x'.repeat(10000)}`;
  const way = await walk(house, 'github', { change: url => {
    const back = new URL(url);
    back.searchParams.delete('code');
    back.searchParams.set('error', 'server_error');
    back.searchParams.set('error_description', evil.slice(0, 3000));
    return [String(back), {}];
  } });
  await refused(house, 'github', way, {});
  assert.doesNotMatch(way.last.body, /<script>alert|\u001b/);
  const before = house.gw.out.length + house.gw.err.length;
  let code;
  await while_('github', () => p.fail('token', (r, text) => {
    code = [...p.spent.keys()].at(-1);
    replies.text(JSON.stringify({ error: 'server_error', error_description: `${p.client.secret} ${code} ${evil}` }))(r, text);
  }), async () => refused(house, 'github', await walk(house, 'github'), {}));
  const said = (house.gw.out + house.gw.err).slice(before);
  assert.ok(said.length > 100 && said.length < 6000, `the log is ${said.length} bytes longer`);
  for (const secret of [p.client.secret, code]) assert.ok(!(house.gw.out + house.gw.err).includes(secret), 'no secret of ours that was echoed');
});
