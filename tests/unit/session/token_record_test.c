/* The record of a session's tokens: bytes, seal, and what must not open. */
#include "session/token_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "store/store.h"

static const struct tokens_value values[] = {
    {LIT_INIT("device_id"), LIT_INIT("d")},
    {LIT_INIT("empty"),     LIT_INIT("") }
};
static const struct token_record full = {
    .provider = LIT_INIT("example"),
    .tokens = {.access_token = LIT_INIT("access-canary"),
               .refresh_token = LIT_INIT("refresh-canary"),
               .id_token = LIT_INIT("id-canary"),
               .access_secret = LIT_INIT("secret-canary"),
               .obtained_s = 1,
               .expires_s = INT64_MAX,
               .values = values,
               .value_count = 2},
    .turn = 7,
    .retry_ms = -1,
    .failures = 3,
    .over = true
};
static const struct slice session_key = LIT_INIT("s:0123456789012345678901234567890123456789abc");

static struct keyring *ring(const char *newest, const char *older)
{
    struct secret masters[2] = {
        {NULL, 0}
    };
    const char *const words[] = {newest, older};
    size_t count = 0;
    for (size_t i = 0; i < 2 && words[i] != NULL; i++) {
        unsigned char bytes[DIGEST_SHA256_BYTES];
        digest_sha256(slice_of(words[i]), bytes);
        masters[count++] = secret_copy((struct slice){(const char *)bytes, sizeof bytes});
    }
    struct keyring *k = keyring_open(masters, count);
    for (size_t i = 0; i < count; i++)
        secret_close(&masters[i]);
    return k;
}

struct fixture {
    struct arena *a;
    struct keyring *keys;
    struct slice key, value;
};

static int open_all(void **state)
{
    struct fixture *x = must_alloc(sizeof *x);
    x->a = arena_open(8 * 1024 * 1024);
    x->keys = ring("one", NULL);
    x->key = token_record_key(x->a, session_key);
    assert_null(token_record_seal(x->a, x->keys, x->key, &full, &x->value));
    *state = x;
    return 0;
}

static int close_all(void **state)
{
    struct fixture *x = *state;
    keyring_close(x->keys);
    arena_close(x->a);
    free(x);
    return 0;
}

static void assert_full(const struct token_record *r)
{
    assert_true(slice_is(r->provider, full.provider));
    assert_true(slice_is(r->tokens.access_token, full.tokens.access_token));
    assert_true(slice_is(r->tokens.refresh_token, full.tokens.refresh_token));
    assert_true(slice_is(r->tokens.id_token, full.tokens.id_token));
    assert_true(slice_is(r->tokens.access_secret, full.tokens.access_secret));
    assert_true(r->tokens.obtained_s == 1 && r->tokens.expires_s == INT64_MAX);
    assert_int_equal(r->tokens.value_count, 2);
    assert_true(slice_is(r->tokens.values[0].name, LIT("device_id")));
    assert_true(slice_is(r->tokens.values[0].value, LIT("d")));
    assert_true(r->turn == 7 && r->retry_ms == -1 && r->failures == 3 && r->over);
}

static void what_is_sealed_opens_and_shows_nothing(void **state)
{
    struct fixture *x = *state;
    struct token_record r;
    assert_null(token_record_open(x->a, x->keys, x->key, x->value, &r));
    assert_full(&r);
    assert_true(slice_find(x->value, LIT("canary")) == SLICE_NONE);
    assert_true(slice_is(x->key, LIT("t:0123456789012345678901234567890123456789abc")));
    assert_true(
        slice_is(token_record_lock_key(x->a, session_key, 7), LIT("r:0123456789012345678901234567890123456789abc.7")));
}

static void a_record_opens_in_its_own_place_for_its_own_provider_only(void **state)
{
    struct fixture *x = *state;
    struct token_record r;
    struct slice other = token_record_key(x->a, LIT("s:0123456789012345678901234567890123456789abd"));
    assert_non_null(token_record_open(x->a, x->keys, other, x->value, &r));
    char *bytes = (char *)(uintptr_t)arena_copy(x->a, x->value).at;
    memcpy(bytes + 1, "exbmple", 7);
    assert_non_null(token_record_open(x->a, x->keys, x->key, (struct slice){bytes, x->value.len}, &r));
    /* the same bytes as another kind of record */
    struct slice sealed = slice_from(x->value, 1 + full.provider.len), plain;
    struct slice context = arena_join(x->a, (struct slice[]){x->key, LIT(" "), full.provider}, 3);
    assert_non_null(keyring_open_sealed(x->keys, x->a, LIT("session"), context, sealed, &plain));
    assert_null(keyring_open_sealed(x->keys, x->a, LIT("tokens"), context, sealed, &plain));
}

