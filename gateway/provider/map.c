/* map.c -- evaluation: a compiled value is a small tree, looked at from the top; no step changes a document. */
#include "provider/map.h"

#include "base/buf.h"

struct eval {
    struct arena *arena;
    const struct map_documents *docs;
    const struct template_values *values;
    const struct doc *item; /* inside each */
};

static struct slice text(const struct eval *e, const struct map_value *m);

/* ---- pointers ---- */

static const struct doc *document(const struct eval *e, int number)
{
    if (number == DOCUMENT_ITEM) return e->item;
    return number < 0 ? NULL : e->docs->at[number];
}

static const struct doc *pointed(const struct eval *e, const struct map_value *m)
{
    const struct doc *root = document(e, m->document);
    const struct doc *d = root == NULL ? NULL : doc_at(root, m->text);
    return d != NULL && d->type != DOC_NULL ? d : NULL;
}

static bool has_value(const struct doc *d)
{
    return d != NULL && (d->type != DOC_STRING || d->text.len != 0);
}

/* The pointer that counts: m itself, or its first alternative that has a value. */
static const struct map_value *leading(const struct eval *e, const struct map_value *m)
{
    if (m->kind == MAP_POINTER) return has_value(pointed(e, m)) ? m : NULL;
    for (size_t i = 0; m->kind == MAP_FIRST && i < m->of_count; i++) {
        const struct map_value *found = leading(e, &m->of[i]);
        if (found != NULL) return found;
        if (text(e, &m->of[i]).len != 0) return NULL; /* a value that is no pointer comes first */
    }
    return NULL;
}

/* ---- booleans ---- */

static bool is_true(struct slice s)
{
    return slice_is(s, LIT("true")) || slice_is(s, LIT("1"));
}

static bool truth(const struct eval *e, const struct map_value *m)
{
    bool all = m->of_count != 0;
    switch (m->kind) {
    case MAP_PRESENT: return text(e, &m->of[0]).len != 0;
    case MAP_BOOL: return is_true(text(e, &m->of[0]));
    case MAP_ALL_TRUE:
        for (size_t i = 0; i < m->of_count; i++)
            all = all && is_true(text(e, &m->of[i]));
        return all;
    default: return is_true(text(e, m));
    }
}

/* ---- texts ---- */

static struct slice first(const struct eval *e, const struct map_value *m)
{
    struct slice s = {NULL, 0};
    for (size_t i = 0; i < m->of_count && s.len == 0; i++)
        s = text(e, &m->of[i]);
    return s;
}

static struct slice join(const struct eval *e, const struct map_value *m)
{
    struct slice whole = {NULL, 0};
    for (size_t i = 0; i < m->of_count; i++) {
        struct slice s = text(e, &m->of[i]);
        if (s.len == 0) continue;
        const struct slice parts[] = {whole, whole.len != 0 ? m->text : LIT(""), s};
        whole = arena_join(e->arena, parts, 3);
    }
    return whole;
}

static struct slice by_template(const struct eval *e, const struct map_value *m)
{
    struct template_values values = {.documents = e->docs};
    struct slice missing;
    if (m->of_count != 0 && text(e, &m->of[0]).len == 0) return (struct slice){NULL, 0};
    if (e->values != NULL) values = *e->values;
    values.documents = e->docs;
    struct slice s = template_expand(e->arena, &m->template, &values, &missing);
    return missing.len == 0 ? s : (struct slice){NULL, 0};
}

static struct slice without_query(struct slice s)
{
    size_t end = slice_index(s, '?'), fragment = slice_index(s, '#');
    if (fragment < end) end = fragment;
    return end == SLICE_NONE ? s : slice_upto(s, end);
}

static struct slice text(const struct eval *e, const struct map_value *m)
{
    switch (m->kind) {
    case MAP_POINTER: return doc_text(e->arena, pointed(e, m));
    case MAP_FIRST: return first(e, m);
    case MAP_CONST: return m->text;
    case MAP_PRESENT:
    case MAP_BOOL:
    case MAP_ALL_TRUE: return truth(e, m) ? LIT("true") : LIT("false");
    case MAP_JOIN: return join(e, m);
    case MAP_TEMPLATE: return by_template(e, m);
    case MAP_STRIP_QUERY: return without_query(text(e, &m->of[0]));
    case MAP_EACH:
    case MAP_NONE: break;
    }
    return (struct slice){NULL, 0};
}

