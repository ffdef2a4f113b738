#include "text/encode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(16 << 20);
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
    assert_int_equal(got.len, want.len);
    if (want.len != 0) assert_memory_equal(got.at, want.at, want.len);
}

static void base64_writes_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"",       ""        },
        {"f",      "Zg=="    },
        {"fo",     "Zm8="    },
        {"foo",    "Zm9v"    },
        {"foob",   "Zm9vYg=="},
        {"fooba",  "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct slice bytes = slice_of(vectors[i][0]), text = slice_of(vectors[i][1]), back;
        same(base64_encode(arena, bytes), text);
        assert_true(base64_decode(arena, text, &back));
        same(back, bytes);
        while (slice_ends(text, LIT("="))) {
            text.len--;
        }
        same(base64url_encode(arena, bytes), text);
        assert_true(base64url_decode(arena, text, &back));
        same(back, bytes);
    }
}

static void base64url_uses_the_url_alphabet(void **state)
{
    (void)state;
    same(base64url_encode(arena, LIT("\xFB\xFF\xBF")), LIT("-_-_"));
    same(base64_encode(arena, LIT("\xFB\xFF\xBF")), LIT("+/+/"));
}

static void base64url_refuses_every_second_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zg==", "Zg=",    "Z",     "Zh", "Zm9",     "Zm9vY", "Zg\n",  " Zg",  "Z g",
                                      "+/+/", "Zg==\n", "Zm9v=", "=",  "Zm\x80v", "Zm9v.", "Zm%39", "____Z"};
    struct slice untouched = LIT("untouched");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slice got = untouched;
        if (base64url_decode(arena, slice_of(bad[i]), &got)) fail_msg("took '%s'", bad[i]);
        assert_ptr_equal(got.at, untouched.at);
    }
}

static void base64_refuses_missing_and_misplaced_padding(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==", "Zm=v", "-_-_"};
    struct slice got;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (base64_decode(arena, slice_of(bad[i]), &got)) fail_msg("took '%s'", bad[i]);
    }
}

static void every_byte_survives_each_encoding(void **state)
{
    (void)state;
    char bytes[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct slice s = {bytes, len}, back;
        assert_true(base64url_decode(arena, base64url_encode(arena, s), &back));
        same(back, s);
        assert_true(percent_decode(arena, percent_encode(arena, s), &back));
        same(back, s);
    }
}

static void hex_is_lower_case(void **state)
{
    (void)state;
    same(hex_encode(arena, LIT("\x00\x7F\xAb\xff")), LIT("007fabff"));
    same(hex_encode(arena, LIT("")), LIT(""));
}

static void base32_ids_have_26_telephone_digits(void **state)
{
    (void)state;
    unsigned char zero[16] = {0}, ones[16], one[16] = {0};
    for (size_t i = 0; i < 16; i++) {
        ones[i] = 0xFF;
    }
    one[15] = 1;
    same(base32_id(arena, zero), LIT("00000000000000000000000000"));
    same(base32_id(arena, ones), LIT("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
    same(base32_id(arena, one), LIT("00000000000000000000000001"));
    one[0] = 0x80;
    same(base32_id(arena, one), LIT("40000000000000000000000001"));
}

static void percent_encoding_leaves_only_unreserved(void **state)
{
    (void)state;
    same(percent_encode(arena, LIT("aZ09-._~")), LIT("aZ09-._~"));
    same(percent_encode(arena, LIT("a b&c=d/e?f+\r\n\x00\xC3\xA4")), LIT("a%20b%26c%3Dd%2Fe%3Ff%2B%0D%0A%00%C3%A4"));
}

static void percent_decoding_refuses_what_is_no_escape(void **state)
{
    (void)state;
    static const char *const bad[] = {"%", "%4", "%zz", "a%", "%4g", "%-1", "% 1", "%%41", "%u0041"};
    struct slice got;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (percent_decode(arena, slice_of(bad[i]), &got)) fail_msg("took '%s'", bad[i]);
    }
    assert_true(percent_decode(arena, LIT("a+b%2B"), &got));
    same(got, LIT("a+b+"));
}

static void a_form_value_cannot_become_a_second_field(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(4096);
    form_add(&b, LIT("code"), LIT("a&client_id=b"));
    form_add(&b, LIT("x y"), LIT("\r\n%41~*"));
    same(buf_slice(&b), LIT("code=a%26client_id%3Db&x+y=%0D%0A%2541%7E*"));
    same(form_encode(arena, LIT("id: 7+8")), LIT("id%3A+7%2B8"));
}

static void a_long_form_value_is_written_whole(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(8192);
    char long_value[1000];
    for (size_t i = 0; i < sizeof long_value; i++) {
        long_value[i] = '&';
    }
    form_add(&b, LIT("v"), (struct slice){long_value, sizeof long_value});
    assert_int_equal(b.len, 2 + 3 * sizeof long_value);
    assert_false(b.full);
}

static void html_cannot_leave_its_text_or_attribute(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(4096);
    html_escape(&b, LIT("<a href=\"x\" onclick='y'>&amp;\n"));
    same(buf_slice(&b), LIT("&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;amp;\n"));
    buf_clear(&b);
    html_escape(&b, LIT("\x1b[2J\x00\xC3\xA4\xC2\x9B\xFF\""));
    same(buf_slice(&b), LIT("\xEF\xBF\xBD[2J\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD&quot;"));
}

static void html_sees_a_quote_behind_a_broken_character(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(4096);
    html_escape(&b, LIT("\xC3\"\xE2\x80<\xF0"));
    same(buf_slice(&b), LIT("\xEF\xBF\xBD&quot;\xEF\xBF\xBD\xEF\xBF\xBD&lt;\xEF\xBF\xBD"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_writes_the_vectors_of_rfc_4648),
        cmocka_unit_test(base64url_uses_the_url_alphabet),
        cmocka_unit_test(base64url_refuses_every_second_spelling),
        cmocka_unit_test(base64_refuses_missing_and_misplaced_padding),
        cmocka_unit_test(every_byte_survives_each_encoding),
        cmocka_unit_test(hex_is_lower_case),
        cmocka_unit_test(base32_ids_have_26_telephone_digits),
        cmocka_unit_test(percent_encoding_leaves_only_unreserved),
        cmocka_unit_test(percent_decoding_refuses_what_is_no_escape),
        cmocka_unit_test(a_form_value_cannot_become_a_second_field),
        cmocka_unit_test(a_long_form_value_is_written_whole),
        cmocka_unit_test(html_cannot_leave_its_text_or_attribute),
        cmocka_unit_test(html_sees_a_quote_behind_a_broken_character),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
