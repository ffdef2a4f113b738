/* doc_json.c -- JSON text by jansson, then its tree into ours, then jansson's is gone.
 *
 * jansson refuses invalid UTF-8, lone surrogates, NUL, NaN, comments, trailing bytes and more than 2,048 levels; duplicate
 * members by the flag. We add our own depth and number of values, because a short text can make a large tree.
 */
#include <string.h>

#include <jansson.h>

#include "text/doc.h"

enum {
    DEPTH_MAX = 64
};

struct reading {
    struct arena *arena;
    size_t values;
    const char *why; /* set on failure */
};

void doc_init(void)
{
    json_object_seed(0);
}

static struct doc *node(struct reading *r, const json_t *json, int depth);

static void append(struct doc *parent, struct doc **tail, struct doc *d)
{
    if (*tail != NULL) {
        (*tail)->next = d;
    } else {
        parent->first = d;
    }
    *tail = d;
    parent->count++;
}

static bool read_list(struct reading *r, struct doc *d, const json_t *json, int depth)
{
    struct doc *tail = NULL;
    size_t count = json_array_size(json);
    for (size_t i = 0; i < count; i++) {
        struct doc *item = node(r, json_array_get(json, i), depth + 1);
        if (item == NULL) return false;
        append(d, &tail, item);
    }
    return true;
}

static bool read_map(struct reading *r, struct doc *d, json_t *json, int depth)
{
    struct doc *tail = NULL;
    void *at = json_object_iter(json);
    for (; at != NULL; at = json_object_iter_next(json, at)) {
        struct doc *member = node(r, json_object_iter_value(at), depth + 1);
        if (member == NULL) return false;
        member->key = arena_copy(r->arena, slice_of(json_object_iter_key(at)));
        append(d, &tail, member);
    }
    return true;
}

static bool fill(struct reading *r, struct doc *d, const json_t *json, int depth)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        d->type = DOC_MAP;
        return read_map(r, d, (json_t *)(uintptr_t)json, depth); /* jansson's iterator is not const */
    case JSON_ARRAY: d->type = DOC_LIST; return read_list(r, d, json, depth);
    case JSON_STRING:
        d->type = DOC_STRING;
        d->text = arena_copy(r->arena, (struct slice){json_string_value(json), json_string_length(json)});
        return true;
    case JSON_INTEGER:
        d->type = DOC_INT;
        d->integer = json_integer_value(json);
        return true;
    case JSON_REAL:
        d->type = DOC_REAL;
        d->real = json_real_value(json);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        d->type = DOC_BOOL;
        d->boolean = json_is_true(json);
        return true;
    case JSON_NULL: d->type = DOC_NULL; return true;
    default: return false;
    }
}

static struct doc *node(struct reading *r, const json_t *json, int depth)
{
    if (depth > DEPTH_MAX) r->why = "nested deeper than 64 levels";
    if (++r->values > DOC_JSON_VALUES) r->why = "more than 10,000 values";
    if (r->why != NULL) return NULL;
    struct doc *d = arena_new(r->arena, struct doc);
    return fill(r, d, json, depth) ? d : NULL;
}

const struct err *doc_json(struct arena *a, enum problem problem, struct slice text, struct doc **ret_root)
{
    json_error_t error = {.line = -1};
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    if (text.len == 0) return err_new(a, problem, "JSON is empty");
    json_t *json = json_loadb(text.at, text.len, flags, &error);
    if (json == NULL) /* error.text repeats what it met, so it stays here */
        return err_new(a, problem, "JSON of %zu bytes: line %d, column %d cannot be read", text.len, error.line,
                       error.column);
    struct reading r = {.arena = a};
    struct doc *root = node(&r, json, 1);
    json_decref(json);
    if (root == NULL)
        return err_new(a, problem, "JSON of %zu bytes: %s", text.len,
                       r.why != NULL ? r.why : "a value of an unknown type");
    *ret_root = root;
    return NULL;
}
