#include "route/route.h"

#include "../../tables/table.h"

static const struct slice get_head[] = {LIT_INIT("GET"), LIT_INIT("HEAD")};
#define ID(text) .id = LIT_INIT(text)
static const struct rule rules[] = {
    {ID("health"),                          .path = LIT_INIT("/healthz")          },
    {ID("read"),                            .path = LIT_INIT("/docs/**"),           .methods = {get_head, 2}},
    {ID("api"),                                     .path = LIT_INIT("/api/**")                                                                  },
    {ID("admin"),                                     .path = LIT_INIT("/admin/**")},
    {ID("at"),                                     .path = LIT_INIT("/team@home/**")                                                                     },
    {ID("img"),                                     .path = LIT_INIT("/img/*.png")},
    {ID("user"),                                     .path = LIT_INIT("/users/*/photo")                                                                    },
    {ID("odd"),                                     .path = LIT_INIT("/a%2ab/x")},
    {ID("sub"),                                     .host = LIT_INIT("*.Example.COM"),                                                                     .path = LIT_INIT("/**")},
    {ID("exact"),              .host = LIT_INIT("shop.example.org"),.path = LIT_INIT("/cart")},
    {ID("all"),.host = LIT_INIT("app.example.net")                 },
};
static const struct route_backend backends[] = {
    {LIT_INIT("app.example.net"), LIT_INIT("/api/**"),    0, NULL, 0},
    {LIT_INIT("*.example.com"),   LIT_INIT(""),           1, NULL, 0},
    {LIT_INIT(""),                LIT_INIT("/static/**"), 2, NULL, 0},
    {LIT_INIT("APP.example.net"), LIT_INIT("/**"),        3, NULL, 0},
};

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(4 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static struct routes *compile(const struct rule *list, size_t count)
{
    struct routes *r = NULL;
    const struct err *e = routes_compile(arena, list, count, backends, 4, &r);
    if (e != NULL) fail_msg("%.*s", SLICE_ARG(err_story(arena, e)));
    return r;
}

static const struct rule *meet(const struct routes *r, struct slice host, struct slice path, struct slice method)
{
    const struct route_ask ask = {host, path, method, NULL, SIZE_MAX};
    return routes_rule(r, &ask);
}

static void requests_meet_the_rule_and_backend_of_the_table_sec_155_sec_156(void **state)
{
    (void)state;
    const struct routes *r = compile(rules, sizeof rules / sizeof rules[0]);
    struct table t = table_open("tables/route.eval");
    while (table_next(&t)) {
        const struct rule *rule = meet(r, t.column[3], t.column[4], t.column[2]);
        size_t backend = routes_backend(r, t.column[3], t.column[4]);
        struct slice id = rule != NULL ? rule->id : LIT("-");
        struct slice number = backend == SIZE_MAX ? LIT("-") : arena_print(arena, "%zu", backend);
        if (!slice_is(id, t.column[0]) || !slice_is(number, t.column[1]))
            fail_msg("%s:%d: rule %.*s, backend %.*s", t.name, t.line, SLICE_ARG(id), SLICE_ARG(number));
    }
}

static void without_rules_nothing_is_met(void **state)
{
    (void)state;
    struct routes *r = NULL;
    assert_null(routes_compile(arena, NULL, 0, NULL, 0, &r));
    assert_null(meet(r, LIT("a"), LIT("/"), LIT("GET")));
    assert_true(routes_backend(r, LIT("a"), LIT("/")) == SIZE_MAX);
    assert_null(meet(r, LIT("a"), LIT(""), LIT("GET")));
}

static void patterns_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"a",     "**",      "*",       "/a/**/b", "/**/",      "/a**", "/a/b**", "/***",
                                        "/*a*",  "/a/../b", "/a//b",   "/%2f",    "/a?x",      "/a#x", "/a b",   "/%zz",
                                        "/a\\b", "/.",      "/a/./**", "/%252e/", "/\xC3\xA4", "~^/(a"};
    static const char *const hosts[] = {"*",      "*.",           "a.*.com",  "*a.com",        "a..b",
                                        ".a.com", "a.com.",       "a.com:80", "https://a.com", "a/b",
                                        "a b",    "\xC3\xA4.com", "*.*.com",  "*..com"};
    struct routes *r = NULL;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct rule rule = {ID("x"), .path = slice_of(paths[i])};
        const struct err *e = routes_compile(arena, &rule, 1, NULL, 0, &r);
        if (e == NULL) fail_msg("took path %s", paths[i]);
        assert_int_equal(e->problem, PROBLEM_CONFIG);
        assert_true(slice_find(err_story(arena, e), LIT("rule 0 (x)")) != SLICE_NONE);
    }
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        const struct route_backend backend = {.host = slice_of(hosts[i])};
        const struct err *e = routes_compile(arena, NULL, 0, &backend, 1, &r);
        if (e == NULL) fail_msg("took host %s", hosts[i]);
        assert_true(slice_find(err_story(arena, e), LIT("backend 0")) != SLICE_NONE);
    }
    const struct slice lower = LIT("get");
    const struct rule rule = {
        ID("x"), .methods = {&lower, 1}
    };
    assert_non_null(routes_compile(arena, &rule, 1, NULL, 0, &r));
    assert_null(r);
}

