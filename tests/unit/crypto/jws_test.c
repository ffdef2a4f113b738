/* The published examples verify, each kind of key verifies its own tokens, and the known attacks on JWS are refused. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/digest.h"
#include "jws_maker.h"

static struct arena *a;
static EVP_PKEY *rsa, *p256, *p384, *p521, *ed;

static int make_keys(void **state)
{
    (void)state;
    a = arena_open(64 << 20);
    rsa = maker_key("RSA:2048");
    p256 = maker_key("P-256");
    p384 = maker_key("P-384");
    p521 = maker_key("P-521");
    ed = maker_key("ED25519");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY *all[] = {rsa, p256, p384, p521, ed};
    for (size_t i = 0; i < 5; i++) {
        EVP_PKEY_free(all[i]);
    }
    arena_close(a);
    return 0;
}

#define CLAIMS "{\"iss\":\"joe\",\"exp\":1300819380}"

static struct jwks *set_of(struct slice json)
{
    struct jwks *keys = NULL;
    assert_null(jwks_read(a, json, &keys));
    return keys;
}

static enum jose_verdict verdict_on(struct slice token, const struct jwks *keys, unsigned algs)
{
    static const struct jws untouched;
    struct jws jws = untouched;
    const struct err *why = NULL;
    enum jose_verdict v = jws_verify(a, token, keys, algs, &jws, &why);
    if (v == JOSE_GOOD) {
        assert_non_null(jws.claims);
    } else {
        assert_non_null(why);
        assert_int_equal(why->problem, PROBLEM_PROVIDER_BROKEN);
        assert_memory_equal(&jws, &untouched, sizeof jws);
    }
    return v;
}

static enum jose_verdict verdict_with(struct slice token, struct slice set, unsigned algs)
{
    struct jwks *keys = set_of(set);
    enum jose_verdict v = verdict_on(token, keys, algs);
    jwks_drop(keys);
    return v;
}

/* The reason for a refusal: tells a refusal for the tested fault from one by accident. */
static const char *reason_with(struct slice token, struct slice set, unsigned algs)
{
    struct jwks *keys = set_of(set);
    struct jws jws;
    const struct err *why = NULL;
    const char *text = "good";
    if (jws_verify(a, token, keys, algs, &jws, &why) != JOSE_GOOD) text = arena_text(a, err_story(a, why));
    jwks_drop(keys);
    return text;
}

/* ---- published examples ---- */

static struct slice file(const char *name)
{
    const char *path = arena_print(a, "%s/unit/crypto/vectors/%s", TESTS_FOLDER, name).at;
    char *bytes = arena_bytes(a, 4096);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t len = fread(bytes, 1, 4096, f);
    fclose(f);
    while (len != 0 && bytes[len - 1] == '\n')
        len--;
    return (struct slice){bytes, len};
}

static void the_examples_of_rfc_7515_verify(void **state)
{
    (void)state;
    struct jwks *rs = set_of(file("rfc7515_a2.jwks")), *es = set_of(file("rfc7515_a3.jwks"));
    assert_int_equal(verdict_on(file("rfc7515_a2.jws"), rs, JOSE_RS256), JOSE_GOOD);
    assert_int_equal(verdict_on(file("rfc7515_a3.jws"), es, JOSE_ES256), JOSE_GOOD);
    assert_int_equal(verdict_on(file("rfc7515_a2.jws"), es, JOSE_ASYMMETRIC), JOSE_UNKNOWN_KEY);
    assert_int_equal(verdict_on(file("rfc7515_a3.jws"), es, JOSE_RS256), JOSE_BAD);
    struct jws jws;
    const struct err *why;
    assert_int_equal(jws_verify(a, file("rfc7515_a3.jws"), es, JOSE_ES256, &jws, &why), JOSE_GOOD);
    int64_t exp = 0;
    assert_true(doc_whole(doc_member(jws.claims, LIT("exp")), &exp));
    assert_int_equal(exp, 1300819380);
    assert_true(slice_starts(jws.payload, LIT("{\"iss\":\"joe\",\r\n")));
    assert_int_equal(jws.alg, JOSE_ES256);
    assert_int_equal(jws.kid.len, 0);
    jwks_drop(rs);
    jwks_drop(es);
}

