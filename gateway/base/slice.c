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
