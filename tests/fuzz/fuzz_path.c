/* Paths: what is accepted is stable, and decoding it once or twice finds no further separator and no dot segment. */
#include "fuzz.h"
#include "route/path.h"
#include "text/encode.h"

static size_t count(struct slice s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += s.at[i] == c;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct slice path, again, once, twice, segment;
    if (path_canonical(a, fuzz_slice(data, size), &path) != NULL) return 0;
    must(path_canonical(a, path, &again) == NULL && again.at == path.at && again.len == path.len);
    must(percent_decode(a, path, &once));
    if (!percent_decode(a, once, &twice)) twice = once;
    must(count(twice, '/') == count(path, '/') && count(twice, '\\') == 0 && count(twice, '\0') == 0);
    struct slice rest = slice_from(once, 1);
    while (slice_cut(&rest, '/', &segment)) {
        segment = slice_upto(segment, slice_index(segment, ';'));
        must(!slice_is(segment, LIT(".")) && !slice_is(segment, LIT("..")));
        must(segment.len != 0 || rest.at == NULL);
    }
    return 0;
}
