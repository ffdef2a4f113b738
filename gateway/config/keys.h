/* keys.h -- every configuration key there is: one table per section, read by the walker, the printer, the environment and the manual.
 *
 * A row says how the value is written (type, limits, words), what it is when nobody writes it (fallback) and what it means to the person
 * who writes it. Nothing else in the program knows a key that is not here.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type {
    KEY_TEXT,
    KEY_URL,    /* http or https, read by text/url.h */
    KEY_WORD,   /* one of `words` */
    KEY_SWITCH, /* true, false */
    KEY_INTEGER,
    KEY_DURATION, /* milliseconds */
    KEY_SIZE,     /* bytes */
    KEY_HEADER,   /* a header's name */
    KEY_ID,       /* a-z 0-9 - */
    KEY_FILE,     /* must be there and readable; relative: $CREDENTIALS_DIRECTORY, then beside the file that names it */
    KEY_PATH,     /* a file or folder we may make; relative: beside the file that names it */
    KEY_SECRET,   /* has a twin NAME_file */
    KEY_LIST,     /* of scalars of type `of` */
    KEY_MAP,      /* free names, scalar values; with `of` KEY_LIST also lists of them */
    KEY_SECTION,  /* the keys of `inside` */
    KEY_EITHER,   /* one of `words`, or the keys of `inside` */
    KEY_ITEMS     /* a list of sections; a plain scalar stands for one item with only `scalar` */
};

enum key_rank { /* how often people need it: decides what the examples show */
    KEY_RARE,
    KEY_COMMON, /* in the short example, behind '#' */
    KEY_SHOWN   /* written out in both; required keys are, too */
};

struct key;
struct key_table {
    const struct key *at;
    size_t count;
};
struct key {
    const char *name;
    enum key_type type;
    enum key_type of;     /* of the items of a KEY_LIST */
    const char *fallback; /* as it would be written; NULL: none */
    const char *words;    /* "basic post none" */
    int64_t least, most;  /* of numbers, in the unit of the type; both 0: no limits but zero */
    bool required;
    bool has_id; /* KEY_ITEMS: merged by id, reachable from the environment by id */
    enum key_rank rank;
    const char *scalar; /* KEY_ITEMS */
    const struct key_table *inside;
    const char *like; /* where the keys of `inside` are told already; the example and the manual do not repeat them */
    const char *example; /* for the reference, when the fallback would not say enough */
    const char *meaning; /* one or two sentences, for people */
};

const struct key_table *keys_root(void);
/* NULL if there is none. */
const struct key *keys_find(const struct key_table *in, const char *name, size_t len);
const char *keys_type_words(enum key_type type); /* "a duration such as 7d, 12h, 30s or 500ms" */

#endif
