/* profile_test.c -- claims of an id_token and a userinfo answer, and the identity they make. */
#include "provider/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "descriptor_kit.h"
#include "provider/answer_tree.h"
#include "provider/userinfo.h"

#include "base/buf.h"

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

static struct doc *json(const char *text)
{
    struct doc *d;
    if (text == NULL) return NULL;
    if (doc_json(arena, PROBLEM_PROVIDER_BROKEN, slice_of(text), &d) != NULL) fail_msg("bad test JSON: %s", text);
    return d;
}

static struct provider provider_with(const char *map)
{
    return (struct provider){
        .id = LIT("op"),
        .issuer = LIT("https://op.example"),
        .descriptor = kit_descriptor(
            arena, "oidc", arena_print(arena, "{ issuer: \"https://op.example\", profile: { map: %s } }", map).at)};
}

static struct provider provider(void)
{
    return provider_with("{}");
}

static const struct err *make(const struct provider *p, const char *id_claims, const char *userinfo,
                              struct identity *ret_who)
{
    struct profile_ask ask = {.provider = p, .userinfo = json(userinfo)};
    ask.docs.at[DOCUMENT_ID_TOKEN] = json(id_claims);
    ask.docs.at[DOCUMENT_CLAIMS] = userinfo_merge(arena, ask.docs.at[DOCUMENT_ID_TOKEN], ask.userinfo);
    return profile_make(arena, &ask, ret_who);
}

static struct identity made(const struct provider *p, const char *id_claims, const char *userinfo)
{
    struct identity who = {0};
    const struct err *e = make(p, id_claims, userinfo, &who);
    if (e != NULL) fail_msg("%.*s", SLICE_ARG(e->text));
    return who;
}

static enum problem refused(const struct provider *p, const char *id_claims, const char *userinfo)
{
    struct identity who = {0};
    const struct err *e = make(p, id_claims, userinfo, &who);
    if (e == NULL) fail_msg("accepted: %s", id_claims);
    assert_int_equal(who.subject.len, 0);
    return e->problem;
}

static void is(struct slice got, const char *want)
{
    if (!slice_is(got, slice_of(want))) fail_msg("got \"%.*s\", want \"%s\"", SLICE_ARG(got), want);
}

static void standard_claims_are_found_without_configuration(void **state)
{
    (void)state;
    struct provider p = provider();
    struct identity who = made(
        &p,
        "{\"sub\":\"s\",\"name\":\"Ann Lee\",\"given_name\":\"Ann\",\"family_name\":\"Lee\",\"preferred_username\":\"ann\","
        "\"email\":\"ann@x.example\",\"email_verified\":true,\"picture\":\"https://x.example/p\",\"profile\":\"https://x.example/u\","
        "\"locale\":\"de-CH\",\"groups\":[\"a\",\"b\"],\"auth_time\":1700000000,\"acr\":\"2\"}",
        NULL);
    is(who.provider, "op");
    is(who.issuer, "https://op.example");
    is(who.subject, "s");
    is(who.name, "Ann Lee");
    is(who.given_name, "Ann");
    is(who.family_name, "Lee");
    is(who.username, "ann");
    is(who.email, "ann@x.example");
    assert_true(who.email_verified);
    is(who.picture, "https://x.example/p");
    is(who.profile_url, "https://x.example/u");
    is(who.locale, "de-CH");
    is(who.acr, "2");
    assert_int_equal(who.group_count, 2);
    is(who.groups[1], "b");
    assert_int_equal(who.auth_time_s, 1700000000);
}

