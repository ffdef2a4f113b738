/* relay.c -- one request out, one answer back, over one connection.
 *
 * Sending and reading go on side by side: a backend may answer before it has taken the whole request. The answer's bytes wait in the connection's
 * buffer, already freed of their transfer coding, and go to the client piece by piece through a double buffer; when the client does
 * not take them, reading stops. As soon as all of the answer is here the connection goes back to its pool, even while a slow
 * client is still taking.
 *
 * What ends the passage: an answer that is complete; a deadline; the backend's closing or breaking off; bytes that are no answer.
 */
#include "http/forward_int.h"

#include "base/now.h"

static void on_read(h2o_socket_t *socket, const char *err);
static void pump(struct passage *p);

static h2o_buffer_t **waiting(struct passage *p)
{
    return p->up != NULL ? &p->up->socket->input : &p->rest;
}

void relay_close(struct passage *p)
{
    h2o_doublebuffer_dispose(&p->sending);
    h2o_buffer_dispose(&p->rest);
}

/* ---- the request ---- */

static void write_piece(struct passage *p, struct slice head);

static void on_written(h2o_socket_t *socket, const char *err)
{
    struct passage *p = ((struct upstream *)socket->data)->self;
    if (err != NULL) {
        /* the backend may have answered and closed before it read everything: the read callback will tell */
        p->write_failed = true;
        upstream_deadline(p->up, FORWARD_ERROR_GRACE_MS);
        return;
    }
    if (p->written < p->f.body.len) {
        if (!p->started) upstream_deadline(p->up, p->f.backend->response_ms);
        write_piece(p, (struct slice){NULL, 0});
        return;
    }
    p->sent = true;
}

static void write_piece(struct passage *p, struct slice head)
{
    struct slice piece = slice_upto(slice_from(p->f.body, p->written), FORWARD_WRITE_PIECE);
    h2o_iovec_t pieces[2];
    size_t count = 0;
    if (head.len != 0) pieces[count++] = h2o_iovec_init(head.at, head.len);
    if (piece.len != 0) pieces[count++] = h2o_iovec_init(piece.at, piece.len);
    p->written += piece.len;
    h2o_socket_write(p->up->socket, pieces, count, on_written);
}

static void on_late(struct upstream *u)
{
    struct passage *p = u->self;
    if (p->write_failed)
        passage_fail(p, PROBLEM_BACKEND_BROKEN, "it stopped taking the request and did not answer");
    else if (!p->started)
        passage_fail(p, PROBLEM_BACKEND_TIMEOUT, "no answer in time");
    else
        passage_fail(p, PROBLEM_BACKEND_TIMEOUT, "the answer stalled");
}

void relay_start(struct passage *p)
{
    p->written = p->received = p->seen = 0;
    p->sent = p->write_failed = false;
    p->up->self = p;
    p->up->late = on_late;
    upstream_deadline(p->up, p->f.backend->response_ms);
    h2o_socket_read_start(p->up->socket, on_read);
    struct slice head = p->head;
    if (p->f.body.len == 0) head = slice_from(head, upstream_send(p->up->socket, head));
    if (head.len != 0 || p->f.body.len != 0)
        write_piece(p, head);
    else
        p->sent = true;
}

/* ---- the body ---- */

/* All of the answer is here: the connection is free for others, or of no use to anybody. */
static void release(struct passage *p)
{
    struct upstream *u = TAKE(p->up);
    p->rest = u->socket->input;
    h2o_buffer_init(&u->socket->input, &h2o_socket_buffer_prototype);
    p->complete = true;
    if (p->reusable && p->sent && !p->e->worker->stopping)
        pool_give(u, p->f.backend->keep_alive, p->keep_alive_s);
    else
        upstream_close(u);
}

/* fresh: so many bytes at the end of the buffer are new. False: they are no body. */
static bool take_body(struct passage *p, size_t fresh)
{
    h2o_buffer_t *in = p->up->socket->input;
    size_t content = fresh, surplus = 0;
    bool end = false;
    if (p->body == RESPONSE_BODY_NONE) {
        surplus = fresh;
        content = 0;
        end = true;
    } else if (p->body == RESPONSE_BODY_LENGTH) {
        content = fresh < p->left ? fresh : (size_t)p->left;
        surplus = fresh - content;
        p->left -= content;
        end = p->left == 0;
    } else if (p->body == RESPONSE_BODY_CHUNKED && fresh != 0) {
        enum chunked_result result =
            chunked_decode(&p->chunked, in->bytes + in->size - fresh, fresh, &content, &surplus);
        if (result == CHUNKED_BAD) return false;
        end = result == CHUNKED_DONE;
    }
    in->size -= fresh - content;
    p->reusable = p->reusable && surplus == 0;
    if (end) release(p);
    return true;
}

static void on_taken(void *self)
{
    struct passage *p = self;
    p->in_flight = false;
    if (p->sending.bytes_inflight != 0) h2o_doublebuffer_consume(&p->sending);
    pump(p);
}

static void resume(struct passage *p)
{
    if (!p->paused || p->up == NULL || p->up->socket->input->size > FORWARD_BUFFERED_MAX / 2) return;
    p->paused = false;
    upstream_deadline(p->up, p->f.backend->idle_ms);
    h2o_socket_read_start(p->up->socket, on_read);
}

