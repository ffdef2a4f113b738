/* json.c -- commas by one flag: set behind a value, cleared behind an opening bracket. */
#include "text/json.h"

#include <string.h>

#include "text/utf8.h"

struct json json_into(struct buf *to)
{
    return (struct json){.to = to};
}

static void begin(struct json *j, const char *name)
{
    if (j->comma) buf_byte(j->to, ',');
    j->comma = true;
    if (name == NULL) return;
    buf_byte(j->to, '"');
    json_escape(j->to, slice_of(name));
    buf_add(j->to, LIT("\":"));
}

static void put_open(struct json *j, const char *name, char bracket)
{
    begin(j, name);
    buf_byte(j->to, bracket);
    j->comma = false;
    j->depth++;
}

static void put_close(struct json *j, char bracket)
{
    must(j->depth > 0);
    buf_byte(j->to, bracket);
    j->comma = true;
    j->depth--;
}

void json_open_object(struct json *j, const char *name)
{
    put_open(j, name, '{');
}

void json_close_object(struct json *j)
{
    put_close(j, '}');
}

void json_open_list(struct json *j, const char *name)
{
    put_open(j, name, '[');
}

void json_close_list(struct json *j)
{
    put_close(j, ']');
}

void json_string(struct json *j, const char *name, struct slice value)
{
    begin(j, name);
    buf_byte(j->to, '"');
    json_escape(j->to, value);
    buf_byte(j->to, '"');
}

void json_number(struct json *j, const char *name, int64_t value)
{
    begin(j, name);
    buf_number(j->to, value);
}

void json_bool(struct json *j, const char *name, bool value)
{
    begin(j, name);
    buf_add(j->to, value ? LIT("true") : LIT("false"));
}

void json_null(struct json *j, const char *name)
{
    begin(j, name);
    buf_add(j->to, LIT("null"));
}

void json_raw(struct json *j, const char *name, struct slice json_text)
{
    begin(j, name);
    buf_add(j->to, json_text);
}

static void escape_one(struct buf *to, uint32_t c)
{
    switch (c) {
    case '"': buf_add(to, LIT("\\\"")); return;
    case '\\': buf_add(to, LIT("\\\\")); return;
    case '\n': buf_add(to, LIT("\\n")); return;
    case '\r': buf_add(to, LIT("\\r")); return;
    case '\t': buf_add(to, LIT("\\t")); return;
    case UTF8_REPLACEMENT: buf_add(to, LIT("\xEF\xBF\xBD")); return;
    default: break;
    }
    if (c > 0xFFFF) {
        buf_print(to, "\\u%04x", 0xD800u + (unsigned)((c - 0x10000) >> 10));
        c = 0xDC00u + (c & 0x3FFu);
    }
    buf_print(to, "\\u%04x", (unsigned)c);
}

static bool needs_escape(uint32_t c)
{
    return c == '"' || c == '\\' || utf8_is_control(c) || utf8_is_invisible(c) || c == UTF8_REPLACEMENT;
}

/* Eight bytes at once: none is a control, DEL, '"', '\\' or above ASCII. May say no of plain ones behind such a byte, never yes wrongly. */
static bool eight_are_plain(const char *at)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t w;
    memcpy(&w, at, sizeof w);
    uint64_t quote = w ^ (ones * '"'), backslash = w ^ (ones * '\\'), del = w ^ (ones * 0x7F);
    uint64_t zero = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((del - ones) & ~del);
    return ((w | (w - ones * 0x20) | zero) & high) == 0;
}

/* How many bytes at its beginning are ASCII that stands for itself: nearly all of nearly all text. */
static size_t plain_ascii(struct slice s)
{
    size_t i = 0;
    while (s.len - i >= 8 && eight_are_plain(s.at + i))
        i += 8;
    while (i < s.len && s.at[i] >= 0x20 && s.at[i] < 0x7F && s.at[i] != '"' && s.at[i] != '\\')
        i++;
    return i;
}

void json_escape(struct buf *to, struct slice s)
{
    struct slice bytes, plain = {s.at, plain_ascii(s)};
    uint32_t c;
    s = slice_from(s, plain.len);
    while (utf8_next(&s, &c, &bytes)) {
        if (!needs_escape(c)) {
            plain.len += bytes.len;
            continue;
        }
        buf_add(to, plain);
        escape_one(to, c);
        plain = (struct slice){bytes.at + bytes.len, 0};
    }
    buf_add(to, plain);
}
