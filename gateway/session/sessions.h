/* sessions.h -- a worker's sessions from the inside. For session/ only.
 *
 * session.c       who is this: cookie, cache, else a flight
 * session_flight  one question to the store for all who wait for the same session
 * session_begin   a new session and the end of the one it replaces
 * session_end     the end of one, by its cookie
 * session_index   the lists it stands in
 * session_revoke  the end of some, by what is known of them
 * session_roll    whose they are, for people and operators to look at
 * session_tokens  the provider's tokens: record, memo, flight, refresh; token_give takes them out, token_revoke gives them back
 * session_form    tokens for our own forms
 */
#ifndef SESSION_SESSIONS_H
#define SESSION_SESSIONS_H
#include "session/session_cache.h"

enum {
    SESSIONS_FLIGHT_BUCKETS = 256,
    SESSION_REFERENCE_CHARS = 8 /* of the key's hash: what logs and people are told of a session */
};

struct session_flight;
struct token_flight;
struct token_revocation;
struct session_revocations { /* session/token_revoke.c */
    struct token_revocation *running, *waiting;
    size_t running_count, waiting_count;
    bool turning;
};
struct sessions {
    struct store_link *link;
    struct loop *loop;
    const struct session_jwt *jwt;
    const struct keyring *keys;
    const struct session_conf *conf;
    struct session_cache *cache;
    struct session_flight *flights[SESSIONS_FLIGHT_BUCKETS];
    void (*news)(void *self, struct slice id, bool gone); /* NULL: nobody listens */
    void *news_self;
    struct token_flight *token_flights;
    struct session_revocations revocations;
    unsigned generation; /* of jwt, keys and conf */
    int64_t hits, misses;
};

void token_revoke_close_all(struct sessions *s); /* best effort ends with the worker */

/* What the record is sealed for. */
extern const struct slice sessions_purpose;

/* The one cookie of our name; false: none, empty, or two. */
bool sessions_cookie(const struct sessions *s, struct slice cookie_header, struct slice *ret_token);
/* "s:" + base64url(SHA-256(sid)): SESSION_KEY_BYTES. */
struct slice sessions_key(struct arena *a, struct slice sid);
int64_t sessions_idle_ms(const struct sessions *s);
/* This worker has changed or heard of a change of the record: nothing read before may be believed. */
void sessions_doubt(struct sessions *s, struct slice key);

/* This worker has ended it, and the store knows: out of the cache, and whoever holds something open in its name hears. */
void sessions_forget(struct sessions *s, struct slice key);

/* The end of the session under this key, here and everywhere: both its records go. */
enum flow_next sessions_erase(struct flow *f, struct sessions *s, struct slice key, struct session_left *ret_left);

/* May this entry be given out without asking the store? */
bool sessions_still_believed(const struct sessions *s, const struct session_entry *e);
/* The same for who cannot be asked about: the store was heard of them within the cache time, and has not called them changed. */
bool sessions_still_known(const struct sessions *s, const struct session_entry *e);
/* Hands the session of an entry to a flow that keeps it until its arena closes, and moves its idle end when that is due. */
enum flow_next sessions_give(struct flow *f, struct session_held *h, const struct session **ret_session);
void sessions_touch(struct sessions *s, struct session_entry *e);

#endif
