/* token_record.h -- what the store holds of a session's tokens: a record of its own, so that a refresh does not rewrite the session and a
 * warm request never opens it.
 *
 *     key       "t:" and the same hash as the session's "s:"
 *     value     length of the provider's id 1 | the id | sealed(version 1 | turn, obtained, expires, retry: 8 each | failures 4 | over 1 |
 *               access_token, refresh_token, id_token, access_secret | values)
 *
 * spelled as session/record_bytes.h says, sealed under the purpose "tokens" with key and provider's id as context: good in its place, for
 * its provider, and as nothing else. Its time to live is moved with the session's, and it goes with the session.
 *
 * A turn is one attempt to refresh, whoever makes it: the lock "r:" + hash + "." + turn is taken by one replica only, and whatever came of
 * it is written with the next turn's number. So a lock that has been answered for is worth nothing to anybody and can always be
 * deleted, and one whose owner died ends by itself: no lock is ever taken away from somebody else.
 */
#ifndef SESSION_TOKEN_RECORD_H
#define SESSION_TOKEN_RECORD_H
#include "crypto/keyring.h"
#include "provider/tokens.h"

#include "base/buf.h"

enum {
    TOKEN_RECORD_VERSION = 1,
    TOKEN_LOCK_KEY_MAX = 2 + 43 + 1 + 20
};

struct token_record {
    struct slice provider; /* its id, at most 255 bytes */
    struct tokens tokens;
    int64_t turn;
    int64_t retry_ms; /* wall clock: the last attempt failed, and no other is made before */
    int64_t failures; /* in a row */
    bool over;        /* the provider will not refresh these any more */
};

/* session_key: "s:...", SESSION_KEY_BYTES. */
struct slice token_record_key(struct arena *a, struct slice session_key);
struct slice token_record_lock_key(struct arena *a, struct slice session_key, int64_t turn);
/* PROBLEM_INTERNAL when it is too large to be stored. The plain text is wiped. */
const struct err *token_record_seal(struct arena *a, const struct keyring *keys, struct slice key,
                                    const struct token_record *r, struct slice *ret_value);
/* Slices live in a, which wipes the plain text when it closes. */
const struct err *token_record_open(struct arena *a, const struct keyring *keys, struct slice key, struct slice value,
                                    struct token_record *ret_record);
/* The same without a seal, for tests of what bytes can do. */
void token_record_write(struct buf *to, const struct token_record *r);
const struct err *token_record_read(struct arena *a, struct slice bytes, struct token_record *ret_record);

#endif
