/* descriptor_print.c -- block style, one value a line; lists of plain values in one. */
#include "provider/descriptor_print.h"

enum {
    ORIGIN_COLUMN = 72 /* where "# file:line" begins when the value is short */
};

static void spaces(struct buf *to, size_t n)
{
    while (n-- > 0)
        buf_byte(to, ' ');
}

/* What every YAML reader takes for the same string without quotes: '/' or a letter first, then nothing that means something. */
static bool is_safe(struct slice s)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_is_nocase(s, slice_of(words[i]))) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool later = i > 0 && ((c >= '0' && c <= '9') || c == '-' || c == '.');
        if (!letter && !later && c != '/' && c != '_') return false;
    }
    return s.len != 0;
}

static void text(struct buf *to, struct slice s)
{
    if (is_safe(s)) {
        buf_add(to, s);
        return;
    }
    buf_byte(to, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c == '"' || c == '\\') buf_byte(to, '\\');
        if (c < 0x20)
            buf_print(to, "\\x%02X", c);
        else
            buf_byte(to, s.at[i]);
    }
    buf_byte(to, '"');
}

static bool is_plain(const struct doc *d)
{
    return d->type != DOC_LIST && d->type != DOC_MAP;
}

static void plain(struct buf *to, const struct doc *d)
{
    if (d->type == DOC_STRING)
        text(to, d->text);
    else if (d->type == DOC_NULL)
        buf_add(to, LIT("null"));
    else
        buf_add(to, d->text);
}

static bool is_plain_list(const struct doc *d)
{
    for (const struct doc *item = d->first; item != NULL; item = item->next)
        if (!is_plain(item)) return false;
    return d->type == DOC_LIST;
}

static void plain_list(struct buf *to, const struct doc *d)
{
    buf_byte(to, '[');
    for (const struct doc *item = d->first; item != NULL; item = item->next) {
        plain(to, item);
        if (item->next != NULL) buf_add(to, LIT(", "));
    }
    buf_byte(to, ']');
}

static void origin(struct buf *to, size_t line_start, const struct doc *d)
{
    size_t width = to->len - line_start;
    if (d->file != NULL) {
        spaces(to, width < ORIGIN_COLUMN ? ORIGIN_COLUMN - width : 1);
        buf_print(to, "# %s", d->file);
        if (d->line != 0) buf_print(to, ":%d", d->line);
    }
    buf_byte(to, '\n');
}

static void members(struct buf *to, const struct doc *map, size_t indent, bool inline_first);

static void items(struct buf *to, const struct doc *list, size_t indent)
{
    for (const struct doc *item = list->first; item != NULL; item = item->next) {
        size_t start = to->len;
        spaces(to, indent);
        buf_add(to, LIT("- "));
        if (item->type == DOC_MAP && item->count != 0) {
            members(to, item, indent + 2, true);
        } else {
            if (item->type == DOC_MAP)
                buf_add(to, LIT("{}"));
            else if (is_plain_list(item))
                plain_list(to, item);
            else
                plain(to, item);
            origin(to, start, item);
        }
    }
}

static void members(struct buf *to, const struct doc *map, size_t indent, bool inline_first)
{
    for (const struct doc *d = map->first; d != NULL; d = d->next) {
        if (indent == 0 && slice_is(d->key, LIT("extends"))) continue; /* what it brought stands here */
        size_t start = to->len - (inline_first ? indent : 0);
        if (!inline_first) spaces(to, indent);
        inline_first = false;
        text(to, d->key);
        buf_byte(to, ':');
        if (is_plain(d) || is_plain_list(d) || d->count == 0) {
            buf_byte(to, ' ');
            if (is_plain(d))
                plain(to, d);
            else if (d->type == DOC_LIST)
                plain_list(to, d);
            else
                buf_add(to, LIT("{}"));
            origin(to, start, d);
            continue;
        }
        buf_byte(to, '\n');
        if (d->type == DOC_MAP)
            members(to, d, indent + 2, false);
        else
            items(to, d, indent + 2);
    }
}

void descriptor_print(struct buf *to, const struct doc *document)
{
    members(to, document, 0, false);
}
