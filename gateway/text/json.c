/* json.c -- commas by one flag: set behind a value, cleared behind an opening bracket. */
#include "text/json.h"

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
    buf_print(j->to, "%lld", (long long)value);
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
    default: buf_print(to, "\\u%04x", (unsigned)c); return;
    }
}

static bool needs_escape(uint32_t c)
{
    return c == '"' || c == '\\' || utf8_is_control(c) || c == 0x2028 || c == 0x2029 || c == UTF8_REPLACEMENT;
}

void json_escape(struct buf *to, struct slice s)
{
    struct slice bytes, plain = {s.at, 0};
    uint32_t c;
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
