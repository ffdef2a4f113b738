/* line.c -- JSON: one object. Text: time, level, stream, event, then name=value with quotes where a reader needs them. */
#include "observe/record_line.h"

#include "base/now.h"

struct record_line record_line_begin(struct buf *to, bool is_text, const char *level, const char *stream,
                                     const char *event)
{
    struct record_line l = {.to = to, .json = json_into(to), .is_text = is_text};
    char time[25];
    buf_clear(to);
    now_rfc3339(now_wall_ms(), time);
    if (is_text) {
        buf_print(to, "%s %s %s %s", time, level, stream, event);
        return l;
    }
    json_open_object(&l.json, NULL);
    json_string(&l.json, "time", slice_of(time));
    json_string(&l.json, "level", slice_of(level));
    json_string(&l.json, "stream", slice_of(stream));
    json_string(&l.json, "event", slice_of(event));
    return l;
}

/* Text that needs no quotes: visible ASCII that a shell or a field cutter would not trip over. */
static bool is_bare(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= 0x20 || c >= 0x7F || c == '"' || c == '\\' || c == '=') return false;
    }
    return true;
}

static void text_name(struct record_line *l, const char *name)
{
    buf_byte(l->to, ' ');
    buf_add(l->to, slice_of(name));
    buf_byte(l->to, '=');
}

void record_line_text(struct record_line *l, const char *name, struct slice value, size_t most)
{
    value = slice_upto(value, most);
    if (value.len == 0) return;
    if (!l->is_text) {
        json_string(&l->json, name, value);
        return;
    }
    bool bare = is_bare(value);
    text_name(l, name);
    if (!bare) buf_byte(l->to, '"');
    json_escape(l->to, value);
    if (!bare) buf_byte(l->to, '"');
}

void record_line_number(struct record_line *l, const char *name, int64_t value)
{
    if (l->is_text) {
        text_name(l, name);
        buf_number(l->to, value);
    } else {
        json_number(&l->json, name, value);
    }
}

void record_line_ms(struct record_line *l, const char *name, int64_t us)
{
    char memory[32];
    struct buf text = buf_over(memory, sizeof memory);
    if (us < 0) us = 0;
    buf_number(&text, us / 1000);
    buf_byte(&text, '.');
    for (int64_t digit = 100; digit != 0; digit /= 10)
        buf_byte(&text, (char)('0' + us / digit % 10));
    if (l->is_text) {
        text_name(l, name);
        buf_add(l->to, buf_slice(&text));
    } else {
        json_raw(&l->json, name, buf_slice(&text));
    }
}

void record_line_true(struct record_line *l, const char *name)
{
    if (l->is_text) {
        text_name(l, name);
        buf_add(l->to, LIT("true"));
    } else {
        json_bool(&l->json, name, true);
    }
}

bool record_line_end(struct record_line *l)
{
    if (!l->is_text) json_close_object(&l->json);
    buf_byte(l->to, '\n');
    return !l->to->full;
}
