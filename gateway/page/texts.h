/* texts.h -- the words of one language: a small file of "key = text" lines.
 *
 *   # a comment
 *   language = Deutsch
 *   direction = ltr
 *   sign_in.title = Bei {{name}} anmelden
 *   legal.both = ... den [Nutzungsbedingungen](terms) ...
 *
 * In a text {{value}} is a value of the page it is used on (set apart with <bdi>, so that a name of another script cannot disturb the
 * sentence), and [words](value) a link to the URL in that value. Everything else is text, markup included. A key that English does not
 * have, a key given twice and a line without '=' are errors; a key that is missing is taken from English. Private to page/.
 */
#ifndef PAGE_TEXTS_H
#define PAGE_TEXTS_H
#include "page/mustache.h"

enum {
    TEXTS_MAX = 512
}; /* keys of one language; English has about 120 */

struct text_row {
    struct slice key, text;
    int line;
    bool used; /* by a template or by C, for the test that looks for dead ones */
};

struct texts {
    struct slice tag, label; /* "de", "Deutsch" */
    bool right_to_left;
    const char *path;
    struct text_row *rows;
    size_t count;
    struct texts *fallback; /* English; NULL for English itself */
};

/* Lives in a; keeps text. */
const struct err *texts_read(struct arena *a, struct arena *errors, struct slice tag, const char *path,
                             struct slice text, struct texts *fallback, struct texts **ret_texts);
/* The row of a key here or in English, marked used; NULL if there is none. ret_from (may be NULL): whose row it is. */
const struct text_row *texts_find(struct texts *t, struct slice key, const struct texts **ret_from);
/* A text as a template (mustache_names.text). plain: no markup can stand there. */
bool texts_source(struct arena *a, struct texts *t, struct slice key, bool plain, struct mustache_source *ret_source);

#endif
