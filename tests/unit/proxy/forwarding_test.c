/* forwarding_test.c -- what of a client's headers reaches a backend, and what of a backend's reaches the client. */
#include "proxy/forwarding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/sessions.h"

static const struct session_conf conf = {.cookie_name = LIT_INIT("__Host-vestibule")};
static const struct sessions sessions = {.conf = &conf};

/* The one value of a header, NULL if it is not there; two are a failure. */
static const char *passed(struct arena *a, const struct header *headers, size_t count, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!slice_is_nocase(headers[i].name, slice_of(name))) continue;
        assert_null(value);
        value = arena_text(a, headers[i].value);
    }
    return value;
}

/* Somebody of whom nothing is said but that they are there. */
static const struct session nobody_in_particular = {.keeps_tokens = true};

static size_t forward_token(struct arena *a, const struct header *in, size_t in_count, enum token_form form,
                            struct slice token, const struct header **ret_out)
{
    static const struct slice strip[] = {LIT_INIT("x-corporate-id")};
    const struct exchange x = {.arena = a, .headers = in, .header_count = in_count};
    const struct client client = {
        .ip = LIT("192.0.2.1"), .chain = LIT("192.0.2.1"), .https = true, .authority = LIT("app.example")};
    const struct forwarding f = {.x = &x,
                                 .client = &client,
                                 .sessions = &sessions,
                                 .session = form != TOKEN_FORM_NONE ? &nobody_in_particular : NULL,
                                 .preset = PRESET_NONE,
                                 .token_form = form,
                                 .access_token = token,
                                 .request_id = LIT("R1"),
                                 .request_id_header = LIT("x-correlation-id"),
                                 .traceparent = LIT("00-1-2-03"),
                                 .strip = strip,
                                 .strip_count = 1};
    struct forward out = {0};
    forwarding_headers(&f, &out);
    *ret_out = out.headers;
    return out.header_count;
}

static size_t forward(struct arena *a, const struct header *in, size_t in_count, const struct header **ret_out)
{
    return forward_token(a, in, in_count, TOKEN_FORM_NONE, LIT(""), ret_out);
}

static void what_only_the_gateway_may_say_is_taken_from_clients(void **state)
{
    static const char *const names[] = {"x-auth-user",
                                        "x-auth-request-email",
                                        "remote-user",
                                        "x-forwarded-user",
                                        "x-forwarded-email",
                                        "x-pomerium-claim-user",
                                        "x-webauth-user",
                                        "x-corporate-id",
                                        "forwarded",
                                        "x-original-url",
                                        "x-rewrite-url",
                                        "x-original-host",
                                        "x-host",
                                        "x-http-method",
                                        "x-method-override",
                                        "x-http-method-override",
                                        "x-original-method",
                                        "proxy",
                                        "x-forwarded-prefix",
                                        "x-correlation-id",
                                        "tracestate",
                                        "keep-alive",
                                        "te",
                                        "upgrade",
                                        "expect",
                                        "transfer-encoding",
                                        "proxy-authorization"};
    enum {
        COUNT = sizeof names / sizeof names[0]
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct header in[COUNT + 1];
    const struct header *out;
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        in[i] = (struct header){slice_of(names[i]), LIT("mallory")};
    }
    in[COUNT] = (struct header){LIT("accept-language"), LIT("eo")};
    size_t count = forward(a, in, COUNT + 1, &out);
    for (size_t i = 0; i < COUNT; i++) {
        assert_null(passed(a, out, count, names[i]));
    }
    assert_string_equal(passed(a, out, count, "accept-language"), "eo");
}

