/* signature.h -- for the jose code, own files of this folder only: one signature over some bytes, with OpenSSL's keys.
 *
 * Keys are parsed and checked once (jwk.h) and then shared by threads; nothing here looks a name up.
 */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H
#include <openssl/types.h>

#include "crypto/jose.h"

enum {
    SIGNATURE_ES256_BYTES = 64
};

/* alg fits the key already. ES signatures are r||s of exactly twice the field's length. */
bool signature_fits(enum jose_alg alg, EVP_PKEY *key, struct slice bytes, struct slice signature);
/* RS256, PS256 or ES256, with a private key it fits. */
struct slice signature_make(struct arena *a, enum jose_alg alg, EVP_PKEY *key, struct slice bytes);
void signature_make_es256(EVP_PKEY *key, struct slice bytes, unsigned char out[SIGNATURE_ES256_BYTES]);

#endif
