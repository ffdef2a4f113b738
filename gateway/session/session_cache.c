#include "session/session_cache.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/random.h"
#include "session/session_record.h"
#include "session/token_memo.h"

struct session_cache {
    uint64_t seed;
    size_t most, count, buckets; /* buckets is a power of two */
    struct session_entry **by_token, **by_key;
    struct session_entry *oldest, *newest;
};

/* ---- counted sessions */

struct session_held *session_held_of(const struct session *s)
{
    return (struct session_held *)(uintptr_t)s; /* its first member */
}

struct session_held *session_held_keep(struct session_held *h)
{
    h->references++;
    return h;
}

void session_held_drop(void *held)
{
    struct session_held *h = held;
    must(h->references > 0);
    if (--h->references > 0) return;
    if (h->session.memo != NULL && h->session.memo_free != NULL) h->session.memo_free(h->session.memo);
    token_memo_drop(h);
    free(h->session.identity.groups);
    free(h->session.identity.kept);
    explicit_bzero(h->plain, h->plain_len);
    free(h);
}

static void *own_copy(const void *array, size_t bytes)
{
    if (bytes == 0) return NULL;
    return memcpy(must_alloc(bytes), array, bytes);
}

const struct err *session_held_read(struct arena *scratch, struct slice key, struct slice plain,
                                    struct session_held **ret_held)
{
    must(key.len == SESSION_KEY_BYTES);
    struct session_held *h = must_alloc(sizeof *h + plain.len);
    h->references = 1;
    h->plain_len = plain.len;
    memcpy(h->key, key.at, key.len);
    if (plain.len != 0) memcpy(h->plain, plain.at, plain.len);
    const struct err *e = session_record_read(scratch, (struct slice){h->plain, plain.len}, &h->session);
    struct identity *who = &h->session.identity;
    who->groups = own_copy(who->groups, who->group_count * sizeof *who->groups);
    who->kept = own_copy(who->kept, who->kept_count * sizeof *who->kept);
    if (e != NULL) {
        session_held_drop(h);
        return e;
    }
    enum {
        REFERENCE = 8
    };
    h->session.reference = (struct slice){h->key + 2, REFERENCE};
    *ret_held = h;
    return NULL;
}

/* ---- the table */

struct session_cache *session_cache_open(size_t entries)
{
    struct session_cache *c = must_alloc(sizeof *c);
    c->most = entries != 0 ? entries : 1;
    c->buckets = 16;
    while (c->buckets < c->most) {
        c->buckets *= 2;
    }
    c->by_token = must_alloc(c->buckets * sizeof(struct session_entry *));
    c->by_key = must_alloc(c->buckets * sizeof(struct session_entry *));
    random_bytes((unsigned char *)&c->seed, sizeof c->seed);
    return c;
}

void session_cache_close(struct session_cache *c)
{
    session_cache_clear(c);
    free(c->by_token);
    free(c->by_key);
    free(c);
}

/* Of the last 16 bytes: of a token its signature, of a key its hash. */
static uint64_t hash_of(const struct session_cache *c, struct slice text)
{
    uint64_t words[2] = {0, 0};
    size_t len = text.len < sizeof words ? text.len : sizeof words;
    if (len != 0) memcpy(words, text.at + text.len - len, len);
    uint64_t h = (words[0] ^ c->seed) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 29 ^ words[1] ^ text.len) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 32;
}

static struct session_entry **token_bucket(struct session_cache *c, uint64_t hash)
{
    return &c->by_token[hash & (c->buckets - 1)];
}

static struct session_entry **key_bucket(struct session_cache *c, uint64_t hash)
{
    return &c->by_key[hash & (c->buckets - 1)];
}

static void age_unlink(struct session_cache *c, struct session_entry *e)
{
    *(e->older_ != NULL ? &e->older_->newer_ : &c->oldest) = e->newer_;
    *(e->newer_ != NULL ? &e->newer_->older_ : &c->newest) = e->older_;
}

static void age_newest(struct session_cache *c, struct session_entry *e)
{
    e->older_ = c->newest;
    e->newer_ = NULL;
    *(c->newest != NULL ? &c->newest->newer_ : &c->oldest) = e;
    c->newest = e;
}

static void remove_entry(struct session_cache *c, struct session_entry *e)
{
    struct session_entry **at = token_bucket(c, e->token_hash_);
    while (*at != e) {
        at = &(*at)->next_token_;
    }
    *at = e->next_token_;
    at = key_bucket(c, e->key_hash_);
    while (*at != e) {
        at = &(*at)->next_key_;
    }
    *at = e->next_key_;
    age_unlink(c, e);
    c->count--;
    session_held_drop(e->held);
    free(e);
}

