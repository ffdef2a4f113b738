/* presets_test.c -- what backends are told in headers, and which names no client may use. */
#include "proxy/presets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/client.h"

static struct slice value(struct arena *a, enum preset_field field, const struct identity *who)
{
    return preset_value(a, field, who, false);
}

static void a_value_cannot_end_its_line_or_pass_for_two_sec_141(void **state)
{
    static const struct {
        struct slice in, out;
    } cases[] = {
        {LIT_INIT("Ada Lovelace"),      LIT_INIT("Ada Lovelace")       },
        {LIT_INIT("a\r\nX-Admin: yes"), LIT_INIT("a%0D%0AX-Admin: yes")},
        {LIT_INIT("nul\0byte"),         LIT_INIT("nul%00byte")         },
        {LIT_INIT("100%"),              LIT_INIT("100%25")             },
        {LIT_INIT("Zo\xc3\xab"),        LIT_INIT("Zo%C3%AB")           },
        {LIT_INIT(" edge "),            LIT_INIT("%20edge%20")         },
        {LIT_INIT("tab\there"),         LIT_INIT("tab%09here")         },
        {LIT_INIT("\x7f"),              LIT_INIT("%7F")                },
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct identity who = {.name = cases[i].in};
        struct slice got = value(a, FIELD_NAME, &who);
        assert_int_equal(got.len, cases[i].out.len);
        assert_memory_equal(got.at, cases[i].out.at, got.len);
    }
}

static void a_group_with_a_comma_is_still_one_sec_142(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct slice groups[] = {LIT("a,b"), LIT("c"), LIT("d%2Ce")};
    struct identity who = {.groups = groups, .group_count = 3};
    (void)state;
    assert_true(slice_is(value(a, FIELD_GROUPS, &who), LIT("a%2Cb,c,d%252Ce")));
}

static void an_unverified_address_is_not_told(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct identity who = {.email = LIT("a@b.example")};
    (void)state;
    assert_int_equal(value(a, FIELD_EMAIL, &who).len, 0);
    who.email_verified = true;
    assert_true(slice_is(value(a, FIELD_EMAIL, &who), LIT("a@b.example")));
}

static void the_user_id_names_its_provider(void **state)
{
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct identity who = {.provider = LIT("op"), .subject = LIT("42")};
    (void)state;
    assert_true(slice_is(value(a, FIELD_USER, &who), LIT("op:42")));
    assert_true(slice_is(preset_value(a, FIELD_USER, &who, true), LIT("42")));
}

static void every_name_of_every_preset_is_taken_from_clients(void **state)
{
    (void)state;
    for (int p = 0; p <= PRESET_NONE; p++) {
        size_t count;
        const struct preset_header *rows = preset_headers((enum header_preset)p, &count);
        assert_true(count <= PRESET_HEADERS_MAX);
        for (size_t i = 0; i < count; i++) {
            char lower[64];
            for (size_t k = 0; k < rows[i].name.len; k++) {
                char c = rows[i].name.at[k];
                lower[k] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
            }
            assert_true(preset_is_identity((struct slice){lower, rows[i].name.len}));
        }
    }
    assert_true(preset_is_identity(LIT("x-auth-request-user")));
    assert_true(preset_is_identity(LIT("x-auth-anything")));
    assert_true(preset_is_identity(LIT("remote-user")));
    assert_true(preset_is_identity(LIT("oidc-claim-sub")));
    assert_false(preset_is_identity(LIT("")));
    assert_false(preset_is_identity(LIT("authorization")));
    assert_false(preset_is_identity(LIT("x-author")));
    assert_false(preset_is_identity(LIT("accept")));
}

static void words_name_presets(void **state)
{
    enum header_preset p = PRESET_STANDARD;
    (void)state;
    assert_true(preset_of(LIT("authelia"), &p));
    assert_int_equal(p, PRESET_AUTHELIA);
    assert_false(preset_of(LIT("Authelia"), &p));
    assert_false(preset_of(LIT(""), &p));
}

/* ---- who is really there ---- */

struct client_case {
    const char *peer, *xff, *proto, *host;
    const char *ip, *chain;
    bool https;
    const char *authority;
};

