/* memory.c -- the store without a server: one table for the process, for the demo, a single machine and tests.
 *
 * A seeded hash table finds records, a heap ordered by end of life lets the dead go first: every operation that adds drops
 * what has expired meanwhile. One mutex guards both; nothing waits while holding it, so every operation answers at once. The
 * time to live follows the wall clock, as Redis does.
 *
 * When the table is full a new record is refused: throwing out a living one would let whoever starts many sign-ins end other
 * people's sessions.
 *
 * A change is told to every other link by a message to its loop. The message holds the link's mailbox, which outlives the link;
 * a mailbox is emptied on the link's own thread, where messages run too, so no lock is needed to look inside.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/random.h"
#include "store/backing.h"

#include "base/now.h"

enum {
    MEMORY_RECORDS = 100 * 1000,      /* sessions and attempts of a busy single machine */
    MEMORY_BYTES = 256 * 1024 * 1024, /* of values and keys: what a small container can spare */
    MEMORY_BUCKETS = 1024             /* to begin with; doubles as it fills */
};

struct record {
    struct record *next;
    uint64_t hash;
    int64_t end_ms;
    size_t heap_at, key_len, value_len;
    char bytes[]; /* key, value */
};

struct memory_link;
struct mailbox {
    atomic_int holders;
    struct memory_link *link; /* NULL once unlinked; only the link's thread looks */
};

struct memory_link {
    struct store_link super;
    struct memory *memory;
    struct mailbox *mailbox;
    struct memory_link *next;
};

struct memory {
    struct store super;
    pthread_mutex_t lock;
    uint64_t seed;
    struct record **buckets;
    size_t bucket_count, count, bytes;
    struct record **heap; /* [0] ends first */
    size_t heap_room;
    struct memory_link *links;
};

struct notice {
    struct loop_post post;
    struct mailbox *to;
    size_t len;
    char key[];
};

/* ---- the heap */

static void heap_set(struct memory *m, size_t at, struct record *r)
{
    m->heap[at] = r;
    r->heap_at = at;
}

static void heap_up(struct memory *m, struct record *r)
{
    size_t at = r->heap_at;
    while (at > 0 && m->heap[(at - 1) / 2]->end_ms > r->end_ms) {
        heap_set(m, at, m->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_set(m, at, r);
}

static void heap_down(struct memory *m, struct record *r, size_t count)
{
    size_t at = r->heap_at;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && m->heap[child + 1]->end_ms < m->heap[child]->end_ms) child++;
        if (m->heap[child]->end_ms >= r->end_ms) break;
        heap_set(m, at, m->heap[child]);
        at = child;
    }
    heap_set(m, at, r);
}

/* ---- the table */

