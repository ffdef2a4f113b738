/* view.h -- how the engine reads a view: the inside of what page.h lets callers fill.
 *
 * A view is a map from names to a text, a flag, a list of views or one nested view. Small (tens of entries), so it is a chain
 * in the order of filling; a name set twice holds the later value. Private to page/.
 */
#ifndef PAGE_VIEW_H
#define PAGE_VIEW_H
#include "page/page.h"

enum view_type {
    VIEW_TEXT,
    VIEW_FLAG,
    VIEW_LIST,
    VIEW_MAP
};

struct view_entry {
    const char *name;
    enum view_type type;
    struct slice text;
    bool flag;
    struct view *first, *last; /* items of a list; a map has one */
    struct view_entry *next;
};

struct view {
    struct arena *arena;
    struct view_entry *first, *last;
    struct view *next; /* in a list */
};

const struct view_entry *view_find(const struct view *v, struct slice name); /* NULL if absent */
/* Mustache's question of a section: a text with something in it, a flag that is set, a list with items, any map. */
bool view_is_true(const struct view_entry *e);

#endif
