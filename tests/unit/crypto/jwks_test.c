/* Which keys of a set are taken, which are skipped, and when the whole set is refused. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "jws_maker.h"

static struct arena *a;
static const char *ec, *rsa, *ed, *p521;

static int make_members(void **state)
{
    (void)state;
    a = arena_open(64 << 20);
    EVP_PKEY *keys[] = {maker_key("P-256"), maker_key("RSA:2048"), maker_key("ED25519"), maker_key("P-521")};
    const char **members[] = {&ec, &rsa, &ed, &p521};
    for (size_t i = 0; i < 4; i++) {
        *members[i] = maker_members(a, keys[i]);
        EVP_PKEY_free(keys[i]);
    }
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(a);
    return 0;
}

/* How many keys are taken; 0 for a refused set. */
static size_t count_in(const char *json)
{
    struct jwks *keys = NULL;
    const struct err *why = jwks_read(a, slice_of(json), &keys);
    if (why != NULL) {
        assert_int_equal(why->problem, PROBLEM_PROVIDER_BROKEN);
        assert_null(keys);
        return 0;
    }
    size_t count = jwks_count(keys);
    jwks_drop(keys);
    return count;
}

static bool takes(const char *members, const char *more)
{
    return count_in(maker_set(a, members, more).at) == 1;
}

static void good_keys_of_each_type_are_taken(void **state)
{
    (void)state;
    assert_true(takes(ec, ""));
    assert_true(takes(rsa, ""));
    assert_true(takes(ed, ""));
    assert_true(takes(p521, ""));
    assert_true(takes(ec, ",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"k\",\"key_ops\":[\"verify\"]"));
    assert_true(takes(rsa, ",\"x5c\":[\"MIIC\"],\"x5t\":\"abc\",\"issuer\":\"https://login.example/{tenantid}\""));
}

static void keys_for_other_ends_are_skipped(void **state)
{
    (void)state;
    static const char *const more[] = {
        ",\"use\":\"enc\"",   ",\"use\":\"SIG\"",        ",\"use\":[\"sig\"]",      ",\"key_ops\":[\"encrypt\"]",
        ",\"key_ops\":[]",    ",\"key_ops\":\"verify\"", ",\"key_ops\":[\"sign\"]", ",\"alg\":\"RSA-OAEP-256\"",
        ",\"alg\":\"HS256\"", ",\"alg\":\"ES256K\"",     ",\"alg\":\"none\"",       ",\"alg\":7",
        ",\"alg\":\"ES384\"", ",\"alg\":\"RS256\"",      ",\"alg\":\"EdDSA\"",      ",\"kid\":7",
        ",\"d\":\"AAAA\"",    ",\"k\":\"AAAA\"",
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        assert_false(takes(ec, more[i]));
    }
    assert_false(takes(ec, arena_print(a, ",\"kid\":\"%0600d\"", 0).at));
}

#define OTHER_CURVE                                                                               \
    "\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static void unknown_types_and_curves_are_skipped(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
        "\"kty\":\"ec\"",
        "\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AAAA\"",
        "\"crv\":\"P-256\"",
        "\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\"",
        OTHER_CURVE,
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_false(takes(keys[i], ""));
    }
}

