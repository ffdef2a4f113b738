/* fuzz_texts.c -- any text as a language file: every text it gives compiles or is refused, and holds no markup of its own. */
#include "fuzz.h"
#include "page/texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct texts *english = NULL, *t = NULL;
    must(texts_read(a, a, LIT("en"), "en.txt", LIT("a = A {{v}}\nb = [x](u)\n"), NULL, &english) == NULL);
    struct slice file = fuzz_slice(data, size);
    (void)texts_read(a, a, LIT("de"), "de.txt", file, english, &t);
    t = NULL;
    const struct err *e = texts_read(a, a, LIT("en"), "fuzz.txt", file, NULL, &t);
    must((e == NULL) == (t != NULL) && (e == NULL || e->problem == PROBLEM_CONFIG));
    for (size_t i = 0; t != NULL && i < t->count; i++) {
        struct slice key = t->rows[i].key;
        struct mustache_source plain, rich;
        must(key.len == 0 || texts_find(t, key, NULL) != NULL);
        must(texts_source(a, t, key, true, &plain) && texts_source(a, t, key, false, &rich));
        must(rich.line == t->rows[i].line);
        const struct mustache *compiled = NULL;
        const struct mustache_names names = {0};
        e = mustache_compile(a, a, &rich, &names, true, &compiled);
        must((e == NULL) == (compiled != NULL));
    }
    return 0;
}
