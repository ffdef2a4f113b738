/* Every built-in provider file compiles by itself, without a word of complaint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "provider/descriptor_read.h"

static void every_file_that_is_built_in_compiles(void **state)
{
    (void)state;
    struct arena *a = arena_open(256 << 20);
    struct complaints *c = complaint_list(a);
    struct descriptor_library *l = descriptor_library_open(c);
    size_t count, compiled = 0;
    struct descriptor_listed *list = descriptor_library_list(l, &count);
    for (size_t i = 0; i < count; i++) {
        struct descriptor_ask ask = {.complaints = c, .library = l, .id = list[i].id};
        compiled += descriptor_read(&ask, NULL) != NULL ? 1 : 0;
    }
    struct buf text = buf_open(1 << 20);
    complaint_write_text(c, &text, false, LIT(""));
    if (text.len != 0) (void)fwrite(text.at, 1, text.len, stderr);
    assert_int_equal(0, c->count);
    assert_int_equal(count, compiled);
    assert_true(count >= 35);
    buf_close(&text);
    arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_file_that_is_built_in_compiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
