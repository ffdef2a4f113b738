/* descriptor_library.c -- the documents, found by id and laid upon each other. Built-in files are parsed when somebody asks for them. */
#include "provider/builtin_descriptors.h"
#include "provider/descriptor_read.h"
#include "text/nearest.h"

enum {
    EXTENDS_DEPTH_MAX = 4,
    MERGE_DEPTH_MAX = 32 /* of doc_yaml */
};

struct entry {
    struct slice id;
    const char *file; /* for complaints */
    struct slice text;
    bool built_in, replaced, parsed;
    const struct doc *root; /* NULL: it could not be read */
    struct entry *under;    /* the built-in file this one stands in place of: `extends` its own id means that */
};
struct descriptor_library {
    struct complaints *c;
    struct arena *a;
    struct entry *at;
    size_t count, room;
};

/* ---- merging ---- */

static const char *const whole_keys[] = {"success", "error_when", "pick", "assertion", "deauthorize", "data_deletion"};

/* What is replaced whole: the values inside map and extra, and sections whose keys only make sense together. */
static bool is_whole(struct slice parent, struct slice key)
{
    bool values = slice_is(parent, LIT("map")) || slice_is(parent, LIT("extra"));
    for (size_t i = 0; i < sizeof whole_keys / sizeof whole_keys[0] && !values; i++)
        values = slice_is(slice_of(whole_keys[i]), key);
    return values;
}

static const struct doc *merged(struct arena *a, const struct doc *under, const struct doc *over, struct slice parent,
                                int depth)
{
    struct doc *map = arena_new(a, struct doc), **end = &map->first;
    must(depth < MERGE_DEPTH_MAX);
    *map = *over;
    map->next = NULL;
    map->first = NULL;
    map->count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (const struct doc *d = pass == 0 ? under->first : over->first; d != NULL; d = d->next) {
            const struct doc *other = doc_member(pass == 0 ? over : under, d->key), *kept = d;
            if (pass == 1 && other != NULL) continue;
            if (other != NULL && other->type == DOC_MAP && d->type == DOC_MAP && !is_whole(parent, d->key))
                kept = merged(a, d, other, d->key, depth + 1);
            else if (other != NULL)
                kept = other;
            if (kept->type == DOC_NULL) continue;
            struct doc *copy = arena_new(a, struct doc);
            *copy = *kept;
            copy->next = NULL;
            *end = copy;
            end = &copy->next;
            map->count++;
        }
    }
    return map;
}

const struct doc *descriptor_merge(struct arena *a, const struct doc *under, const struct doc *over)
{
    if (over == NULL) return under;
    return merged(a, under, over, (struct slice){NULL, 0}, 0);
}

/* ---- the entries ---- */

static struct entry *entry_of(const struct descriptor_library *l, struct slice id)
{
    for (size_t i = 0; i < l->count; i++)
        if (slice_is(l->at[i].id, id)) return &l->at[i];
    return NULL;
}

static struct entry *add(struct descriptor_library *l, struct entry e)
{
    if (l->count == l->room) {
        size_t room = l->room != 0 ? 2 * l->room : 64;
        struct entry *at = arena_array(l->a, struct entry, room);
        for (size_t i = 0; i < l->count; i++)
            at[i] = l->at[i];
        l->at = at;
        l->room = room;
    }
    l->at[l->count] = e;
    return &l->at[l->count++];
}

/* "folder/ID.yaml": ID. */
static struct slice stem_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    struct slice name = slice_of(slash != NULL ? slash + 1 : file);
    return slice_ends(name, LIT(".yaml")) ? slice_upto(name, name.len - 5) : (struct slice){NULL, 0};
}

struct descriptor_library *descriptor_library_open(struct complaints *c)
{
    struct descriptor_library *l = arena_new(c->arena, struct descriptor_library);
    l->c = c;
    l->a = c->arena;
    for (size_t i = 0; i < builtin_descriptors_count; i++) {
        const struct builtin_descriptor *b = &builtin_descriptors[i];
        struct slice id = stem_of(b->name);
        if (id.len == 0) continue;
        add(l, (struct entry){
                   .id = id,
                   .file = arena_print(l->a, "providers/%s", b->name).at,
                   .text = {(const char *)b->bytes, b->len},
                   .built_in = true
        });
    }
    return l;
}

void descriptor_library_add(struct descriptor_library *l, const char *file, struct slice text)
{
    struct entry *e = entry_of(l, stem_of(file));
    struct entry mine = {.id = stem_of(file), .file = file, .text = text};
    if (e != NULL && e->built_in) {
        mine.under = arena_new(l->a, struct entry);
        *mine.under = *e;
    }
    mine.replaced = mine.under != NULL;
    if (e != NULL)
        *e = mine;
    else
        add(l, mine);
}

