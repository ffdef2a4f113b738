// An application behind the gateway: answers JSON with what it received, remembers it, and can check the assertion.
import http from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

export async function startBackend(t, handle) {
  const seen = [];
  const server = http.createServer((q, r) => {
    const parts = [];
    q.on('data', d => parts.push(d));
    q.on('end', () => {
      const record = { method: q.method, url: q.url, headers: q.headers, raw: q.rawHeaders, body: Buffer.concat(parts).toString('latin1') };
      seen.push(record);
      if (seen.length > 20000) seen.splice(0, 10000);
      if (handle?.(q, r, record)) return;
      r.setHeader('content-type', 'application/json');
      r.end(JSON.stringify(record));
    });
  });
  server.keepAliveTimeout = 60000;
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  const { port } = server.address();
  t.after(() => new Promise(done => { server.closeAllConnections?.(); server.close(done); }));
  return { port, url: `http://127.0.0.1:${port}`, seen, server };
}

// Verifies X-Auth-Assertion as a backend would: with the published keys, its own audience, the gateway as issuer.
export async function checkAssertion(token, { jwks, issuer, audience }) {
  const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks)), { issuer, audience, algorithms: ['ES256'] });
  return { payload, header: protectedHeader };
}
