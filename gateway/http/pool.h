/* pool.h -- a worker's connections to backends: which are open, which wait for a request, when they have to go.
 *
 * For http/'s own files. One pool per backend.pool_key and worker, so no lock. An idle connection stays registered in the loop: the moment the
 * backend closes it, or sends a byte nobody asked for, it is closed here. A connection goes back to its pool only when the answer
 * on it was complete, all of the request had been written, and no byte is left unread.
 *
 * Waiting is lazy: a connection's timer is set once and moves on by itself when it fires early, so that a request on a warm
 * connection costs no work in the timer heap.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H
#include "http/backend_tally.h"
#include "http/worker_int.h"

enum {
    POOL_IDLE_MS = 55000,   /* just under the minute that most servers and every load balancer in between allow */
    POOL_FRESH_MS = 1000,   /* how long it may have waited for a request that must not be sent twice */
    POOL_READ_FIRST = 8192, /* fits the buffers libh2o recycles */
    POOL_READ_MORE = 65536  /* at most this much is read in one go: what a slow client can make us hold */
};

struct pool;

struct upstream {
    struct pool *pool;
    struct loop *loop;
    h2o_socket_t *socket;
    struct loop_timer timer;
    int64_t deadline_ms;              /* INT64_MAX: none */
    void (*late)(struct upstream *u); /* the deadline has passed, while at work */
    void *self;                       /* who works with it */
    bool used;                        /* an answer came over it before: it may have died of old age */
    bool idle;
    int64_t idle_since_ms;
    struct upstream *next, **previous; /* idle ones, latest first */
};

struct pool *pool_of(struct pools *p, const struct backend *b);
struct backend_tally *pool_tally(const struct pool *p);
/* A waiting connection, or NULL. fresh: only one that has not waited long. It is the caller's until pool_give or upstream_close. */
struct upstream *pool_take(struct pool *p, bool fresh);
/* Asks for room for one connection more; false at the limit, of this backend or of all together (server_int.h). To be followed by pool_add or pool_unreserve. */
bool pool_reserve(struct pool *p, int max_connections);
void pool_unreserve(struct pool *p);
struct upstream *pool_add(struct pool *p, h2o_socket_t *socket); /* takes the socket */
/* Takes u back, or closes it if `keep` others wait already or there is something unread. keep_alive_s: the backend's promise, 0 if none. */
void pool_give(struct upstream *u, int keep, int keep_alive_s);
void upstream_close(struct upstream *u); /* at once; frees u */
void upstream_deadline(struct upstream *u, int64_t in_ms);
void upstream_no_deadline(struct upstream *u);

/* Sends at once what a plain connection takes, past libh2o's queue and its callback a turn later; gives how many bytes that was. The rest, all
 * of it after an error, and everything on TLS goes by h2o_socket_write, which meets the error again. Only with no write under way. */
size_t upstream_send(h2o_socket_t *socket, struct slice bytes);

enum upstream_read {
    UPSTREAM_NOTHING, /* nothing new */
    UPSTREAM_BYTES,   /* *ret_fresh more in socket->input */
    UPSTREAM_END,     /* the backend has closed in good order */
    UPSTREAM_BROKEN   /* reset, TLS failure */
};
/* In a read callback: takes what is there, at most `want` bytes on a plain connection. */
enum upstream_read upstream_read(h2o_socket_t *socket, const char *err, size_t want, size_t *ret_fresh);

#endif
