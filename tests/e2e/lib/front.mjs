// The front as strangers find it: one gateway with a plain and a TLS listener, rules of every kind, and a backend that keeps every byte.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, freePort, startGateway, startRedis } from './parts.mjs';
import { startProvider } from './provider.mjs';
import { startRecorder, Wire, exchange } from './raw.mjs';
import { signIn } from './installation.mjs';
import { Visitor } from './visitor.mjs';

// A self-signed certificate for these names: { cert, key } are paths.
export function certificate(dir, name, names = [name]) {
  const cert = join(dir, `${name}.pem`), key = join(dir, `${name}.key`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', `subjectAltName=${names.map(n => (/^[\d.]+$/.test(n) ? 'IP:' : 'DNS:') + n).join(',')}`, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { cert, key, pem: readFileSync(cert) };
}

export const rules = `
access:
  - { id: open, path: "/public/**", allow: everyone }
  - id: admin
    path: "/admin/**"
    allow: { groups: [ops] }
  - { id: api, path: "/api/**", allow: signed_in, otherwise: refuse }
  - { id: rest, path: "/**", allow: signed_in }`;

// reply: how the recording backend answers; backends: YAML of further ones, put before it; server: extra keys of `server`.
export async function front(t, { reply, backends = '', server = '', extra = '', access = rules, tlsExtra = '', listeners = '', providerOptions = {}, app = '', gateway = {} } = {}) {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const authority = `localhost:${port}`, base = `http://${authority}`;
  const dir = folder(t);
  const certs = certificate(dir, 'localhost', ['localhost', '127.0.0.1']);
  const [redis, backend, op] = await Promise.all([startRedis(t), startRecorder(t, reply),
    startProvider(t, { redirectUris: [`${base}/_vestibule/callback/op`], ...providerOptions })]);
  const config = `
public_url: ${base}
listen:
  - address: 127.0.0.1:${port}
  - address: 127.0.0.1:${tlsPort}
    tls: { certificate: ${certs.cert}, key: ${certs.key} ${tlsExtra} }
${listeners}
server:
  workers: 2
  drain: 2s
  https_redirect: false
${server}
providers:
  - { use: oidc, id: op, name: The Provider, issuer: "${op.issuer}", client_id: ${op.clientId}, client_secret: ${op.clientSecret}, allow_private: true }
session: { store: "${redis.url}" }
${access}
backends:
${backends}
  - { id: app, url: "${backend.url}" ${app} }
log: { format: json }
metrics: { listen: none }
${extra}`;
  const gw = await startGateway(t, config, { port, ...gateway });
  const plain = { port }, secure = { port: tlsPort, secure: { servername: 'localhost' } };
  return { port, tlsPort, authority, base, redis, backend, op, gw, config, dir, certs, plain, secure, h2: { port: tlsPort } };
}

// The cookie of somebody who has just signed in, as a header's value.
export async function cookieOf(base, who) {
  const visitor = new Visitor();
  const page = await signIn(visitor, base, who, '/public/');
  const value = visitor.cookie('__Host-vestibule');
  if (!value) throw new Error(`${who} could not sign in: ${(page.way ?? [page]).map(w => `${w.status} ${w.url}`).join(' -> ')}\n${page.body.slice(0, 2000)}`);
  visitor.agent.destroy();
  return `__Host-vestibule=${value}`;
}

export const get = (path, authority, more = '') => `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n${more}\r\n`;
export { Wire, exchange };
