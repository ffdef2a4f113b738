/* jws_maker.h -- makes keys, JWKs and tokens of every kind, right and wrong ones, independent of the code under test. */
#ifndef JWS_MAKER_H
#define JWS_MAKER_H
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/jose.h"
#include "text/encode.h"

/* "RSA:2048", "P-256", "ED25519" */
static inline EVP_PKEY *maker_key(const char *kind)
{
    if (strncmp(kind, "RSA:", 4) == 0) {
        size_t bits = strtoul(kind + 4, NULL, 10);
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
    }
    if (strcmp(kind, "ED25519") == 0) return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return EVP_EC_gen(kind);
}

static inline struct slice maker_number(struct arena *a, EVP_PKEY *key, const char *name, int width)
{
    BIGNUM *n = NULL;
    must(EVP_PKEY_get_bn_param(key, name, &n) == 1);
    int len = width != 0 ? width : BN_num_bytes(n);
    unsigned char *bytes = arena_bytes(a, (size_t)len);
    must(BN_bn2binpad(n, bytes, len) == len);
    BN_free(n);
    return base64url_encode(a, (struct slice){(const char *)bytes, (size_t)len});
}

/* The members of the public key, without braces: "kty":"EC",... */
static inline const char *maker_members(struct arena *a, EVP_PKEY *key)
{
    char group[32] = "";
    size_t len = 32;
    if (EVP_PKEY_is_a(key, "RSA"))
        return arena_print(a, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"",
                           maker_number(a, key, OSSL_PKEY_PARAM_RSA_N, 0).at,
                           maker_number(a, key, OSSL_PKEY_PARAM_RSA_E, 0).at)
            .at;
    if (EVP_PKEY_is_a(key, "ED25519")) {
        unsigned char raw[32];
        must(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
        return arena_print(a, "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"",
                           base64url_encode(a, (struct slice){(const char *)raw, len}).at)
            .at;
    }
    must(EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1);
    int width = (EVP_PKEY_get_bits(key) + 7) / 8;
    const char *crv = width == 32 ? "P-256" : width == 48 ? "P-384" : "P-521";
    return arena_print(a, "\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"", crv,
                       maker_number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, width).at,
                       maker_number(a, key, OSSL_PKEY_PARAM_EC_PUB_Y, width).at)
        .at;
}

static inline struct slice maker_set(struct arena *a, const char *members, const char *more)
{
    return arena_print(a, "{\"keys\":[{%s%s}]}", members, more);
}

/* The signature as alg writes it; ECDSA as r||s. */
static inline struct slice maker_signature(struct arena *a, EVP_PKEY *key, enum jose_alg alg, struct slice input)
{
    static const char *const hashes[] = {"SHA256", "SHA384", "SHA512"};
    size_t len = 2048;
    unsigned char *out = arena_bytes(a, len);
    int bit = __builtin_ctz((unsigned)alg);
    EVP_PKEY_CTX *pctx = NULL;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    must(EVP_DigestSignInit_ex(c, &pctx, alg == JOSE_EDDSA ? NULL : hashes[bit % 3], NULL, NULL, key, NULL) == 1);
    if (bit >= 3 && bit < 6)
        must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1);
    must(EVP_DigestSign(c, out, &len, (const unsigned char *)input.at, input.len) == 1);
    EVP_MD_CTX_free(c);
    struct slice made = {(const char *)out, len};
    if (bit < 6 || alg == JOSE_EDDSA) return made;
    int width = (EVP_PKEY_get_bits(key) + 7) / 8;
    const unsigned char *at = out;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    unsigned char *raw = arena_bytes(a, 2 * (size_t)width);
    must(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, width) == width);
    must(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + width, width) == width);
    ECDSA_SIG_free(pair);
    return (struct slice){(const char *)raw, 2 * (size_t)width};
}

static inline struct slice maker_input(struct arena *a, struct slice header, struct slice payload)
{
    return arena_join(a, (struct slice[]){base64url_encode(a, header), LIT("."), base64url_encode(a, payload)}, 3);
}

static inline struct slice maker_join(struct arena *a, struct slice input, struct slice signature)
{
    return arena_join(a, (struct slice[]){input, LIT("."), base64url_encode(a, signature)}, 3);
}

static inline struct slice maker_token(struct arena *a, EVP_PKEY *key, enum jose_alg alg, const char *header,
                                       const char *payload)
{
    struct slice input = maker_input(a, slice_of(header), slice_of(payload));
    return maker_join(a, input, maker_signature(a, key, alg, input));
}

#endif
