/* config_print.c -- the configuration in force as YAML, each value with its origin; secrets are dots. */
#include "config/config.h"
#include "config/config_int.h"

enum {
    ORIGIN_COLUMN = 56
}; /* where "# file:line" begins when the value is short */

static void spaces(struct buf *to, size_t n)
{
    while (n-- > 0) {
        buf_byte(to, ' ');
    }
}

static bool needs_quotes(struct slice s)
{
    static const char special[] = "!&*#?|>%@`\"'{}[],:- ";
    if (s.len == 0 || strchr(special, s.at[0]) != NULL || s.at[s.len - 1] == ' ' || s.at[s.len - 1] == ':') return true;
    return slice_find(s, LIT(": ")) != SLICE_NONE || slice_find(s, LIT(" #")) != SLICE_NONE ||
           slice_index(s, ',') != SLICE_NONE || slice_index(s, ']') != SLICE_NONE || slice_index(s, '}') != SLICE_NONE;
}

static void scalar(struct buf *to, enum key_type type, struct slice s)
{
    bool text = type == KEY_TEXT || type == KEY_MAP;
    uint64_t digits;
    bool plain_number = text && slice_number(s, &digits);
    if (!needs_quotes(s) && !plain_number) {
        buf_add(to, s);
        return;
    }

    buf_byte(to, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '"' || s.at[i] == '\\') buf_byte(to, '\\');
        buf_byte(to, s.at[i]);
    }
    buf_byte(to, '"');
}

static void origin(struct buf *to, size_t line_start, const struct setting *s)
{
    size_t width = 0;
    for (size_t i = line_start; i < to->len; i++) {
        if (((unsigned char)to->at[i] & 0xc0) != 0x80) width++;
    }
    spaces(to, width < ORIGIN_COLUMN ? ORIGIN_COLUMN - width : 1);
    buf_add(to, LIT("# "));
    if (s->node == NULL)
        buf_add(to, LIT("default"));
    else if (s->node->line == 0)
        buf_add(to, slice_of(s->node->file));
    else
        buf_print(to, "%s:%d", s->node->file, s->node->line);
    buf_byte(to, '\n');
}

static void members(struct buf *to, const struct setting *section, size_t indent, bool first_inline);

static void list(struct buf *to, const struct setting *s)
{
    buf_byte(to, '[');
    for (const struct setting *one = s->first; one != NULL; one = one->next) {
        scalar(to, s->key->of, one->text);
        if (one->next != NULL) buf_add(to, LIT(", "));
    }
    buf_byte(to, ']');
}

/* The value of a map's member: plain, or a list. */
static void member(struct buf *to, const struct setting *s)
{
    if (s->count < 2) {
        scalar(to, KEY_MAP, s->first != NULL ? s->first->text : s->text);
        return;
    }
    buf_byte(to, '[');
    for (const struct setting *one = s->first; one != NULL; one = one->next) {
        scalar(to, KEY_MAP, one->text);
        if (one->next != NULL) buf_add(to, LIT(", "));
    }
    buf_byte(to, ']');
}

static void map(struct buf *to, const struct setting *s)
{
    buf_byte(to, '{');
    for (const struct setting *one = s->first; one != NULL; one = one->next) {
        buf_byte(to, ' ');
        scalar(to, KEY_MAP, one->name);
        buf_add(to, LIT(": "));
        member(to, one);
        buf_add(to, one->next != NULL ? LIT(",") : LIT(" "));
    }
    buf_byte(to, '}');
}

static bool has_members(const struct setting *s)
{
    bool either = s->key->type == KEY_EITHER && s->first != NULL;
    return s->key->type == KEY_SECTION || either;
}

/* Nothing was given and there is no default: the key says nothing. */
static bool is_silent(const struct setting *s)
{
    if (s->node != NULL) return false;
    if (s->key->type == KEY_SECTION) {
        for (const struct setting *m = s->first; m != NULL; m = m->next) {
            if (!is_silent(m)) return false;
        }
        return true;
    }
    return s->text.len == 0 && s->count == 0;
}

static void one(struct buf *to, const struct setting *s, size_t indent, size_t line_start)
{
    buf_print(to, "%s:", s->key->name);
    if (has_members(s)) {
        buf_byte(to, '\n');
        members(to, s, indent + 2, false);
        return;
    }
    if (s->key->type == KEY_ITEMS) {
        buf_byte(to, '\n');
        for (const struct setting *item = s->first; item != NULL; item = item->next) {
            spaces(to, indent + 2);
            buf_add(to, LIT("- "));
            members(to, item, indent + 4, true);
        }
        return;
    }
    buf_byte(to, ' ');
    if (s->key->type == KEY_SECRET)
        buf_add(to, LIT("•••"));
    else if (s->key->type == KEY_LIST)
        list(to, s);
    else if (s->key->type == KEY_MAP)
        map(to, s);
    else
        scalar(to, s->key->type, s->text);
    origin(to, line_start, s);
}

static void members(struct buf *to, const struct setting *section, size_t indent, bool first_inline)
{
    for (const struct setting *s = section->first; s != NULL; s = s->next) {
        /* in an entry of a list a section's presence means something: tls is spoken where it is written */
        bool in_entry = section->key != NULL && section->key->type == KEY_ITEMS;
        bool unwritten = in_entry && s->key->type == KEY_SECTION && s->node == NULL;
        if (unwritten || is_silent(s)) continue;
        size_t line_start = first_inline ? to->len - indent : to->len;
        if (!first_inline) spaces(to, indent);
        first_inline = false;
        one(to, s, indent, line_start);
    }
    if (first_inline) buf_add(to, LIT("{}\n"));
}

void config_print(const struct config *c, struct buf *to)
{
    members(to, c->root, 0, false);
}
