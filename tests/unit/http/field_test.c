/* field_test.c -- one header line at a time: what it gives, what it refuses and in which words. */
#include "http/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/screen.h"

static void a_line_gives_a_lower_case_name_and_a_trimmed_value(void **state)
{
    char text[] =
        "X-Long-Name: \t a value, with a tab\t, longer than sixteen bytes \t\r\nEmpty:\r\nx_odd:1\r\n\r\nrest";
    const char *end = strstr(text, "rest"), *why = NULL;
    char *at = text;
    struct field f;
    (void)state;
    assert_int_equal(field_next(&at, end, &f, &why), FIELD_READ);
    assert_true(slice_is(f.name, LIT("x-long-name")) && !f.odd);
    assert_true(slice_is(f.value, LIT("a value, with a tab\t, longer than sixteen bytes")));
    assert_int_equal(field_next(&at, end, &f, &why), FIELD_READ);
    assert_true(slice_is(f.name, LIT("empty")) && f.value.len == 0);
    assert_int_equal(field_next(&at, end, &f, &why), FIELD_READ);
    assert_true(slice_is(f.name, LIT("x_odd")) && f.odd && slice_is(f.value, LIT("1")));
    assert_int_equal(field_next(&at, end, &f, &why), FIELD_END);
    assert_ptr_equal(at, end);
}

static void what_has_two_readings_is_refused_with_a_reason(void **state)
{
    static const char *const rows[][2] = {
        {" a: b\r\n\r\n",                                "folded header line"           },
        {"\ta: b\r\n\r\n",                               "folded header line"           },
        {"a : b\r\n\r\n",                                "a blank in a header's name"   },
        {": b\r\n\r\n",                                  "header line without a name"   },
        {"a\r\n\r\n",                                    "header line without a colon"  },
        {"a\n\n",                                        "header line without a colon"  },
        {"\n\r\n",                                       "header line without a colon"  },
        {"\rb: c\r\n\r\n",                               "header line without a colon"  },
        {"a(b): c\r\n\r\n",                              "header name"                  },
        {"\xc3\xa9: c\r\n\r\n",                          "header name"                  },
        {"a: b\nc: d\r\n\r\n",                           "bare line feed"               },
        {"a: b\rc\r\n\r\n",                              "control character in a header"},
        {"a: b\r\r\n\r\n",                               "control character in a header"},
        {"a: b\x7f\r\n\r\n",                             "control character in a header"},
        {"a: b\x01\r\n\r\n",                             "control character in a header"},
        {"a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\x0b\r\n\r\n", "control character in a header"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        const char *why = NULL;
        size_t len = strlen(rows[i][0]);
        char *at = memcpy(text, rows[i][0], len + 1);
        struct field f;
        assert_int_equal(field_next(&at, text + len, &f, &why), FIELD_BAD);
        assert_string_equal(why, rows[i][1]);
    }
}

/* Every byte as a name of its own, against RFC 9110 section 5.6.2 in its own words. */
static void the_table_knows_every_byte(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), digit = c >= '0' && c <= '9';
        bool other = c != 0 && c < 128 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
        char text = (char)c;
        struct slice name = {&text, 1};
        assert_int_equal(screen_name(name), letter || digit || other);
        assert_int_equal(screen_name_kept(name), (c >= 'a' && c <= 'z') || digit || c == '-');
        if (letter) assert_int_equal(field_name_bytes[c], c | 0x20);
        if (other) assert_int_equal(field_name_bytes[c], c == '-' ? c : c | FIELD_ODD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_gives_a_lower_case_name_and_a_trimmed_value),
        cmocka_unit_test(what_has_two_readings_is_refused_with_a_reason),
        cmocka_unit_test(the_table_knows_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
