/* attempt_test.c -- an attempt is found by the browser that holds it, for its state, in its time, and by nobody else. */
#include "login/attempt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/random.h"
#include "text/doc.h"

static const struct slice prefix = LIT_INIT("__Host-vestibule-tx-");
enum {
    NOW = 1800000000
};

struct scene {
    struct arena *a;
    struct keyring *keys;
    struct attempt attempt;
    struct slice name, value, cookies;
};

static struct keyring *ring(unsigned char with)
{
    unsigned char bytes[32];
    memset(bytes, with, sizeof bytes);
    struct secret s = secret_copy((struct slice){(const char *)bytes, sizeof bytes});
    struct keyring *k = keyring_open(&s, 1);
    secret_close(&s);
    return k;
}

static int open_scene(void **state)
{
    struct scene *s = must_alloc(sizeof *s);
    doc_init();
    s->a = arena_open(4 << 20);
    s->keys = ring(7);
    attempt_begin(s->a, NOW, &s->attempt);
    s->attempt.provider = LIT("op");
    s->attempt.issuer = LIT("https://op.example");
    s->attempt.client_id = LIT("client");
    s->attempt.redirect_uri = LIT("https://app.example/_vestibule/callback/op");
    s->attempt.return_url = LIT("/reports?x=\"1\"#top");
    s->name = attempt_cookie_name(s->a, prefix, &s->attempt);
    s->value = attempt_seal(s->a, s->keys, s->name, &s->attempt);
    s->cookies = arena_print(s->a, "theme=dark; %.*s=%.*s; b=c", SLICE_ARG(s->name), SLICE_ARG(s->value));
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    keyring_close(s->keys);
    arena_close(s->a);
    free(s);
    return 0;
}

static enum attempt_found find(struct scene *s, struct slice cookies, struct slice state, int64_t now)
{
    struct attempt t;
    struct slice name;
    return attempt_find(s->a, s->keys, prefix, cookies, state, now, &t, &name);
}

static void what_was_sealed_comes_back(void **state)
{
    struct scene *s = *state;
    struct attempt t;
    struct slice name;
    assert_int_equal(attempt_find(s->a, s->keys, prefix, s->cookies, s->attempt.state, NOW + 5, &t, &name),
                     ATTEMPT_GOOD);
    assert_true(slice_is(name, s->name));
    assert_true(slice_is(t.verifier, s->attempt.verifier));
    assert_true(slice_is(t.nonce, s->attempt.nonce));
    assert_true(slice_is(t.return_url, s->attempt.return_url));
    assert_true(slice_is(t.redirect_uri, s->attempt.redirect_uri));
    assert_int_equal(t.began_s, NOW);
}

static void a_request_token_and_its_secret_travel_sealed(void **state)
{
    struct scene *s = *state;
    struct attempt t = s->attempt, back;
    struct slice name, found;
    char *longest = arena_bytes(s->a, 512);
    memset(longest, 'x', 512);
    t.token = (struct slice){longest, 512}; /* the longest that is taken of a platform */
    t.token_secret = (struct slice){longest, 512};
    struct slice value = attempt_seal(s->a, s->keys, s->name, &t);
    assert_true(s->name.len + value.len < 4096);
    struct slice cookies = arena_print(s->a, "%.*s=%.*s", SLICE_ARG(s->name), SLICE_ARG(value));
    assert_int_equal(attempt_find(s->a, s->keys, prefix, cookies, t.state, NOW, &back, &found), ATTEMPT_GOOD);
    assert_true(slice_is(back.token, t.token) && slice_is(back.token_secret, t.token_secret));
    assert_true(slice_is(back.return_url, t.return_url));
    assert_int_equal(slice_find(value, LIT("xxxxxxxx")), SLICE_NONE);
    assert_int_equal(attempt_find(s->a, s->keys, prefix, s->cookies, s->attempt.state, NOW, &back, &name), ATTEMPT_GOOD);
    assert_int_equal(back.token.len + back.token_secret.len, 0);
}

