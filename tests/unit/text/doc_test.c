#include "text/doc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

static void same(struct slice got, struct slice want)
{
    if (!slice_is(got, want)) fail_msg("got \"%.*s\", want \"%.*s\"", SLICE_ARG(got), SLICE_ARG(want));
}

/* ---- finding */

static const struct doc *json(const char *text)
{
    struct doc *root = NULL;
    const struct err *e = doc_json(arena, PROBLEM_PROVIDER_BROKEN, slice_of(text), &root);
    if (e != NULL) fail_msg("%.*s", SLICE_ARG(err_story(arena, e)));
    return root;
}

static void pointers_find_members_and_items(void **state)
{
    (void)state;
    const struct doc *d = json("{\"a\":{\"b/c\":[10,{\"~x\":\"deep\"}]},\"\":1,\"0\":\"zero\"}");
    same(doc_at(d, LIT("/a/b~1c/1/~0x"))->text, LIT("deep"));
    assert_int_equal(doc_at(d, LIT("/a/b~1c/0"))->integer, 10);
    assert_int_equal(doc_at(d, LIT("/"))->integer, 1);
    same(doc_at(d, LIT("/0"))->text, LIT("zero"));
    assert_ptr_equal(doc_at(d, LIT("")), d);
}

static void pointers_to_nothing_find_nothing(void **state)
{
    (void)state;
    const struct doc *d = json("{\"a\":{\"b\":[1,2]},\"s\":\"x\"}");
    static const char *const none[] = {"a",        "/b",   "/a/b/2", "/a/b/-", "/a/b/01", "/a/b/x",
                                       "/a/b/0/0", "/s/0", "/a/~2",  "/a~",    "/a/b/ 1", "/a/b/99999999999999999999",
                                       "//",       "/A"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (doc_at(d, slice_of(none[i])) != NULL) fail_msg("found %s", none[i]);
    }
    assert_null(doc_at(NULL, LIT("/a")));
    assert_null(doc_member(NULL, LIT("a")));
    assert_null(doc_member(doc_at(d, LIT("/s")), LIT("a")));
    assert_null(doc_string(d, LIT("a")).at);
}

static void whole_numbers_may_be_written_as_reals(void **state)
{
    (void)state;
    int64_t n = 7;
    const struct doc *d = json("[1700000000,1700000000.0,1.7e9,-3,9007199254740992.0]");
    for (const struct doc *c = d->first; c != NULL; c = c->next) {
        assert_true(doc_whole(c, &n));
    }
    assert_true(doc_whole(doc_at(d, LIT("/2")), &n));
    assert_int_equal(n, 1700000000);
    d = json("[1.5,1e300,\"1\",true,null,-1e18,[1]]");
    n = 7;
    for (const struct doc *c = d->first; c != NULL; c = c->next) {
        assert_false(doc_whole(c, &n));
    }
    assert_false(doc_whole(NULL, &n));
    assert_int_equal(n, 7);
}

/* ---- JSON */

static void any_json_value_may_be_the_root(void **state)
{
    (void)state;
    assert_int_equal(json("null")->type, DOC_NULL);
    assert_int_equal(json(" true ")->boolean, true);
    assert_int_equal(json("-9223372036854775808")->integer, INT64_MIN);
    assert_true(json("1.5")->real > 1.4);
    same(json("\"\\u00e4\\ud83d\\ude00\"")->text, LIT("\xC3\xA4\xF0\x9F\x98\x80"));
    assert_int_equal(json("[]")->count, 0);
    assert_int_equal(json("{\"a\":1,\"b\":2}")->count, 2);
    same(json("{\"z\":1,\"a\":2}")->first->key, LIT("z")); /* in the order written */
}

