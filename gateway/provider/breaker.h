/* breaker.h -- is a platform worth sending people to just now: one per provider, shared by all workers and by the snapshots that share its state.
 *
 *              3 failures in a row, or "too much"                   its time is over
 *   closed ───────────────────────────────────────────> open ─────────────────────────> half-open
 *      ^                                                 ^                                  │ │
 *      │                                                 └───── a failure: twice as long <──┘ │
 *      └──────────────────────────────────────────────────── any answer <─────────────────────┘
 *
 * A failure is an answer, or a silence, that more asking makes worse (MEANING_RETRYABLE, MEANING_RATE_LIMITED). Open: new sign-ins are not begun,
 * and the sign-in page names the provider; who comes back from the provider is served all the same. Half-open lets everybody try, as who
 * is sent away may never come back. How long it stays open: 2, 4, 8 .. 60 seconds and up to half of it more at random, so that
 * replicas do not come back together; or what the platform says, up to five minutes.
 *
 * Any thread. Time and chance are handed in, so that all of it can be tested.
 */
#ifndef PROVIDER_BREAKER_H
#define PROVIDER_BREAKER_H
#include <pthread.h>

#include "provider/meaning.h"

enum {
    BREAKER_FAILURES = 3,
    BREAKER_LEAST_MS = 2000,
    BREAKER_MOST_MS = 60000,
    BREAKER_TOLD_MOST_S = 300
};
enum breaker_mode {
    BREAKER_CLOSED,
    BREAKER_HALF_OPEN,
    BREAKER_OPEN
};
struct breaker {
    pthread_mutex_t lock; /* guards all below */
    int failures;         /* in a row */
    int openings;         /* since it was closed */
    int64_t until_ms;     /* of the last opening; 0: closed */
};

void breaker_init(struct breaker *b);
void breaker_free(struct breaker *b);
enum breaker_mode breaker_look(struct breaker *b, int64_t now_ms, int64_t *ret_wait_ms);
/* True: this opened it. chance: any number. wait_s: what the platform asked for, -1: nothing. */
bool breaker_note(struct breaker *b, enum meaning_kind kind, int64_t wait_s, int64_t now_ms, uint32_t chance);

#endif