static void our_words_replace_the_clients_and_stand_there_once(void **state)
{
    const struct header in[] = {
        {LIT("x-forwarded-for"),   LIT("6.6.6.6")     },
        {LIT("x-forwarded-for"),   LIT("7.7.7.7")     },
        {LIT("x-forwarded-host"),  LIT("evil.example")},
        {LIT("x-forwarded-proto"), LIT("gopher")      },
        {LIT("x-real-ip"),         LIT("6.6.6.6")     },
        {LIT("x-request-id"),      LIT("theirs")      },
        {LIT("traceparent"),       LIT("theirs")      },
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    const struct header *out;
    size_t count = forward(a, in, 7, &out);
    (void)state;
    assert_string_equal(passed(a, out, count, "x-forwarded-for"), "192.0.2.1");
    assert_string_equal(passed(a, out, count, "x-forwarded-host"), "app.example");
    assert_string_equal(passed(a, out, count, "x-forwarded-proto"), "https");
    assert_string_equal(passed(a, out, count, "x-real-ip"), "192.0.2.1");
    assert_string_equal(passed(a, out, count, "x-request-id"), "R1");
    assert_string_equal(passed(a, out, count, "traceparent"), "00-1-2-03");
}

static void a_providers_token_goes_where_it_was_configured_and_never_comes_from_a_client(void **state)
{
    const struct header in[] = {
        {LIT("authorization"),       LIT("Bearer mallory")},
        {LIT("x-auth-access-token"), LIT("mallory")       },
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    const struct header *out;
    (void)state;
    size_t count = forward(a, in, 2, &out);
    assert_null(passed(a, out, count, "x-auth-access-token"));
    assert_string_equal(passed(a, out, count, "authorization"),
                        "Bearer mallory"); /* between a client and its backend */
    count = forward_token(a, in, 2, TOKEN_FORM_HEADER, LIT("good"), &out);
    assert_string_equal(passed(a, out, count, "x-auth-access-token"), "good");
    assert_string_equal(passed(a, out, count, "authorization"), "Bearer mallory");
    count = forward_token(a, in, 2, TOKEN_FORM_BEARER, LIT("good"), &out);
    assert_null(passed(a, out, count, "x-auth-access-token"));
    assert_string_equal(passed(a, out, count, "authorization"), "Bearer good");
    /* no token, or one that is no header's value: nothing, and not the client's instead */
    static const char *const none[] = {"", "two words", "two\r\nlines", "tab\there"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        count = forward_token(a, in, 2, TOKEN_FORM_BEARER, slice_of(none[i]), &out);
        assert_null(passed(a, out, count, "authorization"));
        count = forward_token(a, in, 2, TOKEN_FORM_HEADER, slice_of(none[i]), &out);
        assert_null(passed(a, out, count, "x-auth-access-token"));
    }
}

static void a_connection_header_removes_the_clients_headers_and_none_of_ours(void **state)
{
    const struct header in[] = {
        {LIT("connection"), LIT("close, X-Secret ,X-Forwarded-For,x-request-id")},
        {LIT("x-secret"),   LIT("1")                                            },
        {LIT("x-other"),    LIT("2")                                            },
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    const struct header *out;
    size_t count = forward(a, in, 3, &out);
    (void)state;
    assert_null(passed(a, out, count, "connection"));
    assert_null(passed(a, out, count, "x-secret"));
    assert_string_equal(passed(a, out, count, "x-other"), "2");
    assert_string_equal(passed(a, out, count, "x-forwarded-for"), "192.0.2.1");
    assert_string_equal(passed(a, out, count, "x-request-id"), "R1");
}

static void our_cookies_stay_with_us_and_others_pass_as_they_are(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a=1; __Host-vestibule=tok; b=\"2\"",                      "a=1; b=\"2\""            },
        {"__Host-vestibule=tok",                                    NULL                      },
        {" __Host-vestibule =tok;x=y",                              "x=y"                     },
        {"__Host-vestibule",                                        NULL                      },
        {"__Host-vestibule-tx-0000000abcdefghij=sealed; c=3",       "c=3"                     },
        {"vestibule-last=op; vestibule-lang=eo; vestibule-lamp=on", "vestibule-lamp=on"       },
        {"__Host-vestibule2=theirs",                                "__Host-vestibule2=theirs"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
        const struct header in = {LIT("cookie"), slice_of(cases[i].in)}, *out;
        size_t count = forward(a, &in, 1, &out);
        const char *got = passed(a, out, count, "cookie");
        if (cases[i].out == NULL)
            assert_null(got);
        else
            assert_string_equal(got, cases[i].out);
    }
}

static void a_backend_sets_neither_our_cookies_nor_identity_headers(void **state)
{
    static const char *const refused[] = {"__Host-vestibule=x; Path=/; Secure",
                                          "  __Host-vestibule = x",
                                          "=__Host-vestibule=x",
                                          " = =__Host-vestibule=x",
                                          "__Host-vestibule",
                                          "__Host-vestibule; Secure",
                                          "__Host-vestibule-tx-0000000abcdefghij=x",
                                          "vestibule-last=x"};
    static const char *const kept[] = {"sid=__Host-vestibule=x", "__Host-vestibule2=x", "a=b", ""};
    void *self = (void *)(uintptr_t)&sessions;
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(forwarding_keeps(self, LIT("set-cookie"), slice_of(refused[i])));
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        assert_true(forwarding_keeps(self, LIT("set-cookie"), slice_of(kept[i])));
    }
    assert_false(forwarding_keeps(self, LIT("x-auth-request-user"), LIT("admin")));
    assert_false(forwarding_keeps(self, LIT("remote-user"), LIT("admin")));
    assert_true(forwarding_keeps(self, LIT("content-type"), LIT("text/html")));
}

/* What a front proxy copies from our answer must be what no client may send, once, and as HTTP/2 has it. */
static void an_answer_to_a_front_proxy_has_every_name_once_also_for_nobody(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    const struct exchange x = {.arena = a};
    (void)state;
    for (int preset = PRESET_STANDARD; preset < PRESET_NONE; preset++) {
        const struct forwarding f = {.x = &x, .preset = (enum header_preset)preset};
        struct header told[PRESET_HEADERS_MAX];
        size_t count = forwarding_identity(&f, told);
        assert_true(count >= 5);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(told[i].value.len, 0);
            assert_true(preset_is_identity(told[i].name));
            assert_true(slice_is(arena_lower(a, told[i].name), told[i].name));
            for (size_t k = 0; k < i; k++)
                assert_false(slice_is(told[i].name, told[k].name));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_the_gateway_may_say_is_taken_from_clients),
        cmocka_unit_test(our_words_replace_the_clients_and_stand_there_once),
        cmocka_unit_test(a_providers_token_goes_where_it_was_configured_and_never_comes_from_a_client),
        cmocka_unit_test(a_connection_header_removes_the_clients_headers_and_none_of_ours),
        cmocka_unit_test(our_cookies_stay_with_us_and_others_pass_as_they_are),
        cmocka_unit_test(an_answer_to_a_front_proxy_has_every_name_once_also_for_nobody),
        cmocka_unit_test(a_backend_sets_neither_our_cookies_nor_identity_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
