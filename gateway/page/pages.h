/* pages.h -- what a compiled set of pages is made of. Private to page/ and its tests. */
#ifndef PAGE_PAGES_H
#define PAGE_PAGES_H
#include "page/assets.h"
#include "page/mustache.h"
#include "page/texts.h"

struct page_language {
    struct texts *texts;
    const struct mustache *templates[PAGES];
    struct slice titles[PROBLEMS], advices[PROBLEMS];
    const struct view *view; /* what every page in this language is given */
};

struct page_brand_class {
    struct slice id, name; /* "corp", "brand-corp" */
};

struct pages {
    struct arena *arena;
    struct assets assets;
    struct page_language *languages;
    struct slice *tags; /* of the languages, in their order */
    size_t language_count, default_language;
    struct page_brand_class *brands; /* those with colours of their own */
    size_t brand_count;
};

#endif
