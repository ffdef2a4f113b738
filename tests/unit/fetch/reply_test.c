/* reply_test.c -- header lines and their meaning, statuses and their verdicts, dates. */
#include "fetch/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetch.h"
#include "fetch/http_date.h"

static struct reply read_lines(const char *lines)
{
    struct reply r = reply_open(1000);
    struct slice rest = slice_of(lines), line;
    while (slice_cut(&rest, '\n', &line))
        if (line.len != 0) assert_true(reply_header(&r, line, 784111777));
    return r;
}

static void the_last_head_counts_when_1xx_answers_go_before(void **state)
{
    (void)state;
    struct reply r = read_lines(
        "HTTP/1.1 103 Early\r\nContent-Type: text/html\r\n\r\nHTTP/2 200\r\ncontent-type: application/json\r\n");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.content_type, "application/json");
    assert_false(r.type_odd);
}

static void caching_and_waiting_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int64_t max_age_s, retry_after_s;
    } cases[] = {
        {"X: y",                                           -1,          -1                     },
        {"Cache-Control: public, max-age=600",             600,         -1                     },
        {"cache-control: MAX-AGE=\"60\"",                  60,          -1                     },
        {"Cache-Control: max-age=600, no-store",           0,           -1                     },
        {"Cache-Control: no-cache",                        0,           -1                     },
        {"Cache-Control: max-age=600, max-age=5",          5,           -1                     },
        {"Cache-Control: max-age=99999999999999999999999", -1,          -1                     },
        {"Cache-Control: max-age=9999999999",              366 * 86400, -1                     },
        {"Cache-Control: max-age=-1",                      -1,          -1                     },
        {"Cache-Control: s-maxage=7",                      -1,          -1                     },
        {"Retry-After: 120",                               -1,          120                    },
        {"Retry-After: 99999999",                          -1,          FETCH_RETRY_AFTER_MAX_S},
        {"Retry-After: Sun, 06 Nov 1994 08:50:37 GMT",     -1,          60                     },
        {"Retry-After: Sun, 06 Nov 1994 08:00:00 GMT",     -1,          0                      },
        {"Retry-After: soon",                              -1,          -1                     },
        {"Retry-After: -5",                                -1,          -1                     },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reply r = reply_open(10);
        assert_true(reply_header(&r, LIT("HTTP/1.1 200 OK"), 784111777));
        assert_true(reply_header(&r, slice_of(cases[i].line), 784111777));
        if (r.max_age_s != cases[i].max_age_s || r.retry_after_s != cases[i].retry_after_s)
            fail_msg("%s: %lld %lld", cases[i].line, (long long)r.max_age_s, (long long)r.retry_after_s);
        reply_close(&r);
    }
}

static void a_head_without_end_is_stopped(void **state)
{
    (void)state;
    struct reply r = reply_open(10);
    int lines = 0;
    while (lines < 100000 && reply_header(&r, LIT("X-Padding: 0123456789012345678901234567890123456789"), 0))
        lines++;
    assert_true(r.head_full);
    assert_true(lines < FETCH_HEAD_MAX / 40);
}

static void a_body_over_its_limit_is_stopped(void **state)
{
    (void)state;
    struct reply r = reply_open(10);
    assert_true(reply_body(&r, LIT("0123456789")));
    assert_false(reply_body(&r, LIT("0")));
    reply_close(&r);
}

