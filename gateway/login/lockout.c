#include "login/lockout.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "crypto/random.h"

enum {
    ENTRIES = 4096, /* 48 bytes each */
    WAYS = 8,
    FREE_TRIES = 4,
    NAME_MOST_S = 60,
    ADDRESS_MOST_S = 900
};

struct entry {
    uint64_t who[2]; /* both 0: nobody */
    int64_t failures, last_ms;
};

struct lockout {
    pthread_mutex_t lock;
    unsigned char seed[32];
    struct entry entries[ENTRIES];
};

struct lockout *lockout_open(void)
{
    struct lockout *l = must_alloc(sizeof *l);
    random_bytes(l->seed, sizeof l->seed);
    must(pthread_mutex_init(&l->lock, NULL) == 0);
    return l;
}

void lockout_close(struct lockout *l)
{
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct slice lockout_address(const struct address *from)
{
    size_t len = !from->is_ip ? 0 : from->is_ip4 ? 16 : 8; /* a /64 is one subscriber */
    return (struct slice){(const char *)from->bytes, len};
}

/* Keyed with a seed of this process: nobody can choose what stands beside whom. False: an address that is everybody's (a unix socket). */
static bool who_is(const struct lockout *l, struct slice name, const struct address *from, uint64_t who[2])
{
    unsigned char text[1 + 64] = {from != NULL ? 'a' : 'n'}, hash[DIGEST_SHA256_BYTES];
    size_t len = 1;
    if (from != NULL) {
        struct slice subscriber = lockout_address(from);
        if (subscriber.len == 0) return false;
        memcpy(text + 1, subscriber.at, subscriber.len);
        len += subscriber.len;
    } else {
        name = slice_upto(name, sizeof text - 1);
        if (name.len != 0) memcpy(text + 1, name.at, name.len);
        len += name.len;
    }
    digest_hmac_sha256((struct slice){(const char *)l->seed, sizeof l->seed}, (struct slice){(const char *)text, len},
                       hash);
    memcpy(who, hash, 2 * sizeof who[0]);
    return true;
}

static struct entry *find(struct lockout *l, const uint64_t who[2], int64_t now_ms, bool make)
{
    struct entry *at = &l->entries[who[0] % (ENTRIES / WAYS) * WAYS], *least = at;
    for (size_t i = 0; i < WAYS; i++) {
        if (at[i].failures != 0 && now_ms - at[i].last_ms > LOCKOUT_FORGET_MS) at[i] = (struct entry){.failures = 0};
        if (at[i].who[0] == who[0] && at[i].who[1] == who[1]) return &at[i];
        if (at[i].failures < least->failures) least = &at[i];
    }
    if (!make) return NULL;
    *least = (struct entry){
        .who = {who[0], who[1]}
    };
    return least;
}

static int64_t wait_of(const struct entry *e, int64_t most_s, int64_t now_ms)
{
    if (e == NULL || e->failures <= FREE_TRIES) return 0;
    int64_t doublings = e->failures - FREE_TRIES - 1, wait_s = doublings < 20 ? (int64_t)1 << doublings : most_s;
    if (wait_s > most_s) wait_s = most_s;
    int64_t left_ms = e->last_ms + wait_s * 1000 - now_ms;
    return left_ms > 0 ? (left_ms + 999) / 1000 : 0;
}

int64_t lockout_wait_s(struct lockout *l, struct slice name, const struct address *from, int64_t now_ms)
{
    uint64_t who[2];
    int64_t by_address = 0;
    pthread_mutex_lock(&l->lock);
    if (who_is(l, name, from, who)) by_address = wait_of(find(l, who, now_ms, false), ADDRESS_MOST_S, now_ms);
    (void)who_is(l, name, NULL, who);
    int64_t by_name = wait_of(find(l, who, now_ms, false), NAME_MOST_S, now_ms);
    pthread_mutex_unlock(&l->lock);
    return by_address > by_name ? by_address : by_name;
}

static void count(struct lockout *l, const uint64_t who[2], int64_t now_ms)
{
    struct entry *e = find(l, who, now_ms, true);
    e->failures++;
    e->last_ms = now_ms;
}

void lockout_failed(struct lockout *l, struct slice name, const struct address *from, int64_t now_ms)
{
    uint64_t who[2];
    pthread_mutex_lock(&l->lock);
    if (who_is(l, name, from, who)) count(l, who, now_ms);
    (void)who_is(l, name, NULL, who);
    count(l, who, now_ms);
    pthread_mutex_unlock(&l->lock);
}

void lockout_passed(struct lockout *l, struct slice name)
{
    uint64_t who[2];
    pthread_mutex_lock(&l->lock);
    (void)who_is(l, name, NULL, who);
    struct entry *e = find(l, who, 0, false);
    if (e != NULL) *e = (struct entry){.failures = 0};
    pthread_mutex_unlock(&l->lock);
}

static void learn(struct lockout *l, const uint64_t who[2], struct lockout_count told, int64_t now_ms)
{
    struct entry *e = find(l, who, now_ms, told.failures != 0);
    if (e == NULL) return;
    e->failures = told.failures;
    if (told.last_ms > e->last_ms) e->last_ms = told.last_ms;
}

void lockout_learn(struct lockout *l, struct slice name, const struct address *from, struct lockout_count by_name,
                   struct lockout_count by_address, int64_t now_ms)
{
    uint64_t who[2];
    pthread_mutex_lock(&l->lock);
    if (who_is(l, name, from, who)) {
        const struct entry *mine = find(l, who, now_ms, false);
        if (mine == NULL || mine->failures < by_address.failures) learn(l, who, by_address, now_ms);
    }
    (void)who_is(l, name, NULL, who);
    learn(l, who, by_name, now_ms);
    pthread_mutex_unlock(&l->lock);
}
