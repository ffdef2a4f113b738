// A house with people who have a password of the gateway's own, and how they sign in.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHouse } from './house.mjs';
import { binary, folder } from './parts.mjs';
import { Visitor, form } from './visitor.mjs';

export const hash = (name, password, cost = 8) => execFileSync(binary, ['hash', name, '--cost', String(cost)], { input: `${password}\n` }).toString();
export const right = 'correct horse battery';

export async function localHouse(t, change = () => {}, lines = [hash('ada', right), hash('grace', 'another long one')]) {
  const dir = folder(t), file = join(dir, 'local_users');
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  const house = await startHouse(t, { change: c => {
    c.trusted_proxies = ['127.0.0.0/8'];
    c.local_users = { file, groups: ['break-glass'] };
    c.access = [{ path: '/ada', allow: { users: ['local/ada'] } }, { path: '/op', allow: 'signed_in', provider: 'op' }, { path: '/**', allow: 'signed_in' }];
    change(c);
  } });
  house.file = file;
  return house;
}

export const sameOrigin = house => ({ origin: house.base, 'sec-fetch-site': 'same-origin' });
export async function signIn(house, name, password, { visitor = new Visitor(), rd = '/page?x=1', headers = {}, from = '192.0.2.1' } = {}) {
  const page = await visitor.go(`${house.base}/_vestibule/sign-in?rd=${encodeURIComponent(rd)}`, { headers: { 'x-forwarded-for': from } });
  const f = form(page);
  Object.assign(f.fields, { user: name, password });
  return visitor.ask(f.action, { method: f.method, body: f.fields, headers: { ...sameOrigin(house), 'x-forwarded-for': from, ...headers } });
}
