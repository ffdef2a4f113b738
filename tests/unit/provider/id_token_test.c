/* id_token_test.c -- the list of OpenID Connect Core 3.1.3.7, one row per claim gone wrong. Each row is the good token with members put in
 * the place of, or beside, its own; a member whose value is `-` is taken out. */
#include "provider/id_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

enum {
    NOW = 1700000000
};

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

static const char *const good[][2] = {
    {"iss",   "\"https://op.example\""},
    {"sub",   "\"alice\""             },
    {"aud",   "\"client\""            },
    {"exp",   "1700000300"            },
    {"iat",   "1700000000"            },
    {"nonce", "\"n-1\""               },
};

static struct slice text_with(const char *name, const char *value)
{
    struct buf b = buf_open(1 << 20);
    bool put = false;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        bool here = strcmp(good[i][0], name) == 0;
        const char *v = here ? value : good[i][1];
        put = put || here;
        if (strcmp(v, "-") != 0) buf_print(&b, "%s\"%s\":%s", b.len == 0 ? "{" : ",", good[i][0], v);
    }
    if (!put && name[0] != '\0') buf_print(&b, ",\"%s\":%s", name, value);
    buf_byte(&b, '}');
    assert_false(b.full);
    struct slice s = arena_copy(arena, buf_slice(&b));
    buf_close(&b);
    return s;
}

static struct jws token_with(const char *name, const char *value)
{
    struct jws t = {.alg = JOSE_ES256, .typ = LIT("JWT")};
    assert_null(doc_json(arena, PROBLEM_PROVIDER_BROKEN, text_with(name, value), &t.claims));
    return t;
}

static struct id_token_rules rules(void)
{
    return (struct id_token_rules){.issuer = LIT("https://op.example"),
                                   .client_id = LIT("client"),
                                   .nonce = LIT("n-1"),
                                   .access_token = LIT("at"),
                                   .code = LIT("code"),
                                   .now_s = NOW,
                                   .skew_s = 60};
}

static void judged(const struct id_token_rules *r, const char *name, const char *value, bool accepted)
{
    struct jws t = token_with(name, value);
    const struct err *e = id_token_judge(arena, r, &t);
    if ((e == NULL) != accepted)
        fail_msg("%s = %s: %.*s", name, value, e == NULL ? 8 : (int)e->text.len, e == NULL ? "accepted" : e->text.at);
    if (e != NULL) assert_int_equal(e->problem, PROBLEM_PROVIDER_BROKEN);
}

struct row {
    const char *name, *value;
    bool accepted;
};

static void walk(const struct row *rows, size_t count)
{
    struct id_token_rules r = rules();
    for (size_t i = 0; i < count; i++)
        judged(&r, rows[i].name, rows[i].value, rows[i].accepted);
}
#define WALK(rows) walk((rows), sizeof(rows) / sizeof((rows)[0]))

static void the_good_token_is_accepted(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "", true}
    };
    WALK(rows);
}

static void iss_is_equal_to_the_byte(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"iss", "-",                        false},
        {"iss", "null",                     false},
        {"iss", "1",                        false},
        {"iss", "\"\"",                     false},
        {"iss", "\"https://op.example1\"",  false},
        {"iss", "\"https://op.example/\"",  false},
        {"iss", "\"HTTPS://op.example\"",   false},
        {"iss", "\"http://op.example\"",    false},
        {"iss", "[\"https://op.example\"]", false},
    };
    WALK(rows);
}

static void sub_is_text_of_at_most_255_bytes(void **state)
{
    (void)state;
    static char long_ok[300] = "\"", long_bad[300] = "\"";
    memset(long_ok + 1, 's', 255);
    long_ok[256] = '"';
    memset(long_bad + 1, 's', 256);
    long_bad[257] = '"';
    const struct row rows[] = {
        {"sub", "-",            false},
        {"sub", "null",         false},
        {"sub", "\"\"",         false},
        {"sub", "42",           false},
        {"sub", "{}",           false},
        {"sub", "[\"a\"]",      false},
        {"sub", long_ok,        true },
        {"sub", long_bad,       false},
        {"sub", "\"a\\nb\"",    false},
        {"sub", "\"a\\u007f\"", false},
        {"sub", "\"\\u00fc\"",  true },
    };
    WALK(rows);
}

