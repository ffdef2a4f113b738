// What people copy is right: the examples and the configurations in the guides pass `vestibule check` without a word.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, folder, root } from './lib/parts.mjs';
import { certificate } from './lib/front.mjs';

const minimum = `public_url: https://app.example.com
session: { store: "redis://127.0.0.1:6379/0" }
trusted_proxies: [127.0.0.1]
providers: [{ use: oidc, id: corp, issuer: "https://id.example.com", client_id: v, client_secret: 0123456789abcdef }]
`;

// Files that the text names are made beside it.
function check(t, text, before = []) {
  const dir = folder(t), certs = certificate(dir, 'app.example.com');
  writeFileSync(join(dir, 'fullchain.pem'), readFileSync(certs.cert));
  writeFileSync(join(dir, 'privkey.pem'), readFileSync(certs.key), { mode: 0o600 });
  for (const [name] of text.matchAll(/session_key_\d/g)) writeFileSync(join(dir, name), randomBytes(32).toString('base64url'), { mode: 0o600 });
  for (const [, name] of text.matchAll(/_file: ([\w.-]+)/g)) writeFileSync(join(dir, name), '0123456789abcdef0123456789abcdef\n', { mode: 0o600 });
  for (const [, name] of text.matchAll(/logo: ([\w.-]+)/g)) writeFileSync(join(dir, name), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const files = [...before, text].map((content, i) => { const f = join(dir, `${i}.yaml`); writeFileSync(f, content); return f; });
  const r = spawnSync(binary, ['check', ...files.flatMap(f => ['--config', f])], { encoding: 'utf8', env: { PATH: process.env.PATH, STATE_DIRECTORY: join(dir, 'state') } });
  return { status: r.status, said: (r.stdout + r.stderr).replaceAll(dir, '') };
}

for (const name of readdirSync(join(root, 'conf/examples')).filter(n => n.endsWith('.yaml'))) {
  test(`conf/examples/${name} is a whole configuration`, t => {
    const r = check(t, readFileSync(join(root, 'conf/examples', name), 'utf8'));
    assert.equal(r.status, 0, r.said);
    assert.ok(!/warning:(?! session.store is memory)/.test(r.said), r.said);
  });
}

for (const name of ['README.md', 'docs/behind-a-proxy.md', 'docs/from-oauth2-proxy.md']) {
  test(`the configurations in ${name} say what they mean`, t => {
    const blocks = [...readFileSync(join(root, name), 'utf8').matchAll(/```yaml\n([^]*?)```/g)].map(m => m[1]);
    assert.ok(blocks.length > 0);
    for (const block of blocks) {
      const whole = /^providers:/m.test(block) && /^session:/m.test(block);
      const needs = /^mode:|^backend:/m.test(block) ? '' : 'mode: auth\n';
      const r = check(t, block, whole ? [] : [minimum + needs]);
      assert.equal(r.status, 0, `${block}\n${r.said}`);
      assert.ok(!/warning:/.test(r.said), `${block}\n${r.said}`);
    }
  });
}
