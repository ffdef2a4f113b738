/* languages.c -- ui_locales, then the cookie, then Accept-Language by its weights. */
#include "page/languages.h"

enum {
    LANGUAGES_RANGES = 32
}; /* read of one header; browsers send at most ten */

static size_t lookup(const struct slice *tags, size_t count, struct slice range)
{
    while (range.len != 0) {
        for (size_t i = 0; i < count; i++) {
            if (slice_is_nocase(tags[i], range)) return i;
        }
        size_t len = range.len;
        while (len > 0 && range.at[len - 1] != '-')
            len--;
        range.len = len > 0 ? len - 1 : 0;
        /* a single letter left at the end begins an extension: it goes with it (RFC 4647 section 3.4) */
        if (range.len > 2 && range.at[range.len - 2] == '-') range.len -= 2;
    }
    return count;
}

/* "0.8" in thousandths; what is no weight counts as 0. */
static int weight_of(struct slice params)
{
    struct slice param = {0};
    while (slice_cut(&params, ';', &param)) {
        param = slice_trim(param);
        if (param.len < 3 || (param.at[0] != 'q' && param.at[0] != 'Q') || param.at[1] != '=') continue;
        if (param.at[2] == '1') return 1000;
        int weight = 0, place = 100;
        for (size_t i = 4; i < param.len && place > 0; i++, place /= 10) {
            if (param.at[i] < '0' || param.at[i] > '9') return 0;
            weight += (param.at[i] - '0') * place;
        }
        return weight;
    }
    return 1000;
}

static size_t choose_accepted(const struct slice *tags, size_t count, struct slice header)
{
    size_t best = count;
    int best_weight = 0;
    struct slice item = {0};
    for (int i = 0; i < LANGUAGES_RANGES && slice_cut(&header, ',', &item); i++) {
        struct slice range = {0};
        (void)slice_cut(&item, ';', &range);
        int weight = weight_of(item);
        if (weight <= best_weight) continue;
        size_t found = lookup(tags, count, slice_trim(range));
        if (found == count) continue;
        best = found;
        best_weight = weight;
    }
    return best;
}

static size_t choose_listed(const struct slice *tags, size_t count, struct slice list)
{
    struct slice range = {0};
    for (int i = 0; i < LANGUAGES_RANGES && slice_cut(&list, ' ', &range); i++) {
        size_t found = lookup(tags, count, range);
        if (found < count) return found;
    }
    return count;
}

size_t languages_choose(const struct slice *tags, size_t count, const struct language_wishes *wishes)
{
    size_t found = choose_listed(tags, count, wishes->ui_locales);
    if (found == count) found = lookup(tags, count, wishes->cookie);
    if (found == count) found = choose_accepted(tags, count, wishes->accept_language);
    return found;
}
