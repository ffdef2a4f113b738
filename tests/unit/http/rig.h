/* rig.h -- for the tests of passing on: the real front with one worker, a backend that does what a test scripts, plain sockets as
 * client. All on loopback or a unix socket, ephemeral ports, every wait bounded.
 */
#ifndef TESTS_HTTP_RIG_H
#define TESTS_HTTP_RIG_H
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/backend_counts.h"
#include "http/server.h"

#include "base/log.h"
#include "base/now.h"

enum {
    RIG_WAIT_MS = 10000,
    RIG_TEXT = 1 << 20
};

#if defined(__has_feature) /* clang's word for it; gcc defines a macro */
#    if __has_feature(address_sanitizer)
#        define RIG_SANITIZED
#    endif
#elif defined(__SANITIZE_ADDRESS__)
#    define RIG_SANITIZED
#endif
#ifdef RIG_SANITIZED
enum {
    RIG_RSS_SLACK_KIB = 512 * 1024
}; /* freed memory stays in quarantine */
#else
enum {
    RIG_RSS_SLACK_KIB = 8 * 1024
};
#endif

/* ---- sockets that wait, but not for ever ---- */

static inline void rig_limit(int fd, int ms)
{
    struct timeval t = {ms / 1000, (ms % 1000) * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

static inline int rig_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    rig_limit(fd, RIG_WAIT_MS);
    return fd;
}

static inline bool rig_send(int fd, const char *bytes, size_t len)
{
    while (len != 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool rig_say(int fd, const char *text)
{
    return rig_send(fd, text, strlen(text));
}

static inline void rig_reset(int fd)
{
    struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static inline void rig_sleep(int ms)
{
    poll(NULL, 0, ms);
}

/* ---- messages ---- */

struct rig_message {
    char *bytes;      /* NUL behind */
    size_t len, head; /* head: with the empty line; 0: none came */
    const char *body;
    size_t body_len;
    int status;
    bool complete; /* framing says that this is all */
    bool closed;   /* the connection ended */
};

static inline void rig_free(struct rig_message *m)
{
    free(m->bytes);
    *m = (struct rig_message){0};
}

static inline const char *rig_find(const struct rig_message *m, const char *name)
{
    static _Thread_local char line[8192];
    size_t n = strlen(name);
    for (const char *at = m->bytes; at != NULL && at < m->bytes + m->head;
         at = strstr(at, "\r\n") != NULL ? strstr(at, "\r\n") + 2 : NULL) {
        if (strncasecmp(at, name, n) == 0 && at[n] == ':') {
            size_t len = strcspn(at + n + 2, "\r");
            assert_true(len < sizeof line);
            memcpy(line, at + n + 2, len);
            line[len] = '\0';
            return line;
        }
    }
    return NULL;
}

/* Undoes chunks in place; true when the last one is there. */
static inline bool rig_unchunk(struct rig_message *m)
{
    char *from = m->bytes + m->head, *to = from, *end = m->bytes + m->len, *next;
    m->body = from;
    m->body_len = 0;
    while (from < end) {
        unsigned long n = strtoul(from, &next, 16);
        if (next == from || next + 2 > end) return false;
        from = next + 2;
        size_t have = (size_t)(end - from) < n ? (size_t)(end - from) : n;
        memmove(to, from, have);
        to += have;
        m->body_len = (size_t)(to - m->body);
        if (n == 0) return true;
        if (have < n) return false;
        from += n + 2;
    }
    return false;
}

static inline bool rig_is_complete(struct rig_message *m, bool head_only)
{
    char *end = m->head == 0 ? strstr(m->bytes, "\r\n\r\n") : NULL;
    if (end != NULL) m->head = (size_t)(end - m->bytes) + 4;
    if (m->head == 0) return false;
    m->body = m->bytes + m->head;
    m->body_len = m->len - m->head;
    if (strncmp(m->bytes, "HTTP/1.1 ", 9) == 0) m->status = (int)strtol(m->bytes + 9, NULL, 10);
    if (head_only || m->status == 204 || m->status == 304 || m->status == 101) return true;
    const char *length = rig_find(m, "content-length");
    if (length != NULL) return m->body_len >= strtoul(length, NULL, 10);
    if (rig_find(m, "transfer-encoding") != NULL) {
        char *copy = malloc(m->len + 1);
        memcpy(copy, m->bytes, m->len + 1);
        struct rig_message probe = *m;
        probe.bytes = copy;
        bool whole = rig_unchunk(&probe);
        free(copy);
        return whole;
    }
    return m->status == 0; /* a request without a body */
}

/* One message; head_only for answers to HEAD. What comes after it in the same read is an error of the one who sent it, and kept. */
static inline struct rig_message rig_read(int fd, bool head_only)
{
    struct rig_message m = {.bytes = calloc(1, RIG_TEXT)};
    while (!(m.complete = rig_is_complete(&m, head_only))) {
        ssize_t n = recv(fd, m.bytes + m.len, RIG_TEXT - 1 - m.len, 0);
        if (n <= 0) {
            m.closed = n == 0 || errno != EAGAIN;
            break;
        }
        m.len += (size_t)n;
        m.bytes[m.len] = '\0';
    }
    if (m.head != 0 && m.status != 0 && rig_find(&m, "transfer-encoding") != NULL) rig_unchunk(&m);
    return m;
}

/* True if the peer closes before the limit. */
static inline bool rig_closes(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* ---- the backend ---- */

/* Serves one connection, on a thread of its own; nth counts from 0. fd is closed afterwards. */
typedef void rig_serve(int fd, int nth);

static struct rig {
    struct arena *arena;
    struct server *server;
    struct listener listener;
    int port; /* of the front */
    struct backend backend;
    int backend_port, backend_fd;
    rig_serve *_Atomic serve;
    pthread_t backend_thread;
    _Atomic bool stop;
    _Atomic int connections, serving;
    /* what the application saw */
    _Atomic int failed, done, last_status, last_problem, aborted, backend_status;
    struct backend_counts before; /* counts go on for the life of the process */
    bool forward_upgrade;
    bool (*keep_header)(void *self, struct slice name, struct slice value);
} rig;

struct rig_connection {
    int fd, nth;
};

static inline void *rig_one(void *self)
{
    struct rig_connection c = *(struct rig_connection *)self;
    free(self);
    rig_limit(c.fd, RIG_WAIT_MS);
    rig_serve *serve = rig.serve;
    serve(c.fd, c.nth);
    close(c.fd);
    atomic_fetch_sub(&rig.serving, 1);
    return NULL;
}

static inline void *rig_accept(void *self)
{
    (void)self;
    while (!rig.stop) {
        struct pollfd p = {rig.backend_fd, POLLIN, 0};
        if (poll(&p, 1, 20) != 1) continue;
        struct rig_connection *c = malloc(sizeof *c);
        *c = (struct rig_connection){accept(rig.backend_fd, NULL, NULL), atomic_fetch_add(&rig.connections, 1)};
        atomic_fetch_add(&rig.serving, 1);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, rig_one, c), 0);
        pthread_detach(thread);
    }
    return NULL;
}

static inline void rig_backend_listen(int fd)
{
    rig.backend_fd = fd;
    assert_int_equal(listen(fd, 1024), 0);
    assert_int_equal(pthread_create(&rig.backend_thread, NULL, rig_accept, NULL), 0);
}

static inline void rig_backend_tcp(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    rig.backend_port = ntohs(at.sin_port);
    rig_backend_listen(fd);
}

/* ---- the front ---- */

static inline void rig_failed(struct exchange *x, const struct err *why)
{
    atomic_fetch_add(&rig.failed, 1);
    rig.last_problem = (int)why->problem;
    exchange_reply(x, problem_status(why->problem), err_story(x->arena, why));
}

static inline void rig_handle(struct exchange *x)
{
    struct header *headers = arena_array(x->arena, struct header, x->header_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < x->header_count; i++)
        headers[count++] = x->headers[i];
    headers[count++] = (struct header){LIT("x-auth-user"), exchange_header(x, LIT("x-me"))};
    const struct forward f = {.backend = &rig.backend,
                              .method = x->method,
                              .target = x->target,
                              .host = x->authority,
                              .headers = headers,
                              .header_count = count,
                              .body = x->body,
                              .upgrade = rig.forward_upgrade && x->wants_upgrade,
                              .keep_header = rig.keep_header,
                              .failed = rig_failed};
    exchange_forward(x, &f);
}

static inline void rig_done(struct exchange *x, const struct exchange_end *end)
{
    (void)x;
    rig.last_status = end->status;
    rig.backend_status = end->backend_status;
    if (end->aborted) atomic_fetch_add(&rig.aborted, 1);
    atomic_fetch_add(&rig.done, 1);
}

static inline struct backend_counts rig_counts_ever(void)
{
    struct backend_counts all[8];
    size_t n = backend_counts(all, 8);
    for (size_t i = 0; i < n && i < 8; i++)
        if (slice_is(all[i].id, LIT("app"))) return all[i];
    return (struct backend_counts){0};
}

/* Since the start of this test. */
static inline struct backend_counts rig_counts(void)
{
    struct backend_counts c = rig_counts_ever();
    c.retries -= rig.before.retries;
    c.timeouts -= rig.before.timeouts;
    c.cut -= rig.before.cut;
    c.connected -= rig.before.connected;
    c.requests -= rig.before.requests;
    return c;
}

static inline int rig_start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    log_threshold(LOG_LEVEL_ERROR);
    rig = (struct rig){.arena = arena_open(1 << 20), .backend_fd = -1};
    struct address any;
    assert_true(address_read(LIT("127.0.0.1"), &any));
    rig.listener = (struct listener){.name = LIT("test"), .kind = LISTENER_TCP, .address = any, .handle = rig_handle};
    const struct server_conf conf = {
        .listeners = &rig.listener,
        .listener_count = 1,
        .workers = 1,
        .limits = {.head_bytes = 32768,
                   .uri_bytes = 8192,
                   .body_bytes = 10 << 20,
                   .header_count = 100,
                   .body_total_bytes = 64 << 20,
                   .max_connections = 1000,
                   .handshake_ms = 5000,
                   .header_ms = 5000,
                   .body_idle_ms = 5000,
                   .idle_ms = 20000,
                   .write_ms = 20000,
                   .h2_streams = 32,
                   .h2_resets = 100},
        .app = {.done = rig_done}
    };
    const struct err *err = server_open(rig.arena, &conf, &rig.server);
    if (err != NULL) fail_msg("%.*s", SLICE_ARG(err_story(rig.arena, err)));
    rig.port = server_port(rig.server, 0);
    rig_backend_tcp();
    rig.backend = (struct backend){.id = LIT("app"),
                                   .pool_key = LIT("app"),
                                   .host = LIT("127.0.0.1"),
                                   .port = rig.backend_port,
                                   .authority = LIT("app"),
                                   .connect_ms = 1000,
                                   .response_ms = 3000,
                                   .idle_ms = 3000,
                                   .keep_alive = 16,
                                   .websockets = true};
    rig.before = rig_counts_ever();
    return 0;
}

static inline int rig_end(void **state)
{
    (void)state;
    server_stop(rig.server, 0, 200);
    server_close(rig.server);
    rig.stop = true;
    pthread_join(rig.backend_thread, NULL);
    close(rig.backend_fd);
    for (int i = 0; rig.serving != 0 && i < 500; i++)
        rig_sleep(10);
    arena_close(rig.arena);
    arena_drain();
    return 0;
}

/* Waits until what holds; the tests look at other threads' doings. */
#define rig_until(what)                      \
    do {                                     \
        int64_t until_ = now_ms() + 5000;    \
        while (!(what) && now_ms() < until_) \
            rig_sleep(2);                    \
        assert_true(what);                   \
    } while (0)

/* One request on a connection of its own. */
static inline struct rig_message rig_ask(const char *request)
{
    int fd = rig_connect(rig.port);
    assert_true(rig_say(fd, request));
    struct rig_message m = rig_read(fd, strncmp(request, "HEAD", 4) == 0);
    close(fd);
    return m;
}

#define RIG_GET "GET /x HTTP/1.1\r\nHost: app.test\r\n\r\n"

#endif
