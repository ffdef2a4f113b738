/* pool.c -- pools in a list (a worker has few backends), idle connections in a list per pool, the latest used first. */
#include "http/pool.h"

#include <errno.h>
#include <sys/socket.h>

#include "http/dial.h"
#include "http/server_int.h"

enum {
    POOLS_UNUSED_MS =
        600000, /* a pool without connections, ten minutes after its last request, was of an older configuration */
    KEEP_ALIVE_MARGIN_MS = 1000
};

struct pool {
    struct pool *next;
    struct pools *pools;
    struct slice key; /* behind the struct */
    struct upstream *idle;
    int idle_count, open; /* open: reserved, at work and idle */
    int64_t last_ms;
    struct backend_tally *tally;
};

struct pools {
    struct loop *loop;
    struct server *server;
    struct pool *first;
};

struct pools *pools_open(struct worker *w)
{
    struct pools *p = must_alloc(sizeof *p);
    p->loop = w->loop;
    p->server = w->server;
    return p;
}

void pools_close(struct pools *p)
{
    while (p->first != NULL) {
        struct pool *pool = p->first;
        while (pool->idle != NULL)
            upstream_close(pool->idle);
        p->first = pool->next;
        must(pool->open == 0); /* every exchange has ended before: worker_int.h */
        free(pool);
    }
    free(p);
}

static void forget_unused(struct pools *p)
{
    int64_t now = loop_now_ms(p->loop);
    for (struct pool **slot = &p->first; *slot != NULL;) {
        struct pool *pool = *slot;
        if (pool->open != 0 || now - pool->last_ms < POOLS_UNUSED_MS) {
            slot = &pool->next;
            continue;
        }
        *slot = pool->next;
        free(pool);
    }
}

static struct pool *pool_make(struct pools *p, const struct backend *b)
{
    forget_unused(p);
    struct pool *pool = must_alloc(sizeof *pool + b->pool_key.len + 1);
    char *key = (char *)(pool + 1);
    if (b->pool_key.len != 0) memcpy(key, b->pool_key.at, b->pool_key.len);
    pool->key = (struct slice){key, b->pool_key.len};
    pool->pools = p;
    pool->tally = backend_tally_of(b->id);
    pool->next = p->first;
    p->first = pool;
    return pool;
}

struct pool *pool_of(struct pools *p, const struct backend *b)
{
    struct pool *pool = p->first;
    while (pool != NULL && !slice_is(pool->key, b->pool_key))
        pool = pool->next;
    if (pool == NULL) pool = pool_make(p, b);
    pool->last_ms = loop_now_ms(p->loop);
    return pool;
}

struct backend_tally *pool_tally(const struct pool *p)
{
    return p->tally;
}

/* ---- the deadline of a connection ---- */

static void on_timer(struct loop_timer *t)
{
    struct upstream *u = (struct upstream *)(void *)((char *)t - offsetof(struct upstream, timer));
    int64_t now = loop_now_ms(u->loop);
    if (u->deadline_ms == INT64_MAX) return;
    if (now < u->deadline_ms) {
        loop_timer_set(u->loop, &u->timer, u->deadline_ms - now, on_timer);
        return;
    }
    if (u->idle)
        upstream_close(u);
    else
        u->late(u);
}

void upstream_deadline(struct upstream *u, int64_t in_ms)
{
    u->deadline_ms = loop_now_ms(u->loop) + in_ms;
    if (!loop_timer_is_set(&u->timer) || u->timer.at_ms > u->deadline_ms)
        loop_timer_set(u->loop, &u->timer, in_ms, on_timer);
}

void upstream_no_deadline(struct upstream *u)
{
    u->deadline_ms = INT64_MAX;
}

/* ---- idle or at work ---- */

static void unlink_idle(struct upstream *u)
{
    *u->previous = u->next;
    if (u->next != NULL) u->next->previous = u->previous;
    u->idle = false;
    u->pool->idle_count--;
    backend_tally_add(u->pool->tally, TALLY_IDLE, -1);
}

void upstream_close(struct upstream *u)
{
    if (u->idle) unlink_idle(u);
    loop_timer_stop(u->loop, &u->timer);
    dial_hang_up(u->socket);
    pool_unreserve(u->pool);
    free(u);
}

/* Nobody is asking, so whatever comes is the end: a close, or bytes that would become somebody else's answer. TLS has something
 * to say to itself now and then. */
static void on_idle_event(h2o_socket_t *socket, const char *err)
{
    if (socket->ssl != NULL && err == NULL && socket->input->size == 0) return;
    upstream_close(socket->data);
}

