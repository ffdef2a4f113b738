#include "session/session_record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct slice groups[] = {LIT_INIT("a"), LIT_INIT("b c")};
static struct identity_claim kept[] = {
    {LIT_INIT("n"), LIT_INIT("v")}
};
static const struct session full = {
    .identity = {.provider = LIT_INIT("p"),
                 .subject = LIT_INIT("s"),
                 .email = LIT_INIT("e@x"),
                 .email_verified = true,
                 .groups = groups,
                 .group_count = 2,
                 .kept = kept,
                 .kept_count = 1,
                 .auth_time_s = -5},
    .keeps_tokens = true,
    .provider_sid = LIT_INIT("ps"),
    .created_s = 1,
    .expires_s = INT64_MAX
};

static void what_is_written_reads_back(void **state)
{
    (void)state;
    struct arena *a = arena_open(64 * 1024);
    struct buf b = buf_open(4096);
    struct session s;
    session_record_write(&b, &full);
    assert_null(session_record_read(a, buf_slice(&b), &s));
    assert_true(slice_is(s.identity.provider, LIT("p")));
    assert_true(slice_is(s.identity.email, LIT("e@x")));
    assert_true(s.identity.email_verified);
    assert_int_equal(s.identity.auth_time_s, -5);
    assert_int_equal(s.identity.group_count, 2);
    assert_true(slice_is(s.identity.groups[1], LIT("b c")));
    assert_true(slice_is(s.identity.kept[0].name, LIT("n")));
    assert_true(s.keeps_tokens);
    assert_true(slice_is(s.provider_sid, LIT("ps")));
    assert_true(s.expires_s == INT64_MAX);
    buf_close(&b);
    arena_close(a);
}

static void every_truncation_and_one_byte_more_is_refused(void **state)
{
    (void)state;
    struct buf b = buf_open(4096);
    session_record_write(&b, &full);
    buf_byte(&b, '\0');
    for (size_t len = 0; len <= b.len; len++) {
        if (len == b.len - 1) continue; /* the whole */
        struct arena *a = arena_open(64 * 1024);
        struct session s;
        char *copy = len != 0 ? must_alloc(len) : NULL; /* its own block, so that a read past its end is seen */
        if (len != 0) memcpy(copy, b.at, len);
        if (session_record_read(a, (struct slice){copy, len}, &s) == NULL) fail_msg("%zu bytes are taken", len);
        free(copy);
        arena_close(a);
    }
    buf_close(&b);
}

static void changed_bytes_never_read_past_the_end(void **state)
{
    (void)state;
    struct buf b = buf_open(4096);
    session_record_write(&b, &full);
    char *copy = must_alloc(b.len);
    for (size_t i = 0; i < b.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct arena *a = arena_open(64 * 1024);
            struct session s;
            memcpy(copy, b.at, b.len);
            copy[i] = (char)(copy[i] ^ (1 << bit));
            const struct err *e = session_record_read(a, (struct slice){copy, b.len}, &s);
            if (i == 0) assert_non_null(e); /* another version */
            arena_close(a);
        }
    }
    free(copy);
    buf_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(every_truncation_and_one_byte_more_is_refused),
        cmocka_unit_test(changed_bytes_never_read_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
