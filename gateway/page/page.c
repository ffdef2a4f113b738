/* page.c -- loads everything visitors see (assets, languages, templates), then renders from it. Immutable once open. */
#include "page/page.h"

#include "page/accent.h"
#include "page/brands.h"
#include "page/files.h"
#include "page/languages.h"
#include "page/letter.h"
#include "page/names.h"
#include "page/pages.h"

enum {
    PAGES_ARENA_BYTES =
        512 * 1024 * 1024, /* a ceiling for mistakes of ours; files, languages and nodes have limits of their own */
    PAGES_MAX_HTML = 2 * 1024 * 1024 /* the demo app's list of headers, escaped, is the largest */
};

static const char *const page_files[PAGES] = {
    [PAGE_SIGN_IN] = "sign_in.html",
    [PAGE_SIGN_OUT] = "sign_out.html",
    [PAGE_SIGNED_OUT] = "signed_out.html",
    [PAGE_ACCOUNT] = "account.html",
    [PAGE_DELETION] = "deletion.html",
    [PAGE_NO_ACCESS] = "no_access.html",
    [PAGE_SESSION_ENDED] = "session_ended.html",
    [PAGE_ERROR] = "error.html",
    [PAGE_DEMO_PROVIDER] = "demo_provider.html",
    [PAGE_DEMO_APP] = "demo_app.html",
};

struct loader {
    struct pages *pages;
    struct files files;
    struct arena *errors;
    const struct pages_conf *conf;
    struct page_language *language; /* that is compiled now */
    enum page_kind kind;
    const struct err *failed; /* of a partial that could not be read */
};

/* ---- assets ---- */

static const struct err *load_marks(struct loader *l)
{
    struct slice *names = NULL;
    size_t count = 0;
    const struct err *e = files_list(&l->files, l->errors, "marks/", ".svg", &names, &count);
    for (size_t i = 0; e == NULL && i < count; i++) {
        struct slice text = {0};
        const char *path = NULL;
        struct slice name = arena_print(l->pages->arena, "marks/%.*s.svg", SLICE_ARG(names[i]));
        e = files_read(&l->files, l->errors, name, &text, &path);
        if (e == NULL) assets_add(&l->pages->assets, name, LIT("image/svg+xml"), text);
    }
    return e;
}

static const struct err *load_brands(struct loader *l)
{
    struct pages *p = l->pages;
    const struct pages_conf *conf = l->conf;
    struct slice css = {0};
    if (conf->brand_count == 0) return NULL;
    const struct err *e = brands_sheet(l->errors, conf->brands, conf->brand_count, &css);
    if (e != NULL) return e;
    assets_add(&p->assets, LIT("brands.css"), LIT("text/css; charset=utf-8"), arena_copy(p->arena, css));
    p->brands = arena_array(p->arena, struct page_brand_class, conf->brand_count);
    for (size_t i = 0; i < conf->brand_count; i++) {
        struct slice id = arena_copy(p->arena, conf->brands[i].id);
        p->brands[p->brand_count++] = (struct page_brand_class){.id = id, .name = brands_class(p->arena, id)};
    }
    return NULL;
}

static const struct err *load_assets(struct loader *l)
{
    struct assets *s = &l->pages->assets;
    struct slice style = {0}, accent = {0};
    const char *path = NULL;
    const struct err *e = files_read(&l->files, l->errors, LIT("style.css"), &style, &path);
    if (e != NULL) return e;
    assets_add(s, LIT("style.css"), LIT("text/css; charset=utf-8"), style);
    if (l->conf->accent.len != 0) {
        e = accent_sheet(l->errors, l->conf->accent, &accent);
        if (e != NULL) return e;
        assets_add(s, LIT("accent.css"), LIT("text/css; charset=utf-8"), arena_copy(s->arena, accent));
    }
    if (l->conf->logo.len != 0)
        assets_add(s, LIT("logo"), arena_copy(s->arena, l->conf->logo_type), arena_copy(s->arena, l->conf->logo));
    e = load_brands(l);
    return e != NULL ? e : load_marks(l);
}

/* ---- languages ---- */

static const struct err *load_texts(struct loader *l, struct slice tag, struct texts *fallback,
                                    struct texts **ret_texts)
{
    struct slice text = {0};
    const char *path = NULL;
    struct slice name = arena_print(l->pages->arena, "languages/%.*s.txt", SLICE_ARG(tag));
    const struct err *e = files_read(&l->files, l->errors, name, &text, &path);
    if (e != NULL) return e;
    return texts_read(l->pages->arena, l->errors, tag, path, text, fallback, ret_texts);
}

