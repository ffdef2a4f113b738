#include "session/bearer_flight.h"

#include <stdlib.h>
#include <string.h>

#include "observe/metrics.h"
#include "session/session_record.h"
#include "text/encode.h"

#include "base/now.h"

enum {
    FLIGHT_BUDGET = 4 * 1024 * 1024, /* what is told: an answer of 64 KiB as texts, and a record of it */
    RECORD_MAX = 1 << 20
};

static struct metric verified = {
    .name = "vestibule_bearer_tokens_total",
    .help =
        "Access tokens of requests that were verified, by issuer and outcome; those that a worker still knew are not counted, and those who brought one at once are counted once.",
    .kind = METRIC_COUNTER,
    .labels = {"issuer", "outcome"}
};

struct waiter {
    struct waiter *next, **at; /* at: what points here; NULL when in no list */
    struct bearer_flight *flight;
    struct flow *flow;
    const struct session **ret_session;
};

struct bearer_flight {
    struct bearer_flight *next;
    struct bearers *bearers;
    const struct bearer_issuer *by;
    void *owner;
    void (*drop)(void *owner);
    struct arena *arena;
    struct flow flow;
    struct waiter *waiters;
    bool starting, landed;
    unsigned generation;
    struct bearer_told told;
    const struct err *why;
    struct session_held *held; /* NULL: refused, or nobody could be asked */
    size_t token_len;
    char token[]; /* wiped */
};

static struct slice token_of(const struct bearer_flight *fl)
{
    return (struct slice){fl->token, fl->token_len};
}

static void leave_table(struct bearer_flight *fl)
{
    struct bearer_flight **at = &fl->bearers->flights;
    while (*at != fl) {
        at = &(*at)->next;
    }
    *at = fl->next;
}

static void close_flight(struct bearer_flight *fl)
{
    must(fl->waiters == NULL);
    if (fl->held != NULL) session_held_drop(fl->held);
    arena_close(fl->arena);
    fl->drop(fl->owner);
    explicit_bzero(fl->token, fl->token_len);
    free(fl);
}

/* ---- what came of it */

/* One that has ended by our clock and still counts does so for as long as clocks may differ. */
static int64_t counts_until(const struct bearer_flight *fl)
{
    int64_t end = fl->told.expires_s;
    return end > now_s() ? end : end + fl->by->provider->clock_skew_s;
}

/* As a session, under the hash of the token: its first characters tell the token apart in logs without telling it. */
static const struct err *remember(struct bearer_flight *fl)
{
    unsigned char hash[DIGEST_SHA256_BYTES];
    digest_sha256(token_of(fl), hash);
    const struct slice key[] = {LIT("s:"),
                                base64url_encode(fl->arena, (struct slice){(const char *)hash, sizeof hash})};
    const struct session s = {
        .identity = fl->told.identity, .created_s = fl->told.issued_s, .expires_s = counts_until(fl)};
    AUTO(buf_close) struct buf record = buf_open(RECORD_MAX);
    session_record_write(&record, &s);
    must(!record.full);
    return session_held_read(fl->arena, arena_join(fl->arena, key, 2), buf_slice(&record), &fl->held);
}

static void keep(const struct bearer_flight *fl)
{
    struct bearers *b = fl->bearers;
    int64_t left_s = fl->told.expires_s - now_s();
    int64_t cache_s = fl->by->cache_s < left_s ? fl->by->cache_s : left_s;
    if (cache_s <= 0 || fl->generation != b->generation) return;
    struct session_entry *e = session_cache_put(b->cache, token_of(fl), fl->held);
    e->fresh_until_ms = loop_now_ms(b->loop) + cache_s * 1000;
}

static enum flow_next answer(const struct bearer_flight *fl, struct flow *f, const struct session **ret_session)
{
    if (fl->why != NULL)
        return flow_fail(f, err_new(f->arena, fl->why->problem, "%.*s", SLICE_ARG(err_story(f->arena, fl->why))));
    *ret_session = bearers_lend(f->arena, fl->held);
    return FLOW_NEXT;
}

