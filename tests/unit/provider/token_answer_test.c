/* token_answer_test.c -- what a token endpoint may say, and what we make of it: the tokens of a good answer, and the meaning of every other one. */
#include "provider/token_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "descriptor_kit.h"
#include "provider/answer_tree.h"

static struct arena *arena;
static struct descriptor *oidc, *oauth2;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(256 << 20);
    oidc = kit_oidc(arena);
    oauth2 = kit_descriptor(
        arena, "oauth2",
        "{ endpoints: { authorization: \"https://p.example/a\", token: \"https://p.example/t\", userinfo: \"https://p.example/u\" }, token: { error: { code: [/error/code, "
        "/error], message: /error/message, http200: true }, response: { map: { access_token: [/access_token, "
        "/data/token], scope: /scopes }, expires_default_s: 3600 } }, profile: { source: token, map: { subject: /id } } }");
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static const struct slice secrets[MEANING_SECRETS] = {LIT_INIT("s3cret"), LIT_INIT("the-code")};

/* As asking.c and token_ask.c do it together. */
static const struct err *read_by(const struct descriptor *d, int status, const char *body, struct token_told *ret_told)
{
    const struct fetch_answer answer = {.status = status, .body = slice_of(body), .retry_after_s = -1};
    const struct doc *root = answer_tree(arena, answer.body);
    const struct meaning_ask ask = {
        .descriptor = d, .is_token_answer = true, .answer = &answer, .root = root, .secrets = secrets};
    struct meaning m = meaning_of(arena, &ask);
    const struct err *bad = meaning_err(arena, &m, "the token endpoint", status);
    return bad != NULL ? bad : token_answer_read(arena, d, root, ret_told);
}

static const struct err *read_it(int status, const char *body, struct token_told *ret_told)
{
    return read_by(oidc, status, body, ret_told);
}

#define AT "\"access_token\":\"at\""
#define TT "\"token_type\":\"Bearer\""
#define IT "\"id_token\":\"h.p.s\""

static void a_good_answer_gives_its_tokens(void **state)
{
    (void)state;
    struct token_told t = {.why = NULL};
    assert_null(read_it(200,
                        "{" AT ",\"token_type\":\"bEaReR\"," IT
                        ",\"refresh_token\":\"rt\",\"expires_in\":3600,\"scope\":\"openid mail\",\"x\":{}}",
                        &t));
    assert_true(slice_is(t.access_token, LIT("at")));
    assert_true(slice_is(t.id_token, LIT("h.p.s")));
    assert_true(slice_is(t.refresh_token, LIT("rt")));
    assert_int_equal(t.expires_in_s, 3600);
    assert_int_equal(t.scope_count, 2);
    assert_true(slice_is(t.scopes[1], LIT("mail")));
}

static void expires_in_is_a_time_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t seconds;
    } cases[] = {
        {"0",                        0                       },
        {"-1",                       0                       },
        {"-9223372036854775808",     0                       },
        {"3599.9",                   3599                    },
        {"\"3600\"",                 3600                    },
        {"\"soon\"",                 0                       },
        {"\"-5\"",                   0                       },
        {"null",                     0                       },
        {"true",                     0                       },
        {"[]",                       0                       },
        {"1e10",                     TOKEN_TOLD_EXPIRES_MAX_S},
        {"-1e10",                    0                       },
        {"9223372036854775807",      TOKEN_TOLD_EXPIRES_MAX_S},
        {"\"99999999999999999999\"", 0                       },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct token_told t = {.expires_in_s = 77};
        struct slice json = arena_print(arena, "{" AT "," TT "," IT ",\"expires_in\":%s}", cases[i].value);
        const struct err *e = read_it(200, json.at, &t);
        if (e != NULL || t.expires_in_s != cases[i].seconds)
            fail_msg("%s: %lld", cases[i].value, (long long)t.expires_in_s);
    }
}

