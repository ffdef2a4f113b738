/* fuzz_asked.c -- lines of any bytes as what a front proxy says is asked for: refused, or one method, one host, one path with one reading. */
#include "fuzz.h"
#include "http/screen.h"
#include "proxy/asked.h"
#include "route/path.h"

static void check(const struct exchange *x, enum asked_how how)
{
    struct asked asked;
    if (asked_read(x, how, LIT("/_vestibule/auth/envoy"), true, &asked) != NULL) return;
    struct slice again;
    must(asked.how == how && screen_method(asked.method) && screen_authority(asked.authority));
    must(screen_target(asked.target) && slice_starts(asked.target, asked.raw_path));
    must(slice_starts(asked.authority, asked.host) && asked.host.len != 0);
    must(path_canonical(x->arena, asked.path, &again) == NULL && slice_is(again, asked.path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(1024 * 1024);
    struct slice rest = fuzz_slice(data, size), target = {0};
    struct header headers[7] = {
        {LIT("x-original-method"),  {0}},
        {LIT("x-original-url"),     {0}},
        {LIT("x-forwarded-method"), {0}},
        {LIT("x-forwarded-proto"),  {0}},
        {LIT("x-forwarded-host"),   {0}},
        {LIT("x-forwarded-uri"),    {0}},
        {LIT("x-original-uri"),     {0}}
    };
    struct header there[7];
    struct exchange x = {.arena = a, .method = LIT("GET"), .authority = LIT("app.example"), .headers = there};
    slice_cut(&rest, '\n', &target);
    /* a line that is not there is a header that is not there */
    for (size_t i = 0; i < 7 && slice_cut(&rest, '\n', &headers[i].value); i++) {
        if (headers[i].value.len != 0) there[x.header_count++] = headers[i];
    }
    x.target = screen_target(target) ? target : LIT("/");
    x.path = slice_upto(x.target, slice_index(x.target, '?'));
    check(&x, ASKED_NGINX);
    check(&x, ASKED_FORWARD);
    check(&x, ASKED_EITHER);
    check(&x, ASKED_ENVOY);
    return 0;
}
