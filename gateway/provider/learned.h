/* learned.h -- one document that a provider publishes (its metadata, its key set): fetched when first needed, once for all who wait.
 *
 *              need                      answer                  80 % of its time, and needed
 *   nothing ──────────> being fetched ──────────> fresh ──────────────────────────────────────> fresh, fetched again beside
 *      ^                     │ failure              │ its time is over, and needed
 *      └── refused at once <─┘                      └──> fetched while those who need it wait; a failure gives the old copy
 *          until retry_ms
 *
 * A fetch runs on the loop of whoever needed it first, in nobody's name: it goes on when they hang up, and its result wakes all who wait, each
 * on the own loop. After a failure nothing is asked for 2, 4, 8 .. 30 seconds (or what Retry-After says, up to five minutes): those who need it
 * meanwhile get the old copy, or the remembered error at once. Values are immutable and reference-counted. Any worker may call these.
 */
#ifndef PROVIDER_LEARNED_H
#define PROVIDER_LEARNED_H
#include <pthread.h>

#include "provider/provider.h"

enum {
    LEARNED_TIME_S = 3600,          /* when the answer says nothing */
    LEARNED_TIME_LEAST_S = 60,      /* max-age=0 does not make every sign-in ask */
    LEARNED_TIME_MOST_S = 86400,    /* nor is a withdrawn key trusted for a year */
    LEARNED_OLD_COPY_S = 86400,     /* how long past its time a copy serves when the source fails */
    LEARNED_NEWER_EVERY_MS = 60000, /* unknown kid: one fetch a minute */
    LEARNED_RETRY_LEAST_MS = 2000,
    LEARNED_RETRY_MOST_MS = 30000,
    LEARNED_RETRY_AFTER_MOST_S = 300,
    LEARNED_WHY_MAX = 512
};

struct learned_kind {
    const char *endpoint; /* in metrics: "discovery", "jwks" */
    size_t max_bytes;
    /* Judges an answer's body. Gives the value with one reference. */
    const struct err *(*read)(struct provider_state *s, struct arena *a, struct slice body, void **ret_value);
    void *(*keep)(void *value);
    void (*drop)(void *value);
};

struct flight;
struct waiter;
struct learned {
    const struct learned_kind *kind;
    struct provider_state *state; /* whose it is */
    pthread_mutex_t lock;         /* guards all below */
    void *value;
    char *url;                         /* where value came from */
    int64_t soon_ms, fresh_ms, old_ms; /* fetch beside from; wait for a fetch from; useless from */
    int64_t retry_ms, newer_ms;        /* no fetch before; no fetch for an unknown kid before */
    int failures;
    enum problem problem; /* of the last failure, while there is no value */
    char why[LEARNED_WHY_MAX];
    struct flight *flight;
    struct waiter *waiters;
};

void learned_open(struct learned *l, const struct learned_kind *kind, struct provider_state *s);
void learned_close(struct learned *l);

/* What a fetch needs to know of a provider. Strings are lent during the call. */
struct learned_source {
    const struct provider *provider;
    const struct provider_env *env;
    struct slice url;
};
/* *ret_value is kept until f->arena closes. */
enum flow_next learned_need(struct flow *f, struct learned *l, const struct learned_source *from, void **ret_value);
/* One that is newer than `seen`, which did not do: at most one fetch a minute. *ret_value is `seen` when there is none. */
enum flow_next learned_newer(struct flow *f, struct learned *l, const struct learned_source *from, void *seen,
                             void **ret_value);
/* Fetched now whatever is known, for a probe. */
enum flow_next learned_now(struct flow *f, struct learned *l, const struct learned_source *from, void **ret_value);
/* What is known without asking, with a reference for the caller to drop; NULL: nothing. */
void *learned_known(struct learned *l);
/* Nothing is known, the last fetch found nobody, and it is not yet time for the next one. */
bool learned_is_missing(struct learned *l);
/* On the thread of a loop that ends: its fetch is called off, and who waits for it elsewhere is told. */
void learned_leave(struct learned *l, struct loop *loop);

#endif
