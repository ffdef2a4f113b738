/* descriptor_read.h -- provider files: finding them, laying them upon each other, compiling what comes out.
 *
 * A library holds the documents: the built-in files (read when first asked for) and those of the operator's folder, which are added to them
 * or stand in their place. Everything lives in the arena of the complaints; one thread; nothing blocks (who reads files hands in their
 * text). Every mistake is told with file, line and column; built-in files show their name in the tree, providers/ID.yaml.
 */
#ifndef PROVIDER_DESCRIPTOR_READ_H
#define PROVIDER_DESCRIPTOR_READ_H
#include "crypto/jose.h"
#include "provider/descriptor.h"
#include "text/complaint.h"

struct descriptor_library;
struct descriptor_library *descriptor_library_open(struct complaints *c);
/* A file of the operator's: FOLDER/ID.yaml. Strings are lent for the library's life. */
void descriptor_library_add(struct descriptor_library *l, const char *file, struct slice text);

struct descriptor_listed {
    struct slice id, origin; /* "built in", or the file */
    bool built_in, replaced; /* replaced: the operator's file stands in place of a built-in one */
};
/* All of them by id, in the arena. */
struct descriptor_listed *descriptor_library_list(struct descriptor_library *l, size_t *ret_count);
bool descriptor_library_has(const struct descriptor_library *l, struct slice id);
/* The nearest known id, or empty. */
struct slice descriptor_library_nearest(const struct descriptor_library *l, struct slice id);
/* The file's document laid upon what it extends, or NULL after complaints (at `place` when there is no such file). */
const struct doc *descriptor_library_find(struct descriptor_library *l, struct slice id, const struct doc *place);
struct slice descriptor_library_origin(const struct descriptor_library *l, struct slice id);

/* Lays `over` upon `under` as `extends` does; both stay as they are. Gives a tree whose parts know where each was written. */
const struct doc *descriptor_merge(struct arena *a, const struct doc *under, const struct doc *over);

struct descriptor_ask {
    struct complaints *complaints;
    struct descriptor_library *library;
    struct slice id;
    const struct doc *
        place; /* the provider's entry; NULL: the file alone is looked at, with made-up values for what operators give */
    const struct doc *overlay;   /* the operator's keys in this vocabulary, laid on top; NULL: none */
    const struct doc *variables; /* map name: value, or NULL */
    const struct doc *require;   /* map name: value or list, or NULL */
    struct text_list extra_scopes;
    bool tokens_kept;      /* the offline scope and parameters are asked for */
    struct slice provider; /* the entry's id, for sentences */
};
/* NULL after complaints. Lives in the arena of the complaints. *ret_document (may be NULL): the whole document that is in force. */
const struct descriptor *descriptor_read(const struct descriptor_ask *ask, const struct doc **ret_document);

#endif
