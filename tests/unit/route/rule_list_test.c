#include "route/rule_list.h"

#include "../../tables/table.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(256 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static uint32_t dice = 1;

static size_t roll(size_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

static const struct slice get[] = {LIT_INIT("GET")}, odd[] = {LIT_INIT("PROPFIND"), LIT_INIT("POST")};

static struct rule random_rule(size_t position)
{
    static const char *const hosts[] = {"", "", "a.example", "b.example", "*.example", "*.b.example"};
    static const char *const words[] = {"a", "b", "api", "v1", "team@home", "x%2Ay", "*", "*.png", "a*b"};
    static const char *const expressions[] = {"~/api/.*", "~/(a|b)(/[^/]+)*", "~/[ab]", "~/.*\\.png"};
    struct rule r = {.id = arena_print(arena, "%zu", position)};
    r.host = slice_of(hosts[roll(6)]);
    r.path = LIT("");
    if (roll(8) == 0) {
        r.path = slice_of(expressions[roll(4)]);
    } else {
        for (size_t i = 1 + roll(6); i > 0; i--) {
            r.path = arena_print(arena, "%.*s/%s", SLICE_ARG(r.path), words[roll(9)]);
        }
        if (roll(3) == 0) r.path = arena_print(arena, "%.*s/**", SLICE_ARG(r.path));
        if (roll(9) == 0)
            r.path = arena_print(arena, "%.*s/", SLICE_ARG(slice_upto(r.path, slice_find(r.path, LIT("**")) - 1)));
    }
    if (roll(3) == 0) r.methods = (struct slices){get, 1};
    if (roll(6) == 0) r.methods = (struct slices){odd, 2};
    return r;
}

static struct slice random_path(void)
{
    static const char *const words[] = {"a",   "b",   "api", "v1",    "team@home", "team%40home", "x*y", "x.png",
                                        "axb", "a;b", ";c",  "b;x=a", ""};
    struct slice path = LIT("");
    for (size_t i = 1 + roll(6); i > 0; i--) {
        path = arena_print(arena, "%.*s/%s", SLICE_ARG(path), words[roll(i == 1 ? 13 : 12)]);
    }
    return path;
}

static const struct rule *one_by_one(const struct rule_list *list, const struct route_ask *ask,
                                     enum pattern_reading reading)
{
    for (size_t i = 0; i < list->count; i++) {
        if (rule_list_fit(&list->rules[i], ask, reading) == ROUTE_FITS) return list->rules[i].rule;
    }
    return NULL;
}

static void the_sets_find_the_rule_that_looking_at_each_would_find(void **state)
{
    (void)state;
    static const char *const hosts[] = {"a.example", "b.example", "x.b.example", "elsewhere.test"};
    static const char *const methods[] = {"GET", "POST", "PROPFIND", "DELETE", "get"};
    size_t met = 0, none = 0;
    for (size_t round = 0; round < 20; round++) {
        size_t count = 5 + roll(200);
        struct rule *rules = arena_array(arena, struct rule, count);
        for (size_t i = 0; i < count; i++) {
            rules[i] = random_rule(i);
        }
        struct rule_list list;
        const struct err *e = rule_list_compile(arena, rules, count, &list);
        if (e != NULL) fail_msg("%.*s", SLICE_ARG(err_story(arena, e)));
        assert_non_null(list.sets);
        for (size_t i = 0; i < 500; i++) {
            const struct route_ask ask = {slice_of(hosts[roll(4)]), random_path(), slice_of(methods[roll(5)]), NULL,
                                          SIZE_MAX};
            enum pattern_reading reading = roll(2) == 0 ? PATTERN_WHOLE : PATTERN_BARE;
            const struct rule *want = one_by_one(&list, &ask, reading), *found = rule_list_first(&list, &ask, reading);
            if (want != found)
                fail_msg("%.*s %.*s %.*s: rule %.*s, not %.*s", SLICE_ARG(ask.method), SLICE_ARG(ask.host),
                         SLICE_ARG(ask.path), SLICE_ARG(want != NULL ? want->id : LIT("-")),
                         SLICE_ARG(found != NULL ? found->id : LIT("-")));
            met += want != NULL;
            none += want == NULL;
        }
    }
    assert_true(met > 1000 && none > 1000);
}

static void a_rule_for_networks_fits_their_addresses_only(void **state)
{
    (void)state;
    struct network office[2];
    assert_true(network_read(LIT("10.0.0.0/8"), &office[0]) && network_read(LIT("2001:db8::/32"), &office[1]));
    const struct rule rules[] = {
        {.id = LIT_INIT("office"), .client_ip = office, .client_ip_count = 2},
        {.id = LIT_INIT("all")   }
    };
    struct rule_list list;
    assert_null(rule_list_compile(arena, rules, 2, &list));
    static const char *const cases[][2] = {
        {"10.1.2.3",        "office"},
        {"::ffff:10.1.2.3", "office"},
        {"2001:db8::7",     "office"},
        {"11.0.0.1",        "all"   },
        {"2001:db9::7",     "all"   },
        {NULL,              "all"   }, /* not known: in no network */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address client = {.is_ip = false};
        if (cases[i][0] != NULL) assert_true(address_read(slice_of(cases[i][0]), &client));
        const struct route_ask ask = {LIT("a"), LIT("/"), LIT("GET"), cases[i][0] != NULL ? &client : NULL, SIZE_MAX};
        assert_string_equal(rule_list_first(&list, &ask, PATTERN_WHOLE)->id.at, cases[i][1]);
        const struct address unix_peer = {.is_ip = false};
        const struct route_ask by_socket = {LIT("a"), LIT("/"), LIT("GET"), &unix_peer, SIZE_MAX};
        assert_string_equal(rule_list_first(&list, &by_socket, PATTERN_WHOLE)->id.at, "all");
    }
}

static void rules_above_shadow_together_by_method_and_network(void **state)
{
    (void)state;
    static const struct slice both[] = {LIT_INIT("GET"), LIT_INIT("POST")}, post[] = {LIT_INIT("POST")};
    struct network ten, ten_one;
    assert_true(network_read(LIT("10.0.0.0/8"), &ten) && network_read(LIT("10.1.0.0/16"), &ten_one));
    const struct rule rules[] = {
        {.id = LIT_INIT("get"),           .path = LIT_INIT("/a/**"), .methods = {get, 1}},
        {.id = LIT_INIT("post"),                               .path = LIT_INIT("/**"),                                   .methods = {post, 1}},
        {.id = LIT_INIT("hidden"),           .path = LIT_INIT("/a/b"),  .methods = {both, 2}},
        {.id = LIT_INIT("other methods"),.path = LIT_INIT("/a/b")},
        {.id = LIT_INIT("ten"), .path = LIT_INIT("/n/**"),      .client_ip = &ten, .client_ip_count = 1},
        {.id = LIT_INIT("within ten"),           .path = LIT_INIT("/n/x"),           .client_ip = &ten_one, .client_ip_count = 1},
        {.id = LIT_INIT("from anywhere"),           .path = LIT_INIT("/n/x")                                   },
        {.id = LIT_INIT("expression"),.path = LIT_INIT("~/r/[0-9]+")},
        {.id = LIT_INIT("one of it"),                               .path = LIT_INIT("/r/12")                         },
        {.id = LIT_INIT("none of it"),                               .path = LIT_INIT("/r/x")},
        {.id = LIT_INIT("the same"),                               .path = LIT_INIT("~/r/[0-9]+")                                       },
    };
    static const size_t by[][3] = {
        {0, 0, 0},
        {0, 0, 0},
        {2, 0, 1},
        {0, 0, 0},
        {0, 0, 0},
        {1, 4, 0},
        {0, 0, 0},
        {0, 0, 0},
        {1, 7, 0},
        {0, 0, 0},
        {1, 7, 0}
    };
    struct rule_list list;
    assert_null(rule_list_compile(arena, rules, sizeof rules / sizeof rules[0], &list));
    for (size_t i = 0; i < list.count; i++) {
        const struct rule *found[4] = {NULL};
        size_t count = rule_list_shadow(&list, i, found, 4);
        if (count != by[i][0]) fail_msg("%.*s: %zu rules shadow it", SLICE_ARG(rules[i].id), count);
        for (size_t k = 0; k < count; k++) {
            assert_ptr_equal(found[k], &rules[by[i][k + 1]]);
        }
    }
}

static void more_rules_than_the_limit_are_refused(void **state)
{
    (void)state;
    struct rule *rules = arena_array(arena, struct rule, ROUTE_RULES_MAX + 1);
    struct rule_list list;
    assert_null(rule_list_compile(arena, rules, ROUTE_RULES_MAX, &list));
    assert_non_null(rule_list_compile(arena, rules, ROUTE_RULES_MAX + 1, &list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_sets_find_the_rule_that_looking_at_each_would_find, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_rule_for_networks_fits_their_addresses_only, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(rules_above_shadow_together_by_method_and_network, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(more_rules_than_the_limit_are_refused, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
