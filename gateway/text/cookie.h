/* cookie.h -- reading a Cookie header (RFC 6265bis section 5.6) without ever allocating.
 *
 * Split at ';', trim, cut at the first '='; names are compared byte for byte; quotes belong to the value; junk is passed over.
 * cookie_next visits every pair once; the work is linear in the header.
 */
#ifndef TEXT_COOKIE_H
#define TEXT_COOKIE_H
#include "base/arena.h"
#include "base/buf.h"

struct cookie {
    struct slice name, value;
};

/* Visits pairs: `struct slice rest = header; while (cookie_next(&rest, &c))`. */
bool cookie_next(struct slice *rest, struct cookie *ret_cookie);
/* The value of the only cookie of that name. Two of them are none: a second one was planted by somebody (cookie tossing). */
bool cookie_find(struct slice header, struct slice name, struct slice *ret_value);
/* The header without the cookies whose name `is_ours` says so, the others byte for byte in order; empty if none is left. */
void cookie_strip(struct buf *to, struct slice header, bool (*is_ours)(void *self, struct slice name), void *self);

enum cookie_same_site {
    COOKIE_LAX,
    COOKIE_STRICT,
    COOKIE_SAME_SITE_NONE
};
struct cookie_attributes {
    struct slice path, domain; /* domain empty: host only */
    int64_t max_age_s;         /* < 0: a session cookie; 0: delete */
    bool secure, http_only;
    enum cookie_same_site same_site;
};
/* A Set-Cookie value. Name and value are ours: a must that they are cookie-octets. */
struct slice cookie_set(struct arena *a, struct slice name, struct slice value, const struct cookie_attributes *with);

#endif