static void json_with_two_readings_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"x\":{\"a\":1,\"\\u0061\":2}}",
                                      "{}{}",
                                      "{} x",
                                      "{\"a\":1,}",
                                      "[1,]",
                                      "{a:1}",
                                      "{'a':1}",
                                      "\"\\ud800\"",
                                      "\"\\udc00\\ud800\"",
                                      "\"\\u0000\"",
                                      "{\"\\u0000\":1}",
                                      "\"\xFF\"",
                                      "\"\xC0\x80\"",
                                      "\"\xED\xA0\x80\"",
                                      "NaN",
                                      "Infinity",
                                      "01",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "0x10",
                                      "9223372036854775808",
                                      "1e999",
                                      "// c\n1",
                                      "/**/1",
                                      "\xEF\xBB\xBF{}",
                                      "\"a\nb\"",
                                      "\"\\x41\"",
                                      "True",
                                      "[",
                                      "{\"a\""};
    struct doc *root = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct err *e = doc_json(arena, PROBLEM_PROVIDER_BROKEN, slice_of(bad[i]), &root);
        if (e == NULL) fail_msg("took '%s'", bad[i]);
        assert_int_equal(e->problem, PROBLEM_PROVIDER_BROKEN);
        assert_null(root);
    }
    assert_non_null(doc_json(arena, PROBLEM_CONFIG, LIT("{}\0"), &root));
    assert_non_null(doc_json(arena, PROBLEM_CONFIG, (struct slice){NULL, 0}, &root));
}

static void an_error_repeats_nothing_of_the_text(void **state)
{
    (void)state;
    struct doc *root = NULL;
    const struct err *e = doc_json(arena, PROBLEM_CONFIG, LIT("{\"access_token\":\"canary\" canary}"), &root);
    assert_int_equal(slice_find(err_story(arena, e), LIT("canary")), SLICE_NONE);
}

static const struct err *brackets(size_t depth)
{
    struct doc *root = NULL;
    char *text = arena_bytes(arena, 2 * depth);
    for (size_t i = 0; i < depth; i++) {
        text[i] = '[';
        text[2 * depth - 1 - i] = ']';
    }
    return doc_json(arena, PROBLEM_CONFIG, (struct slice){text, 2 * depth}, &root);
}

static void json_depth_ends_at_64(void **state)
{
    (void)state;
    assert_null(brackets(64));
    assert_non_null(brackets(65));
    assert_non_null(brackets(2000));
    assert_non_null(brackets(100000));
}

static const struct err *zeros(size_t count, size_t *ret_used, size_t *ret_len)
{
    struct doc *root = NULL;
    AUTO(buf_close) struct buf b = buf_open(1 << 20);
    buf_byte(&b, '[');
    for (size_t i = 1; i < count; i++) {
        buf_add(&b, i == 1 ? LIT("0") : LIT(",0"));
    }
    buf_byte(&b, ']');
    size_t before = arena_used(arena);
    const struct err *e = doc_json(arena, PROBLEM_CONFIG, buf_slice(&b), &root);
    *ret_used = arena_used(arena) - before;
    *ret_len = b.len;
    return e;
}

static void json_values_end_at_their_limit_and_within_the_promised_memory(void **state)
{
    (void)state;
    size_t used, len;
    assert_null(zeros(DOC_JSON_VALUES, &used, &len));
    assert_true(used <= (size_t)DOC_JSON_BYTES(len));
    assert_null(zeros(5, &used, &len));
    assert_true(used <= (size_t)DOC_JSON_BYTES(len));
    assert_non_null(zeros(DOC_JSON_VALUES + 1, &used, &len));
    assert_true(used <= (size_t)DOC_JSON_BYTES(len));
}

/* ---- YAML */

static struct slice reported;
static size_t reports;

static void report(void *self, const char *file, int line, int column, struct slice sentence)
{
    (void)self;
    reported = arena_print(arena, "%.*s%s:%d:%d: %.*s\n", SLICE_ARG(reported), file, line, column, SLICE_ARG(sentence));
    reports++;
}

static const struct err *yaml(struct slice text, struct doc **ret_root)
{
    reported = (struct slice){NULL, 0};
    reports = 0;
    return doc_yaml(arena, "f.yaml", text, report, NULL, ret_root);
}

static struct doc *good_yaml(const char *text)
{
    struct doc *root = NULL;
    const struct err *e = yaml(slice_of(text), &root);
    if (e != NULL) fail_msg("%.*s", SLICE_ARG(reported));
    return root;
}

