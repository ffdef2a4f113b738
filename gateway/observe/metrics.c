/* metrics.c -- finding a series, counting in it, writing all of them down.
 *
 * Series hang in a list that only grows at its head, by compare-and-swap, so readers need no lock. What decides who made a
 * series is the list itself: who loses the swap looks at the new heads before trying again.
 */
#include "observe/metrics.h"

#include <stdatomic.h>

#include "observe/process.h"

enum {
    REFRESH_MAX = 32,
    METRICS_MAX = 256, /* at one scrape; the program has about fifty */
    VALUE_MAX = 120,   /* bytes of a label value: ids of providers and backends are shorter */
    BUCKETS = 18
};

static const struct bucket {
    int64_t us;
    const char *le;
} buckets[BUCKETS] = {
    {250,      "0.00025"},
    {500,      "0.0005" },
    {1000,     "0.001"  },
    {2500,     "0.0025" },
    {5000,     "0.005"  },
    {10000,    "0.01"   },
    {25000,    "0.025"  },
    {50000,    "0.05"   },
    {75000,    "0.075"  },
    {100000,   "0.1"    },
    {250000,   "0.25"   },
    {500000,   "0.5"    },
    {750000,   "0.75"   },
    {1000000,  "1"      },
    {2500000,  "2.5"    },
    {5000000,  "5"      },
    {7500000,  "7.5"    },
    {10000000, "10"     },
};

struct series {
    _Atomic int64_t value;   /* a histogram's: sum in microseconds */
    _Atomic int64_t *counts; /* histogram: BUCKETS and one for all above */
    struct series *older;
    uint64_t hash;
    struct slice labels[METRIC_LABELS];
} __attribute__((aligned(64)));

static struct metric *_Atomic metrics;
static struct {
    void (*fn)(void *self);
    void *self;
} refreshers[REFRESH_MAX];
static size_t refresher_count;

static size_t label_count(const struct metric *m)
{
    size_t n = 0;
    while (n < METRIC_LABELS && m->labels[n] != NULL) {
        n++;
    }
    return n;
}

/* ---- finding */

static uint64_t hash_of(const struct slice *values, size_t count)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < values[i].len; k++) {
            h = (h ^ (unsigned char)values[i].at[k]) * 1099511628211u;
        }
        h = (h ^ 0x100) * 1099511628211u;
    }
    return h;
}

static struct series *find(struct series *from, const struct series *until, uint64_t hash, const struct slice *values,
                           size_t count)
{
    for (struct series *s = from; s != until; s = s->older) {
        size_t same = 0;
        while (s->hash == hash && same < count && slice_is(s->labels[same], values[same])) {
            same++;
        }
        if (s->hash == hash && same == count) return s;
    }
    return NULL;
}

static struct series *make(const struct metric *m, uint64_t hash, const struct slice *values, size_t count)
{
    struct series *s = aligned_alloc(64, sizeof *s);
    must(s != NULL);
    *s = (struct series){.hash = hash};
    if (m->kind == METRIC_HISTOGRAM) s->counts = must_alloc((BUCKETS + 1) * sizeof *s->counts);
    for (size_t i = 0; i < count; i++) {
        char *copy = must_alloc(values[i].len + 1);
        if (values[i].len != 0) memcpy(copy, values[i].at, values[i].len);
        s->labels[i] = (struct slice){copy, values[i].len};
    }
    return s;
}

static void unmake(struct series *s)
{
    for (size_t i = 0; i < METRIC_LABELS; i++) {
        free((char *)(uintptr_t)s->labels[i].at);
    }
    free(s->counts);
    free(s);
}

static void list_once(struct metric *m)
{
    if (atomic_exchange(&m->listed_, true)) return;
    struct metric *head = atomic_load(&metrics);
    do {
        m->next_ = head;
    } while (!atomic_compare_exchange_weak(&metrics, &head, m));
}

/* Hangs a new series in, or returns the one that somebody else hung in meanwhile. */
static struct series *insert(struct metric *m, struct series *seen, uint64_t hash, const struct slice *values,
                             size_t count)
{
    struct series *s = make(m, hash, values, count), *head = seen;
    s->older = head;
    while (!atomic_compare_exchange_weak_explicit(&m->first_, &head, s, memory_order_acq_rel, memory_order_acquire)) {
        struct series *other = find(head, seen, hash, values, count);
        if (other != NULL) {
            unmake(s);
            return other;
        }
        seen = head;
        s->older = head;
    }
    atomic_fetch_add_explicit(&m->count_, 1, memory_order_relaxed);
    list_once(m);
    return s;
}

