/* jwk.c -- RFC 7517, 7518 section 6, 8037: from the members of a JWK to a checked key.
 *
 * First what the key says it is for (use, key_ops, alg), then its numbers, then whether a point is on its curve.
 * A key that shows private members is skipped: what everybody can read, everybody can sign with.
 */
#include "crypto/jwk.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/crypto_kit.h"
#include "text/encode.h"

enum {
    RSA_MIN_BITS = 2048, /* RFC 7518 section 3.3 */
    RSA_MAX_BITS = 8192, /* a verification costs the square of this */
    EXPONENT_MAX_BITS = 64,
    COORDINATE_MAX = 66, /* P-521 */
    ED25519_KEY_BYTES = 32,
    KID_MAX = 512
};

static const struct curve {
    struct slice crv;
    const char *group; /* OpenSSL's name */
    size_t field_bytes;
    enum jose_alg alg;
} curves[] = {
    {LIT_INIT("P-256"), "P-256", 32, JOSE_ES256},
    {LIT_INIT("P-384"), "P-384", 48, JOSE_ES384},
    {LIT_INIT("P-521"), "P-521", 66, JOSE_ES512},
};

static const struct err *unfit(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_PROVIDER_BROKEN, "JWK: %s", why);
}

static bool member_bytes(struct arena *a, const struct doc *json, struct slice name, struct slice *ret)
{
    struct slice text = doc_string(json, name);
    return text.len != 0 && base64url_decode(a, text, ret) && ret->len != 0;
}

static bool is_on_its_curve(EVP_PKEY *key)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(c != NULL);
    bool good = EVP_PKEY_public_check_quick(c) == 1;
    EVP_PKEY_CTX_free(c);
    return good;
}

/* Builds the key from public parameters. */
static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *parts)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    must(params != NULL && c != NULL);
    bool good = EVP_PKEY_fromdata_init(c) == 1 && EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(params);
    if (good) return key;
    EVP_PKEY_free(key);
    crypto_forget();
    return NULL;
}

/* OpenSSL's own check of a modulus looks for primes in it for 3 ms (2048 bits) to seconds, on a thread that serves requests; all it could
 * find is a provider that breaks its own key. */
static EVP_PKEY *build_rsa(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    must(parts != NULL && OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
         OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e) == 1);
    EVP_PKEY *key = build("RSA", parts);
    OSSL_PARAM_BLD_free(parts);
    return key;
}

static const struct err *read_rsa(struct arena *a, const struct doc *json, struct jwk *to)
{
    struct slice n_bytes, e_bytes;
    if (!member_bytes(a, json, LIT("n"), &n_bytes) || !member_bytes(a, json, LIT("e"), &e_bytes))
        return unfit(a, "an RSA key needs n and e in base64url");
    if (n_bytes.len > RSA_MAX_BITS / 8 + 1 || e_bytes.len > EXPONENT_MAX_BITS / 8)
        return unfit(a, "RSA modulus or exponent too long");
    BIGNUM *n = BN_bin2bn((const unsigned char *)n_bytes.at, (int)n_bytes.len, NULL);
    BIGNUM *e = BN_bin2bn((const unsigned char *)e_bytes.at, (int)e_bytes.len, NULL);
    must(n != NULL && e != NULL);
    bool good = BN_num_bits(n) >= RSA_MIN_BITS && BN_num_bits(n) <= RSA_MAX_BITS && BN_is_odd(n) && BN_is_odd(e) &&
                BN_num_bits(e) >= 2;
    to->key = good ? build_rsa(n, e) : NULL;
    to->algs = JOSE_RS256 | JOSE_RS384 | JOSE_RS512 | JOSE_PS256 | JOSE_PS384 | JOSE_PS512;
    BN_free(n);
    BN_free(e);
    if (to->key == NULL) return unfit(a, "RSA modulus (2048 to 8192 bits) or exponent is not good");
    return NULL;
}

static EVP_PKEY *build_ec(const struct curve *curve, struct slice x, struct slice y)
{
    unsigned char point[1 + 2 * COORDINATE_MAX];
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x.at, x.len);
    memcpy(point + 1 + x.len, y.at, y.len);
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    must(parts != NULL && OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) == 1 &&
         OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + x.len + y.len) == 1);
    EVP_PKEY *key = build("EC", parts);
    OSSL_PARAM_BLD_free(parts);
    if (key == NULL || is_on_its_curve(key)) return key;
    EVP_PKEY_free(key);
    crypto_forget();
    return NULL;
}

