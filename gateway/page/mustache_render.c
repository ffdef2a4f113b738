/* mustache_render.c -- walks a compiled template with a stack of views. Cannot fail: what is absent is empty. */
#include "page/mustache_tree.h"
#include "text/encode.h"

struct frame {
    const struct view *view; /* NULL: only `dot` */
    struct slice dot;        /* the text of a section on a text */
};

struct renderer {
    struct frame frames[MUSTACHE_DEPTH + 4]; /* two roots and one per open section, which the compiler counted */
    size_t depth;
    struct buf *to;
};

static const struct view_entry *find_first(const struct renderer *r, struct slice name)
{
    for (size_t i = r->depth; i > 0; i--) {
        const struct view *v = r->frames[i - 1].view;
        const struct view_entry *e = v != NULL ? view_find(v, name) : NULL;
        if (e != NULL) return e;
    }
    return NULL;
}

/* The first part of a dotted name is looked for in every frame, the others only inside what was found. */
static const struct view_entry *find(const struct renderer *r, struct slice name)
{
    struct slice part = {0};
    if (!slice_cut(&name, '.', &part)) return NULL;
    const struct view_entry *e = find_first(r, part);
    while (e != NULL && slice_cut(&name, '.', &part)) {
        if (e->type != VIEW_MAP) return NULL;
        e = view_find(e->first, part);
    }
    return e;
}

static struct slice dot_of(const struct renderer *r)
{
    const struct frame *top = &r->frames[r->depth - 1];
    if (top->view == NULL) return top->dot;
    const struct view_entry *e = view_find(top->view, LIT("."));
    return e != NULL && e->type == VIEW_TEXT ? e->text : (struct slice){0};
}

static struct slice value_of(const struct renderer *r, struct slice name)
{
    if (slice_is(name, LIT("."))) return dot_of(r);
    const struct view_entry *e = find(r, name);
    return e != NULL && e->type == VIEW_TEXT ? e->text : (struct slice){0};
}

static bool url_is_harmless(struct slice url)
{
    static const struct slice starts[] = {LIT_INIT("/"), LIT_INIT("?"), LIT_INIT("#")};
    static const struct slice schemes[] = {LIT_INIT("https://"), LIT_INIT("http://"), LIT_INIT("mailto:")};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (slice_starts(url, starts[i])) return true;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (slice_is_nocase(slice_upto(url, schemes[i].len), schemes[i])) return true;
    }
    return url.len == 0;
}

static void render_list(struct renderer *r, const struct mustache_node *n);

static void render_in(struct renderer *r, const struct mustache_node *n, struct frame frame)
{
    must(r->depth < sizeof r->frames / sizeof r->frames[0]);
    r->frames[r->depth++] = frame;
    render_list(r, n);
    r->depth--;
}

static void render_section(struct renderer *r, const struct mustache_node *n)
{
    struct slice dot = slice_is(n->text, LIT(".")) ? dot_of(r) : (struct slice){0};
    const struct view_entry *e = dot.len != 0 ? NULL : find(r, n->text);
    if (dot.len != 0) {
        render_in(r, n->first, (struct frame){.dot = dot});
    } else if (!view_is_true(e)) {
        return;
    } else if (e->type == VIEW_TEXT) {
        render_in(r, n->first, (struct frame){.dot = e->text});
    } else if (e->type == VIEW_FLAG) {
        render_list(r, n->first);
    } else {
        for (const struct view *v = e->first; v != NULL; v = v->next)
            render_in(r, n->first, (struct frame){.view = v});
    }
}

static void render_node(struct renderer *r, const struct mustache_node *n)
{
    switch (n->kind) {
    case MUSTACHE_LITERAL: buf_add(r->to, n->text); break;
    case MUSTACHE_TEXT: html_escape(r->to, value_of(r, n->text)); break;
    case MUSTACHE_URL: {
        struct slice url = value_of(r, n->text);
        html_escape(r->to, url_is_harmless(url) ? url : LIT("#"));
        break;
    }
    case MUSTACHE_SECTION: render_section(r, n); break;
    case MUSTACHE_INVERTED:
        if (!view_is_true(find(r, n->text))) render_list(r, n->first);
        break;
    }
}

static void render_list(struct renderer *r, const struct mustache_node *n)
{
    for (; n != NULL; n = n->next)
        render_node(r, n);
}

void mustache_render(const struct mustache *t, const struct view *first, const struct view *second, struct buf *to)
{
    struct renderer r = {.to = to};
    if (second != NULL) r.frames[r.depth++] = (struct frame){.view = second};
    r.frames[r.depth++] = (struct frame){.view = first};
    render_list(&r, t->first);
}
