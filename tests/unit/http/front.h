/* front.h -- a server in this process with a small handler, and a raw client that speaks bytes to it. Included by the *_test.c files
 * of this folder. The handler's paths:
 *
 *   /echo...    200, "METHOD TARGET AUTHORITY VERSION BODYLENGTH BODY"      /headers  200, one "name: value" a line
 *   /later      200 after 30 ms      /hang   never answers      /drop   hangs up      /peer   200, who asks
 *   /chunks     201 of unknown length in three pieces          /short   announces 10 bytes, sends 3, then aborts
 *   /big        200 of unknown length, 4 MiB in pieces of 64 KiB, as the client takes them
 */
#ifndef TESTS_FRONT_H
#define TESTS_FRONT_H
#define H2O_USE_LIBUV 0
#define H2O_USE_EPOLL 1
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/exchange_int.h"
#include "http/server.h"

#include "base/now.h"

#pragma GCC diagnostic ignored "-Wunused-function" /* each test takes what it needs */
#pragma GCC diagnostic ignored "-Wunused-variable"

enum {
    FRONT_PATIENCE_MS = 4000,
    FRONT_PIECE = 65536,
    FRONT_BIG = 4 << 20
};

struct front {
    struct arena *arena;
    struct server *server;
    struct server_conf conf;
    struct listener listener[4];
    struct network trusted[2];
    int port;
};

/* what the callbacks saw, for tests to look at */
static _Atomic int front_done, front_aborted, front_refused, front_closed_arenas, front_last_status;
static _Atomic int front_opened, front_app_closed;
static char front_why[128]; /* under the lock */
static pthread_mutex_t front_lock = PTHREAD_MUTEX_INITIALIZER;

static struct slice front_refusal(enum problem problem)
{
    (void)problem;
    return LIT("refused");
}

static void front_on_done(struct exchange *x, const struct exchange_end *end)
{
    (void)x;
    atomic_store(&front_last_status, end->status);
    if (end->aborted) atomic_fetch_add(&front_aborted, 1);
    atomic_fetch_add(&front_done, 1);
}

static void front_on_refused(void *app, const struct listener *l, const struct address *peer, enum problem problem,
                             int status, const char *why)
{
    (void)app;
    (void)l;
    (void)peer;
    (void)problem;
    (void)status;
    pthread_mutex_lock(&front_lock);
    (void)snprintf(front_why, sizeof front_why, "%s", why);
    pthread_mutex_unlock(&front_lock);
    atomic_fetch_add(&front_refused, 1);
}

static void *front_app_open(void *shared, struct loop *l, int worker)
{
    (void)shared;
    (void)l;
    (void)worker;
    atomic_fetch_add(&front_opened, 1);
    return &front_opened;
}

static void front_app_close(void *app)
{
    (void)app;
    atomic_fetch_add(&front_app_closed, 1);
}

/* Waits for it: the client may see the end of its connection before the application was told. */
static bool front_refused_for(const char *why)
{
    bool same = false;
    for (int i = 0; i < 1000 && !same; i++) {
        pthread_mutex_lock(&front_lock);
        same = strcmp(front_why, why) == 0;
        pthread_mutex_unlock(&front_lock);
        if (!same) usleep(1000);
    }
    return same;
}

struct front_wait {
    struct loop_timer timer; /* first */
    struct exchange *x;
};

static void front_fire(struct loop_timer *t)
{
    exchange_reply(((struct front_wait *)(void *)t)->x, 200, LIT("later"));
}

static void front_stop_timer(void *self)
{
    struct front_wait *wait = self;
    loop_timer_stop(wait->x->loop, &wait->timer);
}

static void front_arena_closed(void *self)
{
    (void)self;
    atomic_fetch_add(&front_closed_arenas, 1);
}

struct front_pieces {
    struct exchange_int *e;
    size_t left;
    char *piece;
};

