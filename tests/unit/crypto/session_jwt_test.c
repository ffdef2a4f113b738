/* Session tokens read back what was signed, and nothing else passes the gate. */
#include "crypto/session_jwt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "crypto/random.h"
#include "text/doc.h"
#include "text/encode.h"
#include "text/json.h"

static struct arena *a;
static struct keyring *ring, *ring_before, *ring_other;
static struct session_jwt *jwt, *jwt_before, *jwt_other;

#define ISSUER LIT("https://auth.example.org")
#define NOW    ((int64_t)1750000000)

static struct keyring *ring_of(struct secret one, struct secret two)
{
    struct secret masters[] = {one, two};
    return keyring_open(masters, secret_is_empty(two) ? 1 : 2);
}

static struct secret fresh(void)
{
    unsigned char raw[32];
    random_secret(raw, 32);
    return secret_in(a, (struct slice){(const char *)raw, 32});
}

static int open_all(void **state)
{
    (void)state;
    a = arena_open(64 << 20);
    struct secret older = fresh(), none = {NULL, 0};
    ring = ring_of(fresh(), older);
    ring_before = ring_of(older, none);
    ring_other = ring_of(fresh(), none);
    jwt = session_jwt_open(ring, ISSUER);
    jwt_before = session_jwt_open(ring_before, ISSUER);
    jwt_other = session_jwt_open(ring_other, ISSUER);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    session_jwt_close(jwt);
    session_jwt_close(jwt_before);
    session_jwt_close(jwt_other);
    session_jwt_close(NULL);
    keyring_close(ring);
    keyring_close(ring_before);
    keyring_close(ring_other);
    arena_close(a);
    return 0;
}

static struct slice token_of(const struct session_jwt *j, int64_t iat, int64_t exp)
{
    struct session_claims claims = {random_text(a, 32), iat, exp};
    struct slice token = LIT("");
    assert_null(session_jwt_sign(j, a, &claims, &token));
    return token;
}

static bool reads(const struct session_jwt *j, struct slice token, int64_t now)
{
    static const struct session_claims untouched;
    struct session_claims claims = untouched;
    const struct err *why = session_jwt_read(j, a, token, now, &claims);
    if (why == NULL) return true;
    assert_int_equal(why->problem, PROBLEM_SESSION_ENDED);
    assert_memory_equal(&claims, &untouched, sizeof claims);
    return false;
}

static void what_is_signed_reads_back(void **state)
{
    (void)state;
    struct session_claims in = {random_text(a, 32), NOW, NOW + 3600}, out;
    struct slice token;
    assert_null(session_jwt_sign(jwt, a, &in, &token));
    assert_null(session_jwt_read(jwt, a, token, NOW + 1, &out));
    assert_true(slice_is(in.sid, out.sid));
    assert_int_equal(out.iat, NOW);
    assert_int_equal(out.exp, NOW + 3600);
    assert_true(token.len <= 400);
}

static void the_header_names_the_newest_key(void **state)
{
    (void)state;
    struct slice rest = token_of(jwt, NOW, NOW + 60), header, json;
    assert_true(slice_cut(&rest, '.', &header));
    assert_true(base64url_decode(a, header, &json));
    assert_true(slice_find(json, keyring_id(ring, 0)) != SLICE_NONE);
    assert_true(slice_find(json, LIT("\"HS256\"")) != SLICE_NONE);
    assert_true(slice_find(json, LIT("\"JWT\"")) != SLICE_NONE);
}

static void tokens_of_listed_keys_are_read_and_of_others_not(void **state)
{
    (void)state;
    assert_true(reads(jwt, token_of(jwt_before, NOW, NOW + 60), NOW));
    assert_false(reads(jwt_before, token_of(jwt, NOW, NOW + 60), NOW));
    assert_false(reads(jwt, token_of(jwt_other, NOW, NOW + 60), NOW));
}

