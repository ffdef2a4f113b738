/* What HTTP/2 bodies take while they come.
 *
 * libh2o gathers them by itself, up to a hundred of a connection's at once, and asks nobody before each is complete. So they are added up from
 * outside: the TLS records of a connection are counted as OpenSSL opens them, and each time a worker has taken in a few megabytes, and
 * once in every sweep, what is held is compared with the process's limit: above it the connections that hold most go. A look once a second
 * would be too late: in a second a fast client sends gigabytes. */
#include <sys/socket.h>

#include "http/connection_int.h"
#include "http/server_int.h"

enum {
    UPLOADS_LOOKS = 64, /* a look for so small a part of the limit, but */
    UPLOADS_LOOK_MOST = 4 << 20,
    UPLOADS_LOOK_LEAST = 256 << 10 /* not for every request */
};

static int count_upload(h2o_req_t *req, void *unused)
{
    struct connection *c = connection_of(req->conn->callbacks->get_socket(req->conn));
    (void)unused;
    bool began = req->timestamps.request_begin_at.tv_sec != 0; /* others only carry a priority */
    if (c != NULL && began && req->processed_at.at.tv_sec == 0) c->uploads++;
    return 0;
}

/* What of bodies that are still coming libh2o holds for this connection: what was received since there were none, less what was handed to
 * us whole; never more than each may have. */
static size_t upload_bytes(struct connection *c)
{
    if (c->uploads == 0) {
        c->upload_from = c->received;
        return 0;
    }
    uint64_t held = c->received > c->upload_from ? c->received - c->upload_from : 0;
    uint64_t most = (uint64_t)c->uploads * c->worker->limits.body_bytes;
    return (size_t)(held < most ? held : most);
}

static size_t add_up(struct worker *w, struct connection **ret_most, size_t *ret_held)
{
    size_t all = 0;
    *ret_most = NULL;
    *ret_held = 0;
    for (struct connection *c = w->connections; c != NULL; c = c->next) {
        if (c->phase != PHASE_HTTP2 || c->doomed) continue;
        size_t held = upload_bytes(c);
        all += held;
        if (held <= *ret_held) continue;
        *ret_most = c;
        *ret_held = held;
    }
    return all;
}

/* Ours are known now; of the other workers' what they saw last. */
static bool too_much(struct worker *w, size_t all)
{
    struct server *s = w->server;
    int64_t change = (int64_t)all - (int64_t)w->upload_bytes;
    w->upload_bytes = all;
    int64_t coming = atomic_fetch_add_explicit(&s->upload_bytes, change, memory_order_relaxed) + change;
    int64_t whole = atomic_load_explicit(&s->body_bytes, memory_order_relaxed);
    return coming + whole > (int64_t)w->limits.body_total_bytes;
}

static void bound_uploads(struct worker *w)
{
    struct connection *most;
    size_t held, all = add_up(w, &most, &held);
    while (too_much(w, all) && most != NULL) {
        connection_refused(most, PROBLEM_BACKEND_BUSY, 0, "too many bytes of bodies at the same time");
        most->doomed = true;
        shutdown(h2o_socket_get_fd(most->socket), SHUT_RDWR);
        all = add_up(w, &most, &held);
    }
}

void http2_sweep(struct worker *w)
{
    w->http2_unseen = 0;
    for (struct connection *c = w->connections; c != NULL; c = c->next)
        c->uploads = 0;
    w->h2o_conf.http2.callbacks.foreach_request(&w->h2o, count_upload, NULL);
    bound_uploads(w);
}

static void on_look(struct loop_later *l)
{
    http2_sweep((struct worker *)(void *)((char *)l - offsetof(struct worker, http2_look)));
}

static size_t look_every(const struct http_limits *limits)
{
    size_t part = limits->body_total_bytes / UPLOADS_LOOKS;
    if (part < UPLOADS_LOOK_LEAST) return UPLOADS_LOOK_LEAST;
    return part < UPLOADS_LOOK_MOST ? part : UPLOADS_LOOK_MOST;
}

static void on_record(int written, int version, int type, const void *bytes, size_t len, SSL *ssl, void *self)
{
    const unsigned char *head = bytes;
    (void)version;
    (void)ssl;
    if (written || type != SSL3_RT_HEADER || len < SSL3_RT_HEADER_LENGTH) return;
    struct connection *c = self;
    struct worker *w = c->worker;
    size_t size = (size_t)head[3] << 8 | head[4];
    c->received += size;
    w->http2_unseen += size;
    if (w->http2_unseen < look_every(&w->limits)) return;
    w->http2_look.run = on_look;
    loop_later(w->loop, &w->http2_look);
}

void http2_count(struct connection *c, SSL *ssl)
{
    SSL_set_msg_callback(ssl, on_record);
    SSL_set_msg_callback_arg(ssl, c);
}
