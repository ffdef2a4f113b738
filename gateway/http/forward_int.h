/* forward_int.h -- one request on its way to a backend and back; shared by forward.c, relay.c and tunnel.c.
 *
 *     forward.c   find or make a connection; second attempt; failure
 *     relay.c     send the request, read the head, stream the body
 *     tunnel.c    after a 101: bytes both ways
 *
 * A passage lives in the exchange's arena. It ends in exactly one of: passage_done (all of the answer handed over), passage_fail, the
 * client's going, a tunnel's end. After passage_let_go nothing calls it any more.
 */
#ifndef HTTP_FORWARD_INT_H
#define HTTP_FORWARD_INT_H
#include "http/chunked.h"
#include "http/dial.h"
#include "http/exchange_int.h"
#include "http/pool.h"
#include "http/response_head.h"

enum {
    FORWARD_INTERIMS_MAX = 16,        /* 1xx answers to one request: real ones send one or two */
    FORWARD_WRITE_PIECE = 256 * 1024, /* of a request's body in one write; each restarts the deadline */
    FORWARD_BUFFERED_MAX = 64 * 1024, /* read but not yet taken by the client: then reading stops */
    FORWARD_ERROR_GRACE_MS = 2000     /* after the backend stopped taking the request: its answer may be on its way */
};

struct passage {
    struct exchange_int *e;
    struct forward f; /* a copy */
    bool upgrade;     /* f.upgrade, and the client and the backend are up to it */
    struct slice head;
    struct pool *pool;
    struct upstream *up;
    struct dial *dial;
    struct loop_later soon; /* failed while exchange_forward is on the stack */
    enum problem soon_problem;
    const char *soon_why;
    bool retried;
    int64_t began_us;

    /* the request */
    size_t written; /* of the body */
    bool sent;      /* all of it was taken by the kernel */
    bool write_failed;

    /* the answer */
    size_t received; /* bytes of it, heads included, up to here */
    size_t seen;     /* of a head that is not complete */
    int interims;
    bool started; /* its head was handed over */
    bool reusable;
    int keep_alive_s;
    enum response_body body;
    uint64_t left;
    struct chunked chunked;
    bool complete; /* all of it is here */
    bool paused, in_flight;
    size_t appetite;
    h2o_doublebuffer_t sending;
    h2o_buffer_t *rest; /* what stood in the connection's buffer when it was given back */

    struct tunnel *tunnel;
};

/* Sends the request on p->up, which is connected, and sees the answer through. */
void relay_start(struct passage *p);
void relay_close(struct passage *p); /* frees the buffers */
/* The backend said 101 to our asking; h was judged. */
void tunnel_start(struct passage *p, const struct response_head *h);
void tunnel_close(struct passage *p);

/* The connection died without a byte of an answer; why in plain words (static). Tries once more if that is safe, else fails. */
void passage_lost(struct passage *p, const char *why);
/* Ends the passage: forward.failed if nothing went out yet, else the client's answer is cut. */
void passage_fail(struct passage *p, enum problem problem, const char *why);
/* Stops all waiting, closes the connection if there is one. */
void passage_let_go(struct passage *p);

#endif
