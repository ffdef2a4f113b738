/* Cookie headers: what is stripped is gone, what is found was there once. */
#include "fuzz.h"
#include "text/cookie.h"

static bool is_ours(void *self, struct slice name)
{
    (void)self;
    return slice_is(name, LIT("sid"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice header = fuzz_slice(data, size), rest = header, value;
    struct cookie c;
    size_t ours = 0, others = 0, left = 0;
    while (cookie_next(&rest, &c)) {
        must(c.name.len != 0);
        ours += slice_is(c.name, LIT("sid"));
        others += !slice_is(c.name, LIT("sid"));
    }
    must(cookie_find(header, LIT("sid"), &value) == (ours == 1));
    AUTO(buf_close) struct buf stripped = buf_open(2 * size + 2);
    cookie_strip(&stripped, header, is_ours, NULL);
    must(!stripped.full);
    rest = buf_slice(&stripped);
    while (cookie_next(&rest, &c)) {
        must(!slice_is(c.name, LIT("sid")));
        left++;
    }
    must(left == others);
    return 0;
}