static void aud_is_ours_and_has_no_strangers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"aud", "[\"client\"]",              true },
        {"aud", "-",                         false},
        {"aud", "null",                      false},
        {"aud", "1",                         false},
        {"aud", "\"\"",                      false},
        {"aud", "[]",                        false},
        {"aud", "{}",                        false},
        {"aud", "\"client1\"",               false},
        {"aud", "\"Client\"",                false},
        {"aud", "\"client other\"",          false},
        {"aud", "[\"client\",\"stranger\"]", false},
        {"aud", "[\"client\",1]",            false},
        {"aud", "[[\"client\"]]",            false},
        {"aud", "[\"other\"]",               false},
        {"aud", "[\"client\",\"client\"]",   false}, /* several, and no azp */
        {"azp", "\"client\"",                true },
        {"azp", "\"other\"",                 false},
        {"azp", "1",                         false},
        {"azp", "null",                      false},
    };
    WALK(rows);
}

static void a_trusted_audience_may_stand_beside_ours_when_azp_says_it_is_for_us(void **state)
{
    (void)state;
    struct slice trusted[] = {LIT("api")};
    struct id_token_rules r = rules();
    r.audiences = trusted;
    r.audience_count = 1;
    struct doc *claims;
    static const struct {
        const char *json;
        bool accepted;
    } cases[] = {
        {"{\"iss\":\"https://op.example\",\"sub\":\"a\",\"aud\":[\"api\",\"client\"],\"azp\":\"client\",\"exp\":1700000300,\"iat\":1700000000,\"nonce\":\"n-1\"}",
         true },
        {"{\"iss\":\"https://op.example\",\"sub\":\"a\",\"aud\":[\"api\",\"client\"],\"exp\":1700000300,\"iat\":1700000000,\"nonce\":\"n-1\"}",
         false},
        {"{\"iss\":\"https://op.example\",\"sub\":\"a\",\"aud\":[\"api\",\"client\"],\"azp\":\"api\",\"exp\":1700000300,\"iat\":1700000000,\"nonce\":\"n-1\"}",
         false},
        {"{\"iss\":\"https://op.example\",\"sub\":\"a\",\"aud\":\"api\",\"azp\":\"client\",\"exp\":1700000300,\"iat\":1700000000,\"nonce\":\"n-1\"}",
         false},
        {"{\"iss\":\"https://op.example\",\"sub\":\"a\",\"aud\":[\"api\",\"client\",\"x\"],\"azp\":\"client\",\"exp\":1700000300,\"iat\":1700000000,\"nonce\":\"n-1\"}",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(doc_json(arena, PROBLEM_PROVIDER_BROKEN, slice_of(cases[i].json), &claims));
        struct jws t = {.alg = JOSE_ES256, .claims = claims};
        if ((id_token_judge(arena, &r, &t) == NULL) != cases[i].accepted) fail_msg("case %zu", i);
    }
}

static void times_are_checked_with_the_skew_and_never_wrap(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"exp",       "1700000001",          true },
        {"exp",       "1699999941",          false}, /* within the skew, but not after iat */
        {"exp",       "1700000300.5",        true },
        {"exp",       "-",                   false},
        {"exp",       "null",                false},
        {"exp",       "\"1700000300\"",      false},
        {"exp",       "1699999940",          false},
        {"exp",       "0",                   false},
        {"exp",       "-1",                  false},
        {"exp",       "9223372036854775807", false},
        {"exp",       "1e300",               false},
        {"exp",       "253402300799",        true },
        {"exp",       "253402300800",        false},
        {"exp",       "true",                false},
        {"iat",       "-",                   false},
        {"iat",       "null",                false},
        {"iat",       "\"1700000000\"",      false},
        {"iat",       "1700000060",          true },
        {"iat",       "1700000061",          false},
        {"iat",       "9223372036854775807", false},
        {"iat",       "-5",                  false},
        {"iat",       "1700000300",          false},
        {"nbf",       "1699999999",          true },
        {"nbf",       "1700000060",          true },
        {"nbf",       "1700000061",          false},
        {"nbf",       "\"x\"",               false},
        {"nbf",       "null",                false},
        {"auth_time", "1690000000",          true },
        {"auth_time", "\"yesterday\"",       false},
    };
    WALK(rows);
}

static void a_token_past_its_time_is_good_for_the_skew_only(void **state)
{
    (void)state;
    struct id_token_rules r = rules();
    r.now_s = 1700000359;
    judged(&r, "", "", true);
    r.now_s = 1700000360;
    judged(&r, "", "", false);
    r.now_s = 1700000299;
    r.skew_s = 0;
    judged(&r, "", "", true);
    r.now_s = 1700000300;
    judged(&r, "", "", false);
}

