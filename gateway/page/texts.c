/* texts.c -- reads a language file; turns a text into a piece of template. */
#include "page/texts.h"

#include "text/encode.h"
#include "text/utf8.h"

struct line_reader {
    struct arena *arena, *errors;
    struct texts *texts;
    int line;
};

static const struct text_row *own_row(const struct texts *t, struct slice key)
{
    for (size_t i = 0; i < t->count; i++) {
        if (slice_is(t->rows[i].key, key)) return &t->rows[i];
    }
    return NULL;
}

static const struct err *wrong(const struct line_reader *r, const char *what, struct slice key)
{
    struct slice shown = slice_upto(key, 60);
    return err_new(r->errors, PROBLEM_CONFIG, "%s:%d: %s%s%.*s", r->texts->path, r->line, what,
                   shown.len != 0 ? ": " : "", SLICE_ARG(shown));
}

static const struct err *read_head(struct line_reader *r, struct slice key, struct slice text, bool *ret_is_head)
{
    *ret_is_head = true;
    if (slice_is(key, LIT("language"))) {
        r->texts->label = text;
        return NULL;
    }
    *ret_is_head = slice_is(key, LIT("direction"));
    if (!*ret_is_head) return NULL;
    r->texts->right_to_left = slice_is(text, LIT("rtl"));
    if (!r->texts->right_to_left && !slice_is(text, LIT("ltr"))) return wrong(r, "direction is ltr or rtl", text);
    return NULL;
}

static const struct err *read_line(struct line_reader *r, struct slice line)
{
    struct texts *t = r->texts;
    if (slice_ends(line, LIT("\r"))) line.len--;
    line = slice_trim(line);
    if (line.len == 0 || line.at[0] == '#') return NULL;
    size_t equals = slice_index(line, '=');
    if (equals == SLICE_NONE) return wrong(r, "a line is `key = text`", line);
    struct slice key = slice_trim(slice_upto(line, equals)), text = slice_trim(slice_from(line, equals + 1));
    bool is_head = false;
    const struct err *e = read_head(r, key, text, &is_head);
    if (e != NULL || is_head) return e;
    if (text.len == 0) return wrong(r, "this key has no text", key);
    if (own_row(t, key) != NULL) return wrong(r, "this key is given twice", key);
    if (t->fallback != NULL && own_row(t->fallback, key) == NULL) return wrong(r, "there is no such key", key);
    if (t->count == TEXTS_MAX) return wrong(r, "there are more than 512 keys", key);
    t->rows[t->count++] = (struct text_row){.key = key, .text = text, .line = r->line};
    return NULL;
}

const struct err *texts_read(struct arena *a, struct arena *errors, struct slice tag, const char *path,
                             struct slice text, struct texts *fallback, struct texts **ret_texts)
{
    struct texts *t = arena_new(a, struct texts);
    *t = (struct texts){.tag = tag, .label = tag, .path = path, .fallback = fallback};
    t->rows = arena_array(a, struct text_row, TEXTS_MAX);
    struct line_reader r = {.arena = a, .errors = errors, .texts = t};
    if (!utf8_valid(text)) return wrong(&r, "the file is not UTF-8", (struct slice){0});
    struct slice line = {0};
    while (slice_cut(&text, '\n', &line)) {
        r.line++;
        const struct err *e = read_line(&r, line);
        if (e != NULL) return e;
    }
    *ret_texts = t;
    return NULL;
}

const struct text_row *texts_find(struct texts *t, struct slice key, const struct texts **ret_from)
{
    for (; t != NULL; t = t->fallback) {
        for (size_t i = 0; i < t->count; i++) {
            if (!slice_is(t->rows[i].key, key)) continue;
            t->rows[i].used = true;
            for (struct texts *up = t->fallback; up != NULL; up = up->fallback)
                (void)texts_find(up, key, NULL); /* used in English too */
            if (ret_from != NULL) *ret_from = t;
            return &t->rows[i];
        }
    }
    return NULL;
}

/* ---- a text as a template ---- */

/* Copies one {{value}} from the head of rest; false when none begins there. */
static bool add_value(struct buf *to, struct slice *rest, bool plain)
{
    if (!slice_starts(*rest, LIT("{{"))) return false;
    size_t end = slice_find(*rest, LIT("}}"));
    size_t len = end == SLICE_NONE ? rest->len : end + 2; /* unclosed: the compiler will say so */
    if (!plain) buf_add(to, LIT("<bdi>"));
    buf_add(to, slice_upto(*rest, len));
    if (!plain) buf_add(to, LIT("</bdi>"));
    *rest = slice_from(*rest, len);
    return true;
}

/* Copies one character, escaped. */
static void add_character(struct buf *to, struct slice *rest)
{
    size_t len = 1;
    while (len < rest->len && ((unsigned char)rest->at[len] & 0xc0) == 0x80)
        len++;
    html_escape(to, slice_upto(*rest, len));
    *rest = slice_from(*rest, len);
}

static void add_words(struct buf *to, struct slice text, bool plain)
{
    while (text.len != 0) {
        if (!add_value(to, &text, plain)) add_character(to, &text);
    }
}

/* Copies one [words](value) from the head of rest. */
static bool add_link(struct buf *to, struct slice *rest, bool plain)
{
    if (!slice_starts(*rest, LIT("["))) return false;
    size_t middle = slice_find(*rest, LIT("]("));
    if (middle == SLICE_NONE) return false;
    struct slice target = slice_from(*rest, middle + 2);
    size_t end = slice_index(target, ')');
    if (end == SLICE_NONE) return false;
    target = slice_upto(target, end);
    if (!plain) {
        buf_add(to, LIT("<a href=\"{{"));
        buf_add(to, target);
        buf_add(to, LIT("}}\">"));
    }
    add_words(to, slice_from(slice_upto(*rest, middle), 1), plain);
    if (!plain) buf_add(to, LIT("</a>"));
    *rest = slice_from(*rest, middle + 2 + end + 1);
    return true;
}

bool texts_source(struct arena *a, struct texts *t, struct slice key, bool plain, struct mustache_source *ret_source)
{
    const struct texts *from = NULL;
    const struct text_row *row = texts_find(t, key, &from);
    if (row == NULL) return false;
    AUTO(buf_close) struct buf to = buf_open(MUSTACHE_SOURCE_BYTES);
    struct slice rest = row->text;
    while (rest.len != 0) {
        if (!add_link(&to, &rest, plain) && !add_value(&to, &rest, plain)) add_character(&to, &rest);
    }
    *ret_source =
        (struct mustache_source){.file = from->path, .line = row->line, .text = arena_copy(a, buf_slice(&to))};
    return true;
}