static void hosts_may_be_addresses(void **state)
{
    (void)state;
    const struct rule list[] = {
        {ID("four"), .host = LIT_INIT("127.0.0.1")},
        {ID("six"),  .host = LIT_INIT("[::1]")    }
    };
    const struct routes *r = compile(list, 2);
    assert_ptr_equal(meet(r, LIT("127.0.0.1"), LIT("/"), LIT("GET")), &list[0]);
    assert_ptr_equal(meet(r, LIT("[::1]"), LIT("/"), LIT("GET")), &list[1]);
}

/* ---- shadows */

static const struct rule *shadow(struct rule first, struct rule second)
{
    struct rule *pair = arena_array(arena, struct rule, 2);
    pair[0] = first;
    pair[1] = second;
    const struct rule *found = NULL;
    size_t count = routes_shadow(compile(pair, 2), SIZE_MAX, 1, &found, 1);
    if (count == 0) found = NULL;
    assert_true(found == NULL || found == &pair[0]);
    return found;
}

static struct rule on(const char *host, const char *path)
{
    return (struct rule){.host = slice_of(host), .path = slice_of(path)};
}

static void a_wider_rule_above_shadows(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"/**",     "/a"          },
        {"",        "/a/**"       },
        {"/a/**",   "/a"          },
        {"/a/**",   "/a/b/**"     },
        {"/a/**",   "/a/**"       },
        {"/a",      "/a"          },
        {"/a/*",    "/a/b"        },
        {"/a/*",    "/a/*.js"     },
        {"/a/*.js", "/a/x*.min.js"},
        {"/a/*.js", "/a/b.js"     },
        {"/*/x",    "/a/x"        },
        {"/a@b",    "/a%40b"      },
        {"/a/**",   "/a/"         },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (shadow(on("", pairs[i][0]), on("", pairs[i][1])) == NULL) fail_msg("%s %s", pairs[i][0], pairs[i][1]);
    }
    assert_non_null(shadow(on("", "/**"), on("a.com", "/**")));
    assert_non_null(shadow(on("*.a.com", ""), on("x.a.com", "")));
    assert_non_null(shadow(on("*.a.com", ""), on("*.x.a.com", "")));
    assert_non_null(shadow(on("*.a.com", ""), on("*.A.com", "")));
}

static void a_rule_that_leaves_something_over_does_not_shadow(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"/a",      "/**"     },
        {"/a",      "/a/**"   },
        {"/a/**",   "/**"     },
        {"/a/**",   "/ab"     },
        {"/a",      "/b"      },
        {"/a/*",    "/a/**"   },
        {"/a/*",    "/a/b/c"  },
        {"/a/*.js", "/a/*"    },
        {"/a/*",    "/a/"     },
        {"/a/*.js", "/a/*.jsx"},
        {"/a/x*x",  "/a/x"    },
        {"/a/b*c",  "/a/b*"   },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (shadow(on("", pairs[i][0]), on("", pairs[i][1])) != NULL) fail_msg("%s %s", pairs[i][0], pairs[i][1]);
    }
    assert_null(shadow(on("a.com", "/**"), on("", "/**")));
    assert_null(shadow(on("*.a.com", ""), on("a.com", "")));
    assert_null(shadow(on("*.a.com", ""), on("xa.com", "")));
    assert_null(shadow(on("x.a.com", ""), on("*.a.com", "")));
}

static void methods_count_for_shadows(void **state)
{
    (void)state;
    struct rule some = on("", "/**"), any = on("", "/**"), one = on("", "/**");
    some.methods = (struct slices){get_head, 2};
    one.methods = (struct slices){get_head, 1};
    assert_non_null(shadow(any, some));
    assert_non_null(shadow(some, one));
    assert_null(shadow(some, any));
    assert_null(shadow(one, some));
}

/* ---- the verdict */

static const struct slice ann[] = {LIT_INIT("corp:ann")}, mail[] = {LIT_INIT("Bob@Example.com")},
                          domains[] = {LIT_INIT("example.ORG")}, ops[] = {LIT_INIT("ops")}, corp[] = {LIT_INIT("corp")};

