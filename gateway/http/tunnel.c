/* tunnel.c -- a websocket: after the backend's 101, bytes go both ways until both have ended or nothing moves for idle_ms.
 *
 * A tunnel opens only if the backend proves that it read our request as the opening of a websocket: Upgrade: websocket, and the
 * Sec-WebSocket-Accept that belongs to the key (RFC 6455 section 4.2.2). Otherwise a backend that merely echoes could be made to speak
 * for somebody else.
 *
 * Each side is read only while the other takes: what was read is written straight from the reader's buffer, and reading goes on when it
 * is gone. When one side has ended its stream the other is told so (a half close), and may go on talking.
 */
#include <sys/socket.h>

#include "http/forward_int.h"

#include "base/now.h"

enum {
    ACCEPT_LEN = 28 /* base64 of 20 bytes */
};

struct side {
    struct tunnel *tunnel;
    struct side *other;
    h2o_socket_t *socket;
    uint64_t bytes; /* read here and taken by the other */
    bool ended;     /* nothing more will come from here */
};

struct tunnel {
    struct passage *passage;
    struct side client, backend;
    bool open;         /* the client's socket is ours */
    void *client_data; /* of those it belongs to */
};

static void on_side_read(h2o_socket_t *socket, const char *err);

/* ---- the proof ---- */

static bool key_of(const struct forward *f, struct slice *ret_key)
{
    for (size_t i = 0; i < f->header_count; i++) {
        if (slice_is(f->headers[i].name, LIT("sec-websocket-key"))) {
            *ret_key = slice_trim(f->headers[i].value);
            return true;
        }
    }
    return false;
}

/* base64(SHA-1(key + the RFC's constant)): no secret, a proof that the other side speaks the protocol. */
static bool accept_is_right(const struct forward *f, struct slice accept)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char expected[2 * EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct slice key;
    if (!key_of(f, &key)) return false;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool made = md != NULL && EVP_DigestInit_ex(md, EVP_sha1(), NULL) == 1 &&
                EVP_DigestUpdate(md, key.at, key.len) == 1 &&
                EVP_DigestUpdate(md, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36) == 1 &&
                EVP_DigestFinal_ex(md, digest, &len) == 1;
    EVP_MD_CTX_free(md);
    if (!made || EVP_EncodeBlock((unsigned char *)expected, digest, (int)len) != ACCEPT_LEN) return false;
    return slice_is(accept, (struct slice){expected, ACCEPT_LEN});
}

/* ---- the end ---- */

static void on_nothing(h2o_socket_t *socket, const char *err)
{
    (void)socket;
    (void)err;
}

/* The client's socket is closed a moment later by those it belongs to: until then it must not call us back. */
static void give_back(struct tunnel *t)
{
    h2o_socket_t *client = t->client.socket;
    h2o_socket_read_stop(client);
    if (h2o_socket_is_writing(client)) client->_cb.write = on_nothing;
    client->data = t->client_data;
    t->open = false;
}

void tunnel_close(struct passage *p)
{
    if (p->tunnel != NULL && p->tunnel->open) give_back(p->tunnel);
    p->tunnel = NULL;
}

static void end(struct tunnel *t)
{
    struct exchange_int *e = t->passage->e;
    uint64_t in = t->client.bytes, out = t->backend.bytes;
    passage_let_go(t->passage);
    answer_tunnel_end(e, in, out);
}

static void on_tunnel_late(struct upstream *u)
{
    struct passage *p = u->self;
    if (p->tunnel->open) end(p->tunnel);
}

/* ---- bytes ---- */

static void on_side_written(h2o_socket_t *socket, const char *err)
{
    struct side *from = ((struct side *)socket->data)->other;
    struct tunnel *t = from->tunnel;
    if (err != NULL) {
        end(t);
        return;
    }
    from->bytes += from->socket->input->size;
    h2o_buffer_consume(&from->socket->input, from->socket->input->size);
    upstream_deadline(t->passage->up, t->passage->f.backend->idle_ms);
    h2o_socket_read_start(from->socket, on_side_read);
}

static void pass_on(struct side *from)
{
    h2o_socket_read_stop(from->socket);
    h2o_iovec_t v = h2o_iovec_init(from->socket->input->bytes, from->socket->input->size);
    h2o_socket_write(from->other->socket, &v, 1, on_side_written);
}

