/* session_index.h -- where sessions are looked for when nobody brings their cookie. For session/ only.
 *
 *   "u:" + hash   the sessions of one person (provider and subject)
 *   "p:" + hash   those of one session at the provider (its sid); those without a sid, of one person
 *   "g:" + hash   a person or such a session was ended: when. A sign-in that began before gives no session any more
 *
 * The hash is an HMAC under a key of ours, so the store's keys tell nobody whose they are, not even to who guesses. While keys are rotated
 * there is one name for each of them: all are looked at, the newest is written. Lists are kept together with the records
 * (store.h); a member's order is when the session began, in milliseconds.
 */
#ifndef SESSION_SESSION_INDEX_H
#define SESSION_SESSION_INDEX_H
#include "crypto/keyring.h"
#include "session/sessions.h"

struct session_names { /* of one list or mark, newest key first */
    struct slice at[KEYRING_MASTERS];
    size_t count;
};

struct session_names session_index_person(struct arena *a, const struct keyring *keys, struct slice provider,
                                          struct slice subject);
/* sid empty: the sessions of this person that have none. */
struct session_names session_index_elsewhere(struct arena *a, const struct keyring *keys, struct slice provider,
                                             struct slice sid, struct slice subject);
/* The same name as a mark that it is over. */
struct slice session_index_mark(struct arena *a, struct slice name);

/* The lists that a session stands in. */
enum {
    SESSION_INDEX_LISTS = 2 * KEYRING_MASTERS
};
size_t session_index_lists(struct arena *a, const struct keyring *keys, const struct session *s,
                           struct slice ret_lists[SESSION_INDEX_LISTS]);

/* "s:" + id and back; ids are what lists hold, 43 characters. */
struct slice session_index_key(struct arena *a, struct slice id);
struct slice session_index_id(struct slice key);

#endif
