/* What a backend may answer and what becomes of it: a table of answers, then failures, second attempts and limits. */
#include "rig.h"

/* ---- the table ---- */

enum how {
    WHOLE = 0,
    BYTEWISE = 1, /* one byte at a time */
    CLOSES = 2,   /* the backend closes afterwards */
    RESETS = 4,
    HEAD = 8 /* the request is HEAD */
};
enum {
    CUT = -1
}; /* the client sees an answer that breaks off */

struct row {
    const char *name, *answer;
    size_t len; /* 0: strlen */
    int how, status;
    const char *body; /* NULL: do not look */
    int reused;       /* connections after two such requests: 1 reused, 2 not; 0: do not look */
};

#define OK "HTTP/1.1 200 OK\r\n"
#define ROW(n, a, h, s, b, r)           \
    {                                   \
        n, a, sizeof(a) - 1, h, s, b, r \
    }

static const struct row rows[] = {
    ROW("a plain answer", OK "Content-Length: 5\r\n\r\nhello", WHOLE, 200, "hello", 1),
    ROW("an answer byte by byte", OK "Content-Length: 5\r\n\r\nhello", BYTEWISE, 200, "hello", 1),
    ROW("chunks", OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", WHOLE,
        200, "hello", 1),
    ROW("chunks byte by byte",
        OK "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n",
        BYTEWISE, 200, "hello", 1),
    ROW("an empty body", OK "Content-Length: 0\r\n\r\n", WHOLE, 200, "", 1),
    ROW("empty chunks", OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", WHOLE, 200, "", 1),
    ROW("a body till the close", OK "\r\nhello", CLOSES, 200, "hello", 2),
    ROW("nothing till the close", OK "\r\n", CLOSES, 200, "", 2),
    ROW("a body till the reset", OK "\r\nhello", RESETS, CUT, NULL, 0),
    ROW("connection: close", OK "Connection: close\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 200,
        "hello", 2),
    ROW("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 200, "hello", 2),
    ROW("HTTP/1.0 that keeps",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 200,
        "hello", 1),
    ROW("HTTP/1.0 till the close", "HTTP/1.0 200 OK\r\n\r\nhello", CLOSES, 200, "hello", 2),
    ROW("no reason phrase", "HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno", WHOLE, 404, "no", 1),
    ROW("204", "HTTP/1.1 204 No\r\n\r\n", WHOLE, 204, "", 1),
    ROW("204 with a body", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 204, "", 2),
    ROW("304 with a length", "HTTP/1.1 304 Same\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n", WHOLE,
        304, "", 1),
    ROW("304 with a body", "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 304, "",
        2),
    ROW("HEAD", OK "Content-Length: 5\r\n\r\n", HEAD, 200, "", 1),
    ROW("HEAD with a body", OK "Content-Length: 5\r\n\r\nhello", HEAD, 200, "", 2),
    ROW("HEAD without length", OK "\r\n", HEAD, 200, "", 1),
    ROW("100 first", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 5\r\n\r\nhello", WHOLE,
        200, "hello", 1),
    ROW("103 first, byte by byte",
        "HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" OK "Content-Length: 5\r\n\r\nhello", BYTEWISE,
        200, "hello", 1),
    ROW("500", "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\noh", WHOLE, 500, "oh", 1),
    ROW("more than was announced", OK "Content-Length: 3\r\n\r\nhello", WHOLE, 200, "hel", 2),
    ROW("more behind the last chunk",
        OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\nlo", WHOLE, 200, "hel", 2),
    ROW("two answers at once", OK "Content-Length: 1\r\n\r\na" OK "Content-Length: 1\r\n\r\nb",
        WHOLE, 200, "a", 2),
    /* answers that are none */
    ROW("length and chunks",
        OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n", WHOLE,
        502, NULL, 2),
    ROW("two lengths", OK "Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 502, NULL,
        2),
    ROW("the same length twice", OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", WHOLE,
        502, NULL, 2),
    ROW("a list of lengths", OK "Content-Length: 5, 5\r\n\r\nhello", WHOLE, 502, NULL, 2),
    ROW("a negative length", OK "Content-Length: -5\r\n\r\nhello", WHOLE, 502, NULL, 2),
    ROW("gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", WHOLE, 502, NULL,
        2),
    ROW("status 099", "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("status 1000", "HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("status 600", "HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("status abc", "HTTP/1.1 abc X\r\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("a folded header", OK "A: b\r\n c\r\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("a NUL in a header", OK "A: b\0c\r\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("a bare LF", OK "A: b\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("a bare CR", OK "A: b\rSet-Cookie: x=y\r\nContent-Length: 0\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("HTTP/2 in the clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("HTTP/0.9", "<html>hello</html>", CLOSES, 502, NULL, 2),
    ROW("SSH", "SSH-2.0-OpenSSH_9.2\r\n", WHOLE, 502, NULL, 2),
    ROW("101 unasked", "HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\n\r\n", WHOLE, 502, NULL, 2),
    ROW("a head cut short", OK "Content-Le", CLOSES, 502, NULL, 2),
    ROW("a head reset", OK "Content-Le", RESETS, 502, NULL, 2),
    ROW("nothing at all", "", CLOSES, 502, NULL, 0),
    ROW("a reset at once", "", RESETS, 502, NULL, 0),
    /* answers that break off */
    ROW("a body cut short", OK "Content-Length: 10\r\n\r\nhello", CLOSES, CUT, NULL, 0),
    ROW("a body reset", OK "Content-Length: 10\r\n\r\nhello", RESETS, CUT, NULL, 0),
    ROW("chunks without the last", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", CLOSES,
        CUT, NULL, 0),
    ROW("chunks without the end", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        CLOSES, CUT, NULL, 0),
    ROW("a chunk of size 5 oh",
        OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n5oh\r\nhello\r\n0\r\n\r\n", BYTEWISE, CUT,
        NULL, 0),
    ROW("a chunk of size -1",
        OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n-1\r\nhello\r\n0\r\n\r\n", BYTEWISE, CUT,
        NULL, 0),
    ROW("a chunk longer than said", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
        BYTEWISE, CUT, NULL, 0),
};

static const struct row *_Atomic now_row;

static void serve_row(int fd, int nth)
{
    (void)nth;
    for (;;) {
        struct rig_message m = rig_read(fd, false);
        bool got = m.complete;
        rig_free(&m);
        if (!got) return;
        const struct row *r = now_row;
        if (r->how & BYTEWISE) {
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
            for (size_t i = 0; i < r->len; i++) {
                if (!rig_send(fd, r->answer + i, 1)) return;
                sched_yield();
            }
        } else if (r->len != 0) {
            rig_send(fd, r->answer, r->len);
        }
        if (r->how & RESETS) {
            rig_sleep(20); /* a reset throws away what was not read yet */
            struct linger at_once = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        if (r->how & (CLOSES | RESETS)) return;
    }
}

static void check_row(const struct row *r, const struct rig_message *m)
{
    if (r->status == CUT) {
        if (m->complete || !m->closed)
            fail_msg("%s: the client took it for whole: %s", r->name, m->bytes);
        return;
    }
    if (!m->complete && !(m->closed && m->status == r->status))
        fail_msg("%s: no whole answer: '%s'", r->name, m->bytes);
    if (m->status != r->status)
        fail_msg("%s: status %d, not %d: %s", r->name, m->status, r->status, m->bytes);
    if (r->body != NULL && (m->body_len != strlen(r->body) ||
                            (m->body_len != 0 && memcmp(m->body, r->body, m->body_len) != 0)))
        fail_msg("%s: body '%.*s'", r->name, (int)m->body_len, m->body);
}

static void every_answer_of_the_table_reaches_the_client_or_is_refused_whole(void **state)
{
    (void)state;
    rig.serve = serve_row;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        now_row = r;
        char key[32];
        rig.backend.pool_key = (struct slice){key, (size_t)snprintf(key, sizeof key, "row-%zu", i)};
        int before = rig.connections;
        for (int twice = 0; twice < 2; twice++) {
            struct rig_message m =
                rig_ask(r->how & HEAD ? "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" : RIG_GET);
            check_row(r, &m);
            rig_free(&m);
        }
        int made = rig.connections - before;
        if (r->reused != 0 && made != r->reused)
            fail_msg("%s: %d connections, not %d", r->name, made, r->reused);
    }
}

/* ---- heads that are too much ---- */

static char *_Atomic big_answer;

static void serve_big(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_send(fd, big_answer, strlen(big_answer));
    rig_closes(fd);
}

static int status_of_big(char *text)
{
    big_answer = text;
    rig.serve = serve_big;
    struct rig_message m = rig_ask(RIG_GET);
    int status = m.status;
    rig_free(&m);
    free(text);
    return status;
}

static char *answer_with(size_t headers, size_t length)
{
    char *text = malloc(512 * 1024), *at = text;
    at += snprintf(at, 64, OK "Content-Length: 0\r\n");
    for (size_t i = 0; i < headers; i++)
        at += snprintf(at, 64, "X-%zu: y\r\n", i);
    if (length != 0) {
        at += snprintf(at, 64, "X-Long: ");
        memset(at, 'z', length);
        at += length;
        at += snprintf(at, 64, "\r\n");
    }
    snprintf(at, 64, "\r\n");
    return text;
}

static void heads_within_the_limits_pass_and_larger_ones_are_refused(void **state)
{
    (void)state;
    assert_int_equal(status_of_big(answer_with(100, 0)), 200);
    assert_int_equal(status_of_big(answer_with(200, 0)), 502);
    assert_int_equal(status_of_big(answer_with(0, 30000)), 200);
    assert_int_equal(status_of_big(answer_with(0, 300000)), 502);
}

static void serve_interims(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    while (rig_say(fd, "HTTP/1.1 102 Wait\r\n\r\n"))
        ;
}

static void a_flood_of_interim_answers_is_ended(void **state)
{
    (void)state;
    rig.serve = serve_interims;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    rig_free(&m);
}

/* ---- headers ---- */

static void serve_headers(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd,
            OK "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"
               "Keep-Alive: timeout=60\r\nX-Secret: 2\r\nX-Kept: 3\r\nContent-Length: 2\r\n\r\nok");
    rig_closes(fd);
}

static bool without_secret(void *self, struct slice name, struct slice value)
{
    (void)self;
    (void)value;
    return !slice_is(name, LIT("x-secret"));
}

static void answer_headers_travel_but_for_those_of_the_connection_and_those_dropped(void **state)
{
    (void)state;
    rig.serve = serve_headers;
    rig.keep_header = without_secret;
    struct rig_message m = rig_ask(RIG_GET);
    rig.keep_header = NULL;
    assert_int_equal(m.status, 200);
    const char *first = strstr(m.bytes, "a=1"), *second = strstr(m.bytes, "b=2");
    assert_true(first != NULL && second != NULL && first < second);
    assert_null(rig_find(&m, "x-hop"));
    assert_null(rig_find(&m, "keep-alive"));
    assert_null(rig_find(&m, "x-secret"));
    assert_string_equal(rig_find(&m, "x-kept"), "3");
    rig_free(&m);
}

static char seen_request[65536];

static void serve_echo_head(int fd, int nth)
{
    (void)nth;
    for (;;) {
        struct rig_message m = rig_read(fd, false);
        bool got = m.complete;
        if (got) {
            char head[64];
            memcpy(seen_request, m.bytes, m.len + 1);
            const char *me = rig_find(&m, "x-auth-user");
            snprintf(head, sizeof head, OK "Content-Length: %zu\r\n\r\n", strlen(me));
            rig_say(fd, head);
            rig_say(fd, me);
        }
        rig_free(&m);
        if (!got) return;
    }
}

static void a_request_is_sent_as_told_and_without_the_headers_of_the_connection(void **state)
{
    (void)state;
    rig.serve = serve_echo_head;
    struct rig_message m =
        rig_ask("POST /p?q=1 HTTP/1.1\r\nHost: App.Test\r\nX-Me: ann\r\nTE: trailers\r\n"
                "Keep-Alive: 5\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(m.status, 200);
    rig_free(&m);
    assert_string_equal(seen_request, "POST /p?q=1 HTTP/1.1\r\nhost: app.test\r\nx-me: ann\r\n"
                                      "x-auth-user: ann\r\ncontent-length: 5\r\n\r\nhello");
}

static void identities_never_mix_on_connections_that_are_shared(void **state)
{
    (void)state;
    rig.serve = serve_echo_head;
    enum {
        CLIENTS = 8,
        ROUNDS = 40
    };
    int fds[CLIENTS];
    for (int c = 0; c < CLIENTS; c++)
        fds[c] = rig_connect(rig.port);
    for (int r = 0; r < ROUNDS; r++) {
        for (int c = 0; c < CLIENTS; c++) {
            char text[128];
            snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX-Me: user-%d-%d\r\n\r\n", c,
                     r);
            rig_say(fds[c], text);
        }
        for (int c = 0; c < CLIENTS; c++) {
            char expected[32];
            struct rig_message m = rig_read(fds[c], false);
            snprintf(expected, sizeof expected, "user-%d-%d", c, r);
            assert_string_equal(m.body, expected);
            rig_free(&m);
        }
    }
    assert_true(rig.connections <= CLIENTS);
    for (int c = 0; c < CLIENTS; c++)
        close(fds[c]);
}

/* ---- connections that die ---- */

/* Answers one request, then closes without a word when the next one comes. */
static _Atomic int requests_seen;

static void serve_one_then_die(int fd, int nth)
{
    struct rig_message m = rig_read(fd, false);
    if (m.complete) atomic_fetch_add(&requests_seen, 1);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 2\r\n\r\nok");
    m = rig_read(fd, false);
    if (m.complete) atomic_fetch_add(&requests_seen, 1);
    rig_free(&m);
    (void)nth;
}

static int status_on(int fd, const char *request)
{
    assert_true(rig_say(fd, request));
    struct rig_message m = rig_read(fd, false);
    int status = m.status;
    rig_free(&m);
    return status;
}

#define RIG_POST "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"

static void a_get_on_a_connection_that_died_unused_is_sent_once_more(void **state)
{
    (void)state;
    rig.serve = serve_one_then_die;
    requests_seen = 0;
    int fd = rig_connect(rig.port);
    assert_int_equal(status_on(fd, RIG_GET), 200);
    assert_int_equal(status_on(fd, RIG_GET), 200);
    assert_int_equal(requests_seen, 3);
    assert_int_equal(rig_counts().retries, 1);
    close(fd);
}

static void a_post_is_never_sent_twice(void **state)
{
    (void)state;
    rig.serve = serve_one_then_die;
    requests_seen = 0;
    int fd = rig_connect(rig.port);
    assert_int_equal(status_on(fd, RIG_POST), 200);
    assert_int_equal(status_on(fd, RIG_POST), 502);
    assert_int_equal(requests_seen, 2);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_BROKEN);
    close(fd);
}

static void serve_die(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    if (m.complete) atomic_fetch_add(&requests_seen, 1);
    rig_free(&m);
}

static void a_new_connection_that_dies_is_not_tried_again(void **state)
{
    (void)state;
    rig.serve = serve_die;
    requests_seen = 0;
    int fd = rig_connect(rig.port);
    assert_int_equal(status_on(fd, RIG_GET), 502);
    assert_int_equal(requests_seen, 1);
    close(fd);
}

static void serve_one_then_close(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 2\r\n\r\nok");
}

static void a_connection_that_closes_while_idle_is_noticed_before_the_next_request(void **state)
{
    (void)state;
    rig.serve = serve_one_then_close;
    int fd = rig_connect(rig.port);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(status_on(fd, RIG_POST), 200);
        rig_until(rig_counts().idle == 0 && rig_counts().connections == 0);
    }
    assert_int_equal(rig.connections, 3);
    assert_int_equal(rig_counts().retries, 0);
    close(fd);
}

static void serve_late_extra(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 2\r\n\r\nok");
    rig_sleep(50);
    rig_say(fd, OK "Content-Length: 6\r\n\r\npoison");
    rig_closes(fd);
}

static void an_answer_that_nobody_asked_for_closes_the_idle_connection(void **state)
{
    (void)state;
    rig.serve = serve_late_extra;
    int fd = rig_connect(rig.port);
    for (int i = 0; i < 3; i++) {
        rig_say(fd, RIG_GET);
        struct rig_message m = rig_read(fd, false);
        assert_string_equal(m.body, "ok");
        rig_free(&m);
        rig_until(rig_counts().connections == 0);
    }
    close(fd);
}

static void serve_short_promise(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Keep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok");
    rig_closes(fd);
}

static void an_idle_connection_goes_before_the_backend_s_promise_ends(void **state)
{
    (void)state;
    rig.serve = serve_short_promise;
    int64_t began = now_ms();
    struct rig_message m = rig_ask(RIG_GET);
    rig_free(&m);
    assert_int_equal(rig_counts().idle, 1);
    rig_until(rig_counts().connections == 0);
    assert_in_range(now_ms() - began, 900, 1900);
}

/* ---- deadlines and limits ---- */

static void serve_silence(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_closes(fd);
}

static void a_backend_that_does_not_answer_in_time_is_a_timeout(void **state)
{
    (void)state;
    rig.serve = serve_silence;
    rig.backend.response_ms = 200;
    int64_t began = now_ms();
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 504);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_TIMEOUT);
    assert_in_range(now_ms() - began, 190, 1500);
    assert_int_equal(rig_counts().timeouts, 1);
    rig_until(rig_counts().connections == 0);
    rig_free(&m);
}

static void serve_drip(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "X: ");
    for (int i = 0; i < 100 && rig_say(fd, "y"); i++)
        rig_sleep(50);
}

static void a_head_that_drips_for_ever_is_a_timeout_too(void **state)
{
    (void)state;
    rig.serve = serve_drip;
    rig.backend.response_ms = 300;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 504);
    rig_free(&m);
}

static void serve_stall(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 10\r\n\r\nhello");
    rig_closes(fd);
}

static void a_body_that_stalls_is_cut(void **state)
{
    (void)state;
    rig.serve = serve_stall;
    rig.backend.idle_ms = 200;
    int64_t began = now_ms();
    struct rig_message m = rig_ask(RIG_GET);
    assert_true(!m.complete && m.closed);
    assert_in_range(now_ms() - began, 190, 1500);
    rig_until(rig_counts().cut == 1);
    rig_free(&m);
}

static void serve_slowly(int fd, int nth)
{
    (void)nth;
    struct rig_message m = rig_read(fd, false);
    rig_free(&m);
    rig_say(fd, OK "Content-Length: 10\r\n\r\n");
    for (int i = 0; i < 10; i++) {
        rig_sleep(60);
        rig_say(fd, "x");
    }
    rig_closes(fd);
}

static void a_body_that_comes_slowly_but_steadily_is_not_cut(void **state)
{
    (void)state;
    rig.serve = serve_slowly;
    rig.backend.idle_ms = rig.backend.response_ms = 300;
    struct rig_message m = rig_ask(RIG_GET);
    assert_true(m.complete);
    assert_int_equal(m.body_len, 10);
    rig_free(&m);
}

static void a_refused_port_is_unreachable(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, not listening: refuses */
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    rig.backend.port = ntohs(at.sin_port);
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_UNREACHABLE);
    assert_string_equal(m.body, "backend app: Connection refused");
    rig_free(&m);
    close(fd);
}

