/* complaint.c -- gathering and showing: the place, the sentence, the source line, the caret, the nearest word. */
#include "text/complaint.h"

#include "text/json.h"

struct complaint_file {
    const char *name;
    struct slice text;
    size_t order;
    struct complaint_file *next;
};

struct complaints *complaint_list(struct arena *a)
{
    struct complaints *c = arena_new(a, struct complaints);
    c->arena = a;
    return c;
}

void complaint_add_file(struct complaints *c, const char *file, struct slice text)
{
    struct complaint_file *f = arena_new(c->arena, struct complaint_file);
    f->name = file;
    f->text = text;
    f->order = c->files != NULL ? c->files->order + 1 : 1;
    f->next = c->files;
    c->files = f;
}

static void add(struct complaints *c, struct complaint one)
{
    if (c->count == c->room) {
        size_t room = c->room != 0 ? 2 * c->room : 16;
        struct complaint *at = arena_array(c->arena, struct complaint, room);
        for (size_t i = 0; i < c->count; i++) {
            at[i] = c->at[i];
        }
        c->at = at;
        c->room = room;
    }
    one.order = c->count;
    c->at[c->count++] = one;
    if (one.level == COMPLAINT_ERROR)
        c->errors++;
    else
        c->warnings++;
}

bool complaint_holds_password(struct slice text)
{
    size_t scheme = slice_find(text, LIT("://"));
    return scheme != SLICE_NONE && slice_index(slice_from(text, scheme), '@') != SLICE_NONE;
}

static bool smells_secret(struct slice word)
{
    static const struct slice words[] = {LIT_INIT("secret"), LIT_INIT("secert"), LIT_INIT("password"),
                                         LIT_INIT("passwd")};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t at = 0; at + words[i].len <= word.len; at++) {
            if (slice_is_nocase(slice_upto(slice_from(word, at), words[i].len), words[i])) return true;
        }
    }
    return complaint_holds_password(word);
}

void complaint_at(struct complaints *c, enum complaint_level level, const struct doc *node, enum complaint_place place,
                  struct slice hint, const char *format, ...)
{
    va_list args;
    bool scalar = node != NULL && node->type != DOC_LIST && node->type != DOC_MAP;
    for (size_t i = 0; scalar && level == COMPLAINT_ERROR && i < c->count; i++) {
        if (c->at[i].level == COMPLAINT_ERROR && c->at[i].node == node) return;
    }
    va_start(args, format);
    struct complaint one = {.node = node, .level = level, .hint = hint, .width = 1};
    one.sentence = arena_vprint(c->arena, format, args);
    va_end(args);
    if (node != NULL) {
        bool key = node->key.at != NULL && node->key_line != 0 &&
                   (place == COMPLAINT_KEY || node->type == DOC_LIST || node->type == DOC_MAP);
        one.file = node->file;
        one.line = key ? node->key_line : node->line;
        one.column = key ? node->key_column : node->column;
        if (key)
            one.width = node->key.len;
        else if (node->type != DOC_LIST && node->type != DOC_MAP)
            one.width = node->text.len;
        one.masked = smells_secret(node->key) || smells_secret(hint);
    }
    add(c, one);
}

void complaint_in(struct complaints *c, enum complaint_level level, const char *file, int line, int column,
                  struct slice sentence)
{
    add(c, (struct complaint){.level = level,
                              .file = file,
                              .line = line,
                              .column = column,
                              .width = 1,
                              .sentence = arena_copy(c->arena, sentence)});
}

/* ---------------------------------------------------------------------------------------------- showing */

static const struct complaint_file *file_of(const struct complaints *c, const char *name)
{
    for (const struct complaint_file *f = c->files; f != NULL; f = f->next) {
        if (name != NULL && strcmp(f->name, name) == 0) return f;
    }
    return NULL;
}

static struct slice line_of(struct slice text, int line)
{
    struct slice one = {NULL, 0};
    for (int i = 0; i < line; i++) {
        if (!slice_cut(&text, '\n', &one)) return (struct slice){NULL, 0};
    }
    return one;
}

static size_t indent_of(struct slice line)
{
    size_t n = 0;
    while (n < line.len && line.at[n] == ' ') {
        n++;
    }
    return n;
}

/* A block scalar's lines stand below the name they belong to. */
static bool belongs_to_secret(struct slice text, int line)
{
    size_t indent = indent_of(line_of(text, line));
    for (int up = line - 1; up > 0; up--) {
        struct slice above = line_of(text, up);
        if (slice_trim(above).len == 0 || indent_of(above) >= indent) continue;
        return smells_secret(above);
    }
    return false;
}

/* What may be shown of a line: all, or what stands before the value of the first secret word. */
static struct slice shown(struct complaints *c, struct slice text, const struct complaint *one, bool *ret_cut)
{
    struct slice line = line_of(text, one->line);
    if (line.len > 0 && line.at[line.len - 1] == '\r') line.len--;
    *ret_cut = false;
    if (belongs_to_secret(text, one->line)) {
        *ret_cut = true;
        return slice_upto(line, indent_of(line));
    }
    if (!one->masked && !smells_secret(line)) return slice_upto(line, 160);
    size_t from = 0;
    if (one->masked && one->column > 0) from = (size_t)one->column - 1;
    struct slice head = slice_upto(line, from);
    if (smells_secret(head)) from = 0;
    size_t colon = slice_index(slice_from(line, from), ':');
    if (colon == SLICE_NONE) return slice_upto(line, from);
    *ret_cut = true;
    return arena_print(c->arena, "%.*s ", (int)(from + colon + 1), line.at);
}