static void values_are_256_bits_and_new_each_time(void **state)
{
    struct scene *s = *state;
    struct attempt t;
    attempt_begin(s->a, NOW, &t);
    assert_int_equal(t.state.len, 43);
    assert_int_equal(t.nonce.len, 43);
    assert_int_equal(t.verifier.len, 43);
    assert_false(slice_is(t.state, s->attempt.state));
    assert_false(slice_is(t.state, t.nonce));
}

static void another_state_finds_nothing(void **state)
{
    struct scene *s = *state;
    struct attempt other;
    attempt_begin(s->a, NOW, &other);
    assert_int_equal(find(s, s->cookies, other.state, NOW), ATTEMPT_NONE);
    assert_int_equal(find(s, s->cookies, LIT(""), NOW), ATTEMPT_NONE);
    /* same head, other tail: the cookie is found and refused */
    char twisted[43];
    memcpy(twisted, s->attempt.state.at, 43);
    twisted[42] = twisted[42] == 'A' ? 'B' : 'A';
    assert_int_equal(find(s, s->cookies, (struct slice){twisted, 43}, NOW), ATTEMPT_FORGED);
}

static void every_flipped_byte_of_the_cookie_is_refused_sec_120(void **state)
{
    struct scene *s = *state;
    for (size_t i = 0; i < s->value.len; i++) {
        AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
        char *twisted = arena_bytes(a, s->value.len);
        memcpy(twisted, s->value.at, s->value.len);
        twisted[i] = twisted[i] == 'x' ? 'y' : 'x';
        struct slice cookies = arena_print(a, "%.*s=%.*s", SLICE_ARG(s->name), (int)s->value.len, twisted);
        struct attempt t;
        struct slice name;
        assert_int_equal(attempt_find(a, s->keys, prefix, cookies, s->attempt.state, NOW, &t, &name), ATTEMPT_FORGED);
    }
}

static void a_cookie_moved_to_another_name_is_refused(void **state)
{
    struct scene *s = *state;
    char name[64];
    memcpy(name, s->name.at, s->name.len);
    name[prefix.len] = name[prefix.len] == 'z' ? 'y' : 'z';
    struct slice cookies = arena_print(s->a, "%.*s=%.*s", (int)s->name.len, name, SLICE_ARG(s->value));
    assert_int_equal(find(s, cookies, s->attempt.state, NOW), ATTEMPT_FORGED);
}

static void anothers_key_opens_nothing(void **state)
{
    struct scene *s = *state;
    struct keyring *other = ring(8);
    struct attempt t;
    struct slice name;
    assert_int_equal(attempt_find(s->a, other, prefix, s->cookies, s->attempt.state, NOW, &t, &name), ATTEMPT_FORGED);
    keyring_close(other);
}

static void it_lives_ten_minutes_give_or_take_a_replicas_clock(void **state)
{
    struct scene *s = *state;
    assert_int_equal(find(s, s->cookies, s->attempt.state, NOW + 600), ATTEMPT_GOOD);
    assert_int_equal(find(s, s->cookies, s->attempt.state, NOW + 601), ATTEMPT_OLD);
    assert_int_equal(find(s, s->cookies, s->attempt.state, NOW - 60), ATTEMPT_GOOD);
    assert_int_equal(find(s, s->cookies, s->attempt.state, NOW - 61), ATTEMPT_OLD);
}

static void a_browser_without_our_cookies_is_told_apart(void **state)
{
    struct scene *s = *state;
    assert_int_equal(find(s, LIT(""), s->attempt.state, NOW), ATTEMPT_NO_COOKIES);
    assert_int_equal(find(s, LIT("theme=dark"), s->attempt.state, NOW), ATTEMPT_NO_COOKIES);
    assert_int_equal(find(s, LIT("__Host-vestibule=abc"), s->attempt.state, NOW), ATTEMPT_NONE);
}

static void the_oldest_attempts_beyond_eight_are_given_up(void **state)
{
    struct scene *s = *state;
    AUTO(buf_close) struct buf cookies = buf_open(1 << 16);
    struct slice first = {0};
    for (int i = 0; i < 9; i++) {
        struct attempt t;
        attempt_begin(s->a, NOW + i, &t);
        struct slice name = attempt_cookie_name(s->a, prefix, &t);
        if (i == 0) first = name;
        buf_print(&cookies, "%s%.*s=x", i != 0 ? "; " : "", SLICE_ARG(name));
    }
    struct slice *names;
    assert_int_equal(attempt_surplus(s->a, prefix, buf_slice(&cookies), &names), 2);
    assert_true(slice_is(names[0], first));
    assert_int_equal(attempt_surplus(s->a, prefix, s->cookies, &names), 0);
}

