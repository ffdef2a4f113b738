/* setting.h -- the configuration as values: every key of every section, given or by default, checked against the key tables.
 *
 * setting_walk reads a merged document tree once and complains about everything that is wrong with single values; what belongs together is
 * judged by those who build from it. A value that was wrong is `bad` and holds its default (or nothing), so that building goes on and
 * finds the rest. All lives in the arena of the complaints.
 */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H
#include "config/keys.h"
#include "crypto/secret.h"
#include "text/complaint.h"

struct setting {
    const struct key *key;  /* of an item of a list: the list's key */
    const struct doc *node; /* where it was written; NULL: nobody wrote it */
    bool bad;
    struct slice name; /* of a member of a KEY_MAP */
    struct slice text; /* scalars, as text; KEY_FILE and KEY_PATH: resolved; KEY_LIST: empty */
    /* KEY_INTEGER, KEY_DURATION (ms), KEY_SIZE, KEY_SWITCH (0, 1), KEY_WORD and KEY_EITHER: index of the word, -1: none */
    int64_t number;
    struct secret secret;         /* KEY_SECRET */
    struct setting *first, *next; /* members of a section, items of a list */
    size_t count;
};

struct setting_folders {
    const char *credentials; /* $CREDENTIALS_DIRECTORY or NULL */
    const char *beside;      /* folder for paths that come from no file; NULL: the current one */
    bool secrets_may_lack;   /* see config_ask */
};

/* Gives the whole tree; root may be an empty map. */
struct setting *setting_walk(struct complaints *c, const struct doc *root, const struct key_table *table,
                             const struct setting_folders *folders);

/* "session.lifetime" below a section. A path that is in no table is a must. */
const struct setting *setting_at(const struct setting *section, const char *path);
/* Shorthands of setting_at: */
struct slice setting_text(const struct setting *section, const char *path);
int64_t setting_number(const struct setting *section, const char *path);
bool setting_on(const struct setting *section, const char *path);
const char *setting_path(const struct setting *section, const char *path); /* NULL when not given */
/* Items of a KEY_LIST as slices in arena a. */
struct slice *setting_texts(struct arena *a, const struct setting *section, const char *path, size_t *ret_count);
bool setting_given(const struct setting *section, const char *path);

/* The node to complain at: its own, else that of `section` (the closest thing that was written). */
const struct doc *setting_place(const struct setting *section, const char *path);

#endif
