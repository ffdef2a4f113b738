/* memory.c -- the store without a server: one table for the process, for the demo, a single machine and tests.
 *
 * One mutex guards the table (memory_table.h); nothing waits while holding it, so every operation answers at once. The time to live
 * follows the wall clock, as Redis does. A list is a record like others; its value is written by member_list.h.
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

#include "store/backing.h"
#include "store/member_list.h"
#include "store/memory_table.h"

#include "base/now.h"

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
    pthread_mutex_t lock; /* guards the table and the list of links */
    struct memory_table table;
    struct memory_link *links;
};

struct notice {
    struct loop_post post;
    struct mailbox *to;
    size_t len;
    char key[];
};

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

static void read_record(struct flow *f, struct memory_link *k, const struct backing_ask *ask)
{
    struct memory_table *m = &k->memory->table;
    struct memory_record *r = memory_table_find(m, ask->key);
    *ask->ret_value = (struct slice){NULL, 0};
    if (r == NULL) return;
    *ask->ret_value = arena_copy(f->arena, memory_table_value(r));
    if (ask->ret_ttl_ms != NULL) *ask->ret_ttl_ms = r->end_ms - now_wall_ms();
    if (ask->what != TALLY_TAKE) return;
    memory_table_remove(m, r);
    tell_others(k->memory, k, ask->key);
}

static bool delete_record(struct memory_link *k, struct slice key)
{
    struct memory_record *r = memory_table_find(&k->memory->table, key);
    if (r == NULL) return false;
    memory_table_remove(&k->memory->table, r);
    tell_others(k->memory, k, key);
    return true;
}

/* false: there is no room. */
static bool write_record(struct memory_link *k, const struct backing_ask *ask)
{
    struct memory *m = k->memory;
    bool there = memory_table_find(&m->table, ask->key) != NULL;
    *ask->ret_yes = !(ask->when == STORE_IF_NEW && there) && !(ask->when == STORE_IF_THERE && !there);
    if (!*ask->ret_yes) return true;
    if (!memory_table_put(&m->table, ask->key, ask->value, now_wall_ms() + ask->ttl_ms)) return false;
    if (there) tell_others(m, k, ask->key);
    return true;
}

/* The number as its decimal digits. A record that is none, which nobody writes, begins anew. */
static bool count_record(struct memory_link *k, const struct backing_ask *ask)
{
    struct memory_table *m = &k->memory->table;
    struct memory_record *r = memory_table_find(m, ask->key);
    char room[SLICE_DIGITS_MAX];
    uint64_t sum = 0;
    if (r != NULL && !slice_number(memory_table_value(r), &sum)) sum = 0;
    sum += (uint64_t)ask->number;
    *ask->ret_number = (int64_t)sum;
    return memory_table_put(m, ask->key, slice_digits(room, sum), now_wall_ms() + ask->ttl_ms);
}

/* ---- lists */

static struct slice list_value(struct memory_table *m, struct slice list, int64_t *ret_end_ms)
{
    struct memory_record *r = memory_table_find(m, list);
    if (r != NULL && ret_end_ms != NULL) *ret_end_ms = r->end_ms;
    return r != NULL ? memory_table_value(r) : LIT("");
}

/* false: there is no room; then the record is not there either. */
static bool enlist(struct memory_link *k, const struct store_enlisting *e, bool *ret_done)
{
    struct memory_table *m = &k->memory->table;
    int64_t now = now_wall_ms();
    *ret_done = memory_table_find(m, e->key) == NULL;
    if (!*ret_done) return true;
    if (!memory_table_put(m, e->key, e->value, now + e->ttl_ms)) return false;
    AUTO(buf_close) struct buf next = buf_open(MEMBER_LIST_BYTES);
    for (size_t i = 0; i < e->list_count; i++) {
        buf_clear(&next);
        member_list_add(&next, list_value(m, e->lists[i], NULL), &(struct store_member){e->member, e->order});
        if (memory_table_put(m, e->lists[i], buf_slice(&next), now + e->list_ttl_ms)) continue;
        memory_table_remove(m, memory_table_find(m, e->key));
        return false;
    }
    return true;
}

static void strike(struct memory_link *k, const struct store_striking *s, size_t *ret_count)
{
    struct memory_table *m = &k->memory->table;
    *ret_count = 0;
    for (size_t i = 0; i < s->key_count; i++) {
        *ret_count += delete_record(k, s->keys[i]);
    }
    AUTO(buf_close) struct buf next = buf_open(MEMBER_LIST_BYTES);
    for (size_t i = 0; i < s->list_count; i++) {
        int64_t end_ms = 0;
        struct slice old = list_value(m, s->lists[i], &end_ms);
        if (old.len == 0) continue;
        buf_clear(&next);
        member_list_cut(&next, old, s->members, s->member_count);
        if (next.len == 0)
            memory_table_remove(m, memory_table_find(m, s->lists[i]));
        else if (next.len != old.len)
            must(memory_table_put(m, s->lists[i], buf_slice(&next), end_ms)); /* it only became smaller */
    }
}

static void present(struct memory_link *k, const struct backing_ask *ask)
{
    for (size_t i = 0; i < ask->key_count; i++) {
        ask->ret_there[i] = memory_table_find(&k->memory->table, ask->keys[i]) != NULL;
    }
}

/* All at once: what a process holds in memory it can also tell. */
static void scan(struct flow *f, struct memory_link *k, const struct backing_ask *ask)
{
    struct memory_table *m = &k->memory->table;
    struct store_scan *s = ask->ret_scan;
    int64_t now = now_wall_ms();
    s->keys = arena_array(f->arena, struct slice, m->count);
    s->count = 0;
    for (size_t i = 0; i < m->count; i++) {
        struct slice key = memory_table_key(m->heap[i]);
        if (m->heap[i]->end_ms > now && slice_starts(key, ask->key)) s->keys[s->count++] = arena_copy(f->arena, key);
    }
    s->cursor = LIT("0");
}

static bool ask_locked(struct flow *f, struct memory_link *k, const struct backing_ask *ask)
{
    switch (ask->what) {
    case TALLY_GET:
    case TALLY_TAKE: read_record(f, k, ask); return true;
    case TALLY_PUT: return write_record(k, ask);
    case TALLY_DELETE: *ask->ret_yes = delete_record(k, ask->key); return true;
    case TALLY_COUNT: return count_record(k, ask);
    case TALLY_ENLIST: return enlist(k, ask->enlisting, ask->ret_yes);
    case TALLY_STRIKE: strike(k, ask->striking, ask->ret_count); return true;
    case TALLY_PRESENT: present(k, ask); return true;
    case TALLY_SCAN: scan(f, k, ask); return true;
    case TALLY_MEMBERS:
        member_list_read(f->arena, list_value(&k->memory->table, ask->key, NULL), ask->ret_members);
        return true;
    case TALLY_TOUCH:
    case TALLY_PING:
    case TALLY_OPERATIONS: break;
    }
    return true;
}

static enum flow_next memory_ask(struct flow *f, struct store_link *link, const struct backing_ask *ask)
{
    struct memory_link *k = (struct memory_link *)link;
    int64_t started = now_us();
    pthread_mutex_lock(&k->memory->lock);
    bool room = ask_locked(f, k, ask);
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
    struct memory_record *r = memory_table_find(&m->table, key);
    if (r != NULL) memory_table_end_at(&m->table, r, now_wall_ms() + ttl_ms);
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
    memory_table_close(&m->table);
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
    memory_table_open(&m->table);
    tally_up(true);
    *ret_store = &m->super;
    return NULL;
}
