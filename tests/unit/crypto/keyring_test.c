/* What is sealed opens at its own place only; keys for different ends differ; weak key files are refused. */
#include "crypto/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "crypto/private_file.h"
#include "crypto/random.h"
#include "text/encode.h"

static struct arena *a;
static struct secret old_master, new_master;
static struct keyring *ring, *ring_before;

static int make_rings(void **state)
{
    (void)state;
    unsigned char raw[32];
    a = arena_open(8 << 20);
    random_secret(raw, 32);
    old_master = secret_in(a, (struct slice){(const char *)raw, 32});
    random_secret(raw, 32);
    new_master = secret_in(a, (struct slice){(const char *)raw, 32});
    ring = keyring_open((struct secret[]){new_master, old_master}, 2);
    ring_before = keyring_open(&old_master, 1);
    return 0;
}

static int close_rings(void **state)
{
    (void)state;
    keyring_close(ring);
    keyring_close(ring_before);
    keyring_close(NULL);
    arena_close(a);
    return 0;
}

#define PURPOSE LIT("session")
#define PLACE   LIT("s:1234")

static bool opens(const struct keyring *k, struct slice purpose, struct slice place, struct slice sealed)
{
    struct slice plain = LIT("untouched");
    const struct err *why = keyring_open_sealed(k, a, purpose, place, sealed, &plain);
    if (why != NULL) assert_true(slice_is(plain, LIT("untouched")));
    return why == NULL;
}

static void what_is_sealed_opens_again(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 15, 16, 17, 1024, 65536};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char *text = arena_bytes(a, lengths[i]);
        memset(text, 'x', lengths[i]);
        struct slice plain = {text, lengths[i]}, back = LIT("?");
        struct slice sealed = keyring_seal(ring, a, PURPOSE, PLACE, plain);
        assert_int_equal(sealed.len, lengths[i] + KEYRING_OVERHEAD);
        assert_null(keyring_open_sealed(ring, a, PURPOSE, PLACE, sealed, &back));
        assert_true(slice_is(plain, back));
    }
}

static void the_same_text_is_never_sealed_alike(void **state)
{
    (void)state;
    struct slice one = keyring_seal(ring, a, PURPOSE, PLACE, LIT("same"));
    struct slice two = keyring_seal(ring, a, PURPOSE, PLACE, LIT("same"));
    assert_memory_not_equal(one.at + 5, two.at + 5, 16);   /* salt */
    assert_memory_not_equal(one.at + 21, two.at + 21, 12); /* nonce */
    assert_memory_not_equal(one.at + 33, two.at + 33, 4);
}

static void the_sealed_bytes_do_not_show_the_text(void **state)
{
    (void)state;
    struct slice sealed = keyring_seal(ring, a, PURPOSE, PLACE, LIT("alice@example.org"));
    assert_int_equal(slice_find(sealed, LIT("alice")), SLICE_NONE);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct slice sealed = keyring_seal(ring, a, PURPOSE, PLACE, LIT("thirty-two bytes of plain text.."));
    char *copy = arena_bytes(a, sealed.len);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        memcpy(copy, sealed.at, sealed.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
        assert_false(opens(ring, PURPOSE, PLACE, (struct slice){copy, sealed.len}));
    }
    assert_true(opens(ring, PURPOSE, PLACE, sealed));
}

static void every_truncation_and_extension_is_refused(void **state)
{
    (void)state;
    struct slice sealed = keyring_seal(ring, a, PURPOSE, PLACE, LIT("text"));
    for (size_t len = 0; len < sealed.len; len++) {
        assert_false(opens(ring, PURPOSE, PLACE, slice_upto(sealed, len)));
    }
    struct slice longer = arena_join(a, (struct slice[]){sealed, LIT("x")}, 2);
    assert_false(opens(ring, PURPOSE, PLACE, longer));
}

static void a_record_cannot_be_moved_to_another_place_or_purpose(void **state)
{
    (void)state;
    struct slice sealed = keyring_seal(ring, a, PURPOSE, PLACE, LIT("text"));
    assert_false(opens(ring, PURPOSE, LIT("s:1235"), sealed));
    assert_false(opens(ring, PURPOSE, LIT("s:123"), sealed));
    assert_false(opens(ring, PURPOSE, (struct slice){NULL, 0}, sealed));
    assert_false(opens(ring, LIT("attempt"), PLACE, sealed));
}

