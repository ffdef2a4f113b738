/* crypto_kit.h -- for own files of this folder only: the algorithms fetched by crypto_start, and OpenSSL's reasons.
 *
 * OpenSSL keeps a queue of errors per thread, and TLS sockets look into that queue to learn what happened to them.
 * Whoever gets a failure from OpenSSL must therefore empty it: crypto_reason and crypto_forget do.
 */
#ifndef CRYPTO_CRYPTO_KIT_H
#define CRYPTO_CRYPTO_KIT_H
#include <openssl/types.h>

#include "base/arena.h"

struct crypto_kit {
    EVP_MD *sha256, *sha384, *sha512;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;
    EVP_CIPHER *aes_256_gcm;
};
const struct crypto_kit *crypto_kit(void); /* starts what is not started */

/* This thread's HMAC-SHA-256 context: set its key with EVP_MAC_init before every use. Lends; freed at thread end. */
EVP_MAC_CTX *crypto_hmac(void);

/* The newest reason of OpenSSL's queue in words, for the operator; empties the queue. */
struct slice crypto_reason(struct arena *a);
void crypto_forget(void); /* empties the queue */

#endif
