/* doc_yaml.c -- YAML by libyaml's events, in order: text checks, events, one open list or map a level, scalars typed by us.
 *
 * libyaml hands out scalars as text and resolves nothing, so what a word means is decided here and only here: true, false, null, decimal
 * integers; whatever other YAML readers would take for something else must be quoted. Aliases are never followed. Nesting is
 * stopped inside the loop, because libyaml's own cost grows with its square.
 */
#include <string.h>

#include <yaml.h>

#include "text/doc.h"
#include "text/utf8.h"
#include "text/yaml_trouble.h"

enum {
    TEXT_MAX = 1024 * 1024,
    DEPTH_MAX = 32,     /* the deepest of our own files has six */
    VALUES_MAX = 20000, /* lists of users and groups included */
    MISTAKES_MAX = 100  /* more help nobody */
};

struct level {
    struct doc *parent, *tail;
    bool has_key;
    struct slice key;
    int key_line, key_column;
};

struct reading {
    struct arena *arena;
    const char *file;
    doc_report *report;
    void *self;
    struct doc *root;
    struct level levels[DEPTH_MAX];
    int depth;
    size_t values, mistakes, documents;
    int first_line, first_column;
    struct slice first;
    bool stop;
};

struct place {
    int line, column;
};

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){(int)mark.line + 1, (int)mark.column + 1};
}

static void mistake(struct reading *r, struct place at, const char *format, ...) PRINTF(3, 4);
static void mistake(struct reading *r, struct place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct slice sentence = arena_vprint(r->arena, format, args);
    va_end(args);
    if (r->mistakes++ == 0) {
        r->first_line = at.line;
        r->first_column = at.column;
        r->first = sentence;
    }
    if (r->report != NULL) r->report(r->self, r->file, at.line, at.column, sentence);
    if (r->mistakes >= MISTAKES_MAX) r->stop = true;
}

static void fatal(struct reading *r, struct place at, const char *sentence)
{
    mistake(r, at, "%s", sentence);
    r->stop = true;
}

/* For a sentence: short and without control characters. */
static const char *shown(struct reading *r, struct slice s)
{
    return arena_text(r->arena, utf8_for_people(r->arena, s, 40));
}

/* ---- what a plain word means */

static bool is_any_nocase(struct slice s, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (slice_is_nocase(s, slice_of(*words))) return true;
    }
    return false;
}

static bool all_in(struct slice s, const char *set)
{
    for (size_t i = 0; i < s.len; i++) {
        if (slice_index(slice_of(set), s.at[i]) == SLICE_NONE) return false;
    }
    return s.len != 0;
}

/* A word that another YAML reader would not take for a string: why, or NULL. Never repeated: it may be a secret. */
static const char *ambiguity(struct slice s)
{
    static const char *const truths[] = {"true", "false", "yes", "no", "on", "off", "y", "n", NULL};
    static const char *const nothings[] = {"null", "~", NULL};
    static const char *const odd[] = {".inf", "+.inf", "-.inf", ".nan", NULL};
    bool has_sign = s.len != 0 && (s.at[0] == '-' || s.at[0] == '+');
    struct slice digits = has_sign ? slice_from(s, 1) : s;
    if (is_any_nocase(s, truths)) return "this is ambiguous: write true or false, or quote it for a string";
    if (is_any_nocase(s, nothings)) return "this is ambiguous: write null, or quote it for a string";
    if (is_any_nocase(s, odd)) return "this is no number we take: quote it for a string";
    if (digits.len > 2 && digits.at[0] == '0' && slice_index(LIT("xXoObB"), digits.at[1]) != SLICE_NONE &&
        all_in(slice_from(digits, 2), "0123456789abcdefABCDEF_"))
        return "this looks like a hexadecimal, octal or binary number: write it in decimal, or quote it";
    if (!all_in(digits, "0123456789_") || digits.at[0] == '_') return NULL;
    if (digits.len > 1 && digits.at[0] == '0') return "this looks octal: quote it";
    if (s.at[0] == '+' || !all_in(digits, "0123456789"))
        return "this looks like a number: write digits alone, or quote it";
    return NULL;
}