/* Its payload is no JSON object, so the token as a whole is refused, but only behind its signature. */
static void the_signature_of_rfc_8037_a4_fits(void **state)
{
    (void)state;
    struct slice token = file("rfc8037_a4.jws"), set = file("rfc8037_a4.jwks");
    assert_non_null(strstr(reason_with(token, set, JOSE_EDDSA), "claims"));
    char *flipped = arena_bytes(a, token.len);
    memcpy(flipped, token.at, token.len);
    flipped[token.len - 10] = flipped[token.len - 10] == 'A' ? 'B' : 'A';
    assert_non_null(strstr(reason_with((struct slice){flipped, token.len}, set, JOSE_EDDSA), "signature does not fit"));
}

/* ---- every algorithm ---- */

static void each_algorithm_verifies_its_own_tokens_only(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = {rsa, rsa, rsa, rsa, rsa, rsa, p256, p384, p521, ed};
    struct slice tokens[10];
    for (int i = 0; i < 10; i++) {
        enum jose_alg alg = (enum jose_alg)(1 << i);
        const char *header = arena_print(a, "{\"alg\":\"%s\"}", jose_alg_name(alg).at).at;
        tokens[i] = maker_token(a, keys[i], alg, header, CLAIMS);
        struct slice set = maker_set(a, maker_members(a, keys[i]), "");
        assert_int_equal(verdict_with(tokens[i], set, (unsigned)alg), JOSE_GOOD);
        assert_int_equal(verdict_with(tokens[i], set, JOSE_ASYMMETRIC), JOSE_GOOD);
        assert_int_equal(verdict_with(tokens[i], set, JOSE_ASYMMETRIC & ~(unsigned)alg), JOSE_BAD);
        assert_int_equal(verdict_with(tokens[i], set, 0), JOSE_BAD);
    }
    /* a header that claims another algorithm than the signature was made with */
    for (int i = 0; i < 10; i++) {
        for (int j = 0; j < 10; j++) {
            if (i == j) continue;
            const char *header = arena_print(a, "{\"alg\":\"%s\"}", jose_alg_name((enum jose_alg)(1 << j)).at).at;
            struct slice forged = maker_token(a, keys[i], (enum jose_alg)(1 << i), header, CLAIMS);
            struct slice set = maker_set(a, maker_members(a, keys[i]), "");
            assert_int_not_equal(verdict_with(forged, set, JOSE_ASYMMETRIC), JOSE_GOOD);
        }
    }
}

static void both_names_of_ed25519_are_read(void **state)
{
    (void)state;
    struct slice set = maker_set(a, maker_members(a, ed), ",\"alg\":\"Ed25519\"");
    assert_int_equal(verdict_with(maker_token(a, ed, JOSE_EDDSA, "{\"alg\":\"Ed25519\"}", CLAIMS), set, JOSE_EDDSA),
                     JOSE_GOOD);
    assert_int_equal(verdict_with(maker_token(a, ed, JOSE_EDDSA, "{\"alg\":\"EdDSA\"}", CLAIMS), set, JOSE_EDDSA),
                     JOSE_GOOD);
    assert_int_equal(verdict_with(maker_token(a, ed, JOSE_EDDSA, "{\"alg\":\"Ed448\"}", CLAIMS), set, JOSE_EDDSA),
                     JOSE_BAD);
}

static void names_of_algorithms_are_exact(void **state)
{
    (void)state;
    static const char *const bad[] = {"none",  "None", "NONE", "nOnE",   "HS256",  "hs256", "rs256",
                                      "Rs256", "RS1",  "",     "RS256 ", "ES256K", "RSA1_5"};
    enum jose_alg alg;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(jose_alg_of(slice_of(bad[i]), &alg));
    }
    assert_true(jose_alg_of(LIT("PS384"), &alg));
    assert_int_equal(alg, JOSE_PS384);
    assert_string_equal(jose_alg_name(JOSE_EDDSA).at, "EdDSA");
}

/* ---- headers that attack ---- */

