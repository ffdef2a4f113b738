#include "route/return_to.h"

#include "../../tables/table.h"

static const struct slice origins[] = {LIT_INIT("https://api.example.com"), LIT_INIT("https://other.example.org:8443"),
                                       LIT_INIT("http://plain.example.com")};
static const struct return_rules rules = {.public_origin = LIT_INIT("https://app.example.com"),
                                          .origins = origins,
                                          .origin_count = 3,
                                          .prefix = LIT_INIT("/_vestibule")};

/* What must hold of every answer, whatever was asked. */
static void check_target(struct table *t, struct slice target)
{
    bool rooted = target.len != 0 && target.at[0] == '/' && !slice_starts(target, LIT("//"));
    bool listed = slice_starts(target, LIT("https://app.example.com/")) ||
                  slice_starts(target, LIT("https://api.example.com/")) ||
                  slice_starts(target, LIT("https://other.example.org:8443/"));
    if (!rooted && !listed) fail_msg("%s:%d: sent to %.*s", t->name, t->line, SLICE_ARG(target));
    for (size_t i = 0; i < target.len; i++) {
        bool known =
            target.at[i] > 0x20 && target.at[i] < 0x7F && slice_index(LIT("\"<>\\^`{|}[]"), target.at[i]) == SLICE_NONE;
        if (!known) fail_msg("%s:%d: byte %zu of the answer", t->name, t->line, i);
    }
    bool refused = true;
    struct slice again = return_to(t->arena, &rules, target, &refused);
    if (refused || !slice_is(again, target)) fail_msg("%s:%d: not stable", t->name, t->line);
}

static void people_are_sent_where_the_table_says(void **state)
{
    (void)state;
    struct table t = table_open("tables/return_to.eval");
    size_t accepted = 0, refusals = 0;
    while (table_next(&t)) {
        bool want = slice_is(t.column[0], LIT("ok")), refused = want;
        struct slice asked = t.column[want ? 2 : 1], wanted = want ? t.column[1] : LIT("/");
        struct slice got = return_to(t.arena, &rules, asked, &refused);
        if (refused == want || !slice_is(got, wanted))
            fail_msg("%s:%d: %.*s gave %.*s", t.name, t.line, SLICE_ARG(asked), SLICE_ARG(got));
        check_target(&t, got);
        accepted += want;
        refusals += !want;
    }
    assert_true(accepted > 50 && refusals > 600);
}

static void nothing_asked_is_the_front_page(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    bool refused = true;
    assert_true(slice_is(return_to(a, &rules, (struct slice){NULL, 0}, &refused), LIT("/")));
    assert_false(refused);
}

static void the_length_ends_at_2048_before_and_after_spelling(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 18);
    char text[RETURN_TO_MAX + 1];
    bool refused;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i == 0 ? '/' : i == 1 ? '?' : 'a';
    }
    return_to(a, &rules, (struct slice){text, RETURN_TO_MAX}, &refused);
    assert_false(refused);
    return_to(a, &rules, (struct slice){text, RETURN_TO_MAX + 1}, &refused);
    assert_true(refused);
    text[5] = '"';
    return_to(a, &rules, (struct slice){text, RETURN_TO_MAX}, &refused);
    assert_true(refused);
    return_to(a, &rules, (struct slice){text, RETURN_TO_MAX - 2}, &refused);
    assert_false(refused);
}

static void on_http_our_own_scheme_is_enough(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct return_rules local = rules;
    bool refused;
    local.public_origin = LIT("http://localhost:8080");
    return_to(a, &local, LIT("http://localhost:8080/x"), &refused);
    assert_false(refused);
    return_to(a, &local, LIT("http://plain.example.com/x"), &refused);
    assert_false(refused);
    return_to(a, &local, LIT("https://api.example.com/x"), &refused);
    assert_false(refused);
    return_to(a, &local, LIT("https://localhost:8080/x"), &refused);
    assert_true(refused);
    return_to(a, &local, LIT("http://localhost/x"), &refused);
    assert_true(refused);
}

static void a_star_stands_for_the_labels_before_a_name_and_for_nothing_else(void **state)
{
    static const struct slice below[] = {LIT_INIT("https://*.example.com"), LIT_INIT("https://*.apps.example.org:8443"),
                                         LIT_INIT("https://[2001:db8::1]:8443")};
    static const struct return_rules some = {.public_origin = LIT_INIT("https://auth.example.com"),
                                             .origins = below,
                                             .origin_count = 3,
                                             .prefix = LIT_INIT("/_vestibule")};
    static const struct {
        struct slice asked;
        bool fine;
    } cases[] = {
        {LIT_INIT("https://a.example.com/x"),          true },
        {LIT_INIT("https://A.B.Example.com/x"),        true },
        {LIT_INIT("https://a.example.com:443/x"),      true },
        {LIT_INIT("https://x.apps.example.org:8443/"), true },
        {LIT_INIT("https://example.com/x"),            false},
        {LIT_INIT("https://aexample.com/x"),           false},
        {LIT_INIT("https://.example.com/x"),           false},
        {LIT_INIT("https://evil.test/.example.com"),   false},
        {LIT_INIT("https://evil.test#.example.com"),   false},
        {LIT_INIT("https://evil.test?.example.com"),   false},
        {LIT_INIT("https://evil.test\\.example.com"),  false},
        {LIT_INIT("https://a.example.com.evil.test/"), false},
        {LIT_INIT("https://user@a.example.com/"),      false},
        {LIT_INIT("https://a.example.com:8443/"),      false},
        {LIT_INIT("http://a.example.com/"),            false},
        {LIT_INIT("https://x.apps.example.org/"),      false},
        {LIT_INIT("https://*.example.com/"),           false},
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool refused;
        return_to(a, &some, cases[i].asked, &refused);
        if (refused == cases[i].fine) fail_msg("%.*s", SLICE_ARG(cases[i].asked));
    }
    assert_true(return_host(&some, LIT("a.example.com")) && return_host(&some, LIT("x.apps.example.org")));
    assert_true(return_host(&some, LIT("[2001:db8::1]")));
    assert_false(return_host(&some, LIT("example.com")) || return_host(&some, LIT("xexample.com")));
    assert_false(return_host(&some, LIT("apps.example.org")) || return_host(&some, LIT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_stands_for_the_labels_before_a_name_and_for_nothing_else),
        cmocka_unit_test(people_are_sent_where_the_table_says),
        cmocka_unit_test(nothing_asked_is_the_front_page),
        cmocka_unit_test(the_length_ends_at_2048_before_and_after_spelling),
        cmocka_unit_test(on_http_our_own_scheme_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
