#include "text/form.h"

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

static struct form form;

static const struct err *read(const char *text)
{
    return form_read(arena, slice_of(text), &form);
}

static void fields_come_decoded_and_in_order(void **state)
{
    (void)state;
    assert_null(read("a=1&b=x+y%2B%26&&c&=v&d==&e=%00"));
    assert_int_equal(form.count, 6);
    same(form.fields[0].value, LIT("1"));
    same(form.fields[1].value, LIT("x y+&"));
    same(form.fields[2].name, LIT("c"));
    same(form.fields[2].value, LIT(""));
    same(form.fields[3].name, LIT(""));
    same(form.fields[3].value, LIT("v"));
    same(form.fields[4].value, LIT("="));
    assert_true(slice_is(form.fields[5].value, LIT("\0")));
}

static void names_are_decoded_before_they_are_compared(void **state)
{
    (void)state;
    struct slice v;
    assert_null(read("stat%65=1"));
    assert_int_equal(form_single(&form, LIT("state"), &v), FORM_ONCE);
}

static void twice_is_told_apart_from_absent(void **state)
{
    (void)state;
    struct slice v = LIT("untouched");
    assert_null(read("code=1&state=s&code=1"));
    assert_int_equal(form_single(&form, LIT("code"), &v), FORM_TWICE);
    assert_int_equal(form_single(&form, LIT("Code"), &v), FORM_ABSENT);
    same(v, LIT("untouched"));
    assert_int_equal(form_single(&form, LIT("state"), &v), FORM_ONCE);
    same(v, LIT("s"));
}

static void nothing_is_an_empty_form(void **state)
{
    (void)state;
    assert_null(read(""));
    assert_int_equal(form.count, 0);
    assert_null(form_read(arena, (struct slice){NULL, 0}, &form));
    assert_null(read("&&&"));
    assert_int_equal(form.count, 0);
}

static void broken_escapes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a=%", "a=%4", "%zz=1", "a=1&b=%g1", "a=%%41"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct err *e = read(bad[i]);
        if (e == NULL) fail_msg("took '%s'", bad[i]);
        assert_int_equal(e->problem, PROBLEM_BAD_REQUEST);
    }
}

static void the_limits_hold_at_their_edges(void **state)
{
    (void)state;
    char text[3 * 17000];
    size_t len = 0;
    for (int i = 0; i < 64; i++) {
        text[len++] = 'a';
        text[len++] = '&';
    }
    assert_null(form_read(arena, (struct slice){text, len}, &form));
    assert_int_equal(form.count, 64);
    text[len++] = 'a';
    assert_non_null(form_read(arena, (struct slice){text, len}, &form));
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = "%41"[i % 3];
    }
    assert_null(form_read(arena, (struct slice){text, (size_t)3 * 16384}, &form));
    assert_int_equal(form.fields[0].name.len, 16384);
    assert_non_null(form_read(arena, (struct slice){text, (size_t)3 * 16385}, &form));
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = 'x';
    }
    assert_non_null(form_read(arena, (struct slice){text, 16385}, &form));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_decoded_and_in_order),
        cmocka_unit_test(names_are_decoded_before_they_are_compared),
        cmocka_unit_test(twice_is_told_apart_from_absent),
        cmocka_unit_test(nothing_is_an_empty_form),
        cmocka_unit_test(broken_escapes_are_refused),
        cmocka_unit_test(the_limits_hold_at_their_edges),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
