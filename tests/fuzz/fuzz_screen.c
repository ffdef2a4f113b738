/* fuzz_screen.c -- lines of any bytes, each judged as every part of a request; the list of headers after screening. */
#include "fuzz.h"
#include "http/screen.h"

enum {
    HEADERS = 64
};

static void judge(struct slice s)
{
    struct address address;
    if (screen_method(s)) must(s.len <= 20 && screen_name(s));
    if (screen_target(s)) must(s.at[0] == '/' && slice_index(s, ' ') == SLICE_NONE);
    if (screen_name_kept(s)) must(screen_name(s) && !screen_target(s));
    if (screen_value(s)) must(slice_index(s, '\r') == SLICE_NONE && slice_index(s, '\0') == SLICE_NONE);
    if (!screen_authority(s)) return;
    must(slice_index(s, '@') == SLICE_NONE && slice_index(s, '/') == SLICE_NONE);
    must(screen_value(s) && (s.at[0] != '[' || address_read(s, &address)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 32 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(4 << 20);
    struct slice rest = fuzz_slice(data, size), line;
    struct header list[HEADERS];
    size_t count = 0, cookies = 0, before = 0, after = 0;
    while (slice_cut(&rest, '\n', &line)) {
        judge(line);
        size_t colon = slice_index(line, ':');
        if (colon == SLICE_NONE || count == HEADERS) continue;
        list[count++] = (struct header){slice_upto(line, colon), slice_from(line, colon + 1)};
        before += slice_is(list[count - 1].name, LIT("cookie")) ? list[count - 1].value.len : 0;
    }
    size_t kept = screen_headers(a, list, count);
    must(kept <= count);
    for (size_t i = 0; i < kept; i++) {
        must(screen_name_kept(list[i].name) && !slice_is(list[i].name, LIT("content-length")));
        if (!slice_is(list[i].name, LIT("cookie"))) continue;
        cookies++;
        after = list[i].value.len;
    }
    must(cookies <= 1 && after >= before);
    return 0;
}
