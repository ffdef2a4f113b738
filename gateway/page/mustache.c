/* mustache.c -- compiles a template: reads tags, puts partials and texts in place, checks where values stand.
 *
 * One recursive descent: `read_until` reads a source up to the tag that closes its section. The place in the markup and the
 * scopes are followed across sources, so a partial is judged where it is used.
 */
#include "page/markup.h"
#include "page/mustache_tree.h"

struct compiler {
    struct arena *arena, *errors;
    const struct mustache_names *names;
    bool html;
    struct markup place;
    struct slice scopes[MUSTACHE_DEPTH];
    size_t scope_count, depth, nodes, source_bytes;
};

struct reader { /* of one source */
    struct compiler *compiler;
    const struct mustache_source *source;
    size_t at;                   /* behind the last tag */
    struct mustache_node **tail; /* where the next node goes */
};

struct tag {
    size_t start, end; /* of "{{...}}"; widened to the whole line when it stands alone */
    char sigil;        /* 0 for a value */
    struct slice name;
    struct slice indent;
};

static int line_at(const struct reader *r, size_t at)
{
    int line = r->source->line;
    for (size_t i = 0; i < at; i++)
        line += r->source->text.at[i] == '\n';
    return line;
}

static const struct err *wrong(const struct reader *r, size_t at, const char *what, struct slice name)
{
    struct slice shown = slice_upto(name, 60);
    return err_new(r->compiler->errors, PROBLEM_CONFIG, "%s:%d: %s%s%.*s", r->source->file, line_at(r, at), what,
                   shown.len != 0 ? ": " : "", SLICE_ARG(shown));
}

static const struct err *node_add(struct reader *r, size_t at, enum mustache_kind kind, struct slice text,
                                  struct mustache_node **ret_node)
{
    if (++r->compiler->nodes > MUSTACHE_NODES) return wrong(r, at, "the page has too many parts", (struct slice){0});
    struct mustache_node *n = arena_new(r->compiler->arena, struct mustache_node);
    *n = (struct mustache_node){.kind = kind, .text = text};
    *r->tail = n;
    r->tail = &n->next;
    *ret_node = n;
    return NULL;
}

static const struct err *literal_add(struct reader *r, size_t from, size_t to)
{
    struct slice text = slice_upto(slice_from(r->source->text, from), to - from);
    if (text.len == 0) return NULL;
    if (r->compiler->html) markup_feed(&r->compiler->place, text);
    struct mustache_node *n = NULL;
    return node_add(r, from, MUSTACHE_LITERAL, text, &n);
}

/* ---- tags ---- */

static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '_' && c != '-' && c != '.') return false;
    }
    return s.len != 0;
}