struct slice map_text(struct arena *a, const struct map_value *m, const struct map_documents *docs,
                      const struct template_values *v)
{
    struct eval e = {a, docs, v, NULL};
    return text(&e, m);
}

bool map_true(struct arena *a, const struct map_value *m, const struct map_documents *docs,
              const struct template_values *v)
{
    struct eval e = {a, docs, v, NULL};
    return truth(&e, m);
}

/* ---- lists ---- */

struct texts {
    struct slice *at;
    size_t count;
};

static void keep(struct texts *to, struct slice s)
{
    if (s.len != 0 && to->count < MAP_TEXTS_MAX) to->at[to->count++] = s;
}

static void gather(const struct eval *e, const struct map_value *m, struct texts *to)
{
    const struct doc *list = m->kind == MAP_POINTER || m->kind == MAP_EACH ? pointed(e, m) : NULL;
    bool is_list = list != NULL && list->type == DOC_LIST;
    if (m->kind == MAP_FIRST) {
        for (size_t i = 0; i < m->of_count && to->count == 0; i++)
            gather(e, &m->of[i], to);
    } else if (m->kind == MAP_EACH) {
        for (const struct doc *d = is_list ? list->first : NULL; d != NULL && to->count < MAP_TEXTS_MAX; d = d->next) {
            struct eval inner = {e->arena, e->docs, e->values, d};
            keep(to, text(&inner, &m->of[0]));
        }
    } else if (is_list) {
        for (const struct doc *d = list->first; d != NULL; d = d->next)
            keep(to, doc_text(e->arena, d));
    } else {
        keep(to, text(e, m));
    }
}

struct slice *map_texts(struct arena *a, const struct map_value *m, const struct map_documents *docs,
                        const struct template_values *v, size_t *ret_count)
{
    struct eval e = {a, docs, v, NULL};
    struct texts to = {arena_array(a, struct slice, MAP_TEXTS_MAX), 0};
    gather(&e, m, &to);
    *ret_count = to.count;
    return to.at;
}

/* ---- where a value comes from ---- */

const struct doc *map_node(struct arena *a, const struct map_value *m, const struct map_documents *docs)
{
    struct eval e = {a, docs, NULL, NULL};
    const struct map_value *found = leading(&e, m);
    return found != NULL ? pointed(&e, found) : NULL;
}

int map_source(struct arena *a, const struct map_value *m, const struct map_documents *docs)
{
    struct eval e = {a, docs, NULL, NULL};
    const struct map_value *found = leading(&e, m);
    return found != NULL ? found->document : -1;
}

/* ---- predicates and pick ---- */

static bool same_value(const struct doc *d, const struct doc *wanted)
{
    if (d == NULL || d->type == DOC_NULL) return wanted->type == DOC_NULL;
    if (d->type != wanted->type) return false;
    if (d->type == DOC_BOOL) return d->boolean == wanted->boolean;
    if (d->type == DOC_INT) return d->integer == wanted->integer;
    return d->type == DOC_STRING && slice_is(d->text, wanted->text);
}

bool predicate_holds(const struct predicate *p, const struct doc *root)
{
    const struct doc *d = root == NULL ? NULL : doc_at(root, p->pointer);
    bool holds = p->presence && d != NULL && d->type != DOC_NULL;
    must(p->given);
    for (const struct doc *v = p->values; v != NULL && !holds; v = v->next)
        holds = same_value(d, v);
    return holds != p->negated;
}

static bool fits(const struct pick *p, const struct doc *item)
{
    for (size_t i = 0; i < p->where_count; i++)
        if (!same_value(doc_at(item, p->where[i].pointer), p->where[i].value)) return false;
    return true;
}

const struct doc *pick_item(const struct pick *p, const struct doc *answer)
{
    const struct doc *list = answer == NULL ? NULL : doc_at(answer, p->from);
    must(p->given);
    if (list == NULL || list->type != DOC_LIST) return NULL;
    for (const struct doc *d = list->first; d != NULL; d = d->next)
        if (fits(p, d)) return d;
    return p->else_first ? list->first : NULL;
}
