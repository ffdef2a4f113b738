/* arena.h -- memory that lives and dies with one thing: a request, a sign-in, a configuration.
 *
 * Closing the arena is the only free. Closers registered with arena_at_close run last-in first-out before the memory
 * goes, so whoever waits for something in this arena's name hangs up there.
 *
 * Threads: an arena belongs to the thread that uses it. Small arenas recycle their first chunk through a per-thread
 * free list, so opening one costs no malloc on a warm worker. (`arena_drain` empties that list at thread end.)
 *
 * Limits: a budget in bytes. Inputs are limited before they reach an arena, so running over the budget is our mistake
 * and a must (base/must.h).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include <stdarg.h>

#include "base/must.h"
#include "base/slice.h"

struct arena;

struct arena *arena_open(size_t budget_bytes); /* gives; arena_close frees */
void arena_close(struct arena *a);             /* takes; NULL is fine */
void arena_closep(struct arena **a);           /* for AUTO */
void arena_drain(void);                        /* frees this thread's recycled chunks */

void *arena_alloc(struct arena *a, size_t bytes) __attribute__((malloc, alloc_size(2))); /* zeroed, aligned 16 */
/* Same without zeroing, for buffers that are filled at once. */
void *arena_bytes(struct arena *a, size_t bytes) __attribute__((malloc, alloc_size(2)));
#define arena_new(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_alloc((a), arena_product(sizeof(type), (count))))

size_t arena_product(size_t size, size_t count);          /* multiplies; overflow is a must */
struct slice arena_copy(struct arena *a, struct slice s); /* with a NUL behind, not counted */
const char *arena_text(struct arena *a, struct slice s);  /* the same as a C string */
struct slice arena_print(struct arena *a, const char *format, ...) PRINTF(2, 3);
struct slice arena_vprint(struct arena *a, const char *format, va_list args) PRINTF(2, 0);
struct slice arena_join(struct arena *a, const struct slice *parts, size_t count);
struct slice arena_lower(struct arena *a, struct slice s); /* ASCII letters in lower case; s itself when it is */

void arena_at_close(struct arena *a, void (*closer)(void *), void *self);
size_t arena_used(const struct arena *a); /* bytes handed out so far, for tests that state a budget */

#endif
