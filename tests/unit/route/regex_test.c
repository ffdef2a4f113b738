#include "route/regex.h"

#include "../../tables/table.h"

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

static bool has(const struct regex *r, struct slice text)
{
    regex_state at = regex_begin(r);
    for (size_t i = 0; i < text.len; i++) {
        at = regex_next(r, at, (unsigned char)text.at[i]);
    }
    return regex_ends(r, at);
}

static void expressions_fit_what_the_table_says(void **state)
{
    (void)state;
    struct table t = table_open("tables/regex.eval");
    while (table_next(&t)) {
        struct regex *r = NULL;
        const struct err *e = regex_compile(arena, t.column[1], &r);
        if (e != NULL) fail_msg("%s:%d: %.*s", t.name, t.line, SLICE_ARG(err_story(arena, e)));
        bool want = slice_is(t.column[0], LIT("yes"));
        if (has(r, t.column[2]) != want) fail_msg("%s:%d", t.name, t.line);
    }
}

static void what_cannot_be_read_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"",                                                                       "empty"         },
        {"/(a",                                                                    "not closed"    },
        {"/a)",                                                                    "never opened"  },
        {"/[a",                                                                    "not closed"    },
        {"/[]",                                                                    "not closed"    },
        {"/[z-a]",                                                                 "class"         },
        {"/[[:alpha:]]",                                                           "names"         },
        {"/[\xc3\xa4]",                                                            "class"         },
        {"/a**",                                                                   "another repeat"},
        {"/a+?",                                                                   "another repeat"},
        {"/a++",                                                                   "another repeat"},
        {"/*",                                                                     NULL            }, /* "/" any number of times: fine */
        {"*/a",                                                                    "behind nothing"},
        {"/a{3",                                                                   "braces"        },
        {"/a{65}",                                                                 "braces"        },
        {"/a{3,2}",                                                                "braces"        },
        {"/a{,2}",                                                                 "braces"        },
        {"/(?=a)",                                                                 "look-around"   },
        {"/(?<n>a)",                                                               "look-around"   },
        {"/(?i)a",                                                                 "look-around"   },
        {"/(a)\\1",                                                                "back-reference"},
        {"/a\\",                                                                   "\\ stands"     },
        {"/a^b",                                                                   "^ stands"      },
        {"/a$b",                                                                   "^ stands"      },
        {"api/.*",                                                                 "begin with /"  },
        {"(/?x)",                                                                  NULL            },
        {"/(.{64}){64}",                                                           "too large"     },
        {"/.*a.{16}",                                                              "states"        }, /* an automaton without choices needs 2^16 */
        {"/((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))", "deeply"        },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct regex *r = NULL;
        const struct err *e = regex_compile(arena, slice_of(bad[i][0]), &r);
        if ((e != NULL) != (bad[i][1] != NULL)) fail_msg("%s: %s", bad[i][0], e != NULL ? "refused" : "taken");
        if (e == NULL) continue;
        if (slice_find(err_story(arena, e), slice_of(bad[i][1])) == SLICE_NONE)
            fail_msg("%s: %.*s", bad[i][0], SLICE_ARG(err_story(arena, e)));
    }
}

/* What takes a backtracking matcher longer than the universe is one step a byte here. */
static void a_hostile_path_costs_no_more_than_its_length(void **state)
{
    (void)state;
    static char path[1 << 20];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    static const char *const hard[] = {"/(a+)+$", "/(a|a)*b", "/(a*)*b", "/(a|aa)+c", "/(.*)(.*)(.*)(.*)x"};
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        struct regex *r = NULL;
        assert_null(regex_compile(arena, slice_of(hard[i]), &r));
        assert_int_equal(has(r, (struct slice){path, sizeof path}), i == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expressions_fit_what_the_table_says, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_refused_with_a_reason, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_hostile_path_costs_no_more_than_its_length, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
