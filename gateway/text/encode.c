/* encode.c -- tables and loops; every decoder accepts exactly what its encoder writes. */
#include "text/encode.h"

#include <endian.h>
#include <string.h>

#include "text/utf8.h"

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char plain_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

static unsigned char byte_at(struct slice s, size_t i)
{
    return (unsigned char)s.at[i];
}

/* ---- base64, both alphabets */

static struct slice encode64(struct arena *a, struct slice bytes, const char *alphabet, bool pad)
{
    char *to = arena_bytes(a, arena_product(4, bytes.len / 3 + 1) + 1);
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t three = (uint32_t)byte_at(bytes, i) << 16;
        if (left > 1) three |= (uint32_t)byte_at(bytes, i + 1) << 8;
        if (left > 2) three |= byte_at(bytes, i + 2);
        size_t digits = left > 2 ? 4 : left + 1;
        for (size_t d = 0; d < digits; d++) {
            to[len++] = alphabet[three >> (18 - 6 * d) & 63];
        }
        for (; pad && digits < 4; digits++) {
            to[len++] = '=';
        }
    }
    to[len] = '\0';
    return (struct slice){to, len};
}

static int digit64(char c, const char *last_two)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == last_two[0]) return 62;
    if (c == last_two[1]) return 63;
    return -1;
}

/* text without padding. Unused bits of the last digit must be zero: one spelling per value. */
static bool decode64(struct arena *a, struct slice text, const char *last_two, struct slice *ret_bytes)
{
    if (text.len % 4 == 1) return false;
    char *to = arena_bytes(a, text.len / 4 * 3 + 3);
    size_t len = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit64(text.at[i], last_two);
        if (digit < 0) return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        to[len++] = (char)(bits >> held & 255);
    }
    if ((bits & ((1u << held) - 1)) != 0) return false;
    to[len] = '\0';
    *ret_bytes = (struct slice){to, len};
    return true;
}

struct slice base64url_encode(struct arena *a, struct slice bytes)
{
    return encode64(a, bytes, url_alphabet, false);
}

bool base64url_decode(struct arena *a, struct slice text, struct slice *ret_bytes)
{
    return decode64(a, text, "-_", ret_bytes);
}

struct slice base64_encode(struct arena *a, struct slice bytes)
{
    return encode64(a, bytes, plain_alphabet, true);
}

bool base64_decode(struct arena *a, struct slice text, struct slice *ret_bytes)
{
    if (text.len % 4 != 0) return false;
    if (slice_ends(text, LIT("=="))) {
        text.len -= 2;
    } else if (slice_ends(text, LIT("="))) {
        text.len -= 1;
    }
    return decode64(a, text, "+/", ret_bytes);
}

/* ---- hex and base32 */

struct slice hex_encode(struct arena *a, struct slice bytes)
{
    char *to = arena_bytes(a, arena_product(2, bytes.len) + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        to[2 * i] = hex_lower[byte_at(bytes, i) >> 4];
        to[2 * i + 1] = hex_lower[byte_at(bytes, i) & 15];
    }
    to[2 * bytes.len] = '\0';
    return (struct slice){to, 2 * bytes.len};
}

struct slice base32_id(struct arena *a, const unsigned char bytes[16])
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    enum {
        DIGITS = 26 /* the first holds three bits, the others five */
    };
    uint64_t high, low;
    memcpy(&high, bytes, sizeof high);
    memcpy(&low, bytes + 8, sizeof low);
    high = be64toh(high);
    low = be64toh(low);
    char *to = arena_bytes(a, DIGITS + 1);
    for (size_t d = DIGITS; d-- > 0;) {
        to[d] = alphabet[low & 31];
        low = low >> 5 | high << 59;
        high >>= 5;
    }
    to[DIGITS] = '\0';
    return (struct slice){to, DIGITS};
}

/* ---- percent and form */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

/* WHATWG's urlencoded set: '~' is escaped, '*' is not. */
static bool is_form_plain(unsigned char c)
{
    return (is_unreserved(c) && c != '~') || c == '*';
}

static size_t put_escaped(char *to, unsigned char c)
{
    to[0] = '%';
    to[1] = hex_upper[c >> 4];
    to[2] = hex_upper[c & 15];
    return 3;
}

static size_t put_form(char *to, struct slice s)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = byte_at(s, i);
        if (c == ' ') {
            to[len++] = '+';
        } else if (is_form_plain(c)) {
            to[len++] = (char)c;
        } else {
            len += put_escaped(to + len, c);
        }
    }
    return len;
}

struct slice percent_encode(struct arena *a, struct slice s)
{
    char *to = arena_bytes(a, arena_product(3, s.len) + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (is_unreserved(byte_at(s, i))) {
            to[len++] = s.at[i];
        } else {
            len += put_escaped(to + len, byte_at(s, i));
        }
    }
    to[len] = '\0';
    return (struct slice){to, len};
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int percent_byte(struct slice s, size_t i)
{
    if (s.len < 3 || i > s.len - 3 || s.at[i] != '%') return -1;
    int high = hex_digit(s.at[i + 1]), low = hex_digit(s.at[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool percent_decode(struct arena *a, struct slice s, struct slice *ret_bytes)
{
    char *to = arena_bytes(a, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] != '%') {
            to[len++] = s.at[i];
            continue;
        }
        int byte = percent_byte(s, i);
        if (byte < 0) return false;
        to[len++] = (char)byte;
        i += 2;
    }
    to[len] = '\0';
    *ret_bytes = (struct slice){to, len};
    return true;
}

struct slice form_encode(struct arena *a, struct slice s)
{
    char *to = arena_bytes(a, arena_product(3, s.len) + 1);
    size_t len = put_form(to, s);
    to[len] = '\0';
    return (struct slice){to, len};
}

static void add_form(struct buf *to, struct slice s)
{
    for (size_t i = 0; i < s.len; i += 256) {
        struct slice part = slice_upto(slice_from(s, i), 256);
        char out[3 * 256];
        buf_add(to, (struct slice){out, put_form(out, part)});
    }
}

void form_add(struct buf *to, struct slice name, struct slice value)
{
    if (to->len != 0) buf_byte(to, '&');
    add_form(to, name);
    buf_byte(to, '=');
    add_form(to, value);
}

/* ---- HTML */

/* What stands for c in HTML, or the empty slice when c may stand for itself. */
static struct slice html_entity(uint32_t c, bool bad)
{
    switch (c) {
    case '&': return LIT("&amp;");
    case '<': return LIT("&lt;");
    case '>': return LIT("&gt;");
    case '"': return LIT("&quot;");
    case '\'': return LIT("&#39;");
    case '\t':
    case '\n':
    case '\r': return (struct slice){NULL, 0};
    default:
        if (bad || utf8_is_control(c)) return LIT("\xEF\xBF\xBD");
        return (struct slice){NULL, 0};
    }
}

void html_escape(struct buf *to, struct slice s)
{
    struct slice bytes, plain = {s.at, 0};
    uint32_t c;
    while (utf8_next(&s, &c, &bytes)) {
        struct slice instead = html_entity(c, bytes.len == 1 && c == UTF8_REPLACEMENT);
        if (instead.len == 0) {
            plain.len += bytes.len;
            continue;
        }
        buf_add(to, plain);
        buf_add(to, instead);
        plain = (struct slice){bytes.at + bytes.len, 0};
    }
    buf_add(to, plain);
}
