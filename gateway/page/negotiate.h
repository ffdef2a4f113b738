/* negotiate.h -- who gets a page, who gets JSON, who gets redirected (design: one ordered list of questions). Pure. */
#ifndef PAGE_NEGOTIATE_H
#define PAGE_NEGOTIATE_H
#include "base/slice.h"

struct asker { /* header values, empty when absent */
    struct slice method, accept, fetch_mode, fetch_dest, purpose, requested_with;
    bool upgrade;
};
enum wants {
    WANTS_BARE,       /* websocket upgrade, prefetch: a bare status */
    WANTS_NAVIGATION, /* GET/HEAD by a browser that shows pages: redirects are fine */
    WANTS_PAGE,       /* a navigation whose body would be lost by a redirect (POST ...) */
    WANTS_FRAME,      /* a navigation inside a frame: providers forbid framing */
    WANTS_JSON        /* fetch, XHR, curl, everything else */
};
enum wants negotiate(const struct asker *who);

#endif
