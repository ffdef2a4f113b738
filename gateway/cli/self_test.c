/* self_test.c -- a visitor of few words: blocking HTTP/1.1 over loopback, one request a connection, a handful of cookies.
 *
 * It exists so that a machine without a browser, and the first test of a new build, can see the whole journey happen. It knows nothing of the
 * gateway's inside: it reads Location, Set-Cookie and the pages, as a browser would.
 */
#include "cli/self_test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "text/cookie.h"
#include "text/encode.h"

enum {
    ANSWER_MAX = 256 * 1024,
    COOKIES = 16,
    PATIENCE_S = 10
};

struct answer {
    int status;
    struct slice head, body, location;
};

struct self_test {
    pthread_t thread;
    struct arena *arena;
    struct cookie jar[COOKIES]; /* the gateway's: the provider's demo sets none */
    size_t cookies;
    int gateway_port, provider_port, hops;
    bool fine;
    atomic_bool over;
};

static struct slice header(struct slice head, const char *name, size_t nth)
{
    struct slice line, wanted = slice_of(name);
    while (slice_cut(&head, '\n', &line)) {
        size_t colon = slice_index(line, ':');
        if (colon == SLICE_NONE || !slice_is_nocase(slice_upto(line, colon), wanted)) continue;
        if (nth-- != 0) continue;
        struct slice value = slice_trim(slice_from(line, colon + 1));
        if (slice_ends(value, LIT("\r"))) value.len--;
        return value;
    }
    return (struct slice){0};
}

static void keep_cookies(struct self_test *t, struct slice head)
{
    struct slice line;
    for (size_t n = 0; (line = header(head, "set-cookie", n)).at != NULL; n++) {
        struct slice pair = slice_upto(line, slice_index(line, ';'));
        size_t equals = slice_index(pair, '=');
        if (equals == SLICE_NONE) continue;
        struct cookie c = {slice_upto(pair, equals), slice_from(pair, equals + 1)};
        size_t at = 0;
        while (at < t->cookies && !slice_is(t->jar[at].name, c.name)) {
            at++;
        }
        bool gone = slice_find(line, LIT("Max-Age=0")) != SLICE_NONE;
        if (gone && at < t->cookies) t->jar[at] = t->jar[--t->cookies];
        if (gone || at == COOKIES) continue;
        t->jar[at] = (struct cookie){arena_copy(t->arena, c.name), arena_copy(t->arena, c.value)};
        if (at == t->cookies) t->cookies++;
    }
}

static int dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

static bool talk(int port, struct slice request, struct buf *answer)
{
    int fd = dial(port);
    if (fd < 0) return false;
    for (size_t sent = 0; sent < request.len;) {
        ssize_t n = send(fd, request.at + sent, request.len - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            close(fd);
            return false;
        }
        sent += (size_t)n;
    }
    char part[8192];
    ssize_t n;
    while ((n = recv(fd, part, sizeof part, 0)) > 0) {
        buf_add(answer, (struct slice){part, (size_t)n});
    }
    close(fd);
    return n == 0 && !answer->full;
}

