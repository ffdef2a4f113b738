/* password.h -- bcrypt, by the system's libcrypt: slow on purpose, a tenth of a second and more. Never on a loop's thread.
 *
 * Hashes as htpasswd -B writes them: "$2y$12$" and 53 characters; $2b$ and $2a$ are the same. Everything else (crypt's old ones, MD5, SHA-1)
 * is refused: it can be guessed at billions a second.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H
#include "crypto/secret.h"

enum {
    PASSWORD_HASH_BYTES = 60,
    PASSWORD_MAX = 72, /* what bcrypt looks at; longer ones would be cut without a word */
    PASSWORD_LEAST = 8,
    PASSWORD_COST_LEAST = 8, /* weaker ones are refused */
    PASSWORD_COST_USUAL = 12,
    PASSWORD_COST_MOST = 15 /* more takes seconds each */
};

/* The shape alone: a hash we would compare with. *ret_cost: the power of two it takes. */
bool password_hash_is_fit(struct slice hash, int *ret_cost);
/* hash: fit, with a NUL behind. Takes as long for a wrong one as for a right one. */
bool password_fits(const char *hash, struct secret password);
/* A new one; lives in a. The password is at most PASSWORD_MAX bytes without a NUL. */
const struct err *password_hash(struct arena *a, struct secret password, int cost, struct slice *ret_hash);

#endif