/* A problem's words are used in problem documents and in sentences: no values in them. */
static const struct err *problem_text(struct loader *l, enum problem problem, const char *what, struct slice *ret_text)
{
    char key[64];
    (void)snprintf(key, sizeof key, "problem.%.*s.%s", SLICE_ARG(problem_word(problem)), what);
    struct texts *t = l->language->texts;
    const struct text_row *row = texts_find(t, slice_of(key), NULL);
    if (row == NULL) return err_new(l->errors, PROBLEM_CONFIG, "%s: the text %s is missing", t->path, key);
    if (slice_find(row->text, LIT("{{")) != SLICE_NONE)
        return err_new(l->errors, PROBLEM_CONFIG, "%s:%d: a problem's text holds no values: %s", t->path, row->line,
                       key);
    *ret_text = row->text;
    return NULL;
}

static const struct err *load_problems(struct loader *l)
{
    const struct err *e = NULL;
    for (int p = PROBLEM_BAD_REQUEST; e == NULL && p < PROBLEM_CONFIG; p++) {
        e = problem_text(l, (enum problem)p, "title", &l->language->titles[p]);
        if (e == NULL) e = problem_text(l, (enum problem)p, "advice", &l->language->advices[p]);
    }
    return e;
}

static const struct err *load_languages(struct loader *l)
{
    struct pages *p = l->pages;
    struct texts *english = NULL;
    const char *folder = l->files.folder;
    l->files.folder = NULL; /* what a folder leaves out, also in its English, comes from the binary */
    const struct err *e = load_texts(l, LIT("en"), NULL, &english);
    l->files.folder = folder;
    if (e == NULL) e = files_list(&l->files, l->errors, "languages/", ".txt", &p->tags, &p->language_count);
    if (e != NULL) return e;
    p->languages = arena_array(p->arena, struct page_language, p->language_count);
    struct slice wanted = l->conf->default_language.len != 0 ? l->conf->default_language : LIT("en");
    p->default_language = SLICE_NONE;
    for (size_t i = 0; i < p->language_count; i++) {
        l->language = &p->languages[i];
        e = load_texts(l, p->tags[i], english, &l->language->texts);
        if (e == NULL) e = load_problems(l);
        if (e != NULL) return e;
        if (slice_is_nocase(p->tags[i], wanted)) p->default_language = i;
    }
    if (p->default_language == SLICE_NONE)
        return err_new(l->errors, PROBLEM_CONFIG,
                       "there is no language %.*s: neither built in nor in the templates folder",
                       SLICE_ARG(slice_upto(wanted, 40)));
    return NULL;
}

/* ---- what every page is given ---- */

static struct slice asset_url(const struct pages *p, struct slice name)
{
    const struct asset_row *row = assets_by_name(&p->assets, name);
    return row != NULL ? row->url : (struct slice){0};
}

static void copy_text(struct view *v, const char *name, struct slice text)
{
    view_text(v, name, arena_copy(v->arena, text));
}

static const struct view *common_view(const struct loader *l, const struct texts *t)
{
    struct pages *p = l->pages;
    const struct pages_conf *conf = l->conf;
    struct view *v = view_new(p->arena);
    view_text(v, "lang", t->tag);
    view_text(v, "dir", t->right_to_left ? LIT("rtl") : LIT("ltr"));
    view_text(v, "language_name", t->label);
    copy_text(v, "name", conf->name);
    copy_text(v, "letter", letter_of(conf->name));
    copy_text(v, "prefix", conf->prefix);
    copy_text(v, "message", conf->message);
    copy_text(v, "terms", conf->terms_url);
    copy_text(v, "privacy", conf->privacy_url);
    copy_text(v, "help", conf->help_url);
    view_text(v, "style", asset_url(p, LIT("style.css")));
    view_text(v, "accent", asset_url(p, LIT("accent.css")));
    view_text(v, "brands", asset_url(p, LIT("brands.css")));
    view_text(v, "logo", asset_url(p, LIT("logo")));
    for (size_t i = 0; i < p->language_count; i++) {
        const struct texts *other = p->languages[i].texts;
        struct view *item = view_item(v, "languages");
        view_text(item, "tag", p->tags[i]);
        view_text(item, "label", other->label);
        view_text(item, "dir", other->right_to_left ? LIT("rtl") : LIT("ltr"));
        view_flag(item, "current", other == t);
    }
    return v;
}

/* ---- templates ---- */

static bool partial(void *self, struct slice name, struct mustache_source *ret_source)
{
    struct loader *l = self;
    struct slice text = {0};
    const char *path = NULL;
    const struct err *e = files_read(&l->files, l->errors,
                                     arena_print(l->pages->arena, "parts/%.*s.html", SLICE_ARG(name)), &text, &path);
    if (e != NULL) l->failed = e;
    if (e != NULL || path == NULL) return false;
    *ret_source = (struct mustache_source){.file = path, .line = 1, .text = text};
    return true;
}

