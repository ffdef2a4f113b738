#include "base/slice.h"

#include <endian.h>
#include <string.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

struct slice slice_of(const char *text)
{
    return (struct slice){text, text != NULL ? strlen(text) : 0};
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

/* Sixteen at a time, in the vector type that gcc and clang share (SSE2, NEON): every value of every header comes by here. A comparison
 * gives all ones in the byte for which it holds. */
typedef unsigned char bytes16 __attribute__((vector_size(16)));

enum forbidden {
    LINE_BREAKS, /* CR, LF, NUL */
    CONTROLS,    /* below the space but tab; 0x7f */
    BLANKS       /* up to and with the space */
};

static inline bytes16 marks(bytes16 v, enum forbidden what)
{
    switch (what) {
    case LINE_BREAKS: return (bytes16)((v == '\r') | (v == '\n') | (v == '\0'));
    case CONTROLS: return (bytes16)(((v < ' ') & (v != '\t')) | (v == 0x7f));
    case BLANKS: break;
    }
    return (bytes16)(v <= ' ');
}

static inline bool any(bytes16 v)
{
    uint64_t half[2];
    memcpy(half, &v, sizeof half);
    return (half[0] | half[1]) != 0;
}

static inline bytes16 sixteen(const char *at)
{
    bytes16 v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* One to fifteen bytes, some of them more than once. */
static inline bytes16 fewer(const char *at, size_t len)
{
    uint64_t half[2];
    if (len >= 8) {
        memcpy(&half[0], at, 8);
        memcpy(&half[1], at + len - 8, 8);
    } else if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, at, 4);
        memcpy(&last, at + len - 4, 4);
        half[0] = half[1] = first | (uint64_t)last << 32;
    } else {
        const unsigned each = 0x01010101;
        half[0] = each * (unsigned char)at[0];
        half[0] |= (uint64_t)(each * (unsigned char)at[len / 2]) << 32;
        memset(&half[1], at[len - 1], sizeof half[1]);
    }
    bytes16 v;
    memcpy(&v, half, sizeof v);
    return v;
}

static inline bool has(struct slice s, enum forbidden what)
{
    if (s.len == 0) return false;
    if (s.len < 16) return any(marks(fewer(s.at, s.len), what));
    size_t i = 0;
    for (; i + 32 < s.len; i += 32) {
        if (any(marks(sixteen(s.at + i), what) | marks(sixteen(s.at + i + 16), what))) return true;
    }
    bytes16 found = marks(sixteen(s.at + s.len - 16), what);
    if (i + 16 < s.len) found |= marks(sixteen(s.at + i), what);
    return any(found);
}

bool slice_is_one_line(struct slice s)
{
    return !has(s, LINE_BREAKS);
}

bool slice_is_printable(struct slice s)
{
    return !has(s, CONTROLS);
}

bool slice_is_one_word(struct slice s)
{
    return s.len != 0 && !has(s, BLANKS);
}

size_t slice_printable_len(struct slice s)
{
    size_t i = 0;
    for (; i + 16 <= s.len; i += 16) {
        uint64_t half[2];
        bytes16 found = marks(sixteen(s.at + i), CONTROLS);
        memcpy(half, &found, sizeof half);
        if (half[0] != 0) return i + (size_t)__builtin_ctzll(le64toh(half[0])) / 8;
        if (half[1] != 0) return i + 8 + (size_t)__builtin_ctzll(le64toh(half[1])) / 8;
    }
    for (; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) break;
    }
    return i;
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