static bool read_integer(struct slice s, int64_t *ret_value)
{
    uint64_t number = 0;
    bool negative = s.len != 0 && s.at[0] == '-';
    if (!slice_number(negative ? slice_from(s, 1) : s, &number)) return false;
    if (number > (uint64_t)INT64_MAX) return false;
    *ret_value = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static void type_plain(struct reading *r, struct doc *d, struct place at)
{
    struct slice s = d->text;
    d->type = DOC_STRING;
    if (s.len == 0 || slice_is(s, LIT("null"))) {
        d->type = DOC_NULL;
        return;
    }
    if (slice_is(s, LIT("true")) || slice_is(s, LIT("false"))) {
        d->type = DOC_BOOL;
        d->boolean = s.at[0] == 't';
        return;
    }
    const char *why = ambiguity(s);
    if (why != NULL) {
        mistake(r, at, "%s", why);
        return;
    }
    if (!all_in(s.at[0] == '-' ? slice_from(s, 1) : s, "0123456789")) return;
    d->type = DOC_INT;
    if (!read_integer(s, &d->integer)) mistake(r, at, "the number is too large: quote it for a string");
}

/* ---- the tree */

static struct level *top(struct reading *r)
{
    return r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
}

static const struct doc *find_twin(const struct doc *map, struct slice key)
{
    return key.len != 0 ? doc_member(map, key) : NULL;
}

/* Hangs d into what is open. In a map the key was read before. */
static void place_node(struct reading *r, struct doc *d)
{
    struct level *l = top(r);
    if (l == NULL) {
        r->root = d;
        return;
    }
    if (l->parent->type == DOC_MAP) {
        d->key = l->key;
        d->key_line = l->key_line;
        d->key_column = l->key_column;
        l->has_key = false;
        const struct doc *twin = find_twin(l->parent, d->key);
        if (twin != NULL)
            mistake(r, (struct place){d->key_line, d->key_column}, "duplicate key '%s' (first at line %d, column %d)",
                    shown(r, d->key), twin->key_line, twin->key_column);
    }
    if (l->tail != NULL) {
        l->tail->next = d;
    } else {
        l->parent->first = d;
    }
    l->tail = d;
    l->parent->count++;
}

static struct doc *new_node(struct reading *r, struct place at)
{
    struct doc *d = arena_new(r->arena, struct doc);
    d->file = r->file;
    d->line = at.line;
    d->column = at.column;
    return d;
}

static bool wants_key(const struct level *l)
{
    return l != NULL && l->parent->type == DOC_MAP && !l->has_key;
}

static void take_key(struct reading *r, struct level *l, struct slice key, struct place at, bool plain)
{
    if (key.len == 0) mistake(r, at, "a key is empty");
    if (plain && slice_is(key, LIT("<<"))) mistake(r, at, "merge keys (<<) are not supported");
    l->has_key = true;
    l->key = key;
    l->key_line = at.line;
    l->key_column = at.column;
}

/* A list or map as a key, or an alias anywhere: told, and an empty string stands in so that reading goes on. */
static void stand_in(struct reading *r, struct place at)
{
    struct level *l = top(r);
    if (wants_key(l)) {
        l->has_key = true;
        l->key = LIT("?");
        l->key_line = at.line;
        l->key_column = at.column;
        return;
    }
    struct doc *d = new_node(r, at);
    d->type = DOC_STRING;
    d->text = LIT("");
    place_node(r, d);
}

static void on_scalar(struct reading *r, const yaml_event_t *e, struct place at)
{
    struct slice text = {(const char *)e->data.scalar.value, e->data.scalar.length};
    bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (slice_index(text, '\0') != SLICE_NONE) mistake(r, at, "NUL characters are not allowed");
    text = arena_copy(r->arena, text);
    if (wants_key(top(r))) {
        take_key(r, top(r), text, at, plain);
        return;
    }
    struct doc *d = new_node(r, at);
    d->type = DOC_STRING;
    d->text = text;
    d->plain = plain;
    if (plain) type_plain(r, d, at);
    place_node(r, d);
}

static void on_open(struct reading *r, enum doc_type type, struct place at)
{
    if (wants_key(top(r))) {
        fatal(r, at, "a key must be a word, not a list or map");
        return;
    }
    if (r->depth == DEPTH_MAX) {
        fatal(r, at, "nested deeper than 32 levels");
        return;
    }
    struct doc *d = new_node(r, at);
    d->type = type;
    place_node(r, d);
    r->levels[r->depth++] = (struct level){.parent = d};
}

static void check_properties(struct reading *r, const void *anchor, const void *tag, struct place at)
{
    if (anchor != NULL) mistake(r, at, "anchors (&name) are not supported");
    if (tag != NULL) mistake(r, at, "tags (!name) are not supported");
}

static void on_document(struct reading *r, const yaml_event_t *e, struct place at)
{
    if (r->documents++ != 0) {
        fatal(r, at, "a file holds one document; this is a second one");
        return;
    }
    if (e->data.document_start.version_directive != NULL ||
        e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end)
        mistake(r, at, "directives (%%) are not supported");
}

static void on_event(struct reading *r, const yaml_event_t *e)
{
    struct place at = place_of(e->start_mark);
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT: on_document(r, e, at); return;
    case YAML_ALIAS_EVENT:
        mistake(r, at, "aliases (*name) are not supported");
        stand_in(r, at);
        break;
    case YAML_SCALAR_EVENT:
        check_properties(r, e->data.scalar.anchor, e->data.scalar.tag, at);
        on_scalar(r, e, at);
        break;
    case YAML_SEQUENCE_START_EVENT:
        check_properties(r, e->data.sequence_start.anchor, e->data.sequence_start.tag, at);
        on_open(r, DOC_LIST, at);
        break;
    case YAML_MAPPING_START_EVENT:
        check_properties(r, e->data.mapping_start.anchor, e->data.mapping_start.tag, at);
        on_open(r, DOC_MAP, at);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: r->depth--; return;
    case YAML_STREAM_END_EVENT: r->stop = true; return;
    default: return;
    }
    if (++r->values > VALUES_MAX) fatal(r, at, "more than 20,000 values");
}

