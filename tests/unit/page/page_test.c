/* page_test.c -- what visitors get to see: every page in every language, with everything and with nothing in its view. */
#include "page/page.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tables/table.h"
#include "crypto/digest.h"
#include "page/accent.h"
#include "page/builtin.h"
#include "page/files.h"
#include "page/page_headers.h"
#include "page/pages.h"
#include "page/problem_json.h"
#include "page/provider_buttons.h"
#include "text/doc.h"
#include "text/encode.h"

static const char hostile[] = "<script>alert(1)</script>\"'><img src=x>{{name}}&";

static struct pages *open_pages(struct arena *a, const struct pages_conf *conf)
{
    struct pages *p = NULL;
    const struct err *e = pages_open(a, conf, &p);
    if (e != NULL) fail_msg("%.*s", SLICE_ARG(err_story(a, e)));
    return p;
}

static const struct pages_conf bare = {.prefix = LIT_INIT("/_vestibule"), .name = LIT_INIT("Tidewater")};

/* ---- a reader of tags, to see that they balance ---- */

enum {
    OPEN_TAGS = 64
};

static bool is_void(struct slice tag)
{
    static const char *const names[] = {"meta", "link", "img", "input", "br"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is(tag, slice_of(names[i]))) return true;
    }
    return false;
}

/* Reads "<...>" from the head of rest; counts quotes so that '>' inside a value does not end it. */
static struct slice read_tag(struct slice *rest)
{
    char quote = '\0';
    for (size_t i = 1; i < rest->len; i++) {
        char c = rest->at[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '<')
            fail_msg("a tag inside a tag: %.*s", SLICE_ARG(slice_upto(*rest, 80)));
        else if (c == '>') {
            struct slice tag = slice_upto(*rest, i + 1);
            *rest = slice_from(*rest, i + 1);
            return tag;
        }
    }
    fail_msg("a tag without end: %.*s", SLICE_ARG(slice_upto(*rest, 80)));
    return (struct slice){0};
}

static struct slice name_of(struct slice tag)
{
    size_t from = tag.at[1] == '/' ? 2 : 1, len = 0;
    while (from + len < tag.len && strchr(" \n/>", tag.at[from + len]) == NULL)
        len++;
    return slice_upto(slice_from(tag, from), len);
}

/* The one script, as it must stand on a page. */
static struct slice keep_fragment(void)
{
    for (size_t i = 0; i < builtin_templates_count; i++) {
        const struct builtin_file *b = &builtin_templates[i];
        if (strcmp(b->name, "parts/keep_fragment.html") == 0)
            return (struct slice){(const char *)b->bytes, b->len - 1}; /* without its line end */
    }
    fail();
    return (struct slice){NULL, 0};
}

/* Every tag is closed in order; no script but ours, no style, no handler. Returns how many elements there were. */
static size_t check_markup(struct slice html)
{
    struct slice open[OPEN_TAGS], rest = html;
    size_t depth = 0, count = 0;
    for (size_t at = slice_index(rest, '<'); at != SLICE_NONE; at = slice_index(rest, '<')) {
        rest = slice_from(rest, at);
        struct slice tag = read_tag(&rest), name = name_of(tag);
        if (name.at[0] == '!') continue;
        count++;
        assert_false(slice_is(name, LIT("style")));
        struct slice from_tag = {tag.at, (size_t)(rest.at + rest.len - tag.at)};
        bool opens_script = slice_is(name, LIT("script")) && tag.at[1] != '/';
        if (opens_script) assert_true(slice_starts(from_tag, keep_fragment()));
        assert_true(slice_find(tag, LIT(" style=")) == SLICE_NONE && slice_find(tag, LIT(" on")) == SLICE_NONE);
        if (tag.at[1] == '/') {
            if (depth == 0 || !slice_is(open[depth - 1], name)) fail_msg("</%.*s> closes nothing", SLICE_ARG(name));
            depth--;
        } else if (!is_void(name) && !slice_ends(tag, LIT("/>"))) {
            assert_true(depth < OPEN_TAGS);
            open[depth++] = name;
        }
    }
    if (depth != 0) fail_msg("<%.*s> stays open", SLICE_ARG(open[depth - 1]));
    return count;
}