static void front_big_taken(void *self)
{
    struct front_pieces *p = self;
    p->left -= FRONT_PIECE;
    answer_body(p->e, (struct slice){p->piece, p->left != 0 ? FRONT_PIECE : 0}, p->left == 0, front_big_taken, p);
}

static void front_big(struct exchange *x)
{
    struct front_pieces *p = arena_new(x->arena, struct front_pieces);
    p->e = exchange_int_of(x);
    p->left = FRONT_BIG;
    p->piece = arena_alloc(x->arena, FRONT_PIECE);
    memset(p->piece, 'x', FRONT_PIECE);
    answer_start(p->e, 200, NULL, 0, ANSWER_UNKNOWN);
    answer_body(p->e, (struct slice){p->piece, FRONT_PIECE}, false, front_big_taken, p);
}

static void front_second(void *self)
{
    answer_body(self, LIT("two"), true, NULL, NULL);
}

static void front_first(void *self)
{
    answer_body(self, LIT(""), false, front_second, self);
}

static void front_cut(void *self)
{
    answer_abort(self);
}

static void front_echo(struct exchange *x)
{
    exchange_add(x, LIT("content-type"), LIT("text/plain"));
    exchange_reply(x, 200,
                   arena_print(x->arena, "%.*s %.*s %.*s %u %zu %.*s", SLICE_ARG(x->method), SLICE_ARG(x->target),
                               SLICE_ARG(x->authority), x->version, x->body.len, SLICE_ARG(slice_upto(x->body, 200))));
}

static void front_headers(struct exchange *x)
{
    struct slice text = LIT("");
    for (size_t i = 0; i < x->header_count; i++)
        text = arena_print(x->arena, "%.*s%.*s: %.*s\n", SLICE_ARG(text), SLICE_ARG(x->headers[i].name),
                           SLICE_ARG(x->headers[i].value));
    exchange_reply(x, 200, text);
}

static void front_handle(struct exchange *x)
{
    struct exchange_int *e = exchange_int_of(x);
    arena_at_close(x->arena, front_arena_closed, NULL);
    if (slice_is(x->path, LIT("/headers"))) {
        front_headers(x);
    } else if (slice_is(x->path, LIT("/later"))) {
        struct front_wait *wait = arena_new(x->arena, struct front_wait);
        wait->x = x;
        arena_at_close(x->arena, front_stop_timer, wait);
        loop_timer_set(x->loop, &wait->timer, 30, front_fire);
    } else if (slice_is(x->path, LIT("/hang"))) {
        return;
    } else if (slice_is(x->path, LIT("/drop"))) {
        exchange_drop(x);
    } else if (slice_is(x->path, LIT("/peer"))) {
        exchange_reply(x, 200,
                       arena_print(x->arena, "%.*s:%d %.*s", SLICE_ARG(address_text(x->arena, &x->peer)), x->peer.port,
                                   SLICE_ARG(address_text(x->arena, &x->socket_peer))));
    } else if (slice_is(x->path, LIT("/sni"))) {
        exchange_reply(x, 200, x->tls_name);
    } else if (slice_is(x->path, LIT("/chunks"))) {
        answer_start(e, 201, NULL, 0, ANSWER_UNKNOWN);
        answer_body(e, LIT("one"), false, front_first, e);
    } else if (slice_is(x->path, LIT("/short"))) {
        answer_start(e, 200, NULL, 0, 10);
        answer_body(e, LIT("one"), false, front_cut, e);
    } else if (slice_is(x->path, LIT("/big"))) {
        front_big(x);
    } else {
        front_echo(x);
    }
}