struct upstream *pool_take(struct pool *p, bool fresh)
{
    struct upstream *u = p->idle;
    if (u == NULL || (fresh && loop_now_ms(u->loop) - u->idle_since_ms > POOL_FRESH_MS)) return NULL;
    unlink_idle(u);
    return u;
}

static bool has_room(const struct pool *p, int max_connections)
{
    struct server *s = p->pools->server;
    return (max_connections <= 0 || p->open < max_connections) &&
           atomic_load_explicit(&s->upstreams, memory_order_relaxed) < s->max_upstreams;
}

bool pool_reserve(struct pool *p, int max_connections)
{
    /* one that waits may make room: it is there, but not fresh enough for the one who asks */
    if (!has_room(p, max_connections) && p->idle != NULL) upstream_close(p->idle);
    if (!has_room(p, max_connections)) return false;
    p->open++;
    atomic_fetch_add_explicit(&p->pools->server->upstreams, 1, memory_order_relaxed);
    backend_tally_add(p->tally, TALLY_CONNECTIONS, 1);
    return true;
}

void pool_unreserve(struct pool *p)
{
    p->open--;
    atomic_fetch_sub_explicit(&p->pools->server->upstreams, 1, memory_order_relaxed);
    backend_tally_add(p->tally, TALLY_CONNECTIONS, -1);
}

struct upstream *pool_add(struct pool *p, h2o_socket_t *socket)
{
    struct upstream *u = must_alloc(sizeof *u);
    u->pool = p;
    u->loop = p->pools->loop;
    u->socket = socket;
    u->deadline_ms = INT64_MAX;
    socket->data = u;
    /* read here, within bounds, rather than by libh2o until nothing is left */
    h2o_socket_dont_read(socket, socket->ssl == NULL);
    backend_tally_add(p->tally, TALLY_CONNECTED, 1);
    return u;
}

static int64_t idle_ms_for(int keep_alive_s)
{
    int64_t ms = POOL_IDLE_MS;
    if (keep_alive_s > 0 && keep_alive_s * INT64_C(1000) - KEEP_ALIVE_MARGIN_MS < ms)
        ms = keep_alive_s * INT64_C(1000) - KEEP_ALIVE_MARGIN_MS;
    return ms;
}

void pool_give(struct upstream *u, int keep, int keep_alive_s)
{
    struct pool *p = u->pool;
    int64_t idle_ms = idle_ms_for(keep_alive_s);
    if (p->idle_count >= keep || u->socket->input->size != 0 || h2o_socket_is_writing(u->socket) || idle_ms <= 0) {
        upstream_close(u);
        return;
    }
    u->self = NULL;
    u->late = NULL;
    u->used = true;
    u->idle = true;
    u->idle_since_ms = loop_now_ms(u->loop);
    u->next = p->idle;
    u->previous = &p->idle;
    if (u->next != NULL) u->next->previous = &u->next;
    p->idle = u;
    p->idle_count++;
    backend_tally_add(p->tally, TALLY_IDLE, 1);
    upstream_deadline(u, idle_ms);
    h2o_socket_read_start(u->socket, on_idle_event);
}

/* ---- reading ---- */

size_t upstream_send(h2o_socket_t *socket, struct slice bytes)
{
    if (socket->ssl != NULL) return 0;
    ssize_t n = send(h2o_socket_get_fd(socket), bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}

static enum upstream_read read_tls(h2o_socket_t *socket, const char *err, size_t *ret_fresh)
{
    if (err == h2o_socket_error_closed) return UPSTREAM_END;
    if (err != NULL) return UPSTREAM_BROKEN;
    *ret_fresh = socket->bytes_read;
    return socket->bytes_read != 0 ? UPSTREAM_BYTES : UPSTREAM_NOTHING;
}

enum upstream_read upstream_read(h2o_socket_t *socket, const char *err, size_t want, size_t *ret_fresh)
{
    if (socket->ssl != NULL) return read_tls(socket, err, ret_fresh);
    h2o_iovec_t room = h2o_buffer_reserve(&socket->input, want);
    if (room.base == NULL) return UPSTREAM_BROKEN;
    ssize_t n;
    do
        n = recv(h2o_socket_get_fd(socket), room.base, want, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0) return errno == EAGAIN ? UPSTREAM_NOTHING : UPSTREAM_BROKEN;
    if (n == 0) return UPSTREAM_END;
    socket->input->size += (size_t)n;
    *ret_fresh = (size_t)n;
    return UPSTREAM_BYTES;
}
