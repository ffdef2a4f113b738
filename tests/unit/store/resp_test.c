#include "store/resp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What was read, as one line: "+OK :1 3$abc nil [ 1$x ]". */
struct seen {
    char line[4096];
    const char *refuse; /* said to every reply */
};

static void tell(struct seen *s, const struct resp_reply *r)
{
    size_t at = strlen(s->line), room = sizeof s->line - at;
    switch (r->type) {
    case RESP_STATUS: snprintf(s->line + at, room, "+%.*s ", SLICE_ARG(r->text)); break;
    case RESP_ERROR: snprintf(s->line + at, room, "!%.*s ", SLICE_ARG(r->text)); break;
    case RESP_BULK: snprintf(s->line + at, room, "%zu$%.*s ", r->text.len, SLICE_ARG(r->text)); break;
    case RESP_INTEGER: snprintf(s->line + at, room, ":%lld ", (long long)r->integer); break;
    case RESP_NIL: snprintf(s->line + at, room, "nil "); break;
    case RESP_NIL_ARRAY: snprintf(s->line + at, room, "nil* "); break;
    case RESP_ARRAY:
        snprintf(s->line + at, room, "[ ");
        for (size_t i = 0; i < r->count; i++) {
            struct resp_reply item = resp_item(r, i);
            tell(s, &item);
        }
        at = strlen(s->line);
        snprintf(s->line + at, sizeof s->line - at, "] ");
        break;
    }
}

static const char *each(void *self, const struct resp_reply *reply)
{
    struct seen *s = self;
    tell(s, reply);
    return s->refuse;
}

static const char *read_all(struct seen *s, struct slice bytes, size_t step)
{
    struct resp_reader *r = resp_open();
    const char *why = NULL;
    while (bytes.len != 0 && why == NULL) {
        struct slice piece = slice_upto(bytes, step);
        why = resp_feed(r, piece, each, s);
        bytes = slice_from(bytes, piece.len);
    }
    resp_close(r);
    return why;
}

static void replies_read_the_same_in_one_piece_and_byte_by_byte(void **state)
{
    (void)state;
    const struct slice bytes = LIT("+OK\r\n:12\r\n$3\r\na\0b\r\n$-1\r\n*-1\r\n-ERR no\r\n$0\r\n\r\n"
                                   "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n");
    const size_t steps[] = {1, 2, 3, 7, 1000};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct seen s = {.refuse = NULL};
        assert_null(read_all(&s, bytes, steps[i]));
        assert_string_equal(s.line, "+OK :12 3$a nil nil* !ERR no 0$ [ 7$message 1$c [ 1$x 1$y ] ] ");
    }
}

