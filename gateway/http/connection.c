/* The life of a connection's record, and the clocks of its phases.
 *
 * Everything ends one way: doom -> (end of the turn) exchanges end -> libh2o closes the socket -> on_close frees the record. libh2o may also
 * close by itself (HTTP/2, failed handshakes); then only the last step happens, its streams having ended before. */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "http/connection_int.h"
#include "http/server_int.h"

#include "base/now.h"

enum {
    CONNECTION_CLOSING_MS = 2000, /* for close_notify to leave and the peer's to come */
    CONNECTION_LINGER_MS = 2000,
    CONNECTION_LAST_MS =
        500, /* while we stop: for the request that a connection was opened for, or whose first bytes have come */
    CONNECTION_LAST_HTTP2_MS = 2000, /* more than the second between libh2o's two words of farewell */
    CONNECTION_HOLDS_MUCH = 64 << 10,
    CONNECTION_CROWDED_MS = 5000,
    CONNECTION_CROWDED_BYTES_MS = 16, /* 16 kB a second: a poor telephone line does better */
    CONNECTION_WINDOW_BYTES =
        512 /* a body must bring so much per body_idle_ms: a trickle of single bytes is no upload */
};

static void on_close(void *data)
{
    struct connection *c = data;
    struct worker *w = c->worker;
    loop_later_cancel(w->loop, &c->end);
    loop_timer_stop(w->loop, &c->turn);
    while (c->exchanges != NULL)
        exchange_int_end(c->exchanges);
    http1_closed(c);
    *c->previous = c->next;
    if (c->next != NULL) c->next->previous = c->previous;
    if (c->counted) addresses_remove(w->server->addresses, &c->peer);
    if (c->tls_begun != NULL) tls_drop(c->tls_begun);
    free(c->tls_name);
    free(c);
    atomic_fetch_sub(&w->server->connections, 1);
}

static void end(struct loop_later *l)
{
    struct connection *c = (struct connection *)(void *)((char *)l - offsetof(struct connection, end));
    if (c->phase == PHASE_HTTP2) {
        /* libh2o owns the socket: it meets the end of the stream, lets go of its pieces of our answers, ends each stream (and our
         * exchange with it) and closes */
        shutdown(h2o_socket_get_fd(c->socket), SHUT_RDWR);
        return;
    }
    while (c->exchanges != NULL)
        exchange_int_end(c->exchanges);
    connection_phase(c, PHASE_CLOSING);
    h2o_socket_close(c->socket);
}

struct connection *connection_open(struct worker *w, struct listening *from, h2o_socket_t *socket)
{
    struct connection *c = must_alloc(sizeof *c);
    c->worker = w;
    c->listening = from;
    c->listener = from->listener;
    c->socket = socket;
    c->end.run = end;
    c->next = w->connections;
    c->previous = &w->connections;
    if (c->next != NULL) c->next->previous = &c->next;
    w->connections = c;
    socket->data = c;
    socket->on_close.cb = on_close;
    socket->on_close.data = c;
    connection_phase(c, PHASE_HANDSHAKE);
    return c;
}

struct connection *connection_of(h2o_socket_t *socket)
{
    return socket != NULL && socket->on_close.cb == on_close ? socket->on_close.data : NULL;
}

void connection_phase(struct connection *c, enum connection_phase phase)
{
    c->phase = phase;
    c->since_ms = loop_now_ms(c->worker->loop);
    c->progress_ms = c->since_ms;
    c->progress_bytes = 0;
}

bool connection_count(struct connection *c)
{
    const struct server_conf *conf = &c->worker->server->conf;
    int most = c->worker->limits.max_connections_per_address;
    if (most == 0 || !c->peer.is_ip || networks_have(conf->trusted, conf->trusted_count, &c->peer)) return true;
    c->counted = addresses_add(c->worker->server->addresses, &c->peer, most);
    return c->counted;
}

void connection_doom(struct connection *c)
{
    if (c->doomed) return;
    c->doomed = true;
    if (c->phase != PHASE_HTTP2 && c->phase != PHASE_HANDSHAKE) h2o_socket_read_stop(c->socket);
    loop_later(c->worker->loop, &c->end);
}

void connection_refused(struct connection *c, enum problem problem, int status, const char *why)
{
    const struct http_app *app = &c->worker->server->conf.app;
    atomic_fetch_add_explicit(&c->worker->server->refused, 1, memory_order_relaxed);
    if (app->refused != NULL) app->refused(c->worker->app, c->listener, &c->peer, problem, status, why);
}

static void overdue(struct connection *c, enum problem problem, const char *why)
{
    if (why != NULL) connection_refused(c, problem, 0, why);
    connection_doom(c);
}

/* Bodies of HTTP/2 gather inside libh2o: all that comes is counted there. */
uint64_t connection_received(const struct connection *c)
{
    return c->phase == PHASE_HTTP2 ? c->received : c->http1.body_len;
}

/* Bodies take most of what they may take together: who holds much of it and brings little is in the way of all others. */
static bool in_the_way(const struct connection *c)
{
    const struct server *s = c->worker->server;
    int64_t all = atomic_load_explicit(&s->body_bytes, memory_order_relaxed) +
                  atomic_load_explicit(&s->upload_bytes, memory_order_relaxed);
    return c->phase == PHASE_BODY && c->http1.body_len > CONNECTION_HOLDS_MUCH &&
           all > (int64_t)(c->worker->limits.body_total_bytes / 4 * 3);
}

