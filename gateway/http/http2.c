/* HTTP/2: libh2o reads the frames, we screen the requests (RFC 9113 8.2, 8.3) and hand them on as exchanges.
 *
 * One catch-all host and path, one handler. libh2o lets paths with blanks, empty methods and odd authorities through: all of it would
 * become text of an HTTP/1 request to a backend, so the same screen as for HTTP/1 stands here. What a stream holds in its pool
 * (headers, body) lives until the pool is cleared; our exchange ends in the pool's dispose hook, whoever ends the stream.
 *
 * Guard against streams opened only to be reset (CVE-2023-44487), or made to be reset by us (CVE-2025-8671): streams that end before
 * their answer began are counted per connection; above the limit the connection is cut, and what is still in its input is
 * parked at the price of a pointer. */
#include <sys/socket.h>

#include "http/connection_int.h"
#include "http/screen.h"
#include "http/server_int.h"

#include "base/now.h"

enum {
    HTTP2_RESET_WINDOW_MS = 10000,
    HTTP2_LIBRARY_IDLE_MS = 24 * 3600 * 1000, /* libh2o's own timer follows the wall clock: ours come first */
    HTTP2_FORM_BYTES = 4096,                  /* of a body that is never turned away, as in HTTP/1 */
    HTTP2_FIELD_COST = 4                      /* of a head: what ": " and CRLF would take in HTTP/1 */
};

/* libh2o fills in the name of its host where a request names none: one that the screen refuses. A `host` field it drops unseen, so there
 * is no second name that anybody could go by. */
#define HTTP2_NO_AUTHORITY "?"

struct http2_stream {
    h2o_generator_t generator; /* first */
    h2o_req_t *req;
    struct connection *connection;
    struct exchange_int *exchange; /* NULL: refused, parked or over */
    bool began, sent;              /* the answer; something of it */
    bool busy;                     /* libh2o has a piece that it did not send yet: nothing may follow */
    bool last;                     /* and none will */
    bool broken;                   /* to be reset as soon as it is not busy */
};

static struct worker *worker_of(const h2o_context_t *ctx)
{
    return (struct worker *)(uintptr_t)((const char *)ctx - offsetof(struct worker, h2o));
}

static struct slice slice_in(h2o_iovec_t v)
{
    return (struct slice){v.base, v.len};
}

/* ---- the answer ---- */

static void proceed(h2o_generator_t *g, h2o_req_t *req)
{
    struct http2_stream *s = (struct http2_stream *)(void *)g;
    if (s->busy) s->connection->pieces--;
    s->busy = false;
    s->connection->taken_ms = loop_now_ms(s->connection->worker->loop);
    if (s->broken)
        h2o_send(req, NULL, 0, H2O_SEND_STATE_ERROR);
    else if (s->exchange != NULL)
        answer_taken(s->exchange);
}

static void stop(h2o_generator_t *g, h2o_req_t *req)
{
    (void)g; /* the pool goes next, and on_dispose with it */
    (void)req;
}

static void add(h2o_req_t *req, const struct header *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(list[i].name, LIT("date"))) /* libh2o sends its own, always */
            continue;
        h2o_iovec_t name = h2o_strdup(&req->pool, list[i].name.at, list[i].name.len);
        h2o_iovec_t value = h2o_strdup(&req->pool, list[i].value.at, list[i].value.len);
        h2o_add_header_by_str(&req->pool, &req->res.headers, name.base, name.len, 1, NULL, value.base, value.len);
    }
}

static void start(struct exchange_int *e, int status, const struct header *headers, size_t count, uint64_t length)
{
    struct http2_stream *s = e->wire_self;
    s->req->res.status = status;
    s->req->res.reason = "";
    s->req->res.content_length = length == ANSWER_UNKNOWN || status == 204 ? SIZE_MAX : (size_t)length;
    add(s->req, headers, count);
    add(s->req, e->added, e->added_count);
    s->began = true;
    h2o_start_response(s->req, &s->generator);
}

