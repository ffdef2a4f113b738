/* meaning_test.c -- the decision table of answers: what came, from which endpoint, by which descriptor, and what it means. */
#include "provider/meaning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "descriptor_kit.h"
#include "provider/answer_tree.h"

enum {
    NOW_S = 1700000000
};
static struct arena *arena;
static struct descriptor *plain, *limited, *stamped, *tricky, *percent;

#define ADDRESSES \
    "endpoints: { authorization: \"https://p.example/a\", token: \"https://p.example/t\", userinfo: \"https://p.example/u\" }, "
#define PROFILE(more) "profile: { requests: [{ as: who, url: \"{userinfo}\"" more " }], map: { subject: /id } }"

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(256 << 20);
    plain = kit_descriptor(arena, "oauth2", "{ " ADDRESSES PROFILE("") " }");
    limited = kit_descriptor(arena, "oauth2",
                             "{ " ADDRESSES PROFILE("") ", api: { rate_limit: { statuses: [403], code: [/error/code], codes: "
                                                        "[\"4\", \"80001-80014\", limitReached], remaining: X-Left, reset: "
                                                        "X-Reset, reset_form: unix } } }");
    stamped = kit_descriptor(arena, "oauth2",
                             "{ " ADDRESSES PROFILE("") ", api: { rate_limit: { remaining: X-Left, reset: X-Reset, "
                                                        "reset_form: iso8601, retry_after: /retry_after } } }");
    tricky = kit_descriptor(arena, "oauth2",
                            "{ " ADDRESSES PROFILE(", success: { pointer: /ok, equals: true }") ", token: { error: { code: /err, message: "
                                                                                               "/msg, http200: true } }, api: { rate_limit: { statuses: "
                                                                                               "[200], code: /err, codes: [\"6\"] } } }");
    percent = kit_descriptor(arena, "oauth2", "{ " ADDRESSES PROFILE("") ", api: { rate_limit: { statuses: [400, 403], usage: [X-Usage, "
                                                                         "X-Business] } } }");
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

struct row {
    struct descriptor **by;
    char place; /* t: the token endpoint, r: a request, n: a request whose answer nobody looks at */
    int status;
    const char *body;
    const char *headers[3]; /* remaining, reset, first usage header */
    int64_t retry_after_s;  /* 0: none */
    enum meaning_kind kind;
    int64_t wait_s; /* -2: whatever */
};

static struct meaning judged(const struct row *r)
{
    static const struct declared_request nowhere = {.given = true, .document = -1};
    struct fetch_answer answer = {
        .status = r->status, .body = slice_of(r->body), .retry_after_s = r->retry_after_s != 0 ? r->retry_after_s : -1};
    answer.kept[0] = slice_of(r->headers[0]);
    answer.kept[1] = slice_of(r->headers[1]);
    answer.kept[3] = slice_of(r->headers[2]);
    const struct meaning_ask ask = {.descriptor = *r->by,
                                    .is_token_answer = r->place == 't',
                                    .request = r->place == 'n'   ? &nowhere
                                               : r->place == 'r' ? &(*r->by)->profile.requests[0]
                                                                 : NULL,
                                    .answer = &answer,
                                    .root = answer_tree(arena, answer.body),
                                    .now_s = NOW_S};
    return meaning_of(arena, &ask);
}

static void walk(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct meaning m = judged(&rows[i]);
        bool wait_fits = rows[i].wait_s == -2 || rows[i].wait_s == m.wait_s;
        if (m.kind != rows[i].kind || !wait_fits)
            fail_msg("row %zu: %d %s: %.*s, wait %lld", i, rows[i].status, rows[i].body,
                     SLICE_ARG(meaning_word(m.kind)), (long long)m.wait_s);
        const struct err *e = meaning_err(arena, &m, "it", rows[i].status);
        assert_true((e == NULL) == (m.kind == MEANING_GOOD));
        if (e != NULL) assert_int_equal(e->problem, meaning_problem(m.kind));
    }
}
#define WALK(rows) walk(rows, sizeof rows / sizeof rows[0])

