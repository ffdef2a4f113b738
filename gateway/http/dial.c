/* dial.c -- look up, connect to one address after the other, then TLS. One deadline timer over all of it, one per attempt. */
#include "http/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    DIAL_ATTEMPT_MIN_MS = 250, /* an address gets at least one lost SYN's worth of time */
    DIAL_NAME_MAX = 253,
    DIAL_TLS_BUFFER = 256 * 1024
};

struct dial {
    struct loop *loop;
    struct stream_target to;
    dial_done *done;
    void *self;
    struct lookup *lookup;
    struct lookup_answer found;
    size_t at; /* the address being tried */
    h2o_socket_t *socket;
    struct loop_timer deadline, attempt;
    struct loop_later soon; /* failed before anything was waited for */
    const char *why;        /* of the last attempt */
};

#define OWNER(type, member, pointer) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static void try_next(struct dial *d);

void dial_hang_up(h2o_socket_t *socket)
{
    if (socket->ssl != NULL)
        shutdown(h2o_socket_get_fd(socket), SHUT_RDWR); /* else TLS would wait for its farewell to be taken */
    h2o_socket_close(socket);
}

static void let_go(struct dial *d)
{
    loop_timer_stop(d->loop, &d->deadline);
    loop_timer_stop(d->loop, &d->attempt);
    loop_later_cancel(d->loop, &d->soon);
    if (d->lookup != NULL) lookup_cancel(TAKE(d->lookup));
    if (d->socket != NULL) dial_hang_up(TAKE(d->socket));
}

void dial_cancel(struct dial *d)
{
    let_go(d);
    free(d);
}

static void finish(struct dial *d, h2o_socket_t *socket, const char *why)
{
    dial_done *done = d->done;
    void *self = d->self;
    let_go(d);
    free(d);
    done(self, socket, why);
}

static void on_soon(struct loop_later *w)
{
    struct dial *d = OWNER(struct dial, soon, w);
    finish(d, NULL, d->why);
}

static void on_deadline(struct loop_timer *t)
{
    struct dial *d = OWNER(struct dial, deadline, t);
    finish(d, NULL, d->lookup != NULL ? "the name was not looked up in time" : "not connected in time");
}

static void on_attempt(struct loop_timer *t)
{
    struct dial *d = OWNER(struct dial, attempt, t);
    d->why = "no answer from the address";
    dial_hang_up(TAKE(d->socket));
    d->at++;
    try_next(d);
}

static void on_tls(h2o_socket_t *socket, const char *err)
{
    struct dial *d = socket->data;
    /* not ours to ask: see dial.h */
    if (err != NULL && err != h2o_socket_error_ssl_cert_name_mismatch) {
        finish(d, NULL, err);
        return;
    }
    finish(d, TAKE(d->socket), NULL);
}

/* The name for SNI: none for an IP address (RFC 6066 section 3) or a unix socket without a host. */
static void start_tls(struct dial *d)
{
    struct lookup_answer literal;
    char name[DIAL_NAME_MAX + 1] = "";
    struct slice host = d->to.host;
    if (host.len > DIAL_NAME_MAX) {
        finish(d, NULL, "the host name is too long");
        return;
    }
    if (host.len != 0 && !lookup_direct(host, d->to.port, (struct slice){NULL, 0}, &literal))
        memcpy(name, host.at, host.len);
    h2o_socket_ssl_handshake(d->socket, d->to.tls, name, on_tls);
}

static void on_connected(h2o_socket_t *socket, const char *err)
{
    struct dial *d = socket->data;
    int code = 0;
    socklen_t len = sizeof code;
    loop_timer_stop(d->loop, &d->attempt);
    if (err != NULL || getsockopt(h2o_socket_get_fd(socket), SOL_SOCKET, SO_ERROR, &code, &len) != 0 || code != 0) {
        d->why = code != 0 ? strerrordesc_np(code) : "connection failed";
        dial_hang_up(TAKE(d->socket));
        d->at++;
        try_next(d);
        return;
    }
    if (d->to.tls != NULL)
        start_tls(d);
    else
        finish(d, TAKE(d->socket), NULL);
}

/* With TLS libh2o reads until nothing is left, so the kernel's buffer is the bound on what we may have to hold. */
static int connecting(const struct sockaddr *to, socklen_t len, bool tls)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    int most = DIAL_TLS_BUFFER;
    if (fd < 0) return -1;
    if (tls) (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &most, sizeof most);
    if (to->sa_family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    if (connect(fd, to, len) == 0 || errno == EINPROGRESS) return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

static void set_attempt(struct dial *d)
{
    size_t left = d->found.count - d->at;
    if (left < 2) return;
    int64_t share = (d->deadline.at_ms - loop_now_ms(d->loop)) / (int64_t)left;
    loop_timer_set(d->loop, &d->attempt, share > DIAL_ATTEMPT_MIN_MS ? share : DIAL_ATTEMPT_MIN_MS, on_attempt);
}

static void try_next(struct dial *d)
{
    for (; d->at < d->found.count; d->at++) {
        const struct sockaddr *to = (const struct sockaddr *)(const void *)&d->found.address[d->at].at;
        int fd = connecting(to, d->found.address[d->at].len, d->to.tls != NULL);
        if (fd < 0) {
            d->why = strerrordesc_np(errno);
            continue;
        }
        d->socket = h2o_evloop_socket_create(loop_h2o(d->loop), fd, 0);
        d->socket->data = d;
        set_attempt(d);
        h2o_socket_notify_write(d->socket, on_connected);
        return;
    }
    /* by way of the end of the turn, for dial_start may still be on the stack */
    loop_timer_stop(d->loop, &d->attempt);
    d->soon.run = on_soon;
    loop_later(d->loop, &d->soon);
}

static void on_looked_up(void *self, const struct lookup_answer *answer)
{
    struct dial *d = self;
    d->lookup = NULL;
    d->found = *answer;
    d->why = answer->why != NULL ? answer->why : "the name has no address";
    try_next(d);
}

struct dial *dial_start(struct loop *l, const struct stream_target *to, dial_done *done, void *self)
{
    struct dial *d = must_alloc(sizeof *d);
    d->loop = l;
    d->to = *to;
    d->done = done;
    d->self = self;
    d->why = "nowhere to connect to";
    loop_timer_set(l, &d->deadline, to->connect_ms, on_deadline);
    if (!lookup_direct(to->host, to->port, to->unix_path, &d->found)) {
        d->lookup = lookup_start(l, to->host, to->port, on_looked_up, d);
        return d;
    }
    if (d->found.why != NULL) d->why = d->found.why;
    try_next(d);
    return d;
}