static void body(struct exchange_int *e, struct slice bytes, bool last)
{
    struct http2_stream *s = e->wire_self;
    h2o_iovec_t piece = {(char *)(uintptr_t)bytes.at, bytes.len};
    if (s->connection->pieces++ == 0) s->connection->taken_ms = loop_now_ms(e->x.loop);
    s->sent = s->busy = true;
    s->last = last;
    e->bytes_out += bytes.len;
    e->delivered = last;
    h2o_send(s->req, &piece, bytes.len != 0, last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

/* Nothing to be seen of an answer but the reset: with no head yet libh2o needs one to send before it. While libh2o has a piece of the
 * answer, a further send would end the process, and after the last one so would any: then the reset waits, or is not needed. */
static void abort_stream(struct exchange_int *e)
{
    struct http2_stream *s = e->wire_self;
    if (s->busy || s->last) {
        s->broken = true;
        return;
    }
    if (!s->began) {
        s->req->res.status = 500;
        s->req->res.reason = "";
        s->began = true;
        h2o_start_response(s->req, &s->generator);
    }
    h2o_send(s->req, NULL, 0, H2O_SEND_STATE_ERROR);
}

static bool head_waits(const struct exchange_int *e)
{
    const struct http2_stream *s = e->wire_self;
    return !s->sent;
}

static const struct answer_wire http2_wire = {start, body, abort_stream, NULL, head_waits};

static void on_dispose(void *p)
{
    struct http2_stream *s = p;
    struct exchange_int *e = s->exchange;
    if (!s->began) s->connection->resets++;
    if (s->busy) s->connection->pieces--;
    s->connection->since_ms = loop_now_ms(s->connection->worker->loop); /* idle from here on */
    s->exchange = NULL;
    if (e != NULL) exchange_int_end(e);
}

/* ---- screening ---- */

static void refuse(struct http2_stream *s, enum problem problem, const char *why)
{
    struct connection *c = s->connection;
    const struct http_app *app = &c->worker->server->conf.app;
    int status = problem_status(problem);
    connection_refused(c, problem, status, why);
    struct slice text = app->refusal_body != NULL ? app->refusal_body(problem) : (struct slice){0};
    s->began = true;
    s->req->res.status = status;
    s->req->res.reason = "";
    s->req->res.content_length = text.len;
    h2o_add_header(&s->req->pool, &s->req->res.headers, H2O_TOKEN_CACHE_CONTROL, NULL, H2O_STRLIT("no-store"));
    h2o_send_inline(s->req, text.at, text.len);
}

static enum problem screen_fields(const h2o_req_t *req, const struct http_limits *limits, const char **ret_why)
{
    size_t bytes = req->input.method.len + req->input.path.len + req->input.authority.len;
    *ret_why = "too many headers";
    if (req->headers.size > limits->header_count) return PROBLEM_HEAD_TOO_LARGE;
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *h = &req->headers.entries[i];
        bytes += h->name->len + h->value.len + HTTP2_FIELD_COST;
        *ret_why = "header name";
        if (!screen_name(slice_in(*h->name))) return PROBLEM_BAD_REQUEST;
        *ret_why = "header value";
        if (!screen_value(slice_in(h->value))) return PROBLEM_BAD_REQUEST;
    }
    *ret_why = "head larger than the limit";
    return bytes > limits->head_bytes ? PROBLEM_HEAD_TOO_LARGE : PROBLEM_NONE;
}

static enum problem screen(const h2o_req_t *req, const struct http_limits *limits, const char **ret_why)
{
    *ret_why = "method";
    if (!screen_method(slice_in(req->input.method))) return PROBLEM_BAD_REQUEST;
    *ret_why = "target too long";
    if (req->input.path.len > limits->uri_bytes) return PROBLEM_URI_TOO_LONG;
    *ret_why = "target";
    if (!screen_target(slice_in(req->input.path))) return PROBLEM_BAD_REQUEST;
    *ret_why = "authority";
    if (!screen_authority(slice_in(req->input.authority))) return PROBLEM_BAD_REQUEST;
    *ret_why = "scheme";
    if (req->input.scheme != &H2O_URL_SCHEME_HTTPS) return PROBLEM_BAD_REQUEST;
    *ret_why = "body larger than the limit";
    if (req->entity.len > limits->body_bytes) return PROBLEM_BODY_TOO_LARGE;
    return screen_fields(req, limits, ret_why);
}

static struct slice lower_copy(struct arena *a, struct slice s)
{
    char *at = arena_bytes(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        at[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] | 0x20) : s.at[i];
    return (struct slice){at, s.len};
}

static void fill(struct exchange_int *e, const h2o_req_t *req)
{
    struct exchange *x = &e->x;
    struct header *headers = arena_array(x->arena, struct header, req->headers.size + 1);
    x->method = slice_in(req->input.method);
    x->target = slice_in(req->input.path);
    x->path = x->target;
    size_t query = slice_index(x->target, '?');
    if (query != SLICE_NONE) {
        x->path = slice_upto(x->target, query);
        x->query = slice_from(x->target, query + 1);
    }
    x->authority = lower_copy(x->arena, slice_in(req->input.authority));
    x->version = 20;
    for (size_t i = 0; i < req->headers.size; i++) {
        headers[i] = (struct header){slice_in(*req->headers.entries[i].name), slice_in(req->headers.entries[i].value)};
        e->bytes_in += headers[i].name.len + headers[i].value.len + HTTP2_FIELD_COST;
    }
    x->headers = headers;
    x->header_count = screen_headers(x->arena, headers, req->headers.size);
    x->body = slice_in(req->entity);
    x->began_us = now_us();
    e->bytes_in += x->method.len + x->target.len + x->body.len;
    e->head_request = slice_is(x->method, LIT("HEAD"));
}

/* true: this connection makes streams only to break them. */
static bool resetting(struct connection *c)
{
    int64_t now = loop_now_ms(c->worker->loop);
    if (c->doomed) return true;
    if (now - c->resets_since_ms > HTTP2_RESET_WINDOW_MS) {
        c->resets_since_ms = now;
        c->resets = 0;
    }
    if (c->resets < c->worker->limits.h2_resets) return false;
    connection_refused(c, PROBLEM_RATE_LIMITED, 0, "streams reset before their answer");
    c->doomed = true;
    shutdown(h2o_socket_get_fd(c->socket), SHUT_RDWR);
    return true;
}

static bool count_body(struct connection *c, struct exchange_int *e)
{
    struct server *s = c->worker->server;
    int64_t size = (int64_t)e->x.body.len;
    e->body_counted = e->x.body.len;
    c->upload_from += e->x.body.len;
    int64_t total = atomic_fetch_add_explicit(&s->body_bytes, size, memory_order_relaxed) + size;
    return size <= HTTP2_FORM_BYTES || total <= (int64_t)c->worker->limits.body_total_bytes;
}

static void reply_busy(struct connection *c, struct exchange_int *e)
{
    connection_refused(c, PROBLEM_BACKEND_BUSY, problem_status(PROBLEM_BACKEND_BUSY),
                       "too many bytes of bodies at the same time");
    exchange_reply(&e->x, problem_status(PROBLEM_BACKEND_BUSY), (struct slice){0});
}

static int on_req(h2o_handler_t *handler, h2o_req_t *req)
{
    struct worker *w = worker_of(req->conn->ctx);
    struct connection *c = connection_of(req->conn->callbacks->get_socket(req->conn));
    (void)handler;
    must(c != NULL);
    struct http2_stream *s = h2o_mem_alloc_shared(&req->pool, sizeof *s, on_dispose);
    *s = (struct http2_stream){
        .generator = {proceed, stop},
          .req = req, .connection = c
    };
    if (resetting(c)) /* parked: answered by the end of the connection */
        return 0;
    if (w->stopping) http2_stop(w);
    const char *why;
    enum problem p = screen(req, &w->limits, &why);
    if (p != PROBLEM_NONE) {
        refuse(s, p, why);
        return 0;
    }
    struct exchange_int *e = exchange_int_open(c, exchange_int_arena());
    e->wire = &http2_wire;
    e->wire_self = s;
    s->exchange = e;
    fill(e, req);
    if (!count_body(c, e))
        reply_busy(c, e);
    else
        c->listener->handle(&e->x);
    return 0;
}

/* ---- setting up, watching, stopping ---- */

/* One configuration for each worker: its fields are read while requests come, so no other thread may write them. */
void http2_setup(struct worker *w)
{
    h2o_config_init(&w->h2o_conf);
    w->h2o_conf.server_name = (h2o_iovec_t){NULL, 0};
    w->h2o_conf.http1.upgrade_to_http2 = 0; /* never cleartext HTTP/2; libh2o's HTTP/1 is not used at all */
    w->h2o_conf.http2.idle_timeout = HTTP2_LIBRARY_IDLE_MS;
    w->h2o_conf.http2.max_streams_for_priority = 16;
    http2_limits(w);
    h2o_hostconf_t *host =
        h2o_config_register_host(&w->h2o_conf, h2o_iovec_init(H2O_STRLIT(HTTP2_NO_AUTHORITY)), 65535);
    host->http2.push_preload = 0; /* a Link header of an application is no order to push */
    host->fallback_path.error_log.emit_request_errors = 0;
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    path->error_log.emit_request_errors = 0;
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_req;
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = on_req;
    h2o_context_init(&w->h2o, loop_h2o(w->loop), &w->h2o_conf);
    w->h2o_accept = (h2o_accept_ctx_t){.ctx = &w->h2o, .hosts = w->h2o_conf.hosts};
}

void http2_limits(struct worker *w)
{
    w->h2o_conf.max_request_entity_size = w->limits.body_bytes;
    w->h2o_conf.http2.max_concurrent_requests_per_connection = (size_t)w->limits.h2_streams;
}

void http2_open(struct connection *c)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    connection_phase(c, PHASE_HTTP2);
    h2o_http2_accept(&c->worker->h2o_accept, c->socket, now);
}

/* libh2o says GOAWAY once, to those who are there, and a second later once more, for good. Whose handshake ended after that would ask on
 * until it is cut in the middle: so each request that comes to a worker that stops, which only theirs do, begins it anew. */
void http2_stop(struct worker *w)
{
    if (h2o_timeout_is_linked(&w->h2o.http2._graceful_shutdown_timeout)) return;
    w->h2o.http2._graceful_shutdown_timeout.cb = NULL;
    h2o_context_request_shutdown(&w->h2o);
}

void http2_close(struct worker *w)
{
    /* the second GOAWAY waits there for a second; with no connection left there is nobody to send it to */
    if (h2o_timeout_is_linked(&w->h2o.http2._graceful_shutdown_timeout))
        h2o_timeout_unlink(&w->h2o.http2._graceful_shutdown_timeout);
    h2o_context_dispose(&w->h2o);
    h2o_config_dispose(&w->h2o_conf);
}