/* ---- views that have everything ---- */

static void fill_list(struct view *v, const char *list, struct slice text)
{
    static const char *const names[] = {"id", "name", "email", "letter", "value", "href", "mark", "brand", "label"};
    static const char *const flags[] = {"note_ops",     "note_staff", "note_unverified",
                                        "note_refused", "last",       "unavailable"};
    for (int i = 0; i < 2; i++) {
        struct view *item = view_item(v, list);
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
            view_text(item, names[n], text);
        for (size_t n = 0; n < sizeof flags / sizeof flags[0]; n++)
            view_flag(item, flags[n], true);
    }
}

static struct view *full_view(struct arena *a, struct slice text)
{
    static const char *const names[] = {
        "reference",      "code",   "home",        "keep_query", "here",   "destination",    "problem_title",
        "problem_advice", "action", "token",       "rd",         "who",    "provider",       "sign_in",
        "switch_account", "status", "retry_after", "back",       "client", "refused_error",  "refused_why",
        "user",           "email",  "groups",      "sign_out",   "path",   "assertion_head", "assertion_claims",
        "posted_body"};
    static const char *const flags[] = {"framed", "refused", "signed_out", "asking", "ops",
                                        "admin",  "nobody",  "assertion",  "posted"};
    static const char *const lists[] = {"people", "identity", "headers"};
    struct view *v = view_new(a);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        view_text(v, names[i], text);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        view_flag(v, flags[i], true);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        fill_list(v, lists[i], text);
    fill_list(v, "primary", text);
    fill_list(view_section(v, "others"), "list", text);
    fill_list(view_section(v, "away"), "list", text);
    return v;
}

