/* complaint.h -- everything that is wrong with files people write, gathered in one pass and told with its place.
 *
 *     /etc/vestibule/vestibule.yaml:14:5: error: unknown key "client_secert" in providers[0]
 *         14 |     client_secert: •••
 *            |     ^~~~~~~~~~~~~ did you mean "client_secret"?
 *     1 error, 0 warnings — not started
 *
 * A source line that holds a secret is shown without what stands behind the colon. Lives in the arena of the configuration; one thread.
 */
#ifndef TEXT_COMPLAINT_H
#define TEXT_COMPLAINT_H
#include "text/doc.h"

#include "base/buf.h"

enum complaint_level {
    COMPLAINT_ERROR,
    COMPLAINT_WARNING
};
enum complaint_place {
    COMPLAINT_KEY,  /* the name in its map */
    COMPLAINT_VALUE /* what stands behind the name; for a list or map its name all the same */
};

struct complaint {
    const struct doc *node;
    enum complaint_level level;
    const char *file; /* a file, "--set" or the name of an environment variable; NULL: nowhere in particular */
    int line, column; /* from 1; 0: the whole file */
    size_t width;     /* of what the caret underlines */
    struct slice sentence, hint; /* hint: the nearest known word, or empty */
    bool masked;                 /* the value on the line is not shown */
    size_t order;                /* of discovery */
};

struct complaint_file;
struct complaints {
    struct arena *arena;
    struct complaint *at;
    size_t count, room;
    int errors, warnings;
    struct complaint_file *files;
};

struct complaints *complaint_list(struct arena *a); /* gives an empty list */
/* Source lines are shown from text, which is lent for the arena's life. Files are told in this order. */
void complaint_add_file(struct complaints *c, const char *file, struct slice text);

/* node NULL: nowhere in particular. hint may be empty. Of several errors in one plain value the first is kept: the others follow from it. */
void complaint_at(struct complaints *c, enum complaint_level level, const struct doc *node, enum complaint_place place,
                  struct slice hint, const char *format, ...) PRINTF(6, 7);
/* "https://name:password@host" and its like: not to be repeated in a sentence. */
bool complaint_holds_password(struct slice text);
/* At a place that is no node (the YAML reader's words). */
void complaint_in(struct complaints *c, enum complaint_level level, const char *file, int line, int column,
                  struct slice sentence);

/* All of them, by file and line, then "2 errors, 1 warning" and `ending` when there are errors. Nothing at all when there are none. */
void complaint_write_text(struct complaints *c, struct buf *to, bool colour, struct slice ending);
/* {"errors":1,"warnings":0,"problems":[{"level":...,"file":...,"line":...,"column":...,"message":...,"hint":...}]} */
void complaint_write_json(struct complaints *c, struct buf *to);

#endif