static void answers_that_twist_something_are_broken(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "\"at\"",
        "<html>",
        "{",
        "{" AT "," IT "}",
        "{" AT "," AT "," TT "," IT "}",
        "{\"access_token\":1," TT "," IT "}",
        "{\"access_token\":\"a b\"," TT "," IT "}",
        "{\"access_token\":\"a\\r\\nX: y\"," TT "," IT "}",
        "{\"access_token\":\"\\u00e9\"," TT "," IT "}",
        "{" AT ",\"token_type\":\"mac\"," IT "}",
        "{" AT ",\"token_type\":\"DPoP\"," IT "}",
        "{" AT ",\"token_type\":\"Bearer \"," IT "}",
        "{" AT ",\"token_type\":[\"Bearer\"]," IT "}",
        "{" AT "," TT ",\"id_token\":{}}",
        "{" AT "," TT "," IT ",\"refresh_token\":1}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct token_told t = {.why = NULL};
        const struct err *e = read_it(200, bodies[i], &t);
        if (e == NULL || e->problem != PROBLEM_PROVIDER_BROKEN) fail_msg("accepted: %s", bodies[i]);
        assert_int_equal(t.access_token.len, 0);
    }
}

static void what_is_lacking_is_lacking(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{" TT "," IT "}", "{\"access_token\":\"\"," TT "," IT "}",
                                         "{\"access_token\":null," TT "," IT "}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct token_told t = {.why = NULL};
        assert_null(read_it(200, bodies[i], &t)); /* token_ask.c says whether it must be there */
        assert_int_equal(t.access_token.len, 0);
        assert_true(slice_is(t.id_token, LIT("h.p.s")));
    }
}

static void a_descriptor_says_where_things_are(void **state)
{
    (void)state;
    struct token_told t = {.why = NULL};
    assert_null(read_by(oauth2, 200, "{\"data\":{\"token\":\"deep\"},\"scopes\":[\"a\",\"b,c\",7]}", &t));
    assert_true(slice_is(t.access_token, LIT("deep")));
    assert_int_equal(t.expires_in_s, 3600);
    assert_int_equal(t.scope_count, 3);
    assert_true(slice_is(t.scopes[2], LIT("c")));
    t = (struct token_told){.why = NULL};
    assert_null(read_by(oauth2, 200, "access_token=form%2Ftoken&expires_in=5&scopes=x,y", &t));
    assert_true(slice_is(t.access_token, LIT("form/token")));
    assert_int_equal(t.expires_in_s, 5);
    assert_int_equal(t.scope_count, 2);
    t = (struct token_told){.why = NULL};
    assert_null(read_by(oauth2, 200, "{" AT "," IT "}", &t)); /* no id_token section: not looked at */
    assert_int_equal(t.id_token.len, 0);
    const struct err *e = read_by(oauth2, 200, "{\"error\":{\"code\":10,\"message\":\"no\\nthanks\"}," AT "}", &t);
    assert_int_equal(e->problem, PROBLEM_PROVIDER_BROKEN);
    assert_true(slice_find(e->text, LIT("answered 10")) != SLICE_NONE);
}

