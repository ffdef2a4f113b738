/* regex_tree.h -- for regex.c alone: an expression as a tree. */
#ifndef ROUTE_REGEX_TREE_H
#define ROUTE_REGEX_TREE_H
#include "route/regex.h"

struct byte_set {
    uint64_t bits[4];
};
bool byte_set_has(const struct byte_set *s, unsigned char c);

enum tree_kind {
    TREE_NOTHING, /* the empty text */
    TREE_SET,
    TREE_THEN,
    TREE_OR,
    TREE_REPEAT
};

struct tree {
    enum tree_kind kind;
    struct byte_set set;
    int least, most; /* most < 0: any number */
    struct tree *first, *second;
};

/* Lives in a. NULL: *ret_why says what cannot be read. */
const struct tree *regex_tree_read(struct arena *a, struct slice text, const char **ret_why);

#endif
