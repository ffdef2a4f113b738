/* descriptor_reading.c -- the getters: one plain value, list or section of a document, judged where it stands. */
#include "provider/descriptor_reading.h"

#include "text/nearest.h"

enum {
    NAME_MAX_BYTES = 40,
    LIST_MAX = 100 /* items of any list in a file */
};

/* ---- complaints ---- */

static bool is_told(const struct reading *r, const struct complaint *same)
{
    for (size_t i = 0; i < r->c->count; i++) {
        const struct complaint *one = &r->c->at[i];
        if (one->line != 0 && one->file == same->file && one->line == same->line && one->column == same->column &&
            slice_is(one->sentence, same->sentence))
            return true;
    }
    return false;
}

void reading_error(struct reading *r, const struct doc *node, enum complaint_place place, struct slice hint,
                   const char *format, ...)
{
    va_list args;
    if (node == NULL) node = r->ask->place;
    if (node == NULL) node = r->root;
    va_start(args, format);
    struct slice sentence = arena_vprint(r->a, format, args);
    va_end(args);
    bool by_key = node->key.at != NULL && node->key_line != 0 &&
                  (place == COMPLAINT_KEY || node->type == DOC_LIST || node->type == DOC_MAP);
    struct complaint one = {.file = node->file,
                            .line = by_key ? node->key_line : node->line,
                            .column = by_key ? node->key_column : node->column,
                            .sentence = sentence};
    r->errors++;
    if (!is_told(r, &one)) complaint_at(r->c, COMPLAINT_ERROR, node, place, hint, "%.*s", SLICE_ARG(sentence));
}

static bool is_word_of(struct slice word, const char *words)
{
    struct slice rest = slice_of(words), one;
    while (slice_cut(&rest, ' ', &one))
        if (slice_is(one, word)) return true;
    return false;
}

static struct slice nearest_of(struct slice given, const char *words)
{
    struct nearest n = nearest_to(given);
    struct slice rest = slice_of(words), one;
    while (slice_cut(&rest, ' ', &one))
        nearest_try(&n, one);
    return nearest_found(&n);
}

bool reading_section(struct reading *r, const struct doc *node, const char *where, const char *words)
{
    size_t before = r->errors;
    if (node == NULL) return true;
    if (node->type != DOC_MAP) {
        READING_ERROR(r, node, "%s must be a section of keys with values", where);
        return false;
    }
    for (const struct doc *d = node->first; d != NULL; d = d->next) {
        if (is_word_of(d->key, words)) continue;
        reading_error(r, d, COMPLAINT_KEY, nearest_of(d->key, words), "unknown key \"%.*s\" in %s",
                      SLICE_ARG(slice_upto(d->key, NAME_MAX_BYTES)), where);
    }
    return r->errors == before;
}

const struct doc *reading_part(struct reading *r, const char *name, const char *words)
{
    const struct doc *s = reading_member(r->root, name);
    if (s == NULL) return NULL;
    reading_section(r, s, name, words);
    return s->type == DOC_MAP ? s : NULL;
}