static struct pages_conf full_conf(struct slice text)
{
    return (struct pages_conf){.prefix = LIT("/_vestibule"),
                               .name = text,
                               .logo = LIT("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
                               .logo_type = LIT("image/svg+xml"),
                               .accent = LIT("#0a6b6b"),
                               .message = text,
                               .terms_url = text,
                               .privacy_url = text,
                               .help_url = text};
}

static void every_page_is_well_formed_in_every_language(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    const struct pages_conf full = full_conf(LIT("Tidewater"));
    const struct pages_conf *confs[] = {&bare, &full};
    for (size_t c = 0; c < 2; c++) {
        struct pages *p = open_pages(a, confs[c]);
        assert_int_equal(p->language_count, 3);
        const struct view *views[] = {view_new(a), full_view(a, LIT("plain"))};
        for (size_t i = 0; i < p->language_count; i++) {
            for (int kind = 0; kind < PAGES; kind++) {
                for (size_t v = 0; v < 2; v++) {
                    struct slice html = pages_render(p, a, (enum page_kind)kind, p->tags[i], views[v]);
                    assert_true(slice_starts(html, LIT("<!DOCTYPE html>\n<html lang=\"")));
                    assert_true(slice_ends(html, LIT("</body>\n</html>\n")));
                    assert_true(slice_find(html, LIT("{{")) == SLICE_NONE);
                    assert_true(slice_find(html, LIT("<h1>")) != SLICE_NONE);
                    assert_true(check_markup(html) > 15);
                }
            }
        }
        pages_close(p);
    }
}

/* Hostile text in every field gives the same elements as harmless text: it stayed text. */
static void markup_in_any_field_stays_text(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    const struct pages_conf quiet_conf = full_conf(LIT("plain")), loud_conf = full_conf(slice_of(hostile));
    struct pages *quiet = open_pages(a, &quiet_conf), *loud = open_pages(a, &loud_conf);
    for (int kind = 0; kind < PAGES; kind++) {
        struct slice calm = pages_render(quiet, a, (enum page_kind)kind, LIT("en"), full_view(a, LIT("plain")));
        struct slice wild = pages_render(loud, a, (enum page_kind)kind, LIT("en"), full_view(a, slice_of(hostile)));
        assert_int_equal(check_markup(calm), check_markup(wild));
        assert_true(slice_find(wild, LIT("<img src=x>")) == SLICE_NONE);
        assert_true(slice_find(wild, LIT("&lt;img src=x&gt;{{name}}&amp;")) != SLICE_NONE);
    }
    pages_close(quiet);
    pages_close(loud);
}

static void a_page_says_its_language_and_direction(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    struct slice html = pages_render(p, a, PAGE_SIGN_IN, LIT("ar"), view_new(a));
    assert_true(slice_find(html, LIT("<html lang=\"ar\" dir=\"rtl\">")) != SLICE_NONE);
    assert_true(slice_find(html, LIT("<bdi>Tidewater</bdi>")) != SLICE_NONE);
    html = pages_render(p, a, PAGE_SIGN_IN, LIT("tlh"), view_new(a)); /* not ours: the default */
    assert_true(slice_find(html, LIT("<html lang=\"en\" dir=\"ltr\">")) != SLICE_NONE);
    assert_true(slice_is(pages_language(p, LIT("fr de"), LIT("ar"), LIT("en")), LIT("de")));
    assert_true(slice_is(pages_language(p, LIT(""), LIT(""), LIT("fr")), LIT("en")));
    pages_close(p);
}

static void language_links_keep_the_query(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    struct view *v = view_new(a);
    view_text(v, "keep_query", LIT("rd=%2Freports&"));
    struct slice html = pages_render(p, a, PAGE_SIGN_IN, LIT("en"), v);
    assert_true(slice_find(html, LIT("href=\"?rd=%2Freports&amp;ui_locales=de\"")) != SLICE_NONE);
    pages_close(p);
}

/* ---- sign-in buttons ---- */

static size_t places(struct slice html, struct slice needle)
{
    size_t count = 0;
    for (size_t at = slice_find(html, needle); at != SLICE_NONE; at = slice_find(html, needle)) {
        count++;
        html = slice_from(html, at + needle.len);
    }
    return count;
}

static const char *const own_sentence = "Sign in the owner's way";

static struct slice sign_in_in(struct arena *a, const struct pages *p, size_t count, size_t primary, size_t last,
                               size_t away, struct slice language)
{
    static const char *const names[] = {"One", "Two", "Three", "Four", "Five"};
    struct provider_button buttons[5];
    memset(buttons, 0, sizeof buttons);
    for (size_t i = 0; i < count; i++) {
        buttons[i].name = slice_of(names[i]);
        buttons[i].href = LIT("/start");
        buttons[i].icon = i == 0 ? LIT("google") : LIT("nothing");
        buttons[i].last = i == last;
        buttons[i].away = i == away;
        if (i == 1) buttons[i].id = LIT("two");
        if (i == 1) buttons[i].label = slice_of(own_sentence);
    }
    struct view *v = view_new(a);
    provider_buttons(v, p, buttons, count, primary, language);
    return pages_render(p, a, PAGE_SIGN_IN, language, v);
}

static struct slice sign_in_with(struct arena *a, const struct pages *p, size_t count, size_t primary, size_t last)
{
    return sign_in_in(a, p, count, primary, last, 9, LIT("de"));
}

static void the_provider_used_last_comes_first_and_is_marked(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    struct slice html = sign_in_with(a, p, 5, 2, 3);
    assert_true(slice_find(html, LIT("<bdi>Four</bdi>")) < slice_find(html, LIT("<bdi>One</bdi>")));
    assert_int_equal(places(html, LIT("Zuletzt benutzt")), 1);
    assert_int_equal(places(html, LIT("class=\"provider last\"")), 1);
    assert_int_equal(places(sign_in_with(a, p, 5, 2, 9), LIT("Zuletzt benutzt")), 0);
    pages_close(p);
}

static void the_first_are_large_and_the_others_in_pairs(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    static const struct {
        size_t count, primary, large;
    } cases[] = {
        {1, 4, 1},
        {5, 2, 2},
        {5, 4, 5},
        {3, 2, 3},
        {4, 2, 2},
        {3, 0, 1},
        {2, 0, 2},
        {5, 9, 5}
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice html = sign_in_with(a, p, cases[i].count, cases[i].primary, 9);
        assert_int_equal(places(html, LIT("Weiter mit <bdi>")), cases[i].large);
        assert_int_equal(places(html, LIT("aria-label=\"Weiter mit ")), cases[i].count - cases[i].large);
        assert_int_equal(places(html, LIT("oder weiter mit")), cases[i].large < cases[i].count);
    }
    pages_close(p);
}

static void a_provider_without_a_mark_gets_a_letter(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    struct slice html = sign_in_with(a, p, 2, 2, 9);
    assert_int_equal(places(html, LIT("marks/google.svg\" alt=\"\"")), 1);
    assert_int_equal(places(html, LIT("<span class=\"mark letter\" aria-hidden=\"true\">T</span>")), 1);
    assert_int_equal(pages_mark_url(p, LIT("nothing")).len, 0);
    assert_int_equal(pages_mark_url(p, LIT("")).len, 0);
    assert_int_equal(pages_mark_url(p, LIT("../style")).len, 0);
    pages_close(p);
}

/* ---- languages ---- */

static void a_provider_that_does_not_answer_is_named_and_goes_to_the_end(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    struct slice html = sign_in_in(a, p, 5, 2, 0, 0, LIT("en"));
    assert_int_equal(places(html, LIT("<bdi>One</bdi> does not answer at the moment")), 1);
    assert_int_equal(places(html, LIT("aria-describedby=\"away\"")), 1);
    assert_int_equal(places(html, LIT("The other ways still work.")), 1);
    assert_int_equal(places(html, LIT("id=\"away\" role=\"status\"")), 1);
    struct slice behind = slice_from(html, slice_find(html, LIT("</div>\n  <nav")));
    assert_true(slice_find(behind, LIT("<bdi>Five</bdi>")) < slice_find(behind, LIT("<bdi>One</bdi>")));
    assert_int_equal(places(sign_in_with(a, p, 5, 2, 9), LIT("id=\"away\"")), 0);
    html = sign_in_in(a, p, 1, 2, 9, 0, LIT("en"));
    assert_int_equal(places(html, LIT("does not answer at the moment")), 1);
    assert_int_equal(places(html, LIT("The other ways")), 0); /* there is none */
    const struct provider_button told = {.name = LIT("One"), .href = LIT("/start"), .away = true, .told = true};
    struct view *v = view_new(a);
    provider_buttons(v, p, &told, 1, 2, LIT("en"));
    assert_int_equal(places(pages_render(p, a, PAGE_SIGN_IN, LIT("en"), v), LIT("away")), 0);
    pages_close(p);
}

static void an_owners_sentence_stands_on_an_english_page_only(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    assert_int_equal(places(sign_in_in(a, p, 2, 4, 9, 9, LIT("en")), LIT("Sign in the owner&#39;s way")), 1);
    struct slice german = sign_in_in(a, p, 2, 4, 9, 9, LIT("de"));
    assert_int_equal(places(german, LIT("owner")), 0);
    assert_int_equal(places(german, LIT("Weiter mit <bdi>Two</bdi>")), 1);
    pages_close(p);
}

static void a_brand_has_a_class_and_its_colours_stand_in_a_sheet(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    const struct page_brand two = {.id = LIT("two"), .fill = LIT("#0866FF"), .text = LIT("#ffffff")};
    struct pages_conf conf = bare;
    conf.brands = &two;
    conf.brand_count = 1;
    struct pages *p = open_pages(a, &conf);
    struct slice html = sign_in_with(a, p, 5, 1, 9);
    assert_int_equal(places(html, LIT("official brand-two")), 1);
    assert_int_equal(places(html, LIT("/brands.css\"")), 1);
    struct asset css;
    assert_true(pages_asset(p, slice_from(pages_asset_url(p, LIT("brands.css")), strlen("/_vestibule/assets/")), &css));
    assert_true(slice_find(css.body, LIT(".brand-two:hover{background:#0866FF;color:#ffffff}")) != SLICE_NONE);
    pages_close(p);
    p = open_pages(a, &bare);
    assert_int_equal(places(sign_in_with(a, p, 5, 1, 9), LIT("official")), 0);
    assert_int_equal(pages_asset_url(p, LIT("brands.css")).len, 0);
    pages_close(p);
    const struct page_brand bad = {.id = LIT("two"), .fill = LIT("red;}*{x:1"), .text = LIT("#ffffff")};
    conf.brands = &bad;
    const struct err *e = pages_open(a, &conf, &p);
    assert_non_null(e);
    assert_int_equal(e->problem, PROBLEM_CONFIG);
}

static void every_language_has_every_text_and_none_is_unused(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    const struct texts *english = NULL;
    for (size_t i = 0; i < p->language_count; i++) {
        if (slice_is(p->tags[i], LIT("en"))) english = p->languages[i].texts;
    }
    assert_non_null(english);
    for (size_t i = 0; i < p->language_count; i++) {
        const struct texts *t = p->languages[i].texts;
        if (t->count != english->count) fail_msg("%s has %zu texts, English %zu", t->path, t->count, english->count);
        for (size_t k = 0; k < t->count; k++) {
            if (!t->rows[k].used) fail_msg("%s: unused: %.*s", t->path, SLICE_ARG(t->rows[k].key));
        }
    }
    pages_close(p);
}

static void every_problem_has_words_in_every_language(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    for (size_t i = 0; i < p->language_count; i++) {
        for (int problem = PROBLEM_BAD_REQUEST; problem < PROBLEM_CONFIG; problem++) {
            assert_true(pages_problem_title(p, p->tags[i], (enum problem)problem).len > 5);
            assert_true(pages_problem_advice(p, p->tags[i], (enum problem)problem).len > 5);
        }
    }
    pages_close(p);
}

/* ---- an operator's folder ---- */

static const char *folder_make(struct arena *a)
{
    char *path = arena_bytes(a, 64);
    (void)snprintf(path, 64, "/tmp/vestibule-page-XXXXXX");
    assert_non_null(mkdtemp(path));
    static const char *const below[] = {"parts", "languages", "marks"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mkdir(arena_print(a, "%s/%s", path, below[i]).at, 0700), 0);
    return path;
}

static void folder_write(struct arena *a, const char *folder, const char *name, struct slice text)
{
    FILE *f = fopen(arena_print(a, "%s/%s", folder, name).at, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text.at, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
}

static void folder_remove(struct arena *a, const char *folder)
{
    static const char *const below[] = {"parts", "languages", "marks", "."};
    for (size_t i = 0; i < 4; i++) {
        const char *path = arena_print(a, "%s/%s", folder, below[i]).at;
        DIR *d = opendir(path);
        for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
            if (e->d_name[0] != '.') (void)remove(arena_print(a, "%s/%s", path, e->d_name).at);
        }
        if (d != NULL) closedir(d);
        if (i < 3) (void)rmdir(path);
    }
    (void)rmdir(folder);
}

static void a_folder_replaces_and_adds_single_files(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    const char *folder = folder_make(a);
    folder_write(a, folder, "parts/help.html", LIT("<b>ours</b>\n"));
    folder_write(a, folder, "languages/fr.txt",
                 LIT("language = Français\r\ndirection = ltr\nsign_in.short = <Connexion>\n"));
    folder_write(a, folder, "marks/corp.svg", LIT("<svg/>"));
    struct pages_conf conf = bare;
    conf.folder = folder;
    conf.default_language = LIT("fr");
    struct pages *p = open_pages(a, &conf);
    struct slice html = pages_render(p, a, PAGE_SIGN_IN, LIT(""), view_new(a));
    assert_true(slice_find(html, LIT("<html lang=\"fr\"")) != SLICE_NONE);
    assert_true(slice_find(html, LIT("<title>&lt;Connexion&gt; · ")) != SLICE_NONE);
    assert_true(slice_find(html, LIT("Sign in to <bdi>")) != SLICE_NONE); /* missing: English */
    assert_true(slice_find(html, LIT("<b>ours</b>")) != SLICE_NONE);
    assert_true(pages_mark_url(p, LIT("corp")).len > 0);
    assert_true(pages_mark_url(p, LIT("google")).len > 0);
    pages_close(p);
    folder_remove(a, folder);
}

static void a_mistake_in_a_folder_is_told_with_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *says;
    } cases[] = {
        {"sign_in.html",     "<p>\n{{nonsense}}</p>",           "sign_in.html:2: there is no value of this name here: nonsense"},
        {"sign_in.html",     "<p>\n\n{{t.nonsense}}</p>",       "sign_in.html:3: there is no text of this name: t.nonsense"    },
        {"sign_in.html",     "{{> nonsense}}",                  "sign_in.html:1: there is no partial of this name: nonsense"   },
        {"sign_in.html",     "{{#help}}",                       "sign_in.html:1: this section is never closed: help"           },
        {"sign_in.html",     "{{{name}}}",                      "sign_in.html:1: values are always escaped"                    },
        {"sign_in.html",     "<script>{{name}}</script>",       "sign_in.html:1: a value cannot stand inside <script>"         },
        {"sign_in.html",     "{{primary}}",                     "sign_in.html:1: this is a list or map, not a value: primary"  },
        {"error.html",       "{{token}}",                       "error.html:1: there is no value of this name here: token"     },
        {"parts/head.html",  "\n<meta {{name}}>",               "parts/head.html:2: a value cannot stand inside a tag"         },
        {"languages/en.txt", "direction = up",                  "languages/en.txt:1: direction is ltr or rtl: up"              },
        {"languages/en.txt", "a = b",                           "languages/en.txt:1: there is no such key: a"                  },
        {"languages/de.txt", "home = A\nnonsense = B",          "languages/de.txt:2: there is no such key: nonsense"           },
        {"languages/de.txt", "home = A\n\nhome = B",            "languages/de.txt:3: this key is given twice: home"            },
        {"languages/de.txt", "home",                            "languages/de.txt:1: a line is `key = text`: home"             },
        {"languages/de.txt", "home =",                          "languages/de.txt:1: this key has no text: home"               },
        {"languages/de.txt", "\xff",                            "languages/de.txt:0: the file is not UTF-8"                    },
        {"languages/de.txt", "home = {{nonsense}}",
         "languages/de.txt:1: there is no value of this name here: nonsense"                                                   },
        {"languages/de.txt", "home = {{x",                      "languages/de.txt:1: a tag is opened and never closed"         },
        {"languages/de.txt", "problem.framed.title = {{name}}",
         "a problem's text holds no values: problem.framed.title"                                                              },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
        const char *folder = folder_make(a);
        folder_write(a, folder, cases[i].file, slice_of(cases[i].text));
        struct pages_conf conf = bare;
        conf.folder = folder;
        struct pages *p = NULL;
        const struct err *e = pages_open(a, &conf, &p);
        folder_remove(a, folder);
        assert_null(p);
        if (e == NULL) fail_msg("%s: not refused", cases[i].says);
        assert_int_equal(e->problem, PROBLEM_CONFIG);
        if (slice_find(e->text, slice_of(cases[i].says)) == SLICE_NONE)
            fail_msg("wanted \"%s\", got \"%.*s\"", cases[i].says, SLICE_ARG(e->text));
    }
}