static void pointers_lead_elsewhere(void **state)
{
    (void)state;
    struct provider p =
        provider_with("{ subject: /ids/0, email: /mail/address, email_verified: /mail/ok, name: /display, username: /login, "
                      "groups: /realm_access/roles, picture: /avatar~1url }");
    struct identity who = made(
        &p,
        "{\"sub\":\"s\",\"ids\":[7],\"mail\":{\"address\":\"a@b.example\",\"ok\":\"true\"},\"display\":\"D\",\"login\":\"l\","
        "\"realm_access\":{\"roles\":[\"admin\"]},\"avatar/url\":\"https://x.example/a\",\"email\":\"no@no.example\"}",
        NULL);
    is(who.subject, "7");
    is(who.email, "a@b.example");
    assert_true(who.email_verified);
    is(who.name, "D");
    is(who.username, "l");
    is(who.groups[0], "admin");
    is(who.picture, "https://x.example/a");
}

static void userinfo_adds_and_wins_but_never_for_the_tokens_own(void **state)
{
    (void)state;
    struct provider p = provider();
    struct slice keep[] = {LIT("iss"), LIT("aud"), LIT("exp"), LIT("sid"), LIT("nonce"), LIT("acr"), LIT("department")};
    p.keep = keep;
    p.keep_count = 7;
    struct identity who = made(
        &p, "{\"sub\":\"s\",\"iss\":\"I\",\"aud\":\"A\",\"exp\":5,\"name\":\"Old\",\"acr\":\"1\"}",
        "{\"sub\":\"s\",\"iss\":\"evil\",\"aud\":\"evil\",\"exp\":9,\"sid\":\"evil\",\"nonce\":\"evil\",\"acr\":\"9\","
        "\"auth_time\":5,\"name\":\"New\",\"department\":\"IT\"}");
    is(who.name, "New");
    is(who.acr, "1");
    assert_int_equal(who.auth_time_s, 0);
    assert_int_equal(who.kept_count, 5);
    is(who.kept[0].value, "I");
    is(who.kept[1].value, "A");
    is(who.kept[2].value, "5");
    is(who.kept[3].value, "1");
    is(who.kept[4].value, "IT");
}

static void claims_kept_elsewhere_are_not_looked_for(void **state)
{
    (void)state;
    struct provider p = provider();
    struct slice keep[] = {LIT("_claim_names"), LIT("_claim_sources")};
    p.keep = keep;
    p.keep_count = 2;
    struct identity who = made(&p, "{\"sub\":\"s\",\"_claim_names\":{\"groups\":\"x\"},\"_claim_sources\":{}}",
                               "{\"sub\":\"s\",\"_claim_sources\":{}}");
    assert_int_equal(who.kept_count, 0);
}

static void email_is_verified_only_by_true_or_the_string_true(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool verified;
    } cases[] = {
        {"true",      true },
        {"\"true\"",  true },
        {"false",     false},
        {"\"false\"", false},
        {"1",         false},
        {"\"1\"",     false},
        {"\"TRUE\"",  false},
        {"\"yes\"",   false},
        {"null",      false},
        {"[true]",    false},
        {"{}",        false},
        {"\"true \"", false},
    };
    struct provider p = provider();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice text =
            arena_print(arena, "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":%s}", cases[i].value);
        struct identity who = made(&p, text.at, NULL);
        if (who.email_verified != cases[i].verified) fail_msg("%s", cases[i].value);
    }
    assert_false(made(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\"}", NULL).email_verified);
    assert_false(made(&p, "{\"sub\":\"s\",\"email_verified\":true}", NULL).email_verified);
}

static void the_word_about_one_address_is_not_lent_to_another(void **state)
{
    (void)state;
    struct provider p = provider();
    struct identity who = made(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":true}",
                               "{\"sub\":\"s\",\"email\":\"boss@b.example\"}");
    is(who.email, "boss@b.example");
    assert_false(who.email_verified);
    who = made(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":true}",
               "{\"sub\":\"s\",\"email\":\"a@b.example\"}");
    assert_true(who.email_verified);
    who = made(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":true}",
               "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":false}");
    assert_false(who.email_verified);
    who = made(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":false}",
               "{\"sub\":\"s\",\"email_verified\":true}");
    assert_false(who.email_verified);
    who =
        made(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":true}", "{\"sub\":\"s\",\"email\":null}");
    assert_int_equal(who.email.len, 0);
}

