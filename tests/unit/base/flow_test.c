/* flow_test.c -- the promises of base/flow.h, one by one. */
#include "base/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct story {
    struct flow flow, child;
    int steps_taken, ends, cancels;
    const struct err *why;
};

static void story_end(struct flow *f, const struct err *why)
{
    struct story *s = f->self;
    s->ends++;
    s->why = why;
}

static void call_off(void *pending)
{
    ((struct story *)pending)->cancels++;
}

static enum flow_next goes_on(struct flow *f)
{
    ((struct story *)f->self)->steps_taken++;
    return FLOW_NEXT;
}

static enum flow_next waits(struct flow *f)
{
    struct story *s = f->self;
    s->steps_taken++;
    return flow_wait(f, s, call_off);
}

static enum flow_next fails(struct flow *f)
{
    return flow_fail(f, err_new(f->arena, PROBLEM_INTERNAL, "on purpose"));
}

static enum flow_next is_done(struct flow *f)
{
    ((struct story *)f->self)->steps_taken++;
    return FLOW_DONE;
}

static enum flow_next drops_itself(struct flow *f)
{
    flow_drop(f);
    return FLOW_NEXT;
}

#define START(s, table) flow_start(&(s)->flow, a, table, sizeof table / sizeof table[0], story_end, (s))

