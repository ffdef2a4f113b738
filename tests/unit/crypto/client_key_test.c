/* Client keys sign what others can verify, tell which key they are, and refuse what is no key to sign with. */
#include "crypto/client_key.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/digest.h"
#include "jws_maker.h"

static struct arena *a;

static int open_arena(void **state)
{
    (void)state;
    a = arena_open(64 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(a);
    return 0;
}

static struct slice taken(BIO *bio)
{
    char *at;
    long len = BIO_get_mem_data(bio, &at);
    struct slice text = arena_copy(a, (struct slice){at, (size_t)len});
    BIO_free(bio);
    return text;
}

static struct slice pem_of(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    return taken(bio);
}

static X509 *certificate_of(EVP_PKEY *key)
{
    X509 *x = X509_new();
    must(X509_set_version(x, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1);
    must(X509_gmtime_adj(X509_getm_notBefore(x), 0) != NULL && X509_gmtime_adj(X509_getm_notAfter(x), 3600) != NULL);
    must(X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256()) != 0);
    return x;
}

static struct slice with_certificate(struct slice pem, X509 *x)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(bio, x) == 1);
    return arena_join(a, (struct slice[]){pem, taken(bio)}, 2);
}

static struct doc *header_of(struct slice token)
{
    struct slice text;
    struct doc *d;
    assert_true(base64url_decode(a, slice_upto(token, slice_index(token, '.')), &text));
    assert_null(doc_json(a, PROBLEM_INTERNAL, text, &d));
    return d;
}

static void a_token_of_each_kind_of_key_is_verified_with_its_public_half(void **state)
{
    (void)state;
    const struct {
        const char *kind;
        unsigned algs;
    } kinds[] = {
        {"P-256",    JOSE_ES256             },
        {"RSA:2048", JOSE_RS256 | JOSE_PS256}
    };
    for (size_t i = 0; i < 2; i++) {
        EVP_PKEY *key = maker_key(kinds[i].kind);
        struct client_key *k;
        struct jwks *set;
        assert_null(client_key_read(a, pem_of(key), &k));
        assert_int_equal(client_key_algs(k), kinds[i].algs);
        assert_null(jwks_read(a, maker_set(a, maker_members(a, key), ",\"kid\":\"mine\""), &set));
        for (unsigned alg = 1; alg <= JOSE_EDDSA; alg <<= 1) {
            if ((kinds[i].algs & alg) == 0) continue;
            struct slice token = client_key_sign(a, k, (enum jose_alg)alg, LIT("mine"), LIT("{\"iss\":\"me\"}"));
            struct jws seen;
            const struct err *why = NULL;
            assert_int_equal(jws_verify(a, token, set, alg, &seen, &why), JOSE_GOOD);
            assert_true(slice_is(doc_string(seen.claims, LIT("iss")), LIT("me")));
            assert_true(slice_is(seen.kid, LIT("mine")));
            assert_null(doc_member(header_of(token), LIT("x5t")));
        }
        jwks_drop(set);
        client_key_close(k);
        EVP_PKEY_free(key);
    }
}

