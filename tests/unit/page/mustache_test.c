#include "page/mustache.h"

#include "../../tables/table.h"
#include "text/doc.h"

/* ---- views from JSON ---- */

static void fill(struct arena *a, struct view *v, const struct doc *map);

static void set(struct arena *a, struct view *v, const char *name, const struct doc *d)
{
    switch (d->type) {
    case DOC_NULL: break;
    case DOC_BOOL: view_flag(v, name, d->boolean); break;
    case DOC_INT: view_text(v, name, arena_print(a, "%lld", (long long)d->integer)); break;
    case DOC_REAL: view_text(v, name, arena_print(a, "%g", d->real)); break;
    case DOC_STRING: view_text(v, name, d->text); break;
    case DOC_MAP: fill(a, view_section(v, name), d); break;
    case DOC_LIST:
        for (const struct doc *item = d->first; item != NULL; item = item->next) {
            struct view *to = view_item(v, name);
            if (item->type == DOC_MAP)
                fill(a, to, item);
            else
                set(a, to, ".", item);
        }
        break;
    }
}

static void fill(struct arena *a, struct view *v, const struct doc *map)
{
    for (const struct doc *d = map->first; d != NULL; d = d->next)
        set(a, v, arena_text(a, d->key), d);
}

/* ---- the engine ---- */

struct one_partial {
    struct slice name, text;
};

static bool find_partial(void *self, struct slice name, struct mustache_source *ret_source)
{
    const struct one_partial *p = self;
    if (slice_is(name, LIT("self"))) {
        *ret_source = (struct mustache_source){.file = "self", .line = 1, .text = LIT("{{>self}}")};
        return true;
    }
    if (p->name.len == 0 || !slice_is(name, p->name)) return false;
    *ret_source = (struct mustache_source){.file = "p", .line = 1, .text = p->text};
    return true;
}

