/* value.c -- see value.h. */
#include "config/value.h"

struct unit {
    struct slice name;
    int64_t factor;
};

static const struct unit durations[] = {{LIT_INIT("ms"), 1},
                                        {LIT_INIT("s"), 1000},
                                        {LIT_INIT("m"), 60 * 1000},
                                        {LIT_INIT("h"), 3600 * 1000},
                                        {LIT_INIT("d"), 24 * 3600 * 1000}};
static const struct unit sizes[] = {{LIT_INIT("k"), 1024},      {LIT_INIT("KiB"), 1024},  {LIT_INIT("m"), 1 << 20},
                                    {LIT_INIT("MiB"), 1 << 20}, {LIT_INIT("g"), 1 << 30}, {LIT_INIT("GiB"), 1 << 30},
                                    {LIT_INIT("K"), 1024},      {LIT_INIT("M"), 1 << 20}, {LIT_INIT("G"), 1 << 30}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One "12h" from the head of *s. */
static bool take_part(struct slice *s, const struct unit *units, size_t count, int64_t *ret_value)
{
    size_t digits = 0, letters;
    uint64_t number;
    while (digits < s->len && is_digit(s->at[digits])) {
        digits++;
    }
    if (digits > 15 || !slice_number(slice_upto(*s, digits), &number)) return false;
    *s = slice_from(*s, digits);
    for (letters = 0; letters < s->len && !is_digit(s->at[letters]);) {
        letters++;
    }
    struct slice name = slice_upto(*s, letters);
    for (size_t i = 0; i < count; i++) {
        if (!slice_is(name, units[i].name)) continue;
        if (number > (uint64_t)(INT64_MAX / 4 / units[i].factor)) return false;
        *ret_value = (int64_t)number * units[i].factor;
        *s = slice_from(*s, letters);
        return true;
    }
    return false;
}

bool value_duration(struct slice s, int64_t *ret_ms)
{
    int64_t sum = 0, part;
    if (slice_is(s, LIT("0"))) {
        *ret_ms = 0;
        return true;
    }
    if (s.len == 0 || s.len > 40) return false;
    while (s.len > 0) {
        if (!take_part(&s, durations, sizeof durations / sizeof durations[0], &part)) return false;
        if (part > INT64_MAX / 4 - sum) return false;
        sum += part;
    }
    *ret_ms = sum;
    return true;
}

bool value_size(struct slice s, int64_t *ret_bytes)
{
    uint64_t plain;
    int64_t bytes;
    if (slice_number(s, &plain)) {
        if (plain > (uint64_t)INT64_MAX / 4) return false;
        *ret_bytes = (int64_t)plain;
        return true;
    }
    if (!take_part(&s, sizes, sizeof sizes / sizeof sizes[0], &bytes) || s.len != 0) return false;
    *ret_bytes = bytes;
    return true;
}

bool value_integer(struct slice s, int64_t *ret_number)
{
    uint64_t magnitude;
    bool minus = s.len > 0 && s.at[0] == '-';
    if (!slice_number(slice_from(s, minus ? 1 : 0), &magnitude)) return false;
    if (magnitude > (uint64_t)INT64_MAX / 4) return false;
    *ret_number = minus ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

bool value_switch(struct slice s, bool *ret_on)
{
    if (!slice_is(s, LIT("true")) && !slice_is(s, LIT("false"))) return false;
    *ret_on = slice_is(s, LIT("true"));
    return true;
}

bool value_id(struct slice s)
{
    if (s.len == 0 || s.len > 40 || s.at[0] == '-' || s.at[s.len - 1] == '-') return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-') return false;
    }
    return true;
}

bool value_header_name(struct slice s)
{
    if (s.len == 0 || s.len > 64) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && c != '-') return false;
    }
    return true;
}
