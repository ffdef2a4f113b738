#include "store/memory_table.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/random.h"

#include "base/must.h"
#include "base/now.h"

/* ---- the heap */

static void heap_set(struct memory_table *m, size_t at, struct memory_record *r)
{
    m->heap[at] = r;
    r->heap_at = at;
}

static void heap_up(struct memory_table *m, struct memory_record *r)
{
    size_t at = r->heap_at;
    while (at > 0 && m->heap[(at - 1) / 2]->end_ms > r->end_ms) {
        heap_set(m, at, m->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_set(m, at, r);
}

static void heap_down(struct memory_table *m, struct memory_record *r, size_t count)
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

static uint64_t hash_of(const struct memory_table *m, struct slice key)
{
    uint64_t h = m->seed ^ key.len;
    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ (unsigned char)key.at[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return h;
}

static struct memory_record **place_of(struct memory_table *m, struct slice key, uint64_t hash)
{
    struct memory_record **at = &m->buckets[hash & (m->bucket_count - 1)];
    while (*at != NULL) {
        struct memory_record *r = *at;
        if (r->hash == hash && r->key_len == key.len && memcmp(r->bytes, key.at, key.len) == 0) break;
        at = &r->next;
    }
    return at;
}

static void remove_at(struct memory_table *m, struct memory_record **place)
{
    struct memory_record *r = *place;
    *place = r->next;
    m->count--;
    m->bytes -= r->key_len + r->value_len;
    struct memory_record *last = m->heap[m->count];
    if (last != r) {
        heap_set(m, r->heap_at, last);
        heap_up(m, last);
        heap_down(m, last, m->count);
    }
    free(r);
}

static void drop_expired(struct memory_table *m, int64_t now)
{
    while (m->count > 0 && m->heap[0]->end_ms <= now) {
        struct memory_record *r = m->heap[0];
        remove_at(m, place_of(m, (struct slice){r->bytes, r->key_len}, r->hash));
    }
}

static void grow(struct memory_table *m)
{
    if (m->count < m->bucket_count) return;
    size_t count = m->bucket_count * 2;
    struct memory_record **buckets = must_alloc(count * sizeof(*buckets));
    for (size_t i = 0; i < m->count; i++) {
        struct memory_record *r = m->heap[i];
        r->next = buckets[r->hash & (count - 1)];
        buckets[r->hash & (count - 1)] = r;
    }
    free(m->buckets);
    m->buckets = buckets;
    m->bucket_count = count;
}

static void insert(struct memory_table *m, struct slice key, struct slice value, uint64_t hash, int64_t end_ms)
{
    grow(m);
    if (m->count == m->heap_room) {
        m->heap_room = m->heap_room != 0 ? m->heap_room * 2 : 256;
        m->heap = must_realloc(m->heap, m->heap_room * sizeof(*m->heap));
    }
    struct memory_record *r = must_alloc(sizeof *r + key.len + value.len);
    struct memory_record **bucket = &m->buckets[hash & (m->bucket_count - 1)];
    *r = (struct memory_record){.next = *bucket,
                                .hash = hash,
                                .end_ms = end_ms,
                                .heap_at = m->count,
                                .key_len = key.len,
                                .value_len = value.len};
    memcpy(r->bytes, key.at, key.len);
    if (value.len != 0) memcpy(r->bytes + key.len, value.at, value.len);
    *bucket = r;
    m->bytes += key.len + value.len;
    m->heap[m->count++] = r;
    heap_up(m, r);
}

/* ---- from outside */

void memory_table_open(struct memory_table *m)
{
    *m = (struct memory_table){.bucket_count = MEMORY_BUCKETS};
    random_bytes((unsigned char *)&m->seed, sizeof m->seed);
    m->buckets = must_alloc(MEMORY_BUCKETS * sizeof(*m->buckets));
}

void memory_table_close(struct memory_table *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->heap[i]);
    }
    free(m->heap);
    free(m->buckets);
}

struct slice memory_table_key(const struct memory_record *r)
{
    return (struct slice){r->bytes, r->key_len};
}

struct slice memory_table_value(const struct memory_record *r)
{
    return (struct slice){r->bytes + r->key_len, r->value_len};
}

struct memory_record *memory_table_find(struct memory_table *m, struct slice key)
{
    struct memory_record **at = place_of(m, key, hash_of(m, key));
    if (*at == NULL || (*at)->end_ms > now_wall_ms()) return *at;
    remove_at(m, at);
    return NULL;
}

bool memory_table_put(struct memory_table *m, struct slice key, struct slice value, int64_t end_ms)
{
    drop_expired(m, now_wall_ms());
    uint64_t hash = hash_of(m, key);
    struct memory_record **at = place_of(m, key, hash);
    size_t freed = *at != NULL ? (*at)->key_len + (*at)->value_len : 0;
    if (*at == NULL && m->count >= MEMORY_RECORDS) return false;
    if (m->bytes - freed + key.len + value.len > MEMORY_BYTES) return false;
    if (*at != NULL) remove_at(m, at);
    insert(m, key, value, hash, end_ms);
    return true;
}

void memory_table_remove(struct memory_table *m, struct memory_record *r)
{
    remove_at(m, place_of(m, memory_table_key(r), r->hash));
}

void memory_table_end_at(struct memory_table *m, struct memory_record *r, int64_t end_ms)
{
    r->end_ms = end_ms;
    heap_up(m, r);
    heap_down(m, r, m->count);
}
