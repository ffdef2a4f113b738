/* jose.c -- the names of the algorithms and the half hash; sets are in jwks.c, tokens in jws.c, our keys in signing_key.c. */
#include "crypto/jose.h"

#include <openssl/evp.h>

#include "crypto/crypto_kit.h"
#include "text/encode.h"

static const struct {
    struct slice name;
    enum jose_alg alg;
} names[] = {
    {LIT_INIT("RS256"),   JOSE_RS256},
    {LIT_INIT("RS384"),   JOSE_RS384},
    {LIT_INIT("RS512"),   JOSE_RS512},
    {LIT_INIT("PS256"),   JOSE_PS256},
    {LIT_INIT("PS384"),   JOSE_PS384},
    {LIT_INIT("PS512"),   JOSE_PS512},
    {LIT_INIT("ES256"),   JOSE_ES256},
    {LIT_INIT("ES384"),   JOSE_ES384},
    {LIT_INIT("ES512"),   JOSE_ES512},
    {LIT_INIT("EdDSA"),   JOSE_EDDSA},
    {LIT_INIT("Ed25519"), JOSE_EDDSA},
};
enum {
    NAMES = sizeof names / sizeof names[0]
};

struct slice jose_alg_name(enum jose_alg alg)
{
    size_t i = 0;
    while (i < NAMES && names[i].alg != alg)
        i++;
    must(i < NAMES); /* one algorithm, not a set of them */
    return names[i].name;
}

bool jose_alg_of(struct slice name, enum jose_alg *ret_alg)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (!slice_is(names[i].name, name)) continue;
        *ret_alg = names[i].alg;
        return true;
    }
    return false;
}

/* Ed25519 hashes with SHA-512 inside, and providers take that one for at_hash. */
static const EVP_MD *half_hash_of(enum jose_alg alg)
{
    const struct crypto_kit *kit = crypto_kit();
    if ((alg & (JOSE_RS256 | JOSE_PS256 | JOSE_ES256 | JOSE_HS256)) != 0) return kit->sha256;
    if ((alg & (JOSE_RS384 | JOSE_PS384 | JOSE_ES384)) != 0) return kit->sha384;
    return kit->sha512;
}

struct slice jose_half_hash(struct arena *a, enum jose_alg alg, struct slice value)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len;
    must(EVP_Digest(value.at, value.len, hash, &len, half_hash_of(alg), NULL) == 1);
    return base64url_encode(a, (struct slice){(const char *)hash, len / 2});
}
