#include "crypto/password.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static struct secret shown(const char *text)
{
    return secret_in(arena, slice_of(text));
}

/* Published examples that several implementations agree on. */
static void hashes_of_other_programs_fit_their_passwords(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"$2a$08$Ro0CUfOqk6cXEKf3dyaM7OhSCvnwM9s4wIX9JeLapehKK5YdLxKcm", "abc"                       },
        {"$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.", "abcdefghijklmnopqrstuvwxyz"},
        {"$2a$10$fVH8e28OQRj9tqiDXs1e1uxpsjN0c7II7YPKXua2NAKYvM6iQk7dq", "abcdefghijklmnopqrstuvwxyz"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int cost;
        assert_true(password_hash_is_fit(slice_of(rows[i][0]), &cost));
        assert_true(password_fits(rows[i][0], shown(rows[i][1])));
        assert_false(password_fits(rows[i][0], shown("something else")));
    }
}

static void what_is_made_fits_and_is_never_the_same_twice(void **state)
{
    (void)state;
    struct slice one, two;
    int cost;
    assert_null(password_hash(arena, shown("correct horse"), 8, &one));
    assert_null(password_hash(arena, shown("correct horse"), 8, &two));
    assert_false(slice_is(one, two));
    assert_true(password_hash_is_fit(one, &cost) && cost == 8);
    assert_true(password_fits(one.at, shown("correct horse")));
    assert_false(password_fits(one.at, shown("correct horsf")));
    assert_false(password_fits(one.at, shown("")));
}

static void what_bcrypt_would_cut_fits_nothing(void **state)
{
    (void)state;
    char longest[74];
    struct slice made;
    memset(longest, 'x', 73);
    assert_null(password_hash(arena, secret_in(arena, (struct slice){longest, 72}), 8, &made));
    assert_true(password_fits(made.at, secret_in(arena, (struct slice){longest, 72})));
    assert_false(password_fits(made.at, secret_in(arena, (struct slice){longest, 73})));
    longest[10] = '\0';
    assert_false(password_fits(made.at, secret_in(arena, (struct slice){longest, 72})));
}

static void other_hashes_and_costs_are_no_fit(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "x",
                                      "{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=",
                                      "$apr1$x$yyyyyyyyyyyyyyyyyyyyyy",
                                      "$6$salt$hash",
                                      "$2x$12$......................abcdefghijklmnopqrstuvwxyz01234",
                                      "$2y$07$......................abcdefghijklmnopqrstuvwxyz01234",
                                      "$2y$16$......................abcdefghijklmnopqrstuvwxyz01234",
                                      "$2y$12$......................abcdefghijklmnopqrstuvwxyz0123",
                                      "$2y$12$......................abcdefghijklmnopqrstuvwxyz012345",
                                      "$2y$12$......................abcdefghijklmnopqrstuvwxyz0123:",
                                      "$2y$1a$......................abcdefghijklmnopqrstuvwxyz01234"};
    int cost;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (password_hash_is_fit(slice_of(bad[i]), &cost)) fail_msg("took %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hashes_of_other_programs_fit_their_passwords, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_is_made_fits_and_is_never_the_same_twice, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_bcrypt_would_cut_fits_nothing, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(other_hashes_and_costs_are_no_fit, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
