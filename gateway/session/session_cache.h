/* session_cache.h -- a worker's verified sessions, found by the whole text of their token. For session/ only.
 *
 * Only tokens that were verified and whose record was read are put in. A token ends in its signature, 43 characters nobody can choose, so
 * its last bytes with a seed make the hash; a hit is a comparison of every byte. Least recently used entries go when the table is full.
 *
 * Sessions are counted: the cache holds one, everybody who was given one holds one more, so an entry may go while in use.
 */
#ifndef SESSION_SESSION_CACHE_H
#define SESSION_SESSION_CACHE_H
#include "crypto/digest.h"
#include "session/session.h"

enum {
    SESSION_KEY_BYTES = 2 + 43
}; /* "s:" and base64url of a SHA-256 */

struct token_memo;
/* A session with what only session/ knows of it: one block, its texts point into `plain`. Wiped when freed. */
struct session_held {
    struct session session;        /* first: session_held_of */
    struct token_memo *token_memo; /* session/token_memo.h; NULL: its tokens were not looked at */
    int references;
    char key[SESSION_KEY_BYTES];
    unsigned char fingerprint[DIGEST_SHA256_BYTES]; /* of the sealed record: unchanged means no need to open it again */
    size_t plain_len;
    char plain[];
};

/* Gives one reference. The plain record is copied and read; scratch is for reading and errors. key: SESSION_KEY_BYTES long. */
const struct err *session_held_read(struct arena *scratch, struct slice key, struct slice plain,
                                    struct session_held **ret_held);
struct session_held *session_held_of(const struct session *s);
struct session_held *session_held_keep(struct session_held *h);
void session_held_drop(void *held); /* struct session_held; for arena_at_close too */

struct session_entry {
    struct session_entry *next_token_, *next_key_; /* in their buckets */
    struct session_entry *older_, *newer_;
    uint64_t token_hash_, key_hash_;
    struct session_held *held;
    int64_t fresh_until_ms;   /* on the loop's clock; 0: ask the store first */
    int64_t known_until_ms;   /* believed so long when the store cannot be asked; 0: it called this one changed */
    int64_t idle_end_wall_ms; /* when the record dies unless it is touched */
    size_t token_len;
    char token[];
};

struct session_cache;
struct session_cache *session_cache_open(size_t entries);
void session_cache_close(struct session_cache *c);
struct session_entry *session_cache_find(struct session_cache *c, struct slice token); /* lends; makes it the newest */
/* Replaces what is there for this token. Keeps one reference. */
struct session_entry *session_cache_put(struct session_cache *c, struct slice token, struct session_held *held);
void session_cache_remove(struct session_cache *c, struct slice token);
/* What is cached under this key must be asked for again; it is kept for its memo until the answer shows a change. */
void session_cache_doubt(struct session_cache *c, struct slice key);
/* Changes may have gone untold: all must be asked for again. That none was called changed still counts while the store is away. */
void session_cache_doubt_all(struct session_cache *c);
/* What nobody has doubted is believed until then, however long ago it was asked for. */
void session_cache_believe_all(struct session_cache *c, int64_t until_ms);
/* fn for each session cached under this key; key.at == NULL: for all. It may not change the cache. */
void session_cache_each(struct session_cache *c, struct slice key, void (*fn)(struct session_held *h));
void session_cache_remove_key(struct session_cache *c, struct slice key);
void session_cache_clear(struct session_cache *c);
/* One that is cached under this key, whatever may have become of it; NULL: none. Lends until the cache changes. */
const struct session *session_cache_known(const struct session_cache *c, struct slice key);
size_t session_cache_count(const struct session_cache *c);

#endif
