/* asked_test.c -- what a front proxy says is asked for: each in its own words, said once, and read in one way or not at all. */
#include "proxy/asked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    LINES = 6
};
struct told {
    const char *name, *value;
};
struct example {
    enum asked_how how;
    const char *request; /* the request line's target */
    struct told lines[LINES];
    const char *outcome; /* "METHOD scheme host path target", or the problem's word */
};

static struct slice outcome(struct arena *a, const struct example *e)
{
    struct header headers[LINES];
    struct exchange x = {.arena = a, .method = LIT("GET"), .authority = LIT("gate.example"), .headers = headers};
    x.target = slice_of(e->request);
    for (size_t i = 0; i < LINES && e->lines[i].name != NULL; i++) {
        headers[x.header_count++] = (struct header){slice_of(e->lines[i].name), slice_of(e->lines[i].value)};
    }
    struct asked asked;
    const struct err *why = asked_read(&x, e->how, LIT("/g/auth/envoy"), true, &asked);
    if (why != NULL) return problem_word(why->problem);
    return arena_print(a, "%.*s %s %.*s %.*s %.*s", SLICE_ARG(asked.method), asked.https ? "https" : "http",
                       SLICE_ARG(asked.host), SLICE_ARG(asked.path), SLICE_ARG(asked.target));
}

static void all_come_out_so(const struct example *examples, size_t count)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    for (size_t i = 0; i < count; i++) {
        struct slice got = outcome(a, &examples[i]);
        if (!slice_is(got, slice_of(examples[i].outcome)))
            fail_msg("example %zu: %.*s instead of %s", i, SLICE_ARG(got), examples[i].outcome);
    }
}
#define ALL(examples) all_come_out_so(examples, sizeof(examples) / sizeof(examples)[0])

static void each_proxy_is_heard_in_its_own_words_alone(void **state)
{
    static const struct example examples[] = {
        {ASKED_NGINX,
         "/",                                {{"x-original-method", "POST"}, {"x-original-url", "https://App.Example:8443/a%7Eb?x=%2F"}},
         "POST https app.example /a~b /a%7Eb?x=%2F"                                                                                                                      },
        {ASKED_NGINX,
         "/",                                {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "https"},
          {"x-forwarded-host", "a"},
          {"x-forwarded-uri", "/"}},
         "bad-request"                                                                                                                                                   },
        {ASKED_FORWARD,
         "/",                                {{"x-forwarded-method", "PUT"},
          {"x-forwarded-proto", "http"},
          {"x-forwarded-host", "[::1]:80"},
          {"x-forwarded-uri", "/a"}},
         "PUT http [::1] /a /a"                                                                                                                                          },
        {ASKED_FORWARD,
         "/",                                {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "wss"},
          {"x-forwarded-host", "a"},
          {"x-forwarded-uri", "/ws"}},
         "GET https a /ws /ws"                                                                                                                                           },
        {ASKED_FORWARD, "/",                 {{"x-original-method", "GET"}, {"x-original-url", "https://a/"}},                            "bad-request"                  },
        {ASKED_ENVOY,   "/g/auth/envoy/a?b", {{"x-forwarded-proto", "http"}},                                                             "GET http gate.example /a /a?b"},
        {ASKED_ENVOY,   "/g/auth/envoy/",    {{NULL, NULL}},                                                                              "GET https gate.example / /"   },
        {ASKED_ENVOY,   "/g/auth/envoy",     {{NULL, NULL}},                                                                              "bad-request"                  },
        {ASKED_ENVOY,   "/%67/auth/envoy/a", {{NULL, NULL}},                                                                              "bad-request"                  },
        {ASKED_ENVOY,   "/g/auth/envoy/a",   {{"x-forwarded-proto", "gopher"}},                                                           "bad-request"                  },
    };
    (void)state;
    ALL(examples);
}

