/* store.h -- short-lived records by key: sessions, sign-in attempts. Redis or memory behind one header.
 *
 * Every record has a time to live. Keys are built by the callers from fixed words and hashes (never from text a visitor chose) and get
 * the configured prefix here. Values are opaque bytes (sealed by session/ and login/).
 *
 * Each worker opens its own link: one pipelined connection to Redis for data and one for invalidations (CLIENT TRACKING ... REDIRECT, RESP2).
 * Commands in one turn leave in one write. A reply that is late (store_timeout) drops the connection, so no reply can ever meet
 * another request. While the store is away every operation fails at once with PROBLEM_STORE_AWAY; the link reconnects by itself.
 * Memory keeps one table per process (a mutex; demo and tests), with the same expiry and the same invalidations.
 *
 * Operations wait (base/flow.h): outputs live in the flow's arena.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H
#include "crypto/secret.h"
#include "http/loop.h"
#include "http/stream.h"

#include "base/flow.h"

enum store_kind {
    STORE_MEMORY,
    STORE_REDIS
};
struct store_conf {
    enum store_kind kind;
    struct stream_target target; /* Redis: host and port or unix path, TLS */
    int database;
    struct slice username;   /* ACL user; empty: the default user */
    struct secret password;  /* empty: no AUTH */
    struct slice key_prefix; /* "vestibule:" */
    int timeout_ms;          /* of one command */
    struct slice told;       /* "redis://host:6379/0": for logs, without secrets */
};

struct store;      /* the process's part */
struct store_link; /* a worker's */

const struct err *store_open(struct arena *a, const struct store_conf *conf, struct store **ret_store);
void store_close(struct store *s); /* after all links */
struct store_link *store_link(struct store *s, struct loop *l);
/* Operations under way are dropped; their flows must be gone. Not from inside a flow that a store operation woke. */
void store_unlink(struct store_link *k);
/* Its first attempt to connect has ended, well or not: until then operations fail only because the link is young. */
bool store_tried(const struct store_link *k);
/* Every link is connected and answering: with one that is not, its worker turns people away. Any thread. */
bool store_up(const struct store *s);

enum {
    STORE_MAX_VALUE = 256 * 1024,
    STORE_MAX_KEY = 128,
    STORE_MAX_PREFIX = 64
};

/* *ret_value has at == NULL when there is no such record. */
enum flow_next store_get(struct flow *f, struct store_link *k, struct slice key, struct slice *ret_value);
/* The same and how long it has still to live; *ret_ttl_ms is 0 for a record somebody left without an end, and untouched when there
 * is none. */
enum flow_next store_get_ttl(struct flow *f, struct store_link *k, struct slice key, struct slice *ret_value,
                             int64_t *ret_ttl_ms);
/* Gets and removes in one step (GETDEL): only one caller ever receives it. */
enum flow_next store_take(struct flow *f, struct store_link *k, struct slice key, struct slice *ret_value);
enum store_put_when {
    STORE_ALWAYS,
    STORE_IF_NEW,
    STORE_IF_THERE
};
enum flow_next store_put(struct flow *f, struct store_link *k, struct slice key, struct slice value, int64_t ttl_ms,
                         enum store_put_when when, bool *ret_done);
enum flow_next store_delete(struct flow *f, struct store_link *k, struct slice key, bool *ret_was_there);
/* Moves the time to live; nobody waits for it and a failure costs nothing but the record's shorter life. */
void store_touch(struct store_link *k, struct slice key, int64_t ttl_ms);
/* Adds n to a number that nobody else writes otherwise, and tells the sum. It dies ttl_ms after the last who added. */
enum flow_next store_count(struct flow *f, struct store_link *k, struct slice key, int64_t n, int64_t ttl_ms,
                           int64_t *ret_sum);
enum flow_next store_ping(struct flow *f, struct store_link *k);

/* ---- lists: which records belong together ----
 *
 * A list has a key like a record's and holds members, short texts that stand once, in the order of a number. It says where to look, not what
 * is: whose record has died of age stays a member until somebody strikes it, so owners look (store_present) before they believe. A list
 * dies when nobody has added to it for its time to live. Each call below is one step: all of it happens, or nothing; but
 * striking, which must work in a store that is full, may break off on the way. Then it fails, and may be asked again. Nobody is told of
 * changes of lists.
 */
enum {
    STORE_MEMBERS = 2000, /* of one list: what one answer of Redis may hold; more are not shown */
    STORE_MAX_MEMBER = 64,
    STORE_AT_ONCE = 64, /* keys, lists or members in one call */
    STORE_LISTS = 32    /* lists in one call */
};
struct store_member {
    struct slice name;
    int64_t order; /* below 2^53: Redis counts in doubles */
};
struct store_members {
    struct store_member *at;
    size_t count;
};

/* A new record (STORE_IF_NEW) and its place in some lists. *ret_done false: the key was taken; the lists may have the member all the
 * same, which is true of a key that was taken. */
struct store_enlisting {
    struct slice key, value;
    int64_t ttl_ms;
    struct slice member;
    int64_t order;
    const struct slice *lists;
    size_t list_count;
    int64_t list_ttl_ms;
};
enum flow_next store_enlist(struct flow *f, struct store_link *k, const struct store_enlisting *what, bool *ret_done);
/* Deletes records and strikes members off lists (each member off each list). *ret_count: how many of the records were there. */
struct store_striking {
    const struct slice *keys;
    size_t key_count;
    const struct slice *lists;
    size_t list_count;
    const struct slice *members;
    size_t member_count;
};
enum flow_next store_strike(struct flow *f, struct store_link *k, const struct store_striking *what, size_t *ret_count);
/* All members, lowest number first; none when there is no such list. */
enum flow_next store_members(struct flow *f, struct store_link *k, struct slice list,
                             struct store_members *ret_members);
/* ret_there has room for count: at most STORE_AT_ONCE. */
enum flow_next store_present(struct flow *f, struct store_link *k, const struct slice *keys, size_t count,
                             bool *ret_there);
/* Some of the keys that begin so; asked again with the cursor it gave until that is "0". A key that is there all the while is told at least
 * once, perhaps twice. For operators' commands: it walks the whole store. cursor: LIT("0") at first, lives in f->arena. */
struct store_scan {
    struct slice cursor;
    struct slice *keys;
    size_t count;
};
enum flow_next store_scan(struct flow *f, struct store_link *k, struct slice key_starts, struct store_scan *scan);

/* fn is told of each key (without prefix) that this link read and somebody else changed or deleted since (and perhaps of keys it never
 * read); what this link changes itself is not told. key.at == NULL: drop everything, for changes may have gone untold (the connection or
 * its invalidations broke, or have just come back). Redis tells within a millisecond or so, and may tell BEFORE the answer to a
 * store_get that was read earlier arrives: whoever keeps what store_get gave must drop it when told while waiting. */
void store_on_change(struct store_link *k, void (*fn)(void *self, struct slice key), void *self);
/* Optional, with the self of store_on_change: the connection or its news broke. Of what changed up to sure_ms (on the clock of now_ms)
 * fn was told; of later changes nobody is, until store_on_change's fn hears of a key at NULL. Whoever does not ask for this is told to
 * drop everything instead. */
void store_on_silence(struct store_link *k, void (*fn)(void *self, int64_t sure_ms));

#endif
