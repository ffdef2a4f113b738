/* How an answer gets out: the rules that hold for HTTP/1 and HTTP/2 alike, before either puts it on its wire. See exchange_int.h. */
#include "http/connection_int.h"
#include "http/server_int.h"

#include "base/now.h"

static void taken_soon(struct loop_later *l)
{
    answer_taken((struct exchange_int *)(void *)((char *)l - offsetof(struct exchange_int, soon)));
}

void answer_start(struct exchange_int *e, int status, const struct header *headers, size_t count, uint64_t length)
{
    if (e->state > ANSWER_CHOSEN) return;
    must(status >= 200 && status <= 599);
    e->state = ANSWER_STARTED;
    e->status = status;
    e->length = length;
    e->bodiless = e->head_request || status == 204 || status == 304;
    e->wire->start(e, status, headers, count, length);
}

void answer_body(struct exchange_int *e, struct slice bytes, bool last, void (*taken)(void *self), void *self)
{
    if (e->state != ANSWER_STARTED) return;
    if (e->bodiless) bytes.len = 0;
    e->sent += bytes.len;
    bool known = e->length != ANSWER_UNKNOWN && !e->bodiless;
    if (known && (e->sent > e->length || (last && e->sent < e->length))) {
        /* what was announced and what comes disagree: the client must see a broken answer, not a whole one */
        answer_abort(e);
        return;
    }
    e->taken = taken;
    e->taken_self = self;
    if (last) e->state = ANSWER_LAST;
    if (bytes.len == 0 && !last && !e->wire->head_waits(e)) {
        e->soon.run = taken_soon;
        loop_later(e->worker->loop, &e->soon);
        return;
    }
    e->wire->body(e, bytes, last);
}

void answer_taken(struct exchange_int *e)
{
    void (*taken)(void *) = e->taken;
    e->taken = NULL;
    if (taken != NULL && e->state == ANSWER_STARTED) taken(e->taken_self);
}

void answer_abort(struct exchange_int *e)
{
    if (e->state == ANSWER_LAST || e->state == ANSWER_OVER) return;
    e->state = ANSWER_OVER;
    e->aborted = true;
    e->wire->abort(e);
}

void answer_reopen(struct exchange_int *e)
{
    if (e->state == ANSWER_CHOSEN) e->state = ANSWER_OPEN;
}

void answer_tunnel(struct exchange_int *e, const struct header *headers, size_t count,
                   void (*ready)(struct exchange_int *e, h2o_socket_t *client))
{
    if (e->state > ANSWER_CHOSEN) return;
    if (e->wire->tunnel == NULL || !e->x.wants_upgrade) {
        answer_abort(e);
        return;
    }
    e->state = ANSWER_TUNNEL;
    e->status = 101;
    e->wire->tunnel(e, headers, count, ready);
}

void answer_tunnel_end(struct exchange_int *e, uint64_t bytes_in, uint64_t bytes_out)
{
    if (e->state != ANSWER_TUNNEL) return;
    e->state = ANSWER_OVER;
    e->bytes_in += bytes_in;
    e->bytes_out += bytes_out;
    e->gone = NULL;
    connection_doom(e->connection);
}

/* ---- an exchange begins and ends ---- */

enum {
    /* head and what handlers make of it; bodies are not in the arena */
    EXCHANGE_BUDGET = 16 << 20
};

struct arena *exchange_int_arena(void)
{
    return arena_open(EXCHANGE_BUDGET);
}

struct exchange_int *exchange_int_open(struct connection *c, struct arena *a)
{
    struct exchange_int *e = arena_new(a, struct exchange_int);
    e->x.arena = a;
    e->x.loop = c->worker->loop;
    e->x.app = c->worker->app;
    e->x.listener = c->listener;
    e->x.tls = c->tls;
    e->x.tls_name = slice_of(c->tls_name);
    e->x.peer = c->peer;
    e->x.socket_peer = c->socket_peer;
    e->x.peer_unnamed = c->unnamed;
    e->worker = c->worker;
    e->connection = c;
    e->next = c->exchanges;
    e->previous = &c->exchanges;
    if (e->next != NULL) e->next->previous = &e->next;
    c->exchanges = e;
    atomic_fetch_add_explicit(&c->worker->server->requests, 1, memory_order_relaxed);
    return e;
}

static void hang_up(struct exchange_int *e)
{
    void (*gone)(struct exchange_int *) = e->gone;
    e->gone = NULL;
    if (gone != NULL) gone(e);
}

void exchange_int_end(struct exchange_int *e)
{
    struct server *s = e->worker->server;
    *e->previous = e->next;
    if (e->next != NULL) e->next->previous = e->previous;
    loop_later_cancel(e->worker->loop, &e->soon);
    if (e->status != 0 && e->status != 101 && !e->delivered) e->aborted = true;
    e->state = ANSWER_OVER;
    hang_up(e);
    struct exchange_end end = {
        .status = e->status,
        .bytes_in = e->bytes_in,
        .bytes_out = e->bytes_out,
        .duration_us = now_us() - e->x.began_us,
        .backend_us = e->backend_us,
        .backend_status = e->backend_status,
        .aborted = e->aborted,
    };
    if (s->conf.app.done != NULL) s->conf.app.done(&e->x, &end);
    atomic_fetch_sub_explicit(&s->requests, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&s->body_bytes, (int64_t)e->body_counted, memory_order_relaxed);
    arena_close(e->x.arena);
}

void exchange_int_cut(struct exchange_int *e)
{
    hang_up(e);
    e->state = ANSWER_OVER;
    e->aborted = true;
    e->wire->abort(e);
}
