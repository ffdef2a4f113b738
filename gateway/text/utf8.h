/* utf8.h -- is this text, and how much of it do we show. */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H
#include "base/arena.h"

bool utf8_valid(struct slice s); /* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF */
/* For text from a provider or a query that a person will read: valid UTF-8 (bad bytes become U+FFFD), without C0/C1 control characters
 * and bidirectional overrides, at most max_chars characters, then an ellipsis. */
struct slice utf8_for_people(struct arena *a, struct slice s, size_t max_chars);

#endif
