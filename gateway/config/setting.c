/* setting.c -- the walk: one section after the other, each key of its table, each member of its map. */
#include "config/setting.h"

#include "config/setting_scalar.h"
#include "text/nearest.h"

struct walk {
    struct complaints *c;
    const struct setting_folders *folders;
};

static struct setting *walk_value(const struct walk *w, const struct key *k, const struct doc *d, struct slice where);

static void complain(const struct walk *w, const struct doc *d, struct slice where, const char *sentence)
{
    complaint_at(w->c, COMPLAINT_ERROR, d, COMPLAINT_KEY, LIT(""), "%.*s %s", SLICE_ARG(where), sentence);
}

/* "providers[0].claims" for a member of a section; the name alone at the top. */
static struct slice below(const struct walk *w, struct slice where, const char *name)
{
    if (where.len == 0) return slice_of(name);
    return arena_print(w->c->arena, "%.*s.%s", SLICE_ARG(where), name);
}

static void append(struct setting *parent, struct setting ***end, struct setting *child)
{
    **end = child;
    *end = &child->next;
    parent->count++;
}

static bool is_twin(const struct key *k, struct slice name)
{
    size_t len = strlen(k->name);
    return k->type == KEY_SECRET && name.len == len + 5 && slice_starts(name, slice_of(k->name)) &&
           slice_ends(name, LIT("_file"));
}

static bool is_known(const struct key_table *table, struct slice name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (slice_is(slice_of(table->at[i].name), name) || is_twin(&table->at[i], name)) return true;
    }
    return false;
}

/* The known key that somebody meant: one of this name that stands a level deeper, else the nearest one here. */
static struct slice meant(const struct walk *w, const struct key_table *table, struct slice name)
{
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < table->count; i++) {
        const struct key *k = &table->at[i];
        bool section = k->inside != NULL && k->type != KEY_ITEMS;
        if (section && is_known(k->inside, name))
            return arena_print(w->c->arena, "%s: { %.*s: ... }", k->name, SLICE_ARG(name));
        nearest_try(&n, slice_of(k->name));
        if (k->type == KEY_SECRET) nearest_try(&n, arena_print(w->c->arena, "%s_file", k->name));
    }
    return nearest_found(&n);
}

static void unknown_keys(const struct walk *w, const struct key_table *table, const struct doc *map, struct slice where)
{
    for (const struct doc *d = map->first; d != NULL; d = d->next) {
        if (is_known(table, d->key)) continue;
        complaint_at(w->c, COMPLAINT_ERROR, d, COMPLAINT_KEY, meant(w, table, d->key), "unknown key \"%.*s\"%s%.*s",
                     SLICE_ARG(d->key), where.len != 0 ? " in " : "", SLICE_ARG(where));
    }
}

/* A secret's value, from either twin. */
static struct setting *walk_secret(const struct walk *w, const struct key *k, const struct doc *map, struct slice where)
{
    struct setting *s = arena_new(w->c->arena, struct setting);
    const struct doc *plain = doc_member(map, slice_of(k->name));
    const struct doc *twin = doc_member(map, arena_print(w->c->arena, "%s_file", k->name));
    s->key = k;
    s->node = twin != NULL ? twin : plain;
    if (plain != NULL && twin != NULL) {
        complain(w, twin, below(w, where, k->name), "is given twice: with and without _file");
        s->bad = true;
        return s;
    }
    if (s->node == NULL) return s;
    struct slice text = setting_scalar_secret_text(s->node->text);
    if (!setting_scalar_is(s->node) || text.len == 0) {
        complain(w, s->node, below(w, where, k->name), twin != NULL ? "must be the name of a file" : "must be a text");
        s->bad = true;
        return s;
    }
    if (twin != NULL)
        s->bad = !setting_scalar_secret_file(w->c, twin, w->folders, &s->secret);
    else
        s->secret = secret_in(w->c->arena, text);
    return s;
}