static void pause_reading(struct passage *p)
{
    if (p->paused || p->up == NULL || p->up->socket->input->size < FORWARD_BUFFERED_MAX) return;
    p->paused = true;
    upstream_no_deadline(p->up); /* it is the client we wait for */
    h2o_socket_read_stop(p->up->socket);
}

/* Hands the client what is here, unless it is still busy with an earlier piece. */
static void pump(struct passage *p)
{
    if (p->in_flight) {
        pause_reading(p);
        return;
    }
    h2o_iovec_t v = h2o_doublebuffer_prepare(&p->sending, waiting(p), POOL_READ_MORE);
    resume(p);
    bool last = p->complete && p->rest->size == 0 && v.len == p->sending.buf->size;
    if (v.len == 0 && !last) return;
    if (last) p->e->gone = NULL; /* nothing is held any more in the exchange's name */
    p->in_flight = true;
    answer_body(p->e, (struct slice){v.base, v.len}, last, last ? NULL : on_taken, p);
}

/* ---- the head ---- */

static void start_answer(struct passage *p, struct response_head *h)
{
    size_t kept = 0;
    bool says_who_keeps = !p->f.personal;
    for (size_t i = 0; i < h->header_count; i++) {
        const struct header *line = &h->headers[i];
        says_who_keeps =
            says_who_keeps || slice_is(line->name, LIT("cache-control")) || slice_is(line->name, LIT("expires"));
        if (p->f.keep_header == NULL || p->f.keep_header(p->f.self, line->name, line->value))
            h->headers[kept++] = *line;
    }
    p->e->backend_us = now_us() - p->began_us;
    p->e->backend_status = h->status;
    p->started = true;
    p->reusable = h->reusable;
    p->keep_alive_s = h->keep_alive_s;
    p->body = h->body;
    p->left = h->length;
    if (!says_who_keeps) exchange_add(&p->e->x, LIT("cache-control"), LIT("private"));
    answer_start(p->e, h->status, h->headers, kept, h->length);
}

/* Reads heads until the final one; false: not there yet, or the passage has ended. */
static bool read_head(struct passage *p)
{
    UNCLEARED struct response_head h;
    const struct response_asked asked = {.head = slice_is(p->f.method, LIT("HEAD")), .upgrade = p->upgrade};
    for (;;) {
        h2o_buffer_t **in = &p->up->socket->input;
        enum response_result result = response_head_read((*in)->bytes, (*in)->size, p->seen, asked, &h);
        if (result == RESPONSE_BAD) {
            passage_fail(p, PROBLEM_BACKEND_BROKEN, h.why);
            return false;
        }
        p->seen = (*in)->size;
        if (result == RESPONSE_PARTIAL) return false;
        p->seen = 0;
        if (h.status == 101) {
            tunnel_start(p, &h);
            return false;
        }
        if (!h.interim) break;
        if (++p->interims > FORWARD_INTERIMS_MAX) {
            passage_fail(p, PROBLEM_BACKEND_BROKEN, "it sends interim answers without end");
            return false;
        }
        h2o_buffer_consume(in, h.bytes);
        if ((*in)->size == 0) return false;
    }
    start_answer(p, &h);
    h2o_buffer_consume(&p->up->socket->input, h.bytes);
    return true;
}

/* ---- reading ---- */

static void on_end(struct passage *p, bool broken)
{
    if (p->received == 0)
        passage_lost(p,
                     broken ? "the connection broke before an answer" : "it closed the connection without an answer");
    else if (!p->started)
        passage_fail(p, PROBLEM_BACKEND_BROKEN, "the connection ended within the head of the answer");
    else if (p->body == RESPONSE_BODY_CLOSE && !broken) {
        release(p);
        pump(p);
    } else {
        passage_fail(p, PROBLEM_BACKEND_BROKEN, "the connection ended within the answer");
    }
}

static void on_bytes(struct passage *p, size_t fresh)
{
    p->received += fresh;
    /* a full read promises more: take larger bites */
    p->appetite = fresh >= POOL_READ_FIRST ? POOL_READ_MORE : POOL_READ_FIRST;
    bool first = !p->started;
    if (first) {
        if (!read_head(p)) return;
        fresh = p->up->socket->input->size;
    }
    if (!take_body(p, fresh)) {
        passage_fail(p, PROBLEM_BACKEND_BROKEN, "the chunks of the answer are malformed");
        return;
    }
    if (p->up != NULL && !p->write_failed) upstream_deadline(p->up, p->f.backend->idle_ms);
    if (!first || p->complete || p->up->socket->input->size != 0) {
        pump(p);
        return;
    }
    /* event streams: the head alone, before anything happens */
    p->in_flight = true;
    answer_body(p->e, (struct slice){NULL, 0}, false, on_taken, p);
}

static void on_read(h2o_socket_t *socket, const char *err)
{
    struct passage *p = ((struct upstream *)socket->data)->self;
    size_t fresh = 0;
    switch (upstream_read(socket, err, p->appetite, &fresh)) {
    case UPSTREAM_NOTHING: return;
    case UPSTREAM_BYTES: on_bytes(p, fresh); return;
    case UPSTREAM_END: on_end(p, false); return;
    case UPSTREAM_BROKEN: on_end(p, true); return;
    }
}