static void wrong_headers_are_refused_even_when_well_signed(void **state)
{
    (void)state;
    static const struct {
        const char *header, *reason;
    } cases[] = {
        {"{\"alg\":\"none\"}",                                   "alg is none"   },
        {"{\"alg\":\"None\"}",                                   "alg is none"   },
        {"{\"alg\":\"NONE\"}",                                   "alg is none"   },
        {"{\"alg\":\"HS256\"}",                                  "alg is none"   },
        {"{\"alg\":\"rs256\"}",                                  "alg is none"   },
        {"{\"alg\":\"\"}",                                       "alg is none"   },
        {"{\"alg\":null}",                                       "alg is none"   },
        {"{\"alg\":256}",                                        "alg is none"   },
        {"{\"alg\":[\"RS256\"]}",                                "alg is none"   },
        {"{\"typ\":\"JWT\"}",                                    "alg is none"   },
        {"{\"alg\":\"RS256\",\"crit\":[\"exp\"]}",               "crit"          },
        {"{\"alg\":\"RS256\",\"crit\":[]}",                      "crit"          },
        {"{\"alg\":\"RS256\",\"crit\":null}",                    "crit"          },
        {"{\"alg\":\"RS256\",\"b64\":false}",                    "b64"           },
        {"{\"alg\":\"RS256\",\"b64\":true}",                     "b64"           },
        {"{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", "crit"          },
        {"{\"alg\":\"RS256\",\"kid\":7}",                        "kid"           },
        {"{\"alg\":\"RS256\",\"kid\":null}",                     "kid"           },
        {"{\"alg\":\"RS256\",\"typ\":{}}",                       "typ"           },
        {"{\"alg\":\"none\",\"alg\":\"RS256\"}",                 "twice"         },
        {"{\"alg\":\"RS256\",\"alg\":\"RS256\"}",                "twice"         },
        {"[\"RS256\"]",                                          "no JSON object"},
        {"\"RS256\"",                                            "no JSON object"},
        {"{\"alg\":\"RS256\"} x",                                "not JSON"      },
        {"{\"alg\":\"RS256\",}",                                 "not JSON"      },
        {"{'alg':'RS256'}",                                      "not JSON"      },
        {"\xef\xbb\xbf{\"alg\":\"RS256\"}",                      "not JSON"      },
        {"{\"alg\":\"RS256\",\"x\":\"\xff\"}",                   "not JSON"      },
    };
    struct slice set = maker_set(a, maker_members(a, rsa), "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice token = maker_token(a, rsa, JOSE_RS256, cases[i].header, CLAIMS);
        assert_non_null(strstr(reason_with(token, set, JOSE_ASYMMETRIC), cases[i].reason));
    }
}

/* The classic: an HMAC keyed with what everybody can read. */
static void a_mac_made_with_the_public_key_is_refused(void **state)
{
    (void)state;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, rsa), 1);
    char *pem;
    long len = BIO_get_mem_data(bio, &pem);
    struct slice set = maker_set(a, maker_members(a, rsa), ",\"kid\":\"1\"");
    static const char *const algs[] = {"HS256", "RS256"};
    for (int i = 0; i < 2; i++) {
        unsigned char mac[32];
        const char *header = arena_print(a, "{\"alg\":\"%s\",\"kid\":\"1\"}", algs[i]).at;
        struct slice input = maker_input(a, slice_of(header), LIT(CLAIMS));
        digest_hmac_sha256((struct slice){pem, (size_t)len}, input, mac);
        struct slice token = maker_join(a, input, (struct slice){(const char *)mac, 32});
        assert_int_equal(verdict_with(token, set, JOSE_ASYMMETRIC), JOSE_BAD);
    }
    BIO_free(bio);
}

