/* buf.h -- bytes that grow up to a stated maximum.
 *
 * A buffer is born with its limit; appending past it appends nothing and marks the buffer `full`, which the owner looks
 * at once, at the end. Owned by malloc, freed by buf_close; buf_take_slice lends what is inside.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H
#include <stdarg.h>
#include <stdint.h>

#include "base/must.h"
#include "base/slice.h"

struct buf {
    char *at;
    size_t len, room, max;
    bool full; /* something did not fit; what is inside is a prefix */
};

struct buf buf_open(size_t max_bytes); /* allocates nothing yet */
/* Writes into memory of the caller's (an arena's); never grows, never to be closed. */
struct buf buf_over(char *memory, size_t bytes);
void buf_close(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_add(struct buf *b, struct slice s);
void buf_byte(struct buf *b, char c);
void buf_number(struct buf *b, int64_t n); /* decimal; what a log line has many of, and printf is slow at */
void buf_print(struct buf *b, const char *format, ...) PRINTF(2, 3);
/* Makes room for `more` bytes at at+len and returns the place, or NULL (and full). The caller then adds to len. */
char *buf_room(struct buf *b, size_t more);
struct slice buf_slice(const struct buf *b); /* lends until the next append */

#endif
