#include "../../tables/table.h"
#include "route/route.h"

enum {
    NOW = 1000000
};

static const struct slice ops[] = {LIT_INIT("ops")}, dev[] = {LIT_INIT("dev")}, example[] = {LIT_INIT("example.com")},
                          quoted_ops[] = {LIT_INIT("\"ops\"")}, acrs[] = {LIT_INIT("gold"), LIT_INIT("silver")},
                          issuer[] = {LIT_INIT("machines")}, corp[] = {LIT_INIT("corp")}, bank[] = {LIT_INIT("bank")};

static struct slice kept(const void *claims, struct slice name)
{
    return slice_is(name, LIT("/roles")) ? slice_of(claims) : (struct slice){NULL, 0};
}

static bool claim_passes(const char *value)
{
    const struct rule_claim claim = {
        .name = LIT_INIT("/roles"), .values = {ops,        1},
             .quoted = {quoted_ops, 1}
    };
    const struct rule rule = {
        .allow = ALLOW_SOME, .people = {.claims = &claim, .claim_count = 1}
    };
    const struct person p = {.provider = LIT("corp"), .subject = LIT("1"), .claim = kept, .claims = value};
    return route_judge(&rule, &p, NOW) == VERDICT_ALLOW;
}

static void a_claim_fits_as_the_value_or_as_a_member_of_a_list(void **state)
{
    (void)state;
    static const char *const yes[] = {"ops", "[\"ops\"]", "[\"a\",\"ops\"]", "[\"a\\\"b\",\"ops\",7]",
                                      "[{\"x\":\"y\"},\"ops\"]"};
    static const char *const no[] = {"",
                                     "op",
                                     "opsx",
                                     "Ops",
                                     "[\"opsx\"]",
                                     "[\"a\\\",\\\"ops\"]",
                                     "[[\"ops\"]]",
                                     "[{\"ops\":1}]",
                                     "[{\"x\":\"ops\"}]",
                                     "\"ops\"",
                                     "{\"a\":\"ops\"}",
                                     "[\"ops",
                                     "[ops]",
                                     "x[\"ops\"]"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (!claim_passes(yes[i])) fail_msg("refused %s", yes[i]);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (claim_passes(no[i])) fail_msg("let pass %s", no[i]);
    }
}

static void without_kept_claims_no_claim_fits(void **state)
{
    (void)state;
    const struct rule_claim claim = {
        .name = LIT_INIT("a"), .values = {ops, 1}
    };
    const struct rule rule = {
        .allow = ALLOW_SOME, .people = {.claims = &claim, .claim_count = 1}
    };
    const struct person p = {.provider = LIT("corp"), .subject = LIT("1")};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_REFUSE);
}

static void all_of_needs_each_and_any_of_one(void **state)
{
    (void)state;
    struct people parts[2] = {{.claim_count = 0}}, ways[2] = {{.claim_count = 0}};
    parts[0].groups = (struct slices){ops, 1};
    parts[1].email_domains = (struct slices){example, 1};
    const struct people pair = {.all_of = parts, .all_of_count = 2};
    ways[0] = pair;
    ways[1].groups = (struct slices){dev, 1};
    const struct rule all = {.allow = ALLOW_SOME, .people = pair};
    const struct rule any = {
        .allow = ALLOW_SOME, .people = {.any_of = ways, .any_of_count = 2}
    };
    struct person p = {
        .provider = LIT("corp"), .subject = LIT("1"), .email = LIT("a@example.com"), .email_verified = true};
    assert_int_equal(route_judge(&all, &p, NOW), VERDICT_REFUSE);
    assert_int_equal(route_judge(&any, &p, NOW), VERDICT_REFUSE);
    p.groups = (struct slices){ops, 1};
    assert_int_equal(route_judge(&all, &p, NOW), VERDICT_ALLOW);
    assert_int_equal(route_judge(&any, &p, NOW), VERDICT_ALLOW);
    p.email_verified = false;
    assert_int_equal(route_judge(&all, &p, NOW), VERDICT_REFUSE);
    p.groups = (struct slices){dev, 1};
    assert_int_equal(route_judge(&any, &p, NOW), VERDICT_ALLOW);
    assert_int_equal(route_judge(&all, NULL, NOW), VERDICT_SIGN_IN);
}

