/* respond.h -- answers of our own: pages, problem documents, redirects, each with the headers that every page of ours carries.
 *
 * Content-Security-Policy default-src 'none', Cache-Control no-store, Referrer-Policy no-referrer, nosniff, COOP; no compression. A `struct
 * responder` is made once per request (by gate/) and copied around.
 */
#ifndef PAGE_RESPOND_H
#define PAGE_RESPOND_H
#include "http/exchange.h"
#include "page/negotiate.h"
#include "page/page.h"

struct responder {
    struct exchange *x;
    const struct pages *pages;
    struct slice language;
    struct slice request_id;     /* the reference on pages, x-request-id on every answer */
    struct slice sign_in;        /* absolute address of the sign-in page with rd, for 401 answers */
    struct slice home;           /* "/" of the public address */
    struct slice back;           /* this page again, when asking again may help; empty: it may not */
    struct slice switch_account; /* the way to sign out and in again */
    int64_t hsts_s;              /* 0: no Strict-Transport-Security */
    enum wants wants;
    struct slice who; /* the signed-in person, for "no access"; empty: nobody */
    bool challenged;  /* WWW-Authenticate stands there already */
    /* Shown at another host than ours (a front proxy's answer): our origin, for pages that are made with absolute addresses; else empty. */
    struct slice elsewhere;
    struct slice form_action; /* one further origin for CSP form-action; usually empty */
};

void respond_page(const struct responder *by, int status, enum page_kind kind, const struct view *v);
void respond_redirect(const struct responder *by, int status, struct slice location);
/* The same by a page that goes on at once: what follows is then this site's own navigation, and browsers send SameSite=Strict cookies
 * along, which after a redirect from another site they do not. location may stand in a Location header. */
void respond_onward(const struct responder *by, struct slice location);
void respond_data(const struct responder *by, int status, struct slice type, struct slice body);
/* A page, a problem document or a bare status, as the asker wants; retry_after_s 0: none. */
void respond_problem(const struct responder *by, enum problem problem, int64_t retry_after_s);
void respond_empty(const struct responder *by, int status);

/* "7H2K-9QPZ-..." : the request id in groups of four, for reading aloud. */
struct slice respond_reference(struct arena *a, struct slice request_id);

#endif
