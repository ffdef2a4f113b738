/* loop.h -- one event loop per thread: timers, messages from other threads, work at the end of a turn.
 *
 * A loop belongs to the thread that opened it; only loop_post may be called from elsewhere. Timers use the monotonic clock
 * (libh2o's own use the wall clock and stall when it is set back) and fire at most a few milliseconds late, never early.
 */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H
#include <stdint.h>

#include "base/arena.h"

struct loop;

struct loop *loop_open(void); /* in the thread that will run it */
/* Runs turns until *stop becomes true (checked each turn; loop_post any message to be noticed at once). */
void loop_run(struct loop *l, const _Atomic bool *stop);
void loop_turn(struct loop *l, int wait_ms); /* one turn, waiting at most so long: for tests and draining */
void loop_close(struct loop *l);
int64_t loop_now_ms(const struct loop *l); /* monotonic, as of the last tick (base/now.h) */

/* Embedded in its owner, who keeps it until it fired or was stopped. Zeroed before first use. Fires once. */
struct loop_timer {
    int64_t at_ms;
    size_t slot_; /* 0: not set */
    void (*fire)(struct loop_timer *t);
};
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t in_ms,
                    void (*fire)(struct loop_timer *t));    /* sets anew when already set */
void loop_timer_stop(struct loop *l, struct loop_timer *t); /* no-op when not set */
bool loop_timer_is_set(const struct loop_timer *t);

/* A message to a loop from any thread; embedded in what it brings. Runs once on the loop's thread, in the order of posting. */
struct loop_post {
    struct loop_post *next_;
    void (*run)(struct loop_post *p);
};
void loop_post(struct loop *l, struct loop_post *p);

/* Runs once at the end of the current turn (or at once before the loop sleeps): where writes that gathered are flushed. Embedded;
 * calling again before it ran is a no-op. */
struct loop_later {
    struct loop_later *next_;
    bool queued_;
    void (*run)(struct loop_later *w);
};
void loop_later(struct loop *l, struct loop_later *w);
void loop_later_cancel(struct loop *l, struct loop_later *w);

/* Watches a foreign file descriptor for readability (level-triggered): libcurl's, a timerfd, a pipe. The fd is duplicated, so its
 * owner may close it at any time; loop_unwatch frees. */
struct loop_watch;
struct loop_watch *loop_watch(struct loop *l, int fd, void (*ready)(void *self), void *self);
void loop_unwatch(struct loop_watch *w);

#endif