static struct slice sentence(struct arena *a, struct slice column)
{
    struct slice text = arena_copy(a, column);
    char *at = arena_bytes(a, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        at[i] = text.at[i] == '_' ? ' ' : text.at[i];
    return (struct slice){at, text.len};
}

static void renders(struct table *t)
{
    struct doc *data = NULL;
    assert_null(doc_json(t->arena, PROBLEM_BAD_REQUEST, t->column[1], &data));
    struct view *v = view_new(t->arena);
    fill(t->arena, v, data);
    struct one_partial p = {0};
    if (t->columns > 4) p.name = t->column[4];
    if (t->columns > 5) p.text = t->column[5];
    const struct mustache_names names = {.self = &p, .partial = find_partial};
    const struct mustache_source source = {.file = "t", .line = 1, .text = t->column[2]};
    const struct mustache *compiled = NULL;
    const struct err *e = mustache_compile(t->arena, t->arena, &source, &names, false, &compiled);
    if (e != NULL) fail_msg("%s:%d: %.*s", t->name, t->line, SLICE_ARG(err_story(t->arena, e)));
    AUTO(buf_close) struct buf out = buf_open(4096);
    mustache_render(compiled, v, NULL, &out);
    if (!slice_is(buf_slice(&out), t->column[3]))
        fail_msg("%s:%d: got \"%.*s\"", t->name, t->line, SLICE_ARG(buf_slice(&out)));
}

static void refuses(struct table *t, const struct mustache_names *names, bool html)
{
    const struct mustache_source source = {.file = "t", .line = 1, .text = t->column[2]};
    const struct mustache *compiled = NULL;
    const struct err *e = mustache_compile(t->arena, t->arena, &source, names, html, &compiled);
    if (e == NULL) fail_msg("%s:%d: was not refused", t->name, t->line);
    assert_null(compiled);
    assert_int_equal(e->problem, PROBLEM_CONFIG);
    if (slice_find(e->text, sentence(t->arena, t->column[1])) == SLICE_NONE)
        fail_msg("%s:%d: said \"%.*s\"", t->name, t->line, SLICE_ARG(e->text));
}

static void templates_render_as_the_specification_says(void **state)
{
    (void)state;
    struct table t = table_open("tables/mustache.eval");
    struct one_partial none = {0};
    const struct mustache_names names = {.self = &none, .partial = find_partial};
    size_t good = 0, bad = 0;
    while (table_next(&t)) {
        bool ok = slice_is(t.column[0], LIT("ok"));
        if (ok)
            renders(&t);
        else
            refuses(&t, &names, false);
        good += ok;
        bad += !ok;
    }
    assert_true(good > 70 && bad > 12);
}

/* ---- where values may stand ---- */

static bool hello(void *self, struct slice key, bool plain, struct mustache_source *ret_source)
{
    (void)self;
    if (!slice_is(key, LIT("hello"))) return false;
    *ret_source = (struct mustache_source){.file = "en", .line = 7, .text = plain ? LIT("hi") : LIT("<b>hi</b>")};
    return true;
}

static enum mustache_meaning x_and_list(void *self, const struct slice *scopes, size_t count, struct slice name)
{
    (void)self;
    if (slice_is(name, LIT("x"))) return MUSTACHE_VALUE;
    if (slice_is(name, LIT("list"))) return MUSTACHE_SCOPE;
    bool inside = count == 1 && slice_is(scopes[0], LIT("list"));
    return inside && slice_is(name, LIT("item")) ? MUSTACHE_VALUE : MUSTACHE_UNKNOWN;
}

static void a_value_stands_only_where_escaping_helps(void **state)
{
    (void)state;
    const struct mustache_names names = {.text = hello, .meaning = x_and_list};
    struct table t = table_open("tables/markup.eval");
    while (table_next(&t)) {
        if (!slice_is(t.column[0], LIT("ok"))) {
            refuses(&t, &names, true);
            continue;
        }
        const struct mustache_source source = {.file = "t", .line = 1, .text = t.column[1]};
        const struct mustache *compiled = NULL;
        const struct err *e = mustache_compile(t.arena, t.arena, &source, &names, true, &compiled);
        if (e != NULL) fail_msg("%s:%d: %.*s", t.name, t.line, SLICE_ARG(e->text));
    }
}

static struct slice render_html(struct arena *a, struct slice text, const struct view *first, const struct view *second)
{
    const struct mustache_names names = {.text = hello};
    const struct mustache_source source = {.file = "t", .line = 1, .text = text};
    const struct mustache *compiled = NULL;
    assert_null(mustache_compile(a, a, &source, &names, true, &compiled));
    AUTO(buf_close) struct buf out = buf_open(4096);
    mustache_render(compiled, first, second, &out);
    return arena_copy(a, buf_slice(&out));
}

static void a_text_has_no_markup_in_attributes_and_titles(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct slice got =
        render_html(a, LIT("<title>{{t.hello}}</title><p title=\"{{t.hello}}\">{{t.hello}}</p>"), view_new(a), NULL);
    assert_true(slice_is(got, LIT("<title>hi</title><p title=\"hi\"><b>hi</b></p>")));
}

static void a_url_has_only_harmless_schemes(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"/a",                   "/a"                },
        {"?b",                   "?b"                },
        {"#c",                   "#c"                },
        {"https://x/",           "https://x/"        },
        {"HTTP://x/",            "HTTP://x/"         },
        {"mailto:a@b.example",   "mailto:a@b.example"},
        {"",                     ""                  },
        {"javascript:alert(1)",  "#"                 },
        {"JavaScript:alert(1)",  "#"                 },
        {" javascript:alert(1)", "#"                 },
        {"data:text/html,x",     "#"                 },
        {"vbscript:x",           "#"                 },
        {"httpsx://y",           "#"                 },
        {"a/b",                  "#"                 }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
        struct view *v = view_new(a);
        view_text(v, "u", slice_of(cases[i].url));
        struct slice got = render_html(a, LIT("<a href=\"{{u}}\">{{u}}</a>"), v, NULL);
        struct slice want = arena_print(a, "<a href=\"%s\">%s</a>", cases[i].shown, cases[i].url);
        if (!slice_is(got, want)) fail_msg("%s: %.*s", cases[i].url, SLICE_ARG(got));
    }
}

