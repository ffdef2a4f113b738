/* map_test.c -- templates and map values, as a file says them, over documents as platforms answer them. */
#include "provider/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider/descriptor_read.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(256 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static const struct doc *json(const char *text)
{
    struct doc *d;
    if (doc_json(arena, PROBLEM_PROVIDER_BROKEN, slice_of(text), &d) != NULL) fail_msg("bad test JSON: %s", text);
    return d;
}

/* Of an OAuth 2.0 platform with the documents we and emails, and these keys. */
static const struct descriptor *described(const char *keys)
{
    struct complaints *c = complaint_list(arena);
    struct descriptor_library *l = descriptor_library_open(c);
    const char *text = arena_print(arena,
                                   "id: it\nname: It\nprotocol: oauth2\ndiscover: true\nissuer: https://a.example\n"
                                   "callback: { params: { device_id: text, user: json } }\n%s\n",
                                   keys)
                           .at;
    descriptor_library_add(l, "p.d/it.yaml", slice_of(text));
    struct descriptor_ask ask = {.complaints = c, .library = l, .id = LIT("it")};
    const struct descriptor *d = descriptor_read(&ask, NULL);
    if (d == NULL) fail_msg("%.*s\n%s", SLICE_ARG(c->at[0].sentence), text);
    return d;
}

/* The name of a person whose profile.map.name is `value`. */
static struct map_value value(const char *text)
{
    const char *keys =
        arena_print(arena,
                    "profile: { requests: [{ as: we, url: \"https://a.example/me\" }, { as: emails, url: "
                    "\"https://a.example/e\" }], map: { subject: /id, username: /login, name: %s } }",
                    text)
            .at;
    return described(keys)->profile.name;
}

static struct map_documents documents(const char *me, const char *emails)
{
    struct map_documents docs = {.at = {NULL}};
    docs.at[DOCUMENT_FIRST_REQUEST] = json(me);
    if (emails != NULL) docs.at[DOCUMENT_FIRST_REQUEST + 1] = json(emails);
    return docs;
}

static void is(struct slice got, const char *want)
{
    if (!slice_is(got, slice_of(want))) fail_msg("got \"%.*s\", want \"%s\"", SLICE_ARG(got), want);
}