static struct slice trimmed(struct slice s)
{
    while (s.len != 0 && (unsigned char)s.at[0] <= ' ')
        s = slice_from(s, 1);
    while (s.len != 0 && (unsigned char)s.at[s.len - 1] <= ' ')
        s.len--;
    return s;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A tag alone on its line takes the line with it (the specification's rule for all but values). */
static void widen_if_alone(const struct reader *r, struct tag *tag)
{
    struct slice text = r->source->text;
    size_t start = tag->start, end = tag->end;
    while (start > 0 && is_blank(text.at[start - 1]))
        start--;
    if (start > 0 && text.at[start - 1] != '\n') return;
    while (end < text.len && is_blank(text.at[end]))
        end++;
    if (end + 1 < text.len && text.at[end] == '\r' && text.at[end + 1] == '\n') end++;
    if (end < text.len && text.at[end] != '\n') return;
    tag->indent = slice_upto(slice_from(text, start), tag->start - start);
    tag->start = start;
    tag->end = end < text.len ? end + 1 : end;
}

static const struct err *tag_read(const struct reader *r, size_t start, struct tag *ret_tag)
{
    struct slice inside = slice_from(r->source->text, start + 2);
    size_t len = slice_find(inside, LIT("}}"));
    if (len == SLICE_NONE) return wrong(r, start, "a tag is opened and never closed", (struct slice){0});
    struct tag tag = {.start = start, .end = start + 2 + len + 2, .name = slice_upto(inside, len)};
    char c = len != 0 ? inside.at[0] : '\0';
    if (c == '{' || c == '&') return wrong(r, start, "values are always escaped; write {{name}}", tag.name);
    if (c == '=') return wrong(r, start, "delimiters cannot be changed", tag.name);
    if (c != '\0' && strchr("#^/!>", c) != NULL) {
        tag.sigil = c;
        tag.name = slice_from(tag.name, 1);
        widen_if_alone(r, &tag);
    }
    tag.name = trimmed(tag.name);
    if (c != '!' && !is_name(tag.name)) return wrong(r, start, "this is no name", tag.name);
    *ret_tag = tag;
    return NULL;
}

/* ---- what stands in a tag ---- */

static const struct err *read_until(struct reader *r, struct slice section, size_t section_at);

static const struct err *go_deeper(const struct reader *r, size_t at)
{
    if (++r->compiler->depth > MUSTACHE_DEPTH)
        return wrong(r, at, "sections and partials are nested more than 32 deep", (struct slice){0});
    return NULL;
}

static const struct err *meaning_of(const struct reader *r, const struct tag *tag, enum mustache_meaning *ret_meaning)
{
    const struct compiler *c = r->compiler;
    enum mustache_meaning meaning = MUSTACHE_VALUE;
    if (c->names->meaning != NULL) meaning = c->names->meaning(c->names->self, c->scopes, c->scope_count, tag->name);
    if (meaning == MUSTACHE_UNKNOWN) return wrong(r, tag->start, "there is no value of this name here", tag->name);
    *ret_meaning = meaning;
    return NULL;
}

/* A source in the place of a tag: a partial, a text. */
static const struct err *include(struct reader *r, const struct tag *tag, const struct mustache_source *source)
{
    struct compiler *c = r->compiler;
    c->source_bytes += source->text.len;
    if (c->source_bytes > MUSTACHE_SOURCE_BYTES)
        return wrong(r, tag->start, "the page is larger than 1 MiB", tag->name);
    const struct err *e = go_deeper(r, tag->start);
    if (e != NULL) return e;
    struct mustache_source *kept = arena_new(c->arena, struct mustache_source);
    *kept = *source;
    struct reader inner = {.compiler = c, .source = kept, .tail = r->tail};
    e = read_until(&inner, (struct slice){0}, 0);
    if (e != NULL) return e;
    r->tail = inner.tail;
    c->depth--;
    return NULL;
}

static struct slice indented(struct arena *a, struct slice text, struct slice indent)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    char *out = arena_bytes(a, text.len + arena_product(lines, indent.len) + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 0 || text.at[i - 1] == '\n') {
            memcpy(out + len, indent.at, indent.len);
            len += indent.len;
        }
        out[len++] = text.at[i];
    }
    return (struct slice){out, len};
}

static const struct err *read_partial(struct reader *r, const struct tag *tag)
{
    const struct mustache_names *names = r->compiler->names;
    struct mustache_source source = {0};
    bool plain = slice_index(tag->name, '.') == SLICE_NONE;
    if (!plain || names->partial == NULL || !names->partial(names->self, tag->name, &source))
        return wrong(r, tag->start, "there is no partial of this name", tag->name);
    if (tag->indent.len != 0 && source.text.len + tag->indent.len <= MUSTACHE_SOURCE_BYTES)
        source.text = indented(r->compiler->arena, source.text, tag->indent);
    return include(r, tag, &source);
}

static const struct err *read_text(struct reader *r, const struct tag *tag)
{
    struct compiler *c = r->compiler;
    struct markup probe = c->place;
    const char *refusal = c->html ? markup_value(&probe) : NULL;
    if (refusal != NULL) return wrong(r, tag->start, refusal, tag->name);
    struct mustache_source source = {0};
    bool plain = c->html && c->place.place != MARKUP_TEXT;
    if (!c->names->text(c->names->self, slice_from(tag->name, 2), plain, &source))
        return wrong(r, tag->start, "there is no text of this name", tag->name);
    return include(r, tag, &source);
}

