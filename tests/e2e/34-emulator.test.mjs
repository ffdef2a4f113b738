// The emulator of the platforms itself: who asks rightly is served, and each thing done wrongly is refused, with the reason in its journal.
import test from 'node:test';
import assert from 'node:assert/strict';
import { startEmulator } from '../emulators/emulator.mjs';
import { baseString, signature } from '../emulators/oauth1.mjs';
import { signedRequest } from '../emulators/signed_request.mjs';
import { proof } from '../emulators/platforms/meta.mjs';
import { platforms } from '../emulators/platforms/index.mjs';
import { decide, query, redirect, rightApi, rightAsk, rightToken, send, signed, signedSecret, visitorOf } from './lib/right.mjs';
import { pair, replies } from './lib/hostile.mjs';

const oauth2 = Object.keys(platforms).filter(id => id !== 'x-oauth1');
const profileOf = p => p.endpoint('channel') ? 'channel' : p.endpoint('helix') ? 'helix' : p.endpoint('profile') ? 'profile' : undefined;

async function start(t, ids) {
  const world = await startEmulator(t, { platforms: ids });
  for (const id of ids ?? Object.keys(platforms)) world.platform(id).client.redirect_uris = [redirect];
  const visitor = visitorOf(world);
  const addressOf = (p, list) => `${p.endpoints.find(e => e.name === 'authorize').address}?${query(list)}`;
  // a whole sign-in up to the token answer; each change touches one step
  const signIn = async (id, { ask = () => {}, token = () => {}, wait = 0, way } = {}) => {
    const p = world.platform(id);
    const right = rightAsk(p);
    const list = ask(right.params, right) ?? right.params;
    const got = (await decide(visitor, addressOf(p, list))).params;
    assert.ok(got?.code, `${id}: ${world.told(id)}`);
    world.pass(wait);
    const question = rightToken(p, got, right.verifier, way);
    token(question, p);
    const answer = await send(visitor, p, 'token', question);
    return { p, right, got, question, answer, access: answer.json?.access_token ?? answer.json?.data?.[0]?.access_token };
  };
  return { world, visitor, addressOf, signIn };
}

// The last thing that was asked was refused, for this reason, and not otherwise.
function refused(world, id, why) {
  const last = world.journal.at(-1);
  // of two registrations at one company, who gives a wrong client is neither
  assert.ok(last.platform === id || (id === 'youtube' && last.platform === 'google'), `${last.platform} instead of ${id}`);
  assert.match(last.why ?? 'was not refused', why, `${id}: ${world.told(id).split('\n').slice(-2).join('\n')}`);
}

test('every platform serves a client that does as it documents: page, code, tokens, profile', async t => {
  const { world, visitor, signIn } = await start(t);
  assert.equal(Object.keys(platforms).length, 35);
  for (const id of oauth2) {
    const { p, access } = await signIn(id);
    assert.ok(access, `${id}: ${world.told(id)}`);
    const name = profileOf(p);
    if (name) {
      const answer = await send(visitor, p, name, rightApi(p, name, access));
      assert.equal(answer.status, 200, `${id}: ${world.told(id)}`);
      assert.ok(answer.body.includes(p.expect?.subject ?? p.data.expect.subject) || id === 'youtube', `${id}: the profile tells who it is: ${answer.body}`);
    }
    for (const document of ['discovery', 'jwks']) if (p.endpoint(document)) assert.equal((await send(visitor, p, document,
      { fields: {}, headers: {}, method: 'GET' })).status, 200, id);
  }
  assert.deepEqual(world.refusals().map(r => `${r.platform}: ${r.why}`), []);
  assert.deepEqual(world.strays, []);
});

