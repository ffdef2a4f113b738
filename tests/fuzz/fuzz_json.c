/* JSON: within the promised memory, every text valid and free of NUL. */
#include "fuzz.h"
#include "text/doc.h"
#include "text/utf8.h"

static void walk(const struct doc *d, int depth)
{
    must(depth <= 64);
    must(utf8_valid(d->text) && slice_index(d->text, '\0') == SLICE_NONE);
    for (const struct doc *c = d->first; c != NULL; c = c->next) {
        for (const struct doc *twin = c->next; d->type == DOC_MAP && twin != NULL; twin = twin->next) {
            must(!slice_is(c->key, twin->key));
        }
        walk(c, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) doc_init();
    ready = true;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct doc *root = NULL;
    size_t before = arena_used(a);
    const struct err *e = doc_json(a, PROBLEM_PROVIDER_BROKEN, fuzz_slice(data, size), &root);
    must(arena_used(a) - before <= (size_t)DOC_JSON_BYTES(size));
    must((e == NULL) == (root != NULL));
    if (root != NULL) walk(root, 1);
    return 0;
}
