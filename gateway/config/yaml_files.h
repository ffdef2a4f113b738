/* yaml_files.h -- files people write, read whole; folders of them, by name. Blocking: for the main thread. */
#ifndef CONFIG_YAML_FILES_H
#define CONFIG_YAML_FILES_H
#include "base/arena.h"

enum {
    YAML_FILES_MAX = 256 /* in one folder */
};

/* NULL and *ret_text, or why not, in words; never waits for a pipe. The text lives in a. */
const char *yaml_files_read(struct arena *a, const char *path, size_t max_bytes, struct slice *ret_text);
/* Paths of FOLDER/NAME.yaml, sorted, hidden ones left out; NULL, or why not. names has room for YAML_FILES_MAX. */
const char *yaml_files_in(struct arena *a, const char *folder, const char **names, size_t *ret_count);

#endif
