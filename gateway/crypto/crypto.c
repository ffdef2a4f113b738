/* crypto.c -- fetches what OpenSSL offers once, and keeps one HMAC context per thread.
 *
 * The context per thread saves five allocations for each MAC. It is freed by a destructor of the thread, since workers
 * come and go with reloads in tests.
 */
#include "crypto/crypto.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include "crypto/crypto_kit.h"

static struct crypto_kit kit;
static pthread_once_t kit_once = PTHREAD_ONCE_INIT;
static pthread_key_t hmac_key;
static _Thread_local EVP_MAC_CTX *hmac_context;

static void hmac_free(void *context)
{
    EVP_MAC_CTX_free(context);
}

static void fetch_all(void)
{
    must(OPENSSL_init_ssl(0, NULL) == 1);
    kit.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    kit.sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
    kit.sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    kit.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    kit.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    kit.aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    must(kit.sha256 != NULL && kit.sha384 != NULL && kit.sha512 != NULL);
    must(kit.hmac != NULL && kit.hkdf != NULL && kit.aes_256_gcm != NULL);
    must(pthread_key_create(&hmac_key, hmac_free) == 0);
    crypto_forget();
}

void crypto_start(void)
{
    must(pthread_once(&kit_once, fetch_all) == 0);
}

const struct crypto_kit *crypto_kit(void)
{
    crypto_start();
    return &kit;
}

EVP_MAC_CTX *crypto_hmac(void)
{
    if (hmac_context != NULL) return hmac_context;
    char sha256[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *made = EVP_MAC_CTX_new(crypto_kit()->hmac);
    must(made != NULL && EVP_MAC_CTX_set_params(made, params) == 1);
    must(pthread_setspecific(hmac_key, made) == 0);
    hmac_context = made;
    return made;
}

struct slice crypto_reason(struct arena *a)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    struct slice copy = arena_copy(a, slice_of(reason != NULL ? reason : "no reason given"));
    ERR_clear_error();
    return copy;
}

void crypto_forget(void)
{
    ERR_clear_error();
}