test('an authorization request with one thing wrong is refused by every platform', async t => {
  const { world, visitor, addressOf } = await start(t);
  for (const id of oauth2) {
    const p = world.platform(id), a = p.endpoint('authorize');
    const name = a.client ?? 'client_id';
    const without = n => l => l.filter(([k]) => k !== n), changed = (n, v) => l => l.map(([k, o]) => [k, k === n ? v : o]);
    const wrong = [
      [without(name), /is missing/], [changed(name, 'somebody'), /is not registered/],
        [changed('redirect_uri', `${redirect}x`), /redirect_uri .* is not registered/],
      [without('redirect_uri'), /redirect_uri/], [changed('response_type', 'token'), /response_type/], [without('state'), /"state" is missing/],
        [changed('state', ''), /state/],
      [l => [...l, ['surprise', '1']], /"surprise" is none/], [l => [...l, ['state', 'x'.repeat(43)]], /"state" is there twice/],
    ];
    if (name === 'client_id') wrong.push([l => [...l, ['appid', p.client.id]], /"appid" is none/]);
    else wrong.push([l => l.map(([k, v]) => [k === name ? 'client_id' : k, v]), /is missing/]);
    if (a.scope?.known.length > 1) wrong.push([changed('scope', a.scope.known.join(a.scope.separator === ',' ? ' ' : ',')), /is unknown/]);
    if (a.scope?.must?.length) wrong.push([without('scope'), /"scope" is missing/], [changed('scope', 'admin'), /"admin" is unknown/]);
    if (a.pkce === 'required') wrong.push([l => without('code_challenge')(without('code_challenge_method')(l)), /code_challenge.* is missing/],
      [changed('code_challenge_method', 'plain'), /code_challenge_method/]);
    if (a.pkce && a.pkce !== 'none') wrong.push([changed('code_challenge', 'short'), /code_challenge/],
      [without('code_challenge_method'), /go together|is missing/]);
    else wrong.push([l => [...l, ['code_challenge', 'A'.repeat(43)], ['code_challenge_method', 'S256']], /"code_challenge" is none/]);
    if (a.nonce === 'wanted') wrong.push([without('nonce'), /"nonce" is missing/]);
    else wrong.push([l => [...l, ['nonce', 'n']], /"nonce" is none/]);
    if (a.mode) wrong.push([without('response_mode'), /response_mode/]);
    if (a.order) wrong.push([l => [...l].reverse(), /wants appid/]);
    for (const [change, why] of wrong) {
      const answer = await visitor.ask(addressOf(p, change(rightAsk(p).params)));
      refused(world, id, why);
      assert.ok(!answer.body.includes('name="decision"'), `${id}: no page for ${why}`);
      assert.ok(!answer.location?.searchParams.has('code'));
    }
    if (a.spaces) {
      await visitor.ask(addressOf(p, rightAsk(p).params).replaceAll('%20', '+'));
      refused(world, id, /wants %20/);
    }
    assert.equal((await visitor.ask(addressOf(p, rightAsk(p).params), { method: 'PUT' })).status < 500, true);
    refused(world, id, /PUT/);
  }
});

