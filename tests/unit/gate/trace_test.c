/* trace_test.c -- names for requests are well-formed, new, and taken over only when they are. */
#include "gate/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct slice good = LIT_INIT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

static void a_parent_must_be_version_00_and_not_all_zero(void **state)
{
    (void)state;
    assert_true(trace_is_parent(good));
    assert_false(trace_is_parent(LIT("")));
    assert_false(trace_is_parent(LIT("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));
    assert_false(trace_is_parent(LIT("00-00000000000000000000000000000000-00f067aa0ba902b7-01")));
    assert_false(trace_is_parent(LIT("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")));
    assert_false(trace_is_parent(LIT("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")));
    assert_false(trace_is_parent(LIT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g")));
    assert_false(trace_is_parent(LIT("00-4bf92f3577b34da6a3ce929d0e0e4736x00f067aa0ba902b7-01")));
    assert_false(trace_is_parent(LIT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x")));
    assert_true(trace_is_parent(LIT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")));
}

static void a_child_keeps_trace_and_flags_and_has_a_span_of_its_own(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct trace_source s;
    (void)state;
    trace_seed(&s);
    struct slice child = trace_parent(&s, a, good);
    assert_true(trace_is_parent(child));
    assert_true(slice_is(slice_upto(child, 36), slice_upto(good, 36)));
    assert_false(slice_is(child, good));
    assert_true(slice_ends(child, LIT("-01")));
    struct slice fresh = trace_parent(&s, a, LIT("rubbish"));
    assert_true(trace_is_parent(fresh));
    assert_false(slice_is(fresh, trace_parent(&s, a, LIT("rubbish"))));
}

static void references_have_26_characters_that_can_be_read_aloud(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct trace_source s;
    (void)state;
    trace_seed(&s);
    for (int i = 0; i < 1000; i++) {
        struct slice id = trace_request_id(&s, a);
        assert_int_equal(id.len, 26);
        for (size_t k = 0; k < id.len; k++) {
            assert_true(slice_index(LIT("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), id.at[k]) != SLICE_NONE);
        }
        assert_true(trace_is_request_id(id));
    }
    assert_false(trace_is_request_id(LIT("a b")));
    assert_false(trace_is_request_id(LIT("a\nb")));
    assert_false(trace_is_request_id(LIT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parent_must_be_version_00_and_not_all_zero),
        cmocka_unit_test(a_child_keeps_trace_and_flags_and_has_a_span_of_its_own),
        cmocka_unit_test(references_have_26_characters_that_can_be_read_aloud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
