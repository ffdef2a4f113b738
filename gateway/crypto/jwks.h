/* jwks.h -- for the jose code, own files of this folder only: what is inside a key set. */
#ifndef CRYPTO_JWKS_H
#define CRYPTO_JWKS_H
#include <stdatomic.h>

#include "crypto/jwk.h"

struct jwks {
    atomic_uint references;
    size_t count;
    struct jwk keys[JWKS_MAX_KEYS]; /* kid is malloc'd here */
};

#endif
