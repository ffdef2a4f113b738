/* value_test.c -- what people write for times and sizes, and the word they meant. */
#include "config/value.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "text/nearest.h"

static void durations_have_a_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"500ms", 500      },
        {"30s",   30000    },
        {"10m",   600000   },
        {"12h",   43200000 },
        {"7d",    604800000},
        {"0",     0        },
        {"1h30m", 5400000  }
    };
    static const char *const bad[] = {
        "", "7", "7 d", "d", "7w", "-1s", "1.5h", "7d ", "s7", "99999999999999999999s", "1e3s", "0x1s"};
    int64_t ms;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(value_duration(slice_of(good[i].text), &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (value_duration(slice_of(bad[i]), &ms)) fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void sizes_are_of_1024(void **state)
{
    (void)state;
    int64_t bytes;
    assert_true(value_size(LIT("512"), &bytes) && bytes == 512);
    assert_true(value_size(LIT("32k"), &bytes) && bytes == 32768);
    assert_true(value_size(LIT("10MiB"), &bytes) && bytes == 10485760);
    assert_true(value_size(LIT("2g"), &bytes) && bytes == (int64_t)2 << 30);
    static const char *const bad[] = {"", "10MB", "k", "1.5m", "-1", "1k1k", "99999999999999999999", "10 MiB"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (value_size(slice_of(bad[i]), &bytes)) fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void ids_are_plain(void **state)
{
    (void)state;
    assert_true(value_id(LIT("corp-2")));
    static const char *const bad[] = {"",   "Corp", "a_b", "-a",
                                      "a-", "a/b",  "a.b", "0123456789012345678901234567890123456789x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (value_id(slice_of(bad[i]))) fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void the_nearest_word_is_found_when_it_is_near(void **state)
{
    (void)state;
    static const char *const words[] = {"client_id", "client_secret", "issuer", "use", "scopes"};
    static const struct {
        const char *given, *meant;
    } cases[] = {
        {"client_secert", "client_secret"},
        {"isuer",         "issuer"       },
        {"scope",         "scopes"       },
        {"xyzzy",         ""             },
        {"",              ""             },
        {"ues",           "use"          }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct nearest n = nearest_to(slice_of(cases[i].given));
        for (size_t j = 0; j < sizeof words / sizeof words[0]; j++) {
            nearest_try(&n, slice_of(words[j]));
        }
        if (!slice_is(nearest_found(&n), slice_of(cases[i].meant))) fail_msg("\"%s\"", cases[i].given);
    }
}

static void a_very_long_word_is_near_to_nothing(void **state)
{
    (void)state;
    static char text[100000];
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] = 'a';
    }
    struct nearest n = nearest_to(slice_of(text));
    nearest_try(&n, LIT("a"));
    assert_int_equal(nearest_found(&n).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_a_unit),
        cmocka_unit_test(sizes_are_of_1024),
        cmocka_unit_test(ids_are_plain),
        cmocka_unit_test(the_nearest_word_is_found_when_it_is_near),
        cmocka_unit_test(a_very_long_word_is_near_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
