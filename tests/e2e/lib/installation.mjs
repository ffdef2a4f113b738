// One installation as an operator would have it: the gateway, Redis, the certified provider, an application behind it.
import { freePort, startGateway, startRedis } from './parts.mjs';
import { startProvider, signInAtProvider } from './provider.mjs';
import { startBackend } from './backend.mjs';

export async function installation(t, { extra = '', access = '', session = '', provider = '', app = '', providerOptions = {}, gateway = {}, port } = {}) {
  port ??= await freePort();
  const base = `http://localhost:${port}`;
  const [redis, backend, op] = await Promise.all([startRedis(t), startBackend(t),
    startProvider(t, { redirectUris: [`${base}/_vestibule/callback/op`], ...providerOptions })]);
  const config = `
public_url: ${base}
listen: 127.0.0.1:${port}
server: { workers: 2, drain: 2s }
providers:
  - use: oidc
    id: op
    name: The Provider
    issuer: ${op.issuer}
    client_id: ${op.clientId}
    client_secret: ${op.clientSecret}
    allow_private: true
    tokens: session
${provider.replace(/^(?=.)/gm, '    ')}
session:
  store: ${redis.url}
${session}
${access}
backends:
  - { id: app, url: "${backend.url}"${app} }
log: { format: json }
${extra}`;
  const gw = await startGateway(t, config, gateway);
  return { port, base, redis, backend, op, gw, config };
}

export async function signIn(visitor, base, who, path = '/') {
  let page = await visitor.go(`${base}${path}`);
  if (page.url.origin === base) page = await visitor.go(`${base}/_vestibule/start/op?rd=${encodeURIComponent(path)}`);
  return signInAtProvider(visitor, page, who);
}
