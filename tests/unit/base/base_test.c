/* base_test.c -- slices, arenas, buffers, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/now.h"

static void slices_are_cut_at_every_separator(void **state)
{
    struct slice rest = LIT("a,,b"), one;
    size_t n = 0;
    (void)state;
    while (slice_cut(&rest, ',', &one)) {
        n++;
    }
    assert_int_equal(n, 3);
    rest = (struct slice){0};
    assert_false(slice_cut(&rest, ',', &one));
}

static void numbers_are_digits_only_and_do_not_wrap(void **state)
{
    uint64_t n = 7;
    (void)state;
    assert_true(slice_number(LIT("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_false(slice_number(LIT("18446744073709551616"), &n));
    assert_false(slice_number(LIT("+1"), &n));
    assert_false(slice_number(LIT("1 "), &n));
    assert_false(slice_number(LIT(""), &n));
    assert_true(n == UINT64_MAX);
}

static void comparisons_know_lengths(void **state)
{
    (void)state;
    assert_true(slice_is_nocase(LIT("HoSt"), LIT("host")));
    assert_false(slice_is_nocase(LIT("host"), LIT("hosts")));
    assert_false(slice_is_nocase(LIT("[\\"), LIT("{|")));
    assert_true(slice_starts(LIT("abc"), LIT("")));
    assert_false(slice_ends(LIT("bc"), LIT("abc")));
    assert_true(slice_compare(LIT("ab"), LIT("b")) < 0);
    assert_true(slice_compare(LIT("ab"), LIT("a")) > 0);
    assert_int_equal(slice_from(LIT("ab"), 9).len, 0);
    assert_true(slice_is(slice_trim(LIT(" \ta b\t ")), LIT("a b")));
    assert_int_equal(slice_find(LIT("aab"), LIT("ab")), 1);
    assert_true(slice_find(LIT("a"), LIT("ab")) == SLICE_NONE);
}

/* Each rule byte by byte, as one would say it; slice.c looks at sixteen at a time. */
static bool line_plainly(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] == '\r' || s.at[i] == '\n' || s.at[i] == '\0') return false;
    return true;
}

static bool printable_plainly(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static bool word_plainly(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] <= 0x20) return false;
    return s.len != 0;
}

static void every_byte_at_every_place_is_judged_as_if_alone(void **state)
{
    char text[53];
    (void)state;
    for (size_t len = 0; len <= sizeof text; len++) {
        for (size_t at = 0; at <= len; at++) {
            for (unsigned c = 0; c < 256; c++) {
                memset(text, c % 3 == 0 ? 'a' : c % 3 == 1 ? 0xff : 0x80, sizeof text);
                if (at < len) text[at] = (char)c;
                if (at + 1 < len) text[at + 1] = (char)(c + 1);
                struct slice s = {text, len};
                assert_int_equal(slice_is_one_line(s), line_plainly(s));
                assert_int_equal(slice_is_printable(s), printable_plainly(s));
                assert_int_equal(slice_is_one_word(s), word_plainly(s));
                size_t printable = slice_printable_len(s);
                assert_true(printable <= len && printable_plainly(slice_upto(s, printable)));
                assert_true(printable == len || !printable_plainly((struct slice){text + printable, 1}));
            }
        }
    }
}

static void numbers_are_written_as_they_are_read(void **state)
{
    static const uint64_t numbers[] = {0, 9, 10, 255, 1000000, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char room[SLICE_DIGITS_MAX], plain[32];
        snprintf(plain, sizeof plain, "%llu", (unsigned long long)numbers[i]);
        assert_true(slice_is(slice_digits(room, numbers[i]), slice_of(plain)));
    }
    static const int64_t signed_ones[] = {0, -1, 42, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof signed_ones / sizeof signed_ones[0]; i++) {
        AUTO(buf_close) struct buf b = buf_open(32);
        char plain[32];
        snprintf(plain, sizeof plain, "%lld", (long long)signed_ones[i]);
        buf_number(&b, signed_ones[i]);
        assert_true(slice_is(buf_slice(&b), slice_of(plain)));
    }
}

static int order[3], closed;
static void closer(void *self)
{
    order[closed++] = *(int *)self;
}