static void long_attempts_are_given_up_sooner(void **state)
{
    struct scene *s = *state;
    AUTO(buf_close) struct buf cookies = buf_open(1 << 16);
    struct slice first = {0}, last = {0};
    for (int i = 0; i < 4; i++) {
        struct attempt t;
        attempt_begin(s->a, NOW + i, &t);
        struct slice name = attempt_cookie_name(s->a, prefix, &t);
        if (i == 0) first = name;
        if (i == 1) last = name;
        buf_print(&cookies, "%s%.*s=%02100d", i != 0 ? "; " : "", SLICE_ARG(name), 0);
    }
    struct slice *names;
    assert_int_equal(attempt_surplus(s->a, prefix, buf_slice(&cookies), &names), 2);
    assert_true(slice_is(names[0], first));
    assert_true(slice_is(names[1], last));
}

/* The address to return to is a stranger's choice; client_id and issuer are the operator's, and may be long. */
static void a_cookie_that_browsers_would_drop_returns_to_the_front_page(void **state)
{
    static const size_t lengths[] = {1, 500, 1500, 2047};
    struct scene *s = *state;
    for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = lengths[i / 2];
        bool long_client = i % 2 != 0;
        char *path = arena_bytes(s->a, len);
        char *client = arena_bytes(s->a, 1200);
        memset(path, 'p', len);
        memset(client, 'c', 1200);
        path[0] = '/';
        struct attempt t = s->attempt, back;
        t.return_url = (struct slice){path, len};
        if (long_client) t.client_id = (struct slice){client, 1200};
        struct slice value = attempt_seal(s->a, s->keys, s->name, &t), name;
        struct slice cookies = arena_print(s->a, "%.*s=%.*s", SLICE_ARG(s->name), SLICE_ARG(value));
        assert_true(s->name.len + value.len <= 4096);
        assert_int_equal(attempt_find(s->a, s->keys, prefix, cookies, t.state, NOW, &back, &name), ATTEMPT_GOOD);
        bool kept = slice_is(back.return_url, t.return_url);
        assert_true(kept || (long_client && slice_is(back.return_url, LIT("/"))));
        assert_true(kept || len > 1000);
    }
}

/* What is deleted is named in a Set-Cookie line: a name that no line of ours can hold must not get there. */
static void a_name_that_is_not_ours_is_never_given_back(void **state)
{
    static const char *const tails[] = {"(000000abcdefghij", "0000000abcdefg\"ij",     "0000000abcdefgh j",
                                        "0000000abcdefghi",  "0000000abcdefghijk",     "",
                                        "0000000abcdefgh,j", "0000000abcdefgh\xc3\xa9"};
    struct scene *s = *state;
    AUTO(buf_close) struct buf cookies = buf_open(1 << 16);
    struct slice *names;
    for (size_t i = 0; i < 3 * sizeof tails / sizeof tails[0]; i++)
        buf_print(&cookies, "%.*s%s=%zu; ", SLICE_ARG(prefix), tails[i % (sizeof tails / sizeof tails[0])], i);
    assert_int_equal(attempt_surplus(s->a, prefix, buf_slice(&cookies), &names), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_sealed_comes_back, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(a_request_token_and_its_secret_travel_sealed, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(values_are_256_bits_and_new_each_time, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(another_state_finds_nothing, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(every_flipped_byte_of_the_cookie_is_refused_sec_120, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(a_cookie_moved_to_another_name_is_refused, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(anothers_key_opens_nothing, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(it_lives_ten_minutes_give_or_take_a_replicas_clock, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(a_browser_without_our_cookies_is_told_apart, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(the_oldest_attempts_beyond_eight_are_given_up, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(long_attempts_are_given_up_sooner, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(a_cookie_that_browsers_would_drop_returns_to_the_front_page, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_name_that_is_not_ours_is_never_given_back, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