static void keys_offered_by_the_token_itself_are_not_looked_at(void **state)
{
    (void)state;
    EVP_PKEY *mallory = maker_key("P-256");
    const char *header = arena_print(a,
                                     "{\"alg\":\"ES256\",\"jwk\":{%s},\"jku\":\"https://mallory.example/k\","
                                     "\"x5u\":\"https://mallory.example/c\",\"x5c\":[\"AAAA\"]}",
                                     maker_members(a, mallory))
                             .at;
    struct slice set = maker_set(a, maker_members(a, p256), "");
    assert_int_equal(verdict_with(maker_token(a, mallory, JOSE_ES256, header, CLAIMS), set, JOSE_ES256), JOSE_BAD);
    assert_int_equal(verdict_with(maker_token(a, p256, JOSE_ES256, header, CLAIMS), set, JOSE_ES256), JOSE_GOOD);
    EVP_PKEY_free(mallory);
}

/* ---- shapes ---- */

static void only_three_full_parts_are_a_token(void **state)
{
    (void)state;
    struct slice set = maker_set(a, maker_members(a, p256), "");
    struct slice good = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\"}", CLAIMS);
    size_t first = slice_index(good, '.');
    size_t second = first + 1 + slice_index(slice_from(good, first + 1), '.');
    struct slice h = slice_upto(good, first), s = slice_from(good, second + 1);
    struct slice p = slice_upto(slice_from(good, first + 1), second - first - 1), dot = LIT(".");
    const struct slice bad[] = {
        slice_of(NULL),
        LIT("."),
        LIT(".."),
        LIT("..."),
        h,
        slice_upto(good, second),
        slice_upto(good, second + 1),
        arena_join(a, (struct slice[]){good, dot}, 2),
        arena_join(a, (struct slice[]){dot, good}, 2),
        arena_join(a, (struct slice[]){good, LIT(".AAAA.AAAA")}, 2),
        arena_join(a, (struct slice[]){good, dot, s}, 3),
        arena_join(a, (struct slice[]){h, dot, dot, s}, 4),
        arena_join(a, (struct slice[]){dot, p, dot, s}, 4),
        arena_join(a, (struct slice[]){h, dot, p, dot, dot, s}, 6),
        arena_join(a, (struct slice[]){LIT(" "), good}, 2),
        arena_join(a, (struct slice[]){good, LIT("\n")}, 2),
        arena_join(a, (struct slice[]){good, LIT("=")}, 2),
        arena_join(a, (struct slice[]){good, LIT("==")}, 2),
        arena_join(a, (struct slice[]){good, LIT("A")}, 2),
        arena_join(a, (struct slice[]){good, LIT("AAAA")}, 2),
        arena_join(a, (struct slice[]){good, LIT("!!!")}, 2),
        arena_join(a, (struct slice[]){h, LIT("=."), p, dot, s}, 5),
        arena_join(a, (struct slice[]){h, dot, p, LIT("=."), s}, 5),
        arena_join(a, (struct slice[]){h, dot, p, LIT(". "), s}, 5),
        arena_join(a, (struct slice[]){h, dot, p, LIT("\0."), s}, 5),
    };
    assert_int_equal(verdict_with(good, set, JOSE_ES256), JOSE_GOOD);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(verdict_with(bad[i], set, JOSE_ES256), JOSE_BAD);
    }
}

static void every_change_of_one_character_is_refused(void **state)
{
    (void)state;
    struct jwks *keys = set_of(maker_set(a, maker_members(a, p256), ""));
    struct slice good = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\"}", CLAIMS);
    char *copy = arena_bytes(a, good.len);
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        memcpy(copy, good.at, good.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(verdict_on((struct slice){copy, good.len}, keys, JOSE_ES256), JOSE_BAD);
    }
    jwks_drop(keys);
}

/* 64 bytes end in a character of which four bits are spare: another spelling of the same signature. */
static void spare_bits_of_the_last_character_must_be_zero(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct slice set = maker_set(a, maker_members(a, p256), "");
    struct slice good = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\"}", CLAIMS);
    char *copy = arena_bytes(a, good.len);
    memcpy(copy, good.at, good.len);
    size_t value = (size_t)(strchr(alphabet, copy[good.len - 1]) - alphabet);
    assert_int_equal(value % 16, 0);
    copy[good.len - 1] = alphabet[value + 1];
    assert_non_null(strstr(reason_with((struct slice){copy, good.len}, set, JOSE_ES256), "base64url"));
}

