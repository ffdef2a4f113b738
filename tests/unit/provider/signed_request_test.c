/* A platform's signed word about a person: the published example, and each thing that can be wrong with one. */
#include "provider/signed_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "text/encode.h"

enum {
    NOW = 1700000000
};

static struct arena *arena;
static const struct descriptor_event event = {.given = true,
                                              .param = LIT_INIT("signed_request"),
                                              .subject = LIT_INIT("/user_id"),
                                              .issued_at = LIT_INIT("/issued_at"),
                                              .max_age_s = 3600};

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(8 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static struct slice signed_by(const char *key, const char *payload)
{
    unsigned char mac[DIGEST_SHA256_BYTES];
    struct slice part = base64url_encode(arena, slice_of(payload));
    digest_hmac_sha256(slice_of(key), part, mac);
    struct slice first = base64url_encode(arena, (struct slice){(const char *)mac, sizeof mac});
    return arena_join(arena, (struct slice[]){first, LIT("."), part}, 3);
}

static const struct err *opens(struct slice text, const char *key, struct doc **ret)
{
    struct secret secret = secret_in(arena, slice_of(key));
    return signed_request_open(arena, secret, text, ret);
}

static void the_published_example_opens_with_its_secret_and_no_other(void **state)
{
    (void)state;
    struct slice example =
        LIT("vlXgu64BQGFSQrY0ZcJBZASMvYvTHu9GQ0YM9rjPSso.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsIjAiOiJwYXlsb2FkIn0");
    struct doc *d = NULL;
    assert_null(opens(example, "secret", &d));
    assert_true(slice_is(doc_string(d, LIT("0")), LIT("payload")));
    assert_non_null(opens(example, "secret2", &d));
    assert_non_null(opens(example, "", &d));
}

static void every_changed_character_is_seen(void **state)
{
    (void)state;
    struct slice good = signed_by("k", "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"7\",\"issued_at\":1700000000}");
    struct doc *d = NULL;
    assert_null(opens(good, "k", &d));
    for (size_t i = 0; i < good.len; i++) {
        struct slice bent = arena_copy(arena, good);
        ((char *)(uintptr_t)bent.at)[i] = good.at[i] == 'A' ? 'B' : 'A';
        assert_non_null(opens(bent, "k", &d));
    }
    for (size_t len = 0; len < good.len; len++) {
        assert_non_null(opens(slice_upto(good, len), "k", &d));
    }
}

static void what_is_signed_but_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "{\"user_id\":\"7\"}",
        "{\"algorithm\":\"HMAC-SHA1\"}",
        "{\"algorithm\":\"none\"}",
        "{\"algorithm\":1}",
        "{\"algorithm\":\"HMAC-SHA256\",\"algorithm\":\"HMAC-SHA256\"}",
        "[]",
        "\"HMAC-SHA256\"",
        "",
        "{",
    };
    struct doc *d = NULL;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        const struct err *e = opens(signed_by("k", payloads[i]), "k", &d);
        if (e == NULL) fail_msg("%s was believed", payloads[i]);
        assert_int_equal(e->problem, PROBLEM_BAD_REQUEST);
    }
    struct slice good = signed_by("k", "{\"algorithm\":\"HMAC-SHA256\"}");
    struct slice more = arena_join(arena, (struct slice[]){good, LIT("."), LIT("e30")}, 3);
    assert_non_null(opens(more, "k", &d));
    char *large = arena_alloc(arena, SIGNED_REQUEST_MAX + 2);
    memset(large, 'A', SIGNED_REQUEST_MAX + 1);
    assert_non_null(opens((struct slice){large, SIGNED_REQUEST_MAX + 1}, "k", &d));
}

static const struct err *judged(const char *members, struct signed_request *ret)
{
    struct doc *d = NULL;
    struct slice text = arena_print(arena, "{\"algorithm\":\"HMAC-SHA256\"%s}", members);
    assert_null(doc_json(arena, PROBLEM_BAD_REQUEST, text, &d));
    return signed_request_judge(arena, &event, d, NOW, ret);
}

static void it_says_whom_it_is_about_and_when_it_was_issued(void **state)
{
    (void)state;
    struct signed_request r;
    assert_null(judged(",\"user_id\":\"218471\",\"issued_at\":1700000000", &r));
    assert_true(slice_is(r.subject, LIT("218471")));
    assert_int_equal(r.until_s, NOW + 3600 + SIGNED_REQUEST_SKEW_S);
    assert_null(judged(",\"user_id\":10150000000000017,\"issued_at\":1700000060,\"expires\":0", &r));
    assert_true(slice_is(r.subject, LIT("10150000000000017"))); /* to the last digit */
    static const char *const bad[] = {
        "",
        ",\"user_id\":\"7\"",
        ",\"issued_at\":1700000000",
        ",\"user_id\":\"\",\"issued_at\":1700000000",
        ",\"user_id\":[],\"issued_at\":1700000000",
        ",\"user_id\":\"7\",\"issued_at\":\"1700000000\"",
        ",\"user_id\":\"7\",\"issued_at\":1700000061",
        ",\"user_id\":\"7\",\"issued_at\":1699996340",
        ",\"user_id\":\"7\",\"issued_at\":-1",
        ",\"user_id\":\"7\",\"issued_at\":1e300",
        ",\"user_id\":\"7\",\"issued_at\":1700000000,\"expires\":1699999940",
        ",\"user_id\":\"7\",\"issued_at\":1700000000,\"expires\":\"soon\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (judged(bad[i], &r) == NULL) fail_msg("%s was believed", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_published_example_opens_with_its_secret_and_no_other, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(every_changed_character_is_seen, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_is_signed_but_makes_no_sense_is_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(it_says_whom_it_is_about_and_when_it_was_issued, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
