#include "text/cookie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

static void same(struct slice got, struct slice want)
{
    if (!slice_is(got, want)) fail_msg("got \"%.*s\", want \"%.*s\"", SLICE_ARG(got), SLICE_ARG(want));
}

static bool is_ours(void *self, struct slice name)
{
    (void)self;
    return slice_starts(name, LIT("__Host-vestibule"));
}

static void pairs_are_visited_in_order_and_junk_is_passed_over(void **state)
{
    (void)state;
    struct slice rest = LIT(";;  a=1;b = \"x y\" ;junk; =nameless;c=; d=e=f ;\t;");
    static const char *const want[][2] = {
        {"a", "1"      },
        {"b", "\"x y\""},
        {"c", ""       },
        {"d", "e=f"    }
    };
    struct cookie c;
    for (size_t i = 0; i < 4; i++) {
        assert_true(cookie_next(&rest, &c));
        same(c.name, slice_of(want[i][0]));
        same(c.value, slice_of(want[i][1]));
    }
    assert_false(cookie_next(&rest, &c));
    assert_false(cookie_next(&rest, &c));
}

static void an_empty_header_has_no_cookie(void **state)
{
    (void)state;
    static const char *const nothing[] = {"", ";", ";;;;", " ", "=", "=;=", "a", "\t;\t"};
    struct cookie c;
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        struct slice rest = slice_of(nothing[i]);
        if (cookie_next(&rest, &c)) fail_msg("found one in '%s'", nothing[i]);
    }
    struct slice null = {NULL, 0};
    assert_false(cookie_next(&null, &c));
}

static void the_only_one_is_found_whole(void **state)
{
    (void)state;
    struct slice v;
    assert_true(cookie_find(LIT("x=1; sid=abc.def-_=; y=2"), LIT("sid"), &v));
    same(v, LIT("abc.def-_="));
    assert_true(cookie_find(LIT("sid="), LIT("sid"), &v));
    same(v, LIT(""));
    assert_true(cookie_find(LIT("a=\"; sid=q; \""), LIT("sid"), &v)); /* quotes do not quote */
    same(v, LIT("q"));
}

static void twins_are_none(void **state)
{
    (void)state;
    struct slice v = LIT("untouched");
    assert_false(cookie_find(LIT("sid=a; sid=b"), LIT("sid"), &v));
    assert_false(cookie_find(LIT("sid=a; x=1; sid=a"), LIT("sid"), &v));
    assert_false(cookie_find(LIT("sid=a;sid ="), LIT("sid"), &v));
    same(v, LIT("untouched"));
}

static void look_alikes_are_not_it(void **state)
{
    (void)state;
    static const char *const others[] = {"Sid=a",  "SID=a",     "sid2=a",    "xsid=a",  "si=a",    "sid;=a",
                                         "$sid=a", "\"sid\"=a", "s\x00id=a", "%73id=a", "sid-0=a", "sid"};
    struct slice v;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (cookie_find(slice_of(others[i]), LIT("sid"), &v)) fail_msg("took '%s'", others[i]);
    }
}

static void a_huge_header_is_linear_work(void **state)
{
    (void)state;
    size_t len = 8 << 20;
    char *big = arena_bytes(arena, len);
    for (size_t i = 0; i < len; i++) {
        big[i] = "a=;"[i % 3];
    }
    struct slice rest = {big, len}, v;
    struct cookie c;
    size_t count = 0;
    while (cookie_next(&rest, &c)) {
        count++;
    }
    assert_int_equal(count, (len + 1) / 3);
    assert_false(cookie_find((struct slice){big, len}, LIT("sid"), &v));
}

static void stripping_takes_ours_and_leaves_the_others(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a=1; __Host-vestibule=s; b=2",                "a=1; b=2"                },
        {"__Host-vestibule=s",                          ""                        },
        {"__Host-vestibule=s; __Host-vestibule-tx-1=t", ""                        },
        {"a=\"x;y\";b = 2 ; c",                         "a=\"x; y\"; b = 2; c"    },
        {"a=1;;;__Host-vestibule =s;b=2",               "a=1; b=2"                },
        {"__Host-vestibule; a=1",                       "a=1"                     },
        {"a=1; a=1",                                    "a=1; a=1"                },
        {"",                                            ""                        },
        {";;;",                                         ""                        },
        {"q=\"__Host-vestibule=1\"",                    "q=\"__Host-vestibule=1\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(buf_close) struct buf b = buf_open(4096);
        cookie_strip(&b, slice_of(cases[i][0]), is_ours, NULL);
        same(buf_slice(&b), slice_of(cases[i][1]));
    }
}

static void set_cookie_carries_what_was_asked(void **state)
{
    (void)state;
    struct cookie_attributes with = {.max_age_s = -1, .secure = true, .http_only = true};
    same(cookie_set(arena, LIT("__Host-v"), LIT("a.b"), &with),
         LIT("__Host-v=a.b; Path=/; Secure; HttpOnly; SameSite=Lax"));
    with.max_age_s = 0;
    with.domain = LIT("example.com");
    with.same_site = COOKIE_SAME_SITE_NONE;
    same(cookie_set(arena, LIT("__Secure-v"), LIT(""), &with),
         LIT("__Secure-v=; Path=/; Domain=example.com; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
             "Secure; HttpOnly; SameSite=None"));
    with = (struct cookie_attributes){.path = LIT("/x"), .max_age_s = 600, .same_site = COOKIE_STRICT};
    same(cookie_set(arena, LIT("n"), LIT("v"), &with), LIT("n=v; Path=/x; Max-Age=600; SameSite=Strict"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_visited_in_order_and_junk_is_passed_over),
        cmocka_unit_test(an_empty_header_has_no_cookie),
        cmocka_unit_test(the_only_one_is_found_whole),
        cmocka_unit_test(twins_are_none),
        cmocka_unit_test(look_alikes_are_not_it),
        cmocka_unit_test(a_huge_header_is_linear_work),
        cmocka_unit_test(stripping_takes_ours_and_leaves_the_others),
        cmocka_unit_test(set_cookie_carries_what_was_asked),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
