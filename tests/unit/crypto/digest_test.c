/* Vectors of RFC 4231 (HMAC), RFC 5869 (HKDF), FIPS 180 (SHA-256), and what secrets and random values promise. */
#include "crypto/digest.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "text/encode.h"

static struct arena *a;

static int open_arena(void **state)
{
    (void)state;
    a = arena_open(1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(a);
    return 0;
}

static struct slice repeated(char c, size_t count)
{
    char *at = arena_bytes(a, count);
    memset(at, c, count);
    return (struct slice){at, count};
}

/* 0, 1, 2 ... */
static struct slice counted(unsigned first, size_t count)
{
    char *at = arena_bytes(a, count);
    for (size_t i = 0; i < count; i++) {
        at[i] = (char)(unsigned char)(first + i);
    }
    return (struct slice){at, count};
}

static const char *hex(const unsigned char *bytes, size_t len)
{
    return arena_text(a, hex_encode(a, (struct slice){(const char *)bytes, len}));
}

static void sha256_gives_the_published_values(void **state)
{
    (void)state;
    unsigned char out[32];
    digest_sha256(LIT("abc"), out);
    assert_string_equal(hex(out, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256((struct slice){NULL, 0}, out);
    assert_string_equal(hex(out, 32), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hmac_agrees_with_rfc_4231(void **state)
{
    (void)state;
    const struct {
        struct slice key, bytes;
        const char *mac;
    } cases[] = {
        {repeated(0x0b, 20),                                 LIT("Hi There"),     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {LIT("Jefe"),   LIT("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"     },
        {repeated((char)0xaa,          20),                 repeated((char)0xdd,                 50),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {counted(1,     25),                                 repeated((char)0xcd, 50),                                                                          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {repeated((char)0xaa,             131),                              LIT("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"                                                               },
        {repeated((char)0xaa,             131),
         LIT("This is a test using a larger than block-size key and a larger than block-size data. "
             "The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"        },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char out[32];
        digest_hmac_sha256(cases[i].key, cases[i].bytes, out);
        assert_string_equal(hex(out, 32), cases[i].mac);
    }
}

static void an_empty_hmac_key_is_not_the_key_of_the_call_before(void **state)
{
    (void)state;
    unsigned char out[32];
    digest_hmac_sha256(LIT("Jefe"), LIT("x"), out);
    digest_hmac_sha256((struct slice){NULL, 0}, (struct slice){NULL, 0}, out);
    assert_string_equal(hex(out, 32), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void hkdf_agrees_with_rfc_5869(void **state)
{
    (void)state;
    unsigned char out[82];
    digest_hkdf(repeated(0x0b, 22), counted(0, 13), counted(0xf0, 10), out, 42);
    assert_string_equal(hex(out, 42), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4"
                                      "c5bf34007208d5b887185865");
    digest_hkdf(counted(0, 80), counted(0x60, 80), counted(0xb0, 80), out, 82);
    assert_string_equal(hex(out, 82), "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99ca"
                                      "c7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c"
                                      "01d5c1f3434f1d87");
    digest_hkdf(repeated(0x0b, 22), (struct slice){NULL, 0}, (struct slice){NULL, 0}, out, 42);
    assert_string_equal(hex(out, 42), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c73"
                                      "8d2d9d201395faa4b61a96c8");
}

static void same_compares_every_byte(void **state)
{
    (void)state;
    assert_true(digest_same("abcd", "abcd", 4));
    assert_false(digest_same("abcd", "abce", 4));
    assert_false(digest_same("xbcd", "abcd", 4));
    assert_true(digest_same(NULL, NULL, 0));
}

static void random_values_differ_and_have_the_length_asked_for(void **state)
{
    (void)state;
    struct slice one = random_text(a, 32), two = random_text(a, 32);
    assert_int_equal(one.len, 43);
    assert_false(slice_is(one, two));
    unsigned char x[16] = {0}, y[16] = {0};
    random_bytes(x, 16);
    random_bytes(y, 16);
    assert_memory_not_equal(x, y, 16);
}

static void secrets_are_copies_and_compare_whole(void **state)
{
    (void)state;
    char text[] = "hunter2";
    struct secret s = secret_copy(slice_of(text)), in = secret_in(a, slice_of(text));
    memset(text, 'x', 7);
    assert_true(secret_same(s, LIT("hunter2")));
    assert_true(secret_same(in, LIT("hunter2")));
    assert_false(secret_same(s, LIT("hunter")));
    assert_false(secret_same(s, LIT("hunter3")));
    assert_false(secret_is_empty(s));
    secret_close(&s);
    secret_close(&s);
    assert_true(secret_is_empty(s));
    assert_false(secret_same(s, LIT("hunter2")));
    assert_true(secret_is_empty(secret_copy((struct slice){NULL, 0})));
}

static void *hash_in_a_thread(void *ret_ok)
{
    bool *ok = ret_ok;
    unsigned char first[32], out[32];
    crypto_start();
    digest_hmac_sha256(LIT("k"), LIT("v"), first);
    *ok = true;
    for (int i = 0; i < 200; i++) {
        digest_hmac_sha256(LIT("other"), LIT("v"), out);
        digest_hmac_sha256(LIT("k"), LIT("v"), out);
        *ok = *ok && digest_same(first, out, 32);
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    pthread_t threads[4];
    bool ok[4] = {false};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_in_a_thread, &ok[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(ok[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_values),
        cmocka_unit_test(hmac_agrees_with_rfc_4231),
        cmocka_unit_test(an_empty_hmac_key_is_not_the_key_of_the_call_before),
        cmocka_unit_test(hkdf_agrees_with_rfc_5869),
        cmocka_unit_test(same_compares_every_byte),
        cmocka_unit_test(random_values_differ_and_have_the_length_asked_for),
        cmocka_unit_test(secrets_are_copies_and_compare_whole),
        cmocka_unit_test(threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
