/* files.h -- the files of templates/: built in, and single ones replaced or added by a folder of the operator's. Private to page/. */
#ifndef PAGE_FILES_H
#define PAGE_FILES_H
#include "base/err.h"

enum {
    FILES_MAX_BYTES = 256 * 1024, /* of one file: forty times our largest */
    FILES_MAX_NAMES = 256         /* marks, languages */
};

struct files {
    struct arena *arena; /* texts live here */
    const char *folder;  /* NULL: only what is built in */
};

/* `name` below templates/: "sign_in.html". *ret_path is what to call it in an error. Not there: NULL and an empty text at NULL. */
const struct err *files_read(const struct files *f, struct arena *errors, struct slice name, struct slice *ret_text,
                             const char **ret_path);
/* The bare names in a folder, "en" for "languages/en.txt", sorted, each once; at most FILES_MAX_NAMES. Names with other
 * characters than letters, digits, '-' and '_' are passed over. */
const struct err *files_list(const struct files *f, struct arena *errors, const char *below, const char *ending,
                             struct slice **ret_names, size_t *ret_count);

#endif