static void another_issuer_is_refused(void **state)
{
    (void)state;
    struct session_jwt *elsewhere = session_jwt_open(ring, LIT("https://auth.example.net"));
    assert_false(reads(jwt, token_of(elsewhere, NOW, NOW + 60), NOW));
    assert_true(reads(elsewhere, token_of(elsewhere, NOW, NOW + 60), NOW));
    session_jwt_close(elsewhere);
}

static void time_decides(void **state)
{
    (void)state;
    struct slice token = token_of(jwt, NOW, NOW + 100);
    assert_true(reads(jwt, token, NOW + 99));
    assert_false(reads(jwt, token, NOW + 100));
    assert_false(reads(jwt, token, INT64_MAX));
    assert_true(reads(jwt, token, NOW - 60));
    assert_false(reads(jwt, token, NOW - 61));
}

static void claims_that_could_not_be_read_are_not_signed(void **state)
{
    (void)state;
    const struct session_claims bad[] = {
        {LIT_INIT("short"),                                        NOW, NOW + 1},
        {LIT_INIT(""),                                             NOW, NOW + 1},
        {LIT_INIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""), NOW, NOW + 1},
        {LIT_INIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"),  NOW, NOW + 1}, /* spare bits */
        {LIT_INIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),  NOW, NOW    },
        {LIT_INIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),  NOW, NOW - 1},
        {LIT_INIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),  -1,  5      },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slice token = LIT("untouched");
        const struct err *why = session_jwt_sign(jwt, a, &bad[i], &token);
        assert_non_null(why);
        assert_int_equal(why->problem, PROBLEM_INTERNAL);
        assert_string_equal(token.at, "untouched");
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct slice token = token_of(jwt, NOW, NOW + 60);
    char *copy = arena_bytes(a, token.len);
    for (size_t bit = 0; bit < token.len * 8; bit++) {
        memcpy(copy, token.at, token.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
        assert_false(reads(jwt, (struct slice){copy, token.len}, NOW));
    }
}

static void every_truncation_and_extension_is_refused(void **state)
{
    (void)state;
    struct slice token = token_of(jwt, NOW, NOW + 60);
    for (size_t len = 0; len < token.len; len++) {
        assert_false(reads(jwt, slice_upto(token, len), NOW));
    }
    static const char *const tails[] = {"A", "=", "==", ".", ".A", " ", "\n", "AAAA", "!"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct slice both[] = {token, slice_of(tails[i])}, turned[] = {both[1], both[0]};
        assert_false(reads(jwt, arena_join(a, both, 2), NOW));
        assert_false(reads(jwt, arena_join(a, turned, 2), NOW));
    }
}

/* Tokens with our true key but another shape: only someone inside could make them, and still they are refused. */
static struct slice forged(const char *header, const char *payload)
{
    unsigned char key[32], mac[32];
    keyring_purpose_key(ring, 0, LIT("session-jwt"), key);
    struct slice parts[] = {base64url_encode(a, slice_of(header)), LIT("."), base64url_encode(a, slice_of(payload)),
                            LIT("."), LIT("")};
    struct slice input = arena_join(a, parts, 3);
    digest_hmac_sha256((struct slice){(const char *)key, 32}, input, mac);
    struct slice whole[] = {input, LIT("."), base64url_encode(a, (struct slice){(const char *)mac, 32})};
    return arena_join(a, whole, 3);
}

