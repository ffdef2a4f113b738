/* What an issuer says of a token: whatever stands there, nobody is made of it without active: true and a subject. */
#include "fuzz.h"
#include "provider/bearer.h"

#define AT(place) {.kind = MAP_POINTER, .document = DOCUMENT_CLAIMS, .text = LIT_INIT(place)}

static const struct descriptor descriptor = {
    .profile = {.source = DOCUMENT_CLAIMS, .subject = AT("/sub"), .email = AT("/email"), .groups = AT("/groups")}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    static const struct slice audiences[] = {LIT_INIT("api")}, keep[] = {LIT_INIT("scope"), LIT_INIT("/x/y")};
    struct provider p = {.id = LIT("x"), .issuer = LIT("https://x.test"), .clock_skew_s = 60, .descriptor = &descriptor};
    p.audiences = (struct slice *)(uintptr_t)audiences;
    p.audience_count = 1;
    p.keep = (struct slice *)(uintptr_t)keep;
    p.keep_count = 2;
    const struct bearer_issuer by = {.provider = &p, .introspection_url = LIT("https://x.test/i"), .cache_s = 60};
    struct bearer_told told;
    struct slice text = fuzz_slice(data, size);
    if (size > 64 * 1024) return 0;
    (void)bearer_issuer_of(text, &by, 1);
    (void)bearer_is_symmetric(text);
    if (bearer_judge_introspection(a, &by, text, 1700000000, &told) != NULL) return 0;
    must(told.identity.subject.len != 0 && told.expires_s + 60 > 1700000000);
    must(slice_find(text, LIT("active")) != SLICE_NONE || slice_index(text, '\\') != SLICE_NONE);
    return 0;
}
