// `vestibule explain`: every file of tests/golden/explain is a configuration, a line of '-', and addresses ("$ ARGUMENTS") with what is said of
// them. GOLDEN_UPDATE=1 writes what came out into the files, to be read by a person before it is committed.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Part, binary, folder, sanitizers } from './lib/parts.mjs';

const goldens = new URL('../golden/explain/', import.meta.url).pathname;

async function explain(dir, file, args) {
  const part = new Part(`explain ${args.join(' ')}`, binary, ['explain', '--config', file, ...args], { cwd: dir, env: { PATH: process.env.PATH, HOME: dir, ...sanitizers() } });
  const late = setTimeout(() => part.child.kill('SIGKILL'), 40000);
  const { code } = await part.ended;
  clearTimeout(late);
  return { code, out: part.out, err: part.err };
}

for (const name of readdirSync(goldens)) {
  test(`explain says what stands in golden/explain/${name}`, async t => {
    const dir = folder(t), file = join(dir, 'vestibule.yaml');
    const [yaml, cases] = readFileSync(join(goldens, name), 'utf8').split('----------\n');
    writeFileSync(file, yaml);
    const asked = cases.split('\n').filter(l => l.startsWith('$ '));
    assert.ok(asked.length > 0);
    let came = '';
    for (const line of asked) {
      const { code, out, err } = await explain(dir, file, line.slice(2).split(' '));
      assert.equal(code, 0, `${line}: ${err}`);
      came += `${line}\n${out}`;
    }
    if (process.env.GOLDEN_UPDATE) writeFileSync(join(goldens, name), `${yaml}----------\n${came}`);
    else assert.equal(came, cases);
  });
}

test('explain refuses arguments that make no sense with one sentence and status 64', async t => {
  const dir = folder(t), file = join(dir, 'vestibule.yaml');
  writeFileSync(file, readFileSync(join(goldens, readdirSync(goldens)[0]), 'utf8').split('----------\n')[0]);
  for (const [args, says] of [
    [['ftp://app.example.com/'], 'is no address'],
    [['/a', '--client-ip', 'office'], '--client-ip is one address'],
    [['/a', '--groups', 'ops'], 'say who it is with --user'],
    [['/a', '--user', 'ada'], '--user is written'],
    [['/a', '--user', 'corp/1', '--claim', 'x'], '--claim is written'],
    [['/a', '--user', 'corp/1', '--age', 'long'], '--age is a duration'],
  ]) {
    const { code, out, err } = await explain(dir, file, args);
    assert.deepEqual([code, out, err.includes(says)], [64, '', true], `${args.join(' ')}: ${err}`);
  }
});

// What the guide shows is what comes out.
test('the configuration of docs/access-rules.md is fine, and explain says of it what stands there', async t => {
  const guide = readFileSync(new URL('../../docs/access-rules.md', import.meta.url), 'utf8');
  const dir = folder(t), file = join(dir, 'vestibule.yaml');
  writeFileSync(join(dir, 'client_secret'), 'a-client-secret-of-decent-length', { mode: 0o600 });
  writeFileSync(join(dir, 'local_users'), 'ada:$2y$12$......................abcdefghijklmnopqrstuvwxyz01234\n', { mode: 0o600 });
  writeFileSync(file, /```yaml\n([^]*?)```/.exec(guide)[1]);
  const check = new Part('check', binary, ['check', '--config', file, '--quiet'], { cwd: dir, env: { PATH: process.env.PATH, HOME: dir, ...sanitizers() } });
  assert.deepEqual([(await check.ended).code, check.out + check.err], [0, '']);
  const [, args, shown] = /^ {4}\$ vestibule explain (.*)\n((?: {4}.*\n)+)/m.exec(guide);
  const { out } = await explain(dir, file, args.split(' '));
  assert.equal(out, shown.replace(/^ {4}/gm, ''));
  for (const [more, verdict] of [[['/api/x', '--user', 'machines/robot', '--bearer', 'machines'], 'allow'], [['/api/x', '--method', 'POST', '--user', 'machines/robot', '--bearer', 'machines'], 'refuse'],
    [['/api/x', '--method', 'POST', '--user', 'machines/robot', '--bearer', 'machines', '--claim', 'scope=["write"]'], 'allow'], [['/page', '--user', 'machines/robot', '--bearer', 'machines'], 'sign_in'],
    [['/money/x', '--user', 'corp/1', '--groups', 'finance'], 'step_up'], [['/money/x', '--user', 'bank/1', '--groups', 'finance', '--acr', 'phr', '--age', '5m'], 'allow'],
    [['https://wiki.example.com/public/x'], 'allow'], [['https://wiki.example.com/x', '--user', 'corp/4711'], 'refuse'], [['/v2/status'], 'allow']]) {
    const { out: said } = await explain(dir, file, [...more, '--format', 'json']);
    assert.equal(JSON.parse(said).verdict, verdict, more.join(' '));
  }
});
