/* HTTP/1 connections: bytes come in, requests come out, one at a time.
 *
 *     IDLE ─ first byte ─ HEAD ─ empty line ─ BODY ─ last byte ─ ANSWER ─ last byte taken ─ IDLE ...
 *
 * libh2o gives the socket and the TLS; the reading is ours, because its HTTP/1 joins, repairs and forgives (two Content-Length, bare line
 * feeds, folded lines, "5g" as a chunk size) and hides the evidence from its handlers. Limits hold while bytes arrive, not after.
 *
 * The head is copied into the exchange's arena, the body into memory of its own; nothing points into the socket's input. So the socket stays
 * registered for reading while the answer is made: a client that goes is noticed at once, and a warm request costs one read and one
 * write here and no epoll_ctl. What a client sends ahead waits in the input, up to a limit; then reading stops until its turn. */
#include <stdio.h>
#include <sys/socket.h>

#include "http/http1_int.h"
#include "http/server_int.h"

#include "base/now.h"

enum {
    HTTP1_AHEAD_BYTES = 65536, /* of requests sent before the answer to the last one */
    HTTP1_BODY_START = 4096,
    HTTP1_LINGER_BYTES = 1 << 20, /* thrown away after a refusal before we hang up */
    HTTP1_REQUESTS_AT_ONCE = 32   /* answered from one piece of input before other connections get a turn */
};

static void on_read(h2o_socket_t *socket, const char *error);
static void feed(struct connection *c);

void http1_read_on(struct connection *c, bool on)
{
    if (c->http1.reading == on || c->doomed) return;
    c->http1.reading = on;
    if (on)
        h2o_socket_read_start(c->socket, on_read);
    else
        h2o_socket_read_stop(c->socket);
}

static void forget_request(struct http1 *h, struct server *s)
{
    atomic_fetch_sub_explicit(&s->body_bytes, (int64_t)h->body_len, memory_order_relaxed);
    free(h->body);
    arena_close(h->arena);
    h->arena = NULL;
    h->body = NULL;
    h->body_len = h->body_room = h->scanned = h->head_bytes = h->out_len = 0;
    h->body_left = 0;
    h->body_done = h->last = h->chunked = false;
    h->chunks = (struct http1_chunks){0};
}

void http1_closed(struct connection *c)
{
    forget_request(&c->http1, c->worker->server);
}

/* ---- the request is whole ---- */

static void fill(struct exchange_int *e, struct http1 *h)
{
    struct exchange *x = &e->x;
    x->method = h->head.method;
    x->target = h->head.target;
    x->path = x->target;
    size_t query = slice_index(x->target, '?');
    if (query != SLICE_NONE) {
        x->path = slice_upto(x->target, query);
        x->query = slice_from(x->target, query + 1);
    }
    x->authority = h->head.authority;
    x->version = h->head.minor == 1 ? 11 : 10;
    x->headers = h->head.headers;
    x->header_count = h->head.header_count;
    x->body = (struct slice){h->body, h->body_len};
    x->wants_upgrade = h->head.wants_upgrade;
    x->began_us = h->began_us;
    e->head_request = slice_is(x->method, LIT("HEAD"));
    e->bytes_in = h->head_bytes + h->body_len;
}

static void dispatch(struct connection *c)
{
    struct http1 *h = &c->http1;
    if (h->writing) /* "100 Continue" has not left yet; http1_written comes back here */
        return;
    struct exchange_int *e = exchange_int_open(c, TAKE(h->arena));
    e->wire = &http1_wire;
    fill(e, h);
    h->exchange = e;
    h->keep_alive = h->head.keep_alive && !c->worker->stopping;
    h->served = true;
    connection_phase(c, PHASE_ANSWER);
    c->listener->handle(&e->x);
}

/* ---- bodies ---- */

static bool keep_bytes(struct connection *c, struct slice bytes)
{
    struct http1 *h = &c->http1;
    struct server *s = c->worker->server;
    if (h->body_len + bytes.len > c->worker->limits.body_bytes) {
        http1_refuse(c, PROBLEM_BODY_TOO_LARGE, "body larger than the limit");
        return false;
    }
    int64_t total = atomic_fetch_add_explicit(&s->body_bytes, (int64_t)bytes.len, memory_order_relaxed);
    /* a form is no upload: what the first piece of memory holds is never turned away */
    if (total + (int64_t)bytes.len > (int64_t)c->worker->limits.body_total_bytes &&
        h->body_len + bytes.len > HTTP1_BODY_START) {
        atomic_fetch_sub_explicit(&s->body_bytes, (int64_t)bytes.len, memory_order_relaxed);
        http1_refuse(c, PROBLEM_BACKEND_BUSY, "too many bytes of bodies at the same time");
        return false;
    }
    if (h->body_len + bytes.len > h->body_room) {
        size_t room = h->body_room != 0 ? h->body_room : HTTP1_BODY_START;
        while (room < h->body_len + bytes.len)
            room *= 2;
        h->body = must_realloc(h->body, room);
        h->body_room = room;
    }
    memcpy(h->body + h->body_len, bytes.at, bytes.len);
    h->body_len += bytes.len;
    return true;
}