static struct setting *walk_section(const struct walk *w, const struct key_table *table, const struct doc *map,
                                    struct slice where)
{
    struct setting *s = arena_new(w->c->arena, struct setting), **end = &s->first;
    s->node = map;
    if (map != NULL && map->type != DOC_MAP) {
        complain(w, map, where.len != 0 ? where : LIT("a configuration"), "must be a section of keys with values");
        s->bad = true;
        map = NULL;
    }
    if (map != NULL) unknown_keys(w, table, map, where);
    for (size_t i = 0; i < table->count; i++) {
        const struct key *k = &table->at[i];
        const struct doc *d = map != NULL ? doc_member(map, slice_of(k->name)) : NULL;
        if (k->required && d == NULL && map != NULL && !s->bad) {
            complaint_at(w->c, COMPLAINT_ERROR, where.len != 0 ? map : NULL, COMPLAINT_KEY, LIT(""),
                         "%.*s is missing: %s", SLICE_ARG(below(w, where, k->name)), k->meaning);
        }
        struct setting *child = k->type == KEY_SECRET && map != NULL ? walk_secret(w, k, map, where)
                                                                     : walk_value(w, k, d, below(w, where, k->name));
        if (k->required && d == NULL) child->bad = true;
        append(s, &end, child);
    }
    return s;
}

/* From the environment a list is written with commas; in a file one scalar is a list of one. */
static void walk_list_text(const struct walk *w, struct setting *s, const struct key *k, const struct doc *d,
                           struct slice text, struct slice where)
{
    struct setting **end = &s->first;
    struct slice item;
    if (d != NULL && d->line != 0) {
        struct setting *one = setting_scalar(w->c, k, k->of, d, text, where, w->folders);
        append(s, &end, one);
        s->bad = one->bad;
        return;
    }
    while (slice_cut(&text, ',', &item)) {
        item = slice_trim(item);
        if (item.len == 0) continue;
        struct setting *one = setting_scalar(w->c, k, k->of, d, item, where, w->folders);
        s->bad = s->bad || one->bad;
        append(s, &end, one);
    }
}

static struct setting *walk_list(const struct walk *w, const struct key *k, const struct doc *d, struct slice where)
{
    struct setting *s = arena_new(w->c->arena, struct setting), **end = &s->first;
    s->key = k;
    s->node = d;
    if (d == NULL || setting_scalar_is(d)) {
        struct slice text = d != NULL ? d->text : slice_of(k->fallback);
        if (text.len != 0) walk_list_text(w, s, k, d, text, where);
        return s;
    }
    if (d->type != DOC_LIST) {
        complain(w, d, where, "must be a list");
        s->bad = true;
        return s;
    }
    for (const struct doc *item = d->first; item != NULL; item = item->next) {
        struct setting *one = NULL;
        if (setting_scalar_is(item)) {
            one = setting_scalar(w->c, k, k->of, item, item->text, where, w->folders);
            append(s, &end, one);
        } else {
            complaint_at(w->c, COMPLAINT_ERROR, item, COMPLAINT_VALUE, LIT(""), "%.*s must be a list of plain values",
                         SLICE_ARG(where));
        }
        s->bad = s->bad || one == NULL || one->bad;
    }
    return s;
}

/* A member's values, as its own children. */
static bool map_values(const struct walk *w, struct setting *member, const struct doc *d)
{
    struct setting **end = &member->first;
    bool list = d->type == DOC_LIST;
    if (!list && !setting_scalar_is(d)) return false;
    for (const struct doc *m = list ? d->first : d; m != NULL; m = list ? m->next : NULL) {
        if (!setting_scalar_is(m)) return false;
        struct setting *one = arena_new(w->c->arena, struct setting);
        *one = (struct setting){.key = member->key, .node = m, .text = m->text, .number = -1};
        append(member, &end, one);
    }
    return true;
}

