/* signature.c -- RFC 7518 section 3 and RFC 8037 on OpenSSL's EVP.
 *
 * RS, PS and ES hash first and verify the digest, so the hash functions of crypto_kit are used. Ed25519 hashes inside.
 */
#include "crypto/signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/crypto_kit.h"

enum {
    ES_ALGS = JOSE_ES256 | JOSE_ES384 | JOSE_ES512,
    PS_ALGS = JOSE_PS256 | JOSE_PS384 | JOSE_PS512,
    DER_BYTES = 160, /* r and s of P-521 with their heads take 139 */
    ED25519_BYTES = 64
};

static const EVP_MD *hash_of(enum jose_alg alg)
{
    const struct crypto_kit *kit = crypto_kit();
    if ((alg & (JOSE_RS256 | JOSE_PS256 | JOSE_ES256)) != 0) return kit->sha256;
    if ((alg & (JOSE_RS384 | JOSE_PS384 | JOSE_ES384)) != 0) return kit->sha384;
    return kit->sha512;
}

static size_t field_bytes(enum jose_alg alg)
{
    if (alg == JOSE_ES256) return 32;
    return alg == JOSE_ES384 ? 48 : 66;
}

/* From r||s to the DER that OpenSSL reads. 0 on the wrong length, and for r or s zero. */
static size_t der_of(struct slice raw, size_t field, unsigned char der[DER_BYTES])
{
    if (raw.len != 2 * field) return 0;
    const unsigned char *at = (const unsigned char *)raw.at;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(at, (int)field, NULL), *s = BN_bin2bn(at + field, (int)field, NULL);
    must(pair != NULL && r != NULL && s != NULL);
    must(ECDSA_SIG_set0(pair, r, s) == 1);
    int len = BN_is_zero(r) || BN_is_zero(s) ? 0 : i2d_ECDSA_SIG(pair, &der);
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

static bool set_pss(EVP_PKEY_CTX *c, const EVP_MD *md)
{
    return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(c, md) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool digest_fits(enum jose_alg alg, EVP_PKEY *key, struct slice bytes, const unsigned char *signature,
                        size_t len)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len;
    const EVP_MD *md = hash_of(alg);
    must(EVP_Digest(bytes.at, bytes.len, hash, &hash_len, md, NULL) == 1);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(c != NULL);
    bool good = EVP_PKEY_verify_init(c) == 1 && EVP_PKEY_CTX_set_signature_md(c, md) == 1 &&
                ((alg & PS_ALGS) == 0 || set_pss(c, md)) && EVP_PKEY_verify(c, signature, len, hash, hash_len) == 1;
    EVP_PKEY_CTX_free(c);
    return good;
}

static bool ed25519_fits(EVP_PKEY *key, struct slice bytes, struct slice signature)
{
    if (signature.len != ED25519_BYTES) return false;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    must(c != NULL);
    bool good = EVP_DigestVerifyInit_ex(c, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
                EVP_DigestVerify(c, (const unsigned char *)signature.at, signature.len, (const unsigned char *)bytes.at,
                                 bytes.len) == 1;
    EVP_MD_CTX_free(c);
    return good;
}

bool signature_fits(enum jose_alg alg, EVP_PKEY *key, struct slice bytes, struct slice signature)
{
    unsigned char der[DER_BYTES];
    const unsigned char *at = (const unsigned char *)signature.at;
    size_t len = signature.len;
    bool good = false;
    if ((alg & ES_ALGS) != 0) {
        len = der_of(signature, field_bytes(alg), der);
        good = len != 0 && digest_fits(alg, key, bytes, der, len);
    } else if (alg == JOSE_EDDSA) {
        good = ed25519_fits(key, bytes, signature);
    } else {
        good = len == (size_t)EVP_PKEY_get_size(key) && digest_fits(alg, key, bytes, at, len);
    }
    if (!good) crypto_forget();
    return good;
}

void signature_make_es256(EVP_PKEY *key, struct slice bytes, unsigned char out[SIGNATURE_ES256_BYTES])
{
    unsigned char hash[EVP_MAX_MD_SIZE], der[DER_BYTES];
    unsigned hash_len;
    size_t der_len = sizeof der;
    const EVP_MD *md = crypto_kit()->sha256;
    must(EVP_Digest(bytes.at, bytes.len, hash, &hash_len, md, NULL) == 1);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(c != NULL && EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_CTX_set_signature_md(c, md) == 1);
    must(EVP_PKEY_sign(c, der, &der_len, hash, hash_len) == 1);
    EVP_PKEY_CTX_free(c);

    const unsigned char *at = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    must(pair != NULL);
    must(BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32) == 32);
    must(BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32) == 32);
    ECDSA_SIG_free(pair);
}

static struct slice make_rsa(struct arena *a, enum jose_alg alg, EVP_PKEY *key, struct slice bytes)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len;
    const EVP_MD *md = hash_of(alg);
    size_t len = (size_t)EVP_PKEY_get_size(key);
    unsigned char *to = (unsigned char *)arena_bytes(a, len);
    must(EVP_Digest(bytes.at, bytes.len, hash, &hash_len, md, NULL) == 1);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(c != NULL && EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_CTX_set_signature_md(c, md) == 1);
    must((alg & PS_ALGS) == 0 || set_pss(c, md));
    must(EVP_PKEY_sign(c, to, &len, hash, hash_len) == 1);
    EVP_PKEY_CTX_free(c);
    return (struct slice){(const char *)to, len};
}

struct slice signature_make(struct arena *a, enum jose_alg alg, EVP_PKEY *key, struct slice bytes)
{
    must(alg == JOSE_RS256 || alg == JOSE_PS256 || alg == JOSE_ES256);
    if (alg != JOSE_ES256) return make_rsa(a, alg, key, bytes);
    unsigned char *to = (unsigned char *)arena_bytes(a, SIGNATURE_ES256_BYTES);
    signature_make_es256(key, bytes, to);
    return (struct slice){(const char *)to, SIGNATURE_ES256_BYTES};
}
