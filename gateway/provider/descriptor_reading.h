/* descriptor_reading.h -- what the files that compile a descriptor share: the document being read, and one getter per kind of value.
 *
 * Getters complain and give the default, so that one pass finds everything. Own files of the descriptor reader only.
 *
 * Order of a reading: everything that templates refer to by name (callback parameters, stored values, documents, attributes, variables, endpoints),
 * then the sections.
 */
#ifndef PROVIDER_DESCRIPTOR_READING_H
#define PROVIDER_DESCRIPTOR_READING_H
#include "provider/descriptor_read.h"

enum {
    READING_NAMES_MAX = 64 /* variables, endpoints, callback parameters, stored values, attributes: of each */
};
struct reading_names { /* name -> what it stands for (may be NULL) */
    struct slice at[READING_NAMES_MAX];
    const struct doc *node[READING_NAMES_MAX];
    struct slice text[READING_NAMES_MAX];
    size_t count;
};

struct reading {
    const struct descriptor_ask *ask;
    struct complaints *c;
    struct arena *a;
    struct descriptor *d;
    const struct doc *file; /* with what it extends */
    const struct doc *root; /* with the operator's keys, too */
    struct reading_names variables, endpoints, callback, stored, me;
    bool accepts_item; /* inside `each`: bare pointers are the item's */
    size_t errors;
};

/* ---- complaints ---- */

/* An error at node (NULL: at the provider's entry). The same at the same place is told once, however many providers use the file. */
void reading_error(struct reading *r, const struct doc *node, enum complaint_place place, struct slice hint,
                   const char *format, ...) PRINTF(5, 6);
#define READING_ERROR(r, node, ...) reading_error((r), (node), COMPLAINT_VALUE, LIT(""), __VA_ARGS__)
/* False after a complaint: node is no map, or has a key that is not one of `words` ("as url method"). where: "token.response". */
bool reading_section(struct reading *r, const struct doc *node, const char *where, const char *words);
/* A part of the document by its name, judged so; NULL when absent, and after a complaint that leaves nothing to read. */
const struct doc *reading_part(struct reading *r, const char *name, const char *words);
/* Names people choose: a-z 0-9 _ -, at most 40. */
bool reading_name(struct reading *r, const struct doc *node);
bool reading_add(struct reading *r, struct reading_names *to, const struct doc *node, struct slice text);
/* Index or -1. */
int reading_find(const struct reading_names *names, struct slice name);

/* ---- values: `map` may be NULL, then everything is its default ---- */

const struct doc *reading_member(const struct doc *map, const char *name); /* NULL when absent or null */
bool reading_is_scalar(const struct doc *node);
struct slice reading_text(struct reading *r, const struct doc *map, const char *name);
bool reading_switch(struct reading *r, const struct doc *map, const char *name, bool usual);
int64_t reading_number(struct reading *r, const struct doc *map, const char *name, int64_t least, int64_t most,
                       int64_t usual);
/* Index of the word in "a b c". */
int reading_word(struct reading *r, const struct doc *map, const char *name, const char *words, int usual);
int reading_word_at(struct reading *r, const struct doc *node, const char *words, int usual);
/* A list of plain values, or one. */
struct text_list reading_texts(struct reading *r, const struct doc *map, const char *name);
bool reading_pointer_at(struct reading *r, const struct doc *node);
/* usual: a pointer, or NULL. */
struct pointers reading_pointers(struct reading *r, const struct doc *map, const char *name, const char *usual);

/* ---- templates (template_read.c) ---- */

enum { /* what a place knows beside variables and endpoints: TEMPLATE_BIT of names, and these */
    KNOWS_TOKEN = 1 << 20,
    KNOWS_CALLBACK = 1 << 21,
    KNOWS_STORED = 1 << 22,
    KNOWS_CLAIM = 1 << 23,
    KNOWS_ME = 1 << 24,
    KNOWS_SUBJECT = 1 << 25, /* {me:subject} alone */
    KNOWS_DOCUMENTS = 1 << 26,
    READING_AUTHORIZE_KNOWS = 1 << TEMPLATE_CLIENT_ID | 1 << TEMPLATE_REDIRECT_URI | 1 << TEMPLATE_STATE |
                              1 << TEMPLATE_RANDOM | 1 << TEMPLATE_PRODUCT,
    KNOWS_IS_URL = 1 << 27 /* the whole is a URL: begins with scheme and host */
};
struct template reading_template_at(struct reading *r, const struct doc *node, unsigned knows);
struct template reading_template(struct reading *r, const struct doc *map, const char *name, unsigned knows,
                                 const char *usual);
struct declared_params reading_params(struct reading *r, const struct doc *map, const char *name, unsigned knows,
                                      bool headers);
/* A pair more at the end. */
void reading_params_add(struct reading *r, struct declared_params *to, struct slice name, struct template value);

/* ---- map values (map_read.c) ---- */

struct map_value reading_value_at(struct reading *r, const struct doc *node);
struct map_value reading_value(struct reading *r, const struct doc *map, const char *name);
struct predicate reading_predicate(struct reading *r, const struct doc *map, const char *name);
struct pick reading_pick(struct reading *r, const struct doc *map);
int reading_document(const struct reading *r, struct slice name); /* -1: none of that name */

/* ---- requests (descriptor_request.c) ---- */

struct declared_request reading_request(struct reading *r, const struct doc *node, const char *where, unsigned knows,
                                        enum request_auth auth);
/* Gives a number to each document: profile.requests and require. */
void reading_documents(struct reading *r);
void reading_profile_requests(struct reading *r);
void reading_require(struct reading *r);
void reading_refresh(struct reading *r);
void reading_revoke(struct reading *r);
void reading_lifecycle(struct reading *r);
void reading_api(struct reading *r);

/* ---- the sections ---- */

void reading_authorize(struct reading *r); /* descriptor_authorize.c; after reading_token and reading_require */
void reading_callback(struct reading *r);
void reading_logout(struct reading *r);
void reading_token(struct reading *r); /* descriptor_token.c */
void reading_id_token(struct reading *r);
void reading_profile(struct reading *r); /* descriptor_profile.c */
void reading_brand(struct reading *r);

/* ---- the head (descriptor_head.c) ---- */

void reading_variables(struct reading *r);
void reading_endpoints(struct reading *r);
/* A URL that is whole: https, or http on this machine. */
bool reading_url(struct reading *r, const struct doc *node, struct slice text, const char *what);

#endif
