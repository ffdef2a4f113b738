/* server_int.h -- the server: what workers share, which is little and atomic.
 *
 * For http/'s own files.
 */
#ifndef HTTP_SERVER_INT_H
#define HTTP_SERVER_INT_H
#include "http/worker_int.h"

/* One listening socket of one worker. */
struct listening {
    struct worker *worker;
    const struct listener *listener;
    size_t index; /* of the listener */
    int fd;
    h2o_socket_t *socket; /* NULL: closed */
    bool paused;
    tls_context *tls; /* what new connections get; kept by us */
};

/* Connections per address, of the whole process; see addresses.c. */
struct addresses;
struct addresses *addresses_open(void);
void addresses_close(struct addresses *t);
bool addresses_add(struct addresses *t, const struct address *who, int most); /* any thread */
void addresses_remove(struct addresses *t, const struct address *who);        /* any thread */

struct server {
    struct server_conf conf;
    struct worker *workers;
    int worker_count;
    int *fds;   /* as opened: worker_count rows of listener_count; -1: none */
    int *spare; /* inherited, beyond the workers */
    size_t *spare_listener;
    size_t spare_count;
    int *ports;
    bool *lent; /* per listener: its socket is the predecessor's, who serves it until we do (unix and inherited ones) */
    int *copies; /* made for a successor; see server_handover */
    size_t copy_count;
    struct addresses *addresses;
    bool running; /* the descriptors are the workers' now */
    bool stopping, handed_over;
    _Atomic int max_connections;
    int64_t max_upstreams;     /* of all workers together; set before they start */
    _Atomic int64_t upstreams; /* connections to applications, also those that wait in a pool */
    _Atomic int64_t connections, connections_total, requests, refused, body_bytes, started;
    _Atomic int64_t upload_bytes; /* of HTTP/2 bodies that are still coming, as the workers' last sweeps saw them */
};

/* listen.c: opens every socket into s->fds, s->ports. */
const struct err *listen_open(struct arena *a, struct server *s);
void listen_close(struct server *s);
/* accept.c */
void accept_open(struct worker *w);  /* in the worker */
void accept_close(struct worker *w); /* no new connections */
const struct err *accept_tls(struct arena *a, tls_context *tls, bool http2);
/* worker.c */
void worker_start(struct worker *w);
/* Runs fn(worker, arg) once on each worker's thread; returns when all have. */
void worker_each(struct server *s, void (*fn)(struct worker *w, void *arg), void *arg);
/* noise.c: what libh2o prints to stderr, part of it from clients, is cleaned and held to a few lines a second. */
void noise_capture(void);

#endif
