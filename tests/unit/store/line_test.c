#include "store/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct question {
    struct line_question super;
    char heard[256];
    const char *refuse;
};

static const char *hear(struct line_question *q, const struct resp_reply *reply, int left)
{
    struct question *mine = (struct question *)q;
    size_t at = strlen(mine->heard);
    if (reply->type == RESP_INTEGER)
        snprintf(mine->heard + at, sizeof mine->heard - at, ":%d/%d", (int)reply->integer, left);
    else
        snprintf(mine->heard + at, sizeof mine->heard - at, "%.*s/%d", SLICE_ARG(reply->text), left);
    return mine->refuse;
}

static void lose(struct line_question *q, const char *why)
{
    struct question *mine = (struct question *)q;
    size_t at = strlen(mine->heard);
    snprintf(mine->heard + at, sizeof mine->heard - at, "lost: %s", why);
}

static void ask(struct line *l, struct question *q, const char *word, size_t times)
{
    *q = (struct question){
        .super = {.answer = hear, .lost = lose}
    };
    const struct slice words[] = {slice_of(word)};
    const struct line_command commands[] = {
        {words, 1},
        {words, 1}
    };
    assert_true(line_ask(l, &q->super, commands, times));
}

static int setup(void **state)
{
    struct line *l = must_alloc(sizeof *l);
    line_open(l);
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    struct line *l = *state;
    line_lose(l, "over");
    line_close(l);
    free(l);
    return 0;
}

static void replies_meet_their_questions_in_order(void **state)
{
    struct line *l = *state;
    struct question a, b, c;
    ask(l, &a, "A", 1);
    ask(l, &b, "B", 1);
    ask(l, &c, "C", 1);
    assert_true(slice_is(buf_slice(&l->out), LIT("*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n*1\r\n$1\r\nC\r\n")));
    assert_null(line_feed(l, LIT("+one\r\n+tw")));
    assert_string_equal(a.heard, "one/0");
    assert_string_equal(b.heard, "");
    assert_null(line_feed(l, LIT("o\r\n+three\r\n")));
    assert_string_equal(b.heard, "two/0");
    assert_string_equal(c.heard, "three/0");
    assert_int_equal(l->waiting, 0);
}

static void a_question_of_two_commands_hears_both_replies_before_the_next(void **state)
{
    struct line *l = *state;
    struct question a, b;
    ask(l, &a, "A", 2);
    ask(l, &b, "B", 1);
    assert_null(line_feed(l, LIT(":1\r\n:2\r\n:3\r\n")));
    assert_string_equal(a.heard, ":1/1:2/0");
    assert_string_equal(b.heard, ":3/0");
}

static void a_reply_nobody_asked_for_breaks_the_line(void **state)
{
    struct line *l = *state;
    struct question a;
    assert_non_null(line_feed(l, LIT("+OK\r\n")));
    line_lose(l, "broken");
    ask(l, &a, "A", 1);
    assert_non_null(line_feed(l, LIT("+one\r\n+two\r\n")));
    assert_string_equal(a.heard, "one/0");
}

static void a_refused_reply_breaks_the_line_and_reaches_nobody_else(void **state)
{
    struct line *l = *state;
    struct question a, b;
    ask(l, &a, "A", 1);
    ask(l, &b, "B", 1);
    a.refuse = "odd";
    assert_string_equal(line_feed(l, LIT("+one\r\n+two\r\n")), "odd");
    line_lose(l, "odd");
    assert_string_equal(a.heard, "one/0");
    assert_string_equal(b.heard, "lost: odd");
}

static void a_lost_line_tells_everybody_once_and_forgets_half_a_reply(void **state)
{
    struct line *l = *state;
    struct question a, b;
    ask(l, &a, "A", 1);
    ask(l, &b, "B", 2);
    assert_null(line_feed(l, LIT("$10\r\nhalf")));
    line_lose(l, "gone");
    assert_string_equal(a.heard, "lost: gone");
    assert_string_equal(b.heard, "lost: gone");
    assert_int_equal(l->out.len, 0);
    struct question c;
    ask(l, &c, "C", 1);
    assert_null(line_feed(l, LIT("+fresh\r\n"))); /* not the rest of the old reply */
    assert_string_equal(c.heard, "fresh/0");
}

static void the_queue_is_bounded(void **state)
{
    struct line *l = *state;
    static struct question many[LINE_QUESTIONS + 1];
    for (size_t i = 0; i < LINE_QUESTIONS; i++) {
        ask(l, &many[i], "A", 1);
    }
    size_t bytes = l->out.len;
    const struct slice words[] = {LIT("B")};
    assert_false(line_ask(l, &many[LINE_QUESTIONS].super, &(struct line_command){words, 1}, 1));
    assert_int_equal(l->out.len, bytes);
    assert_int_equal(l->waiting, LINE_QUESTIONS);
}

static void half_a_question_never_leaves(void **state)
{
    struct line *l = *state;
    static char big[LINE_BYTES - 64];
    const struct slice small[] =
        {
            LIT("A")
    },
                       large[] = {{big, sizeof big}};
    struct question q = {
        .super = {.answer = hear, .lost = lose}
    };
    const struct line_command commands[] = {
        {large, 1},
        {small, 1},
        {large, 1}
    };
    assert_false(line_ask(l, &q.super, commands, 3));
    assert_int_equal(l->out.len, 0);
    assert_int_equal(l->waiting, 0);
}

static bool take_status(void *self, const struct resp_reply *r)
{
    int *count = self;
    if (r->type != RESP_STATUS) return false;
    (*count)++;
    return true;
}

static void what_comes_unasked_meets_no_question(void **state)
{
    struct line *l = *state;
    int count = 0;
    struct question a;
    l->unasked = take_status;
    l->self = &count;
    ask(l, &a, "A", 1);
    assert_null(line_feed(l, LIT("+news\r\n:7\r\n+news\r\n")));
    assert_string_equal(a.heard, ":7/0");
    assert_int_equal(count, 2);
}

int main(void)
{
#define WITH_LINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_LINE(replies_meet_their_questions_in_order),
        WITH_LINE(a_question_of_two_commands_hears_both_replies_before_the_next),
        WITH_LINE(a_reply_nobody_asked_for_breaks_the_line),
        WITH_LINE(a_refused_reply_breaks_the_line_and_reaches_nobody_else),
        WITH_LINE(a_lost_line_tells_everybody_once_and_forgets_half_a_reply),
        WITH_LINE(the_queue_is_bounded),
        WITH_LINE(half_a_question_never_leaves),
        WITH_LINE(what_comes_unasked_meets_no_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
