/* logout_token_test.c -- the list of OpenID Connect Back-Channel Logout 1.0 section 2.6, one row per claim gone wrong. Each row is the good token with a
 * member put in the place of, or beside, its own; a member whose value is `-` is taken out. */
#include "provider/logout_token.h"

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
    {"iss",    "\"https://op.example\""                                     },
    {"sub",    "\"alice\""                                                  },
    {"aud",    "\"client\""                                                 },
    {"exp",    "1700000120"                                                 },
    {"iat",    "1700000000"                                                 },
    {"jti",    "\"j-1\""                                                    },
    {"events", "{\"http://schemas.openid.net/event/backchannel-logout\":{}}"},
};

static struct jws token_with(const char *name, const char *value)
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
    struct jws t = {.alg = JOSE_ES256, .typ = LIT("logout+jwt")};
    assert_null(doc_json(arena, PROBLEM_BAD_REQUEST, arena_copy(arena, buf_slice(&b)), &t.claims));
    buf_close(&b);
    return t;
}

static struct slice trusted[] = {LIT_INIT("friend")};

static const struct err *judge(const struct jws *t, int64_t now_s, struct logout_claims *ret)
{
    const struct logout_token_rules rules = {.issuer = LIT("https://op.example"),
                                             .client_id = LIT("client"),
                                             .audiences = trusted,
                                             .audience_count = 1,
                                             .now_s = now_s,
                                             .skew_s = 60};
    return logout_token_judge(arena, &rules, t, ret);
}

static void a_good_token_is_believed_and_says_who_and_for_how_long(void **state)
{
    (void)state;
    struct logout_claims c;
    struct jws t = token_with("sid", "\"s 1\"");
    assert_null(judge(&t, NOW, &c));
    assert_true(slice_is(c.sub, LIT("alice")));
    assert_true(slice_is(c.sid, LIT("s 1")));
    assert_true(slice_is(c.jti, LIT("j-1")));
    assert_int_equal(c.until_s, NOW + LOGOUT_TOKEN_AGE_S + 60);
}

static void every_claim_gone_wrong_is_refused_by_name_sec_126(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"iss",    "\"https://evil.example\"",                                     "iss"   },
        {"iss",    "-",                                                            "iss"   },
        {"iss",    "[\"https://op.example\"]",                                     "iss"   },
        {"aud",    "\"other\"",                                                    "aud"   },
        {"aud",    "-",                                                            "aud"   },
        {"aud",    "[]",                                                           "aud"   },
        {"aud",    "[\"client\",\"other\"]",                                       "aud"   },
        {"aud",    "[\"friend\"]",                                                 "aud"   },
        {"aud",    "{\"client\":1}",                                               "aud"   },
        {"aud",    "[\"client\",1]",                                               "aud"   },
        {"iat",    "-",                                                            "iat"   },
        {"iat",    "\"1700000000\"",                                               "iat"   },
        {"iat",    "-1",                                                           "iat"   },
        {"iat",    "1700000061",                                                   "iat"   },
        {"iat",    "1699999640",                                                   "iat"   },
        {"iat",    "1e300",                                                        "iat"   },
        {"exp",    "1699999940",                                                   "exp"   },
        {"exp",    "\"x\"",                                                        "exp"   },
        {"exp",    "null",                                                         "exp"   },
        {"jti",    "-",                                                            "jti"   },
        {"jti",    "\"\"",                                                         "jti"   },
        {"jti",    "1",                                                            "jti"   },
        {"events", "-",                                                            "events"},
        {"events", "{}",                                                           "events"},
        {"events", "[]",                                                           "events"},
        {"events", "{\"http://schemas.openid.net/event/backchannel-logout\":1}",   "events"},
        {"events", "{\"http://schemas.openid.net/event/backchannel-logout/\":{}}", "events"},
        {"nonce",  "\"n\"",                                                        "nonce" },
        {"nonce",  "null",                                                         "nonce" },
        {"sub",    "-",                                                            "sub"   },
        {"sub",    "\"\"",                                                         "sub"   },
        {"sub",    "1",                                                            "sub"   },
        {"sid",    "\"\"",                                                         "sid"   },
        {"sid",    "[]",                                                           "sid"   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct logout_claims c = {.jti = LIT("untouched")};
        struct jws t = token_with(rows[i][0], rows[i][1]);
        const struct err *e = judge(&t, NOW, &c);
        if (e == NULL) fail_msg("%s: %s was believed", rows[i][0], rows[i][1]);
        assert_int_equal(e->problem, PROBLEM_BAD_REQUEST);
        if (slice_find(e->text, slice_of(rows[i][2])) == SLICE_NONE)
            fail_msg("%s: %.*s", rows[i][2], SLICE_ARG(e->text));
        assert_true(slice_is(c.jti, LIT("untouched")));
    }
}

static void what_is_only_unusual_is_believed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"aud",     "[\"client\"]"                                                              },
        {"aud",     "[\"friend\",\"client\"]"                                                   },
        {"iat",     "1700000060"                                                                },
        {"iat",     "1699999641"                                                                },
        {"exp",     "-"                                                                         },
        {"exp",     "1699999941"                                                                },
        {"exp",     "99999999999"                                                               },
        {"events",  "{\"x\":1,\"http://schemas.openid.net/event/backchannel-logout\":{\"y\":1}}"},
        {"unheard", "[1]"                                                                       },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct logout_claims c;
        struct jws t = token_with(rows[i][0], rows[i][1]);
        const struct err *e = judge(&t, NOW, &c);
        if (e != NULL) fail_msg("%s: %.*s", rows[i][1], SLICE_ARG(e->text));
    }
}

static void tokens_of_another_kind_are_refused_by_their_typ(void **state)
{
    (void)state;
    static const struct {
        const char *typ;
        bool fine;
    } rows[] = {
        {"",                       true },
        {"logout+jwt",             true },
        {"LOGOUT+JWT",             true },
        {"application/logout+jwt", true },
        {"JWT",                    true },
        {"at+jwt",                 false},
        {"id_token+jwt",           false},
        {"logout",                 false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct logout_claims c;
        struct jws t = token_with("", "");
        t.typ = slice_of(rows[i].typ);
        assert_int_equal(judge(&t, NOW, &c) == NULL, rows[i].fine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_token_is_believed_and_says_who_and_for_how_long, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(every_claim_gone_wrong_is_refused_by_name_sec_126, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_is_only_unusual_is_believed, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(tokens_of_another_kind_are_refused_by_their_typ, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
