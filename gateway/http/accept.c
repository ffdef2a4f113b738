/* From a listening socket to a connection that speaks HTTP: accept, PROXY line, TLS, ALPN.
 *
 * At most two are accepted per wake-up: with more, the thread that wakes first takes them all. When the process is full, or the kernel
 * has no descriptor left, the listeners rest for a tenth of a second: a level-triggered listener that cannot be served would
 * otherwise keep the thread spinning. Those who wait are in the kernel's queue meanwhile. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "http/connection_int.h"
#include "http/proxy_line.h"
#include "http/server_int.h"

#include "base/log.h"

enum {
    ACCEPT_PER_WAKE = 2,
    ACCEPT_PAUSE_MS = 100,
    ACCEPT_TELL_MS = 10000, /* once is enough: it is tried ten times a second */
    ACCEPT_RESERVED = 64,   /* for probes and metrics, when clients have all the rest */
    ACCEPT_KEEPALIVE_S = 60 /* an idle tunnel whose peer lost power is found within minutes */
};

static void on_accept(h2o_socket_t *socket, const char *error);

/* ---- TLS ---- */

static void on_tls_info(const SSL *ssl, int where, int ret)
{
    (void)ret;
    if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
    /* libh2o gives no way from a socket to its SSL; its BIO knows the socket */
    struct connection *c = connection_of(BIO_get_data(SSL_get_rbio(ssl)));
    if (c == NULL) return;
    const unsigned char *protocol;
    unsigned protocol_len;
    SSL_get0_alpn_selected(ssl, &protocol, &protocol_len);
    if (h2o_memis(protocol, protocol_len, H2O_STRLIT("h2"))) http2_count(c, (SSL *)(uintptr_t)ssl);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == NULL || c->tls_name != NULL) return;
    size_t len = strlen(name);
    c->tls_name = must_alloc(len + 1);
    for (size_t i = 0; i < len; i++)
        c->tls_name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
}

const struct err *accept_tls(struct arena *a, tls_context *tls, bool http2)
{
    /* our own lists: libh2o's also offers drafts of HTTP/2 nobody speaks any more */
    static const h2o_iovec_t both[] = {
        {(char *)(uintptr_t) "h2",       2},
        {(char *)(uintptr_t) "http/1.1", 8},
        {NULL,                           0}
    };
    static const h2o_iovec_t one[] = {
        {(char *)(uintptr_t) "http/1.1", 8},
        {NULL,                           0}
    };
    if (tls == NULL) return err_new(a, PROBLEM_CONFIG, "no TLS context");
    h2o_ssl_register_alpn_protocols(tls, http2 ? both : one);
    SSL_CTX_set_info_callback(tls, on_tls_info);
    return NULL;
}

static void on_handshake(h2o_socket_t *socket, const char *error)
{
    struct connection *c = connection_of(socket);
    if (error != NULL) {
        connection_refused(c, PROBLEM_BAD_REQUEST, 0, "TLS handshake failed");
        connection_doom(c);
        return;
    }
    if (c->doomed) return;
    h2o_iovec_t protocol = h2o_socket_ssl_get_selected_protocol(socket);
    if (c->listener->http2 && h2o_memis(protocol.base, protocol.len, H2O_STRLIT("h2")))
        http2_open(c);
    else
        http1_open(c);
}

static void greet(struct connection *c)
{
    if (!connection_count(c)) {
        connection_refused(c, PROBLEM_RATE_LIMITED, 0, "too many connections from one address");
        connection_doom(c);
        return;
    }
    c->tls = c->listening->tls != NULL;
    connection_phase(c, PHASE_HANDSHAKE);
    if (!c->tls) {
        http1_open(c);
        return;
    }
    /* a reload may take the listener's context away while this client has not said a word */
    c->tls_begun = tls_keep(c->listening->tls);
    h2o_socket_ssl_handshake(c->socket, c->tls_begun, NULL, on_handshake);
}

/* ---- who is it? ---- */

static void address_of(const struct sockaddr *sa, struct address *ret_address)
{
    struct address a = {0};
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sa;
        a.is_ip = a.is_ip4 = true;
        a.bytes[10] = a.bytes[11] = 0xff;
        memcpy(a.bytes + 12, &in->sin_addr, 4);
        a.port = ntohs(in->sin_port);
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sa;
        a.is_ip = true;
        a.is_ip4 = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
        memcpy(a.bytes, &in6->sin6_addr, 16);
        a.port = ntohs(in6->sin6_port);
    }
    *ret_address = a;
}

static bool trusted(const struct connection *c)
{
    const struct server_conf *conf = &c->worker->server->conf;
    /* a unix socket's permissions say who may speak */
    return !c->socket_peer.is_ip || networks_have(conf->trusted, conf->trusted_count, &c->socket_peer);
}