static void oversized_tokens_are_refused_before_anything_else(void **state)
{
    (void)state;
    struct slice set = maker_set(a, maker_members(a, p256), "");
    char *huge = arena_bytes(a, JOSE_MAX_TOKEN + 1);
    memset(huge, 'A', JOSE_MAX_TOKEN + 1);
    assert_non_null(strstr(reason_with((struct slice){huge, JOSE_MAX_TOKEN + 1}, set, JOSE_ES256), "64 KiB"));
    memset(huge, '.', JOSE_MAX_TOKEN);
    assert_int_equal(verdict_with((struct slice){huge, JOSE_MAX_TOKEN}, set, JOSE_ES256), JOSE_BAD);
    huge[20000] = 'A';
    memset(huge, 'A', 20000);
    assert_int_equal(verdict_with((struct slice){huge, 20003}, set, JOSE_ES256), JOSE_BAD);
}

/* Whoever sends it: verifying stays inside the budget that the header of jose.h names. */
static void the_widest_claims_stay_inside_the_stated_memory(void **state)
{
    (void)state;
    char *json = arena_bytes(a, 48000);
    struct jwks *keys = set_of(maker_set(a, maker_members(a, p256), ""));
    static const size_t widths[] = {2000, 2047, 3000, 20000};
    for (size_t w = 0; w < 4; w++) {
        size_t len = 0;
        len += (size_t)snprintf(json, 48000, "{\"a\":[1");
        for (size_t i = 0; i < widths[w]; i++) {
            json[len++] = ',';
            json[len++] = '1';
        }
        json[len++] = ']';
        json[len++] = '}';
        json[len] = '\0';
        struct slice token = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\"}", json);
        struct arena *small = arena_open(JOSE_ARENA_BYTES);
        struct jws jws;
        const struct err *why;
        enum jose_verdict v = jws_verify(small, token, keys, JOSE_ES256, &jws, &why);
        assert_int_equal(v, widths[w] < 2047 ? JOSE_GOOD : JOSE_BAD);
        arena_close(small);
    }
    /* few values, but many bytes */
    memset(json, 'x', 47000);
    memcpy(json, "{\"a\":\"", 6);
    memcpy(json + 47000, "\"}", 3);
    struct slice token = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\"}", json);
    struct arena *small = arena_open(JOSE_ARENA_BYTES);
    struct jws jws;
    const struct err *why;
    assert_int_equal(jws_verify(small, token, keys, JOSE_ES256, &jws, &why), JOSE_GOOD);
    arena_close(small);
    jwks_drop(keys);
}

static void claims_must_be_one_object_without_duplicates(void **state)
{
    (void)state;
    struct slice set = maker_set(a, maker_members(a, p256), "");
    static const char *const bad[] = {"[]",        "\"x\"", "1",    "null", "{\"sub\":\"a\",\"sub\":\"b\"}",
                                      "{} {}",     "{",     "\xff", "x",    "{\"a\":\"\\u0000\"}",
                                      "{\"a\":01}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slice token = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\"}", bad[i]);
        assert_non_null(strstr(reason_with(token, set, JOSE_ES256), "claims"));
    }
}

/* ---- signatures that attack ---- */

