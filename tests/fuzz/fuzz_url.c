/* URLs: the text of what was read reads the same, and holds no byte that could end a header or a host. */
#include "fuzz.h"
#include "text/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct url u, again;
    if (url_read(a, fuzz_slice(data, size), &u) != NULL) return 0;
    struct slice text = url_text(a, &u);
    for (size_t i = 0; i < text.len; i++) {
        must(text.at[i] > 0x20 && text.at[i] < 0x7F && text.at[i] != '\\' && text.at[i] != '#');
    }
    must(slice_find(url_origin(a, &u), LIT("@")) == SLICE_NONE);
    must(url_read(a, text, &again) == NULL);
    must(slice_is(url_text(a, &again), text));
    return 0;
}