static void what_is_not_one_plain_address_is_dropped(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"\"",
        "\"a\"",
        "\"@b\"",
        "\"a@\"",
        "\"a@b@c\"",
        "\"a@b,c@d\"",
        "\"a b@c\"",
        "\"<a@b>\"",
        "\"a@b\\n\"",
        "\"\\\"a\\\"@b\"",
        "\"a@\\u0435xample.com\"",
        "1",
        "[\"a@b.example\"]",
        "{}",
        "\"a@b;c\"",
    };
    struct provider p = provider();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slice text = arena_print(arena, "{\"sub\":\"s\",\"email\":%s,\"email_verified\":true}", bad[i]);
        struct identity who = made(&p, text.at, NULL);
        if (who.email.len != 0 || who.email_verified) fail_msg("%s", bad[i]);
    }
}

static void a_verified_address_is_demanded_when_configured(void **state)
{
    (void)state;
    struct provider p = provider();
    p.require_verified_email = true;
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\"}", NULL), PROBLEM_EMAIL_UNVERIFIED);
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"email_verified\":true}", NULL), PROBLEM_EMAIL_UNVERIFIED);
    is(made(&p, "{\"sub\":\"s\",\"email\":\"a@b.example\",\"email_verified\":true}", NULL).email, "a@b.example");
}

static void groups_are_a_list_of_texts_and_whole_numbers_or_one_text(void **state)
{
    (void)state;
    struct provider p = provider();
    struct identity who = made(&p, "{\"sub\":\"s\",\"groups\":\"one, not two\"}", NULL);
    assert_int_equal(who.group_count, 1);
    is(who.groups[0], "one, not two");
    who = made(&p, "{\"sub\":\"s\",\"groups\":[\"a\",1,null,{\"x\":1},\"\",\"b\\nc\",\"d\"]}", NULL);
    assert_int_equal(who.group_count, 3);
    is(who.groups[1], "1");
    is(who.groups[2], "d");
    assert_int_equal(made(&p, "{\"sub\":\"s\",\"groups\":{\"admin\":true}}", NULL).group_count, 0);
    assert_int_equal(made(&p, "{\"sub\":\"s\",\"groups\":true}", NULL).group_count, 0);
    assert_int_equal(made(&p, "{\"sub\":\"s\",\"groups\":[]}", NULL).group_count, 0);
    assert_int_equal(made(&p, "{\"sub\":\"s\"}", NULL).group_count, 0);
}

static void groups_past_the_limit_are_left_out(void **state)
{
    (void)state;
    struct provider p = provider();
    struct buf b = buf_open(100000);
    buf_print(&b, "{\"sub\":\"s\",\"groups\":[\"g\"");
    for (int i = 0; i < 1000; i++)
        buf_print(&b, ",\"g%d\"", i);
    buf_print(&b, "]}");
    struct identity who = made(&p, arena_text(arena, buf_slice(&b)), NULL);
    buf_close(&b);
    assert_int_equal(who.group_count, IDENTITY_GROUPS_MAX);
}

static void subjects_that_cannot_be_kept_are_refused_and_other_values_dropped(void **state)
{
    (void)state;
    char *x = arena_alloc(arena, IDENTITY_VALUE_MAX + 2);
    memset(x, 'x', IDENTITY_VALUE_MAX + 1);
    struct provider p = provider();
    struct slice name = arena_print(arena, "{\"sub\":\"s\",\"name\":\"%s\",\"groups\":[\"%s\",\"b\"]}", x, x);
    struct identity who = made(&p, name.at, NULL);
    assert_int_equal(who.name.len, 0);
    assert_int_equal(who.group_count, 1);
    p = provider_with("{ subject: /uid }");
    assert_int_equal(refused(&p, arena_print(arena, "{\"sub\":\"s\",\"uid\":\"%s\"}", x).at, NULL),
                     PROBLEM_PROVIDER_BROKEN);
    assert_int_equal(refused(&p, "{\"sub\":\"s\"}", NULL), PROBLEM_PROVIDER_BROKEN);
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"uid\":\"\"}", NULL), PROBLEM_PROVIDER_BROKEN);
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"uid\":null}", NULL), PROBLEM_PROVIDER_BROKEN);
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"uid\":true}", NULL), PROBLEM_PROVIDER_BROKEN);
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"uid\":[\"a\"]}", NULL), PROBLEM_PROVIDER_BROKEN);
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"uid\":1.5}", NULL), PROBLEM_PROVIDER_BROKEN);
    assert_int_equal(refused(&p, "{\"sub\":\"s\",\"uid\":\"a\\tb\"}", NULL), PROBLEM_PROVIDER_BROKEN);
}