static void statuses_speak_when_nothing_else_does(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&plain, 't', 200, "{\"access_token\":\"x\"}", {0}, 0,     MEANING_GOOD,          -1    },
        {&plain, 't', 200, "",                         {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 't', 200, "<html>",                   {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 't', 201, "{\"access_token\":\"x\"}", {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 't', 204, "",                         {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 't', 400, "{}",                       {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 't', 401, "",                         {0}, 0,     MEANING_MISCONFIGURED, -1    },
        {&plain, 't', 403, "<html>",                   {0}, 0,     MEANING_MISCONFIGURED, -1    },
        {&plain, 't', 404, "",                         {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 't', 408, "",                         {0}, 0,     MEANING_RETRYABLE,     -1    },
        {&plain, 't', 429, "",                         {0}, 0,     MEANING_RATE_LIMITED,  -1    },
        {&plain, 't', 429, "",                         {0}, 7,     MEANING_RATE_LIMITED,  7     },
        {&plain, 't', 429, "",                         {0}, 90000, MEANING_RATE_LIMITED,  86400 },
        {&plain, 't', 500, "<html>",                   {0}, 0,     MEANING_RETRYABLE,     -1    },
        {&plain, 't', 503, "",                         {0}, 30,    MEANING_RETRYABLE,     30    },
        {&plain, 't', 599, "",                         {0}, 0,     MEANING_RETRYABLE,     -1    },
        {&plain, 'r', 200, "{\"id\":1}",               {0}, 0,     MEANING_GOOD,          -1    },
        {&plain, 'r', 200, "{\"id\":1,\"error\":\"odd\"}", {0}, 0, MEANING_GOOD,          -1    },
        {&plain, 'r', 200, "",                         {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 'r', 401, "{}",                       {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 'r', 403, "{}",                       {0}, 0,     MEANING_MISCONFIGURED, -1    },
        {&plain, 'r', 410, "",                         {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 'n', 200, "",                         {0}, 0,     MEANING_GOOD,          -1    },
        {&plain, 'n', 200, "done",                     {0}, 0,     MEANING_GOOD,          -1    },
        {&plain, 'n', 204, "",                         {0}, 0,     MEANING_GOOD,          -1    },
        {&plain, 'n', 400, "",                         {0}, 0,     MEANING_BROKEN,        -1    },
        {&plain, 'n', 502, "",                         {0}, 0,     MEANING_RETRYABLE,     -1    },
    };
    WALK(rows);
}

static void errors_in_words_say_whose_turn_it_is(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&plain, 't', 400, "{\"error\":\"invalid_client\"}",          {0}, 0, MEANING_MISCONFIGURED, -1},
        {&plain, 't', 400, "{\"error\":\"invalid_grant\"}",           {0}, 0, MEANING_BROKEN,        -1},
        {&plain, 't', 401, "{\"error\":\"invalid_grant\"}",           {0}, 0, MEANING_BROKEN,        -1},
        {&plain, 't', 401, "{\"error\":\"E-17\"}",                    {0}, 0, MEANING_MISCONFIGURED, -1},
        {&plain, 't', 400, "error=invalid_scope&x=y",                 {0}, 0, MEANING_MISCONFIGURED, -1},
        {&plain, 't', 400, "{\"error\":\"access_denied\"}",           {0}, 0, MEANING_DENIED,        -1},
        {&plain, 't', 400, "{\"error\":\"server_error\"}",            {0}, 5, MEANING_RETRYABLE,     5 },
        {&plain, 't', 400, "{\"error\":\"slow_down\"}",               {0}, 0, MEANING_RATE_LIMITED,  -1},
        {&plain, 't', 429, "{\"error\":\"invalid_client\"}",          {0}, 0, MEANING_RATE_LIMITED,  -1},
        {&plain, 't', 500, "{\"error\":\"invalid_client\"}",          {0}, 0, MEANING_RETRYABLE,     -1},
        {&plain, 't', 200, "{\"error\":\"invalid_client\"}",          {0}, 0, MEANING_MISCONFIGURED, -1},
        {&plain, 't', 200, "{\"error\":null,\"access_token\":\"x\"}", {0}, 0, MEANING_GOOD,          -1},
        {&plain, 't', 200, "{\"error\":{},\"access_token\":\"x\"}",   {0}, 0, MEANING_BROKEN,        -1},
        {&plain, 't', 400, "{\"error\":\"bad\",\"error_description\":\"redirect_uri is wrong\"}", {0}, 0, MEANING_MISCONFIGURED, -1},
        {&plain, 't', 400, "{\"error\":\"bad\",\"error_description\":\"client_secret is wrong\"}", {0}, 0, MEANING_MISCONFIGURED, -1},
        {&plain, 'r', 400, "{\"error\":\"invalid_token\"}",           {0}, 0, MEANING_BROKEN,        -1},
    };
    WALK(rows);
}

static void an_error_may_come_with_200_where_the_descriptor_says_so(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&tricky, 't', 200, "{\"err\":\"invalid_client\"}",             {0}, 0, MEANING_MISCONFIGURED, -1},
        {&tricky, 't', 200, "{\"err\":17,\"msg\":\"no\"}",              {0}, 0, MEANING_BROKEN,        -1},
        {&tricky, 't', 200, "{\"err\":6,\"msg\":\"too fast\"}",         {0}, 0, MEANING_RATE_LIMITED,  -1},
        {&tricky, 't', 200, "{\"err\":null,\"access_token\":\"x\"}",    {0}, 0, MEANING_GOOD,          -1},
        {&tricky, 't', 200, "{\"access_token\":\"x\"}",                 {0}, 0, MEANING_GOOD,          -1},
        {&tricky, 'r', 200, "{\"ok\":true,\"id\":1}",                   {0}, 0, MEANING_GOOD,          -1},
        {&tricky, 'r', 200, "{\"ok\":false,\"err\":17}",                {0}, 0, MEANING_BROKEN,        -1},
        {&tricky, 'r', 200, "{\"ok\":\"true\"}",                        {0}, 0, MEANING_BROKEN,        -1},
        {&tricky, 'r', 200, "{\"id\":1}",                               {0}, 0, MEANING_BROKEN,        -1},
        {&tricky, 'r', 200, "{\"ok\":false,\"err\":6}",                 {0}, 0, MEANING_RATE_LIMITED,  -1},
        {&tricky, 'r', 200, "[]",                                       {0}, 0, MEANING_BROKEN,        -1},
    };
    WALK(rows);
}

static void too_much_has_many_faces(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&limited, 'r', 403, "{\"error\":{\"code\":4}}",               {0},                       0,  MEANING_RATE_LIMITED,  -1},
        {&limited, 'r', 403, "{\"error\":{\"code\":80007}}",           {0},                       0,  MEANING_RATE_LIMITED,  -1},
        {&limited, 'r', 403, "{\"error\":{\"code\":\"limitReached\"}}", {0},                      0,  MEANING_RATE_LIMITED,  -1},
        {&limited, 'r', 403, "{\"error\":{\"code\":80015}}",           {0},                       0,  MEANING_BROKEN,        -2},
        {&limited, 'r', 403, "{}",                                     {"0", "1700000060", NULL}, 0,  MEANING_RATE_LIMITED,  60},
        {&limited, 'r', 403, "{}",                                     {"0", "1600000000", NULL}, 0,  MEANING_RATE_LIMITED,  0 },
        {&limited, 'r', 403, "{}",                                     {"0", "nonsense", NULL},   0,  MEANING_RATE_LIMITED,  -1},
        {&limited, 'r', 403, "{}",                                     {"12", "1700000060", NULL}, 0, MEANING_MISCONFIGURED, -1},
        {&limited, 'r', 403, "{}",                                     {0},                       40, MEANING_RATE_LIMITED,  40},
        {&limited, 'r', 429, "",                                       {"0", "1700000009.5", NULL}, 0, MEANING_RATE_LIMITED, 10},
        {&limited, 'r', 429, "",                                       {"0", "1700000060", NULL}, 3,  MEANING_RATE_LIMITED,  3 },
        {&limited, 'r', 200, "{\"id\":1}",                             {"0", "1700000060", NULL}, 0,  MEANING_GOOD,          -1},
        {&limited, 'r', 400, "{\"error\":{\"code\":4}}",               {0},                       0,  MEANING_BROKEN,        -1},
        {&stamped, 'r', 429, "",                                       {"0", "2023-11-14T22:14:20Z", NULL}, 0, MEANING_RATE_LIMITED, 60},
        {&stamped, 'r', 429, "",                                       {"0", "2023-11-14T22:14:20.123456Z", NULL}, 0, MEANING_RATE_LIMITED, 60},
        {&stamped, 'r', 429, "",                                       {"0", "2023-13-14T22:14:20Z", NULL}, 0, MEANING_RATE_LIMITED, -1},
        {&stamped, 'r', 429, "",                                       {"0", "yesterday", NULL},  0,  MEANING_RATE_LIMITED,  -1},
        {&stamped, 'r', 429, "{\"retry_after\":1.25}",                 {0},                       0,  MEANING_RATE_LIMITED,  2 },
        {&percent, 'r', 400, "{}",                                     {NULL, NULL, "{\"call_count\":100,\"total_time\":3}"}, 0, MEANING_RATE_LIMITED, -1},
        {&percent, 'r', 400, "{}",                                     {NULL, NULL, "{\"call_count\":99,\"total_time\":3}"}, 0, MEANING_BROKEN, -1},
        {&percent, 'r', 403, "{}",                                     {NULL, NULL, "{\"17\":[{\"call_count\":4,\"total_cputime\":120,\"estimated_time_to_regain_access\":9}]}"}, 0, MEANING_RATE_LIMITED, -1},
        {&percent, 'r', 403, "{}",                                     {NULL, NULL, "{\"17\":[{\"call_count\":4,\"estimated_time_to_regain_access\":900}]}"}, 0, MEANING_MISCONFIGURED, -1},
        {&percent, 'r', 403, "{}",                                     {NULL, NULL, "not json"}, 0, MEANING_MISCONFIGURED, -1},
    };
    WALK(rows);
}

static void words_of_a_platform_are_short_plain_and_hold_no_secret(void **state)
{
    (void)state;
    static const struct slice secrets[MEANING_SECRETS] = {LIT_INIT("s3cret-word")};
    char *body = arena_bytes(arena, 20000);
    int n = snprintf(body, 20000, "{\"error\":\"e\\u0007%0500d\",\"error_description\":\"\\u001b[31m%05000d\"}", 1, 2);
    struct fetch_answer answer = {.status = 400, .body = {body, (size_t)n}, .retry_after_s = -1};
    struct meaning_ask ask = {.descriptor = plain, .is_token_answer = true, .answer = &answer, .secrets = secrets};
    ask.root = answer_tree(arena, answer.body);
    struct meaning m = meaning_of(arena, &ask);
    const struct err *e = meaning_err(arena, &m, "it", 400);
    assert_true(e->text.len < 1000);
    assert_true(slice_index(e->text, '\x1b') == SLICE_NONE && slice_index(e->text, '\a') == SLICE_NONE);
    answer.body = LIT("{\"error\":\"x\",\"error_description\":\"s3c\\u200bret-word s3cret-word\"}");
    ask.root = answer_tree(arena, answer.body);
    m = meaning_of(arena, &ask);
    assert_true(slice_find(meaning_err(arena, &m, "it", 400)->text, LIT("s3cret-word")) == SLICE_NONE);
}

static void silence_has_a_meaning_too(void **state)
{
    (void)state;
    assert_int_equal(meaning_of_silence(err_new(arena, PROBLEM_PROVIDER_AWAY, "x")), MEANING_RETRYABLE);
    assert_int_equal(meaning_of_silence(err_new(arena, PROBLEM_PROVIDER_MISCONFIGURED, "x")), MEANING_MISCONFIGURED);
    assert_int_equal(meaning_of_silence(err_new(arena, PROBLEM_PROVIDER_BROKEN, "x")), MEANING_BROKEN);
}

static void a_body_is_told_from_what_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int type; /* enum doc_type; -1: unreadable */
    } cases[] = {
        {"{\"a\":1}",               DOC_MAP },
        {" \r\n[1]\n",              DOC_LIST},
        {"true",                    DOC_BOOL},
        {"a=1&b=x%20y+z",           DOC_MAP },
        {"a=1&a=2",                 -1      },
        {"a=%zz",                   -1      },
        {"a=%ff",                   -1      },
        {"a=%00",                   -1      },
        {"=1",                      -1      },
        {"<a href=x>",              -1      },
        {"no pairs here",           -1      },
        {"{\"a\":1,\"a\":2}",       -1      },
        {"{\"a\":1} trailing",      -1      },
        {"callback({\"a\":1});",    -1      },
        {"\xEF\xBB\xBF{\"a\":1}",   -1      },
        {"",                        -1      },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct doc *d = answer_tree(arena, slice_of(cases[i].body));
        if ((d == NULL ? -1 : (int)d->type) != cases[i].type) fail_msg("%s", cases[i].body);
    }
    assert_true(slice_is(doc_string(answer_tree(arena, LIT("a=1&b=x%20y+z")), LIT("b")), LIT("x y z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_speak_when_nothing_else_does),
        cmocka_unit_test(errors_in_words_say_whose_turn_it_is),
        cmocka_unit_test(an_error_may_come_with_200_where_the_descriptor_says_so),
        cmocka_unit_test(too_much_has_many_faces),
        cmocka_unit_test(words_of_a_platform_are_short_plain_and_hold_no_secret),
        cmocka_unit_test(silence_has_a_meaning_too),
        cmocka_unit_test(a_body_is_told_from_what_it_is),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