static void steps_are_taken_in_order_and_the_end_comes_once(void **state)
{
    static const struct flow_step table[] = {
        {"a", goes_on},
        {"b", goes_on}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    assert_int_equal(s.steps_taken, 2);
    assert_int_equal(s.ends, 1);
    assert_null(s.why);
}

static void after_a_wait_the_next_step_is_taken(void **state)
{
    static const struct flow_step table[] = {
        {"a", waits  },
        {"b", goes_on}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    assert_int_equal(s.ends, 0);
    assert_string_equal(flow_at(&s.flow), "a");
    flow_wake(&s.flow, NULL);
    assert_int_equal(s.steps_taken, 2);
    assert_int_equal(s.ends, 1);
}

static void a_wait_as_last_step_ends_with_the_answer(void **state)
{
    static const struct flow_step table[] = {
        {"a", waits}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    flow_wake(&s.flow, NULL);
    assert_int_equal(s.ends, 1);
}

static void an_error_ends_it_and_later_steps_are_not_taken(void **state)
{
    static const struct flow_step table[] = {
        {"a", fails  },
        {"b", goes_on}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    assert_int_equal(s.steps_taken, 0);
    assert_int_equal(s.ends, 1);
    assert_int_equal(s.why->problem, PROBLEM_INTERNAL);
}

static void an_answer_that_is_an_error_ends_it(void **state)
{
    static const struct flow_step table[] = {
        {"a", waits  },
        {"b", goes_on}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    flow_wake(&s.flow, err_new(a, PROBLEM_STORE_AWAY, "away"));
    assert_int_equal(s.steps_taken, 1);
    assert_int_equal(s.why->problem, PROBLEM_STORE_AWAY);
}

static void done_skips_what_would_follow(void **state)
{
    static const struct flow_step table[] = {
        {"a", is_done},
        {"b", goes_on}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    assert_int_equal(s.steps_taken, 1);
    assert_int_equal(s.ends, 1);
}

static void hanging_up_calls_off_and_never_ends(void **state)
{
    static const struct flow_step table[] = {
        {"a", waits  },
        {"b", goes_on}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    flow_drop(&s.flow);
    flow_drop(&s.flow);
    assert_int_equal(s.cancels, 1);
    assert_int_equal(s.ends, 0);
}

static void hanging_up_from_inside_a_step_is_fine(void **state)
{
    static const struct flow_step table[] = {
        {"a", drops_itself},
        {"b", goes_on     }
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    assert_int_equal(s.steps_taken, 0);
    assert_int_equal(s.ends, 0);
}

static const struct flow_step child_waits[] = {
    {"child",  waits  },
    {"child2", goes_on}
};
static const struct flow_step child_fails[] = {
    {"child", fails}
};
static const struct flow_step child_at_once[] = {
    {"child", goes_on}
};

static enum flow_next calls_waiting(struct flow *f)
{
    struct story *s = f->self;
    return flow_call(f, &s->child, child_waits, 2, s);
}

static enum flow_next calls_failing(struct flow *f)
{
    struct story *s = f->self;
    return flow_call(f, &s->child, child_fails, 1, s);
}

static enum flow_next calls_at_once(struct flow *f)
{
    struct story *s = f->self;
    return flow_call(f, &s->child, child_at_once, 1, s);
}

static void a_called_flow_wakes_its_caller(void **state)
{
    static const struct flow_step table[] = {
        {"a", calls_waiting},
        {"b", goes_on      }
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    assert_int_equal(s.steps_taken, 1);
    flow_wake(&s.child, NULL);
    assert_int_equal(s.steps_taken, 3);
    assert_int_equal(s.ends, 1);
}

static void a_called_flow_may_end_at_once(void **state)
{
    static const struct flow_step table[] = {
        {"a", calls_at_once},
        {"b", goes_on      }
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    assert_int_equal(s.steps_taken, 2);
    assert_int_equal(s.ends, 1);
}

static void the_error_of_a_called_flow_is_the_callers(void **state)
{
    static const struct flow_step at_once[] = {
        {"a", calls_failing},
        {"b", goes_on      }
    };
    static const struct flow_step later[] = {
        {"a", calls_waiting},
        {"b", goes_on      }
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0}, t = {0};
    (void)state;
    START(&s, at_once);
    assert_int_equal(s.why->problem, PROBLEM_INTERNAL);
    START(&t, later);
    flow_wake(&t.child, err_new(a, PROBLEM_PROVIDER_AWAY, "away"));
    assert_int_equal(t.why->problem, PROBLEM_PROVIDER_AWAY);
    assert_int_equal(t.ends, 1);
}

static const struct err *seen;

static enum flow_next tries_failing(struct flow *f)
{
    struct story *s = f->self;
    return flow_try(f, &s->child, child_fails, 1, s, &seen);
}

static enum flow_next tries_waiting(struct flow *f)
{
    struct story *s = f->self;
    return flow_try(f, &s->child, child_waits, 2, s, &seen);
}

static void the_error_of_a_tried_flow_is_told_and_ends_nothing_else(void **state)
{
    static const struct flow_step at_once[] = {
        {"a", tries_failing},
        {"b", goes_on      }
    };
    static const struct flow_step later[] = {
        {"a", tries_waiting},
        {"b", goes_on      }
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0}, t = {0}, u = {0};
    (void)state;
    START(&s, at_once);
    assert_int_equal(seen->problem, PROBLEM_INTERNAL);
    assert_true(s.ends == 1 && s.why == NULL && s.steps_taken == 1);
    START(&t, later);
    flow_wake(&t.child, err_new(a, PROBLEM_PROVIDER_AWAY, "away"));
    assert_int_equal(seen->problem, PROBLEM_PROVIDER_AWAY);
    assert_true(t.ends == 1 && t.why == NULL && t.steps_taken == 2);
    START(&u, later);
    flow_wake(&u.child, NULL);
    assert_null(seen);
    assert_true(u.ends == 1 && u.steps_taken == 3);
}

static void hanging_up_reaches_the_called_flow(void **state)
{
    static const struct flow_step table[] = {
        {"a", calls_waiting}
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct story s = {0};
    (void)state;
    START(&s, table);
    flow_drop(&s.flow);
    assert_int_equal(s.cancels, 1);
    assert_int_equal(s.ends, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_taken_in_order_and_the_end_comes_once),
        cmocka_unit_test(after_a_wait_the_next_step_is_taken),
        cmocka_unit_test(a_wait_as_last_step_ends_with_the_answer),
        cmocka_unit_test(an_error_ends_it_and_later_steps_are_not_taken),
        cmocka_unit_test(an_answer_that_is_an_error_ends_it),
        cmocka_unit_test(done_skips_what_would_follow),
        cmocka_unit_test(hanging_up_calls_off_and_never_ends),
        cmocka_unit_test(hanging_up_from_inside_a_step_is_fine),
        cmocka_unit_test(a_called_flow_wakes_its_caller),
        cmocka_unit_test(a_called_flow_may_end_at_once),
        cmocka_unit_test(the_error_of_a_called_flow_is_the_callers),
        cmocka_unit_test(the_error_of_a_tried_flow_is_told_and_ends_nothing_else),
        cmocka_unit_test(hanging_up_reaches_the_called_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