static void old_keys_open_the_newest_seals_and_a_key_that_was_taken_away_opens_nothing(void **state)
{
    struct fixture *x = *state;
    struct token_record r;
    struct keyring *both = ring("two", "one"), *late = ring("two", NULL);
    struct slice again;
    assert_null(token_record_open(x->a, both, x->key, x->value, &r));
    assert_full(&r);
    assert_null(token_record_seal(x->a, both, x->key, &r, &again));
    assert_null(token_record_open(x->a, late, x->key, again, &r));
    assert_non_null(token_record_open(x->a, late, x->key, x->value, &r));
    assert_non_null(token_record_open(x->a, x->keys, x->key, again, &r));
    keyring_close(both);
    keyring_close(late);
}

static void no_changed_byte_and_no_other_length_opens(void **state)
{
    struct fixture *x = *state;
    for (size_t i = 0; i < x->value.len; i++) {
        struct arena *a = arena_open(64 * 1024);
        struct token_record r;
        char *bytes = must_alloc(x->value.len);
        memcpy(bytes, x->value.at, x->value.len);
        bytes[i] = (char)(bytes[i] ^ 1);
        if (token_record_open(a, x->keys, x->key, (struct slice){bytes, x->value.len}, &r) == NULL)
            fail_msg("byte %zu does not matter", i);
        bytes[i] = (char)(bytes[i] ^ 1);
        if (token_record_open(a, x->keys, x->key, (struct slice){bytes, i}, &r) == NULL) fail_msg("%zu bytes open", i);
        free(bytes);
        arena_close(a);
    }
}

static void every_truncation_and_one_byte_more_of_the_plain_bytes_is_refused(void **state)
{
    (void)state;
    struct buf b = buf_open(4096);
    token_record_write(&b, &full);
    buf_byte(&b, '\0');
    for (size_t len = 0; len <= b.len; len++) {
        if (len == b.len - 1) continue; /* the whole */
        struct arena *a = arena_open(64 * 1024);
        struct token_record r;
        char *copy = len != 0 ? must_alloc(len) : NULL; /* its own block, so that a read past its end is seen */
        if (len != 0) memcpy(copy, b.at, len);
        if (token_record_read(a, (struct slice){copy, len}, &r) == NULL) fail_msg("%zu bytes are taken", len);
        free(copy);
        arena_close(a);
    }
    buf_close(&b);
}

static void tokens_that_no_store_would_take_are_refused_not_cut(void **state)
{
    struct fixture *x = *state;
    char *large = arena_bytes(x->a, STORE_MAX_VALUE);
    memset(large, 'x', STORE_MAX_VALUE);
    struct token_record r = full;
    struct slice value = {0};
    r.tokens.refresh_token = (struct slice){large, STORE_MAX_VALUE - 400};
    assert_non_null(token_record_seal(x->a, x->keys, x->key, &r, &value));
    r.tokens.refresh_token.len -= 400;
    assert_null(token_record_seal(x->a, x->keys, x->key, &r, &value));
    assert_true(value.len <= STORE_MAX_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_sealed_opens_and_shows_nothing, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_record_opens_in_its_own_place_for_its_own_provider_only, open_all, close_all),
        cmocka_unit_test_setup_teardown(old_keys_open_the_newest_seals_and_a_key_that_was_taken_away_opens_nothing,
                                        open_all, close_all),
        cmocka_unit_test_setup_teardown(no_changed_byte_and_no_other_length_opens, open_all, close_all),
        cmocka_unit_test(every_truncation_and_one_byte_more_of_the_plain_bytes_is_refused),
        cmocka_unit_test_setup_teardown(tokens_that_no_store_would_take_are_refused_not_cut, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