static void bad_yaml(const char *text, const char *want)
{
    struct doc *root = NULL;
    const struct err *e = yaml(slice_of(text), &root);
    if (e == NULL) fail_msg("took '%s'", text);
    assert_null(root);
    assert_int_equal(e->problem, PROBLEM_CONFIG);
    if (slice_find(reported, slice_of(want)) == SLICE_NONE)
        fail_msg("'%s' said: %.*swant: %s", text, SLICE_ARG(reported), want);
}

static void plain_words_have_the_types_of_the_subset(void **state)
{
    (void)state;
    const struct doc *d = good_yaml("t: true\nf: false\nn: null\ne:\ni: -42\nz: 0\ns: hello world\nq: \"true\"\n"
                                    "r: 1.5\nd: 24h\nip: 10.0.0.1\ntime: 12:30\nnum: '007'\nblock: |\n  one\n  two\n");
    assert_int_equal(doc_member(d, LIT("t"))->type, DOC_BOOL);
    assert_true(doc_member(d, LIT("t"))->boolean);
    assert_false(doc_member(d, LIT("f"))->boolean);
    assert_int_equal(doc_member(d, LIT("n"))->type, DOC_NULL);
    assert_int_equal(doc_member(d, LIT("e"))->type, DOC_NULL);
    assert_int_equal(doc_member(d, LIT("i"))->integer, -42);
    same(doc_member(d, LIT("i"))->text, LIT("-42"));
    assert_int_equal(doc_member(d, LIT("z"))->type, DOC_INT);
    same(doc_string(d, LIT("s")), LIT("hello world"));
    same(doc_string(d, LIT("q")), LIT("true"));
    assert_false(doc_member(d, LIT("q"))->plain);
    assert_true(doc_member(d, LIT("s"))->plain);
    same(doc_string(d, LIT("r")), LIT("1.5"));
    same(doc_string(d, LIT("d")), LIT("24h"));
    same(doc_string(d, LIT("ip")), LIT("10.0.0.1"));
    same(doc_string(d, LIT("time")), LIT("12:30"));
    same(doc_string(d, LIT("num")), LIT("007"));
    same(doc_string(d, LIT("block")), LIT("one\ntwo\n"));
}

static void nodes_know_where_they_stood(void **state)
{
    (void)state;
    const struct doc *d = good_yaml("a:\n  b: [x, \xC3\xA4, z]\n  'c':\n    - q: 1\n");
    const struct doc *z = doc_at(d, LIT("/a/b/2")), *q = doc_at(d, LIT("/a/c/0/q"));
    assert_int_equal(z->line, 2);
    assert_int_equal(z->column, 13);
    assert_int_equal(q->key_line, 4);
    assert_int_equal(q->key_column, 7);
    assert_int_equal(q->line, 4);
    assert_int_equal(q->column, 10);
    assert_string_equal(q->file, "f.yaml");
}

static void keys_are_always_words(void **state)
{
    (void)state;
    const struct doc *d = good_yaml("no: norsk\n'on': 1\n8080: port\ntrue: t\n");
    same(doc_string(d, LIT("no")), LIT("norsk"));
    same(doc_string(d, LIT("8080")), LIT("port"));
    assert_non_null(doc_member(d, LIT("true")));
}

static void an_empty_file_is_an_empty_map(void **state)
{
    (void)state;
    static const char *const empty[] = {"", "\n", "# nothing\n", "---\n", "--- # x\n...\n", "\xEF\xBB\xBF", "null"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        const struct doc *d = good_yaml(empty[i]);
        assert_int_equal(d->type, DOC_MAP);
        assert_int_equal(d->count, 0);
    }
}

static void json_is_read_as_yaml(void **state)
{
    (void)state;
    const struct doc *d = good_yaml("{\"a\": [1, true, null, \"x\\u00e4\"], \"b\": {}}");
    assert_int_equal(doc_at(d, LIT("/a"))->count, 4);
    same(doc_at(d, LIT("/a/3"))->text, LIT("x\xC3\xA4"));
}