static void trailers_mean_nothing(void **state)
{
    (void)state;
    struct reply r = read_lines("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
    assert_true(reply_body(&r, LIT("{}")));
    assert_true(reply_header(&r, LIT("Content-Type: text/html"), 0));
    assert_true(reply_header(&r, LIT("HTTP/1.1 500 Nonsense"), 0));
    assert_int_equal(r.status, 200);
    assert_false(r.type_odd);
    reply_close(&r);
}

static void only_the_answer_asked_for_is_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        bool accept_errors;
        enum problem problem;
    } cases[] = {
        {"HTTP/1.1 200 OK\nContent-Type: application/json",                                     false, PROBLEM_NONE           },
        {"HTTP/1.1 200 OK\nContent-Type: Application/JSON;charset=utf-8",                       false, PROBLEM_NONE           },
        {"HTTP/1.1 200 OK\nContent-Type: application/jwk-set+json",                             false, PROBLEM_NONE           },
        {"HTTP/1.1 400 Bad\nContent-Type: application/json",                                    true,  PROBLEM_NONE           },
        {"HTTP/1.1 401 Bad\nContent-Type: application/json",                                    true,  PROBLEM_NONE           },
        {"HTTP/1.1 200 OK\nContent-Encoding: identity\nContent-Type: application/json",         false, PROBLEM_NONE           },
        {"HTTP/1.1 200 OK\nContent-Type: text/html",                                            false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 200 OK",                                                                     false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 200 OK\nContent-Type: application/jsonp",                                    false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 200 OK\nContent-Type: text/json+json",                                       false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Type: text/html",            false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip",             false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 204 No\nContent-Type: application/json",                                     false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 206 Part\nContent-Type: application/json",                                   false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 302 Found\nLocation: https://evil.example/\nContent-Type: application/json", true,
         PROBLEM_PROVIDER_BROKEN                                                                                              },
        {"HTTP/1.1 307 Again\nContent-Type: application/json",                                  true,  PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 400 Bad\nContent-Type: application/json",                                    false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 400 Bad\nContent-Type: text/html",                                           true,  PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 404 No\nContent-Type: application/json",                                     false, PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 408 Slow\nContent-Type: application/json",                                   true,  PROBLEM_PROVIDER_AWAY  },
        {"HTTP/1.1 429 Many\nContent-Type: application/json",                                   true,  PROBLEM_PROVIDER_AWAY  },
        {"HTTP/1.1 500 Oh\nContent-Type: application/json",                                     true,  PROBLEM_PROVIDER_AWAY  },
        {"HTTP/1.1 503 Busy",                                                                   false, PROBLEM_PROVIDER_AWAY  },
        {"HTTP/1.1 999 What\nContent-Type: application/json",                                   true,  PROBLEM_PROVIDER_BROKEN},
        {"HTTP/1.1 abc\nContent-Type: application/json",                                        true,  PROBLEM_PROVIDER_BROKEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reply r = read_lines(cases[i].head);
        const char *why = NULL;
        enum problem problem = reply_judge(&r, LIT("application/json"), cases[i].accept_errors, &why);
        if (problem != cases[i].problem || (problem != PROBLEM_NONE) != (why != NULL))
            fail_msg("%s: %d", cases[i].head, (int)problem);
    }
}

static void a_type_too_long_to_be_one_is_none(void **state)
{
    (void)state;
    char line[400] = "Content-Type: application/json; x=";
    memset(line + strlen(line), 'y', 300);
    struct reply r = reply_open(10);
    assert_true(reply_header(&r, LIT("HTTP/1.1 200 OK"), 0));
    assert_true(reply_header(&r, slice_of(line), 0));
    assert_true(r.type_odd);
}

static void headers_are_kept_by_name_the_first_of_two_and_of_the_last_head(void **state)
{
    (void)state;
    struct reply r = reply_open(10);
    reply_keep(&r, 0, LIT("x-left"));
    reply_keep(&r, 1, LIT("X-Long"));
    reply_keep(&r, 2, LIT(""));
    char line[FETCH_KEPT_MAX + 20] = "X-Long: ";
    memset(line + strlen(line), 'y', FETCH_KEPT_MAX + 1);
    const struct slice lines[] = {LIT("HTTP/1.1 103 Early"), LIT("X-Left: 1"), LIT("HTTP/1.1 403 No"), LIT("X-LEFT: 2"),
                                  LIT("X-Left: 3"), LIT(": 4"), slice_of(line)};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_true(reply_header(&r, lines[i], 0));
    assert_true(r.kept[0].found);
    assert_string_equal(r.kept[0].value, "2");
    assert_false(r.kept[1].found);
    assert_false(r.kept[2].found);
    reply_close(&r);
}

static void dates_are_read_strictly(void **state)
{
    (void)state;
    int64_t s = 0;
    assert_true(http_date_read(LIT("Sun, 06 Nov 1994 08:49:37 GMT"), &s));
    assert_int_equal(s, 784111777);
    assert_true(http_date_read(LIT("Thu, 29 Feb 2024 23:59:59 GMT"), &s));
    assert_int_equal(s, 1709251199);
    assert_true(http_date_read(LIT("Thu, 01 Jan 1970 00:00:00 GMT"), &s));
    assert_int_equal(s, 0);
    assert_false(http_date_read(LIT("Sun, 06 Xxx 1994 08:49:37 GMT"), &s));
    assert_false(http_date_read(LIT("Sun, 06 Nov 1994 25:49:37 GMT"), &s));
    assert_false(http_date_read(LIT("Sun, 06 Nov 1994 08:49:37 CET"), &s));
    assert_false(http_date_read(LIT("Sun, -6 Nov 1994 08:49:37 GMT"), &s));
    assert_false(http_date_read(LIT(""), &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_head_counts_when_1xx_answers_go_before),
        cmocka_unit_test(caching_and_waiting_are_understood),
        cmocka_unit_test(a_head_without_end_is_stopped),
        cmocka_unit_test(a_body_over_its_limit_is_stopped),
        cmocka_unit_test(trailers_mean_nothing),
        cmocka_unit_test(only_the_answer_asked_for_is_accepted),
        cmocka_unit_test(a_type_too_long_to_be_one_is_none),
        cmocka_unit_test(headers_are_kept_by_name_the_first_of_two_and_of_the_last_head),
        cmocka_unit_test(dates_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
