/* YAML: a tree or a counted set of mistakes, each with a place; never both. */
#include "fuzz.h"
#include "text/doc.h"

static void report(void *self, const char *file, int line, int column, struct slice sentence)
{
    must(file != NULL && line > 0 && column > 0 && sentence.len != 0);
    ++*(size_t *)self;
}

static size_t walk(const struct doc *d, int depth)
{
    size_t count = 1, children = 0;
    must(depth <= 33);
    for (const struct doc *c = d->first; c != NULL; c = c->next) {
        must(d->type == DOC_MAP ? c->key.len != 0 : c->key.at == NULL);
        count += walk(c, depth + 1);
        children++;
    }
    must(children == d->count);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct doc *root = NULL;
    size_t mistakes = 0;
    const struct err *e = doc_yaml(a, "fuzz.yaml", fuzz_slice(data, size), report, &mistakes, &root);
    must((e == NULL) == (mistakes == 0) && (e == NULL) == (root != NULL));
    if (root != NULL) must(walk(root, 1) <= 20001);
    return 0;
}
