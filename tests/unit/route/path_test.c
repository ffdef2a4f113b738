#include "route/path.h"

#include "../../tables/table.h"

/* The whole list, then what holds for every answer: no second reading is left in it. */
static void paths_have_one_reading_or_none(void **state)
{
    (void)state;
    struct table t = table_open("tables/path.eval");
    size_t accepted = 0, refused = 0;
    while (table_next(&t)) {
        bool want = slice_is(t.column[0], LIT("ok"));
        struct slice path = t.column[want ? 2 : 1], got = LIT("untouched"), again;
        const struct err *e = path_canonical(t.arena, path, &got);
        if ((e == NULL) != want) fail_msg("%s:%d: %.*s", t.name, t.line, SLICE_ARG(path));
        if (!want) {
            refused++;
            assert_int_equal(e->problem, PROBLEM_AMBIGUOUS_PATH);
            assert_true(slice_is(got, LIT("untouched")));
            continue;
        }
        accepted++;
        if (!slice_is(got, t.column[1])) fail_msg("%s:%d: got %.*s", t.name, t.line, SLICE_ARG(got));
        assert_null(path_canonical(t.arena, got, &again));
        assert_ptr_equal(again.at, got.at); /* canonical already: no copy */
    }
    assert_true(accepted > 50 && refused > 400);
}

static void an_error_does_not_repeat_the_path(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct slice got;
    const struct err *e = path_canonical(a, LIT("/canary//x"), &got);
    assert_non_null(e);
    assert_int_equal(slice_find(err_story(a, e), LIT("canary")), SLICE_NONE);
    assert_int_equal(problem_status(e->problem), 400);
}

/* Every string of up to four of these pieces: accepted ones never decode to a separator or dot segment. */
static void no_mix_of_pieces_slips_through(void **state)
{
    (void)state;
    static const char *const pieces[] = {"/", ".",   "%2e", "%2E", "%25", "2e",  "2f",  "%32",
                                         ";", "%3b", "%20", "a",   "%2f", "%5c", "%c0", "%ae"};
    enum {
        COUNT = sizeof pieces / sizeof pieces[0]
    };
    for (unsigned n = 0; n < COUNT * COUNT * COUNT * COUNT; n++) {
        AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
        struct slice path = arena_print(a, "/x/%s%s%s%s", pieces[n % COUNT], pieces[n / COUNT % COUNT],
                                        pieces[n / COUNT / COUNT % COUNT], pieces[n / COUNT / COUNT / COUNT]);
        struct slice got, once, twice, segment;
        if (path_canonical(a, path, &got) != NULL) continue;
        assert_true(percent_decode(a, got, &once));
        if (!percent_decode(a, once, &twice)) twice = once;
        size_t slashes = 0, decoded = 0;
        for (size_t i = 0; i < got.len; i++) {
            slashes += got.at[i] == '/';
        }
        for (size_t i = 0; i < twice.len; i++) {
            decoded += twice.at[i] == '/';
        }
        if (slashes != decoded) fail_msg("%.*s", SLICE_ARG(path));
        struct slice rest = slice_from(twice, 1);
        while (slice_cut(&rest, '/', &segment)) {
            struct slice bare = slice_upto(segment, slice_index(segment, ';'));
            struct slice trimmed = slice_trim(bare);
            bool dots = slice_is(trimmed, LIT(".")) || slice_is(trimmed, LIT(".."));
            bool empty = bare.len == 0 && rest.at != NULL;
            if (dots || empty) fail_msg("%.*s", SLICE_ARG(path));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_have_one_reading_or_none),
        cmocka_unit_test(an_error_does_not_repeat_the_path),
        cmocka_unit_test(no_mix_of_pieces_slips_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
