/* names.h -- which values a page's template may name: the list that page.h describes, for the check at load. Private to page/. */
#ifndef PAGE_NAMES_H
#define PAGE_NAMES_H
#include "page/mustache.h"

/* For mustache_names.meaning: does `name` mean something inside these scopes of this page? */
enum mustache_meaning names_meaning(enum page_kind kind, const struct slice *scopes, size_t count, struct slice name);

#endif
