/* page_headers.h -- the content security policies of what we show, for those who answer (page/respond.h).
 *
 * Pages work without script and hold no inline style, so the policy allows only our own style sheet and pictures, forms to ourselves, and no
 * framing. One script may run, known by its hash: templates/parts/keep_fragment.html carries the #fragment of the address a visitor was
 * redirected from, which no server ever sees, into the links that lead back there. `form-action` also rules the redirects that follow a form: answer a form post with a redirect to ourselves, or
 * name the further origin (page_csp_with_form_action). Also on every page: Cache-Control no-store, Referrer-Policy no-referrer,
 * X-Content-Type-Options nosniff, Cross-Origin-Opener-Policy same-origin.
 */
#ifndef PAGE_PAGE_HEADERS_H
#define PAGE_PAGE_HEADERS_H
#include "base/slice.h"

#define PAGE_CSP_KEEP_FRAGMENT "'sha256-8thuPyzsp+jnkliPATpg0gwdgV4YCowpxh2bAitqmn0='"
#define PAGE_CSP_BASE                                        \
    "default-src 'none'; script-src " PAGE_CSP_KEEP_FRAGMENT \
    "; style-src 'self'; img-src 'self' data:; base-uri 'none'; "

static const struct slice page_csp = LIT_INIT(PAGE_CSP_BASE "frame-ancestors 'none'; form-action 'self'");
/* Append one origin, or several with spaces between them. */
static const struct slice page_csp_with_form_action =
    LIT_INIT(PAGE_CSP_BASE "frame-ancestors 'none'; form-action 'self' ");
/* For WANTS_FRAME: a page without forms that may be seen inside a frame of its own site, to say "open me in a tab". */
static const struct slice page_csp_framed = LIT_INIT(PAGE_CSP_BASE "frame-ancestors 'self'; form-action 'none'");

/* The same as an answer at another host, by way of a front proxy: style sheet and pictures come from home, whose origin is written in both gaps. */
static const struct slice page_csp_elsewhere[] = {
    LIT_INIT("default-src 'none'; style-src "),
    LIT_INIT("; img-src data: "),
    LIT_INIT("; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"),
};

/* An asset is a style sheet or an SVG drawing that may be opened by itself: its own style may work, nothing else. */
static const struct slice page_csp_asset =
    LIT_INIT("default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'");
/* The names of assets are content hashes: what is behind one never changes. */
static const struct slice page_asset_cache = LIT_INIT("public, max-age=31536000, immutable");

#endif
