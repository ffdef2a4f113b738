/* screen_test.c -- what of a request's headers handlers see, and which names of hosts there are. */
#include "http/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void cookie_lines_become_one_and_the_order_stays(void **state)
{
    struct header list[] = {
        {LIT("accept"),         LIT("*/*")     },
        {LIT("cookie"),         LIT("a=1")     },
        {LIT("x-auth_user"),    LIT("admin")   },
        {LIT("x-auth.user"),    LIT("admin")   },
        {LIT("cookie"),         LIT("e=5")     },
        {LIT("content-length"), LIT("3")       },
        {LIT("host"),           LIT("evil")    },
        {LIT("cookie"),         LIT("b=2; c=3")},
        {LIT("referer"),        LIT("/")       },
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    (void)state;
    assert_int_equal(screen_headers(a, list, sizeof list / sizeof list[0]), 3);
    assert_true(slice_is(list[0].name, LIT("accept")));
    assert_true(slice_is(list[1].name, LIT("cookie")));
    assert_string_equal(arena_text(a, list[1].value), "a=1; e=5; b=2; c=3");
    assert_true(slice_is(list[2].name, LIT("referer")));
}

/* A hundred lines of ten thousand bytes: joined one by one they would take fifty times their size. */
static void many_cookie_lines_take_memory_once(void **state)
{
    enum {
        LINES = 100,
        BYTES = 10000
    };
    static char text[BYTES];
    struct header list[LINES];
    AUTO(arena_closep) struct arena *a = arena_open(2 * LINES * BYTES);
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < LINES; i++) {
        list[i] = (struct header){
            LIT("cookie"), {text, sizeof text}
        };
    }
    assert_int_equal(screen_headers(a, list, LINES), 1);
    assert_int_equal(list[0].value.len, LINES * (BYTES + 2) - 2);
}

static void a_single_cookie_line_is_not_copied(void **state)
{
    struct header list[] = {
        {LIT("cookie"), LIT("a=1")}
    };
    const char *at = list[0].value.at;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    (void)state;
    assert_int_equal(screen_headers(a, list, 1), 1);
    assert_ptr_equal(list[0].value.at, at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookie_lines_become_one_and_the_order_stays),
        cmocka_unit_test(many_cookie_lines_take_memory_once),
        cmocka_unit_test(a_single_cookie_line_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
