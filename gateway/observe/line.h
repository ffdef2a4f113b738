/* line.h -- for records.c: one record as one line, JSON or text, from the same calls.
 *
 * Empty texts are left out. Every text from outside is cut at the given number of bytes and escaped by text/json.h, so it can
 * neither end a line nor look like a field.
 */
#ifndef OBSERVE_LINE_H
#define OBSERVE_LINE_H
#include "text/json.h"

struct line {
    struct buf *to;
    struct json json;
    bool is_text;
};

enum {
    LINE_MAX_BYTES = 128 * 1024
};

/* Empties the buffer and writes time, level, stream and event. */
struct line line_begin(struct buf *to, bool is_text, const char *level, const char *stream,
                       const char *event);
void line_text(struct line *l, const char *name, struct slice value, size_t most);
void line_number(struct line *l, const char *name, int64_t value);
void line_ms(struct line *l, const char *name,
             int64_t us); /* microseconds, written as milliseconds with three decimals */
void line_true(struct line *l, const char *name);
/* Adds the line end. False if it did not fit: then nobody may write it. */
bool line_end(struct line *l);

#endif