static bool text(void *self, struct slice key, bool plain, struct mustache_source *ret_source)
{
    const struct loader *l = self;
    return texts_source(l->pages->arena, l->language->texts, key, plain, ret_source);
}

static enum mustache_meaning meaning(void *self, const struct slice *scopes, size_t count, struct slice name)
{
    const struct loader *l = self;
    return names_meaning(l->kind, scopes, count, name);
}

static const struct err *load_template(struct loader *l)
{
    struct mustache_source source = {.line = 1};
    const char *name = page_files[l->kind];
    const struct err *e = files_read(&l->files, l->errors, slice_of(name), &source.text, &source.file);
    if (e != NULL) return e;
    must(source.file != NULL); /* built in */
    const struct mustache_names names = {.self = l, .partial = partial, .text = text, .meaning = meaning};
    struct mustache_source *kept = arena_new(l->pages->arena, struct mustache_source);
    *kept = source;
    e = mustache_compile(l->pages->arena, l->errors, kept, &names, true, &l->language->templates[l->kind]);
    return l->failed != NULL ? l->failed : e;
}

static const struct err *load_templates(struct loader *l)
{
    for (size_t i = 0; i < l->pages->language_count; i++) {
        l->language = &l->pages->languages[i];
        l->language->view = common_view(l, l->language->texts);
        for (int kind = 0; kind < PAGES; kind++) {
            l->kind = (enum page_kind)kind;
            const struct err *e = load_template(l);
            if (e != NULL) return e;
        }
    }
    return NULL;
}

/* ---- the public side ---- */

const struct err *pages_open(struct arena *a, const struct pages_conf *conf, struct pages **ret_pages)
{
    struct arena *own = arena_open(PAGES_ARENA_BYTES);
    struct pages *p = arena_new(own, struct pages);
    p->arena = own;
    p->assets = (struct assets){.arena = own, .prefix = arena_copy(own, conf->prefix)};
    struct loader l = {
        .pages = p, .files = {.arena = own, .folder = conf->folder},
             .errors = a, .conf = conf
    };
    const struct err *e = load_assets(&l);
    if (e == NULL) e = load_languages(&l);
    if (e == NULL) e = load_templates(&l);
    if (e != NULL) {
        pages_close(p);
        return e;
    }
    *ret_pages = p;
    return NULL;
}

void pages_close(struct pages *p)
{
    if (p != NULL) arena_close(p->arena);
}

static const struct page_language *language_of(const struct pages *p, struct slice tag)
{
    for (size_t i = 0; i < p->language_count; i++) {
        if (slice_is_nocase(p->tags[i], tag)) return &p->languages[i];
    }
    return &p->languages[p->default_language];
}

struct slice pages_language(const struct pages *p, struct slice ui_locales, struct slice cookie,
                            struct slice accept_language)
{
    const struct language_wishes wishes = {
        .ui_locales = ui_locales, .cookie = cookie, .accept_language = accept_language};
    size_t i = languages_choose(p->tags, p->language_count, &wishes);
    return p->tags[i < p->language_count ? i : p->default_language];
}

struct slice pages_render(const struct pages *p, struct arena *a, enum page_kind kind, struct slice language,
                          const struct view *v)
{
    must(kind < PAGES);
    const struct page_language *in = language_of(p, language);
    AUTO(buf_close) struct buf html = buf_open(PAGES_MAX_HTML);
    mustache_render(in->templates[kind], v, in->view, &html);
    return arena_copy(a, buf_slice(&html));
}

struct slice pages_problem_title(const struct pages *p, struct slice language, enum problem problem)
{
    must(problem < PROBLEMS);
    return language_of(p, language)->titles[problem];
}

struct slice pages_problem_advice(const struct pages *p, struct slice language, enum problem problem)
{
    must(problem < PROBLEMS);
    return language_of(p, language)->advices[problem];
}

bool pages_asset(const struct pages *p, struct slice path, struct asset *ret_asset)
{
    const struct asset_row *row = assets_by_path(&p->assets, path);
    if (row != NULL) *ret_asset = row->asset;
    return row != NULL;
}

struct slice pages_asset_url(const struct pages *p, struct slice name)
{
    return asset_url(p, name);
}

struct slice pages_mark_url(const struct pages *p, struct slice name)
{
    for (const struct asset_row *row = p->assets.first; row != NULL; row = row->next) {
        struct slice rest = slice_from(row->name, 6);
        if (!slice_starts(row->name, LIT("marks/")) || !slice_ends(rest, LIT(".svg"))) continue;
        if (slice_is(slice_upto(rest, rest.len - 4), name)) return row->url;
    }
    return (struct slice){0};
}

struct slice pages_brand(const struct pages *p, struct slice id)
{
    for (size_t i = 0; i < p->brand_count; i++) {
        if (slice_is(p->brands[i].id, id)) return p->brands[i].name;
    }
    return (struct slice){0};
}