bool reading_name(struct reading *r, const struct doc *node)
{
    bool fine =
        node->key.len != 0 && node->key.len <= NAME_MAX_BYTES && node->key.at[0] >= 'a' && node->key.at[0] <= 'z';
    for (size_t i = 0; i < node->key.len && fine; i++) {
        char c = node->key.at[i];
        fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    if (!fine)
        reading_error(r, node, COMPLAINT_KEY, LIT(""),
                      "a name begins with a letter and has a-z, 0-9, '_' and '-', at most %d characters",
                      (int)NAME_MAX_BYTES);
    return fine;
}

bool reading_add(struct reading *r, struct reading_names *to, const struct doc *node, struct slice text)
{
    if (to->count == READING_NAMES_MAX) {
        reading_error(r, node, COMPLAINT_KEY, LIT(""), "more than %d names here", (int)READING_NAMES_MAX);
        return false;
    }
    to->at[to->count] = node->key;
    to->node[to->count] = node;
    to->text[to->count++] = text;
    return true;
}

int reading_find(const struct reading_names *names, struct slice name)
{
    for (size_t i = 0; i < names->count; i++)
        if (slice_is(names->at[i], name)) return (int)i;
    return -1;
}

/* ---- values ---- */

const struct doc *reading_member(const struct doc *map, const char *name)
{
    const struct doc *d = doc_member(map, slice_of(name));
    return d != NULL && d->type != DOC_NULL ? d : NULL;
}

bool reading_is_scalar(const struct doc *node)
{
    return node->type == DOC_STRING || node->type == DOC_INT || node->type == DOC_BOOL;
}

struct slice reading_text(struct reading *r, const struct doc *map, const char *name)
{
    const struct doc *d = reading_member(map, name);
    if (d == NULL) return (struct slice){NULL, 0};
    if (reading_is_scalar(d) && slice_is_printable(d->text)) return d->text;
    READING_ERROR(r, d, "%s must be one line of text", name);
    return (struct slice){NULL, 0};
}

bool reading_switch(struct reading *r, const struct doc *map, const char *name, bool usual)
{
    const struct doc *d = reading_member(map, name);
    if (d == NULL) return usual;
    if (d->type == DOC_BOOL) return d->boolean;
    READING_ERROR(r, d, "%s must be true or false", name);
    return usual;
}

int64_t reading_number(struct reading *r, const struct doc *map, const char *name, int64_t least, int64_t most,
                       int64_t usual)
{
    const struct doc *d = reading_member(map, name);
    if (d == NULL) return usual;
    if (d->type == DOC_INT && d->integer >= least && d->integer <= most) return d->integer;
    READING_ERROR(r, d, "%s must be a whole number from %lld to %lld", name, (long long)least, (long long)most);
    return usual;
}

int reading_word_at(struct reading *r, const struct doc *d, const char *words, int usual)
{
    struct slice rest = slice_of(words), one;
    if (d == NULL) return usual;
    for (int i = 0; slice_cut(&rest, ' ', &one); i++)
        if (d->type == DOC_STRING && slice_is(one, d->text)) return i;
    reading_error(r, d, COMPLAINT_VALUE, d->type == DOC_STRING ? nearest_of(d->text, words) : LIT(""),
                  "%.*s must be one of: %s", SLICE_ARG(d->key), words);
    return usual;
}

int reading_word(struct reading *r, const struct doc *map, const char *name, const char *words, int usual)
{
    return reading_word_at(r, reading_member(map, name), words, usual);
}

/* Visits the items of a list, or the one plain value that stands for a list of one. */
static const struct doc *items_of(struct reading *r, const struct doc *d, const char *name, size_t *ret_count)
{
    *ret_count = 0;
    if (d == NULL) return NULL;
    if (d->type == DOC_LIST && d->count <= LIST_MAX) {
        *ret_count = d->count;
        return d->first;
    }
    if (reading_is_scalar(d)) {
        *ret_count = 1;
        return d;
    }
    READING_ERROR(r, d, "%s must be a list of at most %d plain values", name, (int)LIST_MAX);
    return NULL;
}

struct text_list reading_texts(struct reading *r, const struct doc *map, const char *name)
{
    size_t count, kept = 0;
    const struct doc *d = items_of(r, reading_member(map, name), name, &count);
    struct slice *at = count != 0 ? arena_array(r->a, struct slice, count) : NULL;
    for (size_t i = 0; i < count; i++, d = d->next) {
        if (reading_is_scalar(d) && d->text.len != 0 && slice_is_printable(d->text))
            at[kept++] = d->text;
        else
            READING_ERROR(r, d, "%s must hold plain values", name);
    }
    return (struct text_list){at, kept};
}

bool reading_pointer_at(struct reading *r, const struct doc *d)
{
    bool fine = d->type == DOC_STRING && (d->text.len == 0 || d->text.at[0] == '/') && slice_is_printable(d->text);
    for (size_t i = 0; fine && i < d->text.len; i++) {
        bool escape = d->text.at[i] == '~';
        fine = !escape || (i + 1 < d->text.len && (d->text.at[i + 1] == '0' || d->text.at[i + 1] == '1'));
    }
    if (!fine)
        READING_ERROR(r, d, "not a JSON pointer: it begins with '/', and has ~0 for '~' and ~1 for '/' in a name");
    return fine;
}

struct pointers reading_pointers(struct reading *r, const struct doc *map, const char *name, const char *usual)
{
    size_t count, kept = 0;
    const struct doc *d = reading_member(map, name);
    struct slice *at;
    if (d == NULL && usual != NULL) {
        at = arena_new(r->a, struct slice);
        at[0] = slice_of(usual);
        return (struct pointers){at, 1};
    }
    d = items_of(r, d, name, &count);
    at = count != 0 ? arena_array(r->a, struct slice, count) : NULL;
    for (size_t i = 0; i < count; i++, d = d->next)
        if (reading_pointer_at(r, d)) at[kept++] = d->text;
    return (struct pointers){at, kept};
}
