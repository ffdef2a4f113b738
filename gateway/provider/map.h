/* map.h -- from the documents a sign-in has gathered to one value: what a descriptor's profile.map, success, error_when and pick say. Pure.
 *
 *     /data/id                                pointer (RFC 6901) into the default document; "" is the document itself
 *     emails:/email                           pointer into the document of that name
 *     [/name, /login]                         the first that has a value (never for subject)
 *     { const: en }                           always this
 *     { present: /confirmed_email }           true when there is a value
 *     { bool: /xms_edov }                     true for true, "true", "1", 1; false for everything else
 *     { all_true: [/a, /b] }                  true when all are (as bool reads them)
 *     { join: [/first, /last], with: " " }    those that have a value, with a text between (a space when not given)
 *     { template: "https://x.example/{me:username}", when: /username }   a template; nothing when `when` has no value
 *     { strip_query: /icon_img }              a URL without its query and fragment
 *     { each: "orgs:", value: /login }        for lists: the value of every item, whose bare pointers look into the item
 *
 * The documents of a sign-in: `token` (the token answer), `id_token` (its verified claims), `claims` (id_token joined with what a request
 * with joins_claims answered), `callback` (callback.params), and each request under the name of its `as`. Names are resolved when
 * compiling; at run time a document that is absent (a request that was not required and failed) has no values.
 *
 * Text: strings as they are, whole numbers exactly (64 bit), true and false as these words; lists, maps, null and reals that are not whole are no
 * text. The empty string is no value.
 */
#ifndef PROVIDER_MAP_H
#define PROVIDER_MAP_H
#include "provider/template.h"

enum {
    DOCUMENT_TOKEN,
    DOCUMENT_ID_TOKEN,
    DOCUMENT_CLAIMS,
    DOCUMENT_CALLBACK,
    DOCUMENT_FIRST_REQUEST,
    DOCUMENTS_MAX = 24,
    DOCUMENT_ITEM = DOCUMENTS_MAX, /* inside each: the item */
    MAP_TEXTS_MAX = 512            /* of each; more are left out */
};
struct map_documents { /* by number; NULL: absent */
    const struct doc *at[DOCUMENTS_MAX];
};

enum map_kind {
    MAP_NONE, /* not given: never a value */
    MAP_POINTER,
    MAP_FIRST,    /* of `of` */
    MAP_CONST,    /* text */
    MAP_PRESENT,  /* of[0] */
    MAP_BOOL,     /* of[0] */
    MAP_ALL_TRUE, /* of */
    MAP_JOIN,     /* of, text between */
    MAP_TEMPLATE, /* template, when of[0] (of_count may be 0) */
    MAP_STRIP_QUERY,
    MAP_EACH /* document and text: the list; of[0]: the value of each */
};
struct map_value {
    enum map_kind kind;
    int document;
    struct slice text; /* MAP_POINTER, MAP_EACH: the pointer; MAP_CONST: the value; MAP_JOIN: what stands between */
    const struct map_value *of;
    size_t of_count;
    struct template template;
};

/* v is for templates (its `me` grows while a profile is mapped); may be NULL when no template can occur. Empty: no value. */
struct slice map_text(struct arena *a, const struct map_value *m, const struct map_documents *docs,
                      const struct template_values *v);
/* bool, present and all_true as they say; any other value is read as bool reads it. */
bool map_true(struct arena *a, const struct map_value *m, const struct map_documents *docs,
              const struct template_values *v);
/* A list's texts, or the one text, or none. The array lives in a. */
struct slice *map_texts(struct arena *a, const struct map_value *m, const struct map_documents *docs,
                        const struct template_values *v, size_t *ret_count);
/* The node a pointer (or the first pointer of a list that has one) leads to; NULL for every other kind and when absent. */
const struct doc *map_node(struct arena *a, const struct map_value *m, const struct map_documents *docs);
/* The number of the document the value would come from (MAP_POINTER, or the alternative of MAP_FIRST that has a value); -1: none.
 * For "the word about an address must come from where the address came from". */
int map_source(struct arena *a, const struct map_value *m, const struct map_documents *docs);

/* ---- predicates: { pointer: /error/code, equals: ok }, { pointer: /errcode, not_in: [null, 0] }, { pointer: /id, present: true } ---- */

struct predicate {
    bool given;
    struct slice pointer;
    bool negated;  /* not_in */
    bool presence; /* the value is there and not null (present: false is its negation) */
    const struct doc
        *values; /* first of a chain by next; null stands for absent, too. Types must agree: "1" is not 1 */
};
/* root may be NULL (nothing is there). Only for a predicate that is given. */
bool predicate_holds(const struct predicate *p, const struct doc *root);

/* ---- pick: { from: /values, where: { /is_primary: true }, fallback: first } ---- */

struct pick_where {
    struct slice pointer;
    const struct doc *value;
};
struct pick {
    bool given;
    struct slice from; /* pointer to the list in the answer */
    const struct pick_where *where;
    size_t where_count;
    bool else_first; /* no item fits: the first one */
};
/* The item that fits, which then is the request's document; NULL: none. */
const struct doc *pick_item(const struct pick *p, const struct doc *answer);

#endif