static void an_unknown_name_is_unreachable(void **state)
{
    (void)state;
    rig.backend.host = LIT("no-such-host.invalid");
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_UNREACHABLE);
    rig_free(&m);
}

static void a_host_that_does_not_answer_is_unreachable_after_connect_ms(void **state)
{
    (void)state;
    /* a listener whose queue is full answers no SYN */
    int fd = socket(AF_INET, SOCK_STREAM, 0), full[4];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    for (int i = 0; i < 4; i++) {
        full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(full[i], (struct sockaddr *)&at, sizeof at);
    }
    rig.backend.port = ntohs(at.sin_port);
    rig.backend.connect_ms = 200;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 502);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_UNREACHABLE);
    assert_string_equal(m.body, "backend app: not connected in time");
    rig_free(&m);
    for (int i = 0; i < 4; i++)
        close(full[i]);
    close(fd);
}

static void more_connections_than_allowed_are_busy_and_come_free_again(void **state)
{
    (void)state;
    rig.serve = serve_silence;
    rig.backend.max_connections = 2;
    int fds[3];
    for (int i = 0; i < 2; i++) {
        fds[i] = rig_connect(rig.port);
        rig_say(fds[i], RIG_GET);
    }
    rig_until(rig_counts().connections == 2);
    fds[2] = rig_connect(rig.port);
    assert_int_equal(status_on(fds[2], RIG_GET), 503);
    assert_int_equal(rig.last_problem, PROBLEM_BACKEND_BUSY);
    close(fds[0]);
    close(fds[1]);
    rig_until(rig_counts().connections == 0);
    rig.serve = serve_echo_head;
    assert_int_equal(status_on(fds[2], RIG_GET), 200);
    close(fds[2]);
}