struct row {
    const char *value, *me, *emails, *want;
};
static const struct row rows[] = {
    {"/name",                                              "{\"name\":\"Ann\"}",                NULL,                "Ann"                },
    {"/a/b~1c/1",                                          "{\"a\":{\"b/c\":[1,2]}}",           NULL,                "2"                  },
    {"/id",                                                "{\"id\":9223372036854775807}",      NULL,                "9223372036854775807"},
    {"/id",                                                "{\"id\":-7}",                       NULL,                "-7"                 },
    {"/id",                                                "{\"id\":1.5}",                      NULL,                ""                   },
    {"/id",                                                "{\"id\":12.0}",                     NULL,                "12"                 },
    {"/id",                                                "{\"id\":true}",                     NULL,                "true"               },
    {"/id",                                                "{\"id\":null}",                     NULL,                ""                   },
    {"/id",                                                "{\"id\":{\"x\":1}}",                NULL,                ""                   },
    {"/id",                                                "{\"id\":[1]}",                      NULL,                ""                   },
    {"\"emails:/email\"",                                  "{}",                                "{\"email\":\"a\"}", "a"                  },
    {"\"emails:/email\"",                                  "{\"email\":\"b\"}",                 NULL,                ""                   },
    {"[/name, /login]",                                    "{\"login\":\"ann\"}",               NULL,                "ann"                },
    {"[/name, /login]",                                    "{\"name\":\"\",\"login\":\"ann\"}", NULL,                "ann"                },
    {"[/name, { const: nobody }]",                         "{}",                                NULL,                "nobody"             },
    {"{ const: de }",                                      "{}",                                NULL,                "de"                 },
    {"{ present: /e }",                                    "{\"e\":\"x\"}",                     NULL,                "true"               },
    {"{ present: /e }",                                    "{\"e\":\"\"}",                      NULL,                "false"              },
    {"{ bool: /v }",                                       "{\"v\":\"1\"}",                     NULL,                "true"               },
    {"{ bool: /v }",                                       "{\"v\":1}",                         NULL,                "true"               },
    {"{ bool: /v }",                                       "{\"v\":\"true\"}",                  NULL,                "true"               },
    {"{ bool: /v }",                                       "{\"v\":\"yes\"}",                   NULL,                "false"              },
    {"{ bool: /v }",                                       "{\"v\":2}",                         NULL,                "false"              },
    {"{ bool: /v }",                                       "{\"v\":[true]}",                    NULL,                "false"              },
    {"{ all_true: [/a, /b] }",                             "{\"a\":true,\"b\":\"true\"}",       NULL,                "true"               },
    {"{ all_true: [/a, /b] }",                             "{\"a\":true}",                      NULL,                "false"              },
    {"{ join: [/f, /l] }",                                 "{\"f\":\"Ann\",\"l\":\"Lee\"}",     NULL,                "Ann Lee"            },
    {"{ join: [/f, /l] }",                                 "{\"l\":\"Lee\"}",                   NULL,                "Lee"                },
    {"{ join: [/f, /l], with: / }",                        "{\"f\":\"a\",\"l\":\"b\"}",         NULL,                "a/b"                },
    {"{ strip_query: /p }",                                "{\"p\":\"https://x/a.png?s=1#f\"}", NULL,                "https://x/a.png"    },
    {"{ strip_query: /p }",                                "{\"p\":\"https://x/a.png\"}",       NULL,                "https://x/a.png"    },
    {"{ template: \"x/{we:/id}/{emails:/e}\" }",           "{\"id\":5}",                        "{\"e\":\"q\"}",     "x/5/q"              },
    {"{ template: \"x/{we:/id}/{emails:/e}\" }",           "{\"id\":5}",                        NULL,                ""                   },
    {"{ template: \"x/{we:/id}\", when: /show }",          "{\"id\":5}",                        NULL,                ""                   },
    {"{ template: \"x/{we:/id}\", when: /show }",          "{\"id\":5,\"show\":\"y\"}",         NULL,                "x/5"                },
    {"{ template: \"x/{we:/id}\" }",                       "{\"id\":\"a\\u0001b\"}",            NULL,                ""                   },
    {"[{ template: \"x/{we:/id}\", when: /show }, /name]", "{\"id\":5,\"name\":\"n\"}",         NULL,                "n"                  },
};

static void values_are_what_the_file_says_of_the_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct map_value m = value(rows[i].value);
        struct map_documents docs = documents(rows[i].me, rows[i].emails);
        struct slice got = map_text(arena, &m, &docs, NULL);
        if (!slice_is(got, slice_of(rows[i].want)))
            fail_msg("%s of %s: got \"%.*s\", want \"%s\"", rows[i].value, rows[i].me, SLICE_ARG(got), rows[i].want);
    }
}

static void lists_give_the_value_of_each_item(void **state)
{
    (void)state;
    struct map_documents docs = documents(
        "{\"teams\":[{\"slug\":\"a\",\"org\":{\"login\":\"x\"}},{\"slug\":\"b\"},{},7,{\"slug\":\"\"}],\"one\":\"g\",\"l\":[1,\"z\",null,[]]}",
        NULL);
    size_t count;
    struct map_value m = value("{ each: /teams, value: { join: [/org/login, /slug], with: / } }");
    struct slice *at = map_texts(arena, &m, &docs, NULL, &count);
    assert_int_equal(count, 2);
    is(at[0], "x/a");
    is(at[1], "b");
    m = value("/l");
    at = map_texts(arena, &m, &docs, NULL, &count);
    assert_int_equal(count, 2);
    is(at[1], "z");
    m = value("/one");
    at = map_texts(arena, &m, &docs, NULL, &count);
    assert_int_equal(count, 1);
    m = value("[/none, /l]");
    (void)map_texts(arena, &m, &docs, NULL, &count);
    assert_int_equal(count, 2);
    m = value("{ each: /one, value: /x }");
    (void)map_texts(arena, &m, &docs, NULL, &count);
    assert_int_equal(count, 0);
}

