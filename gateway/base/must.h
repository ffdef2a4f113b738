/* must.h -- truths about our own code, and the few macros every file may use.
 *
 * must(x) states what cannot be false unless we made a mistake. It stays on in release, prints the place and
 * ends the process: a wrong gateway is worse than a restarted one. Nothing that a visitor, a provider, a backend
 * or the store sends may ever decide a must; those are errors (base/err.h).
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H
#include <stddef.h>

#define MUST_CHECK   __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define AUTO(closer) __attribute__((cleanup(closer)))
/* For a large array on the stack of which only what was written is read: release builds would clear all of it first. */
#if __has_attribute(uninitialized)
#    define UNCLEARED __attribute__((uninitialized))
#else
#    define UNCLEARED
#endif
#define TAKE(pointer) must_take(&(pointer))

#define must(truth) ((truth) ? (void)0 : must_fail(#truth, __FILE__, __LINE__))

/* Prints "must: TRUTH at FILE:LINE" to standard error and aborts. Core files carry no secrets: main.c sets
 * RLIMIT_CORE to 0 and PR_SET_DUMPABLE off. */
_Noreturn void must_fail(const char *truth, const char *file, int line);

/* Memory that is there or ends the process, as in libh2o: one policy for the whole program. zeroed. */
void *must_alloc(size_t bytes) __attribute__((malloc, alloc_size(1)));
void *must_realloc(void *old, size_t bytes) __attribute__((alloc_size(2)));

/* Hands a pointer on: returns *slot and leaves NULL there, so that AUTO closes nothing. */
#define must_take(slot)                      \
    __extension__({                          \
        __typeof__(*(slot)) took_ = *(slot); \
        *(slot) = NULL;                      \
        took_;                               \
    })

#endif
