/* breaker_test.c -- when a platform is left alone, for how long, and what brings it back. */
#include "provider/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct breaker b;
static int64_t now_ms, wait_ms;

static int set_up(void **state)
{
    (void)state;
    breaker_init(&b);
    now_ms = 1000000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    breaker_free(&b);
    return 0;
}

static bool hears(enum meaning_kind kind)
{
    return breaker_note(&b, kind, -1, now_ms, 0);
}

static enum breaker_mode mode(void)
{
    return breaker_look(&b, now_ms, &wait_ms);
}

static void three_failures_in_a_row_open_it(void **state)
{
    (void)state;
    assert_false(hears(MEANING_RETRYABLE));
    assert_false(hears(MEANING_RETRYABLE));
    assert_int_equal(mode(), BREAKER_CLOSED);
    assert_true(hears(MEANING_RETRYABLE));
    assert_int_equal(mode(), BREAKER_OPEN);
    assert_int_equal(wait_ms, BREAKER_LEAST_MS);
}

static void any_answer_between_begins_the_count_anew(void **state)
{
    (void)state;
    static const enum meaning_kind answers[] = {MEANING_GOOD, MEANING_MISCONFIGURED, MEANING_DENIED, MEANING_BROKEN};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        hears(MEANING_RETRYABLE);
        hears(MEANING_RETRYABLE);
        hears(answers[i]);
        hears(MEANING_RETRYABLE);
        assert_false(hears(MEANING_RETRYABLE));
        assert_int_equal(mode(), BREAKER_CLOSED);
        hears(MEANING_GOOD);
    }
}

static void too_much_opens_it_at_once_for_as_long_as_it_says(void **state)
{
    (void)state;
    assert_true(breaker_note(&b, MEANING_RATE_LIMITED, 40, now_ms, 0));
    assert_int_equal(mode(), BREAKER_OPEN);
    assert_int_equal(wait_ms, 40000);
    assert_false(breaker_note(&b, MEANING_RATE_LIMITED, 90000, now_ms, 0)); /* it is open; told to stay so longer */
    mode();
    assert_int_equal(wait_ms, BREAKER_TOLD_MOST_S * 1000);
    breaker_note(&b, MEANING_RATE_LIMITED, 1, now_ms, 0); /* never shorter */
    mode();
    assert_int_equal(wait_ms, BREAKER_TOLD_MOST_S * 1000);
}

static void who_was_under_way_does_not_prolong_it(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        hears(MEANING_RETRYABLE);
    now_ms += 1500;
    for (int i = 0; i < 50; i++)
        assert_false(hears(MEANING_RETRYABLE));
    mode();
    assert_int_equal(wait_ms, 500);
}

static void each_failed_return_doubles_it_up_to_a_minute(void **state)
{
    (void)state;
    static const int64_t waits_ms[] = {2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    hears(MEANING_RETRYABLE);
    hears(MEANING_RETRYABLE);
    for (size_t i = 0; i < sizeof waits_ms / sizeof waits_ms[0]; i++) {
        assert_true(hears(MEANING_RETRYABLE));
        assert_int_equal(mode(), BREAKER_OPEN);
        assert_int_equal(wait_ms, waits_ms[i]);
        now_ms += wait_ms;
        assert_int_equal(mode(), BREAKER_HALF_OPEN);
        assert_int_equal(wait_ms, 0);
    }
}

static void an_answer_at_half_open_closes_it_and_forgets(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++)
            hears(MEANING_RETRYABLE);
        mode();
        assert_int_equal(wait_ms, BREAKER_LEAST_MS);
        now_ms += wait_ms;
        hears(round == 0 ? MEANING_GOOD : MEANING_BROKEN);
        assert_int_equal(mode(), BREAKER_CLOSED);
    }
}

static void chance_adds_up_to_half_and_never_takes_away(void **state)
{
    (void)state;
    int64_t most = 0;
    for (uint32_t chance = 0; chance < 5000; chance += 7) {
        breaker_note(&b, MEANING_RATE_LIMITED, -1, now_ms, chance);
        mode();
        assert_true(wait_ms >= BREAKER_LEAST_MS && wait_ms < BREAKER_LEAST_MS * 3 / 2);
        if (wait_ms > most) most = wait_ms;
        hears(MEANING_GOOD);
    }
    assert_true(most > BREAKER_LEAST_MS * 14 / 10);
}

int main(void)
{
#define BREAKER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        BREAKER_TEST(three_failures_in_a_row_open_it),
        BREAKER_TEST(any_answer_between_begins_the_count_anew),
        BREAKER_TEST(too_much_opens_it_at_once_for_as_long_as_it_says),
        BREAKER_TEST(who_was_under_way_does_not_prolong_it),
        BREAKER_TEST(each_failed_return_doubles_it_up_to_a_minute),
        BREAKER_TEST(an_answer_at_half_open_closes_it_and_forgets),
        BREAKER_TEST(chance_adds_up_to_half_and_never_takes_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
