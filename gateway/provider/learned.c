/* learned.c -- the table of learned.h's drawing: who waits, who fetches, what is kept.
 *
 * Two owners meet here. A flight is one fetch with its own flow and arena; it belongs to the loop it runs on and holds a reference to the
 * provider's state. A waiter is one flow that stands still; it belongs to its own loop, hangs in the list until the flight ends and is
 * then posted home. The lock is held for moments only, never while something is parsed or asked; messages are posted under it, so a
 * waiter that has hung up under it is never posted.
 */
#include "provider/learned.h"

#include "provider/counted.h"
#include "provider/provider_state.h"

#include "base/now.h"

enum {
    FLIGHT_ARENA_BYTES = 96 * 1024 * 1024 /* the tree of the largest document we take, and then some */
};

struct flight {
    struct flow flow;
    struct arena *arena;
    struct learned *of;
    struct provider_env env;
    char *url;
    int timeout_ms;
    struct fetch_answer answer;
};

struct waiter {
    struct waiter *next;
    struct learned *of;
    struct loop *loop;
    struct loop_post post;
    bool posted;       /* under the lock */
    bool wants_new;    /* an old copy will not do */
    struct flow *flow; /* its loop's; NULL: hung up after it was posted */
    void **ret_value;
    void *value;
    enum problem problem;
    char why[LEARNED_WHY_MAX];
};

void learned_open(struct learned *l, const struct learned_kind *kind, struct provider_state *s)
{
    *l = (struct learned){.kind = kind, .state = s};
    must(pthread_mutex_init(&l->lock, NULL) == 0);
}

void learned_close(struct learned *l)
{
    must(l->flight == NULL && l->waiters == NULL);
    if (l->value != NULL) l->kind->drop(l->value);
    free(l->url);
    pthread_mutex_destroy(&l->lock);
}

void *learned_known(struct learned *l)
{
    pthread_mutex_lock(&l->lock);
    void *value = l->value == NULL ? NULL : l->kind->keep(l->value);
    pthread_mutex_unlock(&l->lock);
    return value;
}

bool learned_is_missing(struct learned *l)
{
    pthread_mutex_lock(&l->lock);
    bool missing =
        l->value == NULL && l->failures != 0 && l->problem == PROBLEM_PROVIDER_AWAY && now_ms() < l->retry_ms;
    pthread_mutex_unlock(&l->lock);
    return missing;
}

/* ---- waiters ---- */

static void waiter_free(struct waiter *w)
{
    struct provider_state *s = w->of->state;
    if (w->value != NULL) w->of->kind->drop(w->value);
    free(w);
    provider_state_drop(s);
}

/* The value is the flow's until its arena closes. */
static void give(struct flow *f, struct learned *l, void *value, void **ret_value)
{
    arena_at_close(f->arena, l->kind->drop, value);
    *ret_value = value;
}

static void waiter_home(struct loop_post *p)
{
    struct waiter *w = (struct waiter *)(void *)((char *)p - offsetof(struct waiter, post));
    struct flow *f = w->flow;
    const struct err *why = NULL;
    if (f != NULL && w->value != NULL)
        give(f, w->of, TAKE(w->value), w->ret_value);
    else if (f != NULL)
        why = err_new(f->arena, w->problem, "%s", w->why);
    waiter_free(w);
    if (f != NULL) flow_wake(f, why);
}

static void waiter_cancel(void *pending)
{
    struct waiter *w = pending;
    w->flow = NULL;
    pthread_mutex_lock(&w->of->lock);
    bool posted = w->posted;
    if (!posted) {
        struct waiter **at = &w->of->waiters;
        while (*at != w)
            at = &(*at)->next;
        *at = w->next;
    }
    pthread_mutex_unlock(&w->of->lock);
    if (!posted) waiter_free(w);
}

static struct waiter *waiter_add(struct flow *f, struct learned *l, struct loop *loop, void **ret_value)
{
    struct waiter *w = must_alloc(sizeof *w);
    provider_state_keep(l->state);
    *w = (struct waiter){.next = l->waiters, .of = l, .loop = loop, .flow = f, .ret_value = ret_value};
    w->post.run = waiter_home;
    l->waiters = w;
    return w;
}

enum outcome {
    OUTCOME_NEW,
    OUTCOME_OLD, /* the fetch failed, but there is a copy */
    OUTCOME_NONE
};