static const struct err *read_ec(struct arena *a, const struct doc *json, struct jwk *to)
{
    struct slice crv = doc_string(json, LIT("crv")), x, y;
    const struct curve *curve = NULL;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        if (slice_is(curves[i].crv, crv)) curve = &curves[i];
    }
    if (curve == NULL) return unfit(a, "an elliptic curve we do not use");
    if (!member_bytes(a, json, LIT("x"), &x) || !member_bytes(a, json, LIT("y"), &y) || x.len != curve->field_bytes ||
        y.len != curve->field_bytes)
        return unfit(a, "x and y must have the length of the curve's field");
    to->key = build_ec(curve, x, y);
    to->algs = curve->alg;
    return to->key != NULL ? NULL : unfit(a, "the point is not on its curve");
}

static const struct err *read_okp(struct arena *a, const struct doc *json, struct jwk *to)
{
    struct slice x;
    if (!slice_is(doc_string(json, LIT("crv")), LIT("Ed25519")))
        return unfit(a, "of the OKP curves only Ed25519 is used");
    if (!member_bytes(a, json, LIT("x"), &x) || x.len != ED25519_KEY_BYTES)
        return unfit(a, "x of Ed25519 must be 32 bytes");
    to->key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, (const unsigned char *)x.at, x.len);
    to->algs = JOSE_EDDSA;
    if (to->key != NULL) return NULL;
    crypto_forget();
    return unfit(a, "x is no Ed25519 key");
}

static bool lists_verify(const struct doc *operations)
{
    if (operations->type != DOC_LIST) return false;
    for (const struct doc *d = operations->first; d != NULL; d = d->next) {
        if (doc_is_string(d) && slice_is(d->text, LIT("verify"))) return true;
    }
    return false;
}

static const struct err *judge_purpose(struct arena *a, const struct doc *json)
{
    const struct doc *use = doc_member(json, LIT("use")), *operations = doc_member(json, LIT("key_ops"));
    const struct doc *kid = doc_member(json, LIT("kid")), *alg = doc_member(json, LIT("alg"));
    if (use != NULL && !(doc_is_string(use) && slice_is(use->text, LIT("sig")))) return unfit(a, "use is not sig");
    if (operations != NULL && !lists_verify(operations)) return unfit(a, "key_ops does not list verify");
    if (kid != NULL && !(doc_is_string(kid) && kid->text.len <= KID_MAX))
        return unfit(a, "kid is no string, or a very long one");
    if (alg != NULL && !doc_is_string(alg)) return unfit(a, "alg is no string");
    if (doc_member(json, LIT("d")) != NULL || doc_member(json, LIT("k")) != NULL)
        return unfit(a, "it shows a private key");
    return NULL;
}

static const struct err *read_by_type(struct arena *a, const struct doc *json, struct jwk *to)
{
    struct slice kty = doc_string(json, LIT("kty"));
    if (slice_is(kty, LIT("RSA"))) return read_rsa(a, json, to);
    if (slice_is(kty, LIT("EC"))) return read_ec(a, json, to);
    if (slice_is(kty, LIT("OKP"))) return read_okp(a, json, to);
    return unfit(a, "kty is none of RSA, EC, OKP");
}

const struct err *jwk_read(struct arena *a, const struct doc *json, struct jwk *ret_key)
{
    struct jwk made = {NULL, JOSE_ASYMMETRIC, doc_string(json, LIT("kid"))};
    enum jose_alg only;
    const struct err *why = judge_purpose(a, json);
    /* cheap refusals first: checking an RSA key costs milliseconds */
    const struct doc *alg = doc_member(json, LIT("alg"));
    unsigned declared = JOSE_ASYMMETRIC;
    if (why == NULL && alg != NULL) {
        if (!jose_alg_of(alg->text, &only)) return unfit(a, "alg is none we verify");
        declared = only;
    }
    if (why == NULL) why = read_by_type(a, json, &made);
    if (why != NULL) return why;
    made.algs &= declared;
    if (made.algs == 0) {
        EVP_PKEY_free(made.key);
        return unfit(a, "alg does not fit kty and crv");
    }
    *ret_key = made;
    return NULL;
}
