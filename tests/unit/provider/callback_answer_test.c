/* callback_answer_test.c -- what a browser may bring back, by dialect and descriptor, and what is made of it. */
#include "provider/callback_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "descriptor_kit.h"

static struct arena *arena;
static struct descriptor *oidc, *oauth2, *oauth1;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(256 << 20);
    oidc = kit_oidc(arena);
    oauth2 = kit_descriptor(
        arena, "oauth2",
        "{ endpoints: { authorization: \"https://p.example/a\", token: \"https://p.example/t\", userinfo: \"https://p.example/u\" }, "
        "callback: { params: { user: json, device: text }, error: [error_code, error], error_description: [error_message], denied: "
        "[user_cancelled] }, profile: { requests: [{ as: who, url: \"{userinfo}\" }], map: { subject: /id } } }");
    oauth1 = kit_descriptor(arena, "x-oauth1", NULL);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static const struct err *read_query(const struct descriptor *d, const char *query, struct callback_answer *ret_answer)
{
    struct form form;
    assert_null(form_read(arena, slice_of(query), &form));
    return callback_answer_read(arena, d, &form, ret_answer);
}

static struct callback_answer good(const struct descriptor *d, const char *query)
{
    struct callback_answer c;
    const struct err *e = read_query(d, query, &c);
    if (e != NULL) fail_msg("%s: %.*s", query, SLICE_ARG(err_story(arena, e)));
    return c;
}

static void a_code_comes_with_its_state(void **state)
{
    (void)state;
    struct callback_answer c = good(oidc, "code=c&state=s&iss=https://op.example&session_state=x");
    assert_true(slice_is(c.code, LIT("c")) && slice_is(c.state, LIT("s")) && slice_is(c.iss, LIT("https://op.example")));
    assert_false(c.denied);
    assert_int_equal(c.params->count, 0);
    assert_null(good(oidc, "code=c&state=s").iss.at);
    assert_non_null(good(oidc, "code=c&state=s&iss=").iss.at); /* there, and empty: not the issuer */
}

static void what_is_no_answer_is_refused_and_still_names_its_state(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        enum problem problem;
        bool has_state;
    } cases[] = {
        {"",                                     PROBLEM_ATTEMPT_UNKNOWN, false},
        {"code=c",                               PROBLEM_ATTEMPT_UNKNOWN, false},
        {"code=c&state=",                        PROBLEM_ATTEMPT_UNKNOWN, false},
        {"code=c&state=s&state=s",               PROBLEM_BAD_REQUEST,     false},
        {"state=s",                              PROBLEM_BAD_REQUEST,     true },
        {"state=s&code=",                        PROBLEM_BAD_REQUEST,     true },
        {"state=s&code=c&code=c",                PROBLEM_BAD_REQUEST,     true },
        {"state=s&code=c&error=x",               PROBLEM_BAD_REQUEST,     true },
        {"state=s&code=a%0Ab",                   PROBLEM_BAD_REQUEST,     true },
        {"state=s&code=%C3%A9",                  PROBLEM_BAD_REQUEST,     true },
        {"state=s&code=c&iss=a&iss=b",           PROBLEM_BAD_REQUEST,     true },
        {"state=s&error=a&error=b",              PROBLEM_BAD_REQUEST,     true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct callback_answer c;
        const struct err *e = read_query(oidc, cases[i].query, &c);
        if (e == NULL || e->problem != cases[i].problem || (c.state.len != 0) != cases[i].has_state)
            fail_msg("%s", cases[i].query);
    }
}

static void what_is_longer_than_anything_real_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len;
    } cases[] = {
        {"state",             CALLBACK_STATE_MAX + 1      },
        {"code",              CALLBACK_CODE_MAX + 1       },
        {"error",             CALLBACK_ERROR_MAX + 1      },
        {"error_description", CALLBACK_DESCRIPTION_MAX + 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *value = arena_alloc(arena, cases[i].len + 1);
        memset(value, 'x', cases[i].len);
        struct callback_answer c;
        struct slice query = arena_print(arena, "%s=%s%s", cases[i].name, value, i == 0 ? "" : "&state=s");
        assert_int_equal(read_query(oidc, query.at, &c)->problem, PROBLEM_BAD_REQUEST);
    }
}

