// What shells and editors are told: completion for bash, zsh and fish, each asked in its own shell; and the schema of the configuration, which takes what `check`
// takes and refuses the slips an editor can see.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, folder, root } from './lib/parts.mjs';

const vestibule = (...args) => execFileSync(binary, args, { encoding: 'utf8' });
const lines = text => text.split('\n').filter(Boolean);
const commands = lines(vestibule('help')).join(' ');
const has = program => spawnSync(program, ['--version']).error === undefined;

// What each shell offers for a line whose last word is being typed, as names alone.
const shells = {
  bash: (file, words) => {
    const script = `source ${file}; COMP_WORDS=(${words.map(w => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _vestibule; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return lines(execFileSync('bash', ['-c', script], { encoding: 'utf8' }));
  },
  // zsh's own helpers need a terminal; these say what they are given
  zsh: (file, words) => {
    const script = `compdef() { : }\nsource ${file}\n_describe() { print -l -- "\${offer[@]%%:*}" }\n_arguments() { for a in "$@"; do [[ $a == (--|[1*]:)* ]] && print -r -- "$a"; done }
words=(${words.map(w => `'${w}'`).join(' ')}); CURRENT=${words.length}; _vestibule`;
    return lines(execFileSync('zsh', ['-f', '-c', script], { encoding: 'utf8' })).filter(w => !w.startsWith('-S')).flatMap(w => w.startsWith('1:') ? w.slice(w.indexOf('(') + 1, -1).split(' ') : w.replace(/[=[].*$/s, '')).filter(w => w.startsWith(words.at(-1)) && (words.at(-1) !== '' || !w.startsWith('-')));
  },
  fish: (file, words) => lines(execFileSync('fish', ['--no-config', '-c', `source ${file}; complete -C '${words.join(' ')}'`], { encoding: 'utf8', env: { ...process.env, HOME: '/nonexistent' } }))
    .map(l => l.split('\t')[0]),
};

for (const [shell, offers] of Object.entries(shells)) {
  test(`${shell} offers the commands, what may follow them, and the options of each`, t => {
    if (!has(shell)) return t.skip(`${shell} is not installed`);
    const file = join(folder(t), `vestibule.${shell}`);
    writeFileSync(file, vestibule('completion', shell));
    const offer = (...words) => offers(file, ['vestibule', ...words]).sort();
    const first = offer('');
    for (const name of ['run', 'check', 'keys', 'providers', 'completion', 'help']) assert.ok(first.includes(name) && commands.includes(name), `${name}: ${first}`);
    assert.equal(new Set(first).size, first.length, 'each once');
    assert.deepEqual(offer('ke'), ['keys']);
    assert.deepEqual(offer('keys', ''), ['generate', 'jwks', 'list', 'retire', 'rotate']);
    assert.deepEqual(offer('config', ''), ['example', 'print', 'schema']);
    const rotate = offer('keys', 'rotate', '--');
    for (const name of ['--config', '--folder', '--publish', '--help']) assert.ok(rotate.includes(name), `${name}: ${rotate}`);
    for (const name of ['--online', '--bytes']) assert.ok(!rotate.includes(name), `${name} is none of its options`);
    assert.ok(offer('check', '--').includes('--online'));
    assert.deepEqual(offer('completion', ''), ['bash', 'fish', 'zsh']);
    if (shell !== 'zsh') assert.deepEqual(offer('check', '--format', ''), ['json', 'text']);
    return undefined;
  });
}

// ---- the schema

const judge = `
import json, sys, yaml, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
v = jsonschema.Draft7Validator(schema)
print(json.dumps([[('/'.join(map(str, e.absolute_path)) + ' ' + e.message)[:300] for e in v.iter_errors(yaml.safe_load(open(f)))] for f in sys.argv[2:]]))
`;
function schema(t) {
  const dir = folder(t), file = join(dir, 'schema.json');
  writeFileSync(file, vestibule('config', 'schema'));
  const python = spawnSync('python3', ['-c', 'import yaml, jsonschema']);
  if (python.status !== 0) return null;
  return files => JSON.parse(execFileSync('python3', ['-c', judge, file, ...files], { encoding: 'utf8' }));
}

test('the schema takes every example there is, and the full one with every key written out', t => {
  const errors = schema(t);
  if (errors === null) return t.skip('python3-jsonschema is not installed');
  const examples = readdirSync(join(root, 'conf/examples')).map(f => join(root, 'conf/examples', f));
  const full = join(folder(t), 'full.yaml');
  writeFileSync(full, vestibule('config', 'example', '--full').replace(/^( *)#((?:- )?[a-z_0-9]+:)/gm, '$1$2'));
  const all = [...examples, join(root, 'conf/vestibule.yaml'), full];
  assert.ok(examples.length > 5);
  errors(all).forEach((e, i) => assert.deepEqual(e, [], all[i]));
  const written = readFileSync(full, 'utf8').match(/^ *(- )?[a-z_0-9]+:/gm).length;
  assert.ok(written > 150, `${written} keys were written out`);
  return undefined;
});

const head = { public_url: 'https://app.example.com', providers: [{ use: 'oidc', id: 'corp', issuer: 'https://id.example.com', client_id: 'x', client_secret: 'y' }], session: { store: 'memory://' }, backend: 'http://127.0.0.1:3000' };
const slips = {
  'a key that is not there': c => { c.lisen = '127.0.0.1:1'; },
  'one in an entry of a list': c => { c.providers[0].client_secert = 'x'; },
  'one level too deep': c => { c.session.store_url = { a: 1 }; },
  'a word that is none of them': c => { c.mode = 'everything'; },
  'a switch that is text': c => { c.server = { http2: 'yes' }; },
  'a duration without a unit': c => { c.session.lifetime = 3600; },
  'a duration in words': c => { c.session.idle = '2 hours'; },
  'a number too large': c => { c.session.max_per_user = 10 ** 9; },
  'a section that is text': c => { c.session = 'memory://'; },
  'a list that is a section': c => { c.providers = { corp: c.providers[0] }; },
  'an address without a scheme': c => { c.public_url = 'app.example.com'; },
  'an id with a blank': c => { c.providers[0].id = 'my corp'; },
  'people under a word of their own': c => { c.access = [{ path: '/**', allow: { everybody: true } }]; },
  'a size in another unit': c => { c.server = { body_limit: '10 MB' }; },
  'no value': c => { c.listen = null; },
};
const fine = {
  'as it is': () => {},
  'variables in the place of anything': c => { c.session.lifetime = '${LIFE:-7d}'; c.session.max_per_user = '${MANY}'; c.mode = '${MODE}'; c.public_url = '${URL}'; },
  'numbers where text is meant': c => { c.providers[0].client_id = 4711; c.listen = [{ address: '0.0.0.0:8443', tls: { certificate: 'a.pem', key: 'a.key', min_version: 1.3 } }]; },
  'one for a list': c => { c.trusted_proxies = '10.0.0.0/8'; c.access = [{ path: '/**', methods: 'GET', allow: { groups: 'ops' } }]; },
  'a word or a section': c => { c.access = [{ path: '/a', allow: 'everyone' }, { path: '/b', allow: { claims: { '/roles': ['a', 'b'], scope: 'read' } } }]; },
  'a part of a configuration': c => { for (const k of Object.keys(c)) delete c[k]; c.log = { level: 'warn' }; },
  'the file of a secret': c => { c.providers[0] = { ...c.providers[0], client_secret: undefined, client_secret_file: 'corp' }; },
};

test('the schema refuses the slips an editor can see, as check does, and takes what check takes', t => {
  const errors = schema(t);
  if (errors === null) return t.skip('python3-jsonschema is not installed');
  const dir = folder(t);
  const write = ([name, change], i, all) => {
    const c = structuredClone(head), file = join(dir, `${all.length}-${i}.yaml`);
    change(c);
    writeFileSync(file, JSON.stringify(c));
    return file;
  };
  mkdirSync(join(dir, 'state'));
  const check = file => spawnSync(binary, ['check', '--config', file], { encoding: 'utf8', env: { ...process.env, STATE_DIRECTORY: join(dir, 'state') } });
  const bad = Object.entries(slips).map(write), good = Object.entries(fine).map(write);
  errors(bad).forEach((e, i) => {
    assert.ok(e.length > 0, `${Object.keys(slips)[i]} is refused`);
    assert.equal(check(bad[i]).status, 78, `${Object.keys(slips)[i]}: check refuses it, too`);
  });
  errors(good).forEach((e, i) => assert.deepEqual(e, [], Object.keys(fine)[i]));
  return undefined;
});

test('the schema says of each key what it means, in the words of the manual', () => {
  const s = JSON.parse(vestibule('config', 'schema')), manual = vestibule('man', 'vestibule.yaml');
  const names = [];
  const walk = (at, path) => {
    for (const [name, p] of Object.entries(at.properties ?? {})) {
      assert.ok(p.description.length > 5, `${path}${name}`);
      names.push(name);
      for (const form of p.anyOf ?? []) for (const inside of [form, ...(form.items?.anyOf ?? [])]) walk(inside, `${path}${name}.`);
    }
  };
  walk(s, '');
  const told = new Set([...manual.matchAll(/^\.B (?:[a-z0-9_.[\]\\-]*\.)?([a-z0-9_]+)(?:\[\])?$/gm)].map(m => m[1]));
  assert.ok(told.size > 100, `${told.size} in the manual`);
  for (const name of told) assert.ok(names.includes(name), `${name} is in the schema`);
});
