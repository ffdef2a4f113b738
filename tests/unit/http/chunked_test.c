/* Chunked bodies, good and bad, each in one piece, byte by byte, and cut at every place. */
#include "http/chunked.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
    const char *bytes;
    enum chunked_result expected;
    const char *content;
    size_t rest;
};

static const struct row rows[] = {
    {"0\r\n\r\n",                                     CHUNKED_DONE, "",            0 },
    {"5\r\nhello\r\n0\r\n\r\n",                       CHUNKED_DONE, "hello",       0 },
    {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",        CHUNKED_DONE, "hello world", 0 },
    {"A\r\n0123456789\r\n0\r\n\r\n",                  CHUNKED_DONE, "0123456789",  0 },
    {"a\r\n0123456789\r\n00\r\n\r\n",                 CHUNKED_DONE, "0123456789",  0 },
    {"0000000000000005\r\nhello\r\n0\r\n\r\n",        CHUNKED_DONE, "hello",       0 },
    {"5;name=value\r\nhello\r\n0;x\r\n\r\n",          CHUNKED_DONE, "hello",       0 },
    {"5\r\nhello\r\n0\r\nTrailer: x\r\nB: y\r\n\r\n", CHUNKED_DONE, "hello",       0 },
    {"5\r\nhe\r\nx\r\n0\r\n\r\n",                     CHUNKED_DONE, "he\r\nx",     0 },
    {"5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200",           CHUNKED_DONE, "hello",       12},
    {"5\r\nhello\r\n0\r\n\r\n\r\n",                   CHUNKED_DONE, "hello",       2 },
    {"",                                              CHUNKED_MORE, "",            0 },
    {"5",                                             CHUNKED_MORE, "",            0 },
    {"5\r\nhel",                                      CHUNKED_MORE, "hel",         0 },
    {"5\r\nhello\r\n",                                CHUNKED_MORE, "hello",       0 },
    {"5\r\nhello\r\n0\r\n",                           CHUNKED_MORE, "hello",       0 },
    {"5\r\nhello\r\n0\r\nA: b\r\n",                   CHUNKED_MORE, "hello",       0 },
    {"5\r\nhello\r\n0\r\nA: b\r\n\r",                 CHUNKED_MORE, "hello",       0 },
    {"\r\n",                                          CHUNKED_BAD,  "",            0 },
    {" 5\r\nhello\r\n",                               CHUNKED_BAD,  "",            0 },
    {"5 \r\nhello\r\n",                               CHUNKED_BAD,  "",            0 },
    {"5\t;x\r\nhello\r\n",                            CHUNKED_BAD,  "",            0 },
    {"+5\r\nhello\r\n",                               CHUNKED_BAD,  "",            0 },
    {"-5\r\nhello\r\n",                               CHUNKED_BAD,  "",            0 },
    {"0x5\r\nhello\r\n",                              CHUNKED_BAD,  "",            0 },
    {"5xyz\r\nhello\r\n",                             CHUNKED_BAD,  "",            0 },
    {"g\r\n",                                         CHUNKED_BAD,  "",            0 },
    {"00000000000000005\r\nhello\r\n",                CHUNKED_BAD,  "",            0 },
    {"FFFFFFFFFFFFFFFFF\r\n",                         CHUNKED_BAD,  "",            0 },
    {"5\nhello\r\n",                                  CHUNKED_BAD,  "",            0 },
    {"5\r\r\nhello\r\n",                              CHUNKED_BAD,  "",            0 },
    {"5;a\nhello\r\n",                                CHUNKED_BAD,  "",            0 },
    {"5;a\x01\r\nhello\r\n",                          CHUNKED_BAD,  "",            0 },
    {"5\r\nhelloX0\r\n\r\n",                          CHUNKED_BAD,  "hello",       0 },
    {"5\r\nhello\n0\r\n\r\n",                         CHUNKED_BAD,  "hello",       0 },
    {"5\r\nhello\rX",                                 CHUNKED_BAD,  "hello",       0 },
    {"5\r\nhello6\r\n world\r\n",                     CHUNKED_BAD,  "hello",       0 },
    {"5\r\nhello\r\n0\n\r\n",                         CHUNKED_BAD,  "hello",       0 },
    {"5\r\nhello\r\n0\r\nA: b\n\r\n",                 CHUNKED_BAD,  "hello",       0 },
    {"5\r\nhello\r\n0\r\nA: \x02\r\n\r\n",            CHUNKED_BAD,  "hello",       0 },
};

/* Decodes in pieces that end at every multiple of `piece`; returns the last result. */
static enum chunked_result decode(const char *bytes, size_t len, size_t piece, char *content, size_t *ret_len,
                                  size_t *ret_rest)
{
    struct chunked c = {0};
    enum chunked_result result = CHUNKED_MORE;
    size_t have = 0, rest = 0, at = 0;
    while (at < len && result == CHUNKED_MORE) {
        char part[64];
        size_t n = len - at < piece ? len - at : piece, got;
        memcpy(part, bytes + at, n);
        result = chunked_decode(&c, part, n, &got, &rest);
        memcpy(content + have, part, got);
        have += got;
        at += n;
    }
    *ret_len = have;
    *ret_rest = rest + (len - at);
    return result;
}

static void every_row_decodes_alike_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].bytes);
        for (size_t piece = 1; piece < 64; piece++) {
            char content[64];
            size_t got, rest;
            enum chunked_result result = decode(rows[i].bytes, len, piece, content, &got, &rest);
            if (result != rows[i].expected) fail_msg("row %zu cut by %zu: %d", i, piece, (int)result);
            assert_int_equal(got, strlen(rows[i].content));
            assert_memory_equal(content, rows[i].content, got);
            if (result == CHUNKED_DONE) assert_int_equal(rest, rows[i].rest);
        }
    }
}