static void words_with_two_readings_must_be_quoted(void **state)
{
    (void)state;
    static const char *const words[] = {"yes",
                                        "no",
                                        "No",
                                        "ON",
                                        "off",
                                        "y",
                                        "N",
                                        "True",
                                        "FALSE",
                                        "Null",
                                        "NULL",
                                        "~",
                                        "0777",
                                        "-012",
                                        "00",
                                        "0x1F",
                                        "0o17",
                                        "0b11",
                                        "+5",
                                        "1_000",
                                        ".inf",
                                        "-.INF",
                                        ".NaN",
                                        "9223372036854775808",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *text = arena_text(arena, arena_print(arena, "k: %s\n", words[i]));
        bad_yaml(text, "f.yaml:1:4: ");
        const char *quoted = arena_text(arena, arena_print(arena, "k: '%s'\n", words[i]));
        same(doc_string(good_yaml(quoted), LIT("k")), slice_of(words[i]));
    }
    bad_yaml("a:\n  - x\n  - no\n", "f.yaml:3:5: this is ambiguous: write true or false");
    bad_yaml("mode: 0644\n", "f.yaml:1:7: this looks octal: quote it");
}

static void what_the_subset_leaves_out_is_refused_with_its_place(void **state)
{
    (void)state;
    bad_yaml("a: &x 1\n", "f.yaml:1:4: anchors");
    bad_yaml("a: *x\n", "aliases");
    bad_yaml("a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3:3: merge keys");
    bad_yaml("a: !!str 1\n", "f.yaml:1:4: tags");
    bad_yaml("a: !ruby/object:X {}\n", "tags");
    bad_yaml("? [a, b]\n: 1\n", "a key must be a word");
    bad_yaml("? {a: b}\n: 1\n", "a key must be a word");
    bad_yaml("a: 1\n---\nb: 2\n", "f.yaml:2:1: a file holds one document");
    bad_yaml("%YAML 1.1\n---\na: 1\n", "directives");
    bad_yaml("%TAG ! tag:x,2000:\n---\na: 1\n", "directives");
    bad_yaml("a: \"x\\0y\"\n", "f.yaml:1:4: NUL");
    bad_yaml("'': 1\n", "a key is empty");
    bad_yaml("a: [1, 2\nb: 3\n", "f.yaml:2:");
    bad_yaml("a:\n\t- b\n", "f.yaml:2:1: this is a tab: indent with spaces");
    bad_yaml("a: grüße\nb:\n  - ü: 1\n\t d: 2\n", "f.yaml:4:1: this is a tab: indent with spaces");
    bad_yaml("a: 1\nb: \"unended\nc: 2\n", "f.yaml:2:4: the quote that opens here is never closed");
    bad_yaml("a: b: c\n", "f.yaml:1:5: no \":\" can stand here");
    bad_yaml("a: - b\n", "f.yaml:1:4: no \"- \" can stand here");
    bad_yaml("a: @b\n", "f.yaml:1:4: a value that begins with this character needs quotes");
    bad_yaml("a: 1\nlonely\nb: 2\n", "f.yaml:2:1: a key without \":\" behind it");
    bad_yaml("a:\n  - b: 1\n   c: 2\n", "f.yaml:3:4: look at the indentation");
    bad_yaml("a:\n  - b: 1\n    c: 2\n   d: 2\n", "fits neither the entry above it nor the list that begins in line 2");
    bad_yaml("a: 1\nb: {c: 1\nd: 2\n", "\"{\" stands in line 2");
    bad_yaml("ok: 1\nb: \xC3(\n", "f.yaml:2:4: this is not UTF-8");
    bad_yaml("a: x\x1by\n", "f.yaml:1:5: control characters");
}

static void nul_and_utf16_are_no_yaml(void **state)
{
    (void)state;
    struct doc *root = NULL;
    assert_non_null(yaml(LIT("a: x\0y\n"), &root));
    assert_non_null(yaml(LIT("\xFF\xFE"
                             "a\0:\0 \0"
                             "1\0"),
                         &root));
    assert_non_null(yaml(LIT("\0a\0:"), &root));
}