static void no_more_idle_connections_are_kept_than_told(void **state)
{
    (void)state;
    rig.serve = serve_echo_head;
    rig.backend.keep_alive = 1;
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = rig_connect(rig.port);
        rig_say(fds[i], RIG_GET);
    }
    for (int i = 0; i < 4; i++) {
        struct rig_message m = rig_read(fds[i], false);
        assert_int_equal(m.status, 200);
        rig_free(&m);
        close(fds[i]);
    }
    rig_until(rig_counts().connections == 1 && rig_counts().idle == 1);
}

static void keep_alive_zero_keeps_none(void **state)
{
    (void)state;
    rig.serve = serve_echo_head;
    rig.backend.keep_alive = 0;
    struct rig_message m = rig_ask(RIG_GET);
    assert_int_equal(m.status, 200);
    rig_free(&m);
    rig_until(rig_counts().connections == 0);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, rig_start, rig_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(every_answer_of_the_table_reaches_the_client_or_is_refused_whole),
        ON_RIG(heads_within_the_limits_pass_and_larger_ones_are_refused),
        ON_RIG(a_flood_of_interim_answers_is_ended),
        ON_RIG(answer_headers_travel_but_for_those_of_the_connection_and_those_dropped),
        ON_RIG(a_request_is_sent_as_told_and_without_the_headers_of_the_connection),
        ON_RIG(identities_never_mix_on_connections_that_are_shared),
        ON_RIG(a_get_on_a_connection_that_died_unused_is_sent_once_more),
        ON_RIG(a_post_is_never_sent_twice),
        ON_RIG(a_new_connection_that_dies_is_not_tried_again),
        ON_RIG(a_connection_that_closes_while_idle_is_noticed_before_the_next_request),
        ON_RIG(an_answer_that_nobody_asked_for_closes_the_idle_connection),
        ON_RIG(an_idle_connection_goes_before_the_backend_s_promise_ends),
        ON_RIG(a_backend_that_does_not_answer_in_time_is_a_timeout),
        ON_RIG(a_head_that_drips_for_ever_is_a_timeout_too),
        ON_RIG(a_body_that_stalls_is_cut),
        ON_RIG(a_body_that_comes_slowly_but_steadily_is_not_cut),
        ON_RIG(a_refused_port_is_unreachable),
        ON_RIG(an_unknown_name_is_unreachable),
        ON_RIG(a_host_that_does_not_answer_is_unreachable_after_connect_ms),
        ON_RIG(more_connections_than_allowed_are_busy_and_come_free_again),
        ON_RIG(no_more_idle_connections_are_kept_than_told),
        ON_RIG(keep_alive_zero_keeps_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