static void es_signatures_are_raw_pairs_of_the_right_length(void **state)
{
    (void)state;
    struct slice set = maker_set(a, maker_members(a, p256), "");
    struct slice input = maker_input(a, LIT("{\"alg\":\"ES256\"}"), LIT(CLAIMS));
    struct slice raw = maker_signature(a, p256, JOSE_ES256, input);
    char zero[64] = {0}, half[64];
    struct slice one_zero = {zero, 1}, pad = {zero, 16};
    static const unsigned char order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                            0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                            0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    assert_int_equal(verdict_with(maker_join(a, input, raw), set, JOSE_ES256), JOSE_GOOD);

    /* as OpenSSL and X.509 write it */
    ECDSA_SIG *pair = ECDSA_SIG_new();
    ECDSA_SIG_set0(pair, BN_bin2bn((const unsigned char *)raw.at, 32, NULL),
                   BN_bin2bn((const unsigned char *)raw.at + 32, 32, NULL));
    unsigned char der[80], *to = der;
    int der_len = i2d_ECDSA_SIG(pair, &to);
    ECDSA_SIG_free(pair);
    assert_int_equal(
        verdict_with(maker_join(a, input, (struct slice){(const char *)der, (size_t)der_len}), set, JOSE_ES256),
        JOSE_BAD);

    struct slice all_zero = {zero, 64};
    assert_int_equal(verdict_with(maker_join(a, input, all_zero), set, JOSE_ES256), JOSE_BAD);
    memcpy(half, raw.at, 64);
    memset(half, 0, 32);
    assert_int_equal(verdict_with(maker_join(a, input, (struct slice){half, 64}), set, JOSE_ES256), JOSE_BAD);
    memcpy(half, raw.at, 64);
    memset(half + 32, 0, 32);
    assert_int_equal(verdict_with(maker_join(a, input, (struct slice){half, 64}), set, JOSE_ES256), JOSE_BAD);
    memcpy(half, order, 32);
    assert_int_equal(verdict_with(maker_join(a, input, (struct slice){half, 64}), set, JOSE_ES256), JOSE_BAD);
    for (size_t len = 60; len < 64; len++) {
        assert_int_equal(verdict_with(maker_join(a, input, slice_upto(raw, len)), set, JOSE_ES256), JOSE_BAD);
    }
    struct slice longer = arena_join(a, (struct slice[]){raw, one_zero}, 2);
    assert_int_equal(verdict_with(maker_join(a, input, longer), set, JOSE_ES256), JOSE_BAD);
    /* zero-padded to the length of another curve */
    struct slice wide = arena_join(a, (struct slice[]){pad, slice_upto(raw, 32), pad, slice_from(raw, 32)}, 4);
    assert_int_equal(verdict_with(maker_join(a, input, wide), set, JOSE_ES256), JOSE_BAD);
}

static void rsa_and_ed25519_signatures_have_the_length_of_their_key(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = {rsa, rsa, ed};
    static const enum jose_alg algs[] = {JOSE_RS256, JOSE_PS256, JOSE_EDDSA};
    struct slice one_zero = LIT("\0");
    for (int i = 0; i < 3; i++) {
        const char *header = arena_print(a, "{\"alg\":\"%s\"}", jose_alg_name(algs[i]).at).at;
        struct slice set = maker_set(a, maker_members(a, keys[i]), "");
        struct slice input = maker_input(a, slice_of(header), LIT(CLAIMS));
        struct slice raw = maker_signature(a, keys[i], algs[i], input);
        struct slice front = arena_join(a, (struct slice[]){one_zero, raw}, 2);
        struct slice back = arena_join(a, (struct slice[]){raw, one_zero}, 2);
        assert_int_equal(verdict_with(maker_join(a, input, raw), set, JOSE_ASYMMETRIC), JOSE_GOOD);
        assert_int_equal(verdict_with(maker_join(a, input, front), set, JOSE_ASYMMETRIC), JOSE_BAD);
        assert_int_equal(verdict_with(maker_join(a, input, back), set, JOSE_ASYMMETRIC), JOSE_BAD);
        assert_int_equal(verdict_with(maker_join(a, input, slice_upto(raw, raw.len - 1)), set, JOSE_ASYMMETRIC),
                         JOSE_BAD);
    }
}

static void pss_with_another_salt_length_is_refused(void **state)
{
    (void)state;
    struct slice input = maker_input(a, LIT("{\"alg\":\"PS256\"}"), LIT(CLAIMS));
    unsigned char out[256];
    size_t len = sizeof out;
    EVP_PKEY_CTX *pctx;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    must(EVP_DigestSignInit_ex(c, &pctx, "SHA256", NULL, NULL, rsa, NULL) == 1);
    must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1);
    must(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 0) == 1);
    must(EVP_DigestSign(c, out, &len, (const unsigned char *)input.at, input.len) == 1);
    EVP_MD_CTX_free(c);
    assert_int_equal(verdict_with(maker_join(a, input, (struct slice){(const char *)out, len}),
                                  maker_set(a, maker_members(a, rsa), ""), JOSE_PS256),
                     JOSE_BAD);
}