static void every_mistake_is_reported_in_one_run(void **state)
{
    (void)state;
    struct doc *root = NULL;
    const struct err *e = yaml(LIT("listen: x\nmode: no\nlisten: z\nlist: [yes, 0777]\n"
                                   "anchor: &a 1\nref: *a\n"),
                               &root);
    assert_int_equal(reports, 6);
    assert_non_null(e);
    assert_true(slice_find(reported, LIT("f.yaml:2:7: this is ambiguous")) != SLICE_NONE);
    assert_true(slice_find(reported, LIT("f.yaml:3:1: duplicate key 'listen' (first at line 1, column 1)")) !=
                SLICE_NONE);
    assert_true(slice_find(reported, LIT("f.yaml:4:13: this looks octal")) != SLICE_NONE);
    assert_true(slice_find(err_story(arena, e), LIT("6 mistakes")) != SLICE_NONE);
}

static void mistakes_end_at_a_hundred(void **state)
{
    (void)state;
    AUTO(buf_close) struct buf b = buf_open(1 << 20);
    struct doc *root = NULL;
    for (int i = 0; i < 500; i++) {
        buf_add(&b, LIT("- yes\n"));
    }
    assert_non_null(yaml(buf_slice(&b), &root));
    assert_int_equal(reports, 100);
}

static void a_report_is_not_needed(void **state)
{
    (void)state;
    struct doc *root = NULL;
    const struct err *e = doc_yaml(arena, "f.yaml", LIT("a: no\n"), NULL, NULL, &root);
    assert_true(slice_find(err_story(arena, e), LIT("f.yaml:1:4: this is ambiguous")) != SLICE_NONE);
}

static const struct err *yaml_brackets(size_t depth)
{
    struct doc *root = NULL;
    AUTO(buf_close) struct buf b = buf_open(1 << 21);
    for (size_t i = 0; i < depth; i++) {
        buf_byte(&b, '[');
    }
    for (size_t i = 0; i < depth; i++) {
        buf_byte(&b, ']');
    }
    return yaml(buf_slice(&b), &root);
}

static void yaml_depth_size_and_count_are_bounded(void **state)
{
    (void)state;
    struct doc *root = NULL;
    assert_null(yaml_brackets(32));
    assert_non_null(yaml_brackets(33));
    assert_non_null(yaml_brackets(500000)); /* and fast */
    AUTO(buf_close) struct buf b = buf_open(1 << 21);
    for (int i = 0; i < 19999; i++) {
        buf_add(&b, LIT("- a\n"));
    }
    assert_null(yaml(buf_slice(&b), &root));
    assert_int_equal(root->count, 19999);
    buf_add(&b, LIT("- a\n"));
    assert_non_null(yaml(buf_slice(&b), &root));
    buf_clear(&b);
    while (b.len <= 1024 * 1024) {
        buf_add(&b, LIT("# comment\n"));
    }
    assert_non_null(yaml(buf_slice(&b), &root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_find_members_and_items),
        cmocka_unit_test(pointers_to_nothing_find_nothing),
        cmocka_unit_test(whole_numbers_may_be_written_as_reals),
        cmocka_unit_test(any_json_value_may_be_the_root),
        cmocka_unit_test(json_with_two_readings_is_refused),
        cmocka_unit_test(an_error_repeats_nothing_of_the_text),
        cmocka_unit_test(json_depth_ends_at_64),
        cmocka_unit_test(json_values_end_at_their_limit_and_within_the_promised_memory),
        cmocka_unit_test(plain_words_have_the_types_of_the_subset),
        cmocka_unit_test(nodes_know_where_they_stood),
        cmocka_unit_test(keys_are_always_words),
        cmocka_unit_test(an_empty_file_is_an_empty_map),
        cmocka_unit_test(json_is_read_as_yaml),
        cmocka_unit_test(words_with_two_readings_must_be_quoted),
        cmocka_unit_test(what_the_subset_leaves_out_is_refused_with_its_place),
        cmocka_unit_test(nul_and_utf16_are_no_yaml),
        cmocka_unit_test(every_mistake_is_reported_in_one_run),
        cmocka_unit_test(mistakes_end_at_a_hundred),
        cmocka_unit_test(a_report_is_not_needed),
        cmocka_unit_test(yaml_depth_size_and_count_are_bounded),
    };
    doc_init();
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
