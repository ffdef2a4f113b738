#include "base/slice.h"

#include <string.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

struct slice slice_of(const char *text)
{
    return (struct slice){text, text != NULL ? strlen(text) : 0};
}

bool slice_is(struct slice s, struct slice t)
{
    return s.len == t.len && (s.len == 0 || memcmp(s.at, t.at, s.len) == 0);
}

bool slice_is_nocase(struct slice s, struct slice t)
{
    if (s.len != t.len) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (lower(s.at[i]) != lower(t.at[i])) return false;
    }
    return true;
}

bool slice_starts(struct slice s, struct slice head)
{
    return s.len >= head.len && slice_is(slice_upto(s, head.len), head);
}

bool slice_ends(struct slice s, struct slice tail)
{
    return s.len >= tail.len && slice_is(slice_from(s, s.len - tail.len), tail);
}

int slice_compare(struct slice s, struct slice t)
{
    size_t shorter = s.len < t.len ? s.len : t.len;
    int order = shorter != 0 ? memcmp(s.at, t.at, shorter) : 0;
    if (order != 0) return order;
    return (s.len > t.len) - (s.len < t.len);
}

size_t slice_index(struct slice s, char c)
{
    const char *found = s.len != 0 ? memchr(s.at, c, s.len) : NULL;
    return found != NULL ? (size_t)(found - s.at) : SLICE_NONE;
}

size_t slice_find(struct slice s, struct slice needle)
{
    if (needle.len == 0) return 0;
    if (s.len < needle.len) return SLICE_NONE;
    const char *found = memmem(s.at, s.len, needle.at, needle.len);
    return found != NULL ? (size_t)(found - s.at) : SLICE_NONE;
}

struct slice slice_from(struct slice s, size_t start)
{
    if (s.at == NULL || start >= s.len)
        return (struct slice){s.at != NULL ? s.at + s.len : NULL, 0};
    return (struct slice){s.at + start, s.len - start};
}

struct slice slice_upto(struct slice s, size_t len)
{
    return (struct slice){s.at, len < s.len ? len : s.len};
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

bool slice_cut(struct slice *rest, char c, struct slice *ret_head)
{
    if (rest->at == NULL) return false;
    size_t where = slice_index(*rest, c);
    if (where == SLICE_NONE) {
        *ret_head = *rest;
        *rest = (struct slice){NULL, 0};
        return true;
    }
    *ret_head = slice_upto(*rest, where);
    *rest = (struct slice){rest->at + where + 1, rest->len - where - 1};
    return true;
}

struct slice slice_digits(char room[SLICE_DIGITS_MAX], uint64_t number)
{
    char *at = room + SLICE_DIGITS_MAX;
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return (struct slice){at, (size_t)(room + SLICE_DIGITS_MAX - at)};
}

/* ---- bytes that may not stand there */

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

static uint64_t eight(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Whether one of eight bytes is below n, n <= 0x80: only such a byte borrows into the bit that it has not set itself. */
static bool any_below(uint64_t word, unsigned n)
{
    return ((word - EACH_BYTE(n)) & ~word & EACH_BYTE(0x80)) != 0;
}

bool slice_is_one_line(struct slice s)
{
    size_t i = 0;
    while (i < s.len) {
        if (s.len - i >= 8 && !any_below(eight(s.at + i), '\r' + 1)) {
            i += 8;
            continue;
        }
        char c = s.at[i++];
        if (c == '\r' || c == '\n' || c == '\0') return false;
    }
    return true;
}

bool slice_is_printable(struct slice s)
{
    size_t i = 0;
    while (i < s.len) {
        uint64_t word = s.len - i >= 8 ? eight(s.at + i) : 0;
        if (!any_below(word, 0x20) && !any_below(word ^ EACH_BYTE(0x7f), 1)) {
            i += 8;
            continue;
        }
        unsigned char c = (unsigned char)s.at[i++];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

bool slice_is_one_word(struct slice s)
{
    size_t i = 0;
    while (i < s.len) {
        if (s.len - i >= 8 && !any_below(eight(s.at + i), ' ' + 1)) {
            i += 8;
            continue;
        }
        if ((unsigned char)s.at[i++] <= ' ') return false;
    }
    return s.len != 0;
}

bool slice_number(struct slice s, uint64_t *ret_number)
{
    uint64_t n = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        if (__builtin_mul_overflow(n, 10u, &n)) return false;
        if (__builtin_add_overflow(n, (uint64_t)(s.at[i] - '0'), &n)) return false;
    }
    *ret_number = n;
    return true;
}