static const struct err *read_value(struct reader *r, const struct tag *tag)
{
    struct compiler *c = r->compiler;
    if (c->names->text != NULL && slice_starts(tag->name, LIT("t."))) return read_text(r, tag);
    enum mustache_meaning meaning = MUSTACHE_UNKNOWN;
    const struct err *e = meaning_of(r, tag, &meaning);
    if (e != NULL) return e;
    if (meaning == MUSTACHE_SCOPE) return wrong(r, tag->start, "this is a list or map, not a value", tag->name);
    bool url = c->html && markup_at_url(&c->place);
    const char *refusal = c->html ? markup_value(&c->place) : NULL;
    if (refusal != NULL) return wrong(r, tag->start, refusal, tag->name);
    struct mustache_node *n = NULL;
    return node_add(r, tag->start, url ? MUSTACHE_URL : MUSTACHE_TEXT, tag->name, &n);
}

static const struct err *read_section(struct reader *r, const struct tag *tag)
{
    struct compiler *c = r->compiler;
    enum mustache_meaning meaning = MUSTACHE_UNKNOWN;
    struct mustache_node *n = NULL;
    const struct err *e = meaning_of(r, tag, &meaning);
    if (e == NULL) e = go_deeper(r, tag->start);
    if (e == NULL) e = node_add(r, tag->start, tag->sigil == '#' ? MUSTACHE_SECTION : MUSTACHE_INVERTED, tag->name, &n);
    if (e != NULL) return e;
    bool opens = meaning == MUSTACHE_SCOPE && tag->sigil == '#';
    if (opens) c->scopes[c->scope_count++] = tag->name;
    struct markup before = c->place;
    struct mustache_node **after = r->tail;
    r->tail = &n->first;
    e = read_until(r, tag->name, tag->start);
    if (e != NULL) return e;
    r->tail = after;
    if (opens) c->scope_count--;
    c->depth--;
    if (c->html && !markup_same_place(&before, &c->place))
        return wrong(r, tag->start, "a section must begin and end in the same place of the markup", tag->name);
    /* the section may be left out: what follows may still be the beginning of the attribute */
    c->place.value_begun = c->place.value_begun && before.value_begun;
    return NULL;
}

static const struct err *read_tag(struct reader *r, const struct tag *tag)
{
    switch (tag->sigil) {
    case '!': return NULL;
    case '>': return read_partial(r, tag);
    case '#':
    case '^': return read_section(r, tag);
    default: return read_value(r, tag);
    }
}

/* Reads to the tag that closes `section`, or to the end when it is empty. */
static const struct err *read_until(struct reader *r, struct slice section, size_t section_at)
{
    for (;;) {
        size_t found = slice_find(slice_from(r->source->text, r->at), LIT("{{"));
        if (found == SLICE_NONE) break;
        struct tag tag = {0};
        const struct err *e = tag_read(r, r->at + found, &tag);
        if (e == NULL) e = literal_add(r, r->at, tag.start);
        if (e != NULL) return e;
        r->at = tag.end;
        if (tag.sigil == '/' && section.len != 0 && slice_is(tag.name, section)) return NULL;
        if (tag.sigil == '/') return wrong(r, tag.start, "this section is closed here but not open", tag.name);
        e = read_tag(r, &tag);
        if (e != NULL) return e;
    }
    if (section.len != 0) return wrong(r, section_at, "this section is never closed", section);
    return literal_add(r, r->at, r->source->text.len);
}

const struct err *mustache_compile(struct arena *a, struct arena *errors, const struct mustache_source *source,
                                   const struct mustache_names *names, bool html, const struct mustache **ret_template)
{
    struct compiler c = {.arena = a, .errors = errors, .names = names, .html = html};
    struct mustache *t = arena_new(a, struct mustache);
    struct reader r = {.compiler = &c, .source = source, .tail = &t->first};
    c.source_bytes = source->text.len;
    if (c.source_bytes > MUSTACHE_SOURCE_BYTES) return wrong(&r, 0, "the page is larger than 1 MiB", (struct slice){0});
    const struct err *e = read_until(&r, (struct slice){0}, 0);
    if (e != NULL) return e;
    if (html && c.place.place != MARKUP_TEXT)
        return wrong(&r, source->text.len, "the page ends inside a tag, comment or raw text", (struct slice){0});
    *ret_template = t;
    return NULL;
}
