/* The examples of RFC 5849 sections 1.2 and 3.4.1, and the published requests of a platform that still signs this way. */
#include "crypto/oauth1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "text/encode.h"

static struct arena *a;

static int open_arena(void **state)
{
    (void)state;
    a = arena_open(4 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(a);
    return 0;
}

static const char *signature_of(const struct oauth1_ask *ask)
{
    struct slice line;
    assert_null(oauth1_authorization(a, ask, &line));
    assert_true(slice_starts(line, LIT("Authorization: OAuth ")));
    size_t at = slice_find(line, LIT("oauth_signature=\""));
    assert_int_not_equal(at, SLICE_NONE);
    struct slice value = slice_from(line, at + strlen("oauth_signature=\"")), plain;
    assert_true(percent_decode(a, slice_upto(value, slice_index(value, '"')), &plain));
    return arena_text(a, plain);
}

static void hmac_sha1_gives_the_published_values_of_rfc_2202(void **state)
{
    (void)state;
    unsigned char out[20];
    digest_hmac_sha1(LIT("Jefe"), LIT("what do ya want for nothing?"), out);
    assert_string_equal(arena_text(a, hex_encode(a, (struct slice){(char *)out, 20})),
                        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    digest_hmac_sha1(LIT(""), LIT(""), out);
    assert_string_equal(arena_text(a, hex_encode(a, (struct slice){(char *)out, 20})),
                        "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

static void the_base_string_of_rfc_5849_section_3_4_1_comes_out(void **state)
{
    (void)state;
    /* the example as errata of the RFC have it: oauth_version is left out there, so ours has one more parameter at the end */
    struct slice text;
    const struct oauth1_ask ask = {.method = LIT("POST"),
                                   .url = LIT("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"),
                                   .form = LIT("c2&a3=2+q"),
                                   .consumer_key = LIT("9djdj82h48djs9d2"),
                                   .token = LIT("kkk9d7dh3k39sjv7"),
                                   .nonce = LIT("7d8f3e4a"),
                                   .timestamp_s = 137131201};
    assert_null(oauth1_base_string(a, &ask, &text));
    assert_string_equal(
        arena_text(a, text),
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26"
        "oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D"
        "137131201%26oauth_token%3Dkkk9d7dh3k39sjv7%26oauth_version%3D1.0");
}

static void the_base_uri_has_lower_case_no_default_port_and_no_query(void **state)
{
    (void)state;
    struct slice text;
    struct oauth1_ask ask = {.method = LIT("GET"), .url = LIT("http://EXAMPLE.COM:80/r%20v/X?id=123")};
    assert_null(oauth1_base_string(a, &ask, &text));
    assert_true(slice_starts(text, LIT("GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&id%3D123%26")));
    ask.url = LIT("https://www.example.net:8080");
    assert_null(oauth1_base_string(a, &ask, &text));
    assert_true(slice_starts(text, LIT("GET&https%3A%2F%2Fwww.example.net%3A8080%2F&")));
}

static void published_requests_of_a_platform_get_the_published_signatures(void **state)
{
    (void)state;
    struct oauth1_ask ask = {.method = LIT("POST"),
                             .url = LIT("https://api.twitter.com/oauth/request_token"),
                             .consumer_key = LIT("cChZNFj6T5R0TigYB9yd1w"),
                             .consumer_secret = LIT("L8qq9PZyRg6ieKGEKhZolGC0vJWLw8iEJ88DRdyOg"),
                             .callback = LIT("http://localhost/sign-in-with-twitter/"),
                             .nonce = LIT("ea9ec8429b68d6b77cd5600adbbb0456"),
                             .timestamp_s = 1318467427};
    assert_string_equal(signature_of(&ask), "F1Li3tvehgcraF8DMJ7OyxO4w9Y=");
    ask.url = LIT("https://api.twitter.com/oauth/access_token");
    ask.callback = LIT("");
    ask.form = LIT("oauth_verifier=uw7NjWHT6OJ1MpJOXsHfNxoAhPKpgI8BlYDhxEjIBY");
    ask.nonce = LIT("a9900fe68e2573b27a37f10fbad6a755");
    ask.token = LIT("NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0");
    ask.token_secret = LIT("veNRnAWe6inFuo8o2u8SLLZLjolYDmDP7SzL0YfYI");
    assert_string_equal(signature_of(&ask), "39cipBtIOHEEnybAR4sATQTpl2I=");
    ask =
        (struct oauth1_ask){.method = LIT("POST"),
                            .url = LIT("https://api.x.com/1.1/statuses/update.json?include_entities=true"),
                            .form = LIT("status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"),
                            .consumer_key = LIT("xvz1evFS4wEEPTGEFPHBog"),
                            .consumer_secret = LIT("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
                            .token = LIT("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
                            .token_secret = LIT("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
                            .nonce = LIT("kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
                            .timestamp_s = 1318622958};
    assert_string_equal(signature_of(&ask), "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=");
}

static void a_verifier_is_signed_alike_in_the_header_and_in_the_form(void **state)
{
    (void)state;
    struct oauth1_ask in_header = {.method = LIT("POST"),
                                   .url = LIT("https://photos.example.net/token"),
                                   .consumer_key = LIT("dpf43f3p2l4k3l03"),
                                   .consumer_secret = LIT("kd94hf93k423kf44"),
                                   .token = LIT("hh5s93j4hdidpola"),
                                   .token_secret = LIT("hdhd0244k9j7ao03"),
                                   .verifier = LIT("hfdp7dh39dks9884"),
                                   .nonce = LIT("walatlh"),
                                   .timestamp_s = 137131201};
    struct oauth1_ask in_form = in_header;
    in_form.verifier = LIT("");
    in_form.form = LIT("oauth_verifier=hfdp7dh39dks9884");
    assert_string_equal(signature_of(&in_header), signature_of(&in_form));
}

static void the_header_shows_every_parameter_once_and_no_secret(void **state)
{
    (void)state;
    struct slice line;
    const struct oauth1_ask ask = {.method = LIT("GET"),
                                   .url = LIT("https://api.example/me"),
                                   .consumer_key = LIT("key with \"quotes\""),
                                   .consumer_secret = LIT("consumer-secret"),
                                   .token = LIT("tok/en"),
                                   .token_secret = LIT("token-secret"),
                                   .nonce = LIT("n"),
                                   .timestamp_s = 1};
    assert_null(oauth1_authorization(a, &ask, &line));
    assert_true(slice_starts(
        line, LIT("Authorization: OAuth oauth_consumer_key=\"key%20with%20%22quotes%22\", oauth_nonce=\"n\", "
                  "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1\", oauth_token=\"tok%2Fen\", "
                  "oauth_version=\"1.0\", oauth_signature=\"")));
    assert_int_equal(slice_find(line, LIT("secret")), SLICE_NONE);
}

static void every_part_of_a_request_changes_its_signature(void **state)
{
    (void)state;
    const struct oauth1_ask plain = {.method = LIT("GET"),
                                     .url = LIT("https://api.example/me?x=1"),
                                     .consumer_key = LIT("k"),
                                     .consumer_secret = LIT("s"),
                                     .token = LIT("t"),
                                     .token_secret = LIT("u"),
                                     .nonce = LIT("n"),
                                     .timestamp_s = 1};
    struct oauth1_ask others[8];
    for (size_t i = 0; i < 8; i++)
        others[i] = plain;
    others[0].method = LIT("POST");
    others[1].url = LIT("https://api.example/me?x=2");
    others[2].consumer_key = LIT("K");
    others[3].consumer_secret = LIT("S");
    others[4].token = LIT("T");
    others[5].token_secret = LIT("U");
    others[6].nonce = LIT("N");
    others[7].timestamp_s = 2;
    for (size_t i = 0; i < 8; i++)
        assert_string_not_equal(signature_of(&others[i]), signature_of(&plain));
}

static void what_cannot_be_signed_is_the_operators_to_mend(void **state)
{
    (void)state;
    struct slice line;
    struct oauth1_ask ask = {.method = LIT("GET"), .url = LIT("not a url")};
    const struct err *bad = oauth1_authorization(a, &ask, &line);
    assert_non_null(bad);
    assert_int_equal(bad->problem, PROBLEM_PROVIDER_MISCONFIGURED);
    ask.url = LIT("https://api.example/me");
    ask.form = LIT("a=%zz");
    assert_non_null(oauth1_authorization(a, &ask, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_sha1_gives_the_published_values_of_rfc_2202),
        cmocka_unit_test(the_base_string_of_rfc_5849_section_3_4_1_comes_out),
        cmocka_unit_test(the_base_uri_has_lower_case_no_default_port_and_no_query),
        cmocka_unit_test(published_requests_of_a_platform_get_the_published_signatures),
        cmocka_unit_test(a_verifier_is_signed_alike_in_the_header_and_in_the_form),
        cmocka_unit_test(the_header_shows_every_parameter_once_and_no_secret),
        cmocka_unit_test(every_part_of_a_request_changes_its_signature),
        cmocka_unit_test(what_cannot_be_signed_is_the_operators_to_mend),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
