/* memory_table.h -- the memory store's records: found by key, dropped in the order they end. For store/memory*.c only.
 *
 * A seeded hash table finds records, a heap ordered by end of life lets the dead go first. No lock: memory.c holds one.
 */
#ifndef STORE_MEMORY_TABLE_H
#define STORE_MEMORY_TABLE_H
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
    MEMORY_RECORDS = 100 * 1000,      /* sessions and attempts of a busy single machine */
    MEMORY_BYTES = 256 * 1024 * 1024, /* of values and keys: what a small container can spare */
    MEMORY_BUCKETS = 1024             /* to begin with; doubles as it fills */
};

struct memory_record {
    struct memory_record *next;
    uint64_t hash;
    int64_t end_ms;
    size_t heap_at, key_len, value_len;
    char bytes[]; /* key, value */
};

struct memory_table {
    uint64_t seed;
    struct memory_record **buckets;
    size_t bucket_count, count, bytes;
    struct memory_record **heap; /* [0] ends first */
    size_t heap_room;
};

void memory_table_open(struct memory_table *m);
void memory_table_close(struct memory_table *m);
struct slice memory_table_key(const struct memory_record *r);
struct slice memory_table_value(const struct memory_record *r);
/* The living record, or NULL (an expired one is removed). */
struct memory_record *memory_table_find(struct memory_table *m, struct slice key);
/* Puts it in or replaces it; false: there is no room, and nothing has changed. Drops what has expired meanwhile. */
bool memory_table_put(struct memory_table *m, struct slice key, struct slice value, int64_t end_ms);
void memory_table_remove(struct memory_table *m, struct memory_record *r);
void memory_table_end_at(struct memory_table *m, struct memory_record *r, int64_t end_ms);

#endif
