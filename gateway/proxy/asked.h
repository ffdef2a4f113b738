/* asked.h -- what is really asked for: by the request itself, or by the request in whose name a front proxy asks us.
 *
 * A front proxy that asks "may this pass?" describes the original request, each kind in words of its own. Each kind has one endpoint, and an
 * endpoint reads its own words only: what a client sent under another name reaches us too (every one of these proxies copies what it
 * does not overwrite), and says nothing. The description is believed from a trusted peer only; the caller sees to that.
 *
 *   ASKED_NGINX     X-Original-Method, X-Original-URL (scheme://host/path?query)          auth_request sends a GET without a body
 *   ASKED_FORWARD   X-Forwarded-Method, -Proto, -Host, -Uri                                Traefik, Caddy, HAProxy, Apache
 *   ASKED_EITHER    one of the two before; where both speak they must name the same   (an address that peers had before they told them apart)
 *   ASKED_ENVOY     the request line, the path behind our address; Host; X-Forwarded-Proto if it is there
 *
 * Each must be there exactly once and be what http/screen.h lets through; else PROBLEM_BAD_REQUEST. Nothing is guessed: a missing method is
 * no GET. Where another name for the address is there as well (X-Original-URI, X-Rewrite-URL and the other endpoints' ones) and names another
 * target, nobody can say which one the application will believe: PROBLEM_BAD_REQUEST. X-Forwarded-Prefix and -Port are never read. Pure.
 */
#ifndef PROXY_ASKED_H
#define PROXY_ASKED_H
#include "http/exchange.h"

#include "base/err.h"

enum asked_how {
    ASKED_SELF, /* the request is itself what is asked for */
    ASKED_NGINX,
    ASKED_FORWARD,
    ASKED_EITHER,
    ASKED_ENVOY,
    ASKED_UNTOLD /* the front proxy does not say (compatible endpoints): only who is asking is known */
};

struct asked {
    enum asked_how how;
    bool https;
    struct slice method;
    struct slice authority; /* host[:port], lower case */
    struct slice host;      /* without port */
    struct slice target;    /* path and query as the client sent them */
    struct slice raw_path;  /* the same without query */
    struct slice path;      /* canonical (route/path.h) */
};

/* address: our own, which stands before the target of ASKED_ENVOY. https: when the proxy does not say. Not for ASKED_SELF and ASKED_UNTOLD.
 * Fails with PROBLEM_BAD_REQUEST or PROBLEM_AMBIGUOUS_PATH. */
const struct err *asked_read(const struct exchange *x, enum asked_how how, struct slice address, bool https,
                             struct asked *ret_asked);
struct slice asked_host(struct slice authority); /* without its port */

#endif
