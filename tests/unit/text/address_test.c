#include "text/address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(64 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static void same(struct slice got, struct slice want)
{
    if (!slice_is(got, want)) fail_msg("got \"%.*s\", want \"%.*s\"", SLICE_ARG(got), SLICE_ARG(want));
}

static void addresses_are_read_with_and_without_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
        int port;
        bool ip4;
    } good[] = {
        {"192.0.2.1",           "192.0.2.1",   0,     true },
        {"192.0.2.1:80",        "192.0.2.1",   80,    true },
        {"2001:DB8::0:1",       "2001:db8::1", 0,     false},
        {"[2001:db8::1]",       "2001:db8::1", 0,     false},
        {"[::1]:65535",         "::1",         65535, false},
        {"::ffff:192.0.2.1",    "192.0.2.1",   0,     true },
        {"[::ffff:c000:201]:1", "192.0.2.1",   1,     true },
        {"::",                  "::",          0,     false},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct address x;
        if (!address_read(slice_of(good[i].text), &x)) fail_msg("refused %s", good[i].text);
        assert_true(x.is_ip);
        assert_int_equal(x.is_ip4, good[i].ip4);
        assert_int_equal(x.port, good[i].port);
        same(address_text(arena, &x), slice_of(good[i].canonical));
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "unix",
                                      "localhost",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "256.1.1.1",
                                      "01.2.3.4",
                                      "1.2.3.4:",
                                      "1.2.3.4:0",
                                      "1.2.3.4:65536",
                                      "1.2.3.4:1x",
                                      " 1.2.3.4",
                                      "1.2.3.4 ",
                                      "[::1",
                                      "::1]",
                                      "[]",
                                      "[::1]80",
                                      "[::1]:",
                                      "fe80::1%eth0",
                                      "[1.2.3.4]",
                                      "1::2::3",
                                      ":::",
                                      "12345::",
                                      "0x7f.0.0.1",
                                      "2130706433",
                                      "1.2.3.4/8",
                                      "::1:80:90:1:2:3:4:5:6",
                                      "1.2.3.4\n"};
    struct address x;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (address_read(slice_of(bad[i]), &x)) fail_msg("took '%s'", bad[i]);
    }
    assert_false(address_read(LIT("1.2.3.4\0"), &x));
}

static void what_is_no_ip_reads_unix(void **state)
{
    (void)state;
    struct address x = {.is_ip = false};
    same(address_text(arena, &x), LIT("unix"));
}

static void networks_hold_what_their_bits_say(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool has;
    } cases[] = {
        {"10.0.0.0/8",          "10.255.255.255",   true },
        {"10.0.0.0/8",          "11.0.0.0",         false},
        {"10.0.0.0/8",          "::ffff:10.1.2.3",  true },
        {"192.0.2.128/25",      "192.0.2.127",      false},
        {"192.0.2.128/25",      "192.0.2.128",      true },
        {"192.0.2.1",           "192.0.2.1",        true },
        {"192.0.2.1",           "192.0.2.2",        false},
        {"0.0.0.0/0",           "203.0.113.9",      true },
        {"0.0.0.0/0",           "2001:db8::1",      false},
        {"::/0",                "2001:db8::1",      true },
        {"::/0",                "203.0.113.9",      false},
        {"2001:db8::/33",       "2001:db8:7fff::1", true },
        {"2001:db8::/33",       "2001:db8:8000::1", false},
        {"::1",                 "::1",              true },
        {"::1/128",             "::2",              false},
        {"::ffff:10.0.0.0/104", "10.9.9.9",         true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct network n;
        struct address x;
        assert_true(network_read(slice_of(cases[i].network), &n));
        assert_true(address_read(slice_of(cases[i].address), &x));
        if (network_has(&n, &x) != cases[i].has) fail_msg("%s %s", cases[i].network, cases[i].address);
        assert_int_equal(networks_have(&n, 1, &x), cases[i].has);
        assert_false(networks_have(&n, 0, &x));
    }
}

static void a_network_with_host_bits_or_odd_bits_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/",   "10.0.0.0/-1", "10.0.0.0/8/8",
                                      "10/8",       "::1/64",      "::/129",      "/8",          "",
                                      "[::1]/128",  "10.0.0.0:80", "10.0.0.0/ 8", "unix",        "::ffff:0.0.0.0/95"};
    struct network n;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (network_read(slice_of(bad[i]), &n)) fail_msg("took '%s'", bad[i]);
    }
}

static void a_unix_peer_is_in_no_network(void **state)
{
    (void)state;
    struct network n;
    struct address x = {.is_ip = false};
    assert_true(network_read(LIT("::/0"), &n));
    assert_false(network_has(&n, &x));
    assert_true(network_read(LIT("0.0.0.0/0"), &n));
    assert_false(network_has(&n, &x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_with_and_without_port),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(what_is_no_ip_reads_unix),
        cmocka_unit_test(networks_hold_what_their_bits_say),
        cmocka_unit_test(a_network_with_host_bits_or_odd_bits_is_refused),
        cmocka_unit_test(a_unix_peer_is_in_no_network),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
