/* map_read.c -- from what a file says to a tree of map values; predicates and pick beside them. */
#include "provider/descriptor_reading.h"
#include "text/nearest.h"

enum {
    DEPTH_MAX = 4,         /* a list of joins of pointers has three */
    ALTERNATIVES_MAX = 16, /* of one value */
    MAP_KNOWS = KNOWS_TOKEN | KNOWS_CALLBACK | KNOWS_CLAIM | KNOWS_ME | KNOWS_DOCUMENTS | 1 << TEMPLATE_CLIENT_ID
};

static struct map_value value_at(struct reading *r, const struct doc *node, int depth);

int reading_document(const struct reading *r, struct slice name)
{
    for (size_t i = 0; i < r->d->document_count; i++)
        if (slice_is(r->d->documents[i], name)) return (int)i;
    return -1;
}

/* ---- "/pointer", "document:/pointer" ---- */

static void no_document(struct reading *r, const struct doc *node, struct slice name)
{
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < r->d->document_count; i++)
        nearest_try(&n, r->d->documents[i]);
    reading_error(
        r, node, COMPLAINT_VALUE, nearest_found(&n),
        "there is no document \"%.*s\": a document is token, id_token, claims, callback, or the `as` of a request",
        SLICE_ARG(slice_upto(name, 40)));
}

static struct map_value pointer_at(struct reading *r, const struct doc *node)
{
    struct map_value m = {.kind = MAP_POINTER, .document = r->accepts_item ? DOCUMENT_ITEM : r->d->profile.source};
    struct slice text = node->text;
    if (text.len != 0 && text.at[0] != '/') {
        struct slice name;
        bool has_document = slice_index(text, ':') != SLICE_NONE;
        slice_cut(&text, ':', &name);
        m.document = has_document ? reading_document(r, name) : -1;
        if (!has_document)
            READING_ERROR(r, node, "neither a pointer (\"/name\") nor a pointer into a document (\"token:/name\")");
        else if (m.document < 0)
            no_document(r, node, name);
        if (m.document < 0) return (struct map_value){.kind = MAP_NONE};
    }
    struct doc pointer = *node;
    pointer.text = text;
    m.text = text;
    return reading_pointer_at(r, &pointer) ? m : (struct map_value){.kind = MAP_NONE};
}

/* ---- the others ---- */

static void several(struct reading *r, const struct doc *list, struct map_value *m, int depth)
{
    if (list->type != DOC_LIST || list->count == 0 || list->count > ALTERNATIVES_MAX) {
        READING_ERROR(r, list, "must be a list of 1 to %d values", (int)ALTERNATIVES_MAX);
        m->kind = MAP_NONE;
        return;
    }
    struct map_value *of = arena_array(r->a, struct map_value, list->count);
    for (const struct doc *d = list->first; d != NULL; d = d->next)
        of[m->of_count++] = value_at(r, d, depth + 1);
    m->of = of;
}

static void one(struct reading *r, const struct doc *node, struct map_value *m, int depth)
{
    struct map_value *of = arena_new(r->a, struct map_value);
    *of = value_at(r, node, depth + 1);
    m->of = of;
    m->of_count = 1;
}

static struct map_value join_at(struct reading *r, const struct doc *map, int depth)
{
    struct map_value m = {.kind = MAP_JOIN, .text = LIT(" ")};
    if (reading_member(map, "with") != NULL) m.text = reading_text(r, map, "with");
    several(r, reading_member(map, "join"), &m, depth);
    return m;
}

static struct map_value template_at(struct reading *r, const struct doc *map, int depth)
{
    struct map_value m = {.kind = MAP_TEMPLATE};
    const struct doc *when = reading_member(map, "when");
    m.template = reading_template(r, map, "template", MAP_KNOWS, NULL);
    if (when != NULL) one(r, when, &m, depth);
    return m;
}

static struct map_value each_at(struct reading *r, const struct doc *map, int depth)
{
    const struct doc *from = reading_member(map, "each"), *value = reading_member(map, "value");
    if (!reading_is_scalar(from) || r->accepts_item) {
        READING_ERROR(r, from, "each takes a pointer to a list, and cannot stand inside another each");
        return (struct map_value){.kind = MAP_NONE};
    }
    struct map_value m = pointer_at(r, from);
    if (m.kind == MAP_NONE) return m;
    m.kind = MAP_EACH;
    r->accepts_item = true;
    if (value != NULL)
        one(r, value, &m, depth);
    else
        READING_ERROR(r, map, "each needs a value: what is taken of every item");
    r->accepts_item = false;
    return value != NULL ? m : (struct map_value){.kind = MAP_NONE};
}

struct form {
    const char *name, *words;
    enum map_kind kind;
};
static const struct form forms[] = {
    {"const",       "const",         MAP_CONST      },
    {"present",     "present",       MAP_PRESENT    },
    {"bool",        "bool",          MAP_BOOL       },
    {"all_true",    "all_true",      MAP_ALL_TRUE   },
    {"join",        "join with",     MAP_JOIN       },
    {"template",    "template when", MAP_TEMPLATE   },
    {"strip_query", "strip_query",   MAP_STRIP_QUERY},
    {"each",        "each value",    MAP_EACH       },
};

