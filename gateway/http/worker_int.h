/* worker_int.h -- one worker: a thread, its loop, its sockets, its connections, its pools of backend connections.
 *
 * For http/'s own files only. Everything here belongs to the worker's thread, but for what says `any thread`.
 */
#ifndef HTTP_WORKER_INT_H
#define HTTP_WORKER_INT_H
#include <pthread.h>
#include <stdatomic.h>

#include "http/loop_int.h"
#include "http/server.h"

struct pools; /* idle backend connections: the upstream's, see pools_open */
struct worker;
struct listening; /* a listening socket of this worker, see listen.c */
struct connection;

struct worker {
    struct server *server;
    int index;
    pthread_t thread;
    struct loop *loop; /* loop_h2o(loop) is libh2o's */
    void *app;         /* from http_app.open; handed to handlers as exchange.app */
    struct pools *pools;
    struct http_limits limits; /* this worker's copy; server_set_limits replaces it by a message */
    h2o_globalconf_t h2o_conf; /* these three: HTTP/2 only */
    h2o_context_t h2o;
    h2o_accept_ctx_t h2o_accept;
    struct loop_timer resume; /* listening again after a pause */
    int64_t paused_told_ms;   /* when the log was told of one; 0: never */
    struct listening *listening;
    size_t listening_count;
    struct connection *connections; /* all of them, newest first */
    size_t upload_bytes;            /* of HTTP/2 bodies that were still coming at the last look */
    size_t http2_unseen;            /* bytes that came since */
    struct loop_later http2_look;
    struct loop_timer sweep; /* once a second: phases, deadlines */
    char date[48];           /* the date header, made once a second */
    size_t date_len;
    int64_t date_s;
    _Atomic bool ended; /* its loop ends */
    bool stopping;      /* answers carry Connection: close; nothing new is kept alive */
};

/* The upstream's hooks. Open: in the worker's thread, after loop is there and before the first request. Close: same thread, after
 * the last exchange has ended; closes idle connections. */
struct pools *pools_open(struct worker *w);
void pools_close(struct pools *p);

#endif