static enum verdict judge(struct rule rule, const struct person *p)
{
    return route_judge(&rule, p, 1000000);
}

static void everyone_signed_in_and_nobody_mean_that(void **state)
{
    (void)state;
    const struct person p = {.provider = LIT_INIT("corp"), .subject = LIT_INIT("ann")};
    assert_int_equal(judge((struct rule){.allow = ALLOW_EVERYONE}, NULL), VERDICT_ALLOW);
    assert_int_equal(judge((struct rule){.allow = ALLOW_EVERYONE}, &p), VERDICT_ALLOW);
    assert_int_equal(judge((struct rule){.allow = ALLOW_SIGNED_IN}, NULL), VERDICT_SIGN_IN);
    assert_int_equal(judge((struct rule){.allow = ALLOW_SIGNED_IN}, &p), VERDICT_ALLOW);
    assert_int_equal(judge((struct rule){.allow = ALLOW_NOBODY}, NULL), VERDICT_REFUSE);
    assert_int_equal(judge((struct rule){.allow = ALLOW_NOBODY}, &p), VERDICT_REFUSE);
    assert_int_equal(judge((struct rule){.allow = (enum allow_kind)77}, &p), VERDICT_REFUSE);
    assert_int_equal(route_judge(NULL, &p, 0), VERDICT_REFUSE);
    assert_int_equal(route_judge(NULL, NULL, 0), VERDICT_REFUSE);
}

static void otherwise_says_what_a_no_looks_like(void **state)
{
    (void)state;
    const struct person p = {.provider = LIT_INIT("x"), .subject = LIT_INIT("y")};
    struct rule rule = {
        .allow = ALLOW_SOME, .people.groups = {ops, 1}
    };
    assert_int_equal(judge(rule, NULL), VERDICT_SIGN_IN);
    assert_int_equal(judge(rule, &p), VERDICT_REFUSE); /* signing in again would not help */
    rule.otherwise = OTHERWISE_REFUSE;
    assert_int_equal(judge(rule, NULL), VERDICT_REFUSE);
    rule.otherwise = OTHERWISE_HIDE;
    assert_int_equal(judge(rule, NULL), VERDICT_HIDE);
    assert_int_equal(judge(rule, &p), VERDICT_HIDE);
    rule.allow = ALLOW_NOBODY;
    assert_int_equal(judge(rule, NULL), VERDICT_HIDE);
}

static void a_rule_may_take_the_word_of_some_providers_only(void **state)
{
    (void)state;
    static const struct slice two[] = {LIT_INIT("corp"), LIT_INIT("partners")};
    struct rule rule = {
        .allow = ALLOW_SIGNED_IN, .providers = {two, 2}
    };
    struct person p = {.provider = LIT_INIT("partners"), .subject = LIT_INIT("y")};
    assert_int_equal(judge(rule, &p), VERDICT_ALLOW);
    assert_int_equal(judge(rule, NULL), VERDICT_SIGN_IN);
    p.provider = LIT("elsewhere");
    assert_int_equal(judge(rule, &p), VERDICT_STEP_UP);
    assert_true(slice_is(route_step_up(&rule, &p, 0), LIT("provider")));
    rule.otherwise = OTHERWISE_HIDE;
    assert_int_equal(judge(rule, &p), VERDICT_HIDE);
    assert_true(route_takes_provider(&rule, LIT("corp")));
    assert_false(route_takes_provider(&rule, LIT("cor")));
    assert_true(route_takes_provider(NULL, LIT("elsewhere")));
}

static void any_list_that_matches_allows(void **state)
{
    (void)state;
    static const struct slice groups[] = {LIT_INIT("dev"), LIT_INIT("ops")};
    const struct person p = {
        .provider = LIT_INIT("corp"),
        .subject = LIT_INIT("ann"),
        .email = LIT_INIT("bob@example.COM"),
        .email_verified = true,
        .groups = {groups, 2}
    };
    struct person q = p;
    q.email = LIT("carl@Example.org");
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.users = {ann, 1}
    },
                         &p),
                     VERDICT_ALLOW);
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.emails = {mail, 1}
    },
                         &p),
                     VERDICT_ALLOW);
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.email_domains = {domains, 1}
    },
                         &q),
                     VERDICT_ALLOW);
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.groups = {ops, 1}
    },
                         &p),
                     VERDICT_ALLOW);
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.providers = {corp, 1}
    },
                         &p),
                     VERDICT_ALLOW);
    assert_int_equal(judge((struct rule){.allow = ALLOW_SOME}, &p), VERDICT_REFUSE);
}