static void pictures_and_profiles_are_https_urls(void **state)
{
    (void)state;
    static const char *const bad[] = {"javascript:alert(1)", "http://x.example/p", "//x.example/p",
                                      "data:image/png;base64,x", "https://u:p@x.example/"};
    struct provider p = provider();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct identity who = made(
            &p, arena_print(arena, "{\"sub\":\"s\",\"picture\":\"%s\",\"profile\":\"%s\"}", bad[i], bad[i]).at, NULL);
        if (who.picture.len != 0 || who.profile_url.len != 0) fail_msg("%s", bad[i]);
    }
}

static void kept_claims_are_text_or_json(void **state)
{
    (void)state;
    struct provider p = provider();
    struct slice keep[] = {LIT("t"),    LIT("n"),   LIT("b"), LIT("l"), LIT("/o/x"),
                           LIT("none"), LIT("nul"), LIT("r"), LIT("o")};
    p.keep = keep;
    p.keep_count = 9;
    struct identity who = made(
        &p,
        "{\"sub\":\"s\",\"t\":\"text\",\"n\":-3,\"b\":false,\"l\":[1,\"a\\\"b\",{\"k\":null}],\"o\":{\"x\":\"deep\"},\"nul\":null,\"r\":0.5}",
        NULL);
    assert_int_equal(who.kept_count, 7);
    is(who.kept[0].value, "text");
    is(who.kept[1].value, "-3");
    is(who.kept[2].value, "false");
    is(who.kept[3].value, "[1,\"a\\\"b\",{\"k\":null}]");
    is(who.kept[4].name, "/o/x");
    is(who.kept[4].value, "deep");
    is(who.kept[5].value, "0.5");
    is(who.kept[6].value, "{\"x\":\"deep\"}");
}

static void kept_claims_that_are_too_long_or_too_deep_are_dropped(void **state)
{
    (void)state;
    struct provider p = provider();
    struct slice keep[] = {LIT("long"), LIT("deep")};
    p.keep = keep;
    p.keep_count = 2;
    struct buf b = buf_open(100000);
    buf_print(&b, "{\"sub\":\"s\",\"long\":[");
    for (int i = 0; i < 200; i++)
        buf_print(&b, "%s12345", i == 0 ? "" : ",");
    buf_print(&b, "],\"deep\":");
    for (int i = 0; i < 30; i++)
        buf_byte(&b, '[');
    for (int i = 0; i < 30; i++)
        buf_byte(&b, ']');
    buf_byte(&b, '}');
    struct identity who = made(&p, arena_text(arena, buf_slice(&b)), NULL);
    buf_close(&b);
    assert_int_equal(who.kept_count, 0);
}

