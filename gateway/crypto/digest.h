/* digest.h -- SHA-256 and HMAC-SHA-256 with contexts fetched once; HMAC-SHA1 for protocols that know nothing newer. Any thread. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H
#include "base/slice.h"

enum {
    DIGEST_SHA256_BYTES = 32,
    DIGEST_SHA1_BYTES = 20
};
void digest_sha256(struct slice bytes, unsigned char out[DIGEST_SHA256_BYTES]);
void digest_hmac_sha256(struct slice key, struct slice bytes, unsigned char out[DIGEST_SHA256_BYTES]);
/* OAuth 1.0a's signatures alone (RFC 5849 section 3.4.2). */
void digest_hmac_sha1(struct slice key, struct slice bytes, unsigned char out[DIGEST_SHA1_BYTES]);
/* HKDF-SHA-256 (RFC 5869): one key per purpose from a master. */
void digest_hkdf(struct slice master, struct slice salt, struct slice info, unsigned char *out, size_t len);
bool digest_same(const void *a, const void *b, size_t len); /* constant time */

#endif
