/* page.h -- what a visitor sees: Mustache templates, languages, style sheet and marks, compiled once per configuration.
 *
 * No JavaScript anywhere. Templates and texts are built into the binary (generated at build time from templates/); a folder in the configuration
 * overrides single files. {{x}} escapes; {{{x}}} and {{&x}} are refused at load. An unknown variable or text key, an unclosed tag, a value
 * inside <script>, <style> or an unquoted attribute are errors at load with file:line. Immutable, any thread.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H
#include "base/err.h"

struct pages;
/* How a provider's owner wants its button: colours as "#rrggbb". */
struct page_brand {
    struct slice id; /* [a-z0-9-], as in the configuration: a class in the style sheet */
    struct slice fill, text;
};
struct pages_conf {
    const char *folder;  /* NULL: only what is built in */
    struct slice prefix; /* "/_vestibule": where assets are */
    struct slice name;   /* the operator's name */
    struct slice logo;   /* SVG or PNG bytes; empty: a letter mark */
    struct slice logo_type;
    struct slice accent; /* "#0a6b6b" or empty */
    struct slice message, terms_url, privacy_url, help_url;
    struct slice default_language;   /* "en" */
    const struct page_brand *brands; /* for buttons in their owners' colours; none: all look alike */
    size_t brand_count;
};
/* Copies what it needs of conf; a is for the error. PROBLEM_CONFIG with file:line when a template or text is wrong. */
const struct err *pages_open(struct arena *a, const struct pages_conf *conf, struct pages **ret_pages);
void pages_close(struct pages *p);

enum page_kind {
    PAGE_SIGN_IN,
    PAGE_SIGN_OUT, /* confirm */
    PAGE_SIGNED_OUT,
    PAGE_ACCOUNT,
    PAGE_DELETION,
    PAGE_NO_ACCESS,
    PAGE_SESSION_ENDED,
    PAGE_ERROR, /* any other problem */
    PAGE_DEMO_PROVIDER,
    PAGE_DEMO_APP,
    PAGES
};

/* ---- what a template is given: a tree of texts, flags, lists ----
 *
 * Absent and empty are the same: the part of the page that needs it is left out. Texts need no escaping. A name that no
 * template knows is passed over, so check the spelling here (page/names.c is the list that templates are checked against).
 *
 *   any page          reference, code       the request id for reading aloud, the problem's word
 *                     home                  URL of the start page
 *                     keep_query            "rd=%2Freports&": what language links keep of the query, with its last '&'
 *                     here                  URL that language links open, when this page's own would do something again
 *   PAGE_SIGN_IN      destination           host the visitor goes to afterwards
 *                     problem_title, problem_advice   the banner; none without a title
 *                     provider              name the banner begins with
 *                     primary, others, away by provider_buttons (page/provider_buttons.h)
 *   PAGE_SIGN_OUT     action, token         where the form posts to; its hidden field `token`
 *                     rd                    hidden field `rd`
 *                     who                   the signed-in person
 *                     provider              name: offers the box, field `everywhere` = `yes`
 *   PAGE_SIGNED_OUT   provider              "you are still signed in at ..."
 *                     sign_in               URL
 *   PAGE_ACCOUNT      person, email, provider, mark, provider_letter
 *                     action, token         where the forms post to; their hidden field `token`
 *                     sessions              id (hidden field), browser, system, address, flag current,
 *                                           began and seen: one of flag now, minutes, hours, days
 *                     others                flag: there are more than this one; field `others` = `yes`
 *                     sign_out              URL
 *   PAGE_DELETION     provider, date, confirmation (the code), flag done
 *   PAGE_NO_ACCESS    who, destination      destination is a host
 *                     switch_account        URL that starts a sign-in with another account; sign_in is taken if absent
 *   PAGE_SESSION_ENDED  sign_in             URL
 *   PAGE_ERROR        status                "502"
 *                     problem_title, problem_advice
 *                     retry_after           seconds
 *                     back                  URL to try again
 *                     sign_in               offered with flag framed, in a tab of its own, or with flag nobody
 *   PAGE_DEMO_PROVIDER, PAGE_DEMO_APP       see demo/
 */
struct view; /* a map; arena-owned */
struct view *view_new(struct arena *a);
/* Names are kept, not copied (literals); texts are borrowed until the page is rendered. */
void view_text(struct view *v, const char *name, struct slice value);
void view_flag(struct view *v, const char *name, bool value);
struct view *view_item(struct view *v, const char *list);    /* appends one item to a list and gives it */
struct view *view_section(struct view *v, const char *name); /* one nested map */

/* "de" for this visitor: ui_locales (OIDC's query name, space separated) > cookie > Accept-Language > default. Lends. */
struct slice pages_language(const struct pages *p, struct slice ui_locales, struct slice cookie,
                            struct slice accept_language);
/* The page as HTML, in the arena; at most 2 MiB, beyond which it is cut. language: as pages_language gives it; one we do not have
 * becomes the default. Every page also gets name, logo, languages, prefix, dir, lang. */
struct slice pages_render(const struct pages *p, struct arena *a, enum page_kind kind, struct slice language,
                          const struct view *v);
/* Title and advice of a problem in a language: for pages and problem+json. */
struct slice pages_problem_title(const struct pages *p, struct slice language, enum problem problem);
struct slice pages_problem_advice(const struct pages *p, struct slice language, enum problem problem);

struct asset {
    struct slice type, body;
};
/* "HASH/style.css" (what follows prefix + "/assets/"); false if there is none. Immutable: cache for a year. */
bool pages_asset(const struct pages *p, struct slice path, struct asset *ret_asset);
/* prefix + "/assets/HASH/style.css"; empty if there is no such asset. Lends. */
struct slice pages_asset_url(const struct pages *p, struct slice name);
/* The URL of templates/marks/NAME.svg; empty if there is none (then a letter stands for it). Lends. */
struct slice pages_mark_url(const struct pages *p, struct slice name);
/* The class of a provider's own colours; empty if pages_conf.brands has none for it. Lends. */
struct slice pages_brand(const struct pages *p, struct slice id);

#endif