/* Under the lock. */
static void waiters_send(struct learned *l, enum outcome outcome)
{
    while (l->waiters != NULL) {
        struct waiter *w = l->waiters;
        l->waiters = w->next;
        if (outcome == OUTCOME_NEW || (outcome == OUTCOME_OLD && !w->wants_new)) w->value = l->kind->keep(l->value);
        w->problem = l->problem;
        memcpy(w->why, l->why, sizeof w->why);
        w->posted = true;
        loop_post(w->loop, &w->post);
    }
}

/* ---- a flight ends ---- */

static int64_t clamped(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static void note_success(struct learned *l, struct flight *x, void *value)
{
    int64_t age_s = x->answer.max_age_s < 0 ? LEARNED_TIME_S : x->answer.max_age_s;
    int64_t life_ms = clamped(age_s, LEARNED_TIME_LEAST_S, LEARNED_TIME_MOST_S) * 1000, at_ms = now_ms();
    if (l->value != NULL) l->kind->drop(l->value);
    l->value = value;
    free(l->url);
    l->url = TAKE(x->url);
    l->soon_ms = at_ms + life_ms * 8 / 10;
    l->fresh_ms = at_ms + life_ms;
    l->old_ms = l->fresh_ms + (int64_t)LEARNED_OLD_COPY_S * 1000;
    l->retry_ms = 0;
    l->failures = 0;
}

static void note_failure(struct learned *l, struct flight *x, const struct err *why)
{
    int64_t wait_ms = LEARNED_RETRY_LEAST_MS << (l->failures < 8 ? l->failures : 8);
    wait_ms = clamped(wait_ms, LEARNED_RETRY_LEAST_MS, LEARNED_RETRY_MOST_MS);
    if (x->answer.retry_after_s > 0) {
        int64_t told_ms = clamped(x->answer.retry_after_s, 0, LEARNED_RETRY_AFTER_MOST_S) * 1000;
        if (told_ms > wait_ms) wait_ms = told_ms;
    }
    l->failures++;
    l->retry_ms = now_ms() + wait_ms;
    l->problem = why->problem;
    struct slice story = err_story(x->arena, why);
    (void)snprintf(l->why, sizeof l->why, "%.*s", SLICE_ARG(story));
}

static bool comes_from(const struct learned *l, struct slice url)
{
    return l->value != NULL && slice_is(slice_of(l->url), url);
}

static void flight_free(struct flight *x)
{
    struct provider_state *s = x->of->state;
    free(x->url);
    arena_close(x->arena);
    free(x);
    provider_state_drop(s);
}

static void flight_end(struct flow *f, const struct err *why)
{
    struct flight *x = f->self;
    struct learned *l = x->of;
    void *value = NULL;
    if (why == NULL) why = l->kind->read(l->state, x->arena, x->answer.body, &value);
    pthread_mutex_lock(&l->lock);
    enum outcome outcome = OUTCOME_NEW;
    if (why == NULL) {
        note_success(l, x, value);
    } else {
        outcome = comes_from(l, slice_of(x->url)) && now_ms() < l->old_ms ? OUTCOME_OLD : OUTCOME_NONE;
        note_failure(l, x, why);
    }
    l->flight = NULL;
    waiters_send(l, outcome);
    pthread_mutex_unlock(&l->lock);
    /* that a document can be had says nothing of the endpoints that matter, but one that cannot is an outage like any other */
    if (why != NULL && why->problem == PROBLEM_PROVIDER_AWAY)
        provider_state_heard(l->state, MEANING_RETRYABLE, x->answer.retry_after_s);
    flight_free(x);
}

/* ---- a flight begins ---- */

static enum flow_next flight_ask(struct flow *f)
{
    struct flight *x = f->self;
    const struct provider_state *s = x->of->state;
    struct fetch_ask ask = {.method = LIT("GET"),
                            .url = slice_of(x->url),
                            .accept_type = LIT("application/json"),
                            .max_bytes = x->of->kind->max_bytes,
                            .timeout_ms = x->timeout_ms,
                            .ca_file = s->ca_file,
                            .allow_private = s->allow_private,
                            .allow_http = s->allow_http};
    return counted_ask(f, &x->env, slice_of(s->id), x->of->kind->endpoint, &ask, &x->answer);
}

static const struct flow_step flight_steps[] = {
    {"provider/learn", flight_ask}
};

/* Under the lock; the caller starts it after letting go of it. */
static struct flight *flight_make(struct learned *l, const struct learned_source *from)
{
    struct flight *x = must_alloc(sizeof *x);
    provider_state_keep(l->state);
    x->of = l;
    x->arena = arena_open(FLIGHT_ARENA_BYTES);
    x->env = *from->env;
    x->url = must_alloc(from->url.len + 1);
    memcpy(x->url, from->url.at, from->url.len);
    x->timeout_ms = from->provider->timeout_ms;
    x->answer.retry_after_s = x->answer.max_age_s = -1;
    l->flight = x;
    return x;
}

static void flight_start(struct flight *x)
{
    if (x != NULL) flow_start(&x->flow, x->arena, flight_steps, 1, flight_end, x);
}

/* Under the lock, which it lets go of. */
static enum flow_next wait_for(struct flow *f, struct learned *l, const struct learned_source *from, bool wants_new,
                               void **ret_value)
{
    struct waiter *w = waiter_add(f, l, from->env->loop, ret_value);
    w->wants_new = wants_new;
    struct flight *x = l->flight == NULL ? flight_make(l, from) : NULL;
    pthread_mutex_unlock(&l->lock);
    flight_start(x);
    return flow_wait(f, w, waiter_cancel);
}

static enum flow_next give_known(struct flow *f, struct learned *l, const struct learned_source *from, bool refresh,
                                 void **ret_value)
{
    void *value = l->kind->keep(l->value);
    struct flight *x = refresh && l->flight == NULL ? flight_make(l, from) : NULL;
    pthread_mutex_unlock(&l->lock);
    give(f, l, value, ret_value);
    flight_start(x);
    return FLOW_NEXT;
}

/* ---- what others call ---- */

enum flow_next learned_need(struct flow *f, struct learned *l, const struct learned_source *from, void **ret_value)
{
    pthread_mutex_lock(&l->lock);
    int64_t at_ms = now_ms();
    bool ours = comes_from(l, from->url), may_ask = at_ms >= l->retry_ms;
    if (ours && at_ms < l->fresh_ms) return give_known(f, l, from, may_ask && at_ms >= l->soon_ms, ret_value);
    if (may_ask || l->flight != NULL) return wait_for(f, l, from, false, ret_value);
    if (ours && at_ms < l->old_ms) return give_known(f, l, from, false, ret_value);
    const struct err *why = err_new(f->arena, l->problem, "%s (tried a moment ago, next in %lld s)", l->why,
                                    (long long)(l->retry_ms - at_ms + 999) / 1000);
    pthread_mutex_unlock(&l->lock);
    return flow_fail(f, why);
}

enum flow_next learned_newer(struct flow *f, struct learned *l, const struct learned_source *from, void *seen,
                             void **ret_value)
{
    pthread_mutex_lock(&l->lock);
    int64_t at_ms = now_ms();
    if (l->value != NULL && l->value != seen) return give_known(f, l, from, false, ret_value);
    if (l->flight != NULL) return wait_for(f, l, from, false, ret_value);
    if (at_ms >= l->newer_ms && at_ms >= l->retry_ms) {
        l->newer_ms = at_ms + LEARNED_NEWER_EVERY_MS;
        return wait_for(f, l, from, false, ret_value);
    }
    pthread_mutex_unlock(&l->lock);
    *ret_value = seen;
    return FLOW_NEXT;
}

enum flow_next learned_now(struct flow *f, struct learned *l, const struct learned_source *from, void **ret_value)
{
    pthread_mutex_lock(&l->lock);
    return wait_for(f, l, from, true, ret_value);
}

void learned_leave(struct learned *l, struct loop *loop)
{
    pthread_mutex_lock(&l->lock);
    struct flight *x = l->flight;
    if (x == NULL || x->env.loop != loop) {
        pthread_mutex_unlock(&l->lock);
        return;
    }
    l->flight = NULL;
    l->problem = PROBLEM_PROVIDER_AWAY;
    (void)snprintf(l->why, sizeof l->why, "the worker that asked the provider was stopped");
    waiters_send(l, OUTCOME_NONE);
    pthread_mutex_unlock(&l->lock);
    flow_drop(&x->flow);
    flight_free(x);
}