static uint64_t hash_of(const struct memory *m, struct slice key)
{
    uint64_t h = m->seed ^ key.len;
    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ (unsigned char)key.at[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return h;
}

static struct record **place_of(struct memory *m, struct slice key, uint64_t hash)
{
    struct record **at = &m->buckets[hash & (m->bucket_count - 1)];
    while (*at != NULL) {
        struct record *r = *at;
        if (r->hash == hash && r->key_len == key.len && memcmp(r->bytes, key.at, key.len) == 0) break;
        at = &r->next;
    }
    return at;
}

static void remove_at(struct memory *m, struct record **place)
{
    struct record *r = *place;
    *place = r->next;
    m->count--;
    m->bytes -= r->key_len + r->value_len;
    struct record *last = m->heap[m->count];
    if (last != r) {
        heap_set(m, r->heap_at, last);
        heap_up(m, last);
        heap_down(m, last, m->count);
    }
    free(r);
}

static void drop_expired(struct memory *m, int64_t now)
{
    while (m->count > 0 && m->heap[0]->end_ms <= now) {
        struct record *r = m->heap[0];
        remove_at(m, place_of(m, (struct slice){r->bytes, r->key_len}, r->hash));
    }
}

static void grow(struct memory *m)
{
    if (m->count < m->bucket_count) return;
    size_t count = m->bucket_count * 2;
    struct record **buckets = must_alloc(count * sizeof(*buckets));
    for (size_t i = 0; i < m->count; i++) {
        struct record *r = m->heap[i];
        r->next = buckets[r->hash & (count - 1)];
        buckets[r->hash & (count - 1)] = r;
    }
    free(m->buckets);
    m->buckets = buckets;
    m->bucket_count = count;
}

static void insert(struct memory *m, const struct backing_ask *ask, uint64_t hash, int64_t end_ms)
{
    grow(m);
    if (m->count == m->heap_room) {
        m->heap_room = m->heap_room != 0 ? m->heap_room * 2 : 256;
        m->heap = must_realloc(m->heap, m->heap_room * sizeof(*m->heap));
    }
    struct record *r = must_alloc(sizeof *r + ask->key.len + ask->value.len);
    struct record **bucket = &m->buckets[hash & (m->bucket_count - 1)];
    *r = (struct record){.next = *bucket,
                         .hash = hash,
                         .end_ms = end_ms,
                         .heap_at = m->count,
                         .key_len = ask->key.len,
                         .value_len = ask->value.len};
    memcpy(r->bytes, ask->key.at, ask->key.len);
    if (ask->value.len != 0) memcpy(r->bytes + ask->key.len, ask->value.at, ask->value.len);
    *bucket = r;
    m->bytes += ask->key.len + ask->value.len;
    m->heap[m->count++] = r;
    heap_up(m, r);
}

/* The living record, or NULL (an expired one is removed). */
static struct record **living(struct memory *m, struct slice key, uint64_t hash)
{
    struct record **at = place_of(m, key, hash);
    if (*at == NULL) return NULL;
    if ((*at)->end_ms > now_wall_ms()) return at;
    remove_at(m, at);
    return NULL;
}

/* ---- telling the others */

static void mailbox_drop(struct mailbox *box)
{
    if (atomic_fetch_sub(&box->holders, 1) == 1) free(box);
}

static void notice_arrived(struct loop_post *p)
{
    struct notice *n = (struct notice *)(void *)p; /* post is its first member */
    if (n->to->link != NULL) store_changed(&n->to->link->super, (struct slice){n->key, n->len});
    mailbox_drop(n->to);
    free(n);
}

static void tell_others(struct memory *m, const struct memory_link *but, struct slice key)
{
    for (struct memory_link *k = m->links; k != NULL; k = k->next) {
        if (k == but) continue;
        struct notice *n = must_alloc(sizeof *n + key.len);
        n->post.run = notice_arrived;
        n->to = k->mailbox;
        n->len = key.len;
        memcpy(n->key, key.at, key.len);
        atomic_fetch_add(&n->to->holders, 1);
        loop_post(k->super.loop, &n->post);
    }
}

/* ---- operations, each under the lock */

static void read_record(struct flow *f, struct memory_link *k, const struct backing_ask *ask, uint64_t hash)
{
    struct record **at = living(k->memory, ask->key, hash);
    if (at == NULL) {
        *ask->ret_value = (struct slice){NULL, 0};
        return;
    }
    struct record *r = *at;
    *ask->ret_value = arena_copy(f->arena, (struct slice){r->bytes + r->key_len, r->value_len});
    if (ask->ret_ttl_ms != NULL) *ask->ret_ttl_ms = r->end_ms - now_wall_ms();
    if (ask->what != TALLY_TAKE) return;
    remove_at(k->memory, at);
    tell_others(k->memory, k, ask->key);
}

static void delete_record(struct memory_link *k, const struct backing_ask *ask, uint64_t hash)
{
    struct record **at = living(k->memory, ask->key, hash);
    *ask->ret_yes = at != NULL;
    if (at == NULL) return;
    remove_at(k->memory, at);
    tell_others(k->memory, k, ask->key);
}

/* false: there is no room. */
static bool write_record(struct memory_link *k, const struct backing_ask *ask, uint64_t hash)
{
    struct memory *m = k->memory;
    int64_t now = now_wall_ms();
    drop_expired(m, now);
    struct record **at = living(m, ask->key, hash);
    bool there = at != NULL;
    if ((ask->when == STORE_IF_NEW && there) || (ask->when == STORE_IF_THERE && !there)) {
        *ask->ret_yes = false;
        return true;
    }
    size_t freed = there ? (*at)->key_len + (*at)->value_len : 0;
    if (!there && m->count >= MEMORY_RECORDS) return false;
    if (m->bytes - freed + ask->key.len + ask->value.len > MEMORY_BYTES) return false;
    if (there) remove_at(m, at);
    insert(m, ask, hash, now + ask->ttl_ms);
    if (there) tell_others(m, k, ask->key);
    *ask->ret_yes = true;
    return true;
}

static enum flow_next memory_ask(struct flow *f, struct store_link *link, const struct backing_ask *ask)
{
    struct memory_link *k = (struct memory_link *)link;
    int64_t started = now_us();
    uint64_t hash = hash_of(k->memory, ask->key);
    bool room = true;
    pthread_mutex_lock(&k->memory->lock);
    switch (ask->what) {
    case TALLY_GET:
    case TALLY_TAKE: read_record(f, k, ask, hash); break;
    case TALLY_PUT: room = write_record(k, ask, hash); break;
    case TALLY_DELETE: delete_record(k, ask, hash); break;
    case TALLY_TOUCH:
    case TALLY_PING:
    case TALLY_OPERATIONS: break;
    }
    pthread_mutex_unlock(&k->memory->lock);
    tally_done(ask->what, room ? TALLY_OK : TALLY_REFUSED, started);
    if (room) return FLOW_NEXT;
    return flow_fail(f, err_new(f->arena, PROBLEM_STORE_AWAY, "the memory store is full"));
}

static void memory_touch(struct store_link *link, struct slice key, int64_t ttl_ms)
{
    struct memory_link *k = (struct memory_link *)link;
    struct memory *m = k->memory;
    int64_t started = now_us();
    pthread_mutex_lock(&m->lock);
    struct record **at = living(m, key, hash_of(m, key));
    if (at != NULL) {
        struct record *r = *at;
        r->end_ms = now_wall_ms() + ttl_ms;
        heap_up(m, r);
        heap_down(m, r, m->count);
    }
    pthread_mutex_unlock(&m->lock);
    tally_done(TALLY_TOUCH, TALLY_OK, started);
}

/* ---- opening and closing */

static struct store_link *memory_link_open(struct store *s, struct loop *l)
{
    struct memory *m = (struct memory *)s;
    struct memory_link *k = must_alloc(sizeof *k);
    k->super = (struct store_link){.backing = s->backing, .loop = l, .tried = true};
    k->memory = m;
    k->mailbox = must_alloc(sizeof *k->mailbox);
    atomic_init(&k->mailbox->holders, 1);
    k->mailbox->link = k;
    pthread_mutex_lock(&m->lock);
    k->next = m->links;
    m->links = k;
    pthread_mutex_unlock(&m->lock);
    return &k->super;
}

static void memory_unlink(struct store_link *link)
{
    struct memory_link *k = (struct memory_link *)link;
    pthread_mutex_lock(&k->memory->lock);
    struct memory_link **at = &k->memory->links;
    while (*at != k) {
        at = &(*at)->next;
    }
    *at = k->next;
    pthread_mutex_unlock(&k->memory->lock);
    k->mailbox->link = NULL;
    mailbox_drop(k->mailbox);
    free(k);
}

static void memory_close(struct store *s)
{
    struct memory *m = (struct memory *)s;
    must(m->links == NULL);
    tally_up(false);
    for (size_t i = 0; i < m->count; i++) {
        free(m->heap[i]);
    }
    free(m->heap);
    free(m->buckets);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static bool memory_up(const struct store *s)
{
    (void)s;
    return true;
}

static const struct backing memory_backing = {
    .close = memory_close,
    .link = memory_link_open,
    .unlink = memory_unlink,
    .up = memory_up,
    .ask = memory_ask,
    .touch = memory_touch,
};

const struct err *memory_open(struct arena *a, const struct store_conf *conf, struct store **ret_store)
{
    (void)a;
    (void)conf;
    struct memory *m = must_alloc(sizeof *m);
    m->super.backing = &memory_backing;
    must(pthread_mutex_init(&m->lock, NULL) == 0);
    random_bytes((unsigned char *)&m->seed, sizeof m->seed);
    m->bucket_count = MEMORY_BUCKETS;
    m->buckets = must_alloc(MEMORY_BUCKETS * sizeof(*m->buckets));
    tally_up(true);
    *ret_store = &m->super;
    return NULL;
}