static void write_source(struct complaints *c, struct buf *to, const struct complaint *one)
{
    const struct complaint_file *f = file_of(c, one->file);
    bool cut = false;
    if (f == NULL || one->line <= 0) {
        if (one->hint.len != 0) buf_print(to, "    did you mean \"%.*s\"?\n", SLICE_ARG(one->hint));
        return;
    }
    struct slice line = shown(c, f->text, one, &cut);
    buf_print(to, "    %2d | ", one->line);
    for (size_t i = 0; i < line.len; i++) {
        buf_byte(to, (unsigned char)line.at[i] < 0x20 || line.at[i] == 0x7f ? ' ' : line.at[i]);
    }
    buf_print(to, "%s\n       | ", cut ? "•••" : "");
    size_t column = one->column > 0 ? (size_t)one->column - 1 : 0;
    if (column > line.len) column = line.len;
    for (size_t i = 0; i < column; i++) {
        if (((unsigned char)line.at[i] & 0xc0) != 0x80) buf_byte(to, ' ');
    }
    size_t width = one->width;
    if (width > line.len - column) width = line.len - column;
    buf_byte(to, '^');
    for (size_t i = 1; i < width; i++) {
        if (((unsigned char)line.at[column + i] & 0xc0) != 0x80) buf_byte(to, '~');
    }
    if (one->hint.len != 0) buf_print(to, " did you mean \"%.*s\"?", SLICE_ARG(one->hint));
    buf_byte(to, '\n');
}

static bool before(const struct complaints *c, const struct complaint *x, const struct complaint *y)
{
    const struct complaint_file *f = file_of(c, x->file), *g = file_of(c, y->file);
    size_t fo = f != NULL ? f->order : SLICE_NONE, go = g != NULL ? g->order : SLICE_NONE;
    if (fo != go) return fo < go;
    if (f != NULL && x->line != y->line) return x->line < y->line;
    if (f != NULL && x->column != y->column) return x->column < y->column;
    return x->order < y->order;
}

static void sort(struct complaints *c)
{
    for (size_t i = 1; i < c->count; i++) {
        struct complaint one = c->at[i];
        size_t j = i;
        for (; j > 0 && before(c, &one, &c->at[j - 1]); j--) {
            c->at[j] = c->at[j - 1];
        }
        c->at[j] = one;
    }
}

/* Sentences quote the operator's own text: a terminal must not obey it. */
static void write_plain(struct buf *to, struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        buf_byte(to, (unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f ? '?' : s.at[i]);
    }
}

void complaint_write_text(struct complaints *c, struct buf *to, bool colour, struct slice ending)
{
    sort(c);
    for (size_t i = 0; i < c->count; i++) {
        const struct complaint *one = &c->at[i];
        const char *word = one->level == COMPLAINT_ERROR ? "error" : "warning";
        const char *paint = one->level == COMPLAINT_ERROR ? "\033[1;31m" : "\033[1;33m";
        if (one->file != NULL) buf_print(to, "%s:", one->file);
        if (one->line > 0) buf_print(to, "%d:%d:", one->line, one->column);
        if (one->file != NULL) buf_byte(to, ' ');
        buf_print(to, "%s%s:%s ", colour ? paint : "", word, colour ? "\033[0m" : "");
        write_plain(to, one->sentence);
        buf_byte(to, '\n');
        write_source(c, to, one);
    }
    if (c->count == 0) return;
    buf_print(to, "%d error%s, %d warning%s", c->errors, c->errors == 1 ? "" : "s", c->warnings,
              c->warnings == 1 ? "" : "s");
    if (c->errors > 0 && ending.len != 0) buf_print(to, " — %.*s", SLICE_ARG(ending));
    buf_byte(to, '\n');
}

void complaint_write_json(struct complaints *c, struct buf *to)
{
    sort(c);
    struct json j = json_into(to);
    json_open_object(&j, NULL);
    json_number(&j, "errors", c->errors);
    json_number(&j, "warnings", c->warnings);
    json_open_list(&j, "problems");
    for (size_t i = 0; i < c->count; i++) {
        const struct complaint *one = &c->at[i];
        json_open_object(&j, NULL);
        json_string(&j, "level", one->level == COMPLAINT_ERROR ? LIT("error") : LIT("warning"));
        if (one->file != NULL) json_string(&j, "file", slice_of(one->file));
        if (one->line > 0) json_number(&j, "line", one->line);
        if (one->line > 0) json_number(&j, "column", one->column);
        json_string(&j, "message", one->sentence);
        if (one->hint.len != 0) json_string(&j, "hint", one->hint);
        json_close_object(&j);
    }
    json_close_list(&j);
    json_close_object(&j);
    buf_byte(to, '\n');
}
