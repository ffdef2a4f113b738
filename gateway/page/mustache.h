/* mustache.h -- the template engine: a subset of Mustache, compiled once into an immutable tree.
 *
 * Has: {{name}} (escaped), {{a.b}}, {{.}}, {{#section}}, {{^inverted}}, {{! comment }}, {{> partial}}, and the specification's rules
 * for tags that stand alone on a line. Has not: {{{x}}}, {{&x}}, changed delimiters, lambdas, inheritance, names of partials
 * from data; each is an error. Beyond Mustache: {{t.key}} is a text in the template's language, looked up when compiled.
 *
 * Partials and texts are put in place when compiled, so one pass sees the whole page and checks where values stand (page/markup.h); a
 * partial that includes itself is an error. A value at the start of href, src, action may only be a path, a query, a
 * fragment, http, https or mailto; anything else is written as "#".
 *
 * Limits: sections and partials 32 deep, 20,000 nodes and 1 MiB of source per page. Errors are PROBLEM_CONFIG and begin
 * with file:line. Private to page/.
 */
#ifndef PAGE_MUSTACHE_H
#define PAGE_MUSTACHE_H
#include "page/view.h"

#include "base/buf.h"

enum {
    MUSTACHE_DEPTH = 32,
    MUSTACHE_NODES = 20000,
    MUSTACHE_SOURCE_BYTES = 1 << 20
};

struct mustache; /* a compiled template; lives in its arena; any thread */

struct mustache_source {
    const char *file;  /* in error messages; kept */
    int line;          /* of its first byte, from 1 */
    struct slice text; /* kept: the compiled tree points into it */
};

enum mustache_meaning {
    MUSTACHE_UNKNOWN,
    MUSTACHE_VALUE, /* a text or flag: a section on it opens no new scope */
    MUSTACHE_SCOPE  /* a list or map */
};

/* What names mean; each function may be NULL. */
struct mustache_names {
    void *self;
    bool (*partial)(void *self, struct slice name, struct mustache_source *ret_source);
    /* plain: no markup can stand there (an attribute, a title). The source is a template again. */
    bool (*text)(void *self, struct slice key, bool plain, struct mustache_source *ret_source);
    /* scopes: the names of the open sections that are scopes, outermost first. NULL: every name is fine. */
    enum mustache_meaning (*meaning)(void *self, const struct slice *scopes, size_t count, struct slice name);
};

/* The tree goes into a, an error into errors. html: check where values stand. */
const struct err *mustache_compile(struct arena *a, struct arena *errors, const struct mustache_source *source,
                                   const struct mustache_names *names, bool html, const struct mustache **ret_template);
/* Looks in `first`, then in `second` (may be NULL): the page's own names, then those of every page. */
void mustache_render(const struct mustache *t, const struct view *first, const struct view *second, struct buf *to);

#endif
