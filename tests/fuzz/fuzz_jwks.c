/* fuzz_jwks.c -- any bytes as a provider's key set; what is taken can be used for a check. */
#include "crypto/jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char token[] =
        "eyJhbGciOiJFUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAA";
    struct arena *a = arena_open(JOSE_ARENA_BYTES);
    struct jwks *keys = NULL;
    if (jwks_read(a, (struct slice){(const char *)bytes, len}, &keys) == NULL) {
        struct jws jws;
        const struct err *why = NULL;
        must(jwks_count(keys) >= 1 && jwks_count(keys) <= JWKS_MAX_KEYS);
        must(jws_verify(a, LIT(token), keys, JOSE_ASYMMETRIC, &jws, &why) != JOSE_GOOD);
        jwks_drop(keys);
    }
    arena_close(a);
    return 0;
}