/* ---- which key ---- */

static void what_a_key_declares_must_fit_the_token(void **state)
{
    (void)state;
    struct slice rs = maker_token(a, rsa, JOSE_RS256, "{\"alg\":\"RS256\"}", CLAIMS);
    const char *members = maker_members(a, rsa);
    static const char *const fits[] = {"", ",\"alg\":\"RS256\"", ",\"use\":\"sig\"", ",\"key_ops\":[\"verify\"]",
                                       ",\"x5t\":\"abc\",\"unknown\":{\"deep\":[1]}"};
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        assert_int_equal(verdict_with(rs, maker_set(a, members, fits[i]), JOSE_ASYMMETRIC), JOSE_GOOD);
    }
    static const char *const other[] = {",\"alg\":\"PS256\"", ",\"alg\":\"RS384\""};
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        assert_int_equal(verdict_with(rs, maker_set(a, members, other[i]), JOSE_ASYMMETRIC), JOSE_UNKNOWN_KEY);
    }
    /* the type of the key decides, not the name in the token */
    struct slice es = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\"}", CLAIMS);
    assert_int_equal(verdict_with(es, maker_set(a, members, ""), JOSE_ASYMMETRIC), JOSE_UNKNOWN_KEY);
    assert_int_equal(verdict_with(es, maker_set(a, maker_members(a, p384), ""), JOSE_ASYMMETRIC), JOSE_UNKNOWN_KEY);
}

static struct slice two_keys(const char *first, const char *second)
{
    return arena_print(a, "{\"keys\":[{%s},{%s}]}", first, second);
}

static void kid_picks_the_key(void **state)
{
    (void)state;
    EVP_PKEY *other = maker_key("P-256");
    const char *one = arena_print(a, "%s,\"kid\":\"one\"", maker_members(a, p256)).at;
    const char *two = arena_print(a, "%s,\"kid\":\"two\"", maker_members(a, other)).at;
    const char *bare = maker_members(a, p256);
    struct slice set = two_keys(one, two);
    static const struct {
        const char *header;
        enum jose_verdict verdict;
    } cases[] = {
        {"{\"alg\":\"ES256\",\"kid\":\"one\"}",    JOSE_GOOD       },
        {"{\"alg\":\"ES256\",\"kid\":\"two\"}",    JOSE_BAD        },
        {"{\"alg\":\"ES256\",\"kid\":\"three\"}",  JOSE_UNKNOWN_KEY},
        {"{\"alg\":\"ES256\",\"kid\":\"One\"}",    JOSE_UNKNOWN_KEY},
        {"{\"alg\":\"ES256\",\"kid\":\"on\"}",     JOSE_UNKNOWN_KEY},
        {"{\"alg\":\"ES256\",\"kid\":\"../one\"}", JOSE_UNKNOWN_KEY},
        {"{\"alg\":\"ES256\"}",                    JOSE_GOOD       },
        {"{\"alg\":\"ES256\",\"kid\":\"\"}",       JOSE_GOOD       },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice token = maker_token(a, p256, JOSE_ES256, cases[i].header, CLAIMS);
        assert_int_equal(verdict_with(token, set, JOSE_ES256), cases[i].verdict);
    }
    struct slice named = maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\",\"kid\":\"one\"}", CLAIMS);
    assert_int_equal(verdict_with(named, maker_set(a, bare, ""), JOSE_ES256), JOSE_UNKNOWN_KEY);
    EVP_PKEY_free(other);
}

static void keys_that_share_a_kid_are_told_apart_by_their_type(void **state)
{
    (void)state;
    const char *r = arena_print(a, "%s,\"kid\":\"same\"", maker_members(a, rsa)).at;
    const char *e = arena_print(a, "%s,\"kid\":\"same\"", maker_members(a, p256)).at;
    struct slice set = two_keys(r, e);
    assert_int_equal(verdict_with(maker_token(a, rsa, JOSE_PS256, "{\"alg\":\"PS256\",\"kid\":\"same\"}", CLAIMS), set,
                                  JOSE_ASYMMETRIC),
                     JOSE_GOOD);
    assert_int_equal(verdict_with(maker_token(a, p256, JOSE_ES256, "{\"alg\":\"ES256\",\"kid\":\"same\"}", CLAIMS), set,
                                  JOSE_ASYMMETRIC),
                     JOSE_GOOD);
    assert_int_equal(verdict_with(maker_token(a, ed, JOSE_EDDSA, "{\"alg\":\"EdDSA\",\"kid\":\"same\"}", CLAIMS), set,
                                  JOSE_ASYMMETRIC),
                     JOSE_UNKNOWN_KEY);
}