/* The signature in constant time; what stands before it only for who has the signature. */
static bool same_token(const struct session_entry *e, struct slice token)
{
    enum {
        SIGNATURE = 43
    };
    if (e->token_len != token.len) return false;
    size_t head = token.len > SIGNATURE ? token.len - SIGNATURE : 0;
    if (!digest_same(e->token + head, token.at + head, token.len - head)) return false;
    return memcmp(e->token, token.at, head) == 0; /* not secret to whoever has come so far */
}

static struct session_entry *look_up(struct session_cache *c, struct slice token, uint64_t hash)
{
    struct session_entry *e = *token_bucket(c, hash);
    while (e != NULL && (e->token_hash_ != hash || !same_token(e, token))) {
        e = e->next_token_;
    }
    return e;
}

struct session_entry *session_cache_find(struct session_cache *c, struct slice token)
{
    if (token.len == 0) return NULL;
    struct session_entry *e = look_up(c, token, hash_of(c, token));
    if (e == NULL || e == c->newest) return e;
    age_unlink(c, e);
    age_newest(c, e);
    return e;
}

struct session_entry *session_cache_put(struct session_cache *c, struct slice token, struct session_held *held)
{
    session_held_keep(held); /* before anything goes: it may be the one that is replaced */
    session_cache_remove(c, token);
    if (c->count >= c->most) remove_entry(c, c->oldest);
    struct session_entry *e = must_alloc(sizeof *e + token.len);
    e->held = held;
    e->token_len = token.len;
    memcpy(e->token, token.at, token.len);
    e->token_hash_ = hash_of(c, token);
    e->key_hash_ = hash_of(c, (struct slice){held->key, sizeof held->key});
    struct session_entry **bucket = token_bucket(c, e->token_hash_);
    e->next_token_ = *bucket;
    *bucket = e;
    bucket = key_bucket(c, e->key_hash_);
    e->next_key_ = *bucket;
    *bucket = e;
    age_newest(c, e);
    c->count++;
    return e;
}

void session_cache_remove(struct session_cache *c, struct slice token)
{
    if (token.len == 0) return;
    struct session_entry *e = look_up(c, token, hash_of(c, token));
    if (e != NULL) remove_entry(c, e);
}

static struct session_entry *with_key(struct session_entry *e, struct slice key)
{
    while (e != NULL && !slice_is((struct slice){e->held->key, sizeof e->held->key}, key)) {
        e = e->next_key_;
    }
    return e;
}

void session_cache_doubt(struct session_cache *c, struct slice key)
{
    struct session_entry *e = with_key(*key_bucket(c, hash_of(c, key)), key);
    for (; e != NULL; e = with_key(e->next_key_, key)) {
        e->fresh_until_ms = e->known_until_ms = 0;
    }
}

void session_cache_each(struct session_cache *c, struct slice key, void (*fn)(struct session_held *h))
{
    struct session_entry *e = key.at == NULL ? c->oldest : with_key(*key_bucket(c, hash_of(c, key)), key);
    while (e != NULL) {
        fn(e->held);
        e = key.at == NULL ? e->newer_ : with_key(e->next_key_, key);
    }
}

void session_cache_doubt_all(struct session_cache *c)
{
    for (struct session_entry *e = c->oldest; e != NULL; e = e->newer_) {
        e->fresh_until_ms = 0;
    }
}

void session_cache_believe_all(struct session_cache *c, int64_t until_ms)
{
    for (struct session_entry *e = c->oldest; e != NULL; e = e->newer_) {
        if (e->fresh_until_ms == 0) continue;
        if (e->fresh_until_ms < until_ms) e->fresh_until_ms = until_ms;
        if (e->known_until_ms < until_ms) e->known_until_ms = until_ms;
    }
}

void session_cache_remove_key(struct session_cache *c, struct slice key)
{
    struct session_entry *e = with_key(*key_bucket(c, hash_of(c, key)), key);
    while (e != NULL) {
        struct session_entry *next = with_key(e->next_key_, key);
        remove_entry(c, e);
        e = next;
    }
}

void session_cache_clear(struct session_cache *c)
{
    while (c->oldest != NULL) {
        remove_entry(c, c->oldest);
    }
}

const struct session *session_cache_known(const struct session_cache *c, struct slice key)
{
    const struct session_entry *e = with_key(c->by_key[hash_of(c, key) & (c->buckets - 1)], key);
    return e != NULL ? &e->held->session : NULL;
}

size_t session_cache_count(const struct session_cache *c)
{
    return c->count;
}