static bool ask(struct self_test *t, bool gateway, const char *method, struct slice target, struct slice body,
                struct answer *ret_answer)
{
    AUTO(buf_close) struct buf request = buf_open(32 * 1024), answer = buf_open(ANSWER_MAX);
    buf_print(&request, "%s %.*s HTTP/1.1\r\nHost: %s:%d\r\nAccept: text/html\r\nConnection: close\r\n", method,
              SLICE_ARG(target), gateway ? "localhost" : "127.0.0.1", gateway ? t->gateway_port : t->provider_port);
    for (size_t i = 0; gateway && i < t->cookies; i++) {
        buf_print(&request, "%s%.*s=%.*s%s", i == 0 ? "Cookie: " : "; ", SLICE_ARG(t->jar[i].name),
                  SLICE_ARG(t->jar[i].value), i + 1 == t->cookies ? "\r\n" : "");
    }
    if (body.at != NULL) {
        buf_print(&request, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n", body.len);
    }
    buf_print(&request, "\r\n%.*s", SLICE_ARG(body));
    if (!talk(gateway ? t->gateway_port : t->provider_port, buf_slice(&request), &answer)) return false;
    struct slice all = arena_copy(t->arena, buf_slice(&answer));
    size_t end = slice_find(all, LIT("\r\n\r\n"));
    uint64_t status;
    if (end == SLICE_NONE || !slice_number(slice_upto(slice_from(all, 9), 3), &status)) return false;
    struct answer r = {.status = (int)status, .head = slice_upto(all, end), .body = slice_from(all, end + 4)};
    r.location = header(r.head, "location", 0);
    if (gateway) keep_cookies(t, r.head);
    *ret_answer = r;
    return true;
}

/* One hop of the journey, told in one line; false ends the journey. */
static bool hop(struct self_test *t, const char *where, const struct answer *r, int wanted, const char *needle)
{
    bool fine = r->status == wanted && (needle == NULL || slice_find(r->body, slice_of(needle)) != SLICE_NONE ||
                                        slice_find(r->location, slice_of(needle)) != SLICE_NONE);
    printf("  %2d  %-44s %3d  %s", ++t->hops, where, r->status, fine ? "ok" : "WRONG");
    if (r->location.len != 0) printf("  -> %.*s", SLICE_ARG(slice_upto(r->location, 60)));
    if (!fine) printf("  (wanted %d%s%s)", wanted, needle != NULL ? " and " : "", needle != NULL ? needle : "");
    printf("\n");
    fflush(stdout);
    return fine;
}

static struct slice path_of(struct slice url)
{
    size_t scheme = slice_find(url, LIT("://"));
    if (scheme == SLICE_NONE) return url;
    struct slice rest = slice_from(url, scheme + 3);
    return slice_from(rest, slice_index(rest, '/'));
}

/* The value of a hidden field; templates write name before value. */
static struct slice field(struct arena *a, struct slice page, const char *name)
{
    struct slice mark = arena_print(a, "name=\"%s\" value=\"", name);
    size_t at = slice_find(page, mark);
    if (at == SLICE_NONE) return (struct slice){0};
    struct slice rest = slice_from(page, at + mark.len);
    return slice_upto(rest, slice_index(rest, '"'));
}

static bool sign_in(struct self_test *t, const char *who)
{
    struct answer r;
    struct slice none = {0};
    if (!ask(t, true, "GET", LIT("/"), none, &r) || !hop(t, "GET / as a stranger", &r, 302, "/_vestibule/sign-in"))
        return false;
    if (!ask(t, true, "GET", path_of(r.location), none, &r) ||
        !hop(t, "the sign-in page", &r, 200, "/_vestibule/start/demo"))
        return false;
    if (!ask(t, true, "GET", LIT("/_vestibule/start/demo?rd=%2Fadmin"), none, &r) ||
        !hop(t, "a provider is chosen", &r, 302, "code_challenge_method=S256"))
        return false;
    struct slice authorize = path_of(r.location);
    if (!ask(t, false, "GET", authorize, none, &r) || !hop(t, "the provider asks who it is", &r, 200, who))
        return false;
    if (!ask(t, false, "POST", authorize, arena_print(t->arena, "person=%s", who), &r) ||
        !hop(t, "the person says who", &r, 303, "/_vestibule/callback/demo?code="))
        return false;
    struct slice callback = path_of(r.location);
    if (!ask(t, true, "GET", callback, none, &r) || !hop(t, "back: code, tokens, a new session", &r, 303, "/admin"))
        return false;
    if (!ask(t, true, "GET", callback, none, &r) || !hop(t, "the same callback again is no dead end", &r, 303, "/"))
        return false;
    return true;
}

static bool use_and_sign_out(struct self_test *t)
{
    struct answer r;
    struct slice none = {0};
    if (!ask(t, true, "GET", LIT("/admin"), none, &r) ||
        !hop(t, "the application knows who is asking", &r, 200, "ada@"))
        return false;
    if (!ask(t, true, "GET", LIT("/_vestibule/me"), none, &r) ||
        !hop(t, "so does /me", &r, 200, "\"email\":\"ada@demo.example\""))
        return false;
    if (!ask(t, true, "GET", LIT("/_vestibule/sign-out"), none, &r) ||
        !hop(t, "sign out? is asked", &r, 200, "name=\"token\""))
        return false;
    struct slice token = percent_encode(t->arena, field(t->arena, r.body, "token"));
    if (!ask(t, true, "POST", LIT("/_vestibule/sign-out"), LIT("token=forged"), &r) ||
        !hop(t, "a forged form does nothing", &r, 403, NULL))
        return false;
    struct cookie session = t->jar[0];
    for (size_t i = 0; i < t->cookies; i++) {
        if (slice_is(t->jar[i].name, LIT("__Host-vestibule"))) session = t->jar[i];
    }
    if (!ask(t, true, "POST", LIT("/_vestibule/sign-out"), arena_print(t->arena, "token=%.*s", SLICE_ARG(token)), &r) ||
        !hop(t, "our own form signs out", &r, 303, "/_vestibule/signed-out"))
        return false;
    t->jar[t->cookies++] = session; /* the old cookie, kept by somebody */
    if (!ask(t, true, "GET", LIT("/_vestibule/me"), none, &r) ||
        !hop(t, "the old cookie is worth nothing", &r, 401, NULL))
        return false;
    return true;
}

static void *journey(void *self)
{
    struct self_test *t = self;
    printf("vestibule self-test: a sign-in at http://localhost:%d\n", t->gateway_port);
    t->fine = sign_in(t, "ada") && use_and_sign_out(t);
    printf(t->fine ? "self-test passed: %d hops\n" : "self-test FAILED at hop %d\n", t->hops);
    fflush(stdout);
    atomic_store(&t->over, true);
    return NULL;
}

struct self_test *self_test_start(int gateway_port, int provider_port)
{
    struct self_test *t = must_alloc(sizeof *t);
    t->arena = arena_open(16 << 20);
    t->gateway_port = gateway_port;
    t->provider_port = provider_port;
    must(pthread_create(&t->thread, NULL, journey, t) == 0);
    return t;
}

bool self_test_over(struct self_test *t)
{
    return atomic_load(&t->over);
}

bool self_test_close(struct self_test *t)
{
    pthread_join(t->thread, NULL);
    bool fine = t->fine;
    arena_close(t->arena);
    free(t);
    return fine;
}
