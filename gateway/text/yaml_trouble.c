/* yaml_trouble.c -- the faults that people make, by the parser's words for them. What is not in the table is told in those words. */
#include "text/yaml_trouble.h"

struct known {
    const char *problem, *context; /* context NULL: whatever it was reading */
    const char *sentence;
    bool names_line; /* the sentence ends with the line where the thing began */
    bool where_it_began;
};

static const char indentation_of_list[] =
    "look at the indentation: this fits neither the entry above it nor the list that begins in line";
static const char indentation_of_keys[] =
    "look at the indentation, and for a quote too many: this does not fit the keys that begin in line";
static const char stray_colon[] =
    "no \":\" can stand here: two keys in one line, an indentation too deep, a \":\" above without a blank behind it, or "
    "a value with a colon that needs quotes";
static const char stray_dash[] = "no \"- \" can stand here: a list begins on a line of its own, below its key";
static const char no_colon[] = "a key without \":\" behind it";
static const char star[] = "a value that begins with * needs quotes";
static const char ampersand[] = "a value that begins with & needs quotes";
static const char use_spaces[] = "this is a tab: indent with spaces";
static const char strange_begin[] = "a value that begins with this character needs quotes";
static const char open_quote[] = "the quote that opens here is never closed";
static const char open_list[] = "\"]\" or a comma is missing before this: \"[\" stands in line";
static const char open_map[] = "\"}\" or a comma is missing before this: \"{\" stands in line";

static const char no_name[] = "did not find expected alphabetic or numeric character";

static const struct known all[] = {
    {"did not find expected '-' indicator",                    NULL,                             indentation_of_list, true,  false},
    {"did not find expected key",                              NULL,                             indentation_of_keys, true,  false},
    {"mapping values are not allowed in this context",         NULL,                             stray_colon,         false, false},
    {"block sequence entries are not allowed in this context", NULL,                             stray_dash,          false, false},
    {"could not find expected ':'",                            NULL,                             no_colon,            false, true },
    {no_name,                                                  "while scanning an alias",        star,                false, true },
    {no_name,                                                  "while scanning an anchor",       ampersand,           false, true },
    {"found a tab character that violates indentation",        NULL,                             use_spaces,          false, false},
    {"found character that cannot start any token",            NULL,                             strange_begin,       false, false},
    {"found unexpected end of stream",                         "while scanning a quoted scalar", open_quote,          false, true },
    {"did not find expected ',' or ']'",                       NULL,                             open_list,           true,  false},
    {"did not find expected ',' or '}'",                       NULL,                             open_map,            true,  false},
};

static const struct known *look_up(const struct yaml_trouble *t)
{
    for (size_t i = 0; t->problem != NULL && i < sizeof all / sizeof all[0]; i++) {
        if (!slice_is(slice_of(all[i].problem), slice_of(t->problem))) continue;
        if (all[i].context == NULL) return &all[i];
        if (t->context != NULL && slice_is(slice_of(all[i].context), slice_of(t->context))) return &all[i];
    }
    return NULL;
}

struct slice yaml_trouble_told(struct arena *a, const struct yaml_trouble *t, bool *ret_where_it_began)
{
    const struct known *k = look_up(t);
    *ret_where_it_began = k != NULL && k->where_it_began;
    if (t->at_tab && !*ret_where_it_began) return slice_of(use_spaces);
    if (k == NULL)
        return arena_print(a, "%s%s%s", t->problem != NULL ? t->problem : "cannot be read",
                           t->context != NULL ? " " : "", t->context != NULL ? t->context : "");
    return k->names_line ? arena_print(a, "%s %d", k->sentence, t->began_line) : slice_of(k->sentence);
}