static void who_asked_for_max_age_gets_a_recent_auth_time_or_nobody(void **state)
{
    (void)state;
    struct id_token_rules r = rules();
    r.auth_since_s = 1699999000;
    judged(&r, "", "", false);
    judged(&r, "auth_time", "null", false);
    judged(&r, "auth_time", "1699999000", true);
    judged(&r, "auth_time", "1699998940", true); /* the skew */
    judged(&r, "auth_time", "1699998939", false);
    judged(&r, "auth_time", "\"1699999000\"", false);
}

static void nonce_is_the_one_we_sent(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"nonce", "-",         false},
        {"nonce", "null",      false},
        {"nonce", "\"\"",      false},
        {"nonce", "\"n-11\"",  false},
        {"nonce", "\"N-1\"",   false},
        {"nonce", "[\"n-1\"]", false},
    };
    WALK(rows);
    struct id_token_rules r = rules();
    r.nonce = (struct slice){0}; /* a refreshed token: none was sent */
    judged(&r, "nonce", "-", true);
}

static void hashes_bind_what_came_along_when_they_are_there(void **state)
{
    (void)state;
    struct slice at = jose_half_hash(arena, JOSE_ES256, LIT("at"));
    struct slice code = jose_half_hash(arena, JOSE_ES256, LIT("code"));
    struct id_token_rules r = rules();
    judged(&r, "at_hash", arena_print(arena, "\"%.*s\"", SLICE_ARG(at)).at, true);
    judged(&r, "c_hash", arena_print(arena, "\"%.*s\"", SLICE_ARG(code)).at, true);
    judged(&r, "at_hash", arena_print(arena, "\"%.*s\"", SLICE_ARG(code)).at, false);
    judged(&r, "c_hash", arena_print(arena, "\"%.*s\"", SLICE_ARG(at)).at, false);
    judged(&r, "at_hash", "\"\"", false);
    judged(&r, "at_hash", "1", false);
    judged(&r, "at_hash", "null", false);
}

static void other_kinds_of_token_are_no_id_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *typ;
        bool accepted;
    } cases[] = {
        {"",                        true },
        {"JWT",                     true },
        {"jwt",                     true },
        {"application/jwt",         true },
        {"at+jwt",                  false},
        {"AT+JWT",                  false},
        {"logout+jwt",              false},
        {"application/at+jwt",      false},
        {"dpop+jwt",                false},
        {"secevent+jwt",            false},
        {"token-introspection+jwt", false},
        {"JOSE",                    false},
    };
    struct id_token_rules r = rules();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jws t = token_with("", "");
        t.typ = slice_of(cases[i].typ);
        if ((id_token_judge(arena, &r, &t) == NULL) != cases[i].accepted) fail_msg("typ %s", cases[i].typ);
    }
    judged(&r, "events", "{\"http://schemas.openid.net/event/backchannel-logout\":{}}", false);
}

static void a_payload_that_is_no_object_is_refused(void **state)
{
    (void)state;
    struct id_token_rules r = rules();
    struct jws t = {.alg = JOSE_ES256};
    assert_non_null(id_token_judge(arena, &r, &t));
    assert_null(doc_json(arena, PROBLEM_PROVIDER_BROKEN, LIT("[1]"), &t.claims));
    assert_non_null(id_token_judge(arena, &r, &t));
}

static void no_error_shows_what_the_token_says(void **state)
{
    (void)state;
    struct id_token_rules r = rules();
    struct jws t = token_with("nonce", "\"not-for-logs\"");
    const struct err *e = id_token_judge(arena, &r, &t);
    assert_true(slice_find(err_story(arena, e), LIT("not-for-logs")) == SLICE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_good_token_is_accepted),
        cmocka_unit_test(iss_is_equal_to_the_byte),
        cmocka_unit_test(sub_is_text_of_at_most_255_bytes),
        cmocka_unit_test(aud_is_ours_and_has_no_strangers),
        cmocka_unit_test(a_trusted_audience_may_stand_beside_ours_when_azp_says_it_is_for_us),
        cmocka_unit_test(times_are_checked_with_the_skew_and_never_wrap),
        cmocka_unit_test(a_token_past_its_time_is_good_for_the_skew_only),
        cmocka_unit_test(who_asked_for_max_age_gets_a_recent_auth_time_or_nobody),
        cmocka_unit_test(nonce_is_the_one_we_sent),
        cmocka_unit_test(hashes_bind_what_came_along_when_they_are_there),
        cmocka_unit_test(other_kinds_of_token_are_no_id_tokens),
        cmocka_unit_test(a_payload_that_is_no_object_is_refused),
        cmocka_unit_test(no_error_shows_what_the_token_says),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