static struct setting *walk_map(const struct walk *w, const struct key *k, const struct doc *d, struct slice where)
{
    struct setting *s = arena_new(w->c->arena, struct setting), **end = &s->first;
    s->key = k;
    s->node = d;
    if (d == NULL) return s;
    if (d->line == 0 && d->type == DOC_STRING) { /* from the environment: a=1,b=2 */
        struct slice rest = d->text, pair;
        while (slice_cut(&rest, ',', &pair)) {
            struct setting *one = arena_new(w->c->arena, struct setting);
            *one = (struct setting){.key = k, .node = d, .number = -1};
            slice_cut(&pair, '=', &one->name);
            one->text = pair;
            append(s, &end, one);
        }
        return s;
    }
    s->bad = d->type != DOC_MAP;
    if (s->bad) complain(w, d, where, "must be names with values");
    for (const struct doc *m = d->type == DOC_MAP ? d->first : NULL; m != NULL; m = m->next) {
        struct setting *one = arena_new(w->c->arena, struct setting);
        *one = (struct setting){.key = k, .node = m, .name = m->key, .text = m->text, .number = -1};
        bool fits = k->of == KEY_LIST ? map_values(w, one, m) : setting_scalar_is(m);
        if (fits)
            append(s, &end, one);
        else
            complain(w, m, where,
                     k->of == KEY_LIST ? "may hold plain values and lists of them" : "may hold plain values only");
    }
    return s;
}

/* "": none of these keys must be there. */
static const char *needed(const struct walk *w, const struct key_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct key *k = &table->at[i];
        if (k->required)
            return arena_print(w->c->arena, ", such as %s: %s", k->name, k->example != NULL ? k->example : "...").at;
    }
    return "";
}

static struct setting *walk_one_item(const struct walk *w, const struct key *k, const struct doc *d, struct slice text,
                                     struct slice where)
{
    if (d != NULL && !setting_scalar_is(d)) {
        struct setting *s = walk_section(w, k->inside, d, where);
        s->key = k;
        return s;
    }
    if (k->scalar == NULL) {
        complaint_at(w->c, COMPLAINT_ERROR, d, COMPLAINT_VALUE, LIT(""),
                     "%.*s must be a section with keys of its own%s", SLICE_ARG(where), needed(w, k->inside));
        struct setting *s = walk_section(w, k->inside, NULL, where);
        s->key = k;
        s->bad = true;
        return s;
    }
    /* one plain value stands for a section with only that key */
    struct setting *s = walk_section(w, k->inside, NULL, where);
    s->key = k;
    s->node = d;
    for (struct setting **m = &s->first; *m != NULL; m = &(*m)->next) {
        if (strcmp((*m)->key->name, k->scalar) != 0) continue;
        struct setting *one = setting_scalar(w->c, (*m)->key, (*m)->key->type, d, text, where, w->folders);
        one->next = (*m)->next;
        *m = one;
    }
    return s;
}

static struct setting *walk_items(const struct walk *w, const struct key *k, const struct doc *d, struct slice where)
{
    struct setting *s = arena_new(w->c->arena, struct setting), **end = &s->first;
    s->key = k;
    s->node = d;
    if (d != NULL && d->type == DOC_LIST) {
        for (const struct doc *item = d->first; item != NULL; item = item->next) {
            struct slice place = arena_print(w->c->arena, "%.*s[%zu]", SLICE_ARG(where), s->count);
            append(s, &end, walk_one_item(w, k, item, item->text, place));
        }
        return s;
    }
    bool plain = d == NULL || setting_scalar_is(d);
    if (!plain || (k->scalar == NULL && d != NULL)) {
        complain(w, d, where, "must be a list: put \"- \" before each entry");
        s->bad = true;
        return s;
    }
    struct slice rest = d != NULL ? d->text : slice_of(k->fallback), item;
    while (slice_cut(&rest, ',', &item)) {
        append(s, &end, walk_one_item(w, k, d, slice_trim(item), where));
    }
    return s;
}

