#include "page/negotiate.h"

#include "../../tables/table.h"
#include "page/languages.h"

static struct slice sent(struct slice column)
{
    return slice_is(column, LIT("-")) ? (struct slice){0} : column;
}

static void every_asker_gets_what_it_can_use(void **state)
{
    (void)state;
    static const char *const words[] = {[WANTS_BARE] = "bare",
                                        [WANTS_NAVIGATION] = "navigation",
                                        [WANTS_PAGE] = "page",
                                        [WANTS_FRAME] = "frame",
                                        [WANTS_JSON] = "json"};
    struct table t = table_open("tables/negotiate.eval");
    size_t count = 0;
    while (table_next(&t)) {
        assert_int_equal(t.columns, 8);
        const struct asker who = {.method = t.column[1],
                                  .accept = sent(t.column[2]),
                                  .fetch_mode = sent(t.column[3]),
                                  .fetch_dest = sent(t.column[4]),
                                  .purpose = sent(t.column[5]),
                                  .requested_with = sent(t.column[6]),
                                  .upgrade = slice_is(t.column[7], LIT("upgrade"))};
        const char *got = words[negotiate(&who)];
        if (!slice_is(slice_of(got), t.column[0])) fail_msg("%s:%d: %s", t.name, t.line, got);
        count++;
    }
    assert_true(count > 50);
}

static void the_visitors_language_is_found(void **state)
{
    (void)state;
    static const struct slice ours[] = {LIT_INIT("en"), LIT_INIT("de"), LIT_INIT("ar"), LIT_INIT("pt-BR")};
    struct table t = table_open("tables/languages.eval");
    while (table_next(&t)) {
        const struct language_wishes wishes = {
            .ui_locales = sent(t.column[1]), .cookie = sent(t.column[2]), .accept_language = sent(t.column[3])};
        size_t i = languages_choose(ours, 4, &wishes);
        struct slice got = i < 4 ? ours[i] : LIT("none");
        if (!slice_is(got, t.column[0])) fail_msg("%s:%d: %.*s", t.name, t.line, SLICE_ARG(got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_asker_gets_what_it_can_use),
        cmocka_unit_test(the_visitors_language_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