static void bytes_that_are_no_reply_are_refused(void **state)
{
    (void)state;
    static const struct slice cases[] = {
        LIT_INIT("HTTP/1.1 400 Bad Request\r\n\r\n"),
        LIT_INIT("\r\n"),
        LIT_INIT("$-2\r\n"),
        LIT_INIT("$abc\r\n"),
        LIT_INIT(":12x\r\n"),
        LIT_INIT("*-7\r\n"),
        LIT_INIT("$5\r\nab$5\r\nab"), /* a truncated text does not swallow the next */
        LIT_INIT("$1\r\naXX"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen s = {.refuse = NULL};
        if (read_all(&s, cases[i], 1000) == NULL) fail_msg("taken: %.*s", SLICE_ARG(cases[i]));
    }
}

static void arrays_nested_nine_deep_are_refused(void **state)
{
    (void)state;
    struct seen s = {.refuse = NULL};
    assert_non_null(read_all(&s, LIT("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n$1\r\na\r\n"), 1000));
}

static void arrays_nested_three_deep_are_refused(void **state)
{
    (void)state;
    struct seen s = {.refuse = NULL};
    assert_non_null(read_all(&s, LIT("*1\r\n*1\r\n*1\r\n$1\r\na\r\n"), 1000));
}

static void an_array_of_two_thousand_million_items_is_refused_before_memory_is_taken(void **state)
{
    (void)state;
    struct seen s = {.refuse = NULL};
    assert_non_null(read_all(&s, LIT("*2147483647\r\n"), 1000));
    assert_non_null(read_all(&s, LIT("*4097\r\n"), 1000));
}

static void a_bulk_of_one_tebibyte_is_refused_after_one_mebibyte(void **state)
{
    (void)state;
    struct seen s = {.refuse = NULL};
    struct resp_reader *r = resp_open();
    assert_null(resp_feed(r, LIT("$1099511627776\r\n"), each, &s));
    static char noise[64 * 1024];
    size_t fed = 0;
    const char *why = NULL;
    while (why == NULL && fed < 4 * (size_t)RESP_MAX_BYTES) {
        why = resp_feed(r, (struct slice){noise, sizeof noise}, each, &s);
        fed += sizeof noise;
    }
    assert_non_null(why);
    assert_true(fed <= RESP_MAX_BYTES + sizeof noise);
    resp_close(r);
}

static void a_truncated_reply_is_no_reply(void **state)
{
    (void)state;
    struct seen s = {.refuse = NULL};
    assert_null(read_all(&s, LIT("$5\r\nabc"), 1000));
    assert_string_equal(s.line, "");
}

static void nothing_behind_a_refused_reply_is_read(void **state)
{
    (void)state;
    struct seen s = {.refuse = "no"};
    assert_string_equal(read_all(&s, LIT("+OK\r\n+OK\r\n"), 1000), "no");
    assert_string_equal(s.line, "+OK ");
}

static void commands_carry_any_bytes_whole(void **state)
{
    (void)state;
    struct buf b = buf_open(1000);
    const struct slice words[] = {
        LIT("SET"), LIT("k\r\n%s"), {"a\0b", 3},
          {NULL,   0}
    };
    assert_true(resp_command(&b, words, 4));
    assert_true(slice_is(buf_slice(&b), LIT("*4\r\n$3\r\nSET\r\n$5\r\nk\r\n%s\r\n$3\r\na\0b\r\n$0\r\n\r\n")));
    buf_close(&b);
}

static void a_command_that_does_not_fit_leaves_nothing_behind(void **state)
{
    (void)state;
    struct buf b = buf_open(30);
    assert_true(resp_command(&b, (struct slice[]){LIT("PING")}, 1));
    size_t before = b.len;
    assert_false(resp_command(&b, (struct slice[]){LIT("GET"), LIT("0123456789")}, 2));
    assert_int_equal(b.len, before);
    assert_false(b.full);
    buf_close(&b);
}

static void an_error_is_told_without_the_arguments_redis_repeats(void **state)
{
    (void)state;
    const struct resp_reply r = {.type = RESP_ERROR,
                                 .text = LIT("ERR unknown command 'AUTH', with args beginning with: 'me' 'sesame'")};
    assert_true(slice_is(resp_error_text(&r), LIT("ERR unknown command ")));
    const struct resp_reply plain = {.type = RESP_ERROR, .text = LIT("LOADING Redis is loading")};
    assert_true(slice_is(resp_error_text(&plain), plain.text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_read_the_same_in_one_piece_and_byte_by_byte),
        cmocka_unit_test(bytes_that_are_no_reply_are_refused),
        cmocka_unit_test(arrays_nested_nine_deep_are_refused),
        cmocka_unit_test(arrays_nested_three_deep_are_refused),
        cmocka_unit_test(an_array_of_two_thousand_million_items_is_refused_before_memory_is_taken),
        cmocka_unit_test(a_bulk_of_one_tebibyte_is_refused_after_one_mebibyte),
        cmocka_unit_test(a_truncated_reply_is_no_reply),
        cmocka_unit_test(nothing_behind_a_refused_reply_is_read),
        cmocka_unit_test(commands_carry_any_bytes_whole),
        cmocka_unit_test(a_command_that_does_not_fit_leaves_nothing_behind),
        cmocka_unit_test(an_error_is_told_without_the_arguments_redis_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
