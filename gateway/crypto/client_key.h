/* client_key.h -- a private key that proves to a provider who is asking: RFC 7523 section 3 client assertions, and client secrets that are such
 * tokens themselves.
 *
 * Read once with the configuration, immutable, any thread. A P-256 key signs ES256, an RSA key of 2048 to 8192 bits RS256 or PS256. When the same
 * PEM text also holds the certificate of the key, its thumbprints (x5t, x5t#S256) go into every token: some providers know keys by them.
 */
#ifndef CRYPTO_CLIENT_KEY_H
#define CRYPTO_CLIENT_KEY_H
#include "crypto/jose.h"

enum {
    CLIENT_KEY_PEM_MAX = 64 * 1024 /* an RSA key of 8192 bits and a chain of certificates */
};
struct client_key;

/* PEM without passphrase (PKCS#8, PKCS#1, SEC1); PROBLEM_CONFIG. Gives. */
const struct err *client_key_read(struct arena *a, struct slice pem, struct client_key **ret_key);
void client_key_close(struct client_key *k); /* NULL is fine */
/* enum jose_alg bits: what it can sign with. */
unsigned client_key_algs(const struct client_key *k);
/* A compact JWS. alg: one of client_key_algs; kid: may be empty; payload: a JSON object text. Lives in a. */
struct slice client_key_sign(struct arena *a, const struct client_key *k, enum jose_alg alg, struct slice kid,
                             struct slice payload);

#endif