test('a token question with one thing wrong is refused by every platform, and the code of a good one works once and not for long', async t => {
  const { world, visitor, signIn } = await start(t);
  for (const id of oauth2) {
    const at = platforms[id].endpoints.token, names = { id: 'client_id', secret: 'client_secret', ...at.names };
    const ways = at.auth ?? ['post'];
    const wrong = [
      [q => { q.fields.code = 'made-up'; }, /the code is none/], [q => { delete q.fields.code; }, /"code" is missing/],
        [q => { q.fields.surprise = '1'; }, /"surprise" is none/],
      [q => { q.fields.grant_type = 'password'; }, /unknown here/],
        [(q, p) => { if (ways[0] === 'basic') q.headers.authorization = `Basic ${Buffer.from('a:b').toString('base64')}`; else q.fields[names.id] = 'somebody'; }, /not registered/],
    ];
    if (at.redirect !== false) wrong.push([q => { q.fields.redirect_uri += 'x'; }, /redirect_uri is not/],
      [q => { delete q.fields.redirect_uri; }, /"redirect_uri" is missing/]);
    else if (id !== 'naver') wrong.push([q => { q.fields.redirect_uri = redirect; }, /"redirect_uri" is none/]);
    if (!at.bare) wrong.push([q => { delete q.fields.grant_type; }, /grant_type is missing/]);
    for (const n of Object.keys(at.needs ?? {})) wrong.push([q => { delete q.fields[n]; }, new RegExp(`"${n}" is missing`)],
      [q => { q.fields[n] = `${q.fields[n]}x`; }, /does not belong/]);
    if (at.method?.[0] === 'GET') wrong.push([q => { q.method = 'POST'; }, /takes GET/]);
    else wrong.push([q => { q.headers['content-type'] = 'application/json'; }, /content-type is application\/json/]);
    if (names.id !== 'client_id') wrong.push([q => { q.fields.client_id = q.fields[names.id]; delete q.fields[names.id]; }, /no client/]);
    if (ways[0] !== 'none') wrong.push([(q, p) => {
      if (ways[0] === 'basic') q.headers.authorization = `Basic ${Buffer.from(`${encodeURIComponent(p.client.id)}:wrong`).toString('base64')}`; else q.fields[names.secret] = 'wrong';
    }, /secret is wrong|is no JWT|client secret/]);
    if (!ways.includes('basic')) wrong.push([(q,
      p) => { delete q.fields[names.secret]; q.headers.authorization = `Basic ${Buffer.from(`${p.client.id}:${p.client.secret}`).toString('base64')}`; },
      /does not take Basic/]);
    if (!ways.includes('post')) wrong.push([(q,
      p) => { delete q.headers.authorization; q.fields[names.id] = p.client.id; q.fields[names.secret] = p.client.secret ?? 'x'; },
      /wants (basic|none)|client secret|in the form/]);
    if (ways.includes('basic')) wrong.push([(q,
      p) => { q.headers.authorization = `Basic ${Buffer.from(`${encodeURIComponent(p.client.id)}:${encodeURIComponent(p.client.secret)}`).toString('base64')}`; q.fields[names.secret] = p.client.secret; }, /one way at a time/]);
    for (const h of Object.keys(at.headers ?? {})) wrong.push([q => { delete q.headers[h]; }, new RegExp(`header ${h} is missing`)]);
    const pkce = platforms[id].endpoints.authorize.pkce;
    if (pkce && pkce !== 'none') wrong.push([q => { q.fields.code_verifier = 'v'.repeat(43); }, /not that of the challenge/],
      [q => { delete q.fields.code_verifier; }, /code_verifier is missing/], [q => { q.fields.code_verifier = 'short'; }, /5 characters/]);
    else wrong.push([q => { q.fields.code_verifier = 'v'.repeat(43); }, /"code_verifier" is none/]);
    for (const [token, why] of wrong) {
      const { access } = await signIn(id, { token });
      refused(world, id, why);
      assert.equal(access, undefined, `${id}: no token in spite of ${why}`);
    }
    const { p, access, question } = await signIn(id);
    assert.ok(access, id);
    await send(visitor, p, 'token', question);
    refused(world, id, /used before/);
    const name = profileOf(p);
    if (name) {
      await send(visitor, p, name, rightApi(p, name, access));
      refused(world, id, /none that we gave out, or was revoked/);
    }
    await signIn(id, { wait: (at.codeLives ?? 600) + 1,
      token: (q, p) => { if (ways[0] === 'jwt') q.fields.client_secret = signedSecret(p, (h, c) => { c.exp += 600; }); } });
    refused(world, id, /the code is \d+ s old/);
    world.offset = 0;
  }
  assert.equal(platforms.x.endpoints.token.codeLives, 30);
});