static void a_certificate_beside_the_key_puts_its_thumbprints_into_the_header(void **state)
{
    (void)state;
    EVP_PKEY *key = maker_key("RSA:2048");
    X509 *x = certificate_of(key);
    struct client_key *k;
    unsigned char hash[32];
    unsigned len;
    assert_null(client_key_read(a, with_certificate(pem_of(key), x), &k));
    struct doc *header = header_of(client_key_sign(a, k, JOSE_PS256, LIT(""), LIT("{}")));
    must(X509_digest(x, EVP_sha256(), hash, &len) == 1);
    struct slice thumb = base64url_encode(a, (struct slice){(const char *)hash, len});
    assert_true(slice_is(doc_string(header, LIT("x5t#S256")), thumb));
    assert_int_equal(doc_string(header, LIT("x5t")).len, 27);
    assert_null(doc_member(header, LIT("kid")));
    assert_true(slice_is(doc_string(header, LIT("alg")), LIT("PS256")));
    client_key_close(k);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void what_is_no_key_to_sign_with_is_refused(void **state)
{
    (void)state;
    EVP_PKEY *weak = maker_key("RSA:1024"), *p384 = maker_key("P-384"), *ed = maker_key("ED25519");
    EVP_PKEY *mine = maker_key("P-256"), *other = maker_key("P-256");
    X509 *x = certificate_of(other);
    const struct slice bad[] = {
        LIT(""),
        LIT("no PEM"),
        LIT("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        pem_of(weak),
        pem_of(p384),
        pem_of(ed),
        with_certificate(pem_of(mine), x),
        {arena_alloc(a, CLIENT_KEY_PEM_MAX + 1), CLIENT_KEY_PEM_MAX + 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct client_key *k = NULL;
        const struct err *why = client_key_read(a, bad[i], &k);
        assert_non_null(why);
        assert_int_equal(why->problem, PROBLEM_CONFIG);
        assert_null(k);
    }
    X509_free(x);
    EVP_PKEY *all[] = {weak, p384, ed, mine, other};
    for (size_t i = 0; i < 5; i++)
        EVP_PKEY_free(all[i]);
}

static struct slice hs256(struct slice secret, const char *header, const char *claims)
{
    unsigned char mac[32];
    struct slice input = maker_input(a, slice_of(header), slice_of(claims));
    digest_hmac_sha256(secret, input, mac);
    return maker_join(a, input, (struct slice){(const char *)mac, 32});
}

static void hs256_tokens_fit_their_secret_alone_and_nothing_else_passes_for_them(void **state)
{
    (void)state;
    static const struct slice secret = LIT_INIT("0123456789abcdef0123456789abcdef");
    const struct {
        struct slice token, secret;
        enum jose_verdict verdict;
    } cases[] = {
        {hs256(secret, "{\"alg\":\"HS256\"}", "{\"iss\":\"joe\"}"),                     secret,                                  JOSE_GOOD},
        {hs256(secret, "{\"alg\":\"HS256\",\"kid\":\"x\"}", "{\"iss\":\"joe\"}"),       secret,                                  JOSE_GOOD},
        {hs256(secret, "{\"alg\":\"HS256\"}", "{}"),                                    LIT("0123456789abcdef0123456789abcdeF"), JOSE_BAD },
        {hs256(LIT("short"), "{\"alg\":\"HS256\"}", "{}"),                              LIT("short"),                            JOSE_BAD },
        {hs256(LIT(""), "{\"alg\":\"HS256\"}", "{}"),                                   LIT(""),                                 JOSE_BAD },
        {hs256(secret, "{\"alg\":\"none\"}", "{}"),                                     secret,                                  JOSE_BAD },
        {hs256(secret, "{\"alg\":\"HS384\"}", "{}"),                                    secret,                                  JOSE_BAD },
        {hs256(secret, "{\"alg\":\"RS256\"}", "{}"),                                    secret,                                  JOSE_BAD },
        {hs256(secret, "{\"alg\":\"HS256\",\"crit\":[\"x\"]}", "{}"),                   secret,                                  JOSE_BAD },
        {hs256(secret, "{\"alg\":\"HS256\"}", "[]"),                                    secret,                                  JOSE_BAD },
        {maker_join(a, maker_input(a, LIT("{\"alg\":\"HS256\"}"), LIT("{}")), LIT("")), secret,                                  JOSE_BAD },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jws seen;
        const struct err *why = NULL;
        assert_int_equal(jws_verify_hs256(a, cases[i].token, cases[i].secret, &seen, &why), cases[i].verdict);
        assert_true((why == NULL) == (cases[i].verdict == JOSE_GOOD));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_of_each_kind_of_key_is_verified_with_its_public_half),
        cmocka_unit_test(a_certificate_beside_the_key_puts_its_thumbprints_into_the_header),
        cmocka_unit_test(what_is_no_key_to_sign_with_is_refused),
        cmocka_unit_test(hs256_tokens_fit_their_secret_alone_and_nothing_else_passes_for_them),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