static void a_url_behind_a_section_is_still_the_beginning(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct view *v = view_new(a);
    view_text(v, "u", LIT("javascript:x"));
    struct slice got = render_html(a, LIT("<a href=\"{{#no}}/{{/no}}{{u}}\">t</a>"), v, NULL);
    assert_true(slice_is(got, LIT("<a href=\"#\">t</a>")));
    got = render_html(a, LIT("<a href=\"/x/{{u}}\">t</a>"), v, NULL);
    assert_true(slice_is(got, LIT("<a href=\"/x/javascript:x\">t</a>")));
}

static void the_pages_own_values_come_before_those_of_every_page(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct view *own = view_new(a), *common = view_new(a);
    view_text(own, "a", LIT("1"));
    view_text(common, "a", LIT("2"));
    view_text(common, "b", LIT("3"));
    assert_true(slice_is(render_html(a, LIT("{{a}}{{b}}"), own, common), LIT("13")));
}

static void a_name_set_twice_holds_the_later_value(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 16);
    struct view *v = view_new(a);
    view_text(v, "a", LIT("1"));
    view_text(v, "a", LIT("2"));
    (void)view_item(v, "b");
    view_text(v, "b", LIT("3"));
    assert_true(slice_is(render_html(a, LIT("{{a}}{{b}}"), v, NULL), LIT("23")));
}

static void a_page_too_large_is_refused(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 24);
    char *big = arena_bytes(a, 200000);
    for (size_t i = 0; i + 5 <= 200000; i += 5)
        memcpy(big + i, "{{x}}", 5);
    const struct mustache_names names = {0};
    struct mustache_source source = {
        .file = "t", .line = 1, .text = {big, 200000}
    };
    const struct mustache *compiled = NULL;
    const struct err *e = mustache_compile(a, a, &source, &names, true, &compiled);
    assert_non_null(e);
    assert_true(slice_find(e->text, LIT("too many parts")) != SLICE_NONE);
    source.text.len = MUSTACHE_SOURCE_BYTES + 1; /* is looked at before it is read */
    e = mustache_compile(a, a, &source, &names, true, &compiled);
    assert_non_null(e);
    assert_true(slice_find(e->text, LIT("larger than 1 MiB")) != SLICE_NONE);
}

static void sections_nest_32_deep_and_no_deeper(void **state)
{
    (void)state;
    for (size_t depth = 31; depth <= 34; depth++) {
        AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
        AUTO(buf_close) struct buf text = buf_open(4096);
        for (size_t i = 0; i < depth; i++)
            buf_add(&text, LIT("{{#x}}"));
        buf_add(&text, LIT("{{x}}"));
        for (size_t i = 0; i < depth; i++)
            buf_add(&text, LIT("{{/x}}"));
        const struct mustache_names names = {0};
        const struct mustache_source source = {.file = "t", .line = 1, .text = buf_slice(&text)};
        const struct mustache *compiled = NULL;
        const struct err *e = mustache_compile(a, a, &source, &names, true, &compiled);
        assert_int_equal(e == NULL, depth <= 32);
        if (e != NULL) continue;
        struct view *v = view_new(a);
        view_text(v, "x", LIT("deep"));
        AUTO(buf_close) struct buf out = buf_open(4096);
        mustache_render(compiled, v, v, &out);
        assert_true(slice_is(buf_slice(&out), LIT("deep")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_render_as_the_specification_says),
        cmocka_unit_test(a_value_stands_only_where_escaping_helps),
        cmocka_unit_test(a_text_has_no_markup_in_attributes_and_titles),
        cmocka_unit_test(a_url_has_only_harmless_schemes),
        cmocka_unit_test(a_url_behind_a_section_is_still_the_beginning),
        cmocka_unit_test(the_pages_own_values_come_before_those_of_every_page),
        cmocka_unit_test(a_name_set_twice_holds_the_later_value),
        cmocka_unit_test(a_page_too_large_is_refused),
        cmocka_unit_test(sections_nest_32_deep_and_no_deeper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
