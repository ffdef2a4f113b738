/* descriptor_kit.h -- a provider's descriptor for tests: a built-in file with some keys of one's own laid on top, as an operator would. */
#ifndef TESTS_PROVIDER_DESCRIPTOR_KIT_H
#define TESTS_PROVIDER_DESCRIPTOR_KIT_H
#include <stdio.h>
#include <stdlib.h>

#include "provider/descriptor_read.h"

/* overlay and variables: YAML in the vocabulary of provider files, or NULL. A copy that the test may change. */
static inline struct descriptor *kit_descriptor_with(struct arena *a, const char *id, const char *overlay,
                                                     const char *variables, const char *require)
{
    static const char *const empty = "{}";
    struct complaints *c = complaint_list(a);
    struct doc *over = NULL, *vars = NULL, *checks = NULL;
    must(doc_yaml(a, "overlay", slice_of(overlay != NULL ? overlay : empty), NULL, NULL, &over) == NULL);
    must(doc_yaml(a, "variables", slice_of(variables != NULL ? variables : empty), NULL, NULL, &vars) == NULL);
    must(doc_yaml(a, "require", slice_of(require != NULL ? require : empty), NULL, NULL, &checks) == NULL);
    const struct descriptor_ask ask = {.complaints = c,
                                       .library = descriptor_library_open(c),
                                       .id = slice_of(id),
                                       .place = over,
                                       .overlay = over,
                                       .variables = vars,
                                       .require = checks,
                                       .provider = slice_of(id)};
    const struct descriptor *d = descriptor_read(&ask, NULL);
    if (d == NULL) {
        struct buf told = buf_open(1 << 20);
        complaint_write_text(c, &told, false, LIT(""));
        (void)fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&told)));
        abort();
    }
    struct descriptor *copy = arena_new(a, struct descriptor);
    *copy = *d;
    return copy;
}

static inline struct descriptor *kit_descriptor(struct arena *a, const char *id, const char *overlay)
{
    return kit_descriptor_with(a, id, overlay, NULL, NULL);
}

/* Without a place of an entry in a file: the overlay says an issuer, as every OpenID Connect provider needs one. */
static inline struct descriptor *kit_oidc(struct arena *a)
{
    return kit_descriptor(a, "oidc", "issuer: https://op.example");
}

#endif
