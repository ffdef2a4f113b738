/* forward.c -- exchange_forward: which connection carries the request, what happens when it cannot be had or dies.
 *
 * In order: build the head; take a waiting connection or make one; relay.c does the rest. A waiting connection may have died of old
 * age in the very moment we write: a request that may be sent twice, and of whose answer no byte came, is sent once more on a new connection. Nothing
 * is ever sent a third time, and nothing that is not idempotent a second time.
 *
 * Nothing of one request stays on a connection: the head is built from this request alone, and a connection that did not end in good
 * order is closed.
 */
#include "http/forward_int.h"
#include "http/request_head.h"

#include "base/log.h"
#include "base/now.h"

static void connect_anew(struct passage *p);

void passage_let_go(struct passage *p)
{
    p->e->gone = NULL;
    loop_later_cancel(p->e->x.loop, &p->soon);
    if (p->dial != NULL) {
        dial_cancel(TAKE(p->dial));
        pool_unreserve(p->pool);
    }
    tunnel_close(p);
    if (p->up != NULL) upstream_close(TAKE(p->up));
}

/* ---- failure ---- */

static void tally(struct passage *p, enum backend_tally_of what)
{
    backend_tally_add(pool_tally(p->pool), what, 1);
}

static enum backend_tally_of tally_of(enum problem problem)
{
    switch (problem) {
    case PROBLEM_BACKEND_UNREACHABLE: return TALLY_UNREACHABLE;
    case PROBLEM_BACKEND_TIMEOUT: return TALLY_TIMEOUTS;
    case PROBLEM_BACKEND_BUSY: return TALLY_BUSY;
    default: return TALLY_BROKEN;
    }
}

void passage_fail(struct passage *p, enum problem problem, const char *why)
{
    struct exchange_int *e = p->e;
    passage_let_go(p);
    const struct err *err = err_new(e->x.arena, problem, "backend %.*s: %s", SLICE_ARG(p->f.backend->id), why);
    if (answer_untouched(e)) {
        tally(p, tally_of(problem));
        answer_reopen(e);
        p->f.failed(&e->x, err);
        return;
    }
    tally(p, TALLY_CUT);
    LOG_PLAIN(LOG_LEVEL_WARN, "backend-answer-cut", "A backend's answer broke off half way.", err);
    answer_abort(e);
}

static void on_soon(struct loop_later *w)
{
    struct passage *p = (struct passage *)(void *)((char *)w - offsetof(struct passage, soon));
    passage_fail(p, p->soon_problem, p->soon_why);
}

static void fail_soon(struct passage *p, enum problem problem, const char *why)
{
    p->soon_problem = problem;
    p->soon_why = why;
    p->soon.run = on_soon;
    loop_later(p->e->x.loop, &p->soon);
}

void passage_lost(struct passage *p, const char *why)
{
    bool again = p->up->used && !p->retried && p->received == 0 && !p->upgrade && request_is_idempotent(p->f.method);
    if (!again) {
        passage_fail(p, PROBLEM_BACKEND_BROKEN, why);
        return;
    }
    upstream_close(TAKE(p->up));
    p->retried = true;
    tally(p, TALLY_RETRIES);
    connect_anew(p);
}

static void on_gone(struct exchange_int *e)
{
    passage_let_go(e->upstream);
}

static void on_arena_close(void *self)
{
    relay_close(self);
}

/* ---- a connection ---- */

static void on_dialled(void *self, h2o_socket_t *socket, const char *why)
{
    struct passage *p = self;
    p->dial = NULL;
    if (socket == NULL) {
        pool_unreserve(p->pool);
        passage_fail(p, PROBLEM_BACKEND_UNREACHABLE, why);
        return;
    }
    p->up = pool_add(p->pool, socket);
    relay_start(p);
}

static void connect_anew(struct passage *p)
{
    const struct backend *b = p->f.backend;
    if (!pool_reserve(p->pool, b->max_connections)) {
        fail_soon(p, PROBLEM_BACKEND_BUSY, "all connections that it may have, or that we may open, are at work");
        return;
    }
    const struct stream_target to = {
        .host = b->host, .port = b->port, .unix_path = b->unix_path, .tls = b->tls, .connect_ms = b->connect_ms};
    p->dial = dial_start(p->e->x.loop, &to, on_dialled, p);
}

void exchange_forward(struct exchange *x, const struct forward *f)
{
    struct exchange_int *e = exchange_int_of(x);
    if (e->state != ANSWER_OPEN) return;
    e->state = ANSWER_CHOSEN;
    struct passage *p = arena_new(x->arena, struct passage);
    p->e = e;
    p->f = *f;
    p->f.upgrade = p->upgrade = f->upgrade && f->backend->websockets && x->wants_upgrade;
    p->head = request_head(x->arena, &p->f);
    p->f.lines = (struct slice){0}; /* lent until now */
    p->pool = pool_of(e->worker->pools, f->backend);
    p->began_us = now_us();
    p->appetite = POOL_READ_FIRST;
    h2o_doublebuffer_init(&p->sending, &h2o_socket_buffer_prototype);
    h2o_buffer_init(&p->rest, &h2o_socket_buffer_prototype);
    arena_at_close(x->arena, on_arena_close, p);
    e->upstream = p;
    e->gone = on_gone;
    tally(p, TALLY_REQUESTS);
    p->up = pool_take(p->pool, p->upgrade || !request_is_idempotent(f->method));
    if (p->up != NULL)
        relay_start(p);
    else
        connect_anew(p);
}
