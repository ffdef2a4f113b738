/* limits.c -- the table, the sliding window, and telling the store. */
#include "login/limits.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "crypto/random.h"
#include "text/encode.h"

#include "base/now.h"

enum {
    WAYS = 8,   /* places where a subject may stand */
    UNTOLD = 64 /* subjects a worker has counted and not yet told the store of; further ones it keeps to itself */
};

/* Of what is limited and whom: half of a SHA-256. All zero: nobody. */
struct key {
    uint64_t words[2];
};

struct entry {
    struct key key;
    int64_t window;      /* its number since the epoch */
    int64_t now, before; /* counted in it, and in the one before */
    int64_t refused_in;  /* the window in which a refusal was recorded */
    int64_t dead_ms;     /* from then on nothing of it counts any more */
};

struct limits {
    pthread_mutex_t lock;
    unsigned char seed[32];
    struct entry *entries;
};

struct untold {
    struct key key;
    int64_t window, window_ms, count;
    enum limit_what what;
};

struct telling { /* one question to the store */
    struct telling *next;
    struct limits_link *link;
    struct flow flow;
    struct arena *arena;
    struct untold what;
    struct slice key;
    int64_t sum;
};

struct limits_link {
    struct limits *limits;
    struct loop *loop;
    struct store_link *store;
    struct loop_timer timer;
    struct untold untold[UNTOLD];
    size_t untold_count;
    struct telling *under_way;
};

/* ---- words ---- */

bool limit_read(struct slice text, struct limit *ret_limit)
{
    struct slice rest = text, head;
    uint64_t count, unit = 0;
    if (slice_is(text, LIT("none"))) {
        *ret_limit = (struct limit){0, 0};
        return true;
    }
    if (!slice_cut(&rest, '/', &head) || rest.len < 2 || !slice_number(head, &count)) return false;
    switch (rest.at[rest.len - 1]) {
    case 's': unit = 1000; break;
    case 'm': unit = 60 * 1000; break;
    case 'h': unit = 3600 * 1000; break;
    default: return false;
    }
    uint64_t many;
    if (!slice_number(slice_upto(rest, rest.len - 1), &many) || many == 0 || many > 3600) return false;
    *ret_limit = (struct limit){(int64_t)count, (int64_t)(many * unit)};
    return count > 0 && count <= 1000000 && ret_limit->window_ms <= 24 * 3600 * 1000;
}

struct slice limit_word(enum limit_what what)
{
    static const struct slice words[LIMITS] = {LIT_INIT("sign_in"), LIT_INIT("callback"), LIT_INIT("auth_failures"),
                                               LIT_INIT("provider")};
    return words[what];
}

/* ---- the table ---- */

struct limits *limits_open(void)
{
    struct limits *l = must_alloc(sizeof *l);
    l->entries = must_alloc(LIMITS_ENTRIES * sizeof *l->entries);
    random_bytes(l->seed, sizeof l->seed);
    must(pthread_mutex_init(&l->lock, NULL) == 0);
    return l;
}

void limits_close(struct limits *l)
{
    pthread_mutex_destroy(&l->lock);
    free(l->entries);
    free(l);
}

/* The same in every replica, for it stands in the store. False: nobody who can be told apart. */
static bool key_of(enum limit_what what, const struct limit_subject *who, struct key *ret_key)
{
    unsigned char text[1 + 1 + 16 + 64] = {(unsigned char)what}, hash[DIGEST_SHA256_BYTES];
    size_t len = 2;
    if (who->address != NULL) {
        if (!who->address->is_ip) return false;
        text[1] = 'a';
        size_t bytes = who->address->is_ip4 ? 16 : 8;
        memcpy(text + len, who->address->bytes, bytes);
        len += bytes;
    } else {
        text[1] = 'n';
        struct slice name = slice_upto(who->name, 64);
        if (name.len != 0) memcpy(text + len, name.at, name.len);
        len += name.len;
    }
    digest_sha256((struct slice){(const char *)text, len}, hash);
    memcpy(ret_key, hash, sizeof *ret_key);
    return true;
}

