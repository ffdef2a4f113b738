/* markup.h -- where in an HTML document a template stands: follows the literal text of a template byte by byte.
 *
 * For the check at load: a value may stand in text, in <title> and in a quoted attribute; nowhere else can escaping make it
 * harmless. Knows just enough HTML for templates that people write with care; what it does not understand it refuses.
 */
#ifndef PAGE_MARKUP_H
#define PAGE_MARKUP_H
#include "base/slice.h"

enum markup_place {
    MARKUP_TEXT,
    MARKUP_OPEN,     /* after '<' */
    MARKUP_DECLARED, /* <!DOCTYPE ...> */
    MARKUP_COMMENT,
    MARKUP_CLOSING, /* </name */
    MARKUP_TAG_NAME,
    MARKUP_TAG, /* between attributes */
    MARKUP_ATTRIBUTE,
    MARKUP_EQUALS, /* after '=' */
    MARKUP_UNQUOTED,
    MARKUP_DOUBLE,
    MARKUP_SINGLE,
    MARKUP_TITLE, /* title, textarea: text without tags */
    MARKUP_RAW    /* script, style and the like */
};

enum {
    MARKUP_NAME_MAX = 24
}; /* longer names are no HTML; the rest is cut, which only matters for equality */

struct markup {
    enum markup_place place;
    char tag[MARKUP_NAME_MAX], attribute[MARKUP_NAME_MAX];
    size_t tag_len, attribute_len;
    size_t seen;      /* of "</tag" in TITLE and RAW, of dashes in comments */
    bool value_begun; /* something stands in the attribute's value already */
};

void markup_feed(struct markup *m, struct slice literal);
/* Why no value may stand here, in words for the template's author; NULL if one may. Notes that one does. */
const char *markup_value(struct markup *m);
/* The place is the very start of an attribute that holds a URL: the value decides the scheme. */
bool markup_at_url(const struct markup *m);
/* A section that may be left out must begin and end in the same place: in text, between attributes, in the same value. */
bool markup_same_place(const struct markup *a, const struct markup *b);

#endif