static void without_kid_at_most_eight_keys_are_tried(void **state)
{
    (void)state;
    struct buf json = buf_open(64 * 1024);
    buf_add(&json, LIT("{\"keys\":["));
    EVP_PKEY *last = NULL, *eighth = NULL;
    for (int i = 0; i < 9; i++) {
        EVP_PKEY *key = maker_key("P-256");
        buf_print(&json, "%s{%s}", i != 0 ? "," : "", maker_members(a, key));
        if (i == 7)
            eighth = key;
        else if (i == 8)
            last = key;
        else
            EVP_PKEY_free(key);
    }
    buf_add(&json, LIT("]}"));
    struct jwks *keys = set_of(buf_slice(&json));
    assert_int_equal(jwks_count(keys), 9);
    assert_int_equal(verdict_on(maker_token(a, eighth, JOSE_ES256, "{\"alg\":\"ES256\"}", CLAIMS), keys, JOSE_ES256),
                     JOSE_GOOD);
    assert_int_equal(verdict_on(maker_token(a, last, JOSE_ES256, "{\"alg\":\"ES256\"}", CLAIMS), keys, JOSE_ES256),
                     JOSE_BAD);
    EVP_PKEY_free(last);
    EVP_PKEY_free(eighth);
    jwks_drop(keys);
    buf_close(&json);
}

static void a_failed_check_leaves_nothing_in_openssls_error_queue(void **state)
{
    (void)state;
    struct slice token = maker_token(a, rsa, JOSE_RS256, "{\"alg\":\"RS256\"}", CLAIMS);
    EVP_PKEY *other = maker_key("RSA:2048");
    assert_int_equal(verdict_with(token, maker_set(a, maker_members(a, other), ""), JOSE_RS256), JOSE_BAD);
    assert_int_equal(ERR_peek_error(), 0);
    EVP_PKEY_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_7515_verify),
        cmocka_unit_test(the_signature_of_rfc_8037_a4_fits),
        cmocka_unit_test(each_algorithm_verifies_its_own_tokens_only),
        cmocka_unit_test(both_names_of_ed25519_are_read),
        cmocka_unit_test(names_of_algorithms_are_exact),
        cmocka_unit_test(wrong_headers_are_refused_even_when_well_signed),
        cmocka_unit_test(a_mac_made_with_the_public_key_is_refused),
        cmocka_unit_test(keys_offered_by_the_token_itself_are_not_looked_at),
        cmocka_unit_test(only_three_full_parts_are_a_token),
        cmocka_unit_test(every_change_of_one_character_is_refused),
        cmocka_unit_test(spare_bits_of_the_last_character_must_be_zero),
        cmocka_unit_test(oversized_tokens_are_refused_before_anything_else),
        cmocka_unit_test(the_widest_claims_stay_inside_the_stated_memory),
        cmocka_unit_test(claims_must_be_one_object_without_duplicates),
        cmocka_unit_test(es_signatures_are_raw_pairs_of_the_right_length),
        cmocka_unit_test(rsa_and_ed25519_signatures_have_the_length_of_their_key),
        cmocka_unit_test(pss_with_another_salt_length_is_refused),
        cmocka_unit_test(what_a_key_declares_must_fit_the_token),
        cmocka_unit_test(kid_picks_the_key),
        cmocka_unit_test(keys_that_share_a_kid_are_told_apart_by_their_type),
        cmocka_unit_test(without_kid_at_most_eight_keys_are_tried),
        cmocka_unit_test(a_failed_check_leaves_nothing_in_openssls_error_queue),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
