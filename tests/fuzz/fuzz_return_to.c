/* Return addresses: the answer is a rooted path or a listed origin, in RFC 3986 characters, and is accepted again as it is. */
#include "fuzz.h"
#include "route/return_to.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice origins[] = {LIT_INIT("https://api.example.com:8443"),
                                           LIT_INIT("https://*.below.example.com")};
    static const struct return_rules rules = {LIT_INIT("https://app.example.com"), origins, 2, LIT_INIT("/_vestibule")};
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    bool refused = true;
    struct slice to = return_to(a, &rules, fuzz_slice(data, size), &refused);
    bool rooted = slice_starts(to, LIT("/")) && !slice_starts(to, LIT("//"));
    struct slice origin = slice_upto(to, 8 + slice_index(slice_from(to, 8), '/'));
    bool below = slice_starts(origin, LIT("https://")) && slice_ends(origin, LIT(".below.example.com"));
    must(rooted || slice_starts(to, LIT("https://app.example.com/")) ||
         slice_starts(to, LIT("https://api.example.com:8443/")) || below);
    must(!refused || slice_is(to, LIT("/")));
    for (size_t i = 0; i < to.len; i++) {
        must(to.at[i] > 0x20 && to.at[i] < 0x7F);
        must(slice_index(LIT("\"<>\\^`{|}[]"), to.at[i]) == SLICE_NONE);
    }
    must(slice_is(return_to(a, &rules, to, &refused), to) && !refused);
    return 0;
}
