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
    if (s.at == NULL || start >= s.len) return (struct slice){s.at != NULL ? s.at + s.len : NULL, 0};
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

/* Has the high bit of a byte set if one of the eight is below `low`, 0x7f or not ASCII. A borrow or carry into a neighbour comes only
 * from a byte that is found itself. */
static uint64_t doubtful(const char *at, unsigned low)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return ((word - EACH_BYTE(low)) | (word + EACH_BYTE(1)) | word) & EACH_BYTE(0x80);
}

/* The next place from i on that needs a look of its own: everything before it lies between `low` and 0x7e. */
static size_t next_doubtful(struct slice s, size_t i, unsigned low)
{
    if (s.len < 8) return i;
    const char *at = s.at;
    while (s.len - i >= 32 && (doubtful(at + i, low) | doubtful(at + i + 8, low) | doubtful(at + i + 16, low) |
                               doubtful(at + i + 24, low)) == 0)
        i += 32;
    while (s.len - i >= 8 && doubtful(at + i, low) == 0)
        i += 8;
    return s.len - i < 8 && doubtful(at + s.len - 8, low) == 0 ? s.len : i;
}

bool slice_is_one_line(struct slice s)
{
    size_t i = next_doubtful(s, 0, '\r' + 1);
    for (; i < s.len; i = next_doubtful(s, i + 1, '\r' + 1)) {
        if (s.at[i] == '\r' || s.at[i] == '\n' || s.at[i] == '\0') return false;
    }
    return true;
}

bool slice_is_printable(struct slice s)
{
    size_t i = next_doubtful(s, 0, 0x20);
    for (; i < s.len; i = next_doubtful(s, i + 1, 0x20)) {
        unsigned char c = (unsigned char)s.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

bool slice_is_one_word(struct slice s)
{
    size_t i = next_doubtful(s, 0, ' ' + 1);
    for (; i < s.len; i = next_doubtful(s, i + 1, ' ' + 1)) {
        if ((unsigned char)s.at[i] <= ' ') return false;
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
