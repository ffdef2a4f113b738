/* jose.h -- JWK sets and JWS for everything from outside, and our own ES256 signatures: RFC 7515, 7517, 7518, 8037, 8725.
 *
 * Own code because libjwt 1.10 takes the algorithm from the token, has no JWK, PS256 or EdDSA and parses a PEM key anew for each
 * call; cjose has no EdDSA and accepts wrong things. Built on OpenSSL 3 EVP with keys parsed once.
 *
 * Refused, always: alg none, an alg outside the caller's list, a key whose kty/crv/use/key_ops/alg does not fit, `crit`, b64, RSA below
 * 2048 or above 8192 bits, EC points off the curve, padding or stray characters in base64url, duplicate members, tokens over the limit.
 */
#ifndef CRYPTO_JOSE_H
#define CRYPTO_JOSE_H
#include "text/doc.h"

enum jose_alg {
    JOSE_RS256 = 1 << 0,
    JOSE_RS384 = 1 << 1,
    JOSE_RS512 = 1 << 2,
    JOSE_PS256 = 1 << 3,
    JOSE_PS384 = 1 << 4,
    JOSE_PS512 = 1 << 5,
    JOSE_ES256 = 1 << 6,
    JOSE_ES384 = 1 << 7,
    JOSE_ES512 = 1 << 8,
    JOSE_EDDSA = 1 << 9, /* Ed25519; both names EdDSA and Ed25519 (RFC 9864) */
    JOSE_ASYMMETRIC = (1 << 10) - 1,
    JOSE_HS256 = 1 << 10 /* by jws_verify_hs256 alone; has no name that jose_alg_of knows */
};
struct slice jose_alg_name(enum jose_alg alg);
bool jose_alg_of(struct slice name, enum jose_alg *ret_alg);

/* A provider's public keys; reference-counted, immutable, any thread. Reading one costs up to 0.1 ms a key: once
 * when a set is fetched, never for a request. */
struct jwks;
enum {
    JWKS_MAX_BYTES = 256 * 1024, /* ten times the largest seen */
    JWKS_MAX_KEYS = 100
};
/* Keys of unknown type or that we refuse (also those that show a private part) are skipped, good ones kept; no usable key at all and
 * more than JWKS_MAX_KEYS are errors (PROBLEM_PROVIDER_BROKEN). Gives one reference. a is used for the error alone. */
const struct err *jwks_read(struct arena *a, struct slice json, struct jwks **ret_keys);
struct jwks *jwks_keep(struct jwks *k); /* one more reference */
void jwks_drop(struct jwks *k);
size_t jwks_count(const struct jwks *k);

struct jws {
    enum jose_alg alg;
    struct slice kid, typ; /* empty if absent */
    struct slice payload;  /* decoded bytes */
    struct doc *claims;    /* the payload as a JSON object */
};

enum jose_verdict {
    JOSE_GOOD,
    JOSE_UNKNOWN_KEY, /* no key fits kid and alg: worth one throttled refetch of the set */
    JOSE_BAD
};
enum {
    JOSE_MAX_TOKEN = 64 * 1024
};
/* Checks shape, header, key and signature; claims are the caller's to judge. why (PROBLEM_PROVIDER_BROKEN) is set unless
 * JOSE_GOOD. Without kid every fitting key is tried (at most 8); with one, only keys of that kid. What *ret_jws shows lives in a.
 * The largest token needs JOSE_ARENA_BYTES of the arena's budget, whoever sent it. */
enum {
    JOSE_ARENA_BYTES = 1024 * 1024
};
enum jose_verdict jws_verify(struct arena *a, struct slice token, const struct jwks *keys, unsigned allowed_algs,
                             struct jws *ret_jws, const struct err **ret_why);

/* The same for HS256 with a secret both sides know, for providers that sign so: what is not HS256 is refused here, as HS256 is above, so that
 * a public key can never be taken for a secret. secret: at least JOSE_HS256_KEY_LEAST bytes (RFC 7518 section 3.2). */
enum {
    JOSE_HS256_KEY_LEAST = 32
};
enum jose_verdict jws_verify_hs256(struct arena *a, struct slice token, struct slice secret, struct jws *ret_jws,
                                   const struct err **ret_why);

/* left half of the hash that alg uses (EdDSA: SHA-512), base64url: at_hash, c_hash (OpenID Connect Core 3.1.3.6). */
struct slice jose_half_hash(struct arena *a, enum jose_alg alg, struct slice value);

/* ---- our own signing keys (ES256): assertions for backends ---- */
struct signing_key;                         /* immutable, any thread */
struct signing_key *signing_key_make(void); /* a new P-256 key whose id does not begin with "-"; gives */
/* PEM without passphrase, at most 4 KiB; PROBLEM_CONFIG. Gives. */
const struct err *signing_key_read(struct arena *a, struct slice pem, struct signing_key **ret_key);
/* PKCS#8; holds the private key: write it 0600. Lives in a, wiped with it. */
struct slice signing_key_pem(struct arena *a, const struct signing_key *k);
void signing_key_close(struct signing_key *k);
struct slice signing_key_id(const struct signing_key *k); /* RFC 7638 thumbprint, base64url */
/* The public JWK as a JSON object text: kty, crv, x, y, kid, use, alg. */
struct slice signing_key_jwk(struct arena *a, const struct signing_key *k);
/* payload is a JSON object text; typ e.g. "JWT": a word of ours, never from outside. */
struct slice jws_sign(struct arena *a, const struct signing_key *k, struct slice typ, struct slice payload);

#endif