static void the_newest_key_seals_and_all_open(void **state)
{
    (void)state;
    struct slice before = keyring_seal(ring_before, a, PURPOSE, PLACE, LIT("old"));
    struct slice after = keyring_seal(ring, a, PURPOSE, PLACE, LIT("new"));
    assert_true(opens(ring, PURPOSE, PLACE, before));
    assert_true(opens(ring, PURPOSE, PLACE, after));
    assert_false(opens(ring_before, PURPOSE, PLACE, after));
    assert_string_equal(arena_text(a, keyring_id(ring, 1)), arena_text(a, keyring_id(ring_before, 0)));
    assert_int_equal(keyring_count(ring), 2);
}

static void two_keys_with_one_id_are_both_tried(void **state)
{
    (void)state;
    struct keyring *twice = keyring_open((struct secret[]){new_master, new_master}, 2);
    struct slice sealed = keyring_seal(twice, a, PURPOSE, PLACE, LIT("text"));
    assert_true(opens(twice, PURPOSE, PLACE, sealed));
    assert_false(opens(twice, PURPOSE, LIT("elsewhere"), sealed));
    keyring_close(twice);
}

static void the_id_is_eight_hex_digits_that_are_no_part_of_the_key(void **state)
{
    (void)state;
    struct slice id = keyring_id(ring, 0);
    assert_int_equal(id.len, 8);
    for (size_t i = 0; i < id.len; i++) {
        assert_non_null(strchr("0123456789abcdef", id.at[i]));
    }
    struct slice key = hex_encode(a, secret_reveal(new_master));
    assert_int_equal(slice_find(key, id), SLICE_NONE);
}

static void keys_of_different_purposes_differ(void **state)
{
    (void)state;
    unsigned char one[32], two[32], again[32];
    keyring_purpose_key(ring, 0, LIT("session-jwt"), one);
    keyring_purpose_key(ring, 0, LIT("attempt"), two);
    keyring_purpose_key(ring, 0, LIT("session-jwt"), again);
    assert_memory_not_equal(one, two, 32);
    assert_memory_equal(one, again, 32);
    assert_memory_not_equal(one, secret_reveal(new_master).at, 32);
    keyring_purpose_key(ring, 1, LIT("session-jwt"), two);
    assert_memory_not_equal(one, two, 32);
}

static void macs_fit_their_bytes_purpose_and_any_listed_key(void **state)
{
    (void)state;
    unsigned char mac[32], before[32];
    keyring_mac(ring, PURPOSE, LIT("bytes"), mac);
    keyring_mac(ring_before, PURPOSE, LIT("bytes"), before);
    assert_true(keyring_mac_fits(ring, PURPOSE, LIT("bytes"), mac));
    assert_true(keyring_mac_fits(ring, PURPOSE, LIT("bytes"), before));
    assert_false(keyring_mac_fits(ring_before, PURPOSE, LIT("bytes"), mac));
    assert_false(keyring_mac_fits(ring, PURPOSE, LIT("byte"), mac));
    assert_false(keyring_mac_fits(ring, LIT("other"), LIT("bytes"), mac));
    for (size_t bit = 0; bit < 256; bit++) {
        mac[bit / 8] = (unsigned char)(mac[bit / 8] ^ (1u << (bit % 8)));
        assert_false(keyring_mac_fits(ring, PURPOSE, LIT("bytes"), mac));
        mac[bit / 8] = (unsigned char)(mac[bit / 8] ^ (1u << (bit % 8)));
    }
}

/* ---- key files ---- */

static const char raw_key[33] = "\x9c\x01\xf2\x83\x74\x15\xa6\x37\xc8\x59\xea\x7b\x0c\x9d\x2e\xbf"
                                "\x40\xd1\x62\xf3\x84\x05\x96\x27\xb8\x49\xda\x6b\xfc\x8d\x1e\xaf";