static void waiter_leave(struct waiter *w)
{
    if (w->at == NULL) return;
    *w->at = w->next;
    if (w->next != NULL) w->next->at = w->at;
    w->at = NULL;
}

static void waiter_cancel(void *pending)
{
    struct waiter *w = pending;
    struct bearer_flight *fl = w->flight;
    waiter_leave(w);
    if (fl->waiters != NULL || fl->landed) return;
    flow_drop(&fl->flow);
    leave_table(fl);
    close_flight(fl);
}

static void landed(struct flow *f, const struct err *why)
{
    struct bearer_flight *fl = f->self;
    const struct slice values[] = {fl->by->provider->id, why == NULL ? LIT("ok") : problem_word(why->problem)};
    metric_add(metric_series(&verified, values), 1);
    if (why == NULL) why = remember(fl);
    if (why == NULL) keep(fl);
    fl->why = why;
    fl->landed = true;
    leave_table(fl);
    if (fl->starting) return; /* bearer_flight_join goes on */
    while (fl->waiters != NULL) {
        struct waiter *w = fl->waiters;
        waiter_leave(w);
        enum flow_next next = answer(fl, w->flow, w->ret_session);
        const struct err *e = next == FLOW_FAIL ? w->flow->why : NULL;
        w->flow->why = NULL;
        flow_wake(w->flow, e);
    }
    close_flight(fl);
}

static enum flow_next verify(struct flow *f)
{
    struct bearer_flight *fl = f->self;
    return bearer_verify(f, fl->by, fl->bearers->env, token_of(fl), &fl->told);
}

static const struct flow_step steps[] = {
    {"bearer_flight/verify", verify}, /* may wait */
};

/* ---- from outside */

/* Under another configuration it is another question. */
static struct bearer_flight *find(const struct bearers *b, const struct bearer_issuer *by, struct slice token)
{
    struct bearer_flight *fl = b->flights;
    while (fl != NULL && !(fl->by == by && slice_is(token_of(fl), token))) {
        fl = fl->next;
    }
    return fl;
}

static struct bearer_flight *take_off(struct bearers *b, const struct bearer_issuer *by, const struct bearer_ask *ask)
{
    struct bearer_flight *fl = must_alloc(sizeof *fl + ask->token.len);
    fl->bearers = b;
    fl->by = by;
    fl->owner = ask->owner;
    fl->drop = ask->drop;
    ask->keep(ask->owner);
    fl->generation = b->generation;
    fl->token_len = ask->token.len;
    memcpy(fl->token, ask->token.at, ask->token.len);
    fl->arena = arena_open(FLIGHT_BUDGET);
    fl->next = b->flights;
    b->flights = fl;
    fl->starting = true;
    flow_start(&fl->flow, fl->arena, steps, 1, landed, fl);
    fl->starting = false;
    return fl;
}

enum flow_next bearer_flight_join(struct flow *f, struct bearers *b, const struct bearer_issuer *by,
                                  const struct bearer_ask *ask, const struct session **ret_session)
{
    struct bearer_flight *fl = find(b, by, ask->token);
    if (fl == NULL) fl = take_off(b, by, ask);
    if (fl->landed) {
        enum flow_next next = answer(fl, f, ret_session);
        close_flight(fl);
        return next;
    }
    struct waiter *w = arena_new(f->arena, struct waiter);
    *w = (struct waiter){fl->waiters, &fl->waiters, fl, f, ret_session};
    if (w->next != NULL) w->next->at = &w->next;
    fl->waiters = w;
    return flow_wait(f, w, waiter_cancel);
}

void bearer_flight_close_all(struct bearers *b)
{
    while (b->flights != NULL) {
        struct bearer_flight *fl = b->flights;
        b->flights = fl->next;
        flow_drop(&fl->flow);
        close_flight(fl);
    }
}