test('an API refuses a token that comes the wrong way, a question with a wrong field, and one without the headers the platform insists on', async t => {
  const { world, visitor, signIn } = await start(t);
  for (const id of oauth2) {
    const name = profileOf(world.platform(id));
    if (!name) continue;
    const { p, access } = await signIn(id);
    const at = p.endpoint(name), way = at.token ?? 'bearer';
    const wrong = [[q => { q.fields.surprise = '1'; }, /"surprise" is none/], [q => { q.headers.cookie = 'a=b'; }, /header cookie/],
      [q => { q.headers['x-forwarded-for'] = '192.0.2.1'; }, /header x-forwarded-for/]];
    if (way === 'bearer') wrong.push([q => { delete q.headers.authorization; q.fields.access_token = access; }, /no Authorization header/],
      [q => { q.headers.authorization = `Bearer x${access}`; }, /none that we gave out/],
      [q => { q.headers.authorization = `token ${access}`; }, /is no bearer/]);
    else wrong.push([q => { q.headers.authorization = `Bearer ${access}`; delete q.fields.access_token; }, /the token is a parameter/],
      [q => { q.fields.access_token += 'x'; }, /none that we gave out/]);
    for (const h of Object.keys(at.headers ?? {}).filter(h => h !== 'accept')) wrong.push([q => { delete q.headers[h]; }, new RegExp(`header ${h} is missing`)]);
    if (id === 'reddit') wrong.push([q => { q.headers['user-agent'] = 'curl/8.0'; }, /is a generic one/]);
    if (id === 'facebook') wrong.push([q => { delete q.fields.appsecret_proof; }, /appsecret_proof/],
      [q => { q.fields.appsecret_proof = 'a'.repeat(64); }, /is not the proof/]);
    if (['facebook', 'instagram', 'threads', 'tiktok'].includes(id)) wrong.push([q => { q.fields.fields = 'id,shoe_size'; },
      /shoe_size|"id" does not exist/], [q => { q.fields.fields = 'id name'; }, /./], [q => { delete q.fields.fields; }, /"fields" is missing/]);
    if (id === 'x') wrong.push([q => { q.fields['user.fields'] = 'shoe_size'; }, /shoe_size/]);
    for (const [change, why] of wrong) {
      const question = rightApi(p, name, access);
      change(question);
      await send(visitor, p, name, question);
      refused(world, id, why);
    }
    world.pass(2e8);
    if (p.endpoint('token').lives) {
      await send(visitor, p, name, rightApi(p, name, access));
      refused(world, id, /was over \d+ s ago|is none/);
    }
    world.offset = 0;
  }
});

test('refresh tokens rotate where they do, one that was used ends everything, and exchanges take their time', async t => {
  const { world, visitor, signIn } = await start(t, ['x', 'google', 'spotify', 'vk', 'tiktok', 'instagram', 'threads', 'facebook', 'wechat', 'github', 'reddit']);
  const renew = async (id, text, change = () => {}) => {
    const p = world.platform(id), question = rightToken(p, { code: '-', device_id: 'vkid-device-Qx7Zb1pLmN0sT2uV3wX4yZ5' });
    for (const n of ['code', 'redirect_uri', 'code_verifier']) delete question.fields[n];
    Object.assign(question.fields, { grant_type: 'refresh_token', refresh_token: text });
    change(question.fields);
    return send(visitor, p, 'token', question);
  };
  for (const id of ['x', 'vk', 'tiktok']) {
    const { answer } = await signIn(id);
    const second = await renew(id, answer.json.refresh_token);
    assert.ok(second.json.refresh_token && second.json.refresh_token !== answer.json.refresh_token, world.told(id));
    await renew(id, answer.json.refresh_token);
    refused(world, id, /used before: it rotates/);
    await renew(id, second.json.refresh_token);
    refused(world, id, /was revoked/);
  }
  const { answer: vk } = await signIn('vk');
  await renew('vk', vk.json.refresh_token, f => { delete f.device_id; });
  refused(world, 'vk', /"device_id" is missing/);
  const once = await signIn('spotify');
  const again = await renew('spotify', once.answer.json.refresh_token);
  assert.deepEqual([again.status, again.json.refresh_token], [200, undefined], 'the old one stays');
  assert.equal((await renew('spotify', once.answer.json.refresh_token)).status, 200);
  // only who asks for it
  assert.equal((await signIn('google')).answer.json.refresh_token, undefined);
  assert.ok((await signIn('google', { ask: l => [...l, ['access_type', 'offline'], ['prompt', 'consent']] })).answer.json.refresh_token);
  assert.ok((await signIn('reddit', { ask: l => [...l, ['duration', 'permanent']] })).answer.json.refresh_token);
  // Meta's exchanges
  for (const id of ['instagram', 'threads']) {
    const { p, access, answer } = await signIn(id);
    assert.equal(answer.json.expires_in, undefined, 'nothing says how long the short one lives');
    assert.match(answer.body, /"user_id":\d{16,}[,}]/, 'a number of 64 bits, as a number');
    const name = id === 'threads' ? 'th' : 'ig';
    const get = (at, fields) => send(visitor, p, at, { method: 'GET', headers: {}, fields });
    await get('exchange', { grant_type: `${name}_exchange_token`, client_secret: 'wrong', access_token: access });
    refused(world, id, /client_secret is wrong/);
    const long = await get('exchange', { grant_type: `${name}_exchange_token`, client_secret: p.client.secret, access_token: access });
    assert.equal(long.json.expires_in, 5184000);
    await get('refresh', { grant_type: `${name}_refresh_token`, access_token: long.json.access_token });
    refused(world, id, /not before 86400 s/);
    world.pass(86401);
    assert.ok((await get('refresh', { grant_type: `${name}_refresh_token`, access_token: long.json.access_token })).json.access_token);
    await get('refresh', { grant_type: `${name}_refresh_token`, access_token: access });
    refused(world, id, /is over/);
    world.offset = 0;
  }
  const fb = await signIn('facebook');
  const long = await send(visitor, fb.p, 'token',
    { method: 'GET', headers: {}, fields: { grant_type: 'fb_exchange_token', client_id: fb.p.client.id, client_secret: fb.p.client.secret,
    fb_exchange_token: fb.access } });
  assert.equal(long.json.expires_in, 5184000, world.told('facebook'));
  const we = await signIn('wechat');
  const next = await send(visitor, we.p, 'refresh',
    { method: 'GET', headers: {}, fields: { appid: we.p.client.id, grant_type: 'refresh_token', refresh_token: we.answer.json.refresh_token } });
  assert.equal(next.json.openid, we.p.person.openid);
});

