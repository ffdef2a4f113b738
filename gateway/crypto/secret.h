/* secret.h -- a secret is a type: it cannot be printed by accident, is compared in constant time and wiped when closed.
 *
 * There is no slice inside on purpose. secret_reveal is the one way to the bytes; a reviewer greps for it.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H
#include "base/err.h"

struct secret {
    unsigned char *at_; /* use secret_reveal */
    size_t len_;
};

struct secret secret_copy(struct slice bytes); /* gives: secret_close wipes and frees */
void secret_close(struct secret *s);
/* Keeps a copy that is wiped when the arena closes. */
struct secret secret_in(struct arena *a, struct slice bytes);
bool secret_is_empty(struct secret s);
bool secret_same(struct secret s, struct slice other); /* constant time for equal lengths */
struct slice secret_reveal(struct secret s);           /* lends; do not log, print or store */

#endif