static void userinfo_is_an_object_about_the_same_person(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool accepted;
    } cases[] = {
        {"{\"sub\":\"alice\"}",                   true },
        {"{\"sub\":\"alice1\"}",                  false},
        {"{\"sub\":\"Alice\"}",                   false},
        {"{}",                                    false},
        {"{\"sub\":null}",                        false},
        {"{\"sub\":[\"alice\"]}",                 false},
        {"[{\"sub\":\"alice\"}]",                 false},
        {"\"alice\"",                             false},
        {"e.y.J",                                 false},
        {"<html>",                                false},
        {"",                                      false},
        {"{\"sub\":\"alice\",\"sub\":\"alice\"}", false},
        {"{\"sub\":\"alice\"} {}",                false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct doc *d = answer_tree(arena, slice_of(cases[i].json));
        const struct err *e = userinfo_check(arena, d, LIT("alice"));
        if ((e == NULL) != cases[i].accepted) fail_msg("%s", cases[i].json);
        if (e != NULL) assert_int_equal(e->problem, PROBLEM_PROVIDER_BROKEN);
    }
    assert_non_null(userinfo_check(arena, json("{\"sub\":\"\"}"), LIT("")));
}

static void what_one_request_says_of_an_address_is_not_lent_to_another(void **state)
{
    (void)state;
    struct descriptor *d = kit_descriptor(
        arena, "oauth2",
        "{ endpoints: { authorization: \"https://p.example/a\", token: \"https://p.example/t\" }, profile: { source: one, "
        "requests: [{ as: one, url: \"https://p.example/1\" }, { as: two, url: \"https://p.example/2\" }], map: { subject: "
        "/id, email: [/email, \"two:/email\"], email_verified: \"two:/ok\", username: /login, picture: { template: "
        "\"https://p.example/{me:login}/{me:subject}\" } }, extra: { login: /login } } }");
    struct provider p = {.id = LIT("p"), .descriptor = d};
    struct slice keep[] = {LIT("login"), LIT("/id")};
    p.keep = keep;
    p.keep_count = 2;
    struct profile_ask ask = {.provider = &p};
    struct identity who;
    int one = d->profile.requests[0].document, two = d->profile.requests[1].document;
    ask.docs.at[one] = json("{\"id\":9223372036854775807,\"login\":\"a/b\",\"email\":\"a@b.example\"}");
    ask.docs.at[two] = json("{\"email\":\"c@d.example\",\"ok\":true}");
    assert_null(profile_make(arena, &ask, &who));
    is(who.email, "a@b.example");
    assert_false(who.email_verified);
    is(who.subject, "9223372036854775807");
    is(who.picture, "https://p.example/a%2Fb/9223372036854775807");
    is(who.kept[0].value, "a/b");
    is(who.kept[1].value, "9223372036854775807");
    ask.docs.at[one] = json("{\"id\":1}");
    assert_null(profile_make(arena, &ask, &who));
    is(who.email, "c@d.example");
    assert_true(who.email_verified);
    ask.docs.at[two] = NULL; /* a request that failed and was not required */
    assert_null(profile_make(arena, &ask, &who));
    assert_int_equal(who.email.len, 0);
    assert_false(who.email_verified);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_claims_are_found_without_configuration),
        cmocka_unit_test(pointers_lead_elsewhere),
        cmocka_unit_test(userinfo_adds_and_wins_but_never_for_the_tokens_own),
        cmocka_unit_test(claims_kept_elsewhere_are_not_looked_for),
        cmocka_unit_test(email_is_verified_only_by_true_or_the_string_true),
        cmocka_unit_test(the_word_about_one_address_is_not_lent_to_another),
        cmocka_unit_test(what_is_not_one_plain_address_is_dropped),
        cmocka_unit_test(a_verified_address_is_demanded_when_configured),
        cmocka_unit_test(groups_are_a_list_of_texts_and_whole_numbers_or_one_text),
        cmocka_unit_test(groups_past_the_limit_are_left_out),
        cmocka_unit_test(subjects_that_cannot_be_kept_are_refused_and_other_values_dropped),
        cmocka_unit_test(pictures_and_profiles_are_https_urls),
        cmocka_unit_test(kept_claims_are_text_or_json),
        cmocka_unit_test(kept_claims_that_are_too_long_or_too_deep_are_dropped),
        cmocka_unit_test(userinfo_is_an_object_about_the_same_person),
        cmocka_unit_test(what_one_request_says_of_an_address_is_not_lent_to_another),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
