/* view.c -- the tree of texts, flags and lists that a template is given. */
#include "page/view.h"

struct view *view_new(struct arena *a)
{
    struct view *v = arena_new(a, struct view);
    v->arena = a;
    return v;
}

const struct view_entry *view_find(const struct view *v, struct slice name)
{
    for (const struct view_entry *e = v->first; e != NULL; e = e->next) {
        if (slice_is(slice_of(e->name), name)) return e;
    }
    return NULL;
}

bool view_is_true(const struct view_entry *e)
{
    if (e == NULL) return false;
    switch (e->type) {
    case VIEW_TEXT: return e->text.len != 0;
    case VIEW_FLAG: return e->flag;
    case VIEW_LIST: return e->first != NULL;
    case VIEW_MAP: return true;
    }
    return false;
}

static struct view_entry *entry(struct view *v, const char *name, enum view_type type)
{
    for (struct view_entry *e = v->first; e != NULL; e = e->next) {
        if (!slice_is(slice_of(e->name), slice_of(name))) continue;
        if (e->type != type) { /* the later value holds, of whatever kind */
            e->type = type;
            e->first = e->last = NULL;
        }
        return e;
    }
    struct view_entry *e = arena_new(v->arena, struct view_entry);
    *e = (struct view_entry){.name = name, .type = type};
    if (v->last != NULL)
        v->last->next = e;
    else
        v->first = e;
    v->last = e;
    return e;
}

void view_text(struct view *v, const char *name, struct slice value)
{
    entry(v, name, VIEW_TEXT)->text = value;
}

void view_flag(struct view *v, const char *name, bool value)
{
    entry(v, name, VIEW_FLAG)->flag = value;
}

struct view *view_item(struct view *v, const char *list)
{
    struct view_entry *e = entry(v, list, VIEW_LIST);
    struct view *item = view_new(v->arena);
    if (e->last != NULL)
        e->last->next = item;
    else
        e->first = item;
    e->last = item;
    return item;
}

struct view *view_section(struct view *v, const char *name)
{
    struct view_entry *e = entry(v, name, VIEW_MAP);
    if (e->first == NULL) e->first = e->last = view_new(v->arena);
    return e->first;
}