/* Where it may stand depends on a seed of this process: nobody can choose addresses that push each other out. */
static size_t place_of(const struct limits *l, struct key key)
{
    unsigned char hash[DIGEST_SHA256_BYTES];
    uint64_t word;
    digest_hmac_sha256((struct slice){(const char *)l->seed, sizeof l->seed},
                       (struct slice){(const char *)&key, sizeof key}, hash);
    memcpy(&word, hash, sizeof word);
    return (size_t)(word % (LIMITS_ENTRIES / WAYS)) * WAYS;
}

static bool same(struct key a, struct key b)
{
    return a.words[0] == b.words[0] && a.words[1] == b.words[1];
}

static bool is_nobody(const struct entry *e)
{
    return same(e->key, (struct key){
                            {0, 0}
    });
}

static int64_t weight(const struct entry *e, int64_t now_ms)
{
    return is_nobody(e) || now_ms >= e->dead_ms ? -1 : e->now + e->before;
}

static void move_to(struct entry *e, int64_t window, int64_t window_ms)
{
    if (window <= e->window) return;
    e->before = window == e->window + 1 ? e->now : 0;
    e->now = 0;
    e->window = window;
    e->dead_ms = (window + 2) * window_ms;
}

/* The subject's entry, in this window; in the place of whoever counts least when it has none. */
static struct entry *entry_of(struct limits *l, struct key key, int64_t window, int64_t window_ms)
{
    struct entry *at = &l->entries[place_of(l, key)], *least = at;
    int64_t now = window * window_ms;
    for (size_t i = 0; i < WAYS; i++) {
        struct entry *e = &at[i];
        if (same(e->key, key)) {
            move_to(e, window, window_ms);
            return e;
        }
        if (weight(e, now) < weight(least, now)) least = e;
    }
    *least = (struct entry){.window = window, .refused_in = -1, .dead_ms = (window + 2) * window_ms};
    least->key = key;
    return least;
}

/* ---- one question ---- */

enum how {
    LOOK,
    TAKE,
    ADD
};

static int64_t weighed(const struct entry *e, int64_t window_ms, int64_t into_ms)
{
    return e->now + e->before * (window_ms - into_ms) / window_ms;
}

/* When one more is within the limit again, if nobody tries until then. */
static int64_t wait_s(const struct entry *e, const struct limit *limit, int64_t into_ms)
{
    int64_t left_ms = limit->window_ms - into_ms; /* of this window: then `now` fades */
    int64_t until = left_ms;
    if (e->now < limit->count && e->before > 0) {
        int64_t free_at = limit->window_ms - limit->window_ms * (limit->count - e->now) / e->before;
        until = free_at > into_ms ? free_at - into_ms : 0;
    }
    return until / 1000 + 1;
}

static void note(struct limits_link *k, struct key key, enum limit_what what, int64_t window, int64_t window_ms);

static struct limit_verdict ask(struct limits_link *k, const struct limits_conf *conf, enum limit_what what,
                                const struct limit_subject *who, enum how how)
{
    const struct limit *limit = &conf->by[what];
    struct limit_verdict v = {.wait_s = 0};
    struct key key;
    if (limit->count == 0 || !key_of(what, who, &key)) return v;
    int64_t now = now_wall_ms(), window = now / limit->window_ms, into = now % limit->window_ms;
    pthread_mutex_lock(&k->limits->lock);
    struct entry *e = entry_of(k->limits, key, window, limit->window_ms);
    bool over = weighed(e, limit->window_ms, into) >= limit->count;
    bool counts = how == ADD || (how == TAKE && !over);
    if (over && how != ADD) {
        v = (struct limit_verdict){wait_s(e, limit, into), e->refused_in != window};
        e->refused_in = window;
    }
    e->now += counts;
    pthread_mutex_unlock(&k->limits->lock);
    if (counts) note(k, key, what, window, limit->window_ms);
    return v;
}