static int by_id(const void *x, const void *y)
{
    return slice_compare(((const struct descriptor_listed *)x)->id, ((const struct descriptor_listed *)y)->id);
}

static struct slice origin_of(const struct entry *e)
{
    return e->built_in ? LIT("built in") : slice_of(e->file);
}

struct descriptor_listed *descriptor_library_list(struct descriptor_library *l, size_t *ret_count)
{
    struct descriptor_listed *list = arena_array(l->a, struct descriptor_listed, l->count + 1);
    for (size_t i = 0; i < l->count; i++)
        list[i] = (struct descriptor_listed){l->at[i].id, origin_of(&l->at[i]), l->at[i].built_in, l->at[i].replaced};
    qsort(list, l->count, sizeof list[0], by_id);
    *ret_count = l->count;
    return list;
}

bool descriptor_library_has(const struct descriptor_library *l, struct slice id)
{
    return entry_of(l, id) != NULL;
}

struct slice descriptor_library_origin(const struct descriptor_library *l, struct slice id)
{
    const struct entry *e = entry_of(l, id);
    return e != NULL ? origin_of(e) : (struct slice){NULL, 0};
}

struct slice descriptor_library_nearest(const struct descriptor_library *l, struct slice id)
{
    struct nearest n = nearest_to(id);
    for (size_t i = 0; i < l->count; i++)
        nearest_try(&n, l->at[i].id);
    return nearest_found(&n);
}

/* ---- reading one ---- */

static void report(void *self, const char *file, int line, int column, struct slice sentence)
{
    struct descriptor_library *l = self;
    complaint_in(l->c, COMPLAINT_ERROR, file, line, column, sentence);
}

static void parse(struct descriptor_library *l, struct entry *e)
{
    struct doc *root = NULL;
    int before = l->c->errors;
    e->parsed = true;
    complaint_add_file(l->c, e->file, e->text);
    const struct err *why = doc_yaml(l->a, e->file, e->text, report, l, &root);
    if (why != NULL) {
        if (l->c->errors == before) complaint_in(l->c, COMPLAINT_ERROR, e->file, 0, 0, err_story(l->a, why));
        return;
    }
    const struct doc *id = doc_member(root, LIT("id"));
    if (root->type != DOC_MAP)
        complaint_at(l->c, COMPLAINT_ERROR, root, COMPLAINT_VALUE, LIT(""),
                     "a provider file is a map of keys and values");
    else if (!doc_is_string(id) || !slice_is(id->text, e->id))
        complaint_at(l->c, COMPLAINT_ERROR, id != NULL ? id : root, COMPLAINT_VALUE, LIT(""),
                     "the id must be the file's name without .yaml: id: %.*s", SLICE_ARG(e->id));
    else
        e->root = root;
}

static const struct doc *extended(struct descriptor_library *l, struct entry *e, struct slice chain, int depth)
{
    if (!e->parsed) parse(l, e);
    if (e->root == NULL) return NULL;
    const struct doc *extends = doc_member(e->root, LIT("extends"));
    if (extends == NULL || extends->type == DOC_NULL) return e->root;
    chain = arena_print(l->a, "%.*s > %.*s", SLICE_ARG(chain), SLICE_ARG(extends->text));
    struct entry *parent = doc_is_string(extends) ? entry_of(l, extends->text) : NULL;
    if (parent == e && e->under != NULL) parent = e->under;
    if (parent == NULL) {
        complaint_at(l->c, COMPLAINT_ERROR, extends, COMPLAINT_VALUE, descriptor_library_nearest(l, extends->text),
                     "there is no provider file \"%.*s\" to extend", SLICE_ARG(slice_upto(extends->text, 40)));
        return NULL;
    }
    if (depth == EXTENDS_DEPTH_MAX) {
        complaint_at(l->c, COMPLAINT_ERROR, extends, COMPLAINT_VALUE, LIT(""),
                     "extends goes in a circle, or more than %d deep: %.*s", (int)EXTENDS_DEPTH_MAX, SLICE_ARG(chain));
        return NULL;
    }
    const struct doc *under = extended(l, parent, chain, depth + 1);
    return under != NULL ? descriptor_merge(l->a, under, e->root) : NULL;
}

const struct doc *descriptor_library_find(struct descriptor_library *l, struct slice id, const struct doc *place)
{
    struct entry *e = entry_of(l, id);
    if (e != NULL) return extended(l, e, id, 0);
    complaint_at(l->c, COMPLAINT_ERROR, place, COMPLAINT_VALUE, descriptor_library_nearest(l, id),
                 "there is no provider \"%.*s\" (vestibule providers list shows all)", SLICE_ARG(slice_upto(id, 40)));
    return NULL;
}