static void closers_run_last_in_first_out(void **state)
{
    int one = 1, two = 2, three = 3;
    struct arena *a = arena_open(1 << 20);
    (void)state;
    arena_at_close(a, closer, &one);
    arena_at_close(a, closer, &two);
    arena_at_close(a, closer, &three);
    arena_close(a);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[2], 1);
}

static void an_arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(4 << 20);
    (void)state;
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        unsigned char *p = arena_alloc(a, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, size);
    }
    struct arena *again = arena_open(1 << 20);
    unsigned char *p = arena_alloc(again, 4096);
    memset(p, 0xee, 4096);
    arena_close(again);
    again = arena_open(1 << 20);
    p = arena_alloc(again, 4096);
    assert_int_equal(p[4095], 0);
    arena_close(again);
    arena_drain();
}

static void a_buffer_keeps_a_prefix_and_says_when_it_is_full(void **state)
{
    struct buf b = buf_open(10);
    (void)state;
    buf_add(&b, LIT("12345678"));
    buf_add(&b, LIT("abc"));
    assert_true(b.full);
    assert_true(slice_is(buf_slice(&b), LIT("12345678")));
    buf_byte(&b, 'x');
    assert_int_equal(b.len, 8);
    buf_clear(&b);
    buf_print(&b, "%d", 123456789);
    assert_false(b.full);
    assert_int_equal(b.len, 9);
    buf_close(&b);
    char room[4];
    struct buf fixed = buf_over(room, sizeof room);
    buf_add(&fixed, LIT("abcd"));
    assert_false(fixed.full);
    buf_byte(&fixed, 'e');
    assert_true(fixed.full);
}

static void an_error_tells_its_story_and_keeps_its_problem(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    (void)state;
    const struct err *below = err_new(a, PROBLEM_PROVIDER_AWAY, "connection refused");
    const struct err *above = err_over(a, below, "discovery of %s", "example");
    assert_int_equal(above->problem, PROBLEM_PROVIDER_AWAY);
    assert_true(slice_is(err_story(a, above), LIT("discovery of example: connection refused")));
    assert_true(slice_starts(err_places(a, above), LIT("base_test.c:")));
    assert_int_equal(err_as(a, PROBLEM_INTERNAL, below, "x")->problem, PROBLEM_INTERNAL);
}

static void every_problem_has_a_word_of_its_own_and_a_status(void **state)
{
    (void)state;
    for (int i = 0; i < PROBLEMS; i++) {
        assert_in_range(problem_status((enum problem)i), 200, 599);
        for (int j = 0; j < i; j++) {
            assert_false(slice_is(problem_word((enum problem)i), problem_word((enum problem)j)));
        }
    }
}

static void times_are_written_as_rfc_3339(void **state)
{
    char text[25];
    (void)state;
    now_rfc3339(1763823845123, text);
    assert_string_equal(text, "2025-11-22T15:04:05.123Z");
    now_rfc3339(1763823845999, text); /* the same second, then the next, then one before */
    assert_string_equal(text, "2025-11-22T15:04:05.999Z");
    now_rfc3339(1763823846000, text);
    assert_string_equal(text, "2025-11-22T15:04:06.000Z");
    now_rfc3339(1763823845007, text);
    assert_string_equal(text, "2025-11-22T15:04:05.007Z");
    int64_t before = now_s();
    now_shift(3600);
    assert_in_range(now_s() - before, 3600, 3601);
    now_shift(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_cut_at_every_separator),
        cmocka_unit_test(every_byte_at_every_place_is_judged_as_if_alone),
        cmocka_unit_test(numbers_are_written_as_they_are_read),
        cmocka_unit_test(numbers_are_digits_only_and_do_not_wrap),
        cmocka_unit_test(comparisons_know_lengths),
        cmocka_unit_test(closers_run_last_in_first_out),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_of_any_size),
        cmocka_unit_test(a_buffer_keeps_a_prefix_and_says_when_it_is_full),
        cmocka_unit_test(an_error_tells_its_story_and_keeps_its_problem),
        cmocka_unit_test(every_problem_has_a_word_of_its_own_and_a_status),
        cmocka_unit_test(times_are_written_as_rfc_3339),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
