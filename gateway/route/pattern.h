/* pattern.h -- for route/ alone: a host pattern and a path pattern, compiled once, matched without memory.
 *
 * A path is compared segment by segment, and within a segment by the characters that its %XX stand for: "/a@b" in a rule meets
 * "/a%40b" in a request, because a backend reads both alike. (Separators are never encoded in a canonical path.)
 */
#ifndef ROUTE_PATTERN_H
#define ROUTE_PATTERN_H
#include "route/regex.h"

struct pattern_segment {
    struct slice head, tail; /* decoded text before and behind the star; all of it is head without one */
    bool star;
};

struct pattern {
    struct slice host; /* lower case; ".example.com" for "*.example.com"; empty: any */
    bool host_below;
    struct pattern_segment *segments; /* of an expression: the whole ones that all its paths begin with */
    size_t count;
    bool rest;           /* ends in two stars */
    struct regex *regex; /* "~...": instead of segments */
    struct slice regex_text;
};

enum pattern_reading {
    PATTERN_WHOLE,
    PATTERN_BARE /* every segment without its ";parameters" */
};

/* host, path empty: any. */
const struct err *pattern_compile(struct arena *a, struct slice host, struct slice path, struct pattern *ret_pattern);
bool pattern_has(const struct pattern *p, struct slice host, struct slice path, enum pattern_reading reading);
bool pattern_has_parameters(struct slice path);
bool pattern_has_host(const struct pattern *p, struct slice host);
bool pattern_has_path(const struct pattern *p, struct slice path, enum pattern_reading reading);
/* A canonical segment, without its ";parameters" when that is the reading; what its %XX stand for, hashed and compared. */
struct slice pattern_segment_read(struct slice segment, enum pattern_reading reading);
uint32_t pattern_segment_hash(struct slice segment);
bool pattern_segment_is(struct slice segment, struct slice decoded);
/* Everything narrow matches, wide matches too. May say false of a pair it cannot see through, never true wrongly. */
bool pattern_covers(const struct pattern *wide, const struct pattern *narrow);

#endif
