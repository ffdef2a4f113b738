// What a platform with OpenID Connect publishes and signs: metadata, keys, identity tokens.
import { createHash } from 'node:crypto';
import { forge, keyOf } from '../e2e/lib/hostile.mjs';

const half = (alg, text) => {
  const all = createHash(`sha${alg.slice(2)}`).update(text).digest();
  return all.subarray(0, all.length / 2).toString('base64url');
};

// p.data.identity: { algorithms, issuer(p, person), key(alg) -> kid, claims(person, grant), jwk(p) -> members of the published key besides }
export function keysOf(p) {
  p.keys ??= p.data.identity.algorithms.filter(a => a !== 'HS256').map(a => keyOf(a, 0, p.data.identity.kid ?? `${p.data.id}-${a}-1`));
  return p.keys;
}

export function keySet(p) {
  return { keys: keysOf(p).map(k => ({ ...k.publicKey.export({ format: 'jwk' }), kid: k.kid, use: 'sig', alg: k.alg, ...p.data.identity.jwk?.(p, k) }))
    .map(k => Object.fromEntries(Object.entries(k).filter(([, v]) => v !== undefined))) };
}

export function idToken(p, grant, access, now) {
  const { identity } = p.data;
  const alg = p.algorithm ?? identity.algorithm?.(p, grant) ?? identity.algorithms[0];
  const key = keysOf(p).find(k => k.alg === alg);
  const claims = {
    iss: identity.issuer(p, grant.person), sub: grant.person.sub, aud: p.client.id, iat: now, exp: now + (identity.lives ?? 3600),
    ...(grant.nonce === undefined || identity.nonce === 'ignored' ? {} : { nonce: grant.nonce }),
    ...(identity.at_hash === false ? {} : { at_hash: half(alg, access) }),
    ...identity.claims(grant.person, grant, p),
  };
  const said = { header: { alg, ...(key ? { kid: key.kid } : {}), typ: 'JWT' }, claims };
  p.lie?.(said); // a story may have it say something else
  const given = Object.fromEntries(Object.entries(said.claims).filter(([, v]) => v !== undefined));
  return forge(said.header, given, key ? { alg, privateKey: key.privateKey } : { alg, secret: p.client.secret ?? 'x'.repeat(40) });
}

export function metadata(p) {
  const at = name => p.endpoints.find(e => e.name === name)?.address;
  const { identity } = p.data;
  const found = {
    issuer: identity.published?.(p) ?? identity.issuer(p, p.person), authorization_endpoint: at('authorize'), token_endpoint: at('token'),
    userinfo_endpoint: at(identity.userinfo ?? 'profile'), jwks_uri: at('jwks'), revocation_endpoint: at('revoke'), end_session_endpoint: at('end_session'),
    response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: identity.algorithms,
    ...identity.metadata,
  };
  return Object.fromEntries(Object.entries(found).filter(([, v]) => v !== undefined));
}