/* A half close; over TLS there is none that both ends would understand, so there one end is the end of all. */
static void end_side(struct side *from)
{
    struct tunnel *t = from->tunnel;
    from->ended = true;
    h2o_socket_read_stop(from->socket);
    if (from->other->ended || from->other->socket->ssl != NULL || from->socket->ssl != NULL ||
        shutdown(h2o_socket_get_fd(from->other->socket), SHUT_WR) != 0)
        end(t);
}

static void on_side_read(h2o_socket_t *socket, const char *err)
{
    struct side *from = socket->data;
    struct tunnel *t = from->tunnel;
    size_t fresh = 0;
    switch (upstream_read(socket, err, POOL_READ_FIRST, &fresh)) {
    case UPSTREAM_NOTHING: return;
    case UPSTREAM_END: end_side(from); return;
    case UPSTREAM_BROKEN: end(t); return;
    case UPSTREAM_BYTES: break;
    }
    upstream_deadline(t->passage->up, t->passage->f.backend->idle_ms);
    pass_on(from);
}

/* ---- the beginning ---- */

static void begin_side(struct side *s)
{
    h2o_socket_dont_read(s->socket, s->socket->ssl == NULL);
    if (s->socket->input->size != 0)
        pass_on(s);
    else
        h2o_socket_read_start(s->socket, on_side_read);
}

static void on_ready(struct exchange_int *e, h2o_socket_t *client)
{
    struct passage *p = e->upstream;
    struct tunnel *t = p->tunnel;
    t->client.socket = client;
    t->open = true;
    t->client_data = client->data;
    client->data = &t->client;
    t->backend.socket->data = &t->backend;
    upstream_deadline(p->up, p->f.backend->idle_ms);
    begin_side(&t->backend);
    begin_side(&t->client);
}

/* The slices of h lend from the connection's buffer, where the first frames follow the head: moved to the arena. */
static struct slice moved(struct slice s, const char *from, const char *to)
{
    return (struct slice){to + (s.at - from), s.len};
}

static size_t tunnel_headers(struct passage *p, const struct response_head *h, struct header *to)
{
    h2o_buffer_t **in = &p->up->socket->input;
    const char *from = (*in)->bytes;
    const char *head = arena_copy(p->e->x.arena, (struct slice){from, h->bytes}).at;
    size_t count = 0;
    for (size_t i = 0; i < h->header_count; i++) {
        const struct header *line = &h->headers[i];
        if (p->f.keep_header == NULL || p->f.keep_header(p->f.self, line->name, line->value))
            to[count++] = (struct header){moved(line->name, from, head), moved(line->value, from, head)};
    }
    to[count++] = (struct header){LIT("connection"), LIT("Upgrade")};
    to[count++] = (struct header){LIT("upgrade"), LIT("websocket")};
    h2o_buffer_consume(in, h->bytes);
    return count;
}

static const char *refusal(const struct passage *p, const struct response_head *h)
{
    if (!slice_is_nocase(h->upgrade, LIT("websocket")) || !accept_is_right(&p->f, h->accept))
        return "its 101 does not prove that it speaks websocket";
    return p->sent ? NULL : "it switched protocols before it had the request";
}

void tunnel_start(struct passage *p, const struct response_head *h)
{
    struct header headers[RESPONSE_HEADERS_MAX + 2];
    const char *why = refusal(p, h);
    if (why != NULL) {
        passage_fail(p, PROBLEM_BACKEND_BROKEN, why);
        return;
    }
    struct tunnel *t = p->tunnel = arena_new(p->e->x.arena, struct tunnel);
    t->passage = p;
    t->client = (struct side){.tunnel = t, .other = &t->backend};
    t->backend = (struct side){.tunnel = t, .other = &t->client, .socket = p->up->socket};
    p->e->backend_us = now_us() - p->began_us;
    p->e->backend_status = h->status;
    p->up->late = on_tunnel_late;
    upstream_no_deadline(p->up); /* it is the client we wait for */
    h2o_socket_read_stop(p->up->socket);
    size_t count = tunnel_headers(p, h, headers);
    answer_tunnel(p->e, headers, count, on_ready);
}