test('what a platform revoked opens nothing', async t => {
  const ids = ['x', 'google', 'gitlab', 'apple', 'discord', 'twitch', 'reddit', 'yahoo', 'line', 'kakao', 'naver', 'vk', 'slack', 'linkedin', 'tiktok',
    'weibo', 'github', 'facebook'];
  const { world, visitor, signIn } = await start(t, ids);
  for (const id of ids) {
    const { p, access } = await signIn(id);
    const at = p.endpoint('revoke');
    const question = { method: 'POST', fields: { ...at?.needs }, headers: {} };
    if (at?.kind === 'revoke') question.fields[at.field ?? 'token'] = access;
    if (at?.auth) {
      const right = rightToken(p, { code: '-' }, undefined, at.auth[0]);
      for (const n of ['client_id', 'client_secret', 'client_key']) if (n in right.fields) question.fields[n] = right.fields[n];
      Object.assign(question.headers, right.headers);
    }
    if (at?.kind === 'api') question.headers.authorization = `Bearer ${access}`;
    if (id === 'weibo') Object.assign(question, { method: 'GET', fields: { access_token: access } });
    if (id === 'facebook') Object.assign(question, { method: 'DELETE', fields: {} });
    if (id === 'naver') Object.assign(question.fields,
      { grant_type: 'delete', client_id: p.client.id, client_secret: p.client.secret, access_token: access, service_provider: 'NAVER' });
    let answer;
    if (id === 'facebook') answer = await visitor.ask(`${p.endpoints.find(e => e.name === 'revoke').address}?${query(Object.entries({ access_token: access, appsecret_proof: rightApi(p, 'profile', access).fields.appsecret_proof }))}`, { method: 'DELETE', navigate: false });
    else if (id === 'github') {
      answer = await visitor.ask(p.endpoints.find(e => e.name === 'revoke').address,
        { method: 'DELETE', navigate: false, body: JSON.stringify({ access_token: access }),
        headers: { 'user-agent': 'vestibule', 'content-type': 'application/json',
          authorization: `Basic ${Buffer.from(`${p.client.id}:${p.client.secret}`).toString('base64')}` } });
    } else answer = await send(visitor, p, id === 'naver' ? 'token' : 'revoke', question);
    assert.ok(answer.status < 300, `${id}: ${world.told(id)}`);
    assert.deepEqual(p.revoked, [access], `${id}: ${world.told(id)}`);
    const name = profileOf(p);
    if (name) {
      await send(visitor, p, name, rightApi(p, name, access));
      refused(world, id, /revoked/);
    }
  }
});

