/* signing_key.c -- one ES256 key of ours: made, read, shown as a JWK, and used.
 *
 * Its id is the RFC 7638 thumbprint, so a kid can never be the name of another key. The public JWK's parts are computed once.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/crypto_kit.h"
#include "crypto/digest.h"
#include "crypto/jose.h"
#include "crypto/secret.h"
#include "crypto/signature.h"
#include "text/encode.h"

enum {
    FIELD_BYTES = 32,
    FIELD_CHARS = 43, /* 32 bytes in base64url */
    PEM_MAX = 4096    /* a P-256 key in PKCS#8 has 241 */
};

struct signing_key {
    EVP_PKEY *key;
    char x[FIELD_CHARS], y[FIELD_CHARS], kid[FIELD_CHARS];
};

static struct slice field(const char text[FIELD_CHARS])
{
    return (struct slice){text, FIELD_CHARS};
}

static void describe(struct signing_key *k)
{
    unsigned char point[1 + 2 * FIELD_BYTES], hash[DIGEST_SHA256_BYTES];
    size_t len = 0;
    struct arena *scratch = arena_open(64 * 1024);
    must(EVP_PKEY_get_octet_string_param(k->key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) == 1);
    must(len == sizeof point && point[0] == POINT_CONVERSION_UNCOMPRESSED);
    const char *at = (const char *)point + 1;
    memcpy(k->x, base64url_encode(scratch, (struct slice){at, FIELD_BYTES}).at, FIELD_CHARS);
    memcpy(k->y, base64url_encode(scratch, (struct slice){at + FIELD_BYTES, FIELD_BYTES}).at, FIELD_CHARS);
    /* RFC 7638 section 3.2: the required members in this order, no blanks */
    struct slice required = arena_print(scratch, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
                                        SLICE_ARG(field(k->x)), SLICE_ARG(field(k->y)));
    digest_sha256(required, hash);
    memcpy(k->kid, base64url_encode(scratch, (struct slice){(const char *)hash, sizeof hash}).at, FIELD_CHARS);
    arena_close(scratch);
}

/* Takes key. */
static struct signing_key *wrap(EVP_PKEY *key)
{
    struct signing_key *k = must_alloc(sizeof *k);
    k->key = key;
    describe(k);
    return k;
}

struct signing_key *signing_key_make(void)
{
    (void)crypto_kit();
    for (;;) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        must(key != NULL);
        struct signing_key *k = wrap(key);
        if (!slice_starts(signing_key_id(k), LIT("-"))) return k; /* or `keys retire` would take it for an option */
        signing_key_close(k);
    }
}

static int no_passphrase(char *buffer, int size, int writing, void *self)
{
    (void)buffer, (void)size, (void)writing, (void)self;
    return -1;
}

static bool is_good_p256(EVP_PKEY *key)
{
    char group[32];
    size_t len = 0;
    if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1) return false;
    if (strcmp(group, "prime256v1") != 0 && strcmp(group, "P-256") != 0) return false;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(c != NULL);
    bool good = EVP_PKEY_check(c) == 1;
    EVP_PKEY_CTX_free(c);
    return good;
}

/* A PEM may carry its point compressed; what we publish is computed from the long form. */
static bool uncompress(EVP_PKEY *key)
{
    return EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                          OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1;
}

const struct err *signing_key_read(struct arena *a, struct slice pem, struct signing_key **ret_key)
{
    if (pem.len == 0 || pem.len > PEM_MAX)
        return err_new(a, PROBLEM_CONFIG, "a signing key is a PEM text of at most 4 KiB");
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    must(bio != NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (key == NULL || !is_good_p256(key) || !uncompress(key)) {
        EVP_PKEY_free(key);
        crypto_forget();
        return err_new(a, PROBLEM_CONFIG, "not a P-256 private key in PEM without passphrase");
    }
    *ret_key = wrap(key);
    return NULL;
}

struct slice signing_key_pem(struct arena *a, const struct signing_key *k)
{
    char *at = NULL;
    BIO *bio = BIO_new(BIO_s_secmem()); /* is wiped when freed */
    must(bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, k->key, NULL, NULL, 0, NULL, NULL) == 1);
    long len = BIO_get_mem_data(bio, &at);
    must(len > 0);
    struct slice pem = secret_reveal(secret_in(a, (struct slice){at, (size_t)len}));
    BIO_free(bio);
    return pem;
}

void signing_key_close(struct signing_key *k)
{
    if (k == NULL) return;
    EVP_PKEY_free(k->key);
    free(k);
}

struct slice signing_key_id(const struct signing_key *k)
{
    return field(k->kid);
}

struct slice signing_key_jwk(struct arena *a, const struct signing_key *k)
{
    return arena_print(a,
                       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\",\"kid\":\"%.*s\","
                       "\"use\":\"sig\",\"alg\":\"ES256\"}",
                       SLICE_ARG(field(k->x)), SLICE_ARG(field(k->y)), SLICE_ARG(field(k->kid)));
}

static bool is_plain_word(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < 0x20 || s.at[i] > 0x7e || s.at[i] == '"' || s.at[i] == '\\') return false;
    }
    return s.len != 0;
}

struct slice jws_sign(struct arena *a, const struct signing_key *k, struct slice typ, struct slice payload)
{
    unsigned char signature[SIGNATURE_ES256_BYTES];
    must(is_plain_word(typ));
    struct slice header = arena_print(a, "{\"alg\":\"ES256\",\"kid\":\"%.*s\",\"typ\":\"%.*s\"}",
                                      SLICE_ARG(field(k->kid)), SLICE_ARG(typ));
    struct slice input =
        arena_join(a, (struct slice[]){base64url_encode(a, header), LIT("."), base64url_encode(a, payload)}, 3);
    signature_make_es256(k->key, input, signature);
    struct slice raw = {(const char *)signature, sizeof signature};
    return arena_join(a, (struct slice[]){input, LIT("."), base64url_encode(a, raw)}, 3);
}
