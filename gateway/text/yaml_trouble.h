/* yaml_trouble.h -- what libyaml found fault with, said to the person who wrote the file: what it is, and what to look at. */
#ifndef TEXT_YAML_TROUBLE_H
#define TEXT_YAML_TROUBLE_H
#include "base/arena.h"
#include "base/slice.h"

struct yaml_trouble {
    const char *problem, *context; /* the parser's words; either may be NULL */
    int began_line;                /* of what it was reading, from 1 */
    bool at_tab;
};

/* *ret_where_it_began: the place to show is where that began, not where the parser gave up. */
struct slice yaml_trouble_told(struct arena *a, const struct yaml_trouble *t, bool *ret_where_it_began);

#endif
