/* doc.h -- one tree for every document we read: YAML configuration, JSON answers.
 *
 * Nodes live in the arena they were read into and know where they stood. The readers are strict: a duplicate key, a tag, an
 * anchor, an alias, a second document, a NUL, bad UTF-8, `yes`/`no`/octal-looking plain scalars, depth over 32, more than
 * 20,000 values are errors (YAML); duplicate members, trailing text, depth over 64 are errors (JSON).
 * YAML plain scalars: true/false, decimal integers, null; everything else is a string. Quoted scalars are strings.
 */
#ifndef TEXT_DOC_H
#define TEXT_DOC_H
#include "base/err.h"

enum doc_type {
    DOC_NULL,
    DOC_BOOL,
    DOC_INT,
    DOC_REAL,
    DOC_STRING,
    DOC_LIST,
    DOC_MAP
};

struct doc {
    enum doc_type type;
    int line, column; /* from 1; 0 for JSON members */
    const char *file; /* as given to the reader; NULL for JSON */
    struct slice key; /* this node's name in its map; at == NULL in a list and at the root */
    int key_line, key_column;
    bool boolean;
    int64_t integer;
    double real;
    struct slice text;        /* DOC_STRING: the value; in YAML also the source text of other scalars */
    bool plain;               /* YAML: not quoted */
    struct doc *first, *next; /* children of a list or map; the next sibling */
    size_t count;             /* children */
};

/* Once, before threads start and before the first doc_json: fixes the seed of jansson's hash tables, which is process-wide. */
void doc_init(void);

/* Every mistake of a YAML file that the reader can go past is reported to `report` (may be NULL), then an err (PROBLEM_CONFIG) says
 * how many there were and where the first stood; NULL and *ret_root on success. An empty file is an empty map. Limits: 1 MiB of
 * text, 100 mistakes. The arena needs up to 10 MiB for the largest allowed file. */
typedef void doc_report(void *self, const char *file, int line, int column, struct slice sentence);
const struct err *doc_yaml(struct arena *a, const char *file, struct slice text, doc_report *report, void *self,
                           struct doc **ret_root);
/* JSON (RFC 8259) by jansson with JSON_REJECT_DUPLICATES; any JSON value may be the root. problem is what an error means
 * for the caller; its text names line and column, never a value. Limits: the caller's own on the text, and DOC_JSON_VALUES values. The
 * arena needs at most DOC_JSON_BYTES(text.len). NUL in a string is refused. */
enum {
    DOC_JSON_VALUES = 10000
};
#define DOC_JSON_BYTES(text_len) \
    (2 * (text_len) + 256 * ((text_len) < DOC_JSON_VALUES ? (text_len) : DOC_JSON_VALUES) + 1024)
const struct err *doc_json(struct arena *a, enum problem problem, struct slice text, struct doc **ret_root);

const struct doc *doc_member(const struct doc *map, struct slice key); /* NULL if absent or not a map */
/* RFC 6901: "/address/country", "/groups/0". "" is the node itself. NULL if absent. */
const struct doc *doc_at(const struct doc *root, struct slice pointer);
struct slice doc_string(const struct doc *map, struct slice key); /* empty if absent or not a string */
bool doc_is_string(const struct doc *d);
/* Strings as they are, whole numbers to the last digit, true and false; empty for everything else and for NULL. */
struct slice doc_text(struct arena *a, const struct doc *d);
/* Integers, and reals with a whole value (a JWT's exp may be either); false otherwise. */
bool doc_whole(const struct doc *d, int64_t *ret_value);

#endif
