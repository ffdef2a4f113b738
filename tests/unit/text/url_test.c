#include "text/url.h"

#include "../../tables/table.h"

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

/* Columns: no URL, or: ok URL origin port path query ("-" for none) */
static void urls_are_read_as_the_table_says(void **state)
{
    (void)state;
    struct table t = table_open("tables/url.eval");
    while (table_next(&t)) {
        struct url u = {.port = -1};
        const struct err *e = url_read(arena, t.column[1], &u);
        if ((e == NULL) != slice_is(t.column[0], LIT("ok")))
            fail_msg("%s:%d: %.*s", t.name, t.line, SLICE_ARG(t.column[1]));
        if (e != NULL) {
            assert_int_equal(u.port, -1);
            continue;
        }
        same(url_origin(arena, &u), t.column[2]);
        same(arena_print(arena, "%d", u.port), t.column[3]);
        same(u.path, t.column[4]);
        same(u.query.at != NULL ? u.query : LIT("-"), t.column[5]);
        struct url again;
        assert_null(url_read(arena, url_text(arena, &u), &again));
        same(url_text(arena, &again), url_text(arena, &u));
    }
}

static void what_was_read_is_written_back(void **state)
{
    (void)state;
    struct url u;
    assert_null(url_read(arena, LIT("HTTPS://Example.COM:8443/a%2Fb?c=d&e"), &u));
    same(url_text(arena, &u), LIT("https://example.com:8443/a%2Fb?c=d&e"));
    assert_null(url_read(arena, LIT("http://[2001:DB8::1]:80"), &u));
    same(u.host, LIT("2001:db8::1"));
    same(url_text(arena, &u), LIT("http://[2001:db8::1]/"));
    assert_null(url_read(arena, LIT("https://h/?"), &u));
    same(url_text(arena, &u), LIT("https://h/?"));
}

static void a_query_is_added_to_what_is_there(void **state)
{
    (void)state;
    same(url_with_query(arena, LIT("https://h/a"), LIT("x=1")), LIT("https://h/a?x=1"));
    same(url_with_query(arena, LIT("https://h/a?y=2"), LIT("x=1")), LIT("https://h/a?y=2&x=1"));
    same(url_with_query(arena, LIT("https://h/a?"), LIT("x=1")), LIT("https://h/a?x=1"));
    same(url_with_query(arena, LIT("https://h/a?y&"), LIT("x=1")), LIT("https://h/a?y&x=1"));
    same(url_with_query(arena, LIT("https://h/a&"), LIT("x=1")), LIT("https://h/a&?x=1"));
    same(url_with_query(arena, LIT("https://h/a"), LIT("")), LIT("https://h/a"));
}

static void a_message_never_repeats_the_url(void **state)
{
    (void)state;
    struct url u;
    const struct err *e = url_read(arena, LIT("https://user:hunter2@example.com/"), &u);
    assert_non_null(e);
    assert_int_equal(slice_find(err_story(arena, e), LIT("hunter2")), SLICE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read_as_the_table_says),
        cmocka_unit_test(what_was_read_is_written_back),
        cmocka_unit_test(a_query_is_added_to_what_is_there),
        cmocka_unit_test(a_message_never_repeats_the_url),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
