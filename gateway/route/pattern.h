/* pattern.h -- for route.c alone: a host pattern and a path pattern, compiled once, matched without memory.
 *
 * A path is compared segment by segment, and within a segment by the characters that its %XX stand for: "/a@b" in a rule meets
 * "/a%40b" in a request, because a backend reads both alike. (Separators are never encoded in a canonical path.)
 */
#ifndef ROUTE_PATTERN_H
#define ROUTE_PATTERN_H
#include "base/err.h"

struct pattern_segment {
    struct slice head, tail; /* decoded text before and behind the star; all of it is head without one */
    bool star;
};

struct pattern {
    struct slice host; /* lower case; ".example.com" for "*.example.com"; empty: any */
    bool host_below;
    struct pattern_segment *segments;
    size_t count;
    bool rest; /* ends in two stars */
};

enum pattern_reading {
    PATTERN_WHOLE,
    PATTERN_BARE /* every segment without its ";parameters" */
};

/* host, path empty: any. */
const struct err *pattern_compile(struct arena *a, struct slice host, struct slice path, struct pattern *ret_pattern);
bool pattern_has(const struct pattern *p, struct slice host, struct slice path, enum pattern_reading reading);
bool pattern_has_parameters(struct slice path);
/* Everything narrow matches, wide matches too. May say false of a pair it cannot see through, never true wrongly. */
bool pattern_covers(const struct pattern *wide, const struct pattern *narrow);

#endif