static void body_complete(struct connection *c)
{
    c->http1.body_done = true;
    dispatch(c);
}

static void feed_length(struct connection *c)
{
    struct http1 *h = &c->http1;
    h2o_buffer_t *in = c->socket->input;
    size_t take = in->size < h->body_left ? in->size : (size_t)h->body_left;
    if (take != 0 && !keep_bytes(c, (struct slice){in->bytes, take})) return;
    h->body_left -= take;
    h2o_buffer_consume(&c->socket->input, take);
    if (h->body_left == 0) body_complete(c);
}

static void feed_chunks(struct connection *c)
{
    struct http1 *h = &c->http1;
    struct slice bytes = {c->socket->input->bytes, c->socket->input->size}, data;
    enum http1_chunked got;
    while ((got = http1_chunks_read(&h->chunks, &bytes, &data)) == HTTP1_CHUNK_DATA)
        if (!keep_bytes(c, data)) return;
    h2o_buffer_consume(&c->socket->input, c->socket->input->size - bytes.len);
    if (got == HTTP1_CHUNK_BAD)
        http1_refuse(c, PROBLEM_BAD_REQUEST, "chunked body");
    else if (got == HTTP1_CHUNK_DONE)
        body_complete(c);
}

static void on_continue_written(h2o_socket_t *socket, const char *error)
{
    struct connection *c = socket->on_close.data;
    c->http1.writing = false;
    if (error != NULL)
        connection_doom(c);
    else if (c->phase == PHASE_BODY && c->http1.body_done)
        dispatch(c);
}

static void begin_body(struct connection *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http1 *h = &c->http1;
    if (h->head.framing == HTTP1_LENGTH && h->head.length > c->worker->limits.body_bytes) {
        http1_refuse(c, PROBLEM_BODY_TOO_LARGE, "content-length above the limit");
        return;
    }
    connection_phase(c, PHASE_BODY);
    h->body_left = h->head.length;
    bool empty = h->head.framing != HTTP1_CHUNKED && h->body_left == 0;
    if (empty)
        body_complete(c);
    else if (h->head.expects_continue && c->socket->input->size == 0) {
        h->writing = true;
        h2o_iovec_t piece = {(char *)(uintptr_t)text, sizeof text - 1};
        h2o_socket_write(c->socket, &piece, 1, on_continue_written);
    }
}

/* ---- heads ---- */

