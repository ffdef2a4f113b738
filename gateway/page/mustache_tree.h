/* mustache_tree.h -- the compiled form, between the compiler and the renderer. Nobody else includes it. */
#ifndef PAGE_MUSTACHE_TREE_H
#define PAGE_MUSTACHE_TREE_H
#include "page/mustache.h"

enum mustache_kind {
    MUSTACHE_LITERAL,
    MUSTACHE_TEXT, /* a value, escaped */
    MUSTACHE_URL,  /* a value that begins a URL: escaped, its scheme looked at */
    MUSTACHE_SECTION,
    MUSTACHE_INVERTED
};

struct mustache_node {
    enum mustache_kind kind;
    struct slice text; /* the literal, or the name */
    struct mustache_node *first, *next;
};

struct mustache {
    struct mustache_node *first;
};

#endif
