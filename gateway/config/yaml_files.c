/* yaml_files.c -- one loop that reads, one that lists. */
#include "config/yaml_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

const char *yaml_files_read(struct arena *a, const char *path, size_t max_bytes, struct slice *ret_text)
{
    char *bytes = arena_bytes(a, max_bytes + 1);
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && len <= max_bytes) {
        n = read(fd, bytes + len, max_bytes + 1 - len);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            len += (size_t)n;
    }
    int why = errno;
    if (fd >= 0) close(fd);
    if (n < 0) return arena_print(a, "%s", strerror(why)).at;
    if (len > max_bytes) return arena_print(a, "it is larger than %zu KiB", max_bytes / 1024).at;
    *ret_text = (struct slice){bytes, len};
    return NULL;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

const char *yaml_files_in(struct arena *a, const char *path, const char **names, size_t *ret_count)
{
    DIR *folder = opendir(path);
    size_t count = 0;
    bool full = false;
    if (folder == NULL) return arena_print(a, "%s", strerror(errno)).at;
    for (struct dirent *e; !full && (e = readdir(folder)) != NULL;) {
        struct slice name = slice_of(e->d_name);
        if (!slice_ends(name, LIT(".yaml")) || name.at[0] == '.') continue;
        full = count == YAML_FILES_MAX;
        if (!full) names[count++] = arena_print(a, "%s/%s", path, e->d_name).at;
    }
    closedir(folder);
    if (full) return arena_print(a, "more than %d files", (int)YAML_FILES_MAX).at;
    qsort(names, count, sizeof names[0], by_name);
    *ret_count = count;
    return NULL;
}