static void errors_have_the_names_and_meanings_of_their_platform(void **state)
{
    (void)state;
    static const struct {
        struct descriptor **by;
        const char *query;
        enum problem problem;
    } cases[] = {
        {&oidc,   "state=s&error=access_denied",             PROBLEM_SIGN_IN_CANCELLED     },
        {&oidc,   "state=s&error=user_cancelled",            PROBLEM_PROVIDER_REFUSED      },
        {&oidc,   "state=s&error=temporarily_unavailable",   PROBLEM_PROVIDER_AWAY         },
        {&oidc,   "state=s&error=server_error",              PROBLEM_PROVIDER_AWAY         },
        {&oidc,   "state=s&error=invalid_scope",             PROBLEM_PROVIDER_MISCONFIGURED},
        {&oidc,   "state=s&error=unauthorized_client",       PROBLEM_PROVIDER_MISCONFIGURED},
        {&oidc,   "state=s&error=login_required",            PROBLEM_PROVIDER_REFUSED      },
        {&oauth2, "state=s&error=user_cancelled",            PROBLEM_SIGN_IN_CANCELLED     },
        {&oauth2, "state=s&error_code=user_cancelled",       PROBLEM_SIGN_IN_CANCELLED     },
        {&oauth2, "state=s&error=access_denied",             PROBLEM_SIGN_IN_CANCELLED     },
        {&oauth2, "state=s&error_code=200&error=odd",        PROBLEM_PROVIDER_REFUSED      },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct callback_answer c = good(*cases[i].by, cases[i].query);
        if (callback_answer_problem(&c) != cases[i].problem) fail_msg("%s", cases[i].query);
    }
    assert_true(slice_is(good(oauth2, "state=s&error_code=7&error_message=no").error_description, LIT("no")));
}

static void further_parameters_are_kept_as_declared_and_no_others(void **state)
{
    (void)state;
    struct callback_answer c = good(oauth2, "code=c&state=s&device=d-1&user=%7B%22name%22%3A%7B%22first%22%3A%22Ada%22%7D%7D&x=y");
    assert_int_equal(c.params->count, 2);
    assert_true(slice_is(doc_string(c.params, LIT("device")), LIT("d-1")));
    assert_true(slice_is(doc_at(c.params, LIT("/user/name/first"))->text, LIT("Ada")));
    static const char *const lost[] = {"code=c&state=s&user=no+json", "code=c&state=s&user=%7B%22a%22:1,%22a%22:2%7D",
                                       "code=c&state=s&device=a&device=b", "code=c&state=s&device=%ff"};
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++)
        assert_int_equal(good(oauth2, lost[i]).params->count, 0);
}

static void with_oauth1_the_request_token_stands_for_the_state(void **state)
{
    (void)state;
    struct callback_answer c = good(oauth1, "oauth_token=rt&oauth_verifier=v&state=ignored");
    assert_true(slice_is(c.code, LIT("v")) && slice_is(c.token, LIT("rt")));
    assert_true(slice_is(c.state, callback_state_oauth1(arena, LIT("rt"))));
    assert_int_equal(c.state.len, 43);
    assert_false(slice_is(c.state, callback_state_oauth1(arena, LIT("rt2"))));
    c = good(oauth1, "denied=rt");
    assert_true(c.denied && slice_is(c.token, LIT("rt")));
    assert_int_equal(callback_answer_problem(&c), PROBLEM_SIGN_IN_CANCELLED);
    static const char *const bad[] = {"oauth_verifier=v", "oauth_token=", "oauth_token=a&oauth_token=a&oauth_verifier=v", "denied="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_non_null(read_query(oauth1, bad[i], &c));
        assert_int_equal(c.state.len, 0);
    }
    assert_non_null(read_query(oauth1, "oauth_token=rt", &c)); /* neither verifier nor refusal */
    assert_int_equal(c.state.len, 43);
    assert_non_null(read_query(oauth1, "oauth_token=rt&oauth_verifier=v&denied=rt", &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_comes_with_its_state),
        cmocka_unit_test(what_is_no_answer_is_refused_and_still_names_its_state),
        cmocka_unit_test(what_is_longer_than_anything_real_is_refused),
        cmocka_unit_test(errors_have_the_names_and_meanings_of_their_platform),
        cmocka_unit_test(further_parameters_are_kept_as_declared_and_no_others),
        cmocka_unit_test(with_oauth1_the_request_token_stands_for_the_state),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