static struct series *find_or_insert(struct metric *m, const struct slice *values, size_t count, bool limited)
{
    uint64_t hash = hash_of(values, count);
    struct series *seen = atomic_load_explicit(&m->first_, memory_order_acquire);
    struct series *s = find(seen, NULL, hash, values, count);
    if (s != NULL) return s;
    if (limited && atomic_load_explicit(&m->count_, memory_order_relaxed) >= METRIC_SERIES_MAX) return NULL;
    return insert(m, seen, hash, values, count);
}

struct series *metric_series(struct metric *m, const struct slice *values)
{
    struct slice cut[METRIC_LABELS], other[METRIC_LABELS];
    size_t count = label_count(m);
    for (size_t i = 0; i < count; i++) {
        cut[i] = slice_upto(values[i], VALUE_MAX);
        other[i] = LIT("other");
    }
    struct series *s = find_or_insert(m, cut, count, true);
    return s != NULL ? s : find_or_insert(m, other, count, false);
}

/* ---- counting */

void metric_add(struct series *s, int64_t n)
{
    atomic_fetch_add_explicit(&s->value, n, memory_order_relaxed);
}

void metric_set(struct series *s, int64_t n)
{
    atomic_store_explicit(&s->value, n, memory_order_relaxed);
}

void metric_observe_us(struct series *s, int64_t us)
{
    size_t at = 0;
    must(s->counts != NULL);
    if (us < 0) us = 0;
    while (at < BUCKETS && us > buckets[at].us) {
        at++;
    }
    atomic_fetch_add_explicit(&s->counts[at], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->value, us, memory_order_relaxed);
}

void metric_refresh(void (*fn)(void *self), void *self)
{
    must(refresher_count < REFRESH_MAX);
    refreshers[refresher_count].fn = fn;
    refreshers[refresher_count++].self = self;
}

/* ---- writing */

static void put_labels(struct buf *to, const struct metric *m, const struct series *s, const char *le)
{
    size_t count = label_count(m);
    if (count == 0 && le == NULL) return;
    buf_byte(to, '{');
    for (size_t i = 0; i < count; i++) {
        if (i != 0) buf_byte(to, ',');
        process_label(to, m->labels[i], s->labels[i]);
    }
    if (le != NULL) {
        if (count != 0) buf_byte(to, ',');
        process_label(to, "le", slice_of(le));
    }
    buf_byte(to, '}');
}

static int64_t load(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void put_histogram(struct buf *to, const struct metric *m, const struct series *s)
{
    int64_t total = 0;
    for (size_t i = 0; i <= BUCKETS; i++) {
        total += load(&s->counts[i]);
        buf_print(to, "%s_bucket", m->name);
        put_labels(to, m, s, i < BUCKETS ? buckets[i].le : "+Inf");
        buf_print(to, " %lld\n", (long long)total);
    }
    int64_t us = load(&s->value);
    buf_print(to, "%s_sum", m->name);
    put_labels(to, m, s, NULL);
    buf_print(to, " %lld.%06lld\n%s_count", (long long)(us / 1000000), (long long)(us % 1000000), m->name);
    put_labels(to, m, s, NULL);
    buf_print(to, " %lld\n", (long long)total);
}

static void put_metric(struct buf *to, const struct metric *m)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    process_heading(to, m->name, m->help, kinds[m->kind]);
    const struct series *s = atomic_load_explicit(&m->first_, memory_order_acquire);
    for (; s != NULL; s = s->older) {
        if (m->kind == METRIC_HISTOGRAM) {
            put_histogram(to, m, s);
            continue;
        }
        buf_print(to, "%s", m->name);
        put_labels(to, m, s, NULL);
        buf_print(to, " %lld\n", (long long)load(&s->value));
    }
}

static int by_name(const void *one, const void *other)
{
    const struct metric *const *x = one, *const *y = other;
    return strcmp((*x)->name, (*y)->name);
}

void metrics_write(struct buf *to)
{
    const struct metric *all[METRICS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < refresher_count; i++) {
        refreshers[i].fn(refreshers[i].self);
    }
    for (const struct metric *m = atomic_load(&metrics); m != NULL && count < METRICS_MAX; m = m->next_) {
        all[count++] = m;
    }
    qsort(all, count, sizeof(all[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        put_metric(to, all[i]);
    }
    process_write(to);
}
