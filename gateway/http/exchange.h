/* exchange.h -- one request and its answer, after http/ has screened it.
 *
 * What a handler may rely on: the method is 1-20 letters A-Z and neither CONNECT nor TRACE; the target starts with '/', has no byte
 * <= 0x20, 0x7f or '#', and is at most limits.uri_bytes; there was exactly one valid Host (or :authority), lower-cased here; framing was
 * unambiguous; header names are lower-case tokens of letters, digits and '-' (others were dropped: `_` and friends never get here);
 * values have no control byte but tab; the body is complete and within the limit. Cookie lines were joined with "; ". Framing stays
 * below: host, content-length, transfer-encoding and expect are not among the headers (connection, upgrade and te are).
 *
 * Life: from `handle` until `done`. The arena closes after `done`; closers registered there run when the visitor hangs up, too.
 * A handler answers exactly once with one of exchange_reply, exchange_forward or exchange_drop, now or later (from a flow).
 * After the visitor has gone answering is a harmless no-op until the arena closes. All on the worker's thread.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H
#include "http/backend.h"
#include "http/loop.h"
#include "text/address.h"

struct header {
    struct slice name, value;
};

struct listener; /* see http/server.h */

struct exchange {
    struct arena *arena;
    struct loop *loop;
    void *app; /* the worker's state, from http_app.open */
    const struct listener *listener;

    struct slice method, target; /* target: path and query exactly as sent */
    struct slice path, query;    /* query.at == NULL if there was no '?' */
    struct slice authority;      /* host[:port], lower case */
    unsigned version;            /* 10, 11, 20 */
    bool tls;
    struct slice tls_name;      /* SNI, may be empty */
    struct address peer;        /* who connected to us, or whom a trusted PROXY line named */
    struct address socket_peer; /* always who connected */
    bool peer_unnamed;          /* a PROXY line came that names nobody: peer is the proxy, the bytes are somebody's */
    const struct header *headers;
    size_t header_count;
    struct slice body;
    bool wants_upgrade; /* HTTP/1.1 with "Connection: upgrade" and "Upgrade: websocket" */
    int64_t began_us;   /* monotonic */

    void *note; /* the application's own, for `done` */
};

/* The first header of that lower-case name; empty (at NULL) if absent. */
struct slice exchange_header(const struct exchange *x, struct slice name);
size_t exchange_header_count(const struct exchange *x, struct slice name);

/* Adds a header to the answer, whatever it will be (also to a backend's). Name and value must outlive the exchange (arena or
 * static); a value with CR, LF or NUL is a must. */
void exchange_add(struct exchange *x, struct slice name, struct slice value);
/* Answers. body must outlive the exchange. content-length is set here; HEAD sends none of the body. */
void exchange_reply(struct exchange *x, int status, struct slice body);
/* Cuts the connection (HTTP/1) or resets the stream: for peers that deserve no answer. */
void exchange_drop(struct exchange *x);
bool exchange_answered(const struct exchange *x);
/* Something of a backend's answer has gone out, or it is a websocket. */
bool exchange_is_flowing(const struct exchange *x);
/* Ends an answer that is under way, or a websocket: the client's connection is closed (HTTP/1) or its stream reset, the backend's let go. Nothing
 * happens when all of the answer was handed over, or none was chosen yet. From the loop only, not from inside another exchange's call. */
void exchange_cut(struct exchange *x);

/* ---- passing on to a backend ---- */
struct forward {
    const struct backend *backend; /* lent until done */
    struct slice method, target;   /* sent exactly so */
    struct slice host;             /* the Host header */
    const struct header *headers;  /* sent exactly so, in this order, besides Host, Content-Length, Connection */
    size_t header_count;
    struct slice lines; /* sent behind them: from request_head_lines; lent only until exchange_forward returns */
    struct slice body;
    bool upgrade; /* ask for a websocket; a 101 opens a tunnel */
    /* May drop a header of the answer (cookies of ours, identity headers): false drops it. NULL keeps all but hop-by-hop. */
    bool (*keep_header)(void *self, struct slice lower_name, struct slice value);
    /* The answer is for one person: unless the backend says itself who may keep it (Cache-Control, Expires), no shared cache may. */
    bool personal;
    /* Nothing of an answer was sent yet: the application answers itself (502, 503, 504). */
    void (*failed)(struct exchange *x, const struct err *why);
    void *self;
};
void exchange_forward(struct exchange *x, const struct forward *f); /* f is copied; what it points to must outlive x */

/* How it ended, for logs and metrics. */
struct exchange_end {
    int status; /* 0: hung up before an answer */
    uint64_t bytes_in, bytes_out;
    int64_t duration_us;
    int64_t backend_us; /* waiting for the backend's head; 0 if none */
    int backend_status; /* 0 if none */
    bool aborted;       /* the answer was cut short */
};

#endif
