/* backend_counts.c -- rows in a list that only grows, under a lock when looked for, without one when counted in. */
#include "http/backend_counts.h"

#include <pthread.h>
#include <string.h>

#include "http/backend_tally.h"

#include "base/must.h"

struct backend_tally {
    struct backend_tally *next;
    struct slice id;
    _Atomic int64_t n[TALLIES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct backend_tally *rows;
static size_t row_count;

static struct backend_tally *find(struct slice id)
{
    for (struct backend_tally *t = rows; t != NULL; t = t->next) {
        if (slice_is(t->id, id)) return t;
    }
    return NULL;
}

static struct backend_tally *make(struct slice id)
{
    struct backend_tally *t = must_alloc(sizeof *t + id.len + 1);
    char *text = (char *)(t + 1);
    if (id.len != 0) memcpy(text, id.at, id.len);
    t->id = (struct slice){text, id.len};
    t->next = rows;
    rows = t;
    row_count++;
    return t;
}

struct backend_tally *backend_tally_of(struct slice id)
{
    pthread_mutex_lock(&lock);
    if (row_count >= BACKEND_COUNTS_MAX - 1 && find(id) == NULL) id = LIT("other");
    struct backend_tally *t = find(id);
    if (t == NULL) t = make(id);
    pthread_mutex_unlock(&lock);
    return t;
}

void backend_tally_add(struct backend_tally *t, enum backend_tally_of what, int64_t n)
{
    atomic_fetch_add_explicit(&t->n[what], n, memory_order_relaxed);
}

static int64_t count_of(struct backend_tally *t, enum backend_tally_of what)
{
    return atomic_load_explicit(&t->n[what], memory_order_relaxed);
}

size_t backend_counts(struct backend_counts *to, size_t room)
{
    size_t count = 0;
    pthread_mutex_lock(&lock);
    for (struct backend_tally *t = rows; t != NULL; t = t->next) {
        if (count < room)
            to[count] = (struct backend_counts){
                .id = t->id,
                .connections = count_of(t, TALLY_CONNECTIONS),
                .idle = count_of(t, TALLY_IDLE),
                .connected = count_of(t, TALLY_CONNECTED),
                .requests = count_of(t, TALLY_REQUESTS),
                .retries = count_of(t, TALLY_RETRIES),
                .unreachable = count_of(t, TALLY_UNREACHABLE),
                .timeouts = count_of(t, TALLY_TIMEOUTS),
                .broken = count_of(t, TALLY_BROKEN),
                .busy = count_of(t, TALLY_BUSY),
                .cut = count_of(t, TALLY_CUT),
            };
        count++;
    }
    pthread_mutex_unlock(&lock);
    return count;
}