/* The parser counts characters, not bytes. */
static bool is_tab(struct slice text, struct place at)
{
    struct slice line = {NULL, 0}, bytes;
    uint32_t c = 0;
    for (int i = 0; i < at.line; i++) {
        if (!slice_cut(&text, '\n', &line)) return false;
    }
    for (int i = 0; i < at.column; i++) {
        if (!utf8_next(&line, &c, &bytes)) return false;
    }
    return c == '\t';
}

static void on_parser_error(struct reading *r, const yaml_parser_t *parser, struct slice text)
{
    struct place at = place_of(parser->problem_mark), began = place_of(parser->context_mark);
    const struct yaml_trouble t = {parser->problem, parser->context, began.line, is_tab(text, at)};
    bool where_it_began;
    struct slice sentence = yaml_trouble_told(r->arena, &t, &where_it_began);
    mistake(r, where_it_began ? began : at, "%.*s", SLICE_ARG(sentence));
    r->stop = true;
}

static void run(struct reading *r, struct slice text)
{
    yaml_parser_t parser;
    yaml_event_t event;
    must(yaml_parser_initialize(&parser) == 1);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING); /* or it would look for UTF-16 */
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.at, text.len);
    while (!r->stop) {
        if (yaml_parser_parse(&parser, &event) != 1) {
            on_parser_error(r, &parser, text);
            break;
        }
        on_event(r, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

/* Where text stops being UTF-8, or a byte that YAML text must not hold; libyaml's own marks are vague there. */
static bool check_bytes(struct reading *r, struct slice text)
{
    struct place at = {1, 1};
    struct slice bytes;
    uint32_t c;
    while (utf8_next(&text, &c, &bytes)) {
        if (c == UTF8_REPLACEMENT && bytes.len == 1) {
            fatal(r, at, "this is not UTF-8");
            return false;
        }
        if (utf8_is_control(c) && c != '\n' && c != '\r' && c != '\t') {
            fatal(r, at, "control characters are not allowed");
            return false;
        }
        at.column++;
        if (c == '\n') at = (struct place){at.line + 1, 1};
    }
    return true;
}

const struct err *doc_yaml(struct arena *a, const char *file, struct slice text, doc_report *report, void *self,
                           struct doc **ret_root)
{
    struct reading *r = arena_new(a, struct reading);
    *r = (struct reading){.arena = a, .file = file, .report = report, .self = self};
    if (slice_starts(text, LIT("\xEF\xBB\xBF"))) text = slice_from(text, 3); /* some editors write it */
    if (text.len > TEXT_MAX) {
        fatal(r, (struct place){1, 1}, "the file is larger than 1 MiB");
    } else if (check_bytes(r, text)) {
        run(r, text.len != 0 ? text : LIT("\n"));
    }
    if (r->mistakes != 0)
        return err_new(a, PROBLEM_CONFIG, "%s:%d:%d: %.*s (%zu mistakes in all)", file, r->first_line, r->first_column,
                       SLICE_ARG(r->first), r->mistakes);
    if (r->root == NULL || r->root->type == DOC_NULL) {
        r->root = new_node(r, (struct place){1, 1});
        r->root->type = DOC_MAP;
    }
    *ret_root = r->root;
    return NULL;
}
