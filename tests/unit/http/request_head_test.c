/* The head that goes to a backend: exactly these bytes. */
#include "http/request_head.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect_head(const struct forward *f, const char *expected)
{
    struct arena *a = arena_open(64 * 1024);
    struct slice head = request_head(a, f);
    assert_int_equal(head.len, strlen(expected));
    assert_memory_equal(head.at, expected, head.len);
    arena_close(a);
}

static void a_plain_request_has_host_and_its_headers_in_order(void **state)
{
    (void)state;
    const struct header headers[] = {
        {LIT("b"), LIT("2")},
        {LIT("a"), LIT("1")},
        {LIT("b"), LIT("") }
    };
    const struct forward f = {.method = LIT("GET"),
                              .target = LIT("/x?y=1"),
                              .host = LIT("app.test:81"),
                              .headers = headers,
                              .header_count = 3};
    expect_head(&f, "GET /x?y=1 HTTP/1.1\r\nhost: app.test:81\r\nb: 2\r\na: 1\r\nb: \r\n\r\n");
}

static void a_body_is_announced_by_its_length(void **state)
{
    (void)state;
    const struct forward f = {.method = LIT("DELETE"), .target = LIT("/"), .host = LIT("h"), .body = LIT("hello")};
    expect_head(&f, "DELETE / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n");
}

static void methods_that_usually_have_a_body_say_when_there_is_none(void **state)
{
    (void)state;
    struct forward f = {.method = LIT("POST"), .target = LIT("/"), .host = LIT("h")};
    expect_head(&f, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n");
    f.method = LIT("PATCH");
    expect_head(&f, "PATCH / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n");
    f.method = LIT("DELETE");
    expect_head(&f, "DELETE / HTTP/1.1\r\nhost: h\r\n\r\n");
}

static void headers_of_one_connection_are_never_passed_on(void **state)
{
    (void)state;
    static const char *const names[] = {
        "host",       "content-length", "transfer-encoding", "connection",          "upgrade",       "te", "trailer",
        "keep-alive", "expect",         "proxy-connection",  "proxy-authorization", "http2-settings"};
    struct header headers[13];
    for (size_t i = 0; i < 12; i++)
        headers[i] = (struct header){slice_of(names[i]), LIT("x")};
    headers[12] = (struct header){LIT("sec-websocket-key"), LIT("k")};
    const struct forward f = {
        .method = LIT("GET"), .target = LIT("/"), .host = LIT("h"), .headers = headers, .header_count = 13};
    expect_head(&f, "GET / HTTP/1.1\r\nhost: h\r\nsec-websocket-key: k\r\n\r\n");
}

static void an_upgrade_asks_for_a_websocket_and_nothing_else(void **state)
{
    (void)state;
    const struct header headers[] = {
        {LIT("upgrade"),    LIT("h2c")},
        {LIT("connection"), LIT("x")  }
    };
    const struct forward f = {.method = LIT("GET"),
                              .target = LIT("/"),
                              .host = LIT("h"),
                              .headers = headers,
                              .header_count = 2,
                              .upgrade = true};
    expect_head(&f, "GET / HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
}

static void only_methods_that_may_come_twice_are_idempotent(void **state)
{
    (void)state;
    static const char *const yes[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
    static const char *const no[] = {"POST", "PATCH", "LOCK", "get", "", "GETS"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(request_is_idempotent(slice_of(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(request_is_idempotent(slice_of(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_has_host_and_its_headers_in_order),
        cmocka_unit_test(a_body_is_announced_by_its_length),
        cmocka_unit_test(methods_that_usually_have_a_body_say_when_there_is_none),
        cmocka_unit_test(headers_of_one_connection_are_never_passed_on),
        cmocka_unit_test(an_upgrade_asks_for_a_websocket_and_nothing_else),
        cmocka_unit_test(only_methods_that_may_come_twice_are_idempotent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