static void the_place_a_value_comes_from_is_known(void **state)
{
    (void)state;
    struct map_documents docs = documents("{\"a\":\"\"}", "{\"b\":\"x\"}");
    struct map_value m = value("[/a, \"emails:/b\"]");
    assert_int_equal(map_source(arena, &m, &docs), DOCUMENT_FIRST_REQUEST + 1);
    assert_ptr_equal(map_node(arena, &m, &docs), doc_at(docs.at[DOCUMENT_FIRST_REQUEST + 1], LIT("/b")));
    m = value("[{ const: x }, \"emails:/b\"]");
    assert_int_equal(map_source(arena, &m, &docs), -1);
    m = value("/a");
    assert_int_equal(map_source(arena, &m, &docs), -1);
}

/* ---- predicates and pick ---- */

struct judged {
    const char *predicate, *answer;
    bool holds;
};
static const struct judged judged[] = {
    {"{ pointer: /ok, equals: true }",           "{\"ok\":true}",     true },
    {"{ pointer: /ok, equals: true }",           "{\"ok\":\"true\"}", false},
    {"{ pointer: /code, equals: \"00\" }",       "{\"code\":\"00\"}", true },
    {"{ pointer: /code, equals: \"00\" }",       "{\"code\":0}",      false},
    {"{ pointer: /code, equals: \"00\" }",       "{}",                false},
    {"{ pointer: /errcode, not_in: [null, 0] }", "{}",                false},
    {"{ pointer: /errcode, not_in: [null, 0] }", "{\"errcode\":0}",   false},
    {"{ pointer: /errcode, not_in: [null, 0] }", "{\"errcode\":41}",  true },
    {"{ pointer: /e, present: true }",           "{\"e\":{}}",        true },
    {"{ pointer: /e, present: true }",           "{\"e\":null}",      false},
    {"{ pointer: /e, present: false }",          "{}",                true },
    {"{ pointer: \"\", in: [true] }",            "true",              true },
    {"{ pointer: \"\", equals: null }",          "null",              true },
};

static void predicates_compare_value_and_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
        const char *keys = arena_print(arena,
                                       "token: { error: { success: %s } }\nprofile: { requests: [{ as: we, url: "
                                       "\"https://a.example/\" }], map: { subject: /id } }",
                                       judged[i].predicate)
                               .at;
        const struct predicate *p = &described(keys)->token.error.success;
        if (predicate_holds(p, json(judged[i].answer)) != judged[i].holds)
            fail_msg("%s of %s", judged[i].predicate, judged[i].answer);
    }
    const struct predicate none = {.given = true, .pointer = LIT_INIT("/x"), .presence = true};
    assert_false(predicate_holds(&none, NULL));
}

static const struct pick *picking(const char *pick)
{
    const char *keys = arena_print(arena,
                                   "profile: { requests: [{ as: we, url: \"https://a.example/\", pick: %s }], map: { "
                                   "subject: /id } }",
                                   pick)
                           .at;
    return &described(keys)->profile.requests[0].pick;
}

static void one_item_of_a_list_is_picked(void **state)
{
    (void)state;
    const struct doc *list =
        json("[{\"e\":\"a\",\"p\":false},{\"e\":\"b\",\"p\":true,\"v\":true},{\"e\":\"c\",\"p\":true}]");
    is(doc_string(pick_item(picking("{ from: \"\", where: { /p: true }, fallback: first }"), list), LIT("e")), "b");
    is(doc_string(pick_item(picking("{ from: \"\", where: { /p: true, /v: true } }"), list), LIT("e")), "b");
    is(doc_string(pick_item(picking("{ from: \"\", where: { /p: 1 }, fallback: first }"), list), LIT("e")), "a");
    assert_null(pick_item(picking("{ from: \"\", where: { /p: 1 } }"), list));
    assert_null(pick_item(picking("{ from: /values, where: { /p: true }, fallback: first }"), list));
    assert_null(pick_item(picking("{ from: \"\", where: { /p: true }, fallback: first }"), json("[]")));
    assert_null(pick_item(picking("{ from: \"\", where: { /p: true }, fallback: first }"), NULL));
}

/* ---- templates ---- */

static const struct template *param(const char *text)
{
    const char *keys = arena_print(arena,
                                   "token: { params: { a: \"%s\" } }\nprofile: { requests: [{ as: we, url: "
                                   "\"https://a.example/\" }], map: { subject: /id } }",
                                   text)
                           .at;
    return &described(keys)->token.params.at[0].value;
}

static const struct template *address(const char *text)
{
    const char *keys =
        arena_print(arena, "profile: { requests: [{ as: we, url: \"%s\" }], map: { subject: /id } }", text).at;
    return &described(keys)->profile.requests[0].url;
}