static enum chunked_result feed(struct chunked *c, char byte, size_t times)
{
    enum chunked_result result = CHUNKED_MORE;
    for (size_t i = 0; i < times && result == CHUNKED_MORE; i++) {
        char copy = byte;
        size_t content, rest;
        result = chunked_decode(c, &copy, 1, &content, &rest);
    }
    return result;
}

static void an_endless_extension_is_refused(void **state)
{
    (void)state;
    struct chunked c = {0};
    assert_int_equal(feed(&c, '5', 1), CHUNKED_MORE);
    assert_int_equal(feed(&c, ';', CHUNKED_EXTENSION_MAX), CHUNKED_MORE);
    assert_int_equal(feed(&c, 'x', 2), CHUNKED_BAD);
    assert_int_equal(feed(&c, '\r', 1), CHUNKED_BAD);
}

static void endless_trailers_are_refused(void **state)
{
    (void)state;
    struct chunked c = {0};
    char last[] = "0\r\n";
    size_t content, rest;
    assert_int_equal(chunked_decode(&c, last, 3, &content, &rest), CHUNKED_MORE);
    for (int i = 0; i < CHUNKED_TRAILER_MAX; i++) {
        char line[] = "a:b\r\n";
        if (chunked_decode(&c, line, 5, &content, &rest) == CHUNKED_BAD) return;
    }
    fail_msg("trailers went on for ever");
}

static void a_huge_chunk_is_only_counted(void **state)
{
    (void)state;
    struct chunked c = {0};
    char bytes[] = "FFFFFFFFFFFFFFFF\r\nabc";
    size_t content, rest;
    assert_int_equal(chunked_decode(&c, bytes, sizeof bytes - 1, &content, &rest), CHUNKED_MORE);
    assert_int_equal(content, 3);
    assert_memory_equal(bytes, "abc", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_decodes_alike_however_it_is_cut),
        cmocka_unit_test(an_endless_extension_is_refused),
        cmocka_unit_test(endless_trailers_are_refused),
        cmocka_unit_test(a_huge_chunk_is_only_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
