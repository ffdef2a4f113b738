/* brands.c -- colours as they are given: `official` means the owner's own, also where ours would be easier to read. */
#include "page/brands.h"

#include "page/accent.h"

static bool is_class(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
    }
    return id.len != 0;
}

struct slice brands_class(struct arena *a, struct slice id)
{
    must(is_class(id));
    return arena_print(a, "brand-%.*s", SLICE_ARG(id));
}

const struct err *brands_sheet(struct arena *a, const struct page_brand *brands, size_t count, struct slice *ret_css)
{
    struct slice *rules = arena_array(a, struct slice, count);
    for (size_t i = 0; i < count; i++) {
        const struct page_brand *b = &brands[i];
        if (!accent_is_colour(b->fill) || !accent_is_colour(b->text))
            return err_new(a, PROBLEM_CONFIG,
                           "the colours of %.*s must be written as # and six hex digits, like #0a6b6b",
                           SLICE_ARG(b->id));
        struct slice name = brands_class(a, b->id);
        rules[i] = arena_print(a, ".%.*s,.%.*s:hover{background:%.*s;color:%.*s}\n", SLICE_ARG(name), SLICE_ARG(name),
                               SLICE_ARG(b->fill), SLICE_ARG(b->text));
    }
    *ret_css = arena_join(a, rules, count);
    return NULL;
}
