/* server.h -- listeners, workers, limits: the HTTP front.
 *
 * N workers, each a thread with its own loop, its own SO_REUSEPORT listening socket per TCP listener (a shared one puts every connection on
 * one thread), its own backend connections. libh2o sees one catch-all host and path; routing is ours. Everything here is
 * called from the main thread unless it says otherwise.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H
#include "http/exchange.h"

enum listener_kind {
    LISTENER_TCP,
    LISTENER_UNIX,
    LISTENER_FD /* inherited: socket activation */
};

struct listener {
    struct slice name; /* "0.0.0.0:8443", in logs and metrics */
    enum listener_kind kind;
    struct address address; /* LISTENER_TCP */
    struct slice unix_path; /* LISTENER_UNIX; mode 0660 */
    int fd;                 /* LISTENER_FD */
    tls_context *tls;       /* NULL: plain */
    bool http2;             /* offered by ALPN; never in cleartext */
    bool proxy_protocol; /* every connection must begin with a PROXY line (v1 or v2), and come from a trusted proxy */
    bool first_worker_only; /* metrics, demo: no need for many */
    bool
        reserved; /* health, metrics: a few connections beyond max_connections, so that a flood of clients is no death */
    /* Called for each screened request. */
    void (*handle)(struct exchange *x);
};

struct http_limits {
    size_t head_bytes, uri_bytes, body_bytes; /* 32 KiB, 8 KiB, 10 MiB: 431, 414, 413 above */
    size_t header_count;                      /* 100 */
    size_t body_total_bytes;                  /* of all bodies in flight in the process: 503 above */
    int max_connections;                      /* of the process */
    int max_connections_per_address;          /* 0: no limit; trusted proxies are exempt */
    int handshake_ms, header_ms, body_idle_ms, idle_ms, request_ms, write_ms; /* request_ms 0: none */
    int h2_streams;                                                           /* concurrent requests per connection */
    int h2_resets; /* streams that may end before their answer per 10 s */
};

struct http_app {
    void *(*open)(void *shared, struct loop *l, int worker); /* in the worker, before the first request */
    void (*close)(void *app);                                /* in the worker, after the last */
    void (*done)(struct exchange *x, const struct exchange_end *end);
    /* A request that was refused before any handler saw it. status 0: closed without an answer. */
    void (*refused)(void *app, const struct listener *l, const struct address *peer, enum problem problem, int status,
                    const char *why);
    /* The body and type of such a refusal's answer; static text. */
    struct slice (*refusal_body)(enum problem problem);
    void *shared;
};

struct server_conf {
    const struct listener *listeners; /* copied with the arena they live in kept by the caller until server_close */
    size_t listener_count;
    int workers;
    struct http_limits limits;
    const struct network *trusted; /* who may send a PROXY line */
    size_t trusted_count;
    struct http_app app;
};

struct server;

/* Opens every listener (or takes inherited descriptors by name from VESTIBULE_LISTEN_FDS), starts the workers. On error nothing is
 * left open; the error says which address, who holds it if /proc tells, and what to change. */
const struct err *server_open(struct arena *a, const struct server_conf *conf, struct server **ret_server);
/* Runs fn(app, arg) once on every worker's thread and returns when all have (a barrier): snapshot swaps. */
void server_each(struct server *s, void (*fn)(void *app, void *arg), void *arg);
/* New TLS contexts for the listeners, by index; connections that exist keep theirs. NULL keeps the old one. Takes references. */
void server_swap_tls(struct server *s, tls_context *const *contexts, size_t count);
void server_set_limits(struct server *s, const struct http_limits *limits);
/* Port that listener i is bound to (asked for port 0 in tests). */
int server_port(const struct server *s, size_t i);
/* The descriptor that systemd passed under that name (FileDescriptorName=), for LISTENER_FD; false: none, or meant for another process.
 * Several sockets of one name: the first. */
bool server_activated_fd(struct slice name, int *ret_fd);
/* To be called before server_stop. "name=fd,name=fd": for exec with inherited sockets; the descriptors are copies without close-on-exec. */
const char *server_handover(struct server *s, struct arena *a);
/* The successor has its own copies now: ours are closed, or our door would stay open after we stopped. */
void server_handover_made(struct server *s);
/* It did not come up: the sockets, and the files of unix ones, are ours alone again. */
void server_handover_failed(struct server *s);

/* Stop: keep accepting for linger_ms (so that load balancers notice /ready), then no new connections but those the kernel has let in, GOAWAY, idle connections
 * swept, requests under way finish within drain_ms. Returns how many had to be cut. Blocks. */
int server_stop(struct server *s, int linger_ms, int drain_ms);
void server_close(struct server *s); /* after server_stop */

struct server_counts {
    int64_t connections, connections_total, requests_in_flight, refused_total, body_bytes;
};
struct server_counts server_counts(const struct server *s); /* any thread */

#endif
