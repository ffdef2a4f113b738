/* oidc_authorize_test.c -- the URLs a browser is sent to, as golden cases. */
#include "provider/oidc_authorize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/form.h"

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

static struct provider provider(void)
{
    return (struct provider){.client_id = LIT("client"), .scope = LIT("openid email"), .pkce = true};
}

static struct authorize_ask ask(void)
{
    return (struct authorize_ask){
        .redirect_uri = LIT("https://gw.example/cb"), .state = LIT("S"), .nonce = LIT("N"), .code_challenge = LIT("C")};
}

static struct slice url_of(const struct provider *p, const char *endpoint, const struct authorize_ask *q)
{
    struct slice url = {0};
    const struct err *e = oidc_authorize_url(arena, p, slice_of(endpoint), q, &url);
    if (e != NULL) fail_msg("%.*s", SLICE_ARG(err_story(arena, e)));
    return url;
}

static void is_url(struct slice got, const char *want)
{
    if (!slice_is(got, slice_of(want))) fail_msg("got  %.*s\nwant %s", SLICE_ARG(got), want);
}

static void the_plain_request(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    is_url(
        url_of(&p, "https://op.example/a", &q),
        "https://op.example/a?response_type=code&client_id=client&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&scope=openid+email"
        "&state=S&nonce=N&code_challenge=C&code_challenge_method=S256");
}

static void everything_that_can_be_asked(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    p.response_mode = RESPONSE_FORM_POST;
    q.login_hint = LIT("a@b");
    q.prompt = LIT("login");
    q.ui_locales = LIT("de fr");
    is_url(
        url_of(&p, "https://op.example/a", &q),
        "https://op.example/a?response_type=code&client_id=client&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&scope=openid+email"
        "&state=S&nonce=N&code_challenge=C&code_challenge_method=S256&response_mode=form_post&login_hint=a%40b&prompt=login"
        "&ui_locales=de+fr");
}

static void without_pkce_there_is_no_challenge(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    p.pkce = false;
    assert_true(slice_find(url_of(&p, "https://op.example/a", &q), LIT("code_challenge")) == SLICE_NONE);
}

static void the_endpoints_own_query_is_kept(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    assert_true(
        slice_starts(url_of(&p, "https://op.example/a?x=1", &q), LIT("https://op.example/a?x=1&response_type=code&")));
}

static void an_endpoint_that_says_what_is_ours_is_refused(void **state)
{
    (void)state;
    static const char *const endpoints[] = {
        "https://op.example/a?client_id=x",     "https://op.example/a?%73tate=x",
        "https://op.example/a?request_uri=x",   "https://op.example/a#f",
        "https://op.example/a?response_mode=x", "ftp://op.example/a",
    };
    struct provider p = provider();
    struct authorize_ask q = ask();
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        struct slice url = {0};
        const struct err *e = oidc_authorize_url(arena, &p, slice_of(endpoints[i]), &q, &url);
        if (e == NULL) fail_msg("accepted: %s", endpoints[i]);
        assert_int_equal(e->problem, PROBLEM_PROVIDER_MISCONFIGURED);
        assert_int_equal(url.len, 0);
    }
}

static void extras_go_once_and_cannot_take_our_place(void **state)
{
    (void)state;
    struct provider_param extras[] = {
        {LIT_INIT("redirect_uri"),          LIT_INIT("https://evil")},
        {LIT_INIT("response_type"),         LIT_INIT("token")       },
        {LIT_INIT("state"),                 LIT_INIT("x")           },
        {LIT_INIT("scope"),                 LIT_INIT("admin")       },
        {LIT_INIT("client_id"),             LIT_INIT("x")           },
        {LIT_INIT("nonce"),                 LIT_INIT("x")           },
        {LIT_INIT("code_challenge"),        LIT_INIT("x")           },
        {LIT_INIT("code_challenge_method"), LIT_INIT("plain")       },
        {LIT_INIT("response_mode"),         LIT_INIT("fragment")    },
        {LIT_INIT("request"),               LIT_INIT("x")           },
        {LIT_INIT("request_uri"),           LIT_INIT("x")           },
        {LIT_INIT("hd"),                    LIT_INIT("a&b=c")       },
        {LIT_INIT("hd"),                    LIT_INIT("second")      },
        {LIT_INIT("prompt"),                LIT_INIT("consent")     },
        {LIT_INIT(""),                      LIT_INIT("x")           },
    };
    struct provider p = provider();
    struct authorize_ask q = ask();
    p.authorize_params = extras;
    p.authorize_param_count = sizeof extras / sizeof extras[0];
    is_url(
        url_of(&p, "https://op.example/a", &q),
        "https://op.example/a?response_type=code&client_id=client&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&scope=openid+email"
        "&state=S&nonce=N&code_challenge=C&code_challenge_method=S256&hd=a%26b%3Dc&prompt=consent");
    q.prompt = LIT("none"); /* this request's own word wins over the configured one */
    assert_true(slice_find(url_of(&p, "https://op.example/a", &q), LIT("prompt=consent")) == SLICE_NONE);
}

static void values_are_encoded_once_and_survive(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    p.client_id = LIT("a&=%+ \xc3\xa9#/?");
    struct slice url = url_of(&p, "https://op.example/a", &q), value = {0};
    struct form form;
    assert_null(form_read(arena, slice_from(url, slice_index(url, '?') + 1), &form));
    assert_int_equal(form.count, 8);
    assert_int_equal(form_single(&form, LIT("client_id"), &value), FORM_ONCE);
    assert_true(slice_is(value, p.client_id));
}

static void more_than_fits_is_an_error_not_a_cut(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    char *hint = arena_bytes(arena, 20000);
    memset(hint, 'x', 20000);
    q.login_hint = (struct slice){hint, 20000};
    struct slice url = {0};
    assert_non_null(oidc_authorize_url(arena, &p, LIT("https://op.example/a"), &q, &url));
    assert_int_equal(url.len, 0);
}

static void signing_out_names_the_session_and_the_way_back(void **state)
{
    (void)state;
    struct provider p = provider();
    struct slice url = {0};
    struct end_session_ask q = {
        .id_token_hint = LIT("e.y.J"), .post_logout_redirect_uri = LIT("https://gw.example/"), .state = LIT("S")};
    assert_null(oidc_authorize_end_session(arena, &p, LIT("https://op.example/e"), &q, &url));
    is_url(
        url,
        "https://op.example/e?id_token_hint=e.y.J&client_id=client&post_logout_redirect_uri=https%3A%2F%2Fgw.example%2F&state=S");
    q = (struct end_session_ask){.state = LIT("S")};
    assert_null(oidc_authorize_end_session(arena, &p, LIT("https://op.example/e?x=1"), &q, &url));
    is_url(url, "https://op.example/e?x=1&client_id=client");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_request),
        cmocka_unit_test(everything_that_can_be_asked),
        cmocka_unit_test(without_pkce_there_is_no_challenge),
        cmocka_unit_test(the_endpoints_own_query_is_kept),
        cmocka_unit_test(an_endpoint_that_says_what_is_ours_is_refused),
        cmocka_unit_test(extras_go_once_and_cannot_take_our_place),
        cmocka_unit_test(values_are_encoded_once_and_survive),
        cmocka_unit_test(more_than_fits_is_an_error_not_a_cut),
        cmocka_unit_test(signing_out_names_the_session_and_the_way_back),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
