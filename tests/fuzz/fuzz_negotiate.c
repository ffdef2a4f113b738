/* fuzz_negotiate.c -- lines of any bytes as what a browser says of itself: who gets what, and in which language. */
#include "fuzz.h"
#include "page/languages.h"
#include "page/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice tags[] = {LIT_INIT("en"), LIT_INIT("de"), LIT_INIT("pt-BR"), LIT_INIT("zh-Hant")};
    if (size == 0 || size > 8 * 1024) return 0;
    struct slice rest = fuzz_slice(data + 1, size - 1);
    struct slice line[8] = {{0}};
    for (size_t i = 0; i < 8 && slice_cut(&rest, '\n', &line[i]); i++)
        continue;
    const struct asker who = {line[0], line[1], line[2], line[3], line[4], line[5], (data[0] & 1) != 0};
    enum wants wants = negotiate(&who);
    must(wants >= WANTS_BARE && wants <= WANTS_JSON && (!who.upgrade || wants == WANTS_BARE));
    must(wants != WANTS_NAVIGATION || slice_is(who.method, LIT("GET")) || slice_is(who.method, LIT("HEAD")));
    const struct language_wishes all = {line[6], line[7], line[1]}, header = {.accept_language = line[1]};
    must(languages_choose(tags, 4, &all) <= 4 && languages_choose(tags, 0, &all) == 0);
    must(languages_choose(tags, 4, &header) <= 4);
    return 0;
}
