/* What a backend may send as a head, and what it may not: one case a line. */
#include "http/response_head.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    PLAIN,
    HEAD,
    UPGRADE
};
enum {
    BAD = -1,
    PARTIAL = 0,
    NONE = 'n',
    LENGTH = 'l',
    CHUNKED = 'c',
    CLOSE = 'x'
};

struct row {
    const char *bytes;
    int asked, expected, status;
    uint64_t length;
    bool reusable;
};
#define UNKNOWN RESPONSE_LENGTH_UNKNOWN

static const struct row rows[] = {
  /* framing that has one reading */
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",                                        PLAIN,   LENGTH,  200, 5,                  true },
    {"HTTP/1.1 200 OK\r\nContent-Length:5 \t\r\n\r\nhello",                                 PLAIN,   LENGTH,  200, 5,                  true },
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",                                        PLAIN,   NONE,    200, 0,                  true },
    {"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n",                       PLAIN,   LENGTH,  200, 999999999999999999, true },
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",                               PLAIN,   CHUNKED, 200, UNKNOWN,            true },
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",                               PLAIN,   CHUNKED, 200, UNKNOWN,            true },
    {"HTTP/1.1 200 OK\r\n\r\n",                                                             PLAIN,   CLOSE,   200, UNKNOWN,            false},
    {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n",                                           PLAIN,   LENGTH,  200, 1,                  true },
    {"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n",                                          PLAIN,   LENGTH,  200, 1,                  true },
    {"HTTP/1.1 500 Bad \xc3\xa9\r\nContent-Length: 1\r\n\r\n",                              PLAIN,   LENGTH,  500, 1,                  true },
    {"HTTP/1.1 599 X\r\nContent-Length: 1\r\n\r\n",                                         PLAIN,   LENGTH,  599, 1,                  true },
    {"HTTP/1.1 600 X\r\nContent-Length: 1\r\n\r\n",                                         PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",                   PLAIN,   LENGTH,  200, 5,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, CLOSE\r\n\r\n",                PLAIN,   LENGTH,  200, 5,                  false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",                                        PLAIN,   LENGTH,  200, 5,                  false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n",              PLAIN,   LENGTH,  200, 5,                  true },
    {"HTTP/1.0 200 OK\r\n\r\n",                                                             PLAIN,   CLOSE,   200, UNKNOWN,            false},
 /* answers without a body */
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",                                        HEAD,    NONE,    200, 5,                  true },
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",                               HEAD,    NONE,    200, UNKNOWN,            true },
    {"HTTP/1.1 200 OK\r\n\r\n",                                                             HEAD,    NONE,    200, UNKNOWN,            true },
    {"HTTP/1.1 204 No\r\n\r\n",                                                             PLAIN,   NONE,    204, UNKNOWN,            true },
    {"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n",                                        PLAIN,   NONE,    204, UNKNOWN,            true },
    {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n",                                        PLAIN,   NONE,    204, UNKNOWN,            false},
    {"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",                               PLAIN,   NONE,    204, UNKNOWN,            false},
    {"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n",                                      PLAIN,   NONE,    304, 5,                  true },
    {"HTTP/1.1 304 Same\r\n\r\n",                                                           PLAIN,   NONE,    304, UNKNOWN,            true },
 /* interim answers */
    {"HTTP/1.1 100 Continue\r\n\r\n",                                                       PLAIN,   NONE,    100, UNKNOWN,            true },
    {"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n",                                            PLAIN,   NONE,    103, UNKNOWN,            true },
    {"HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\n\r\n",                                   UPGRADE, NONE,    101, UNKNOWN,            true },
    {"HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\n\r\n",                                   PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.0 101 Switch\r\nUpgrade: websocket\r\n\r\n",                                   UPGRADE, BAD,     0,   0,                  false},
 /* more than one reading */
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",          PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",          HEAD,    BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",                   PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nCONTENT-LENGTH: 6\r\n\r\n",                   PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",                                     PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",                                       PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",                                       PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n",                                      PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",                                          PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000000\r\n\r\n",                      PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\n",                     PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n",                                        PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",                         PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",                              PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\x0b\r\n\r\n",                           PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",                               PLAIN,   BAD,     0,   0,                  false},
 /* not a head */
    {"HTTP/1.1 099 X\r\n\r\n",                                                              PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 000 X\r\n\r\n",                                                              PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 1000 X\r\n\r\n",                                                             PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 abc X\r\n\r\n",                                                              PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 20 X\r\n\r\n",                                                               PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 -20 X\r\n\r\n",                                                              PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1  200 X\r\n\r\n",                                                             PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1\r\n\r\n",                                                                    PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.2 200 OK\r\n\r\n",                                                             PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/2.0 200 OK\r\n\r\n",                                                             PLAIN,   BAD,     0,   0,                  false},
    {"http/1.1 200 OK\r\n\r\n",                                                             PLAIN,   BAD,     0,   0,                  false},
    {"ICY 200 OK\r\n\r\n",                                                                  PLAIN,   BAD,     0,   0,                  false},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n",                                                         PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 a\rb\r\n\r\n",                                                           PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 a\x1b\r\n\r\n",                                                          PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n",                                          PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA: b\nContent-Length: 5\r\n\r\n",                                  PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA: b\n\nB: c\r\n\r\n",                                             PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",                                          PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA: b\r\n\tfolded\r\n\r\n",                                         PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\n folded: first\r\n\r\n",                                           PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",                                                    PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\n: b\r\n\r\n",                                                      PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA\r\n\r\n",                                                        PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",                                                  PLAIN,   BAD,     0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nA: b\x7f\r\n\r\n",                                                 PLAIN,   BAD,     0,   0,                  false},
 /* not all here */
    {"",                                                                                    PLAIN,   PARTIAL, 0,   0,                  false},
    {"HTT",                                                                                 PLAIN,   PARTIAL, 0,   0,                  false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r",                                          PLAIN,   PARTIAL, 0,   0,                  false},
    {"XTT",                                                                                 PLAIN,   BAD,     0,   0,                  false},
};

static int kind_of(enum response_body body)
{
    static const int kinds[] = {[RESPONSE_BODY_NONE] = NONE,
                                [RESPONSE_BODY_LENGTH] = LENGTH,
                                [RESPONSE_BODY_CHUNKED] = CHUNKED,
                                [RESPONSE_BODY_CLOSE] = CLOSE};
    return kinds[body];
}

static int read_bytes(const char *text, size_t len, size_t seen, int asked, struct response_head *h)
{
    static char copy[2 * RESPONSE_HEAD_MAX];
    memcpy(copy, text, len);
    struct response_asked with = {.head = asked == HEAD, .upgrade = asked == UPGRADE};
    enum response_result result = response_head_read(copy, len, seen, with, h);
    if (result == RESPONSE_BAD) assert_non_null(h->why);
    return result == RESPONSE_BAD ? BAD : result == RESPONSE_PARTIAL ? PARTIAL : kind_of(h->body);
}

static void every_row_of_the_table_is_read_as_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct response_head h;
        int got = read_bytes(rows[i].bytes, strlen(rows[i].bytes), 0, rows[i].asked, &h);
        if (got != rows[i].expected) fail_msg("row %zu: %d, not %d: %s", i, got, rows[i].expected, rows[i].bytes);
        if (got == BAD || got == PARTIAL) continue;
        assert_int_equal(h.status, rows[i].status);
        assert_int_equal(h.length, rows[i].length);
        if (h.reusable != rows[i].reusable) fail_msg("row %zu: reusable is %d: %s", i, h.reusable, rows[i].bytes);
    }
}

static void a_head_that_comes_byte_by_byte_is_the_same_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct response_head h;
        int got = PARTIAL;
        size_t len = strlen(rows[i].bytes);
        for (size_t here = 1; here <= len && got == PARTIAL; here++)
            got = read_bytes(rows[i].bytes, here, here - 1, rows[i].asked, &h);
        assert_int_equal(got, rows[i].expected);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    static const char value[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n";
    static const char reason[] = "HTTP/1.1 200 O\0K\r\nA: b\r\n\r\n";
    struct response_head h;
    assert_int_equal(read_bytes(value, sizeof value - 1, 0, PLAIN, &h), BAD);
    assert_int_equal(read_bytes(reason, sizeof reason - 1, 0, PLAIN, &h), BAD);
}

static void connection_headers_and_what_they_list_do_not_travel(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Secret\r\nX-Secret: 1\r\n"
                               "Keep-Alive: timeout=5, max=100\r\nSet-Cookie: a=1\r\n"
                               "Proxy-Authenticate: Basic\r\nTE: x\r\nTrailer: y\r\nUpgrade: h2c\r\n"
                               "Proxy-Connection: x\r\nContent-Length: 0\r\nSET-Cookie: b=2 \r\n\r\n";
    struct response_head h;
    assert_int_equal(read_bytes(text, sizeof text - 1, 0, PLAIN, &h), NONE);
    assert_int_equal(h.header_count, 2);
    assert_true(slice_is(h.headers[0].name, LIT("set-cookie")));
    assert_true(slice_is(h.headers[0].value, LIT("a=1")));
    assert_true(slice_is(h.headers[1].name, LIT("set-cookie")));
    assert_true(slice_is(h.headers[1].value, LIT("b=2")));
    assert_int_equal(h.keep_alive_s, 5);
    assert_true(h.reusable);
    assert_int_equal(h.bytes, sizeof text - 1);
}

static size_t many_headers(char *to, size_t count)
{
    size_t len = (size_t)snprintf(to, 64, "HTTP/1.1 200 OK\r\n");
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(to + len, 64, "x-%zu: y\r\n", i);
    memcpy(to + len, "\r\n", 2);
    return len + 2;
}

static void up_to_128_headers_pass_and_more_do_not(void **state)
{
    (void)state;
    static char text[8192];
    struct response_head h;
    size_t len = many_headers(text, RESPONSE_HEADERS_MAX);
    assert_int_equal(read_bytes(text, len, 0, PLAIN, &h), CLOSE);
    assert_int_equal(h.header_count, RESPONSE_HEADERS_MAX);
    len = many_headers(text, RESPONSE_HEADERS_MAX + 1);
    assert_int_equal(read_bytes(text, len, 0, PLAIN, &h), BAD);
}

static size_t long_head(char *to, size_t len)
{
    static const char start[] = "HTTP/1.1 200 OK\r\nx: ";
    memset(to, 'y', len);
    memcpy(to, start, sizeof start - 1);
    memcpy(to + len - 4, "\r\n\r\n", 4);
    return len;
}

static void a_head_of_64_kib_passes_and_a_longer_one_does_not(void **state)
{
    (void)state;
    static char text[2 * RESPONSE_HEAD_MAX];
    struct response_head h;
    assert_int_equal(read_bytes(text, long_head(text, RESPONSE_HEAD_MAX), 0, PLAIN, &h), CLOSE);
    assert_int_equal(read_bytes(text, long_head(text, RESPONSE_HEAD_MAX + 1), 0, PLAIN, &h), BAD);
    assert_int_equal(read_bytes(text, RESPONSE_HEAD_MAX - 1, 0, PLAIN, &h), PARTIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_is_read_as_it_says),
        cmocka_unit_test(a_head_that_comes_byte_by_byte_is_the_same_head),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(connection_headers_and_what_they_list_do_not_travel),
        cmocka_unit_test(up_to_128_headers_pass_and_more_do_not),
        cmocka_unit_test(a_head_of_64_kib_passes_and_a_longer_one_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