/* "everyone", or a section of lists. */
static struct setting *walk_either(const struct walk *w, const struct key *k, const struct doc *d, struct slice where)
{
    if (d == NULL || d->type != DOC_MAP) {
        struct slice text = d != NULL ? d->text : slice_of(k->fallback);
        if (d == NULL || setting_scalar_is(d)) return setting_scalar(w->c, k, KEY_WORD, d, text, where, w->folders);
    }
    struct setting *s = walk_section(w, k->inside, d, where);
    s->key = k;
    s->number = -1;
    return s;
}

static struct setting *walk_value(const struct walk *w, const struct key *k, const struct doc *d, struct slice where)
{
    struct setting *s;
    if (d != NULL && d->type == DOC_NULL && d->text.len == 0) {
        complain(w, d, where, "has no value");
        s = walk_value(w, k, NULL, where);
        s->bad = true;
        return s;
    }
    switch (k->type) {
    case KEY_SECTION:
        s = walk_section(w, k->inside, d, where);
        s->key = k;
        return s;
    case KEY_EITHER: return walk_either(w, k, d, where);
    case KEY_ITEMS: return walk_items(w, k, d, where);
    case KEY_LIST: return walk_list(w, k, d, where);
    case KEY_MAP: return walk_map(w, k, d, where);
    case KEY_SECRET:
        s = arena_new(w->c->arena, struct setting);
        s->key = k;
        return s;
    case KEY_TEXT:
    case KEY_URL:
    case KEY_WORD:
    case KEY_SWITCH:
    case KEY_INTEGER:
    case KEY_DURATION:
    case KEY_SIZE:
    case KEY_HEADER:
    case KEY_ID:
    case KEY_FILE:
    case KEY_PATH: break;
    }
    if (d == NULL || setting_scalar_is(d)) {
        return setting_scalar(w->c, k, k->type, d, d != NULL ? d->text : slice_of(k->fallback), where, w->folders);
    }
    complaint_at(w->c, COMPLAINT_ERROR, d, COMPLAINT_KEY, LIT(""), "%.*s must be one value: %s", SLICE_ARG(where),
                 keys_type_words(k->type));
    s = setting_scalar(w->c, k, k->type, NULL, slice_of(k->fallback), where, w->folders);
    s->bad = true;
    return s;
}

struct setting *setting_walk(struct complaints *c, const struct doc *root, const struct key_table *table,
                             const struct setting_folders *folders)
{
    struct walk w = {c, folders};
    return walk_section(&w, table, root, LIT(""));
}

/* ---------------------------------------------------------------------------------------------- reading */

const struct setting *setting_at(const struct setting *section, const char *path)
{
    struct slice rest = slice_of(path), name;
    const struct setting *s = section;
    while (slice_cut(&rest, '.', &name)) {
        const struct setting *m = s->first;
        while (m != NULL && (m->key == NULL || !slice_is(slice_of(m->key->name), name))) {
            m = m->next;
        }
        must(m != NULL);
        s = m;
    }
    return s;
}

struct slice setting_text(const struct setting *section, const char *path)
{
    return setting_at(section, path)->text;
}

int64_t setting_number(const struct setting *section, const char *path)
{
    return setting_at(section, path)->number;
}

bool setting_on(const struct setting *section, const char *path)
{
    return setting_at(section, path)->number > 0;
}

const char *setting_path(const struct setting *section, const char *path)
{
    struct slice text = setting_at(section, path)->text;
    return text.len != 0 ? text.at : NULL; /* arena text: a NUL stands behind it */
}

bool setting_given(const struct setting *section, const char *path)
{
    return setting_at(section, path)->node != NULL;
}

struct slice *setting_texts(struct arena *a, const struct setting *section, const char *path, size_t *ret_count)
{
    const struct setting *list = setting_at(section, path);
    struct slice *texts = arena_array(a, struct slice, list->count + 1);
    size_t count = 0;
    for (const struct setting *s = list->first; s != NULL; s = s->next) {
        texts[count++] = s->text;
    }
    *ret_count = count;
    return texts;
}

const struct doc *setting_place(const struct setting *section, const char *path)
{
    const struct setting *s = setting_at(section, path);
    return s->node != NULL ? s->node : section->node;
}
