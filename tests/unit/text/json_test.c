#include "text/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "text/doc.h"

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

static void the_writer_keeps_commas_itself(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(4096);
    struct json j = json_into(&b);
    json_open_object(&j, NULL);
    json_string(&j, "a", LIT("x"));
    json_number(&j, "n", INT64_MIN);
    json_open_list(&j, "l");
    json_close_list(&j);
    json_open_list(&j, "m");
    json_open_object(&j, NULL);
    json_close_object(&j);
    json_number(&j, NULL, 7);
    json_null(&j, NULL);
    json_close_list(&j);
    json_bool(&j, "t", true);
    json_bool(&j, "f", false);
    json_raw(&j, "r", LIT("{\"k\":1}"));
    json_close_object(&j);
    same(buf_slice(&b), LIT("{\"a\":\"x\",\"n\":-9223372036854775808,\"l\":[],\"m\":[{},7,null],"
                            "\"t\":true,\"f\":false,\"r\":{\"k\":1}}"));
    assert_int_equal(j.depth, 0);
}

static void a_value_cannot_end_its_string_or_line(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(4096);
    json_escape(&b, LIT("\"},{\"a\\\n\r\t\x00\x1b\x7f\b"));
    same(buf_slice(&b), LIT("\\\"},{\\\"a\\\\\\n\\r\\t\\u0000\\u001b\\u007f\\u0008"));
}

/* By the rule, a byte at a time. */
static void escape_slowly(struct buf *to, unsigned char c)
{
    if (c == '"' || c == '\\') {
        buf_byte(to, '\\');
        buf_byte(to, (char)c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
        buf_add(to, c == '\n' ? LIT("\\n") : c == '\r' ? LIT("\\r") : LIT("\\t"));
    } else if (c < 0x20 || c == 0x7F) {
        buf_print(to, "\\u%04x", c);
    } else if (c >= 0x80) {
        buf_add(to, LIT("\xEF\xBF\xBD"));
    } else {
        buf_byte(to, (char)c);
    }
}

static void every_byte_at_every_place_of_a_word_is_escaped_by_the_rule(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t place = 0; place < 20; place++) {
            char text[20];
            AUTO(buf_close) struct buf got = buf_open(256);
            AUTO(buf_close) struct buf want = buf_open(256);
            memset(text, 'a', sizeof text);
            text[place] = (char)c;
            json_escape(&got, (struct slice){text, sizeof text});
            for (size_t i = 0; i < sizeof text; i++)
                escape_slowly(&want, (unsigned char)text[i]);
            same(buf_slice(&got), buf_slice(&want));
        }
    }
}

static void line_separators_and_c1_controls_are_escaped(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(4096);
    json_escape(&b, LIT("\xE2\x80\xA8|\xE2\x80\xA9|\xC2\x9B|\xC3\xA4"));
    same(buf_slice(&b), LIT("\\u2028|\\u2029|\\u009b|\xC3\xA4"));
    buf_clear(&b);
    /* directions and tags, which show a line as another than it is */
    json_escape(&b, LIT("a\xE2\x80\xAE|\xE2\x81\xA6|\xEF\xBB\xBF|\xF3\xA0\x81\xA1|\xF0\x9F\x98\x80"));
    same(buf_slice(&b), LIT("a\\u202e|\\u2066|\\ufeff|\\udb40\\udc61|\xF0\x9F\x98\x80"));
}

static void bytes_that_are_not_utf8_become_replacements(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(4096);
    json_escape(&b, LIT("\xFF\"\xC0\x80\xED\xA0\x80\xF4\x90\x80\x80\xC3"));
    struct slice got = buf_slice(&b);
    size_t count = 0;
    for (size_t at = slice_find(got, LIT("\xEF\xBF\xBD")); at != SLICE_NONE; count++) {
        got = slice_from(got, at + 3);
        at = slice_find(got, LIT("\xEF\xBF\xBD"));
    }
    assert_int_equal(count, 11);
}

static void what_is_written_is_what_is_read(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(1 << 16);
    char bytes[127];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i + 1); /* our reader refuses NUL */
    }
    struct slice all = {bytes, sizeof bytes};
    struct json j = json_into(&b);
    json_open_object(&j, NULL);
    json_string(&j, "k", all);
    json_close_object(&j);
    struct doc *root = NULL;
    assert_null(doc_json(arena, PROBLEM_INTERNAL, buf_slice(&b), &root));
    assert_true(slice_is(doc_string(root, LIT("k")), all));
}

static void a_full_buffer_is_marked(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(8);
    struct json j = json_into(&b);
    json_open_object(&j, NULL);
    json_string(&j, "key", LIT("a value that does not fit"));
    json_close_object(&j);
    assert_true(b.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_writer_keeps_commas_itself),
        cmocka_unit_test(a_value_cannot_end_its_string_or_line),
        cmocka_unit_test(every_byte_at_every_place_of_a_word_is_escaped_by_the_rule),
        cmocka_unit_test(line_separators_and_c1_controls_are_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8_become_replacements),
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(a_full_buffer_is_marked),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
