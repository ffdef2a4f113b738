/* tree.c -- see tree.h. Children are a singly linked list; configurations are small, so walking it is fine. */
#include "config/tree.h"

struct doc *tree_member(struct doc *map, struct slice key)
{
    for (struct doc *d = map->first; map->type == DOC_MAP && d != NULL; d = d->next) {
        if (slice_is(d->key, key)) return d;
    }
    return NULL;
}

struct doc *tree_map(struct arena *a, const char *file)
{
    struct doc *d = arena_new(a, struct doc);
    d->type = DOC_MAP;
    d->file = file;
    return d;
}

struct doc *tree_scalar(struct arena *a, const char *file, struct slice text)
{
    struct doc *d = arena_new(a, struct doc);
    d->type = DOC_STRING;
    d->file = file;
    d->text = arena_copy(a, text);
    return d;
}

void tree_append(struct doc *list, struct doc *item)
{
    struct doc **end = &list->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    item->next = NULL;
    *end = item;
    list->count++;
}

void tree_set(struct doc *map, struct slice key, struct doc *value)
{
    value->key = key;
    for (struct doc **at = &map->first; *at != NULL; at = &(*at)->next) {
        if (!slice_is((*at)->key, key)) continue;
        value->next = (*at)->next;
        *at = value;
        return;
    }
    tree_append(map, value);
}

struct slice tree_id(const struct doc *item)
{
    struct slice id = doc_string(item, LIT("id"));
    return id.len != 0 ? id : doc_string(item, LIT("use"));
}

static bool all_have_ids(const struct doc *list)
{
    for (const struct doc *d = list->first; d != NULL; d = d->next) {
        if (tree_id(d).len == 0) return false;
    }
    return true;
}

static struct doc *merge_items(struct doc *under, struct doc *over, const struct key *k)
{
    if (!k->has_id || under->type != DOC_LIST || over->type != DOC_LIST) return over;
    if (!all_have_ids(under) || !all_have_ids(over)) return over;
    for (struct doc *item = over->first, *next; item != NULL; item = next) {
        struct doc **at = &under->first;
        next = item->next;
        while (*at != NULL && !slice_is(tree_id(*at), tree_id(item))) {
            at = &(*at)->next;
        }
        if (*at == NULL) {
            tree_append(under, item);
            continue;
        }
        struct doc *rest = (*at)->next, *merged = tree_merge(*at, item, k->inside);
        merged->next = rest;
        *at = merged;
    }
    return under;
}

struct doc *tree_merge(struct doc *under, struct doc *over, const struct key_table *by)
{
    if (under->type != DOC_MAP || over->type != DOC_MAP) return over;
    for (struct doc *d = over->first, *next; d != NULL; d = next) {
        next = d->next;
        struct doc *old = tree_member(under, d->key);
        const struct key *k = keys_find(by, d->key.at, d->key.len);
        if (old == NULL || k == NULL || k->inside == NULL) {
            tree_set(under, d->key, d);
            continue;
        }
        struct doc *merged = k->type == KEY_ITEMS ? merge_items(old, d, k) : tree_merge(old, d, k->inside);
        if (merged == d) tree_set(under, d->key, d);
    }
    return under;
}
