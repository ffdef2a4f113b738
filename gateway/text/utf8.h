/* utf8.h -- is this text, and how much of it do we show. */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H
#include "base/arena.h"

enum {
    UTF8_REPLACEMENT = 0xFFFD
}; /* stands where a byte made no sense */

bool utf8_valid(struct slice s); /* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF */
/* Bytes of the well-formed character s begins with: 1-4; 0 if there is none (or s is empty). */
size_t utf8_length(struct slice s);
/* Takes one character off: `while (utf8_next(&rest, &c))`. A byte that makes no sense is one U+FFFD; ret_bytes is what
 * was taken, so a caller can copy it or see (len 1, c == U+FFFD) that it was bad. */
bool utf8_next(struct slice *rest, uint32_t *ret_char, struct slice *ret_bytes);
/* C0, DEL and C1: what moves a cursor or ends a line. */
bool utf8_is_control(uint32_t c);
/* Characters without a picture that change how their neighbours are read: directions, separators, BOM, tags. */
bool utf8_is_invisible(uint32_t c);
/* For text from a provider or a query that a person will read: valid UTF-8 (bad bytes become U+FFFD), without C0/C1 control characters
 * and bidirectional overrides, at most max_chars characters, then an ellipsis. */
struct slice utf8_for_people(struct arena *a, struct slice s, size_t max_chars);

#endif
