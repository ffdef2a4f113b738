/* exchange_int.h -- an exchange as http/ itself sees it: where it came from, how its answer gets onto the wire.
 *
 * For http/'s own files only (reply, forward, HTTP/1, HTTP/2). Every `struct exchange *` that a handler holds is the first member of
 * one of these: exchange_int_of() is a cast. It lives in its own arena, so nothing here is freed one by one.
 *
 * HTTP/1 is read and written by http1.c on libh2o's sockets (libh2o's own HTTP/1 forgives framing that hides a second request);
 * HTTP/2 is libh2o's. Neither is visible above the four calls below: whoever answers speaks only answer_*.
 *
 * Who may call when, all on the worker's thread:
 *
 *     answer_start ── answer_body* ── answer_body(last)        an answer
 *     answer_start ── answer_body* ── answer_abort             an answer cut short: HTTP/1 closes, HTTP/2 resets the stream
 *     answer_tunnel ── answer_tunnel_end                       a websocket (HTTP/1 only)
 *     (nothing sent) answer_abort                              no answer at all: exchange_drop
 *
 * One piece of body is under way at a time: after answer_body wait for `taken` before the next one. That is the back-pressure: while
 * the client does not take, `taken` does not come, and the upstream stops reading.
 *
 * After answer_body(last), answer_abort and answer_tunnel_end the exchange is no longer yours: its arena may be closed before the
 * call returns. `taken` of the last piece is not called.
 *
 * The client may go at any moment. Then `gone` is called once (if set), from the loop and never from inside an answer_* call of
 * yours other than the three above, and right after it the arena closes: let go of everything you hold in the exchange's name.
 * After `gone` call nothing here. It also comes when the exchange's deadline has passed or the server is stopped by force.
 */
#ifndef HTTP_EXCHANGE_INT_H
#define HTTP_EXCHANGE_INT_H
#include "http/exchange.h"
#include "http/worker_int.h"

#define ANSWER_UNKNOWN UINT64_MAX /* length of a body that is not known beforehand */

enum answer_state {
    ANSWER_OPEN,    /* nobody has decided yet */
    ANSWER_CHOSEN,  /* exchange_reply, _forward or _drop was called; nothing is on the wire */
    ANSWER_STARTED, /* the head is fixed */
    ANSWER_LAST,    /* the last piece was handed over */
    ANSWER_TUNNEL,
    ANSWER_OVER /* answered, aborted or gone */
};

struct exchange_int;

/* What HTTP/1 and HTTP/2 do differently; see http1.c and http2.c. Called by answer.c only. */
struct answer_wire {
    void (*start)(struct exchange_int *e, int status, const struct header *headers, size_t count, uint64_t length);
    void (*body)(struct exchange_int *e, struct slice bytes, bool last);
    void (*abort)(struct exchange_int *e);
    void (*tunnel)(struct exchange_int *e, const struct header *headers, size_t count,
                   void (*ready)(struct exchange_int *e, h2o_socket_t *client)); /* NULL: cannot */
    bool (*head_waits)(const struct exchange_int *e); /* started, and nothing of it written yet */
};

struct exchange_int {
    struct exchange x; /* first */
    struct worker *worker;
    struct connection *connection;
    const struct answer_wire *wire;
    void *wire_self; /* struct http1 or struct http2_stream */

    enum answer_state state;
    bool head_request; /* HEAD: no body goes out, whatever is handed over */
    bool bodiless;     /* HEAD, 204, 304 */
    int status;
    uint64_t length, sent; /* announced (or ANSWER_UNKNOWN) and handed over so far */
    struct header *added;  /* exchange_add: sent with whatever answer it becomes */
    size_t added_count, added_room;
    void (*taken)(void *self);
    void *taken_self;

    /* The upstream's: its operation, and what to do when the client has gone. */
    void *upstream;
    void (*gone)(struct exchange_int *e);

    /* For struct exchange_end. The upstream fills backend_us (head's arrival minus start) and backend_status. */
    uint64_t bytes_in, bytes_out;
    int64_t backend_us;
    int backend_status;
    bool delivered, aborted;               /* the wire took all of it; it was cut short */
    size_t body_counted;                   /* bytes of body counted into server_counts.body_bytes */
    struct loop_later soon;                /* a piece that needed no writing is taken at the end of the turn */
    struct exchange_int *next, **previous; /* the connection's exchanges */
};

static inline struct exchange_int *exchange_int_of(struct exchange *x)
{
    return (struct exchange_int *)(void *)x;
}

/* Fixes status and head. headers are copied; those added with exchange_add follow by themselves. Not to be among headers, they are
 * ours: Content-Length, Transfer-Encoding, Connection, Keep-Alive, Date (add one if the backend sent it: then none of ours is
 * added). Names lower case. status 200-599. length: bytes of body to come, or ANSWER_UNKNOWN (HTTP/1.1: chunked, HTTP/1.0: ends with
 * the connection). For HEAD and 304 length is what Content-Length says, and no body follows.
 * Nothing leaves before the first answer_body, so that head and body share one system call. */
void answer_start(struct exchange_int *e, int status, const struct header *headers, size_t count, uint64_t length);
/* bytes are lent until `taken` (called later, never from inside). An empty piece that is not the last flushes the head (event
 * streams). More than was announced, or less at `last`, aborts. last with taken == NULL is usual. */
void answer_body(struct exchange_int *e, struct slice bytes, bool last, void (*taken)(void *self), void *self);
void answer_abort(struct exchange_int *e);
/* Nothing of an answer has been sent, so another one may still be given (exchange_forward's `failed`). */
static inline bool answer_untouched(const struct exchange_int *e)
{
    return e->state <= ANSWER_CHOSEN;
}
/* Back to ANSWER_OPEN, before calling forward.failed: the application will answer itself. */
void answer_reopen(struct exchange_int *e);

/* Sends "101 Switching Protocols" with headers (Connection: upgrade and Upgrade are yours to give), then calls ready with the
 * client's socket, nothing being read or written on it; bytes that came early stand in its input. You read and write it directly from then on, but do not
 * close it: answer_tunnel_end does. If the client goes before ready, `gone` comes instead. While tunnelling, the end of the client's
 * stream is yours to see (read callback with an error); `gone` is then called only by a forced stop. HTTP/1.1 and wants_upgrade only. */
void answer_tunnel(struct exchange_int *e, const struct header *headers, size_t count,
                   void (*ready)(struct exchange_int *e, h2o_socket_t *client));
/* Closes the client's socket and ends the exchange; the counts go to the log. */
void answer_tunnel_end(struct exchange_int *e, uint64_t bytes_in, uint64_t bytes_out);

/* ---- for http1.c and http2.c ---- */
/* Takes the arena. The caller fills in x. */
struct arena *exchange_int_arena(void); /* with the budget of one exchange */
struct exchange_int *exchange_int_open(struct connection *c, struct arena *a);
/* Tells the application (`done`) and closes the arena. Calls gone first if the answer was not complete. */
void exchange_int_end(struct exchange_int *e);
/* A deadline has passed: gone, then the connection is closed or the stream reset. */
void exchange_int_cut(struct exchange_int *e);
/* The wire has taken the piece. */
void answer_taken(struct exchange_int *e);

#endif