static void too_large_files_and_unknown_languages_are_refused(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    const char *folder = folder_make(a);
    char *big = arena_alloc(a, FILES_MAX_BYTES + 1);
    folder_write(a, folder, "style.css", (struct slice){big, FILES_MAX_BYTES + 1});
    struct pages_conf conf = bare;
    struct pages *p = NULL;
    conf.folder = folder;
    const struct err *e = pages_open(a, &conf, &p);
    folder_remove(a, folder);
    assert_non_null(e);
    assert_true(slice_find(e->text, LIT("larger than 256 KiB")) != SLICE_NONE);
    conf = bare;
    conf.default_language = LIT("tlh");
    assert_non_null(pages_open(a, &conf, &p));
    conf = bare;
    conf.folder = "/nonexistent/vestibule"; /* as if it were empty */
    p = open_pages(a, &conf);
    pages_close(p);
}

/* ---- assets ---- */

static void assets_are_named_by_their_content(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    struct slice url = pages_asset_url(p, LIT("style.css"));
    assert_true(slice_starts(url, LIT("/_vestibule/assets/")) && slice_ends(url, LIT("/style.css")));
    struct asset asset = {0};
    assert_true(pages_asset(p, slice_from(url, sizeof "/_vestibule/assets/" - 1), &asset));
    assert_true(slice_is(asset.type, LIT("text/css; charset=utf-8")));
    assert_true(slice_find(asset.body, LIT("--accent")) != SLICE_NONE);
    static const char *const not_there[] = {"", "style.css", "0000000000000000/style.css", "../style.css",
                                            "0000000000000000/NOTICE"};
    for (size_t i = 0; i < sizeof not_there / sizeof not_there[0]; i++)
        assert_false(pages_asset(p, slice_of(not_there[i]), &asset));
    assert_int_equal(pages_asset_url(p, LIT("accent.css")).len, 0); /* none was asked for */
    assert_false(slice_is(assets_hash(a, LIT("a")), assets_hash(a, LIT("b"))));
    assert_true(slice_is(assets_hash(a, LIT("")), LIT("cbf29ce484222325"))); /* FNV-1a, as published */
    assert_true(slice_is(assets_hash(a, LIT("a")), LIT("af63dc4c8601ec8c")));
    pages_close(p);
}