/* Where the head ends (behind its empty line), 0: not yet here, -1: a line ends in a bare LF. Starts where it left off. */
static ptrdiff_t head_end(struct http1 *h, const h2o_buffer_t *in)
{
    const char *at = in->bytes, *end = at + in->size, *lf = at + h->scanned;
    while (lf < end && (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL) {
        if (lf == at || lf[-1] != '\r') return -1;
        if (lf - at >= 3 && lf[-2] == '\n') return lf + 1 - at;
        lf++;
        h->scanned = (size_t)(lf - at);
    }
    h->scanned = in->size;
    return 0;
}

/* Too long already? Decided by what stands there, so that a slow giant is refused early. */
static enum problem head_size(const struct connection *c, size_t have)
{
    const struct http_limits *limits = &c->worker->limits;
    const h2o_buffer_t *in = c->socket->input;
    /* "GET " and " HTTP/1.1" around it */
    if (in->size > limits->uri_bytes + 64 && memchr(in->bytes, '\n', limits->uri_bytes + 64) == NULL)
        return PROBLEM_URI_TOO_LONG;
    return have > limits->head_bytes ? PROBLEM_HEAD_TOO_LARGE : PROBLEM_NONE;
}

static void take_head(struct connection *c, size_t len)
{
    struct http1 *h = &c->http1;
    const char *why;
    h->arena = exchange_int_arena();
    char *text = arena_bytes(h->arena, len);
    memcpy(text, c->socket->input->bytes, len);
    h2o_buffer_consume(&c->socket->input, len);
    h->head_bytes = len;
    h->scanned = 0;
    enum problem p = http1_head_read(h->arena, text, len, &c->worker->limits, &h->head, &why);
    if (p != PROBLEM_NONE)
        http1_refuse(c, p, why);
    else
        begin_body(c);
}

static void feed_head(struct connection *c)
{
    ptrdiff_t end = head_end(&c->http1, c->socket->input);
    if (end < 0) {
        http1_refuse(c, PROBLEM_BAD_REQUEST, "bare line feed");
        return;
    }
    enum problem p = head_size(c, end != 0 ? (size_t)end : c->socket->input->size);
    if (p != PROBLEM_NONE)
        http1_refuse(c, p, "head larger than the limit");
    else if (end != 0)
        take_head(c, (size_t)end);
    else
        c->http1.more_to_come = true;
}

/* One empty line before a request is forgiven (RFC 9112 2.2), no more. */
static void feed_idle(struct connection *c)
{
    h2o_buffer_t *in = c->socket->input;
    if (in->bytes[0] == '\r' && in->size == 1) {
        c->http1.more_to_come = true;
        return;
    }
    if (in->bytes[0] == '\r' && in->bytes[1] == '\n') h2o_buffer_consume(&c->socket->input, 2);
    c->http1.began_us = now_us();
    connection_phase(c, PHASE_HEAD);
}

static void feed(struct connection *c)
{
    struct http1 *h = &c->http1;
    h->more_to_come = false;
    while (c->socket->input->size != 0 && !c->doomed && !h->more_to_come) {
        if (c->phase == PHASE_IDLE)
            feed_idle(c);
        else if (c->phase == PHASE_HEAD)
            feed_head(c);
        else if (c->phase != PHASE_BODY || h->body_done)
            break;
        else if (h->head.framing == HTTP1_CHUNKED)
            feed_chunks(c);
        else
            feed_length(c);
    }
    /* what is sent ahead waits; more than enough of it waits in the kernel */
    bool ahead = c->phase == PHASE_ANSWER || (c->phase == PHASE_BODY && h->body_done);
    if (c->phase >= PHASE_IDLE && c->phase <= PHASE_ANSWER)
        http1_read_on(c, !ahead || c->socket->input->size <= HTTP1_AHEAD_BYTES);
}

static void on_turn(struct loop_timer *t)
{
    struct connection *c = (struct connection *)(void *)((char *)t - offsetof(struct connection, turn));
    c->http1.at_once = 0;
    if (!c->doomed && c->phase == PHASE_IDLE) feed(c);
}

/* One read may bring a hundred thousand small requests: after a few of them all others of this worker have their turn. */
static bool others_first(struct connection *c)
{
    if (c->socket->input->size == 0 || ++c->http1.at_once < HTTP1_REQUESTS_AT_ONCE) return false;
    if (c->socket->input->size > HTTP1_AHEAD_BYTES) http1_read_on(c, false);
    loop_timer_set(c->worker->loop, &c->turn, 0, on_turn);
    return true;
}

static void on_read(h2o_socket_t *socket, const char *error)
{
    struct connection *c = socket->on_close.data;
    c->http1.at_once = 0;
    if (error != NULL) {
        connection_doom(c);
    } else if (c->phase == PHASE_LINGER) {
        c->progress_bytes += socket->input->size;
        h2o_buffer_consume(&socket->input, socket->input->size);
        if (c->progress_bytes > HTTP1_LINGER_BYTES) connection_doom(c);
    } else {
        feed(c);
    }
}

/* ---- the answer is out ---- */

static void next_request(struct connection *c)
{
    struct http1 *h = &c->http1;
    forget_request(h, c->worker->server);
    if (!h->keep_alive) {
        connection_doom(c);
        return;
    }
    connection_phase(c, PHASE_IDLE);
    if (c->socket->input->size == 0) { /* an idle connection holds no buffer */
        h2o_buffer_dispose(&c->socket->input);
        h2o_buffer_init(&c->socket->input, &h2o_socket_buffer_prototype);
    }
    if (!others_first(c)) feed(c);
}

static void end_exchange(struct connection *c)
{
    struct exchange_int *e = c->http1.exchange;
    e->delivered = true;
    c->http1.exchange = NULL;
    exchange_int_end(e);
    next_request(c);
}

static void finish_later(struct loop_later *l)
{
    struct exchange_int *e = (struct exchange_int *)(void *)((char *)l - offsetof(struct exchange_int, soon));
    end_exchange(e->connection);
}

void http1_finish(struct connection *c)
{
    struct exchange_int *e = c->http1.exchange;
    e->soon.run = finish_later;
    loop_later(c->worker->loop, &e->soon);
}

static void tunnel_ready(struct connection *c)
{
    struct exchange_int *e = c->http1.exchange;
    http1_read_on(c, false);
    c->http1.exchange = NULL;
    connection_phase(c, PHASE_TUNNEL);
    c->http1.tunnel_ready(e, c->socket);
}

void http1_written(h2o_socket_t *socket, const char *error)
{
    struct connection *c = socket->on_close.data;
    struct exchange_int *e = c->http1.exchange;
    c->http1.writing = false;
    if (c->doomed) return;
    if (error != NULL)
        connection_doom(c);
    else if (e->state == ANSWER_TUNNEL)
        tunnel_ready(c);
    else if (c->http1.last)
        end_exchange(c);
    else
        answer_taken(e);
}

void http1_open(struct connection *c)
{
    connection_phase(c, PHASE_IDLE);
    http1_read_on(c, true);
    feed(c);
}