static struct map_value formed(struct reading *r, const struct form *form, const struct doc *map, int depth)
{
    const struct doc *d = reading_member(map, form->name);
    struct map_value m = {.kind = form->kind};
    if (!reading_section(r, map, "a map value", form->words)) return (struct map_value){.kind = MAP_NONE};
    switch (form->kind) {
    case MAP_CONST: m.text = reading_text(r, map, "const"); break;
    case MAP_JOIN: return join_at(r, map, depth);
    case MAP_TEMPLATE: return template_at(r, map, depth);
    case MAP_EACH: return each_at(r, map, depth);
    case MAP_ALL_TRUE: several(r, d, &m, depth); break;
    default: one(r, d, &m, depth); break;
    }
    return m;
}

static struct map_value by_form(struct reading *r, const struct doc *map, int depth)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (reading_member(map, forms[i].name) != NULL) return formed(r, &forms[i], map, depth);
    reading_section(r, map, "a map value", "const present bool all_true join template strip_query each");
    if (map->count == 0) READING_ERROR(r, map, "an empty section is no value");
    return (struct map_value){.kind = MAP_NONE};
}

static struct map_value value_at(struct reading *r, const struct doc *node, int depth)
{
    struct map_value m = {.kind = MAP_FIRST};
    if (depth > DEPTH_MAX) {
        READING_ERROR(r, node, "values are put into each other at most %d deep", (int)DEPTH_MAX);
        return (struct map_value){.kind = MAP_NONE};
    }
    if (node->type == DOC_STRING) return pointer_at(r, node);
    if (node->type == DOC_MAP) return by_form(r, node, depth);
    if (node->type == DOC_LIST)
        several(r, node, &m, depth);
    else
        READING_ERROR(r, node,
                      "neither a pointer, a list of them, nor one of: const, present, bool, all_true, join, "
                      "template, strip_query, each");
    return node->type == DOC_LIST ? m : (struct map_value){.kind = MAP_NONE};
}

struct map_value reading_value_at(struct reading *r, const struct doc *node)
{
    return value_at(r, node, 0);
}

struct map_value reading_value(struct reading *r, const struct doc *map, const char *name)
{
    const struct doc *d = reading_member(map, name);
    return d != NULL ? value_at(r, d, 0) : (struct map_value){.kind = MAP_NONE};
}

/* ---- predicates ---- */

/* Of its own, without its siblings in the file. */
static const struct doc *alone(struct reading *r, const struct doc *node)
{
    struct doc *copy = arena_new(r->a, struct doc);
    *copy = *node;
    copy->next = NULL;
    return copy;
}

static const struct doc *values_of(struct reading *r, const struct doc *node)
{
    bool plain = node->type == DOC_NULL || reading_is_scalar(node);
    for (const struct doc *d = node->type == DOC_LIST ? node->first : NULL; d != NULL; d = d->next)
        plain = d->type == DOC_NULL || reading_is_scalar(d);
    if (!plain || (node->type == DOC_LIST && node->count == 0)) {
        READING_ERROR(r, node, "%.*s takes a plain value or a list of them", SLICE_ARG(node->key));
        return NULL;
    }
    return node->type == DOC_LIST ? node->first : alone(r, node);
}

struct predicate reading_predicate(struct reading *r, const struct doc *map, const char *name)
{
    static const char *const words[] = {"equals", "in", "not_in", "present"};
    const struct doc *section = reading_member(map, name), *pointer, *d = NULL;
    struct predicate p = {.given = section != NULL};
    size_t given = 0, which = 0;
    if (section == NULL || !reading_section(r, section, name, "pointer equals in not_in present"))
        return (struct predicate){.given = false};
    for (size_t i = 0; i < 4; i++) {
        const struct doc *one_of = doc_member(section, slice_of(words[i]));
        if (one_of == NULL) continue;
        d = one_of;
        which = i;
        given++;
    }
    pointer = reading_member(section, "pointer");
    if (pointer == NULL || given != 1) {
        READING_ERROR(r, section, "%s has a pointer and one of: equals, in, not_in, present", name);
        return (struct predicate){.given = false};
    }
    if (reading_pointer_at(r, pointer)) p.pointer = pointer->text;
    p.negated = which == 2;
    if (which == 3) {
        p.presence = true;
        p.negated = !reading_switch(r, section, "present", true);
    } else {
        p.values = values_of(r, d);
    }
    return p;
}

struct pick reading_pick(struct reading *r, const struct doc *map)
{
    const struct doc *section = reading_member(map, "pick"), *from, *where;
    struct pick p = {.given = section != NULL};
    if (section == NULL || !reading_section(r, section, "pick", "from where fallback"))
        return (struct pick){.given = false};
    from = reading_member(section, "from");
    where = reading_member(section, "where");
    if (from != NULL && reading_pointer_at(r, from)) p.from = from->text;
    p.else_first = reading_word(r, section, "fallback", "none first", 0) == 1;
    if (where == NULL || where->type != DOC_MAP || where->count == 0) {
        READING_ERROR(r, where != NULL ? where : section, "pick needs where: { POINTER: VALUE }");
        return p;
    }
    struct pick_where *at = arena_array(r->a, struct pick_where, where->count);
    for (const struct doc *d = where->first; d != NULL; d = d->next) {
        if (d->key.len == 0 || d->key.at[0] != '/' || !reading_is_scalar(d))
            reading_error(r, d, COMPLAINT_KEY, LIT(""), "where takes pointers with plain values");
        else
            at[p.where_count++] = (struct pick_where){d->key, alone(r, d)};
    }
    p.where = at;
    return p;
}