test('OAuth 1.0a: the signatures of the documents are found again, and each wrong part is refused', async t => {
  // RFC 5849 section 3.4.1.1: the base string, with every oddity of encoding and order
  const params = [['b5', '=%3D'], ['a3', 'a'], ['c@', ''], ['a2', 'r b'], ['oauth_consumer_key', '9djdj82h48djs9d2'], ['oauth_token', 'kkk9d7dh3k39sjv7'],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', '137131201'], ['oauth_nonce', '7d8f3e4a'], ['c2', ''], ['a3', '2 q']];
  assert.equal(baseString('post', 'http://EXAMPLE.COM:80/request', params),
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26'
    + 'oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7');
  // section 1.2, photos.example.net
  const photo = [['file', 'vacation.jpg'], ['size', 'original'], ['oauth_consumer_key', 'dpf43f3p2l4k3l03'], ['oauth_token', 'nnch734d00sl2jdk'],
    ['oauth_signature_method', 'HMAC-SHA1'], ['oauth_timestamp', '137131202'], ['oauth_nonce', 'chapoH']];
  assert.equal(signature(baseString('GET', 'http://photos.example.net/photos', photo), 'kd94hf93k423kf44', 'pfkkdhi9sl3r4s00'), 'MdpQcU8iPSUjWoN/UDMsK2sui9I=');
  // the platform's own page about creating a signature
  const tweet = [['include_entities', 'true'], ['status', 'Hello Ladies + Gentlemen, a signed OAuth request!'],
    ['oauth_consumer_key', 'xvz1evFS4wEEPTGEFPHBog'], ['oauth_nonce', 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg'],
    ['oauth_signature_method', 'HMAC-SHA1'], ['oauth_timestamp', '1318622958'], ['oauth_token', '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb'],
      ['oauth_version', '1.0']];
  assert.equal(signature(baseString('POST', 'https://api.x.com/1.1/statuses/update.json', tweet), 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw',
    'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE'), 'Ls93hJiZbQ3akF3HF3x1Bz8/zU4=');

  const { world, visitor } = await start(t, ['x-oauth1']);
  const p = world.platform('x-oauth1');
  const at = name => p.endpoints.find(e => e.name === name).address;
  const post = (name, authorization, body = '') => visitor.ask(at(name),
    { method: 'POST', navigate: false, headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' }, body });
  const callback = [['oauth_callback', redirect]];
  const wrong = [
    [{ params: [] }, /oauth_callback is missing/], [{ params: [['oauth_callback', `${redirect}x`]] }, /not registered/],
      [{ change: o => { o.oauth_timestamp = String(Math.floor(Date.now() / 1000) - 301); } }, /oauth_timestamp is -30\d s off/],
    [{ change: o => { o.oauth_signature = 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='; } }, /oauth_signature is wrong/],
      [{ change: o => { o.oauth_consumer_key = 'x'; } }, /not registered/], [{ change: o => { o.oauth_signature_method = 'PLAINTEXT'; } }, /PLAINTEXT/],
    [{ change: o => { o.oauth_version = '2.0'; } }, /oauth_version/], [{ change: o => { delete o.oauth_nonce; } }, /oauth_nonce is missing/],
      [{ change: o => { o.oauth_surprise = '1'; } }, /oauth_surprise/], [{ secret: 'x' }, /oauth_signature is wrong/],
  ];
  for (const [how, why] of wrong) {
    await post('request_token', signed(p, 'POST', at('request_token'), { params: callback, ...how }));
    refused(world, 'x-oauth1', why);
  }
  await visitor.ask(at('request_token'), { method: 'POST', navigate: false, body: '' });
  refused(world, 'x-oauth1', /no Authorization header/);
  const header = signed(p, 'POST', at('request_token'), { params: callback });
  const first = Object.fromEntries(new URLSearchParams((await post('request_token', header)).body));
  assert.equal(first.oauth_callback_confirmed, 'true');
  await post('request_token', header);
  refused(world, 'x-oauth1', /oauth_nonce was used before/);

  const got = (await decide(visitor, `${at('authorize')}?oauth_token=${first.oauth_token}`)).params;
  assert.equal(got.oauth_token, first.oauth_token);
  const other = Object.fromEntries(new URLSearchParams((await post('request_token', signed(p, 'POST', at('request_token'), { params: callback }))).body));
  const spent = { token: other.oauth_token, secret: other.oauth_token_secret, form: [['oauth_verifier', got.oauth_verifier]] };
  await post('token', signed(p, 'POST', at('token'), spent), `oauth_verifier=${got.oauth_verifier}`);
  refused(world, 'x-oauth1', /not that of the token/);
  const body = `oauth_verifier=${got.oauth_verifier}`, rest = { token: first.oauth_token, secret: first.oauth_token_secret };
  await post('token', signed(p, 'POST', at('token'), rest), body);
  refused(world, 'x-oauth1', /oauth_signature is wrong/);
  const answer = Object.fromEntries(new URLSearchParams((await post('token',
    signed(p, 'POST', at('token'), { ...rest, form: [['oauth_verifier', got.oauth_verifier]] }), body)).body));
  assert.equal(answer.user_id, p.person.sub);
  const me = `${at('profile')}?include_email=true&skip_status=true`;
  const who = await visitor.ask(me, { navigate: false,
    headers: { authorization: signed(p, 'GET', me, { token: answer.oauth_token, secret: answer.oauth_token_secret }) } });
  assert.match(who.body, new RegExp(`"id":${p.person.sub},`));
  await visitor.ask(me, { navigate: false, headers: { authorization: signed(p, 'GET', at('profile'),
    { token: answer.oauth_token, secret: answer.oauth_token_secret }) } });
  refused(world, 'x-oauth1', /oauth_signature is wrong/);
  const no = await decide(visitor, `${at('authorize')}?oauth_token=${other.oauth_token}`);
  refused(world, 'x-oauth1', /none that waits/);
  assert.equal(no.params, undefined);
});

test('a client secret that is signed: key, team, client, audience and times are looked at', async t => {
  const { world, signIn } = await start(t, ['apple']);
  const wrong = [[(h, c) => { c.aud = 'https://elsewhere'; }, /aud/], [(h, c) => { c.iss = 'TEAM'; }, /iss/], [(h, c) => { c.sub = 'x'; }, /sub/],
    [(h, c) => { c.exp = 1; }, /exp/], [(h, c) => { c.exp += 15777001; }, /six months/],
    [(h, c) => { c.iat += 3600; }, /iat/], [h => { h.kid = 'x'; }, /kid/], [h => { h.alg = 'RS256'; }, /alg/]];
  for (const [change, why] of wrong) {
    await signIn('apple', { token: (q, p) => { q.fields.client_secret = signedSecret(p, change); } });
    refused(world, 'apple', why);
  }
  await signIn('apple', { token: q => { q.fields.client_secret = q.fields.client_secret.replace(/.{10}$/, 'AAAAAAAAAA'); } });
  refused(world, 'apple', /the signature is wrong/);
  world.platform('apple').client.signing.publicKey = pair('ES256', 3).publicKey.export({ type: 'spki', format: 'pem' });
  await signIn('apple');
  refused(world, 'apple', /the signature is wrong/);
});

test('the oddities are there: the fragment, the form post with the name once, forms for who does not ask for JSON, tokens by each algorithm', async t => {
  const { world, visitor, addressOf, signIn } = await start(t, ['facebook', 'apple', 'github', 'line', 'microsoft', 'telegram', 'linkedin', 'tiktok', 'youtube']);
  const end = await decide(visitor, addressOf(world.platform('facebook'), rightAsk(world.platform('facebook')).params));
  assert.equal(end.back.location.hash, '#_=_');
  const apple = world.platform('apple');
  const one = await decide(visitor, addressOf(apple, rightAsk(apple).params)), two = await decide(visitor, addressOf(apple, rightAsk(apple).params));
  assert.equal(String(one.posted.action), redirect);
  assert.deepEqual([JSON.parse(one.params.user).name, two.params.user], [{ firstName: 'Ada', lastName: 'Lovelace' }, undefined]);
  const gh = await signIn('github', { token: q => { q.headers.accept = '*/*'; } });
  assert.match(gh.answer.headers['content-type'], /x-www-form-urlencoded/);
  assert.ok(new URLSearchParams(gh.answer.body).get('access_token'));
  const head = token => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')), claims = token => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  assert.equal(head((await signIn('line')).answer.json.id_token).alg, 'HS256');
  assert.equal(head((await signIn('line', { token: q => { q.fields.id_token_key_type = 'JWK'; } })).answer.json.id_token).alg, 'ES256');
  const ms = await signIn('microsoft');
  assert.equal(claims(ms.answer.json.id_token).iss, 'https://login.microsoftonline.com/b9419818-09af-49c2-b0c3-653adc1f376e/v2.0');
  assert.equal((await send(visitor, ms.p, 'discovery', { method: 'GET', fields: {}, headers: {} })).json.issuer,
    'https://login.microsoftonline.com/{tenantid}/v2.0');
  assert.equal((await send(visitor, ms.p, 'jwks', { method: 'GET', fields: {}, headers: {} })).json.keys[0].alg, undefined);
  world.platform('telegram').settings.algorithm = 'EdDSA';
  assert.equal(head((await signIn('telegram')).answer.json.id_token).alg, 'EdDSA');
  const li = await signIn('linkedin');
  assert.deepEqual([claims(li.answer.json.id_token).email_verified, claims(li.answer.json.id_token).nonce], ['true', undefined]);
  const tt = world.platform('tiktok'), right = rightAsk(tt);
  assert.match(right.params.find(([n]) => n === 'code_challenge')[1], /^[0-9a-f]{64}$/);
  await visitor.ask(addressOf(tt, right.params.map(([n, v]) => [n, n === 'code_challenge' ? Buffer.from(v, 'hex').toString('base64url') : v])));
  refused(world, 'tiktok', /code_challenge/);
  // two registrations at one company: the client tells them apart
  const yt = await signIn('youtube');
  assert.equal(claims(yt.answer.json.id_token).aud, platforms.youtube.client.id);
  // denied
  for (const id of ['facebook', 'apple', 'tiktok', 'linkedin']) {
    const no = await decide(visitor, addressOf(world.platform(id), rightAsk(world.platform(id)).params), 'deny');
    assert.ok(no.params.error && !no.params.code, id);
  }
});

test('faults are as told, for as long as told; a signed request and a proof are those of the documents', async t => {
  const { world, visitor, signIn } = await start(t, ['github', 'discord', 'reddit']);
  const { p, access } = await signIn('github');
  const me = () => send(visitor, p, 'profile', rightApi(p, 'profile', access));
  p.limit('profile', 1);
  const limited = await me();
  assert.deepEqual([limited.status, limited.headers['x-ratelimit-remaining'], limited.headers['retry-after']], [403, '0', '60']);
  assert.equal((await me()).status, 200);
  p.fail('profile', replies.status(503));
  assert.equal((await me()).status, 503);
  p.heal();
  p.alter('profile', said => { said.id = 'text'; });
  assert.equal((await me()).json.id, 'text');
  p.heal();
  assert.throws(() => p.fail('nothing', () => {}), /no endpoint "nothing"/);
  for (const id of ['discord', 'reddit']) {
    const { p: other, access: token } = await signIn(id);
    other.limit('profile');
    const r = await send(visitor, other, 'profile', rightApi(other, 'profile', token));
    assert.equal(r.status, 429);
    assert.ok(r.headers['x-ratelimit-reset'], 'the platform\'s own headers');
  }
  assert.equal(signedRequest('secret', {}, { text: '{"algorithm":"HMAC-SHA256","0":"payload"}' }),
    'vlXgu64BQGFSQrY0ZcJBZASMvYvTHu9GQ0YM9rjPSso.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsIjAiOiJwYXlsb2FkIn0');
  assert.equal(proof({ client: { secret: 'app-secret' } }, 'access-token')('dbf9c72b4c8f56924f8e07138f6d465c69cb5c9dbca908ce1403e993e1a5f799'), undefined);
  assert.deepEqual(world.strays, []);
});
