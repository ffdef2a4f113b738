/* oidc_discovery_test.c -- metadata documents, good and bad. */
#include "provider/oidc_discovery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(64 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

#define ISSUER "\"issuer\":\"https://op.example\""
#define THREE                                                                                                       \
    "\"authorization_endpoint\":\"https://op.example/a\",\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":" \
    "\"https://op.example/k\""

static const struct metadata nothing;

static const struct err *read_it(const char *json, bool allow_http, const struct metadata *configured,
                                 struct metadata *ret_m)
{
    struct oidc_discovery_rules r = {LIT("https://op.example"), configured, allow_http};
    return oidc_discovery_read(arena, &r, slice_of(json), ret_m);
}

static void a_full_document_gives_every_endpoint(void **state)
{
    (void)state;
    struct metadata m = {0};
    assert_null(read_it("{" ISSUER "," THREE ",\"userinfo_endpoint\":\"https://op.example/u\",\"end_session_endpoint\":"
                        "\"https://op.example/e?x=1\",\"authorization_response_iss_parameter_supported\":true,"
                        "\"code_challenge_methods_supported\":[\"plain\"],\"unknown\":[1,{}]}",
                        false, &nothing, &m));
    assert_true(slice_is(m.authorize_url, LIT("https://op.example/a")));
    assert_true(slice_is(m.token_url, LIT("https://op.example/t")));
    assert_true(slice_is(m.jwks_url, LIT("https://op.example/k")));
    assert_true(slice_is(m.userinfo_url, LIT("https://op.example/u")));
    assert_true(slice_is(m.end_session_url, LIT("https://op.example/e?x=1")));
    assert_true(m.sends_iss);
}

static void a_small_document_will_do(void **state)
{
    (void)state;
    struct metadata m = {0};
    assert_null(read_it("{" ISSUER "," THREE ",\"userinfo_endpoint\":null}", false, &nothing, &m));
    assert_int_equal(m.userinfo_url.len, 0);
    assert_int_equal(m.end_session_url.len, 0);
    assert_false(m.sends_iss);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{}",
        "{" THREE "}",
        "{" ISSUER "}",
        "{" ISSUER "," THREE "} x",
        "{" ISSUER "," ISSUER "," THREE "}",
        "{\"issuer\":\"https://op.example/\"," THREE "}",
        "{\"issuer\":\"https://op.example1\"," THREE "}",
        "{\"issuer\":\"https://OP.example\"," THREE "}",
        "{\"issuer\":[\"https://op.example\"]," THREE "}",
        "{" ISSUER ",\"authorization_endpoint\":\"https://op.example/a\",\"token_endpoint\":\"https://op.example/t\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":\"http://op.example/a\",\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":\"https://op.example/k\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":\"https://op.example/a\",\"token_endpoint\":\"http://op.example/t\",\"jwks_uri\":\"https://op.example/k\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":\"https://op.example/a\",\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":\"file:///k\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":\"https://op.example/a#f\",\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":\"https://op.example/k\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":\"https://u:p@op.example/a\",\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":\"https://op.example/k\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":\"javascript:alert(1)\",\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":\"https://op.example/k\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":{},\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":\"https://op.example/k\"}",
        "{" ISSUER
        ",\"authorization_endpoint\":\"/a\",\"token_endpoint\":\"https://op.example/t\",\"jwks_uri\":\"https://op.example/k\"}",
        "{" ISSUER "," THREE ",\"userinfo_endpoint\":1}",
        "{" ISSUER "," THREE ",\"userinfo_endpoint\":\"http://op.example/u\"}",
        "{" ISSUER "," THREE ",\"end_session_endpoint\":[]}",
        "{" ISSUER "," THREE ",\"authorization_response_iss_parameter_supported\":\"true\"}",
        "{" ISSUER "," THREE ",\"authorization_response_iss_parameter_supported\":1}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct metadata m = {0};
        const struct err *e = read_it(bad[i], false, &nothing, &m);
        if (e == NULL) fail_msg("accepted: %s", bad[i]);
        assert_int_equal(e->problem, PROBLEM_PROVIDER_BROKEN);
        assert_int_equal(m.authorize_url.len, 0);
    }
}

static void http_is_fine_only_when_the_operator_says_so(void **state)
{
    (void)state;
    static const char json[] = "{" ISSUER ",\"authorization_endpoint\":\"http://127.0.0.1:1/a\",\"token_endpoint\":"
                               "\"http://127.0.0.1:1/t\",\"jwks_uri\":\"http://127.0.0.1:1/k\"}";
    struct metadata m = {0};
    assert_non_null(read_it(json, false, &nothing, &m));
    assert_null(read_it(json, true, &nothing, &m));
}

static void a_configured_endpoint_wins_over_the_document(void **state)
{
    (void)state;
    struct metadata m = {0}, configured = {.token_url = LIT("https://elsewhere.example/t")};
    assert_null(read_it("{" ISSUER "," THREE "}", false, &configured, &m));
    assert_true(slice_is(m.token_url, LIT("https://elsewhere.example/t")));
    assert_null(read_it("{" ISSUER ",\"authorization_endpoint\":\"https://op.example/a\",\"token_endpoint\":7,"
                        "\"jwks_uri\":\"https://op.example/k\"}",
                        false, &configured, &m));
}

static void the_document_stands_under_the_issuer(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://op.example",           "https://op.example/.well-known/openid-configuration"         },
        {"https://op.example/",          "https://op.example/.well-known/openid-configuration"         },
        {"https://op.example/realms/x",  "https://op.example/realms/x/.well-known/openid-configuration"},
        {"https://op.example/realms/x/", "https://op.example/realms/x/.well-known/openid-configuration"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(slice_is(oidc_discovery_url(arena, slice_of(cases[i][0])), slice_of(cases[i][1])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_document_gives_every_endpoint),
        cmocka_unit_test(a_small_document_will_do),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(http_is_fine_only_when_the_operator_says_so),
        cmocka_unit_test(a_configured_endpoint_wins_over_the_document),
        cmocka_unit_test(the_document_stands_under_the_issuer),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
