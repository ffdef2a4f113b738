/* random.h -- unguessable values from the operating system by way of OpenSSL's generator; failure is a must. */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H
#include "base/arena.h"

void random_bytes(unsigned char *to, size_t len);        /* public values: nonces, salts, ids */
void random_secret(unsigned char *to, size_t len);       /* keys, session ids (a separate generator) */
struct slice random_text(struct arena *a, size_t bytes); /* base64url of that many secret bytes */

#endif
