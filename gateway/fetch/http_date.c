/* http_date.c -- fixed columns, then days counted from 1970 (the civil calendar shifted to begin in March). */
#include "fetch/http_date.h"

enum {
    DATE_LEN = 29
};

static bool digits(struct slice text, size_t at, size_t len, int64_t *ret_number)
{
    uint64_t number;
    if (!slice_number(slice_upto(slice_from(text, at), len), &number)) return false;
    *ret_number = (int64_t)number;
    return true;
}

static int month_of(struct slice name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (slice_is(name, (struct slice){months + 3 * i, 3})) return i + 1;
    return 0;
}

static int64_t days_since_1970(int64_t year, int month, int64_t day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = shifted / 400, year_of_era = shifted % 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

bool http_date_read(struct slice text, int64_t *ret_s)
{
    int64_t day, year, hour, minute, second;
    if (text.len != DATE_LEN || !slice_ends(text, LIT(" GMT"))) return false;
    int month = month_of(slice_upto(slice_from(text, 8), 3));
    if (month == 0 || !digits(text, 5, 2, &day) || !digits(text, 12, 4, &year)) return false;
    if (!digits(text, 17, 2, &hour) || !digits(text, 20, 2, &minute) || !digits(text, 23, 2, &second)) return false;
    if (day < 1 || day > 31 || year < 1970 || hour > 23 || minute > 59 || second > 60) return false;
    *ret_s = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}