static void only_trusted_peers_are_believed(void **state)
{
    static const struct client_case cases[] = {
        {"192.0.2.9", NULL,                             NULL,     NULL,              "192.0.2.9",   "192.0.2.9",             false, "app.example"},
 /* not trusted: nothing it says counts */
        {"192.0.2.9", "203.0.113.1",                    "https",  "evil.example",    "192.0.2.9",   "192.0.2.9",             false, "app.example"},
        {"10.0.0.1",  "203.0.113.1",                    "https",  "www.app.example", "203.0.113.1", "203.0.113.1, 10.0.0.1", true,
         "www.app.example"                                                                                                                       },
 /* the rightmost that is not trusted; what stands left of it was written by the client */
        {"10.0.0.1",  "1.1.1.1, 203.0.113.1, 10.0.0.7", NULL,     NULL,              "203.0.113.1",
         "1.1.1.1, 203.0.113.1, 10.0.0.7, 10.0.0.1",                                                                         false, "app.example"},
 /* rubbish ends the walk at the last address that could be read */
        {"10.0.0.1",  "203.0.113.1, rubbish",           NULL,     NULL,              "10.0.0.1",    "10.0.0.1",              false, "app.example"},
        {"10.0.0.1",  "rubbish, 203.0.113.1",           NULL,     NULL,              "203.0.113.1", "203.0.113.1, 10.0.0.1", false, "app.example"},
        {"10.0.0.1",  "",                               "gopher", "evil host",       "10.0.0.1",    "10.0.0.1",              false, "app.example"},
        {"10.0.0.1",  ", ,",                            "HTTPS",  "a/b",             "10.0.0.1",    "10.0.0.1",              true,  "app.example"},
    };
    struct network trusted;
    (void)state;
    assert_true(network_read(LIT("10.0.0.0/8"), &trusted));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct client_case *t = &cases[i];
        AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
        struct header headers[3];
        struct exchange x = {.arena = a, .headers = headers, .authority = LIT("app.example")};
        if (t->xff != NULL) headers[x.header_count++] = (struct header){LIT("x-forwarded-for"), slice_of(t->xff)};
        if (t->proto != NULL) headers[x.header_count++] = (struct header){LIT("x-forwarded-proto"), slice_of(t->proto)};
        if (t->host != NULL) headers[x.header_count++] = (struct header){LIT("x-forwarded-host"), slice_of(t->host)};
        assert_true(address_read(slice_of(t->peer), &x.peer));
        x.socket_peer = x.peer;
        const struct client_rules rules = {&trusted, 1, LIT("x-forwarded-for")};
        struct client c;
        client_find(&x, &rules, &c);
        assert_string_equal(arena_text(a, c.ip), t->ip);
        assert_string_equal(arena_text(a, c.chain), t->chain);
        assert_int_equal(c.https, t->https);
        assert_string_equal(arena_text(a, c.authority), t->authority);
    }
}

/* A PROXY line that names nobody (UNKNOWN, LOCAL) leaves the proxy as the peer, but the bytes may be anybody's. */
static void nobody_vouches_for_the_headers_of_a_peer_that_was_not_named(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(64 * 1024);
    const struct header headers[] = {
        {LIT("x-forwarded-for"),   LIT("198.51.100.7")},
        {LIT("x-forwarded-proto"), LIT("https")       }
    };
    struct exchange x = {.arena = a, .headers = headers, .header_count = 2, .authority = LIT("app.example")};
    struct network trusted;
    struct client c;
    assert_true(network_read(LIT("10.0.0.0/8"), &trusted));
    assert_true(address_read(LIT("10.0.0.1"), &x.peer));
    const struct client_rules rules = {&trusted, 1, LIT("x-forwarded-for")};
    client_find(&x, &rules, &c);
    assert_true(c.peer_trusted && c.https && slice_is(c.ip, LIT("198.51.100.7")));
    x.peer_unnamed = true;
    client_find(&x, &rules, &c);
    assert_true(!c.peer_trusted && !c.https && slice_is(c.ip, LIT("10.0.0.1")) && slice_is(c.chain, c.ip));
    x.peer.is_ip = false; /* a unix socket's */
    client_find(&x, &rules, &c);
    assert_true(!c.peer_trusted && !c.https);
}

static struct client client_of(struct arena *a, const struct header *headers, size_t count)
{
    struct network trusted;
    struct client c;
    struct exchange x = {.arena = a, .headers = headers, .header_count = count, .authority = LIT("app.example")};
    assert_true(network_read(LIT("10.0.0.0/8"), &trusted));
    assert_true(address_read(LIT("10.0.0.1"), &x.peer));
    x.socket_peer = x.peer;
    const struct client_rules rules = {&trusted, 1, LIT("x-forwarded-for")};
    client_find(&x, &rules, &c);
    return c;
}

static void a_long_list_does_not_push_out_of_sight_what_the_proxy_added(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(64 * 1024);
    char list[4096] = "";
    for (size_t i = 0; i < 100; i++)
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), "198.51.100.%zu, ", i);
    (void)snprintf(list + strlen(list), sizeof list - strlen(list), "203.0.113.7");
    const struct header headers[] = {
        {LIT("x-forwarded-for"), slice_of(list)}
    };
    struct client c = client_of(a, headers, 1);
    assert_string_equal(arena_text(a, c.ip), "203.0.113.7");
    assert_true(slice_starts(c.chain, LIT("198.51.100.")) && c.chain.len <= 1024 + 16);
    (void)memset(list, 'x', sizeof list - 1);
    c = client_of(a, headers, 1);
    assert_string_equal(arena_text(a, c.ip), "10.0.0.1");
    assert_string_equal(arena_text(a, c.chain), "10.0.0.1");
}

