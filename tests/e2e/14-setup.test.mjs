// `vestibule setup`: five answers make a configuration that is a whole one, the secret for its owner alone, and what to register at the provider. What is there is
// never written over, and what makes no configuration leaves nothing behind.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, folder } from './lib/parts.mjs';

const SECRET = 's3cret-${of} "mine" #1';
const env = dir => ({ PATH: process.env.PATH, STATE_DIRECTORY: join(dir, 'state'), ...Object.fromEntries(Object.entries(process.env).filter(([n]) => /SAN_OPTIONS$/.test(n))) });
const run = (dir, args, input = '') => {
  const r = spawnSync(binary, args, { input, encoding: 'utf8', env: env(dir), cwd: dir });
  return { code: r.status, out: r.stdout, err: r.stderr };
};
const setup = (dir, answers, ...more) => run(dir, ['setup', '--config', join(dir, 'vestibule.yaml'), ...more], answers.map(a => `${a}\n`).join(''));
const place = t => { const dir = folder(t); mkdirSync(join(dir, 'state')); return dir; };
const files = dir => readdirSync(dir).filter(f => f !== 'state').sort();

test('five answers make a configuration that check takes, and say what to register', t => {
  const dir = place(t);
  const r = setup(dir, ['https://app.example.com', 'http://127.0.0.1:3000', 'google', '1234-abcd.apps.googleusercontent.com', SECRET]);
  assert.equal(r.code, 0, r.err);
  assert.match(r.err, /one of .*github.*google.*oidc/);
  assert.match(r.out, /^google +https:\/\/app\.example\.com\/_vestibule\/callback\/google \(redirect URI\)$/m);
  assert.ok(!r.out.includes(':  ') && r.err.includes('Public address'), 'questions are no data');
  assert.deepEqual(files(dir), ['client_secret', 'vestibule.yaml']);
  assert.equal(statSync(join(dir, 'client_secret')).mode & 0o777, 0o600);
  assert.equal(readFileSync(join(dir, 'client_secret'), 'utf8'), SECRET);
  const written = readFileSync(join(dir, 'vestibule.yaml'), 'utf8');
  assert.ok(!written.includes('s3cret') && !(r.out + r.err).includes('s3cret'));
  assert.ok(written.trim().split('\n').length <= 20, written);
  const check = run(dir, ['check', '--config', join(dir, 'vestibule.yaml')]);
  assert.deepEqual([check.code, check.out], [0, ''], check.err);
  const print = run(dir, ['config', 'print', '--config', join(dir, 'vestibule.yaml')]).out;
  assert.match(print, /public_url: https:\/\/app\.example\.com/);
  assert.match(print, /trusted_proxies: .*127\.0\.0\.0\/8/s);
});

test('an empty answer takes what is offered; an issuer of one\'s own is asked for, and text is taken as it was typed', t => {
  const dir = place(t);
  const r = setup(dir, ['', '', 'oidc', 'https://id.example.com/realms/staff', 'gate "${HOME}" é', 'a-secret-of-mine'], '--quiet');
  assert.equal(r.code, 0, r.err);
  assert.match(r.out, /^corp +http:\/\/localhost:8080\/_vestibule\/callback\/corp \(redirect URI\)$/m);
  assert.ok(!r.err.includes('Wrote'));
  const print = run(dir, ['config', 'print', '--config', join(dir, 'vestibule.yaml')]).out;
  assert.ok(print.includes('client_id: "gate \\"${HOME}\\" é"'), print);
  assert.match(print, /issuer: https:\/\/id\.example\.com\/realms\/staff/);
  assert.match(print, /url: http:\/\/127\.0\.0\.1:3000/);
});

test('what is there is never written over, and what cannot be written is told before anything is asked', t => {
  const dir = place(t);
  for (const name of ['vestibule.yaml', 'client_secret']) {
    writeFileSync(join(dir, name), 'mine');
    const r = setup(dir, ['', '', 'google', 'id', 'secret']);
    assert.equal(r.code, 77);
    assert.match(r.err, new RegExp(`${name} is there already, and is not written over`));
    assert.ok(!r.err.includes('Public address'));
    assert.equal(readFileSync(join(dir, name), 'utf8'), 'mine');
    assert.deepEqual(files(dir), [name]);
    spawnSync('rm', [join(dir, name)]);
  }
  const nowhere = run(dir, ['setup', '--config', join(dir, 'nowhere/vestibule.yaml')]);
  assert.equal(nowhere.code, 77);
  assert.match(nowhere.err, /cannot write into .*nowhere\/?: No such file/);
});

test('answers that make no configuration leave nothing behind, and each says what is wrong with it', t => {
  for (const [answers, code, words] of [
    [['app.example.com'], 64, /address/i], [['https://a.example', 'ftp://x'], 64, /http/], [['', '', 'gogle'], 64, /no provider of that name, did you mean google/],
    [['', '', ''], 64, /an answer is needed/], [['', '', 'oidc', 'id.example.com'], 64, /./], [['', '', 'google', ''], 64, /an answer is needed/],
    [['', '', 'google', 'id'], 64, /no client secret came/], [['', '', 'apple', 'id', 'secret'], 78, /team_id.*nothing was written/s]]) {
    const dir = place(t), r = setup(dir, answers);
    assert.equal(r.code, code, `${answers}: ${r.err}`);
    assert.match(r.err, words, `${answers}`);
    assert.deepEqual([files(dir), r.out], [[], ''], `${answers}`);
    assert.ok(!existsSync(join(dir, 'vestibule.yaml')));
  }
});
