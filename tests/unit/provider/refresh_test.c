/* When tokens are due: one case per line. */
#include "provider/refresh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct due_case {
    const char *what;
    enum refresh_kind kind;
    bool declared, has_refresh_token;
    int64_t min_age_s, obtained_s, expires_s, due_s;
} cases[] = {
    {"a tenth of its life before its end",         REFRESH_TOKEN,    false, true,  0,     1000, 1300,    1270     },
    {"but no more than five minutes",              REFRESH_TOKEN,    false, true,  0,     1000, 8200,    7900     },
    {"at its end when it lives for seconds",       REFRESH_TOKEN,    false, true,  0,     1000, 1002,    1002     },
    {"not before its provider allows",             REFRESH_TOKEN,    false, true,  290,   1000, 1300,    1290     },
    {"by a declared request just so",              REFRESH_TOKEN,    true,  true,  0,     1000, 1300,    1270     },
    {"never without a refresh token",              REFRESH_TOKEN,    false, false, 0,     1000, 1300,    INT64_MAX},
    {"never when nobody said how long it lives",   REFRESH_TOKEN,    false, true,  0,     1000, 0,       INT64_MAX},
    {"never when it was over before it began",     REFRESH_TOKEN,    false, true,  0,     1000, 1000,    INT64_MAX},
    {"never where there is no such thing",         REFRESH_NONE,     false, true,  0,     1000, 1300,    INT64_MAX},
    {"exchanged after half of its life",           REFRESH_EXCHANGE, true,  false, 0,     1000, 5185000, 2593000  },
    {"and not before it is a day old",             REFRESH_EXCHANGE, true,  false, 86400, 1000, 101000,  87400    },
    {"never when it ends before it is old enough", REFRESH_EXCHANGE, true,  false, 86400, 1000, 4600,    INT64_MAX},
    {"never when nobody says how it is exchanged", REFRESH_EXCHANGE, false, false, 0,     1000, 5185000, INT64_MAX},
};

static void tokens_are_due_a_while_before_they_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct due_case *c = &cases[i];
        const struct descriptor d = {
            .refresh = {.kind = c->kind, .request = {.given = c->declared}, .min_age_s = c->min_age_s}
        };
        const struct provider p = {.descriptor = &d};
        const struct tokens t = {.refresh_token = c->has_refresh_token ? LIT("r") : LIT(""),
                                 .obtained_s = c->obtained_s,
                                 .expires_s = c->expires_s};
        int64_t due_s = provider_refresh_due_s(&p, &t);
        if (due_s != c->due_s) fail_msg("%s: due at %lld", c->what, (long long)due_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tokens_are_due_a_while_before_they_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