/* Some proxies add a line of their own behind the client's instead of lengthening it. */
static void a_clients_own_line_does_not_hide_the_proxys(void **state)
{
    const struct header headers[] = {
        {LIT("x-forwarded-for"), LIT("198.51.100.7")},
        {LIT("accept"),          LIT("*/*")         },
        {LIT("x-forwarded-for"), LIT("203.0.113.1") },
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct client c = client_of(a, headers, 3);
    (void)state;
    assert_string_equal(arena_text(a, c.ip), "203.0.113.1");
    assert_string_equal(arena_text(a, c.chain), "198.51.100.7, 203.0.113.1, 10.0.0.1");
}

static void a_scheme_or_host_said_twice_is_not_believed(void **state)
{
    const struct header headers[] = {
        {LIT("x-forwarded-host"),  LIT("evil.example")},
        {LIT("x-forwarded-host"),  LIT("www.example") },
        {LIT("x-forwarded-proto"), LIT("https")       },
        {LIT("x-forwarded-proto"), LIT("http")        },
    };
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct client c = client_of(a, headers, 4);
    (void)state;
    assert_string_equal(arena_text(a, c.authority), "app.example");
    assert_false(c.https);
}

/* A proxy that writes PROXY lines may pass on every byte of a client: what stands in the headers is then the client's own word. */
static void behind_a_proxy_line_it_is_the_named_one_who_must_be_trusted(void **state)
{
    static const struct {
        const char *named, *ip;
        bool https;
    } cases[] = {
        {"203.0.113.9", "203.0.113.9",  false},
        {"10.0.0.8",    "198.51.100.7", true },
    };
    const struct header headers[] = {
        {LIT("x-forwarded-for"),   LIT("198.51.100.7")},
        {LIT("x-forwarded-proto"), LIT("https")       },
        {LIT("x-forwarded-host"),  LIT("www.example") },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
        struct network trusted;
        struct client c;
        struct exchange x = {.arena = a, .headers = headers, .header_count = 3, .authority = LIT("app.example")};
        assert_true(network_read(LIT("10.0.0.0/8"), &trusted));
        assert_true(address_read(LIT("10.0.0.1"), &x.socket_peer));
        assert_true(address_read(slice_of(cases[i].named), &x.peer));
        const struct client_rules rules = {&trusted, 1, LIT("x-forwarded-for")};
        client_find(&x, &rules, &c);
        assert_string_equal(arena_text(a, c.ip), cases[i].ip);
        assert_int_equal(c.https, cases[i].https);
        assert_int_equal(c.peer_trusted, cases[i].https);
        assert_string_equal(arena_text(a, c.authority), cases[i].https ? "www.example" : "app.example");
    }
}

static void a_forwarded_host_must_be_one_that_a_host_header_may_hold(void **state)
{
    static const char *const bad[] = {
        "[", "[::1", "a:b:c", "a:0", "a:99999", "a.example:", "u@a.example", "a,b", "a b", ".:", ":80", "[::1]x"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
        const struct header header = {LIT("x-forwarded-host"), slice_of(bad[i])};
        struct client c = client_of(a, &header, 1);
        assert_string_equal(arena_text(a, c.authority), "app.example");
    }
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    const struct header header = {LIT("x-forwarded-host"), LIT("WWW.Example:8443")};
    assert_string_equal(arena_text(a, client_of(a, &header, 1).authority), "www.example:8443");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_cannot_end_its_line_or_pass_for_two_sec_141),
        cmocka_unit_test(a_group_with_a_comma_is_still_one_sec_142),
        cmocka_unit_test(an_unverified_address_is_not_told),
        cmocka_unit_test(the_user_id_names_its_provider),
        cmocka_unit_test(every_name_of_every_preset_is_taken_from_clients),
        cmocka_unit_test(words_name_presets),
        cmocka_unit_test(only_trusted_peers_are_believed),
        cmocka_unit_test(nobody_vouches_for_the_headers_of_a_peer_that_was_not_named),
        cmocka_unit_test(a_long_list_does_not_push_out_of_sight_what_the_proxy_added),
        cmocka_unit_test(a_clients_own_line_does_not_hide_the_proxys),
        cmocka_unit_test(a_scheme_or_host_said_twice_is_not_believed),
        cmocka_unit_test(behind_a_proxy_line_it_is_the_named_one_who_must_be_trusted),
        cmocka_unit_test(a_forwarded_host_must_be_one_that_a_host_header_may_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
