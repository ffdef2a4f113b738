/* signing_keys.h -- the folder of ES256 keys that sign assertions: current, next, and old ones still published.
 *
 * Layout: FOLDER/KID.pem (PKCS#8, mode 0600) and FOLDER/keys.json, which lists for each kid created_s, active_s (from when it
 * signs; 0 for the next key) and retired_s (until when it is published; 0 without an end). Made at first start with one current and one next key. `rotate`
 * makes next current and adds a new next; the old one stays in the JWKS until retired_s. Written to a new file and renamed.
 * A folder or key file that others may read is refused. Reading gives an immutable set, any thread.
 * Processes that share a folder take turns by flock(2): replicas that start together make one pair of keys. At most 32 keys.
 * Every error is PROBLEM_CONFIG. Arenas need 256 KiB. A running gateway sees a change when it reads the folder again.
 */
#ifndef CRYPTO_SIGNING_KEYS_H
#define CRYPTO_SIGNING_KEYS_H
#include "crypto/jose.h"

struct signing_keys;

/* Reads the folder; makes it (0700) and two keys if it is empty and `make` is true. */
const struct err *signing_keys_read(struct arena *a, const char *folder, bool make, int64_t now_s,
                                    struct signing_keys **ret_keys);
/* One key that lives in memory only: demo, tests. */
struct signing_keys *signing_keys_in_memory(int64_t now_s);
void signing_keys_close(struct signing_keys *k);
const struct signing_key *signing_keys_current(const struct signing_keys *k);
struct slice signing_keys_jwks(const struct signing_keys *k); /* the JWKS document; lends */

/* On the folder: next becomes current, a new next is made, keys past retired_s are deleted. published_s: how long the old one stays. */
const struct err *signing_keys_rotate(struct arena *a, const char *folder, int64_t now_s, int64_t published_s);
struct signing_key_row {
    struct slice kid, state; /* "current", "next", "old" */
    int64_t created_s, active_s, retired_s;
};
const struct err *signing_keys_list(struct arena *a, const char *folder, int64_t now_s,
                                    struct signing_key_row **ret_rows, size_t *ret_count);
/* Ends the publication of one old key at once, and deletes it. The current and the next key cannot be retired. */
const struct err *signing_keys_retire(struct arena *a, const char *folder, struct slice kid);

#endif
