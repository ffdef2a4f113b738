/* jwk.h -- for the jose code, own files of this folder only: one public key of a JWK set, checked and ready for OpenSSL. */
#ifndef CRYPTO_JWK_H
#define CRYPTO_JWK_H
#include <openssl/types.h>

#include "crypto/jose.h"

struct jwk {
    EVP_PKEY *key;
    unsigned algs;    /* enum jose_alg it may be used with: by its type, narrowed by its own alg */
    struct slice kid; /* lives where the JSON lives; empty if absent */
};

/* Fills *ret_key (the caller frees key). An err says why this key is not for us; sets skip such keys. */
const struct err *jwk_read(struct arena *a, const struct doc *json, struct jwk *ret_key);

#endif
