/* guard_test.c -- one table of addresses, one of hosts as a proxy would get them, one of no_proxy lists. */
#include "fetch/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct place_case {
    const char *text;
    enum guard_place place;
};

static const struct place_case addresses[] = {
    {"1.1.1.1",            GUARD_PUBLIC },
    {"9.255.255.255",      GUARD_PUBLIC },
    {"11.0.0.0",           GUARD_PUBLIC },
    {"172.15.255.255",     GUARD_PUBLIC },
    {"172.32.0.0",         GUARD_PUBLIC },
    {"100.63.255.255",     GUARD_PUBLIC },
    {"100.128.0.0",        GUARD_PUBLIC },
    {"192.167.255.255",    GUARD_PUBLIC },
    {"198.20.0.0",         GUARD_PUBLIC },
    {"223.255.255.255",    GUARD_PUBLIC },
    {"2606:4700::1111",    GUARD_PUBLIC },
    {"2a00:1450::8a",      GUARD_PUBLIC },
    {"::ffff:8.8.8.8",     GUARD_PUBLIC },
    {"64:ff9b::808:808",   GUARD_PUBLIC },
    {"2002:808:808::1",    GUARD_PUBLIC },
    {"127.0.0.1",          GUARD_PRIVATE},
    {"127.255.255.255",    GUARD_PRIVATE},
    {"10.0.0.1",           GUARD_PRIVATE},
    {"172.16.0.1",         GUARD_PRIVATE},
    {"172.31.255.255",     GUARD_PRIVATE},
    {"192.168.1.1",        GUARD_PRIVATE},
    {"169.254.169.254",    GUARD_PRIVATE},
    {"100.64.0.1",         GUARD_PRIVATE},
    {"100.127.255.255",    GUARD_PRIVATE},
    {"192.0.0.170",        GUARD_PRIVATE},
    {"192.0.2.1",          GUARD_PRIVATE},
    {"198.18.0.1",         GUARD_PRIVATE},
    {"198.19.255.255",     GUARD_PRIVATE},
    {"::1",                GUARD_PRIVATE},
    {"fc00::1",            GUARD_PRIVATE},
    {"fdff::1",            GUARD_PRIVATE},
    {"fe80::1",            GUARD_PRIVATE},
    {"febf::1",            GUARD_PRIVATE},
    {"fec0::1",            GUARD_PRIVATE},
    {"2001::1",            GUARD_PRIVATE},
    {"2001:db8::1",        GUARD_PRIVATE},
    {"::ffff:127.0.0.1",   GUARD_PRIVATE},
    {"::ffff:a9fe:a9fe",   GUARD_PRIVATE},
    {"::7f00:1",           GUARD_PRIVATE},
    {"64:ff9b::7f00:1",    GUARD_PRIVATE},
    {"64:ff9b::a9fe:a9fe", GUARD_PRIVATE},
    {"64:ff9b:1::1",       GUARD_PRIVATE},
    {"2002:7f00:1::1",     GUARD_PRIVATE},
    {"2002:a00:1::1",      GUARD_PRIVATE},
    {"::ffff:0:7f00:1",    GUARD_PRIVATE},
    {"0.0.0.0",            GUARD_NOWHERE},
    {"0.1.2.3",            GUARD_NOWHERE},
    {"224.0.0.1",          GUARD_NOWHERE},
    {"239.255.255.255",    GUARD_NOWHERE},
    {"240.0.0.1",          GUARD_NOWHERE},
    {"255.255.255.255",    GUARD_NOWHERE},
    {"::",                 GUARD_NOWHERE},
    {"::ffff:0.0.0.0",     GUARD_NOWHERE},
    {"ff02::1",            GUARD_NOWHERE},
    {"100::1",             GUARD_NOWHERE},
};

static void every_address_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct address x;
        if (!address_read(slice_of(addresses[i].text), &x)) fail_msg("%s is not read", addresses[i].text);
        enum guard_place place = guard_place(&x);
        if (place != addresses[i].place) fail_msg("%s is placed %d", addresses[i].text, (int)place);
    }
}

static void what_is_no_address_is_nowhere(void **state)
{
    (void)state;
    struct address x = {.is_ip = false};
    assert_int_equal(guard_place(&x), GUARD_NOWHERE);
}

static const struct place_case hosts[] = {
    {"accounts.example.com",     GUARD_PUBLIC },
    {"example.com.",             GUARD_PUBLIC },
    {"x1.example",               GUARD_PUBLIC },
    {"8.8.8.8",                  GUARD_PUBLIC },
    {"localhost",                GUARD_PRIVATE},
    {"LOCALHOST.",               GUARD_PRIVATE},
    {"a.localhost",              GUARD_PRIVATE},
    {"metadata.google.internal", GUARD_PRIVATE},
    {"127.0.0.1",                GUARD_PRIVATE},
    {"::1",                      GUARD_PRIVATE},
    {"2130706433",               GUARD_NOWHERE},
    {"0x7f.0.0.1",               GUARD_NOWHERE},
    {"127.1",                    GUARD_NOWHERE},
    {"0177.0.0.1",               GUARD_NOWHERE},
    {"",                         GUARD_NOWHERE},
    {".",                        GUARD_NOWHERE},
};

static void a_host_for_a_proxy_is_judged_by_its_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        enum guard_place place = guard_host(slice_of(hosts[i].text));
        if (place != hosts[i].place) fail_msg("%s is placed %d", hosts[i].text, (int)place);
    }
}

static void no_proxy_lists_names_networks_and_everything(void **state)
{
    (void)state;
    static const struct {
        const char *list, *host;
        bool listed;
    } cases[] = {
        {"example.com",       "example.com",      true },
        {"example.com",       "a.example.com",    true },
        {".example.com",      "example.com",      true },
        {"x, example.com ,y", "a.b.example.com",  true },
        {"EXAMPLE.com",       "example.com",      true },
        {"*",                 "anything.example", true },
        {"10.0.0.0/8",        "10.1.2.3",         true },
        {"10.1.2.3",          "10.1.2.3",         true },
        {"::1",               "::1",              true },
        {"example.com",       "badexample.com",   false},
        {"example.com",       "example.com.evil", false},
        {"10.0.0.0/8",        "11.0.0.1",         false},
        {"10.1.2.3",          "10.1.2.30",        false},
        {"",                  "example.com",      false},
        {",,",                "example.com",      false},
        {".",                 "example.com",      false},
        {"3.4",               "1.2.3.4",          false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (guard_listed(slice_of(cases[i].list), slice_of(cases[i].host)) != cases[i].listed)
            fail_msg("%s in \"%s\"", cases[i].host, cases[i].list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_has_its_place),
        cmocka_unit_test(what_is_no_address_is_nowhere),
        cmocka_unit_test(a_host_for_a_proxy_is_judged_by_its_spelling),
        cmocka_unit_test(no_proxy_lists_names_networks_and_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
