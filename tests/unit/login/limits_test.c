#include "login/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void limits_are_written_in_one_way(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t count, window_ms;
    } good[] = {
        {"30/1m",       30,      60000   },
        {"1/1s",        1,       1000    },
        {"600/1h",      600,     3600000 },
        {"5/90s",       5,       90000   },
        {"1000000/24h", 1000000, 86400000},
        {"none",        0,       0       },
    };
    static const char *const bad[] = {"",      "30",     "/1m",        "30/",     "30/m",   "0/1m",  "-1/1m", "30/0m",
                                      "30/1d", "30/25h", "1000001/1m", "30 / 1m", "30/1m ", "30/1M", "off",   "3.5/1m"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct limit l = {-1, -1};
        assert_true(limit_read(slice_of(good[i].text), &l));
        assert_int_equal(l.count, good[i].count);
        assert_int_equal(l.window_ms, good[i].window_ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct limit l;
        if (limit_read(slice_of(bad[i]), &l)) fail_msg("took \"%s\"", bad[i]);
    }
}

struct fixture {
    struct arena *arena;
    struct store *store;
    struct loop *loop;
    struct store_link *link;
    struct limits *limits;
    struct limits_link *mine;
    struct limits_conf conf;
};

static int open_fixture(void **state)
{
    struct fixture *x = must_alloc(sizeof *x);
    x->arena = arena_open(1 << 20);
    const struct store_conf conf = {.kind = STORE_MEMORY, .key_prefix = LIT("t:"), .timeout_ms = 500};
    if (store_open(x->arena, &conf, &x->store) != NULL) return -1;
    x->loop = loop_open();
    x->link = store_link(x->store, x->loop);
    x->limits = limits_open();
    x->mine = limits_link(x->limits, x->loop, x->link);
    for (int i = 0; i < LIMITS; i++) {
        x->conf.by[i] = (struct limit){3, 3600000};
    }
    *state = x;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *x = *state;
    limits_unlink(x->mine);
    limits_close(x->limits);
    store_unlink(x->link);
    loop_close(x->loop);
    store_close(x->store);
    arena_close(x->arena);
    free(x);
    return 0;
}

static int64_t take(struct fixture *x, enum limit_what what, const char *address)
{
    struct address a = {.is_ip = false};
    if (address != NULL) assert_true(address_read(slice_of(address), &a));
    const struct limit_subject who = {.address = &a};
    return limits_take(x->mine, &x->conf, what, &who).wait_s;
}

static void an_address_has_its_count_for_each_limit(void **state)
{
    struct fixture *x = *state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(take(x, LIMIT_SIGN_IN, "192.0.2.1"), 0);
    }
    assert_true(take(x, LIMIT_SIGN_IN, "192.0.2.1") > 0);
    assert_true(take(x, LIMIT_SIGN_IN, "::ffff:192.0.2.1") > 0); /* the same in another spelling */
    assert_int_equal(take(x, LIMIT_CALLBACK, "192.0.2.1"), 0);
    assert_int_equal(take(x, LIMIT_SIGN_IN, "192.0.2.2"), 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(take(x, LIMIT_SIGN_IN, NULL), 0); /* a unix socket: it would be everybody */
    }
    x->conf.by[LIMIT_SIGN_IN].count = 0;
    assert_int_equal(take(x, LIMIT_SIGN_IN, "192.0.2.1"), 0);
}

static void looking_counts_nothing_and_adding_asks_nothing(void **state)
{
    struct fixture *x = *state;
    const struct limit_subject who = {.name = LIT("corp")};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(limits_look(x->mine, &x->conf, LIMIT_AUTH_FAILURES, &who).wait_s, 0);
    }
    for (int i = 0; i < 3; i++) {
        limits_add(x->mine, &x->conf, LIMIT_AUTH_FAILURES, &who);
    }
    struct limit_verdict first = limits_look(x->mine, &x->conf, LIMIT_AUTH_FAILURES, &who);
    struct limit_verdict second = limits_look(x->mine, &x->conf, LIMIT_AUTH_FAILURES, &who);
    assert_true(first.wait_s > 0 && first.first && second.wait_s > 0 && !second.first);
}

static void what_another_process_counted_is_learned_from_the_store(void **state)
{
    struct fixture *x = *state;
    struct limits *elsewhere = limits_open();
    struct limits_link *theirs = limits_link(elsewhere, x->loop, x->link);
    const struct limit_subject who = {.name = LIT("corp")};
    for (int i = 0; i < 3; i++) {
        limits_add(theirs, &x->conf, LIMIT_PROVIDER, &who);
    }
    assert_int_equal(limits_take(x->mine, &x->conf, LIMIT_PROVIDER, &who).wait_s, 0);
    for (int i = 0; i < 100 && limits_look(x->mine, &x->conf, LIMIT_PROVIDER, &who).wait_s == 0; i++) {
        loop_turn(x->loop, 20);
    }
    assert_true(limits_look(x->mine, &x->conf, LIMIT_PROVIDER, &who).wait_s > 0);
    limits_unlink(theirs);
    limits_close(elsewhere);
}

/* A hundred thousand strangers do not widen the limit of somebody who is at it, nor take memory. */
static void many_addresses_do_not_push_out_the_one_that_counts_most(void **state)
{
    struct fixture *x = *state;
    char text[64];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(take(x, LIMIT_SIGN_IN, "192.0.2.1"), 0);
    }
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(text, sizeof text, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
        (void)take(x, LIMIT_SIGN_IN, text);
    }
    assert_true(take(x, LIMIT_SIGN_IN, "192.0.2.1") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_written_in_one_way),
        cmocka_unit_test_setup_teardown(an_address_has_its_count_for_each_limit, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(looking_counts_nothing_and_adding_asks_nothing, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(what_another_process_counted_is_learned_from_the_store, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(many_addresses_do_not_push_out_the_one_that_counts_most, open_fixture,
                                        close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
