/* What a backend may answer and what becomes of it: a table of answers, heads that are too much, and which headers travel. */
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
    ROW("chunks", OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", WHOLE, 200, "hello", 1),
    ROW("chunks byte by byte", OK "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n",
        BYTEWISE, 200, "hello", 1),
    ROW("an empty body", OK "Content-Length: 0\r\n\r\n", WHOLE, 200, "", 1),
    ROW("empty chunks", OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", WHOLE, 200, "", 1),
    ROW("a body till the close", OK "\r\nhello", CLOSES, 200, "hello", 2),
    ROW("nothing till the close", OK "\r\n", CLOSES, 200, "", 2),
    ROW("a body till the reset", OK "\r\nhello", RESETS, CUT, NULL, 0),
    ROW("connection: close", OK "Connection: close\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 200, "hello", 2),
    ROW("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 200, "hello", 2),
    ROW("HTTP/1.0 that keeps", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", WHOLE,
        200, "hello", 1),
    ROW("HTTP/1.0 till the close", "HTTP/1.0 200 OK\r\n\r\nhello", CLOSES, 200, "hello", 2),
    ROW("no reason phrase", "HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno", WHOLE, 404, "no", 1),
    ROW("204", "HTTP/1.1 204 No\r\n\r\n", WHOLE, 204, "", 1),
    ROW("204 with a body", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 204, "", 2),
    ROW("304 with a length", "HTTP/1.1 304 Same\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n", WHOLE, 304, "", 1),
    ROW("304 with a body", "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 304, "", 2),
    ROW("HEAD", OK "Content-Length: 5\r\n\r\n", HEAD, 200, "", 1),
    ROW("HEAD with a body", OK "Content-Length: 5\r\n\r\nhello", HEAD, 200, "", 2),
    ROW("HEAD without length", OK "\r\n", HEAD, 200, "", 1),
    ROW("100 first", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 5\r\n\r\nhello", WHOLE, 200, "hello", 1),
    ROW("103 first, byte by byte", "HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" OK "Content-Length: 5\r\n\r\nhello",
        BYTEWISE, 200, "hello", 1),
    ROW("500", "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\noh", WHOLE, 500, "oh", 1),
    ROW("more than was announced", OK "Content-Length: 3\r\n\r\nhello", WHOLE, 200, "hel", 2),
    ROW("more behind the last chunk", OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\nlo", WHOLE, 200, "hel",
        2),
    ROW("two answers at once", OK "Content-Length: 1\r\n\r\na" OK "Content-Length: 1\r\n\r\nb", WHOLE, 200, "a", 2),
    /* answers that are none */
    ROW("length and chunks", OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n", WHOLE,
        502, NULL, 2),
    ROW("two lengths", OK "Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 502, NULL, 2),
    ROW("the same length twice", OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", WHOLE, 502, NULL, 2),
    ROW("a list of lengths", OK "Content-Length: 5, 5\r\n\r\nhello", WHOLE, 502, NULL, 2),
    ROW("a negative length", OK "Content-Length: -5\r\n\r\nhello", WHOLE, 502, NULL, 2),
    ROW("gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", WHOLE, 502, NULL, 2),
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
    ROW("chunks without the last", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", CLOSES, CUT, NULL, 0),
    ROW("chunks without the end", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", CLOSES, CUT, NULL, 0),
    ROW("a chunk of size 5 oh", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n5oh\r\nhello\r\n0\r\n\r\n", BYTEWISE,
        CUT, NULL, 0),
    ROW("a chunk of size -1", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n-1\r\nhello\r\n0\r\n\r\n", BYTEWISE, CUT,
        NULL, 0),
    ROW("a chunk longer than said", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", BYTEWISE, CUT, NULL,
        0),
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
        if (m->complete || !m->closed) fail_msg("%s: the client took it for whole: %s", r->name, m->bytes);
        return;
    }
    if (!m->complete && !(m->closed && m->status == r->status))
        fail_msg("%s: no whole answer: '%s'", r->name, m->bytes);
    if (m->status != r->status) fail_msg("%s: status %d, not %d: %s", r->name, m->status, r->status, m->bytes);
    if (r->body != NULL &&
        (m->body_len != strlen(r->body) || (m->body_len != 0 && memcmp(m->body, r->body, m->body_len) != 0)))
        fail_msg("%s: body '%.*s'", r->name, (int)m->body_len, m->body);
}

static void every_answer_of_the_table_reaches_the_client_or_is_refused_whole_sec_159(void **state)
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
            struct rig_message m = rig_ask(r->how & HEAD ? "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" : RIG_GET);
            check_row(r, &m);
            rig_free(&m);
        }
        int made = rig.connections - before;
        if (r->reused != 0 && made != r->reused) fail_msg("%s: %d connections, not %d", r->name, made, r->reused);
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
    rig.backend.keep_alive = 0; /* so that the backend's thread ends, which reads the text */
    struct rig_message m = rig_ask(RIG_GET);
    int status = m.status;
    rig_free(&m);
    rig_until(rig.serving == 0);
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

static void a_flood_of_interim_answers_is_ended_sec_159(void **state)
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
    rig_say(fd, OK "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"
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
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER; /* connections are served side by side */

static void serve_echo_head(int fd, int nth)
{
    (void)nth;
    for (;;) {
        struct rig_message m = rig_read(fd, false);
        bool got = m.complete;
        if (got) {
            char head[64];
            pthread_mutex_lock(&seen_lock);
            memcpy(seen_request, m.bytes, m.len + 1);
            pthread_mutex_unlock(&seen_lock);
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
    struct rig_message m = rig_ask("POST /p?q=1 HTTP/1.1\r\nHost: App.Test\r\nX-Me: ann\r\nTE: trailers\r\n"
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
            snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX-Me: user-%d-%d\r\n\r\n", c, r);
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

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, rig_start, rig_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(every_answer_of_the_table_reaches_the_client_or_is_refused_whole_sec_159),
        ON_RIG(heads_within_the_limits_pass_and_larger_ones_are_refused),
        ON_RIG(a_flood_of_interim_answers_is_ended_sec_159),
        ON_RIG(answer_headers_travel_but_for_those_of_the_connection_and_those_dropped),
        ON_RIG(a_request_is_sent_as_told_and_without_the_headers_of_the_connection),
        ON_RIG(identities_never_mix_on_connections_that_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
