/* authorize_test.c -- the URLs a browser is sent to, as golden cases. */
#include "provider/authorize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "descriptor_kit.h"
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

static struct descriptor *described; /* by the last provider() */

static struct provider provider_of(const char *id, const char *overlay)
{
    described = kit_descriptor(arena, id, overlay);
    return (struct provider){.client_id = LIT("client"), .descriptor = described};
}

static struct provider provider(void)
{
    return provider_of("oidc", "{ issuer: \"https://op.example\", authorize: { scopes: [openid, email] } }");
}

static struct authorize_ask ask(void)
{
    return (struct authorize_ask){
        .redirect_uri = LIT("https://gw.example/cb"), .state = LIT("S"), .nonce = LIT("N"), .verifier = LIT("V")};
}

static struct slice url_of(const struct provider *p, const char *endpoint, const struct authorize_ask *q)
{
    struct slice url = {0};
    const struct err *e = authorize_url(arena, p, slice_of(endpoint), q, &url);
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
        "https://op.example/a?client_id=client&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&response_type=code&scope=openid%20email"
        "&state=S&nonce=N&code_challenge=3lpveBFuymLX_FzhWdI65riJs2Whc5rSzzb5JaFA0Mw&code_challenge_method=S256");
}

static void everything_that_can_be_asked(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    described->response_mode = RESPONSE_FORM_POST;
    q.login_hint = LIT("a@b");
    q.prompt = LIT("login");
    q.ui_locales = LIT("de fr");
    is_url(
        url_of(&p, "https://op.example/a", &q),
        "https://op.example/a?client_id=client&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&response_type=code&scope=openid%20email"
        "&state=S&nonce=N&code_challenge=3lpveBFuymLX_FzhWdI65riJs2Whc5rSzzb5JaFA0Mw&code_challenge_method=S256&response_mode=form_post&login_hint=a%40b&prompt=login"
        "&ui_locales=de%20fr");
}

static void without_pkce_there_is_no_challenge(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    described->pkce = PKCE_NONE;
    assert_true(slice_find(url_of(&p, "https://op.example/a", &q), LIT("code_challenge")) == SLICE_NONE);
}

static void the_endpoints_own_query_is_kept(void **state)
{
    (void)state;
    struct provider p = provider();
    struct authorize_ask q = ask();
    assert_true(
        slice_starts(url_of(&p, "https://op.example/a?x=1", &q), LIT("https://op.example/a?x=1&client_id=client&")));
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
        const struct err *e = authorize_url(arena, &p, slice_of(endpoints[i]), &q, &url);
        if (e == NULL) fail_msg("accepted: %s", endpoints[i]);
        assert_int_equal(e->problem, PROBLEM_PROVIDER_MISCONFIGURED);
        assert_int_equal(url.len, 0);
    }
}

static void extras_go_once_and_cannot_take_our_place(void **state)
{
    (void)state;
    static const char *const extras[][2] = {
        {"redirect_uri", "https://evil"},
        {"response_type", "token"},
        {"state", "x"},
        {"scope", "admin"},
        {"client_id", "x"},
        {"nonce", "x"},
        {"code_challenge", "x"},
        {"code_challenge_method", "plain"},
        {"response_mode", "fragment"},
        {"request", "x"},
        {"request_uri", "x"},
        {"hd", "a&b=c"},
        {"hd", "second"},
        {"prompt", "consent"},
        {"", "x"},
    };
    enum {
        COUNT = sizeof extras / sizeof extras[0]
    };
    struct declared_param list[COUNT];
    struct template_part parts[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        parts[i] = (struct template_part){.kind = PART_TEXT, .text = slice_of(extras[i][1])};
        list[i] = (struct declared_param){slice_of(extras[i][0]), {.parts = &parts[i], .count = 1}};
    }
    struct provider p = provider();
    struct authorize_ask q = ask();
    described->authorize_params = (struct declared_params){list, COUNT};
    is_url(
        url_of(&p, "https://op.example/a", &q),
        "https://op.example/a?client_id=client&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&response_type=code&scope=openid%20email"
        "&state=S&nonce=N&code_challenge=3lpveBFuymLX_FzhWdI65riJs2Whc5rSzzb5JaFA0Mw&code_challenge_method=S256&hd=a%26b%3Dc&prompt=consent");
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
    assert_non_null(authorize_url(arena, &p, LIT("https://op.example/a"), &q, &url));
    assert_int_equal(url.len, 0);
}

static struct slice leave(const struct provider *p, const char *endpoint, const struct end_session_ask *q)
{
    struct slice url = {0};
    struct template_values known = {.token = NULL};
    known.at[TEMPLATE_CLIENT_ID] = p->client_id;
    known.endpoints[ENDPOINT_END_SESSION] = slice_of(endpoint);
    assert_null(authorize_end_session(arena, p, &known, q, &url));
    return url;
}

static void signing_out_names_the_session_and_the_way_back(void **state)
{
    (void)state;
    struct provider p = provider();
    struct end_session_ask q = {
        .id_token_hint = LIT("e.y.J"), .post_logout_redirect_uri = LIT("https://gw.example/"), .state = LIT("S")};
    is_url(
        leave(&p, "https://op.example/e", &q),
        "https://op.example/e?id_token_hint=e.y.J&client_id=client&post_logout_redirect_uri=https%3A%2F%2Fgw.example%2F&state=S");
    q = (struct end_session_ask){.state = LIT("S")};
    is_url(leave(&p, "https://op.example/e?x=1", &q), "https://op.example/e?x=1&client_id=client");
    is_url(leave(&p, NULL, &q), "");
}

static void a_platform_says_how_it_is_asked(void **state)
{
    (void)state;
    struct authorize_ask q = ask();
    q.verifier = LIT("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    struct provider p = provider_of(
        "oauth2", "{ endpoints: { authorization: \"https://p.example/a\", token: \"https://p.example/t\", userinfo: "
                  "\"https://p.example/u\" }, authorize: { scopes: [a, b], scope_separator: \",\", pkce: S256_hex, "
                  "fragment: there, params: { lang: en } }, token: { client_id_param: key }, profile: { requests: [{ as: "
                  "person, url: \"{userinfo}\" }], map: { subject: /id } } }");
    is_url(url_of(&p, "https://p.example/a", &q),
           "https://p.example/a?key=client&redirect_uri=https%3A%2F%2Fgw.example%2Fcb&response_type=code&scope=a%2Cb&state=S"
           "&code_challenge=13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3&code_challenge_method=S256&lang=en"
           "#there");
}

static void the_challenge_is_as_rfc_7636_computes_it(void **state)
{
    (void)state;
    struct slice verifier = LIT("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    is_url(authorize_challenge(arena, PKCE_S256, verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_int_equal(authorize_challenge(arena, PKCE_NONE, verifier).len, 0);
}

static void with_a_request_token_it_alone_is_sent(void **state)
{
    (void)state;
    struct provider p = provider();
    struct slice url = {0};
    assert_null(authorize_url_oauth1(arena, &p, LIT("https://p.example/a"), LIT("to/ken"), &url));
    is_url(url, "https://p.example/a?oauth_token=to%2Fken");
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
        cmocka_unit_test(a_platform_says_how_it_is_asked),
        cmocka_unit_test(the_challenge_is_as_rfc_7636_computes_it),
        cmocka_unit_test(with_a_request_token_it_alone_is_sent),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