static void points_off_the_curve_are_skipped(void **state)
{
    (void)state;
    const char *const pairs[][2] = {
        {"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",  "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",  "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"__________________________________________8",  "__________________________________________8"},
        {"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA",   "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",  "x/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0"},
        {"",                                             "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *members =
            arena_print(a, "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"", pairs[i][0], pairs[i][1]).at;
        assert_int_equal(takes(members, ""), i == 0); /* the first is whole */
    }
}

static bool takes_rsa(EVP_PKEY *key, const char *exponent)
{
    struct slice n = maker_number(a, key, OSSL_PKEY_PARAM_RSA_N, 0);
    return takes(arena_print(a, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", n.at, exponent).at, "");
}

static void weak_rsa_keys_are_skipped(void **state)
{
    (void)state;
    EVP_PKEY *small = maker_key("RSA:1024"), *good = maker_key("RSA:2048");
    assert_false(takes_rsa(small, "AQAB"));
    assert_true(takes_rsa(good, "AQAB"));
    assert_false(takes_rsa(good, "AQAA")); /* even */
    assert_false(takes_rsa(good, "AQ"));   /* one: every signature is its own message */
    assert_false(takes_rsa(good, "AA"));   /* zero */
    assert_false(takes_rsa(good, ""));
    assert_false(takes_rsa(good, "AQAB="));
    assert_false(takes_rsa(good, "AQAAAAAAAAAAAAAAAQ")); /* longer than 64 bits */
    assert_false(takes("\"kty\":\"RSA\",\"e\":\"AQAB\"", ""));
    char *n = arena_alloc(a, 1370);
    memset(n, '_', 1368);
    assert_false(takes(arena_print(a, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"", n).at, "")); /* 8208 bits */
    EVP_PKEY_free(small);
    EVP_PKEY_free(good);
}

static void good_keys_are_kept_beside_bad_ones(void **state)
{
    (void)state;
    const char *json =
        arena_print(a, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"},{%s},7,null,{},{%s,\"use\":\"enc\"},{%s}]}", ec, rsa,
                    ed)
            .at;
    assert_int_equal(count_in(json), 2);
}

static void sets_that_are_no_sets_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[{}]}",
        "{\"keys\":null}",
        "{\"keys\":[]",
        "<html>",
        "{\"Keys\":[]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(count_in(bad[i]), 0);
    }
    assert_int_equal(count_in(arena_print(a, "{\"keys\":[{%s}],\"keys\":[{%s}]}", ec, ec).at), 0);
    assert_int_equal(count_in(arena_print(a, "{\"keys\":[{%s,\"kid\":\"a\",\"kid\":\"b\"}]}", ec).at), 0);
    assert_int_equal(count_in(arena_print(a, "{\"keys\":[{%s}]}trailing", ec).at), 0);
}

static void the_number_and_length_of_keys_are_limited(void **state)
{
    (void)state;
    struct buf json = buf_open(JWKS_MAX_BYTES * 2);
    buf_add(&json, LIT("{\"keys\":["));
    for (int i = 0; i < JWKS_MAX_KEYS; i++) {
        buf_print(&json, "%s{%s}", i != 0 ? "," : "", ed);
    }
    size_t before = json.len;
    buf_add(&json, LIT("]}"));
    buf_byte(&json, '\0');
    assert_int_equal(count_in(json.at), JWKS_MAX_KEYS);
    json.len = before;
    buf_print(&json, ",{%s}]}", ed);
    buf_byte(&json, '\0');
    assert_int_equal(count_in(json.at), 0);
    buf_clear(&json);
    buf_print(&json, "{\"keys\":[{%s}]}%*s", ed, JWKS_MAX_BYTES, "");
    assert_int_equal(count_in(json.at), 0);
    buf_close(&json);
}

/* A provider's answer is as wide as it likes; the reader's memory is its own. */
static void a_set_full_of_small_values_ends_in_an_error(void **state)
{
    (void)state;
    char *json = arena_alloc(a, JWKS_MAX_BYTES + 1);
    for (int i = 0; i < JWKS_MAX_BYTES; i++) {
        json[i] = i % 2 == 0 ? '1' : ',';
    }
    memcpy(json, "{\"keys\":[", 9);
    memcpy(json + JWKS_MAX_BYTES - 4, "11]}", 4);
    assert_int_equal(count_in(json), 0);
    memset(json, '[', JWKS_MAX_BYTES);
    assert_int_equal(count_in(json), 0);
}

static void a_set_lives_until_its_last_reference(void **state)
{
    (void)state;
    struct jwks *keys = NULL;
    assert_null(jwks_read(a, maker_set(a, ec, ""), &keys));
    assert_ptr_equal(jwks_keep(keys), keys);
    jwks_drop(keys);
    assert_int_equal(jwks_count(keys), 1);
    jwks_drop(keys);
    jwks_drop(NULL);
}

static void half_hashes_are_those_of_openid_connect(void **state)
{
    (void)state;
    /* OpenID Connect Core 1.0, appendix A.3 and A.4 */
    assert_string_equal(jose_half_hash(a, JOSE_RS256, LIT("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")).at,
                        "77QmUPtjPfzWtF2AnpK9RQ");
    assert_string_equal(
        jose_half_hash(a, JOSE_ES256, LIT("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk")).at,
        "LDktKdoQak3Pk0cnXxCltA");
    assert_int_equal(jose_half_hash(a, JOSE_PS384, LIT("x")).len, 32);
    assert_int_equal(jose_half_hash(a, JOSE_ES512, LIT("x")).len, 43);
    assert_int_equal(jose_half_hash(a, JOSE_EDDSA, LIT("x")).len, 43);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_keys_of_each_type_are_taken),
        cmocka_unit_test(keys_for_other_ends_are_skipped),
        cmocka_unit_test(unknown_types_and_curves_are_skipped),
        cmocka_unit_test(points_off_the_curve_are_skipped),
        cmocka_unit_test(weak_rsa_keys_are_skipped),
        cmocka_unit_test(good_keys_are_kept_beside_bad_ones),
        cmocka_unit_test(sets_that_are_no_sets_are_refused),
        cmocka_unit_test(the_number_and_length_of_keys_are_limited),
        cmocka_unit_test(a_set_full_of_small_values_ends_in_an_error),
        cmocka_unit_test(a_set_lives_until_its_last_reference),
        cmocka_unit_test(half_hashes_are_those_of_openid_connect),
    };
    return cmocka_run_group_tests(tests, make_members, close_arena);
}
