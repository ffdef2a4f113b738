/* build_library.c -- provider files: the built-in ones, and those of the operator's folder. */
#include "config/build_provider.h"
#include "config/yaml_files.h"

enum {
    PROVIDER_FILE_MAX = 64 * 1024 /* the largest built-in one has six */
};

struct descriptor_library *build_library(struct build *b)
{
    const struct setting *folder = setting_at(b->root, "provider_folder");
    struct descriptor_library *l = descriptor_library_open(b->c);
    const char *names[YAML_FILES_MAX];
    size_t count = 0;
    if (folder->node == NULL || folder->bad || folder->text.len == 0) return l;
    const char *why = yaml_files_in(b->a, folder->text.at, names, &count);
    if (why != NULL) BUILD_ERROR(b, b->root, "provider_folder", "%s cannot be read: %s", folder->text.at, why);
    for (size_t i = 0; i < count; i++) {
        struct slice text;
        why = yaml_files_read(b->a, names[i], PROVIDER_FILE_MAX, &text);
        if (why == NULL)
            descriptor_library_add(l, names[i], text);
        else
            complaint_in(b->c, COMPLAINT_ERROR, names[i], 0, 0, arena_print(b->a, "cannot read it: %s", why));
    }
    struct descriptor_listed *all = descriptor_library_list(l, &count);
    for (size_t i = 0; i < count; i++) {
        struct descriptor_ask ask = {.complaints = b->c, .library = l, .id = all[i].id};
        if (!all[i].built_in) descriptor_read(&ask, NULL);
    }
    return l;
}