static void sweep_body(struct connection *c, int64_t now)
{
    int64_t window = c->worker->limits.body_idle_ms;
    uint64_t least = CONNECTION_WINDOW_BYTES;
    if (in_the_way(c)) {
        window = window < CONNECTION_CROWDED_MS ? window : CONNECTION_CROWDED_MS;
        least = (uint64_t)window * CONNECTION_CROWDED_BYTES_MS;
    }
    if (now - c->progress_ms < window) return;
    uint64_t have = connection_received(c), moved = have - c->progress_bytes;
    c->progress_bytes = have;
    c->progress_ms = now;
    if (moved < least) overdue(c, PROBLEM_BAD_REQUEST, "body too slow");
}

/* PING keeps nothing alive: only requests do, bodies that come at a decent pace, and answers of which at least one is being taken: a
 * window that never opens would hold a backend's connection for every stream. */
static void sweep_http2(struct connection *c, int64_t now)
{
    if (c->pieces != 0 && now - c->taken_ms > c->worker->limits.write_ms) {
        overdue(c, PROBLEM_NONE, NULL);
        return;
    }
    if (c->uploads != 0) {
        c->since_ms = now;
        sweep_body(c, now);
        return;
    }
    c->progress_ms = now;
    if (c->exchanges != NULL)
        c->since_ms = now;
    else if (now - c->since_ms > (c->worker->stopping ? CONNECTION_LAST_HTTP2_MS : c->worker->limits.idle_ms))
        overdue(c, PROBLEM_NONE, NULL);
}

/* TCP_USER_TIMEOUT ends a TCP client that takes nothing. Unix sockets have no such clock: what is under way must move. */
static void sweep_answer(struct connection *c, int64_t now)
{
    int waiting = 0;
    const struct http1 *h = &c->http1;
    if (!h->writing || c->socket_peer.is_ip || ioctl(h2o_socket_get_fd(c->socket), TIOCOUTQ, &waiting) != 0) {
        c->progress_ms = now;
        return;
    }
    uint64_t taken = (h->exchange != NULL ? h->exchange->bytes_out : 0) - (uint64_t)waiting;
    if (taken != c->progress_bytes)
        c->progress_ms = now;
    else if (now - c->progress_ms > c->worker->limits.write_ms)
        overdue(c, PROBLEM_NONE, NULL);
    c->progress_bytes = taken;
}

static void sweep_exchanges(struct connection *c, int64_t now_us_)
{
    int64_t most = (int64_t)c->worker->limits.request_ms * 1000;
    for (struct exchange_int *e = c->exchanges, *next; most != 0 && e != NULL; e = next) {
        next = e->next;
        if (e->state != ANSWER_TUNNEL && e->state != ANSWER_OVER && now_us_ - e->x.began_us > most) exchange_int_cut(e);
    }
}

static int64_t idle_ms_of(const struct connection *c)
{
    const struct http_limits *limits = &c->worker->limits;
    if (c->worker->stopping) return CONNECTION_LAST_MS;
    return c->http1.served ? limits->idle_ms : limits->header_ms;
}

static void sweep_one(struct connection *c, int64_t now, int64_t now_us_)
{
    const struct http_limits *limits = &c->worker->limits;
    int64_t age = now - c->since_ms;
    switch (c->phase) {
    case PHASE_PROXY_LINE:
    case PHASE_HANDSHAKE:
        if (age > limits->handshake_ms) overdue(c, PROBLEM_BAD_REQUEST, "handshake too slow");
        break;
    case PHASE_IDLE: /* a new connection that says nothing is a head that does not come */
        if (age > idle_ms_of(c)) overdue(c, PROBLEM_NONE, NULL);
        break;
    case PHASE_HEAD:
        if (age > limits->header_ms) overdue(c, PROBLEM_BAD_REQUEST, "head too slow");
        break;
    case PHASE_BODY: sweep_body(c, now); break;
    case PHASE_HTTP2: sweep_http2(c, now); break;
    case PHASE_LINGER:
        if (age > CONNECTION_LINGER_MS) connection_doom(c);
        break;
    case PHASE_CLOSING:
        if (age > CONNECTION_CLOSING_MS) shutdown(h2o_socket_get_fd(c->socket), SHUT_RDWR);
        break;
    case PHASE_ANSWER: sweep_answer(c, now); break;
    case PHASE_TUNNEL: break;
    }
    sweep_exchanges(c, now_us_);
}

void connection_sweep(struct worker *w)
{
    http2_sweep(w);
    int64_t now = loop_now_ms(w->loop), us = now_us();
    for (struct connection *c = w->connections, *next; c != NULL; c = next) {
        next = c->next; /* nothing is freed before the end of the turn, but by libh2o in its own */
        if (!c->doomed || c->phase == PHASE_CLOSING) sweep_one(c, now, us);
    }
}

/* Nobody loses a request by its end: it has had one, and nothing of another has come, not even to the kernel. A connection that is new was
 * opened to ask something; the sweep comes for it, and for one whose bytes are no request. */
static bool may_go(const struct connection *c)
{
    int waiting = 0;
    if (c->phase != PHASE_IDLE || !c->http1.served || c->socket->input->size != 0) return false;
    return ioctl(h2o_socket_get_fd(c->socket), FIONREAD, &waiting) != 0 || waiting == 0;
}

int connection_stop(struct worker *w, bool force)
{
    int cut = 0;
    for (struct connection *c = w->connections; c != NULL; c = c->next) {
        if (!force && !may_go(c)) continue;
        for (struct exchange_int *e = c->exchanges; e != NULL; e = e->next)
            cut++;
        if (c->phase == PHASE_CLOSING) shutdown(h2o_socket_get_fd(c->socket), SHUT_RDWR);
        connection_doom(c);
    }
    return cut;
}