static void what_is_missing_or_said_twice_is_not_guessed(void **state)
{
    static const struct example examples[] = {
        {ASKED_NGINX,   "/", {{"x-original-url", "https://a/"}},                                                                 "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "GET"}},                                                                     "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "GET"}, {"x-original-url", "/a"}},                                           "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "GET"}, {"x-original-url", "https:///a"}},                                   "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "GET"}, {"x-original-url", "https://a@b/"}},                                 "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "GET"}, {"x-original-url", "https://a"}},                                    "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "get"}, {"x-original-url", "https://a/"}},                                   "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "CONNECT"}, {"x-original-url", "https://a/"}},                               "bad-request"},
        {ASKED_NGINX,
         "/",                {{"x-original-method", "GET"}, {"x-original-url", "https://a/"}, {"x-original-url", "https://a/"}},
         "bad-request"                                                                                                                        },
        {ASKED_NGINX,   "/", {{"x-original-method", "GET"}, {"x-original-url", "https://a/b#c"}},                                "bad-request"},
        {ASKED_NGINX,   "/", {{"x-original-method", "GET"}, {"x-original-url", "https://a/b c"}},                                "bad-request"},
        {ASKED_FORWARD,
         "/",                {{"x-forwarded-method", "GET"}, {"x-forwarded-proto", "https"}, {"x-forwarded-uri", "/"}},
         "bad-request"                                                                                                                        },
        {ASKED_FORWARD,
         "/",                {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "https, http"},
          {"x-forwarded-host", "a"},
          {"x-forwarded-uri", "/"}},
         "bad-request"                                                                                                                        },
        {ASKED_FORWARD,
         "/",                {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "https"},
          {"x-forwarded-host", "a, b"},
          {"x-forwarded-uri", "/"}},
         "bad-request"                                                                                                                        },
    };
    (void)state;
    ALL(examples);
}

static void another_name_that_says_something_else_is_no_detail(void **state)
{
    static const struct example examples[] = {
        {ASKED_NGINX,
         "/",                              {{"x-original-method", "GET"}, {"x-original-url", "https://a/b"}, {"x-forwarded-uri", "/public"}},
         "bad-request"                                                                                                                                     },
        {ASKED_NGINX,
         "/",                              {{"x-original-method", "GET"},
          {"x-original-url", "https://a/b"},
          {"x-forwarded-uri", "/b"},
          {"x-original-uri", "/b"}},
         "GET https a /b /b"                                                                                                                               },
        {ASKED_FORWARD,
         "/",                              {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "https"},
          {"x-forwarded-host", "a"},
          {"x-forwarded-uri", "/b"},
          {"x-rewrite-url", "/c"}},
         "bad-request"                                                                                                                                     },
        {ASKED_EITHER,
         "/",                              {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "https"},
          {"x-forwarded-host", "a"},
          {"x-forwarded-uri", "/b"},
          {"x-original-url", "https://other/b"}},
         "bad-request"                                                                                                                                     },
        {ASKED_EITHER,
         "/",                              {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "https"},
          {"x-forwarded-host", "a"},
          {"x-forwarded-uri", "/b"},
          {"x-original-url", "https://A/b"}},
         "GET https a /b /b"                                                                                                                               },
        {ASKED_ENVOY,   "/g/auth/envoy/b", {{"x-original-url", "/c"}},                                                                        "bad-request"},
    };
    (void)state;
    ALL(examples);
}

static void a_path_with_two_readings_is_not_asked_about(void **state)
{
    static const struct example examples[] = {
        {ASKED_NGINX,
         "/",                                           {{"x-original-method", "GET"}, {"x-original-url", "https://a/public/..%2fadmin"}},
         "ambiguous-path"                                                                                                                                  },
        {ASKED_NGINX,   "/",                            {{"x-original-method", "GET"}, {"x-original-url", "https://a//b"}},                "ambiguous-path"},
        {ASKED_ENVOY,   "/g/auth/envoy//b",             {{NULL, NULL}},                                                                    "ambiguous-path"},
        {ASKED_ENVOY,   "/g/auth/envoy/a/../b",         {{NULL, NULL}},                                                                    "ambiguous-path"},
        {ASKED_ENVOY,   "/g/auth/envoy/a/%252e%252e/b", {{NULL, NULL}},                                                                    "ambiguous-path"},
        {ASKED_FORWARD,
         "/",                                           {{"x-forwarded-method", "GET"},
          {"x-forwarded-proto", "https"},
          {"x-forwarded-host", "a"},
          {"x-forwarded-uri", "/a/..;/b"}},
         "ambiguous-path"                                                                                                                                  },
    };
    (void)state;
    ALL(examples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_proxy_is_heard_in_its_own_words_alone),
        cmocka_unit_test(what_is_missing_or_said_twice_is_not_guessed),
        cmocka_unit_test(another_name_that_says_something_else_is_no_detail),
        cmocka_unit_test(a_path_with_two_readings_is_not_asked_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
