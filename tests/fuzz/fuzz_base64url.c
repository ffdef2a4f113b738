/* base64url: one spelling per value, so what decodes encodes back to the same text. */
#include "fuzz.h"
#include "text/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    struct slice s = fuzz_slice(data, size), bytes;
    if (base64url_decode(a, s, &bytes)) must(slice_is(base64url_encode(a, bytes), s));
    if (base64_decode(a, s, &bytes)) must(slice_is(base64_encode(a, bytes), s));
    must(base64url_decode(a, base64url_encode(a, s), &bytes) && slice_is(bytes, s));
    if (percent_decode(a, s, &bytes)) must(bytes.len <= s.len);
    return 0;
}
