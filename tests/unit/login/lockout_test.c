#include "login/lockout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct address at(const char *text)
{
    struct address a;
    assert_true(address_read(slice_of(text), &a));
    return a;
}

static void each_failure_after_the_fourth_doubles_the_wait_of_a_name_up_to_a_minute(void **state)
{
    (void)state;
    struct lockout *l = lockout_open();
    const struct address other = at("198.51.100.1");
    char from[32];
    int64_t now = 1000, want[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        snprintf(from, sizeof from, "192.0.2.%zu", i + 1);
        const struct address a = at(from);
        lockout_failed(l, LIT("ada"), &a, now);
        assert_int_equal(lockout_wait_s(l, LIT("ada"), &other, now), want[i]);
        now += 120000;
    }
    assert_int_equal(lockout_wait_s(l, LIT("grace"), &other, now), 0);
    lockout_passed(l, LIT("ada"));
    assert_int_equal(lockout_wait_s(l, LIT("ada"), &other, now - 120000), 0);
    lockout_close(l);
}

static void an_address_waits_longer_and_is_not_forgiven_by_a_password_that_was_right(void **state)
{
    (void)state;
    struct lockout *l = lockout_open();
    const struct address a = at("2001:db8::1"), same = at("2001:db8::ffff"), other = at("2001:db8:0:1::1");
    char name[32];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        lockout_failed(l, slice_of(name), &a, 1000);
    }
    assert_int_equal(lockout_wait_s(l, LIT("new"), &same, 1000), 900); /* a /64 is one subscriber */
    assert_int_equal(lockout_wait_s(l, LIT("new"), &other, 1000), 0);
    lockout_passed(l, LIT("name-1"));
    assert_int_equal(lockout_wait_s(l, LIT("new"), &a, 1000), 900);
    assert_int_equal(lockout_wait_s(l, LIT("new"), &a, 1000 + 450000), 450);
    assert_int_equal(lockout_wait_s(l, LIT("new"), &a, 1000 + 3700000), 0); /* forgotten */
    lockout_close(l);
}

static void who_comes_by_a_socket_of_this_machine_waits_by_name_alone(void **state)
{
    (void)state;
    struct lockout *l = lockout_open();
    const struct address nobody = {.is_ip = false};
    for (int i = 0; i < 6; i++) {
        lockout_failed(l, LIT("ada"), &nobody, 1000);
    }
    assert_int_equal(lockout_wait_s(l, LIT("ada"), &nobody, 1000), 2);
    assert_int_equal(lockout_wait_s(l, LIT("grace"), &nobody, 1000), 0);
    lockout_close(l);
}

static void what_all_replicas_know_counts_here_and_what_they_forgave_is_forgiven(void **state)
{
    (void)state;
    struct lockout *l = lockout_open();
    const struct address a = at("192.0.2.1"), other = at("198.51.100.1");
    const struct lockout_count none = {.failures = 0};
    lockout_learn(l, LIT("ada"), &a, (struct lockout_count){7, 1000}, (struct lockout_count){10, 1000}, 1000);
    assert_int_equal(lockout_wait_s(l, LIT("ada"), &other, 1000), 4);
    assert_int_equal(lockout_wait_s(l, LIT("grace"), &a, 1000), 32);
    lockout_failed(l, LIT("ada"), &a, 1000);
    assert_int_equal(lockout_wait_s(l, LIT("ada"), &other, 1000), 8);
    /* the password was shown to another replica; the address has tried what it has tried */
    lockout_learn(l, LIT("ada"), &a, none, none, 1000);
    assert_int_equal(lockout_wait_s(l, LIT("ada"), &other, 1000), 0);
    assert_int_equal(lockout_wait_s(l, LIT("ada"), &a, 1000), 64);
    /* an older failure does not shorten what is waited for a younger one */
    lockout_failed(l, LIT("grace"), &other, 60000);
    lockout_learn(l, LIT("grace"), &other, (struct lockout_count){6, 2000}, none, 60000);
    assert_int_equal(lockout_wait_s(l, LIT("grace"), &other, 60000), 2);
    lockout_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_after_the_fourth_doubles_the_wait_of_a_name_up_to_a_minute),
        cmocka_unit_test(an_address_waits_longer_and_is_not_forgiven_by_a_password_that_was_right),
        cmocka_unit_test(what_all_replicas_know_counts_here_and_what_they_forgave_is_forgiven),
        cmocka_unit_test(who_comes_by_a_socket_of_this_machine_waits_by_name_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
