/* arena.c -- chunks in a list, a bump pointer in the newest.
 *
 * The first chunk has one fixed size and is recycled per thread; a request larger than what is left of the newest chunk
 * gets a chunk of its own size (or of the next regular size). Nothing is ever given back singly.
 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BYTES = 8192,  /* a proxied request with its headers fits one */
    RECYCLED_CHUNKS = 64 /* per thread: as many requests as usually overlap */
};

struct chunk {
    struct chunk *older;
    size_t size; /* of the bytes behind this head */
};

struct closer {
    struct closer *older;
    void (*run)(void *);
    void *self;
};

struct arena {
    char *at, *end, *start; /* in the newest chunk; end is nearer where the budget is */
    struct chunk *newest;
    struct closer *closers;
    size_t used, budget; /* used: in the older chunks */
};

static _Thread_local struct chunk *recycled;
static _Thread_local int recycled_count;

#define ROUND(n)   (((n) + 15u) & ~(size_t)15u)
#define HEAD_BYTES ROUND(sizeof(struct chunk))

static char *chunk_bytes(struct chunk *c)
{
    return (char *)c + HEAD_BYTES;
}

static struct chunk *chunk_open(size_t payload)
{
    struct chunk *c;
    if (payload == CHUNK_BYTES - HEAD_BYTES && recycled != NULL) {
        c = recycled;
        recycled = c->older;
        recycled_count--;
    } else {
        c = malloc(HEAD_BYTES + payload);
        must(c != NULL);
        c->size = payload;
    }
    c->older = NULL;
    return c;
}

static void chunk_close(struct chunk *c)
{
    if (c->size != CHUNK_BYTES - HEAD_BYTES || recycled_count >= RECYCLED_CHUNKS) {
        free(c);
        return;
    }
    c->older = recycled;
    recycled = c;
    recycled_count++;
}

/* Goes on at `start` in the newest chunk. */
static void fill_from(struct arena *a, char *start)
{
    size_t room = (size_t)(chunk_bytes(a->newest) + a->newest->size - start), left = a->budget - a->used;
    a->start = a->at = start;
    a->end = start + (room < left ? room : left);
}

struct arena *arena_open(size_t budget_bytes)
{
    struct chunk *first = chunk_open(CHUNK_BYTES - HEAD_BYTES);
    struct arena *a = (struct arena *)(void *)chunk_bytes(first);
    *a = (struct arena){.newest = first, .budget = budget_bytes};
    fill_from(a, chunk_bytes(first) + ROUND(sizeof *a));
    return a;
}

void arena_close(struct arena *a)
{
    if (a == NULL) return;
    while (a->closers != NULL) {
        struct closer *c = a->closers;
        a->closers = c->older;
        c->run(c->self);
    }
    struct chunk *c = a->newest;
    while (c != NULL) {
        struct chunk *older = c->older;
        chunk_close(c); /* the oldest holds the arena itself and comes last */
        c = older;
    }
}

void arena_closep(struct arena **a)
{
    arena_close(*a);
}

void arena_drain(void)
{
    while (recycled != NULL) {
        struct chunk *c = recycled;
        recycled = c->older;
        free(c);
    }
    recycled_count = 0;
}

static void *from_new_chunk(struct arena *a, size_t want)
{
    const size_t regular = CHUNK_BYTES - HEAD_BYTES;
    a->used = arena_used(a);
    must(want <= a->budget - a->used);
    struct chunk *c = chunk_open(want > regular / 2 ? want : regular);
    c->older = a->newest;
    a->newest = c;
    fill_from(a, chunk_bytes(c));
    a->at += want;
    return a->start;
}

void *arena_bytes(struct arena *a, size_t bytes)
{
    size_t want = ROUND(bytes != 0 ? bytes : 1);
    must(want >= bytes);
    if (want > (size_t)(a->end - a->at)) return from_new_chunk(a, want);
    void *p = a->at;
    a->at += want;
    return p;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    return memset(arena_bytes(a, bytes), 0, bytes);
}

size_t arena_product(size_t size, size_t count)
{
    size_t product;
    must(!__builtin_mul_overflow(size, count, &product));
    return product;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    char *p = arena_bytes(a, s.len + 1);
    if (s.len != 0) memcpy(p, s.at, s.len);
    p[s.len] = '\0';
    return (struct slice){p, s.len};
}

const char *arena_text(struct arena *a, struct slice s)
{
    return arena_copy(a, s).at;
}

struct slice arena_vprint(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    must(len >= 0);
    char *p = arena_bytes(a, (size_t)len + 1);
    must(vsnprintf(p, (size_t)len + 1, format, args) == len);
    return (struct slice){p, (size_t)len};
}

struct slice arena_print(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct slice s = arena_vprint(a, format, args);
    va_end(args);
    return s;
}

struct slice arena_lower(struct arena *a, struct slice s)
{
    size_t first = 0;
    while (first < s.len && !(s.at[first] >= 'A' && s.at[first] <= 'Z')) {
        first++;
    }
    if (first == s.len) return s;
    struct slice copy = arena_copy(a, s);
    char *to = (char *)(uintptr_t)copy.at;
    for (size_t i = first; i < s.len; i++) {
        if (to[i] >= 'A' && to[i] <= 'Z') to[i] = (char)(to[i] + 32);
    }
    return copy;
}

struct slice arena_join(struct arena *a, const struct slice *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += parts[i].len;
    }
    char *p = arena_bytes(a, len + 1), *to = p;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len != 0) memcpy(to, parts[i].at, parts[i].len);
        to += parts[i].len;
    }
    *to = '\0';
    return (struct slice){p, len};
}

void arena_at_close(struct arena *a, void (*closer)(void *), void *self)
{
    struct closer *c = arena_new(a, struct closer);
    *c = (struct closer){a->closers, closer, self};
    a->closers = c;
}

size_t arena_used(const struct arena *a)
{
    return a->used + (size_t)(a->at - a->start);
}
