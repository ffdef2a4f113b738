/* assets.h -- style sheets and pictures under names that hold a hash of their content. Private to page/. */
#ifndef PAGE_ASSETS_H
#define PAGE_ASSETS_H
#include "page/page.h"

struct asset_row {
    struct slice name, path, url; /* "style.css", "HASH/style.css", "/_vestibule/assets/HASH/style.css" */
    struct asset asset;
    struct asset_row *next;
};

struct assets {
    struct arena *arena;
    struct slice prefix;
    struct asset_row *first;
};

/* Everything is kept, not copied. */
void assets_add(struct assets *s, struct slice name, struct slice type, struct slice body);
const struct asset_row *assets_by_name(const struct assets *s, struct slice name); /* NULL if absent */
const struct asset_row *assets_by_path(const struct assets *s, struct slice path);
/* 16 hex digits of FNV-1a: tells versions apart, proves nothing. */
struct slice assets_hash(struct arena *a, struct slice body);

#endif
