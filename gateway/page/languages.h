/* languages.h -- which of our languages a visitor reads: RFC 4647 lookup over what they told us. Pure. Private to page/. */
#ifndef PAGE_LANGUAGES_H
#define PAGE_LANGUAGES_H
#include "base/slice.h"

struct language_wishes {
    struct slice ui_locales;      /* tags, best first, spaces between (OpenID Connect Core 3.1.2.1) */
    struct slice cookie;          /* one tag */
    struct slice accept_language; /* RFC 9110 section 12.5.4 */
};

/* The index of the tag of ours, or count when nothing of what they read is ours. "de-AT" finds "de"; "pt" does not find "pt-BR". */
size_t languages_choose(const struct slice *tags, size_t count, const struct language_wishes *wishes);

#endif
