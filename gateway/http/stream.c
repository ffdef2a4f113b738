/* Outgoing byte streams: look the name up, try its addresses one after the other, shake hands, then bytes both ways. See stream.h.
 *
 *     NAMING ─ addresses ─ CONNECTING ─ (next address on failure) ─ SECURING ─ OPEN ─ GONE
 *
 * Nothing is told from inside a call of the owner: the first step is put off to the end of the turn. A stream that is GONE is freed at
 * the end of the turn, too, so that an owner may close it from inside its own events. The connect deadline is shared out: an
 * address that swallows packets costs its part of it, not all. */
#include "http/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "http/loop_int.h"

#include "base/buf.h"
#include "base/now.h"

enum {
    STREAM_OUT_BYTES =
        64 << 20, /* not yet taken by the kernel: far above what an owner that minds its own limits leaves */
    STREAM_HOST_BYTES = 256
};

enum state {
    NAMING,
    CONNECTING,
    SECURING,
    OPEN,
    GONE
};

struct stream {
    struct loop *loop;
    struct stream_events events;
    void *self;
    tls_context *tls;
    char host[STREAM_HOST_BYTES];
    enum state state;
    struct lookup *lookup;
    struct lookup_answer addresses;
    size_t next_address;
    int64_t deadline_ms;
    const char *why; /* the last address failed so */
    h2o_socket_t *socket;
    struct buf out, flying;
    bool writing;
    struct loop_timer timer;
    struct loop_later soon; /* the first step, flushing, or freeing: by state */
};

static void try_next(struct stream *s);

static void go(struct stream *s)
{
    s->state = GONE;
    loop_timer_stop(s->loop, &s->timer);
    if (s->lookup != NULL) lookup_cancel(s->lookup);
    s->lookup = NULL;
    if (s->socket != NULL) h2o_socket_close(s->socket);
    s->socket = NULL;
    loop_later(s->loop, &s->soon);
}

static void fail(struct stream *s, const char *why)
{
    if (s->state == GONE) return;
    go(s);
    s->events.on_close(s->self, why);
}

void stream_close(struct stream *s)
{
    if (s != NULL && s->state != GONE) go(s);
}

/* ---- open: bytes both ways ---- */

static void on_written(h2o_socket_t *socket, const char *error)
{
    struct stream *s = socket->data;
    s->writing = false;
    buf_clear(&s->flying);
    if (error != NULL)
        fail(s, "the connection broke while writing");
    else if (s->out.len != 0)
        loop_later(s->loop, &s->soon);
}

static void flush(struct stream *s)
{
    if (s->writing || s->out.len == 0) return;
    struct buf empty = s->flying;
    s->flying = s->out;
    s->out = empty;
    s->writing = true;
    h2o_iovec_t piece = {s->flying.at, s->flying.len};
    h2o_socket_write(s->socket, &piece, 1, on_written);
}

static void on_read(h2o_socket_t *socket, const char *error)
{
    struct stream *s = socket->data;
    if (error != NULL) {
        fail(s, "the other side closed the connection");
        return;
    }
    struct slice bytes = {socket->input->bytes, socket->input->size};
    if (bytes.len != 0) s->events.on_bytes(s->self, bytes);
    if (s->state != GONE) h2o_buffer_consume(&socket->input, bytes.len);
}

size_t stream_write(struct stream *s, struct slice bytes)
{
    if (s->state == GONE) return 0;
    buf_add(&s->out, bytes);
    if (s->state == OPEN || s->out.full) loop_later(s->loop, &s->soon);
    return s->out.len + s->flying.len;
}

static void open_up(struct stream *s)
{
    loop_timer_stop(s->loop, &s->timer);
    s->state = OPEN;
    h2o_socket_read_start(s->socket, on_read);
    if (s->out.len != 0) loop_later(s->loop, &s->soon);
    s->events.on_open(s->self);
    /* bytes may have come together with the end of the handshake: no further event would tell of them */
    if (s->state == OPEN && s->socket->input->size != 0) on_read(s->socket, NULL);
}

/* ---- on the way there ---- */

static void on_secured(h2o_socket_t *socket, const char *error)
{
    struct stream *s = socket->data;
    if (error != NULL)
        fail(s, "TLS was refused: the certificate or the handshake is not acceptable");
    else
        open_up(s);
}

static void on_connected(h2o_socket_t *socket, const char *error)
{
    struct stream *s = socket->data;
    if (error != NULL) {
        s->why = "the connection was refused";
        h2o_socket_close(s->socket);
        s->socket = NULL;
        try_next(s);
        return;
    }
    int on = 1, fd = h2o_socket_get_fd(socket);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (s->tls == NULL) {
        open_up(s);
        return;
    }
    s->state = SECURING;
    h2o_socket_ssl_handshake(socket, s->tls, s->host, on_secured);
}

static void on_late(struct loop_timer *t)
{
    struct stream *s = (struct stream *)(void *)((char *)t - offsetof(struct stream, timer));
    if (s->state != CONNECTING) {
        fail(s, "no answer within the time to connect");
        return;
    }
    s->why = "no answer within the time to connect";
    h2o_socket_close(s->socket);
    s->socket = NULL;
    try_next(s);
}

static void try_next(struct stream *s)
{
    while (s->next_address < s->addresses.count) {
        size_t left = s->addresses.count - s->next_address, i = s->next_address++;
        int64_t ms = (s->deadline_ms - now_ms()) / (int64_t)left;
        s->state = CONNECTING;
        loop_timer_set(s->loop, &s->timer, ms, on_late);
        s->socket = h2o_socket_connect(loop_h2o(s->loop), (void *)&s->addresses.address[i].at,
                                       s->addresses.address[i].len, on_connected);
        if (s->socket != NULL) {
            s->socket->data = s;
            return;
        }
        s->why = "the connection was refused";
    }
    fail(s, s->why);
}

static void on_named(void *self, const struct lookup_answer *answer)
{
    struct stream *s = self;
    s->lookup = NULL;
    s->addresses = *answer;
    s->why = answer->why;
    try_next(s);
}

/* ---- the work put off ---- */

static void on_soon(struct loop_later *l)
{
    struct stream *s = (struct stream *)(void *)((char *)l - offsetof(struct stream, soon));
    if (s->state == GONE) {
        buf_close(&s->out);
        buf_close(&s->flying);
        free(s);
    } else if (s->out.full) {
        fail(s, "the other side does not take what is written");
    } else if (s->state == OPEN) {
        flush(s);
    } else if (s->state == NAMING && s->lookup == NULL) {
        try_next(s);
    }
}

struct stream *stream_open(struct loop *l, const struct stream_target *to, const struct stream_events *events,
                           void *self)
{
    struct stream *s = must_alloc(sizeof *s);
    s->loop = l;
    s->events = *events;
    s->self = self;
    s->tls = to->tls;
    s->deadline_ms = now_ms() + to->connect_ms;
    s->out = buf_open(STREAM_OUT_BYTES);
    s->flying = buf_open(STREAM_OUT_BYTES);
    s->soon.run = on_soon;
    s->why = "there is no address to connect to";
    struct slice host = slice_upto(to->host, sizeof s->host - 1);
    if (host.len != 0) memcpy(s->host, host.at, host.len);
    loop_timer_set(l, &s->timer, to->connect_ms, on_late);
    if (!lookup_direct(to->host, to->port, to->unix_path, &s->addresses))
        s->lookup = lookup_start(l, to->host, to->port, on_named, s);
    else
        loop_later(l, &s->soon);
    if (s->addresses.why != NULL) s->why = s->addresses.why;
    return s;
}