static void an_address_that_is_not_verified_or_odd_does_not_count(void **state)
{
    (void)state;
    static const char *const odd[] = {"bob@evil.test@example.org",
                                      "@example.org",
                                      "example.org",
                                      "bob@sub.example.org",
                                      "bob@example.org.evil.test",
                                      "bob@xexample.org",
                                      "bob@",
                                      "",
                                      "bob@example.org@",
                                      "bob@@example.org",
                                      "bob@example.org "};
    struct rule rule = {
        .allow = ALLOW_SOME, .people.emails = {mail,    1},
             .people.email_domains = {domains, 1}
    };
    struct person p = {.provider = LIT("corp"), .subject = LIT("ann"), .email = LIT("bob@example.com")};
    assert_int_equal(judge(rule, &p), VERDICT_REFUSE);
    p.email = LIT("bob@example.org");
    assert_int_equal(judge(rule, &p), VERDICT_REFUSE);
    p.email_verified = true;
    assert_int_equal(judge(rule, &p), VERDICT_ALLOW);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        p.email = slice_of(odd[i]);
        if (judge(rule, &p) != VERDICT_REFUSE) fail_msg("took %s", odd[i]);
    }
}

static void a_subject_counts_only_with_its_provider(void **state)
{
    (void)state;
    static const char *const others[][2] = {
        {"other",    "ann"     },
        {"corp",     "anna"    },
        {"corp",     "an"      },
        {"corp:ann", ""        },
        {"",         "corp:ann"},
        {"cor",      "p:ann"   },
        {"corp",     "Ann"     },
        {"corp",     ""        },
        {"CORP",     "ann"     },
        {"corp:",    "ann"     }
    };
    const struct rule rule = {
        .allow = ALLOW_SOME, .people.users = {ann, 1}
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct person p = {.provider = slice_of(others[i][0]), .subject = slice_of(others[i][1])};
        if (judge(rule, &p) != VERDICT_REFUSE) fail_msg("took %s %s", others[i][0], others[i][1]);
    }
}

static void a_person_may_be_written_with_either_joint(void **state)
{
    (void)state;
    static const struct slice slash[] = {LIT_INIT("corp/ann")}, space[] = {LIT_INIT("corp ann")};
    const struct person p = {.provider = LIT_INIT("corp"), .subject = LIT_INIT("ann")};
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.users = {ann, 1}
    },
                         &p),
                     VERDICT_ALLOW);
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.users = {slash, 1}
    },
                         &p),
                     VERDICT_ALLOW);
    assert_int_equal(judge(
                         (struct rule){
                             .allow = ALLOW_SOME, .people.users = {space, 1}
    },
                         &p),
                     VERDICT_REFUSE);
}

static void empty_words_match_nothing(void **state)
{
    (void)state;
    static const struct slice empty[] = {LIT_INIT("")}, colon[] = {LIT_INIT(":")};
    const struct rule rule = {
        .allow = ALLOW_SOME,
        .people.users = {colon, 1},
        .people.emails = {empty, 1},
        .people.email_domains = {empty, 1},
        .people.groups = {empty, 1},
        .people.providers = {empty, 1}
    };
    const struct person p = {
        .email_verified = true, .groups = {empty, 1}
    };
    assert_int_equal(judge(rule, &p), VERDICT_REFUSE);
    const struct person q = {
        .email = LIT_INIT("a@"), .email_verified = true, .groups = {empty, 1}
    };
    assert_int_equal(judge(rule, &q), VERDICT_REFUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_meet_the_rule_and_backend_of_the_table_sec_155_sec_156),
        cmocka_unit_test(without_rules_nothing_is_met),
        cmocka_unit_test(patterns_that_make_no_sense_are_refused),
        cmocka_unit_test(hosts_may_be_addresses),
        cmocka_unit_test(a_wider_rule_above_shadows),
        cmocka_unit_test(a_rule_that_leaves_something_over_does_not_shadow),
        cmocka_unit_test(methods_count_for_shadows),
        cmocka_unit_test(everyone_signed_in_and_nobody_mean_that),
        cmocka_unit_test(otherwise_says_what_a_no_looks_like),
        cmocka_unit_test(a_rule_may_take_the_word_of_some_providers_only),
        cmocka_unit_test(any_list_that_matches_allows),
        cmocka_unit_test(an_address_that_is_not_verified_or_odd_does_not_count),
        cmocka_unit_test(a_subject_counts_only_with_its_provider),
        cmocka_unit_test(a_person_may_be_written_with_either_joint),
        cmocka_unit_test(empty_words_match_nothing),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
