/* return_to.h -- where a person may be sent after signing in or out: one strict judge.
 *
 * Accepted: a rooted path ("/reports?x=1#top") on our own public origin, or an absolute https (or our own scheme's) URL whose origin is
 * listed, or below a listed one that says so. What is checked is what is used: the result is rebuilt from the parsed parts, with only RFC 3986 characters (others
 * percent-encoded). Refused: "//host", "/\host", control bytes and white space anywhere, backslashes, user information, other schemes,
 * our own callback, start, sign-in, sign-out and forward-auth addresses (loops), a path that route/path.h refuses, more than 2,048 bytes. Refused means the default "/", never an error.
 * RFC 9700 section 4.11.
 */
#ifndef ROUTE_RETURN_TO_H
#define ROUTE_RETURN_TO_H
#include "base/arena.h"

enum {
    RETURN_TO_MAX = 2048
};
struct return_rules {
    struct slice public_origin; /* "https://app.example.com", as url_origin writes it (so are the others) */
    const struct slice
        *origins; /* further origins: exact; with a star for the first label ("*.example.com"), any host below */
    size_t origin_count;
    struct slice prefix; /* "/_vestibule" */
};
/* Is a host (lower case, no port) that of one of these origins, whatever the port? */
bool return_host(const struct return_rules *rules, struct slice host);
/* Gives a path or an absolute URL that may stand in a Location header; "/" when asked is empty or refused (*ret_refused says which). */
struct slice return_to(struct arena *a, const struct return_rules *rules, struct slice asked, bool *ret_refused);

#endif