static void max_age_counts_from_the_providers_word_else_from_the_sign_in(void **state)
{
    (void)state;
    const struct rule rule = {.allow = ALLOW_SIGNED_IN, .max_age_s = 300};
    struct person p = {.provider = LIT("corp"), .subject = LIT("1"), .signed_in_s = NOW - 10};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_ALLOW);
    p.auth_time_s = NOW - 301;
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_STEP_UP);
    p.auth_time_s = NOW - 300;
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_ALLOW);
    p.auth_time_s = NOW + 30;
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_ALLOW);
    p.auth_time_s = NOW + 3600; /* a time to come proves nothing */
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_STEP_UP);
    p.auth_time_s = 0;
    p.signed_in_s = NOW - 301;
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_STEP_UP);
    assert_int_equal(route_judge(&rule, NULL, NOW), VERDICT_SIGN_IN);
}

static void acr_and_provider_must_be_as_asked(void **state)
{
    (void)state;
    struct rule rule = {
        .allow = ALLOW_SIGNED_IN, .acr = {acrs, 2}
    };
    struct person p = {.provider = LIT("corp"), .subject = LIT("1")};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_STEP_UP);
    p.acr = LIT("bronze");
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_STEP_UP);
    p.acr = LIT("silver");
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_ALLOW);
    rule.providers = (struct slices){bank, 1};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_STEP_UP);
    assert_true(slice_is(route_step_up(&rule, &p, NOW), LIT("provider")));
    rule.otherwise = OTHERWISE_HIDE;
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_HIDE);
}

static void step_up_is_not_asked_of_those_who_may_not_pass_anyway(void **state)
{
    (void)state;
    struct rule rule = {.allow = ALLOW_SOME, .people = {.groups = {ops, 1}}, .max_age_s = 60};
    struct person p = {.provider = LIT("corp"), .subject = LIT("1")};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_REFUSE);
    rule.providers = (struct slices){bank, 1}; /* the bank may name other groups: it is asked */
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_STEP_UP);
    p.provider = LIT("bank"); /* and then that is that */
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_REFUSE);
    rule.allow = ALLOW_NOBODY;
    p.provider = LIT("corp");
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_REFUSE);
    rule.allow = ALLOW_EVERYONE;
    assert_int_equal(route_judge(&rule, NULL, NOW), VERDICT_ALLOW);
}

static void a_bearer_token_counts_only_where_its_issuer_is_named(void **state)
{
    (void)state;
    struct rule rule = {.allow = ALLOW_SIGNED_IN};
    struct person p = {.provider = LIT("machines"), .subject = LIT("1"), .issuer = LIT("machines")};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_SIGN_IN); /* nobody */
    rule.bearer = (struct slices){corp, 1};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_SIGN_IN);
    rule.bearer = (struct slices){issuer, 1};
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_ALLOW);
    rule.max_age_s = 60; /* a program cannot sign in again */
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_REFUSE);
    rule.allow = ALLOW_EVERYONE;
    assert_int_equal(route_judge(&rule, &p, NOW), VERDICT_ALLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_fits_as_the_value_or_as_a_member_of_a_list),
        cmocka_unit_test(without_kept_claims_no_claim_fits),
        cmocka_unit_test(all_of_needs_each_and_any_of_one),
        cmocka_unit_test(max_age_counts_from_the_providers_word_else_from_the_sign_in),
        cmocka_unit_test(acr_and_provider_must_be_as_asked),
        cmocka_unit_test(step_up_is_not_asked_of_those_who_may_not_pass_anyway),
        cmocka_unit_test(a_bearer_token_counts_only_where_its_issuer_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
