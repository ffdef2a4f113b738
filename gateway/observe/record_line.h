/* record_line.h -- for records.c: one record as one line, JSON or text, from the same calls.
 *
 * Empty texts are left out. Every text from outside is cut at the given number of bytes and escaped by text/json.h, so it can
 * neither end a line nor look like a field.
 */
#ifndef OBSERVE_RECORD_LINE_H
#define OBSERVE_RECORD_LINE_H
#include "text/json.h"

struct record_line {
    struct buf *to;
    struct json json;
    bool is_text;
};

enum {
    LINE_MAX_BYTES = 128 * 1024
};

/* Empties the buffer and writes time, level, stream and event. */
struct record_line record_line_begin(struct buf *to, bool is_text, const char *level, const char *stream,
                                     const char *event);
void record_line_text(struct record_line *l, const char *name, struct slice value, size_t most);
void record_line_number(struct record_line *l, const char *name, int64_t value);
void record_line_ms(struct record_line *l, const char *name,
                    int64_t us); /* microseconds, written as milliseconds with three decimals */
void record_line_true(struct record_line *l, const char *name);
/* Adds the line end. False if it did not fit: then nobody may write it. */
bool record_line_end(struct record_line *l);

#endif