static struct front *front_prepare(void)
{
    struct arena *a = arena_open(1 << 22);
    struct front *f = arena_new(a, struct front);
    f->arena = a;
    f->listener[0] = (struct listener){.name = LIT("127.0.0.1:0"), .kind = LISTENER_TCP, .handle = front_handle};
    assert_true(address_read(LIT("127.0.0.1"), &f->listener[0].address));
    f->conf = (struct server_conf){
        .listeners = f->listener,
        .listener_count = 1,
        .workers = 1,
        .limits = {.head_bytes = 32768,
                   .uri_bytes = 8192,
                   .body_bytes = 1 << 20,
                   .header_count = 100,
                   .body_total_bytes = 1 << 22,
                   .max_connections = 200,
                   .handshake_ms = 2000,
                   .header_ms = 2000,
                   .body_idle_ms = 2000,
                   .idle_ms = 2000,
                   .write_ms = 2000,
                   .h2_streams = 32,
                   .h2_resets = 100},
        .app = {.open = front_app_open,
                   .close = front_app_close,
                   .done = front_on_done,
                   .refused = front_on_refused,
                   .refusal_body = front_refusal           },
    };
    atomic_store(&front_done, 0);
    atomic_store(&front_aborted, 0);
    atomic_store(&front_refused, 0);
    atomic_store(&front_closed_arenas, 0);
    front_why[0] = '\0';
    return f;
}

static void front_open(struct front *f)
{
    const struct err *e = server_open(f->arena, &f->conf, &f->server);
    if (e != NULL) print_error("%.*s\n", SLICE_ARG(err_story(f->arena, e)));
    assert_null(e);
    f->port = server_port(f->server, 0);
}

static void front_close(struct front *f)
{
    (void)server_stop(f->server, 0, 0);
    server_close(f->server);
    arena_close(f->arena);
}

/* ---- the client ---- */

static int front_connect_port(int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&in, sizeof in), 0);
    return fd;
}

static int front_connect(const struct front *f)
{
    return front_connect_port(f->port);
}

static void front_send(int fd, const char *bytes, size_t len)
{
    while (len != 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return; /* refused early: the answer tells */
        bytes += n;
        len -= (size_t)n;
    }
}

static void front_say(int fd, const char *text)
{
    front_send(fd, text, strlen(text));
}

/* Reads until `until` was seen, the peer closed, or patience ends. Returns the bytes read; *ret_closed says the peer closed. */
static size_t front_hear(int fd, char *to, size_t room, const char *until, int patience_ms, bool *ret_closed)
{
    size_t len = 0;
    int64_t end = now_ms() + patience_ms;
    *ret_closed = false;
    to[0] = '\0';
    while (len < room - 1 && (until == NULL || strstr(to, until) == NULL)) {
        struct pollfd p = {fd, POLLIN, 0};
        int left = (int)(end - now_ms());
        if (left <= 0 || poll(&p, 1, left) <= 0) return len;
        ssize_t n = recv(fd, to + len, room - 1 - len, 0);
        if (n <= 0) {
            *ret_closed = true;
            return len;
        }
        len += (size_t)n;
        to[len] = '\0';
    }
    return len;
}

static int front_status(const char *answer)
{
    int status = 0;
    if (sscanf(answer, "HTTP/1.%*d %d", &status) != 1) return 0;
    return status;
}

/* One connection, one text, everything until it closes or 'patience' is over. */
static size_t front_ask_bytes(const struct front *f, const char *bytes, size_t len, char *to, size_t room,
                              const char *until, bool *ret_closed)
{
    int fd = front_connect(f);
    front_send(fd, bytes, len);
    size_t got = front_hear(fd, to, room, until, FRONT_PATIENCE_MS, ret_closed);
    close(fd);
    return got;
}

static int front_ask(const struct front *f, const char *text, char *to, size_t room, const char *until)
{
    bool closed;
    (void)front_ask_bytes(f, text, strlen(text), to, room, until, &closed);
    return front_status(to);
}

static bool front_until(const _Atomic int *what, int value)
{
    for (int i = 0; i < FRONT_PATIENCE_MS && atomic_load(what) < value; i++)
        usleep(1000);
    return atomic_load(what) >= value;
}

static bool front_alone(const struct front *f)
{
    for (int i = 0; i < FRONT_PATIENCE_MS && server_counts(f->server).connections != 0; i++)
        usleep(1000);
    return server_counts(f->server).connections == 0;
}

#endif
