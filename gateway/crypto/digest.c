/* digest.c -- the hashes and what is built from them; nothing here can fail but by our own mistake. */
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/crypto_kit.h"

void digest_sha256(struct slice bytes, unsigned char out[DIGEST_SHA256_BYTES])
{
    must(EVP_Digest(bytes.at, bytes.len, out, NULL, crypto_kit()->sha256, NULL) == 1);
}

void digest_hmac_sha256(struct slice key, struct slice bytes, unsigned char out[DIGEST_SHA256_BYTES])
{
    EVP_MAC_CTX *context = crypto_hmac();
    /* a NULL key would mean "the key of last time": an empty key is a key too */
    const char *key_at = key.len != 0 ? key.at : "";
    size_t len = 0;
    must(EVP_MAC_init(context, (const unsigned char *)key_at, key.len, NULL) == 1);
    must(EVP_MAC_update(context, (const unsigned char *)bytes.at, bytes.len) == 1);
    must(EVP_MAC_final(context, out, &len, DIGEST_SHA256_BYTES) == 1);
    must(len == DIGEST_SHA256_BYTES);
}

/* OSSL_PARAM takes pointers without const and reads them only. */
static OSSL_PARAM octets(const char *name, struct slice s)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)(s.len != 0 ? s.at : ""), s.len);
}

void digest_hmac_sha1(struct slice key, struct slice bytes, unsigned char out[DIGEST_SHA1_BYTES])
{
    char sha1[] = "SHA1";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha1, 0),
                           OSSL_PARAM_construct_end()};
    size_t len = 0;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(crypto_kit()->hmac);
    must(context != NULL);
    const char *key_at = key.len != 0 ? key.at : "";
    must(EVP_MAC_init(context, (const unsigned char *)key_at, key.len, params) == 1);
    must(EVP_MAC_update(context, (const unsigned char *)bytes.at, bytes.len) == 1);
    must(EVP_MAC_final(context, out, &len, DIGEST_SHA1_BYTES) == 1);
    must(len == DIGEST_SHA1_BYTES);
    EVP_MAC_CTX_free(context);
}

void digest_hkdf(struct slice master, struct slice salt, struct slice info, unsigned char *out, size_t len)
{
    char sha256[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0),
                           octets(OSSL_KDF_PARAM_KEY, master), octets(OSSL_KDF_PARAM_SALT, salt),
                           octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(crypto_kit()->hkdf);
    must(context != NULL);
    must(EVP_KDF_derive(context, out, len, params) == 1);
    EVP_KDF_CTX_free(context);
}

bool digest_same(const void *a, const void *b, size_t len)
{
    return len == 0 || CRYPTO_memcmp(a, b, len) == 0;
}
