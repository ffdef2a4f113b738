/* utf8.c -- one table of lead bytes (RFC 3629 section 4) decides what is a character; the rest walks by it. */
#include "text/utf8.h"

#include <string.h>

struct lead {
    unsigned char first, last; /* lead byte */
    unsigned char from, to;    /* what the second byte may be: keeps out overlong forms and surrogates */
    unsigned char length;
};

static const struct lead leads[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3},
    {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static unsigned char byte_at(struct slice s, size_t i)
{
    return (unsigned char)s.at[i];
}

size_t utf8_length(struct slice s)
{
    if (s.len == 0) return 0;
    unsigned char b = byte_at(s, 0);
    if (b < 0x80) return 1;
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        const struct lead *l = &leads[i];
        if (b < l->first || b > l->last) continue;
        if (s.len < l->length || byte_at(s, 1) < l->from || byte_at(s, 1) > l->to) return 0;
        for (size_t k = 2; k < l->length; k++) {
            if ((byte_at(s, k) & 0xC0) != 0x80) return 0;
        }
        return l->length;
    }
    return 0;
}

bool utf8_valid(struct slice s)
{
    for (size_t i = 0; i < s.len;) {
        if (byte_at(s, i) < 0x80) {
            i++;
            continue;
        }
        size_t n = utf8_length(slice_from(s, i));
        if (n == 0) return false;
        i += n;
    }
    return true;
}

bool utf8_next(struct slice *rest, uint32_t *ret_char, struct slice *ret_bytes)
{
    if (rest->len == 0) return false;
    size_t n = utf8_length(*rest);
    uint32_t c = UTF8_REPLACEMENT;
    if (n == 1) c = byte_at(*rest, 0);
    if (n > 1) {
        c = byte_at(*rest, 0) & (0x7Fu >> n);
        for (size_t i = 1; i < n; i++) {
            c = c << 6 | (byte_at(*rest, i) & 0x3Fu);
        }
    }
    *ret_bytes = slice_upto(*rest, n != 0 ? n : 1);
    *rest = slice_from(*rest, ret_bytes->len);
    *ret_char = c;
    return true;
}

bool utf8_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

bool utf8_is_invisible(uint32_t c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

struct slice utf8_for_people(struct arena *a, struct slice s, size_t max_chars)
{
    static const char replacement[] = "\xEF\xBF\xBD", ellipsis[] = "\xE2\x80\xA6";
    size_t shown = 0, len = 0, chars = s.len < max_chars ? s.len : max_chars;
    char *to = arena_bytes(a, arena_product(4, chars) + sizeof ellipsis); /* four bytes at most each */
    struct slice bytes;
    uint32_t c;
    while (utf8_next(&s, &c, &bytes)) {
        if (utf8_is_control(c) || utf8_is_invisible(c)) continue;
        if (shown == max_chars) {
            memcpy(to + len, ellipsis, sizeof ellipsis - 1);
            len += sizeof ellipsis - 1;
            break;
        }
        struct slice out = bytes.len == 1 && c == UTF8_REPLACEMENT ? LIT(replacement) : bytes;
        memcpy(to + len, out.at, out.len);
        len += out.len;
        shown++;
    }
    to[len] = '\0';
    return (struct slice){to, len};
}