struct limit_verdict limits_take(struct limits_link *k, const struct limits_conf *conf, enum limit_what what,
                                 const struct limit_subject *who)
{
    return ask(k, conf, what, who, TAKE);
}

struct limit_verdict limits_look(struct limits_link *k, const struct limits_conf *conf, enum limit_what what,
                                 const struct limit_subject *who)
{
    return ask(k, conf, what, who, LOOK);
}

void limits_add(struct limits_link *k, const struct limits_conf *conf, enum limit_what what,
                const struct limit_subject *who)
{
    (void)ask(k, conf, what, who, ADD);
}

/* ---- telling the store ---- */

static enum flow_next count(struct flow *f)
{
    struct telling *t = f->self;
    return store_count(f, t->link->store, t->key, t->what.count, 2 * t->what.window_ms + 1000, &t->sum);
}

/* What all replicas have counted, and what this process has counted since it told: never less than it knows. */
static enum flow_next learn(struct flow *f)
{
    struct telling *t = f->self;
    struct limits *l = t->link->limits;
    pthread_mutex_lock(&l->lock);
    struct entry *e = entry_of(l, t->what.key, t->what.window, t->what.window_ms);
    if (e->window == t->what.window && t->sum > e->now) e->now = t->sum;
    if (e->window == t->what.window + 1 && t->sum > e->before) e->before = t->sum;
    pthread_mutex_unlock(&l->lock);
    return FLOW_NEXT;
}

static const struct flow_step telling_steps[] = {
    {"limits/count", count}, /* waits */
    {"limits/learn", learn}, /* */
};

/* The store being away costs nothing but the others' counts. */
static void told(struct flow *f, const struct err *why)
{
    struct telling *t = f->self, **at = &t->link->under_way;
    (void)why;
    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    arena_close(t->arena); /* it lives there */
}

static void tell(struct limits_link *k, const struct untold *what)
{
    struct arena *a = arena_open(16 * 1024);
    struct telling *t = arena_new(a, struct telling);
    *t = (struct telling){.next = k->under_way, .link = k, .arena = a, .what = *what};
    struct slice name = base64url_encode(a, (struct slice){(const char *)&what->key, sizeof what->key});
    t->key = arena_print(a, "l:%.*s:%lld", SLICE_ARG(name), (long long)what->window);
    k->under_way = t;
    flow_start(&t->flow, a, telling_steps, sizeof telling_steps / sizeof telling_steps[0], told, t);
}

static void tell_all(struct loop_timer *timer)
{
    struct limits_link *k = (struct limits_link *)(void *)((char *)timer - offsetof(struct limits_link, timer));
    size_t count = k->untold_count;
    k->untold_count = 0;
    for (size_t i = 0; i < count; i++) {
        tell(k, &k->untold[i]);
    }
}

static void note(struct limits_link *k, struct key key, enum limit_what what, int64_t window, int64_t window_ms)
{
    for (size_t i = 0; i < k->untold_count; i++) {
        struct untold *u = &k->untold[i];
        if (u->window != window || !same(u->key, key)) continue;
        u->count++;
        return;
    }
    if (k->untold_count == UNTOLD) return; /* many at once: this process counts them, the others learn of them later */
    struct untold *u = &k->untold[k->untold_count++];
    *u = (struct untold){.window = window, .window_ms = window_ms, .count = 1, .what = what};
    u->key = key;
    if (!loop_timer_is_set(&k->timer)) loop_timer_set(k->loop, &k->timer, LIMITS_SHARE_MS, tell_all);
}

struct limits_link *limits_link(struct limits *l, struct loop *loop, struct store_link *store)
{
    struct limits_link *k = must_alloc(sizeof *k);
    k->limits = l;
    k->loop = loop;
    k->store = store;
    return k;
}

void limits_unlink(struct limits_link *k)
{
    loop_timer_stop(k->loop, &k->timer);
    while (k->under_way != NULL) {
        struct telling *t = k->under_way;
        k->under_way = t->next;
        flow_drop(&t->flow);
        arena_close(t->arena);
    }
    free(k);
}
