/* url.h -- absolute http(s) URLs, strictly: for endpoints we were configured with or that discovery told us, and origins.
 *
 * Only http and https, a host (reg-name of letters, digits, '-' and '.', lower-cased; or an IP literal), a port 1-65535, no user
 * information, no fragment, no byte outside RFC 3986. Return URLs from browsers have their own judge: route/return_to.h.
 */
#ifndef TEXT_URL_H
#define TEXT_URL_H
#include "base/err.h"

struct url {
    bool https;
    struct slice host; /* lower case; IPv6 without brackets */
    bool host_is_ip6;
    int port;           /* the scheme's default if none was written */
    struct slice path;  /* "/" if none; still encoded */
    struct slice query; /* without '?'; at == NULL if none */
};

/* Everything in ret_url is a copy in a. An err carries PROBLEM_CONFIG: who reads discovery says err_as; it never repeats the URL. The host
 * may hold '_' (container networks); what looks like a number in place of a name must be a dotted IPv4 address. At most 8 KiB. */
const struct err *url_read(struct arena *a, struct slice text, struct url *ret_url);
/* "https://host" or with ":port" when it is not the scheme's own (RFC 6454 section 6.2). */
struct slice url_origin(struct arena *a, const struct url *u);
struct slice url_text(struct arena *a, const struct url *u);
/* url + ('?' or '&') + an encoded query. The URL's own query is kept (RFC 6749 section 3.1). */
struct slice url_with_query(struct arena *a, struct slice url, struct slice query);

#endif