static void on_proxy_line(h2o_socket_t *socket, const char *error)
{
    struct connection *c = connection_of(socket);
    size_t used = 0;
    if (error != NULL) {
        connection_doom(c);
        return;
    }
    struct slice bytes = {socket->input->bytes, socket->input->size};
    enum proxy_line line = proxy_line_read(bytes, &c->peer, &used);
    if (line == PROXY_LINE_MORE) return;
    h2o_socket_read_stop(socket);
    if (line == PROXY_LINE_BAD) {
        connection_refused(c, PROBLEM_BAD_REQUEST, 0, "no PROXY line");
        connection_doom(c);
        return;
    }
    c->unnamed = line == PROXY_LINE_NONE;
    h2o_buffer_consume(&socket->input, used);
    greet(c); /* what came behind the line stands in the input: TLS and HTTP/1 begin with it */
}

static void begin(struct connection *c)
{
    if (!c->listener->proxy_protocol) {
        greet(c);
        return;
    }
    /* libh2o's own reading of that line knows version 1 only and serves connections that bring none: anyone could be anybody */
    connection_phase(c, PHASE_PROXY_LINE);
    if (!trusted(c)) {
        connection_refused(c, PROBLEM_BAD_REQUEST, 0, "PROXY line from an address that is not trusted");
        connection_doom(c);
        return;
    }
    h2o_socket_read_start(c->socket, on_proxy_line);
}

/* ---- accepting ---- */

static void set_options(struct worker *w, int fd)
{
    /* libh2o has no time limit for writing: the kernel's on unacknowledged bytes is the one (also for a window of zero) */
    unsigned write_ms = (unsigned)w->limits.write_ms;
    int on = 1, idle = ACCEPT_KEEPALIVE_S;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &write_ms, sizeof write_ms);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
}

static bool is_full(const struct listening *l)
{
    const struct server *s = l->worker->server;
    int64_t most = atomic_load(&s->max_connections) + (l->listener->reserved ? ACCEPT_RESERVED : 0);
    return atomic_load(&s->connections) >= most;
}

static void on_resume(struct loop_timer *t);

static void rest(struct listening *l)
{
    struct worker *w = l->worker;
    if (l->socket != NULL && !l->paused) h2o_socket_read_stop(l->socket);
    l->paused = true;
    if (!loop_timer_is_set(&w->resume)) loop_timer_set(w->loop, &w->resume, ACCEPT_PAUSE_MS, on_resume);
}

static void on_resume(struct loop_timer *t)
{
    struct worker *w = (struct worker *)(void *)((char *)t - offsetof(struct worker, resume));
    for (size_t i = 0; i < w->listening_count; i++) {
        struct listening *l = &w->listening[i];
        if (l->socket == NULL || !l->paused) continue;
        if (is_full(l)) {
            rest(l);
            continue;
        }
        h2o_socket_read_start(l->socket, on_accept);
        l->paused = false;
    }
}

static void accepted(struct listening *l, h2o_socket_t *socket)
{
    struct worker *w = l->worker;
    atomic_fetch_add(&w->server->connections, 1);
    atomic_fetch_add_explicit(&w->server->connections_total, 1, memory_order_relaxed);
    struct connection *c = connection_open(w, l, socket);
    struct sockaddr_storage peer = {0};
    if (h2o_socket_getpeername(socket, (struct sockaddr *)(void *)&peer) != 0)
        address_of((struct sockaddr *)(void *)&peer, &c->socket_peer);
    c->peer = c->socket_peer;
    set_options(w, h2o_socket_get_fd(socket));
    begin(c);
}

static void tell_paused(struct worker *w)
{
    int64_t now = loop_now_ms(w->loop);
    if (w->paused_told_ms != 0 && now - w->paused_told_ms < ACCEPT_TELL_MS) return;
    w->paused_told_ms = now;
    LOG_PLAIN(LOG_LEVEL_WARN, "accept_paused", "no descriptor or memory for another connection", NULL);
}

static void on_accept(h2o_socket_t *socket, const char *error)
{
    struct listening *l = socket->data;
    struct worker *w = l->worker;
    (void)error;
    for (int i = 0; i < ACCEPT_PER_WAKE; i++) {
        if (is_full(l)) {
            rest(l);
            return;
        }
        errno = 0;
        h2o_socket_t *client = h2o_evloop_socket_accept(socket);
        if (client == NULL) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                tell_paused(w);
                for (size_t k = 0; k < w->listening_count; k++)
                    rest(&w->listening[k]);
            }
            return;
        }
        accepted(l, client);
    }
}

void accept_open(struct worker *w)
{
    for (size_t i = 0; i < w->listening_count; i++) {
        struct listening *l = &w->listening[i];
        l->socket = h2o_evloop_socket_create(loop_h2o(w->loop), l->fd, H2O_SOCKET_FLAG_DONT_READ);
        l->socket->data = l;
        h2o_socket_read_start(l->socket, on_accept);
    }
}

/* Whom the kernel has let in already would be reset when the socket closes: they are served once more instead. */
static void take_waiting(struct listening *l)
{
    h2o_socket_t *client;
    while (!is_full(l) && (client = h2o_evloop_socket_accept(l->socket)) != NULL)
        accepted(l, client);
}

void accept_close(struct worker *w)
{
    loop_timer_stop(w->loop, &w->resume);
    for (size_t i = 0; i < w->listening_count; i++) {
        struct listening *l = &w->listening[i];
        if (l->socket != NULL) {
            take_waiting(l);
            h2o_socket_close(l->socket);
        }
        l->socket = NULL;
        l->fd = -1;
    }
}