static void every_mark_is_a_drawing_without_script(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    size_t count = 0;
    for (const struct asset_row *row = p->assets.first; row != NULL; row = row->next) {
        if (!slice_starts(row->name, LIT("marks/"))) continue;
        count++;
        assert_true(slice_starts(row->asset.body, LIT("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"")));
        assert_true(slice_find(row->asset.body, LIT("script")) == SLICE_NONE);
        assert_true(slice_find(row->asset.body, LIT("href")) == SLICE_NONE);
    }
    assert_true(count >= 14);
    pages_close(p);
}

static void the_accent_is_made_readable(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct slice css = {0};
    assert_null(accent_sheet(a, LIT("#0A6b6B"), &css));
    assert_true(slice_starts(css, LIT(":root{--accent:#0a6b6b;"))); /* dark enough as it is */
    assert_null(accent_sheet(a, LIT("#ffff00"), &css));
    assert_false(slice_starts(css, LIT(":root{--accent:#ffff00;")));
    assert_true(slice_find(css, LIT("dark){:root{--accent:#ffff00;")) != SLICE_NONE);
    assert_null(accent_sheet(a, LIT("#000000"), &css));
    assert_true(slice_starts(css, LIT(":root{--accent:#000000;")));
    assert_true(slice_find(css, LIT("dark){:root{--accent:#000000;")) == SLICE_NONE);
}

static void a_colour_that_is_none_is_refused(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    static const char *const wrong[] = {"red", "#fff", "#0a6b6g", "0a6b6b0", "#0a6b6b;", "#0a6b6b}*{", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct slice css = LIT("untouched");
        assert_non_null(accent_sheet(a, slice_of(wrong[i]), &css));
        assert_true(slice_is(css, LIT("untouched")));
    }
    struct pages_conf conf = bare;
    struct pages *p = NULL;
    conf.accent = LIT("url(x)");
    assert_non_null(pages_open(a, &conf, &p));
}

static void the_policy_allows_the_one_script_by_its_hash_and_no_inline_style(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(1 << 20);
    struct slice part = keep_fragment();
    assert_true(slice_starts(part, LIT("<script>")) && slice_ends(part, LIT("</script>")));
    struct slice script = slice_from(part, strlen("<script>"));
    script.len -= strlen("</script>");
    unsigned char hash[DIGEST_SHA256_BYTES];
    digest_sha256(script, hash);
    struct slice name = base64_encode(a, (struct slice){(const char *)hash, sizeof hash});
    struct slice start =
        arena_print(a, "default-src 'none'; script-src 'sha256-%.*s'; style-src 'self';", SLICE_ARG(name));
    const struct slice policies[] = {page_csp, page_csp_with_form_action, page_csp_framed};
    for (size_t i = 0; i < 3; i++) {
        assert_true(slice_starts(policies[i], start));
        assert_true(slice_find(policies[i], LIT("unsafe")) == SLICE_NONE);
        assert_true(slice_find(policies[i], LIT("base-uri 'none'")) != SLICE_NONE);
    }
    assert_true(slice_ends(page_csp_with_form_action, LIT("form-action 'self' ")));
    assert_true(slice_find(page_csp, LIT("frame-ancestors 'none'")) != SLICE_NONE);
}

/* ---- problem documents ---- */

static void a_problem_document_has_one_shape(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    const struct problem_details d = {.problem = PROBLEM_SESSION_ENDED,
                                      .language = LIT("de"),
                                      .request_id = LIT("01JD8K3M\"\n"),
                                      .sign_in = LIT("https://app.example/_vestibule/sign-in"),
                                      .provider = LIT("corp"),
                                      .retry_after_s = 5};
    struct doc *doc = NULL;
    assert_null(doc_json(a, PROBLEM_INTERNAL, problem_json(p, a, &d), &doc));
    assert_int_equal(doc->count, 10);
    assert_true(slice_is(doc_string(doc, LIT("type")), LIT("urn:vestibule:problem:session-ended")));
    assert_true(slice_is(doc_string(doc, LIT("title")), LIT("Ihre Sitzung ist beendet")));
    assert_true(slice_is(doc_string(doc, LIT("code")), LIT("session-ended")));
    assert_true(slice_is(doc_string(doc, LIT("request_id")), LIT("01JD8K3M\"\n")));
    assert_true(slice_starts(doc_string(doc, LIT("instance")), LIT("urn:vestibule:request:01JD8K3M")));
    assert_true(slice_is(doc_string(doc, LIT("provider")), LIT("corp")));
    assert_int_equal(doc_member(doc, LIT("status"))->integer, 401);
    assert_int_equal(doc_member(doc, LIT("retry_after"))->integer, 5);
    pages_close(p);
}

static void what_is_not_known_is_left_out_of_a_problem_document(void **state)
{
    (void)state;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct pages *p = open_pages(a, &bare);
    for (int problem = PROBLEM_BAD_REQUEST; problem < PROBLEM_CONFIG; problem++) {
        const struct problem_details d = {.problem = (enum problem)problem};
        struct doc *doc = NULL;
        assert_null(doc_json(a, PROBLEM_INTERNAL, problem_json(p, a, &d), &doc));
        assert_int_equal(doc->count, 5); /* type, title, status, detail, code */
        assert_int_equal(doc_member(doc, LIT("status"))->integer, problem_status((enum problem)problem));
    }
    pages_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_well_formed_in_every_language),
        cmocka_unit_test(markup_in_any_field_stays_text),
        cmocka_unit_test(a_page_says_its_language_and_direction),
        cmocka_unit_test(language_links_keep_the_query),
        cmocka_unit_test(the_provider_used_last_comes_first_and_is_marked),
        cmocka_unit_test(the_first_are_large_and_the_others_in_pairs),
        cmocka_unit_test(a_provider_without_a_mark_gets_a_letter),
        cmocka_unit_test(a_provider_that_does_not_answer_is_named_and_goes_to_the_end),
        cmocka_unit_test(an_owners_sentence_stands_on_an_english_page_only),
        cmocka_unit_test(a_brand_has_a_class_and_its_colours_stand_in_a_sheet),
        cmocka_unit_test(every_language_has_every_text_and_none_is_unused),
        cmocka_unit_test(every_problem_has_words_in_every_language),
        cmocka_unit_test(a_folder_replaces_and_adds_single_files),
        cmocka_unit_test(a_mistake_in_a_folder_is_told_with_file_and_line),
        cmocka_unit_test(too_large_files_and_unknown_languages_are_refused),
        cmocka_unit_test(assets_are_named_by_their_content),
        cmocka_unit_test(every_mark_is_a_drawing_without_script),
        cmocka_unit_test(the_accent_is_made_readable),
        cmocka_unit_test(a_colour_that_is_none_is_refused),
        cmocka_unit_test(the_policy_allows_the_one_script_by_its_hash_and_no_inline_style),
        cmocka_unit_test(a_problem_document_has_one_shape),
        cmocka_unit_test(what_is_not_known_is_left_out_of_a_problem_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
