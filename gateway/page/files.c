/* files.c -- looks into the operator's folder first, then into the binary. Runs when a configuration is loaded, never on a request. */
#include "page/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "page/builtin.h"

static const struct builtin_file *builtin_find(struct slice name)
{
    for (size_t i = 0; i < builtin_templates_count; i++) {
        if (slice_is(slice_of(builtin_templates[i].name), name)) return &builtin_templates[i];
    }
    return NULL;
}

static const struct err *read_all(const struct files *f, struct arena *errors, const char *path, FILE *from,
                                  struct slice *ret_text)
{
    char *bytes = must_alloc(FILES_MAX_BYTES + 1);
    size_t len = fread(bytes, 1, FILES_MAX_BYTES + 1, from);
    bool failed = ferror(from) != 0;
    struct slice text = len <= FILES_MAX_BYTES ? arena_copy(f->arena, (struct slice){bytes, len}) : (struct slice){0};
    free(bytes);
    if (failed) return err_new(errors, PROBLEM_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
    if (len > FILES_MAX_BYTES) return err_new(errors, PROBLEM_CONFIG, "%s: is larger than 256 KiB", path);
    *ret_text = text;
    return NULL;
}

/* Not there is no error: the built-in one serves. */
static const struct err *read_own(const struct files *f, struct arena *errors, struct slice name,
                                  struct slice *ret_text, const char **ret_path)
{
    const char *path = arena_print(f->arena, "%s/%.*s", f->folder, SLICE_ARG(name)).at;
    FILE *from = fopen(path, "re");
    if (from == NULL && (errno == ENOENT || errno == ENOTDIR)) return NULL;
    if (from == NULL) return err_new(errors, PROBLEM_CONFIG, "%s: cannot be opened: %s", path, strerror(errno));
    const struct err *e = read_all(f, errors, path, from, ret_text);
    (void)fclose(from);
    if (e == NULL) *ret_path = path;
    return e;
}

const struct err *files_read(const struct files *f, struct arena *errors, struct slice name, struct slice *ret_text,
                             const char **ret_path)
{
    struct slice text = {0};
    const char *path = NULL;
    const struct err *e = f->folder != NULL ? read_own(f, errors, name, &text, &path) : NULL;
    if (e != NULL) return e;
    const struct builtin_file *b = path == NULL ? builtin_find(name) : NULL;
    if (b != NULL) {
        text = (struct slice){(const char *)b->bytes, b->len};
        path = arena_print(f->arena, "templates/%.*s", SLICE_ARG(name)).at;
    }
    *ret_text = path != NULL ? text : (struct slice){0};
    *ret_path = path;
    return NULL;
}

/* ---- lists ---- */

struct list {
    const struct files *files;
    struct slice below, ending;
    struct slice *names;
    size_t count;
};

static void list_add(struct list *l, struct slice file)
{
    if (!slice_ends(file, l->ending) || l->count == FILES_MAX_NAMES) return;
    struct slice name = slice_upto(file, file.len - l->ending.len);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!good) return;
    }
    for (size_t i = 0; i < l->count; i++) {
        if (slice_is(l->names[i], name)) return;
    }
    if (name.len != 0) l->names[l->count++] = arena_copy(l->files->arena, name);
}

static const struct err *list_own(struct list *l, struct arena *errors)
{
    const char *path = arena_print(l->files->arena, "%s/%.*s", l->files->folder, SLICE_ARG(l->below)).at;
    DIR *folder = opendir(path);
    if (folder == NULL && errno == ENOENT) return NULL;
    if (folder == NULL) return err_new(errors, PROBLEM_CONFIG, "%s: cannot be opened: %s", path, strerror(errno));
    for (const struct dirent *d = readdir(folder); d != NULL; d = readdir(folder))
        list_add(l, slice_of(d->d_name));
    (void)closedir(folder);
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

const struct err *files_list(const struct files *f, struct arena *errors, const char *below, const char *ending,
                             struct slice **ret_names, size_t *ret_count)
{
    struct list l = {.files = f, .below = slice_of(below), .ending = slice_of(ending)};
    l.names = arena_array(f->arena, struct slice, FILES_MAX_NAMES);
    for (size_t i = 0; i < builtin_templates_count; i++) {
        struct slice name = slice_of(builtin_templates[i].name);
        if (slice_starts(name, l.below)) list_add(&l, slice_from(name, l.below.len));
    }
    const struct err *e = f->folder != NULL ? list_own(&l, errors) : NULL;
    if (e != NULL) return e;
    qsort(l.names, l.count, sizeof l.names[0], by_name);
    *ret_names = l.names;
    *ret_count = l.count;
    return NULL;
}