static void templates_take_what_is_known_and_say_what_is_not(void **state)
{
    (void)state;
    struct template_values v = {.callback = json("{\"device_id\":\"d 1\",\"user\":{\"x\":1}}")};
    struct slice missing;
    v.at[TEMPLATE_CODE] = LIT("c/1");
    is(template_expand(arena, param("{code}-{cb:device_id}"), &v, &missing), "c/1-d 1");
    assert_int_equal(missing.len, 0);
    is(template_expand(arena, param("a{{b}}{state}"), &v, &missing), "a{b}");
    is(missing, "state");
    is(template_expand(arena, param("{cb:user}"), &v, &missing), "");
    is(missing, "cb:user");
    v.at[TEMPLATE_CODE] = LIT("line\r\nbreak");
    is(template_expand(arena, param("{code}"), &v, &missing), "");
    is(missing, "code");
    is(template_expand(arena, param("{{client_secret}}"), &v, NULL), "{client_secret}");
    assert_true(template_is_fixed(param("plain")));
    assert_false(template_is_fixed(param("{code}")));
    assert_true(template_uses(param("{code}"), TEMPLATE_CODE));
    assert_false(template_uses(param("{code}"), TEMPLATE_CLIENT_SECRET));
}

static void what_an_answer_says_is_never_a_template_nor_a_way_out_of_its_segment(void **state)
{
    (void)state;
    struct template_values v = {.token = json("{\"id\":\"../x?y=1#z&{client_secret}\",\"n\":12345678901234567}")};
    v.at[TEMPLATE_CLIENT_SECRET] = LIT("s3cret");
    is(template_expand(arena, address("https://a.example/u/{token:/id}/p"), &v, NULL),
       "https://a.example/u/..%2Fx%3Fy%3D1%23z%26%7Bclient_secret%7D/p");
    is(template_expand(arena, address("https://a.example/u?id={token:/n}"), &v, NULL),
       "https://a.example/u?id=12345678901234567");
}

static void endpoints_that_discovery_finds_are_put_in_as_they_are(void **state)
{
    (void)state;
    struct template_values v = {.token = NULL};
    struct slice missing;
    v.endpoints[ENDPOINT_USERINFO] = LIT("https://a.example/me?x=1");
    is(template_expand(arena, address("{userinfo}"), &v, &missing), "https://a.example/me?x=1");
    v.endpoints[ENDPOINT_USERINFO] = LIT("");
    is(template_expand(arena, address("{userinfo}"), &v, &missing), "");
    is(missing, "userinfo");
}

static void the_proof_is_the_hmac_of_the_token_under_the_secret(void **state)
{
    (void)state;
    const char *keys =
        "api: { appsecret_proof: proof }\nprofile: { requests: [{ as: we, url: \"https://a.example/\" }], map: { "
        "subject: /id } }";
    const struct declared_params *query = &described(keys)->profile.requests[0].query;
    struct template_values v = {.token = NULL};
    struct slice missing;
    v.at[TEMPLATE_CLIENT_SECRET] = LIT("app-secret");
    v.at[TEMPLATE_ACCESS_TOKEN] = LIT("access-token");
    is(template_expand(arena, &query->at[0].value, &v, &missing),
       "dbf9c72b4c8f56924f8e07138f6d465c69cb5c9dbca908ce1403e993e1a5f799");
    v.at[TEMPLATE_ACCESS_TOKEN] = LIT("");
    is(template_expand(arena, &query->at[0].value, &v, &missing), "");
    is(missing, "hmac_sha256_hex");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_what_the_file_says_of_the_answer),
        cmocka_unit_test(lists_give_the_value_of_each_item),
        cmocka_unit_test(the_place_a_value_comes_from_is_known),
        cmocka_unit_test(predicates_compare_value_and_type),
        cmocka_unit_test(one_item_of_a_list_is_picked),
        cmocka_unit_test(templates_take_what_is_known_and_say_what_is_not),
        cmocka_unit_test(what_an_answer_says_is_never_a_template_nor_a_way_out_of_its_segment),
        cmocka_unit_test(endpoints_that_discovery_finds_are_put_in_as_they_are),
        cmocka_unit_test(the_proof_is_the_hmac_of_the_token_under_the_secret),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
