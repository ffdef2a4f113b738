#include "text/utf8.h"

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

static void well_formed_text_is_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid(LIT("")));
    assert_true(utf8_valid(LIT("a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF")));
    assert_true(utf8_valid(LIT("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")));
}

static void malformed_text_is_not(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC3",
                                      "\xE0\x9F\xBF",
                                      "\xE2\x82",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF0\x9F\x98",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFE",
                                      "\xFF",
                                      "a\xC3 b",
                                      "\xC3\xC3\xA4",
                                      "\xF8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (utf8_valid(slice_of(bad[i]))) fail_msg("took number %zu", i);
    }
}

static void characters_come_out_with_their_numbers(void **state)
{
    (void)state;
    struct slice rest = LIT("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xFF"), bytes;
    static const uint32_t want[] = {'a', 0xE4, 0x20AC, 0x1F600, UTF8_REPLACEMENT};
    uint32_t c;
    for (size_t i = 0; i < 5; i++) {
        assert_true(utf8_next(&rest, &c, &bytes));
        assert_int_equal(c, want[i]);
    }
    assert_int_equal(bytes.len, 1);
    assert_false(utf8_next(&rest, &c, &bytes));
}

static void people_see_no_control_or_direction_characters(void **state)
{
    (void)state;
    same(utf8_for_people(arena, LIT("a\x1b[31m\r\n\x00\x7f\xC2\x85z"), 50), LIT("a[31mz"));
    same(utf8_for_people(arena, LIT("x\xE2\x80\xAEy\xE2\x81\xA6z\xE2\x80\x8F\xEF\xBB\xBFw"), 50), LIT("xyzw"));
    same(utf8_for_people(arena, LIT("a\xFFz"), 50), LIT("a\xEF\xBF\xBDz"));
}

static void long_text_ends_in_an_ellipsis(void **state)
{
    (void)state;
    same(utf8_for_people(arena, LIT("abcdef"), 6), LIT("abcdef"));
    same(utf8_for_people(arena, LIT("abcdefg"), 6), LIT("abcdef\xE2\x80\xA6"));
    same(utf8_for_people(arena, LIT("\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"), 2),
         LIT("\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xE2\x80\xA6"));
    same(utf8_for_people(arena, LIT("\xFF\xFF\xFF"), 2), LIT("\xEF\xBF\xBD\xEF\xBF\xBD\xE2\x80\xA6"));
    same(utf8_for_people(arena, LIT("a"), 0), LIT("\xE2\x80\xA6"));
    same(utf8_for_people(arena, LIT(""), 0), LIT(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_is_valid),
        cmocka_unit_test(malformed_text_is_not),
        cmocka_unit_test(characters_come_out_with_their_numbers),
        cmocka_unit_test(people_see_no_control_or_direction_characters),
        cmocka_unit_test(long_text_ends_in_an_ellipsis),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