static void errors_say_what_an_operator_must_do(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum problem problem;
        const char *text;
    } cases[] = {
        {400, "{\"error\":\"invalid_grant\"}",                                                PROBLEM_PROVIDER_BROKEN,        "expired, used before"},
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"redirect_uri differs\"}",
         PROBLEM_PROVIDER_MISCONFIGURED,                                                                                      "callback URL"        },
        {400, "{\"error\":\"redirect_uri_mismatch\"}",                                        PROBLEM_PROVIDER_MISCONFIGURED, "callback URL"        },
        {401, "{\"error\":\"invalid_client\",\"error_description\":\"no such app\"}",         PROBLEM_PROVIDER_MISCONFIGURED,
         "no such app"                                                                                                                              },
        {400, "{\"error\":\"invalid_request\",\"error_description\":\"bad client_secret\"}",  PROBLEM_PROVIDER_MISCONFIGURED,
         "client_secret"                                                                                                                            },
        {400, "{\"error\":\"unauthorized_client\"}",                                          PROBLEM_PROVIDER_MISCONFIGURED, "grant"               },
        {400, "{\"error\":\"unsupported_grant_type\"}",                                       PROBLEM_PROVIDER_MISCONFIGURED, "token_url"           },
        {400, "{\"error\":\"invalid_scope\"}",                                                PROBLEM_PROVIDER_MISCONFIGURED, "scopes"              },
        {400, "{\"error\":\"invalid_request\"}",                                              PROBLEM_PROVIDER_BROKEN,        "client_auth"         },
        {400, "{\"error\":\"access_denied\"}",                                                PROBLEM_PROVIDER_REFUSED,       "said no"             },
        {400, "{\"error\":\"consent_required\"}",                                             PROBLEM_PROVIDER_REFUSED,       "agree"               },
        {400, "{\"error\":\"temporarily_unavailable\"}",                                      PROBLEM_PROVIDER_AWAY,          "busy"                },
        {200, "{\"error\":\"invalid_client\"," AT "," TT "," IT "}",                          PROBLEM_PROVIDER_MISCONFIGURED, "client_id"           },
        {200, "{\"error\":{\"message\":\"x\"}," AT "," TT "," IT "}",                         PROBLEM_PROVIDER_BROKEN,        "no error we know"    },
        {400, "{\"error\":\"what_is_this\"}",                                                 PROBLEM_PROVIDER_BROKEN,        "what_is_this"        },
        {400, "{}",                                                                           PROBLEM_PROVIDER_BROKEN,        "400"                 },
        {401, "{}",                                                                           PROBLEM_PROVIDER_MISCONFIGURED, "client_secret"       },
        {401, "<h1>Unauthorized",                                                             PROBLEM_PROVIDER_MISCONFIGURED, "client_secret"       },
        {403, "[]",                                                                           PROBLEM_PROVIDER_MISCONFIGURED, "client_secret"       },
        {400, "{" AT "," TT "," IT "}",                                                       PROBLEM_PROVIDER_BROKEN,        "400"                 },
        {201, "{" AT "," TT "," IT "}",                                                       PROBLEM_PROVIDER_BROKEN,        "201"                 },
        {200, "<html>",                                                                       PROBLEM_PROVIDER_BROKEN,        "cannot be read"      },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct token_told t = {.why = NULL};
        const struct err *e = read_it(cases[i].status, cases[i].body, &t);
        if (e == NULL) fail_msg("accepted: %s", cases[i].body);
        if (e->problem != cases[i].problem || slice_find(e->text, slice_of(cases[i].text)) == SLICE_NONE)
            fail_msg("%s: %d: %.*s", cases[i].body, (int)e->problem, SLICE_ARG(e->text));
        assert_int_equal(t.access_token.len, 0);
    }
}

static void secrets_and_control_bytes_stay_out_of_errors(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"error\":\"invalid_client\",\"error_description\":\"secret s3cret is wrong\"}",
        "{\"error\":\"invalid_grant\",\"error_description\":\"the-code was used\"}",
        "{\"error\":\"x\\u001b[31m\\r\\n\",\"error_description\":\"\\u001b]0;t\\u0007\"}",
        "{\"error\":\"s3cret\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct token_told t = {.why = NULL};
        const struct err *e = read_it(400, bodies[i], &t);
        assert_non_null(e);
        assert_true(slice_find(e->text, LIT("s3cret")) == SLICE_NONE);
        assert_true(slice_find(e->text, LIT("the-code")) == SLICE_NONE);
        assert_true(slice_index(e->text, '\x1b') == SLICE_NONE && slice_index(e->text, '\n') == SLICE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_answer_gives_its_tokens),
        cmocka_unit_test(expires_in_is_a_time_or_nothing),
        cmocka_unit_test(answers_that_twist_something_are_broken),
        cmocka_unit_test(what_is_lacking_is_lacking),
        cmocka_unit_test(a_descriptor_says_where_things_are),
        cmocka_unit_test(errors_say_what_an_operator_must_do),
        cmocka_unit_test(secrets_and_control_bytes_stay_out_of_errors),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
