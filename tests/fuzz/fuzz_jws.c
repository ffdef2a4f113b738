/* fuzz_jws.c -- any bytes as a token, against a set with one key of each type. */
#include "crypto/jose.h"

/* The keys of RFC 7515 A.2 and A.3 and of RFC 8037 A.2: the corpus holds tokens that they verify. */
static const char set[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmf"
    "HQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63k"
    "paSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU"
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct jwks *keys;
    struct arena *a = arena_open(JOSE_ARENA_BYTES);
    struct jws jws = {0};
    const struct err *why = NULL;
    if (keys == NULL) must(jwks_read(a, LIT(set), &keys) == NULL);
    struct slice token = {(const char *)bytes, len};
    enum jose_verdict v = jws_verify(a, token, keys, JOSE_ASYMMETRIC, &jws, &why);
    must((v == JOSE_GOOD) == (why == NULL));
    must(v != JOSE_GOOD || (jws.claims != NULL && jws.claims->type == DOC_MAP));
    arena_close(a);
    return 0;
}
