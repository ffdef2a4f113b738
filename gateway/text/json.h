/* json.h -- JSON written by hand into a buf: records, tokens, logs, problem documents.
 *
 * The writer keeps commas itself. Strings are escaped so that the output is pure ASCII or valid UTF-8, one line, without a byte
 * below 0x20: bytes that are not UTF-8 become U+FFFD; U+2028/2029, DEL and what turns the direction of reading are escaped. Nothing from
 * outside can end a string or show a line as another, so nothing can be injected; log lines are written with this too.
 */
#ifndef TEXT_JSON_H
#define TEXT_JSON_H
#include "base/buf.h"

struct json {
    struct buf *to;
    bool comma;
    int depth;
};

struct json json_into(struct buf *to);
void json_open_object(struct json *j, const char *name); /* name NULL inside a list or at the root */
void json_close_object(struct json *j);
void json_open_list(struct json *j, const char *name);
void json_close_list(struct json *j);
void json_string(struct json *j, const char *name, struct slice value);
void json_number(struct json *j, const char *name, int64_t value);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);
/* A value that is JSON already, as it stands. */
void json_raw(struct json *j, const char *name, struct slice json_text);

void json_escape(struct buf *to, struct slice s); /* the inside of a JSON string, without quotes */

#endif