static bool reads(struct slice text)
{
    struct secret s = {NULL, 0};
    const struct err *why = keyring_read_master(a, text, &s);
    if (why != NULL) {
        assert_int_equal(why->problem, PROBLEM_CONFIG);
        assert_true(secret_is_empty(s));
        return false;
    }
    return secret_same(s, (struct slice){raw_key, 32});
}

static void every_usual_spelling_of_a_key_is_read(void **state)
{
    (void)state;
    struct slice raw = {raw_key, 32};
    struct slice plain = base64_encode(a, raw), url = base64url_encode(a, raw), hexed = hex_encode(a, raw);
    assert_true(reads(raw));
    assert_true(reads(plain));
    assert_true(reads(url));
    assert_true(reads(hexed));
    assert_true(reads(arena_join(a, (struct slice[]){plain, LIT("\n")}, 2)));
    assert_true(reads(arena_join(a, (struct slice[]){LIT("  "), hexed, LIT(" \r\n")}, 3)));
    assert_true(reads(arena_join(a, (struct slice[]){url, LIT("=\n")}, 2)));
    assert_true(reads(slice_upto(plain, 43)));
}

static void weak_or_misspelt_keys_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "secret",
        "0123456789abcdef0123456789abcdef",             /* 16 bytes in hex */
        "correct-horse-battery-staple-123",             /* 32 characters of text */
        "bm90IHRoaXJ0eS10d28gYnl0ZXM=",                 /* too short */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* all zero */
        "0101010101010101010101010101010101010101010101010101010101010101",
        "nAHyg3QVpjfIWep7DJ0uv0DRYvOEBZYnuEnaa/yNHq8==", /* wrong padding */
        "nAHyg3QVpjfIWep7DJ0uv0DRYvOEBZYnuEnaa/yNHq8 x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(reads(slice_of(bad[i])));
    }
    assert_false(reads(base64_encode(a, LIT("forty-eight bytes are sixteen more than we ask.."))));
    assert_false(reads((struct slice){raw_key, 31}));
    char *huge = arena_alloc(a, 5000);
    assert_false(reads((struct slice){huge, 5000}));
}

static void a_key_file_that_others_may_use_is_refused_with_the_cure(void **state)
{
    (void)state;
    char path[] = "/tmp/vestibule-key-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, raw_key, 32) == 32);
    close(fd);
    struct secret s;
    static const struct {
        mode_t mode;
        bool good;
    } cases[] = {
        {0600, true },
        {0400, true },
        {0640, true },
        {0440, true },
        {0644, false},
        {0604, false},
        {0660, false},
        {0602, false}
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(chmod(path, cases[i].mode), 0);
        const struct err *why = private_file_read(a, path, 256, &s);
        assert_int_equal(why == NULL, cases[i].good);
        if (why != NULL) assert_true(slice_find(why->text, LIT("chmod 600 /tmp/")) != SLICE_NONE);
    }
    chmod(path, 0600);
    assert_non_null(private_file_read(a, path, 31, &s));
    assert_null(private_file_read(a, path, 32, &s));
    assert_true(secret_same(s, (struct slice){raw_key, 32}));
    unlink(path);
    assert_non_null(private_file_read(a, path, 256, &s));
    assert_non_null(private_file_read(a, "/tmp", 256, &s));
    assert_non_null(private_file_read(a, "/dev/null", 256, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_again),
        cmocka_unit_test(the_same_text_is_never_sealed_alike),
        cmocka_unit_test(the_sealed_bytes_do_not_show_the_text),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_truncation_and_extension_is_refused),
        cmocka_unit_test(a_record_cannot_be_moved_to_another_place_or_purpose),
        cmocka_unit_test(the_newest_key_seals_and_all_open),
        cmocka_unit_test(two_keys_with_one_id_are_both_tried),
        cmocka_unit_test(the_id_is_eight_hex_digits_that_are_no_part_of_the_key),
        cmocka_unit_test(keys_of_different_purposes_differ),
        cmocka_unit_test(macs_fit_their_bytes_purpose_and_any_listed_key),
        cmocka_unit_test(every_usual_spelling_of_a_key_is_read),
        cmocka_unit_test(weak_or_misspelt_keys_are_refused),
        cmocka_unit_test(a_key_file_that_others_may_use_is_refused_with_the_cure),
    };
    return cmocka_run_group_tests(tests, make_rings, close_rings);
}