#define SID "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void well_signed_tokens_of_another_shape_are_refused(void **state)
{
    (void)state;
    const char *id = arena_text(a, keyring_id(ring, 0));
    const char *ours = arena_print(a, "{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", id).at;
    const char *good =
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":1750000060}";
    assert_true(reads(jwt, forged(ours, good), NOW)); /* the forging itself works */

    const char *const headers[] = {
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"none\",\"typ\":\"JWT\"}",
        arena_print(a, "{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"JWT\"}", id).at,
        arena_print(a, "{\"alg\":\"HS512\",\"kid\":\"%s\",\"typ\":\"JWT\"}", id).at,
        arena_print(a, "{\"alg\":\"hs256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", id).at,
        arena_print(a, "{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}", id).at,
        arena_print(a, "{\"alg\": \"HS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", id).at,
        arena_print(a, "{\"kid\":\"%s\",\"alg\":\"HS256\",\"typ\":\"JWT\"}", id).at,
        "{\"alg\":\"HS256\",\"kid\":\"00000000\",\"typ\":\"JWT\"}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_false(reads(jwt, forged(headers[i], good), NOW));
    }
    static const char *const payloads[] = {
        "{}",
        "[]",
        "\"x\"",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":1750000000}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"exp\":1750000060}",
        "{\"iss\":\"https://auth.example.org\",\"iat\":1750000000,\"exp\":1750000060}",
        "{\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":1750000060}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":\"1750000060\"}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":1750000060.5}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":1e999}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":99999999999999999999}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":-5,\"exp\":1750000060}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":1750000060,"
        "\"exp\":1850000060}",
        "{\"iss\":[\"https://auth.example.org\"],\"sid\":\"" SID "\",\"iat\":1750000000,\"exp\":1750000060}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":\"A\",\"iat\":1750000000,\"exp\":1750000060}",
        "{\"iss\":\"https://auth.example.org\",\"sid\":7,\"iat\":1750000000,\"exp\":1750000060}",
    };
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        assert_false(reads(jwt, forged(ours, payloads[i]), NOW));
    }
}

static void a_huge_token_is_refused_without_a_look(void **state)
{
    (void)state;
    size_t len = (size_t)9 << 20; /* libjwt would put it on the stack */
    char *huge = arena_bytes(a, len);
    memset(huge, 'A', len);
    struct slice token = token_of(jwt, NOW, NOW + 60);
    memcpy(huge, token.at, slice_index(token, '.') + 1);
    huge[len / 2] = '.';
    assert_false(reads(jwt, (struct slice){huge, len}, NOW));
}

static void the_longest_issuer_still_works(void **state)
{
    (void)state;
    char issuer[SESSION_JWT_ISSUER_MAX];
    memset(issuer, 'a', sizeof issuer);
    struct session_jwt *j = session_jwt_open(ring, (struct slice){issuer, sizeof issuer});
    struct slice token = token_of(j, INT32_MAX, (int64_t)1 << 40);
    assert_true(token.len <= SESSION_JWT_MAX);
    assert_true(reads(j, token, INT32_MAX));
    session_jwt_close(j);
    memset(issuer, 'b', 100);
    j = session_jwt_open(ring, (struct slice){issuer, 100});
    assert_true(token_of(j, NOW, NOW + 1).len <= 400);
    session_jwt_close(j);
}

/* Both our writer and jansson have a json_string and a json_null. libjwt must keep finding jansson's. */
static void our_json_writer_does_not_stand_in_for_janssons(void **state)
{
    (void)state;
    struct buf text = buf_open(100);
    struct json j = json_into(&text);
    struct doc *root = NULL;
    json_open_object(&j, NULL);
    json_string(&j, "name", LIT("value"));
    json_null(&j, "nothing");
    json_close_object(&j);
    assert_true(slice_is(buf_slice(&text), LIT("{\"name\":\"value\",\"nothing\":null}")));
    assert_null(doc_json(a, PROBLEM_INTERNAL, buf_slice(&text), &root));
    assert_int_equal(doc_member(root, LIT("nothing"))->type, DOC_NULL);
    assert_true(reads(jwt, token_of(jwt, NOW, NOW + 60), NOW));
    buf_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_reads_back),
        cmocka_unit_test(the_header_names_the_newest_key),
        cmocka_unit_test(tokens_of_listed_keys_are_read_and_of_others_not),
        cmocka_unit_test(another_issuer_is_refused),
        cmocka_unit_test(time_decides),
        cmocka_unit_test(claims_that_could_not_be_read_are_not_signed),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_truncation_and_extension_is_refused),
        cmocka_unit_test(well_signed_tokens_of_another_shape_are_refused),
        cmocka_unit_test(a_huge_token_is_refused_without_a_look),
        cmocka_unit_test(the_longest_issuer_still_works),
        cmocka_unit_test(our_json_writer_does_not_stand_in_for_janssons),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
