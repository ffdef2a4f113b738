/* path.c -- two passes: each byte gets its one spelling, then each segment is looked at in that spelling. */
#include "route/path.h"

#include <string.h>

#include "text/encode.h"
#include "text/utf8.h"

static const struct err *refuse(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_AMBIGUOUS_PATH, "path has no single reading: %s", why);
}

static bool is_one_of(char c, struct slice set)
{
    return slice_index(set, c) != SLICE_NONE;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           is_one_of((char)c, LIT("-._~"));
}

/* May stand raw in the canonical form: unreserved, sub-delims, ':' '@' (pchar) and the separator. */
static bool is_plain(unsigned char c)
{
    return is_unreserved(c) || is_one_of((char)c, LIT("/!$&'()*+,;=:@"));
}

/* Why a raw byte is refused, or NULL. */
static const char *raw_fault(unsigned char c)
{
    if (c <= 0x20 || c == 0x7F) return "white space or a control character";
    if (c >= 0x80) return "a byte outside ASCII";
    if (c == '\\') return "a backslash";
    if (c == '#' || c == '?') return "a fragment or query";
    return NULL;
}

static const char *encoded_fault(int byte)
{
    if (byte < 0) return "an invalid %XX";
    if (byte == '/' || byte == '\\') return "an encoded separator";
    if (byte < 0x20 || byte == 0x7F) return "an encoded control character";
    return NULL;
}

static size_t put_escape(char *to, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    to[0] = '%';
    to[1] = digits[c >> 4];
    to[2] = digits[c & 15];
    return 3;
}

/* One spelling for every byte. to has room for three bytes each. */
static const char *spell(struct slice path, char *to, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        bool encoded = c == '%';
        int byte = encoded ? percent_byte(path, i) : c;
        const char *fault = encoded ? encoded_fault(byte) : raw_fault(c);
        if (fault != NULL) return fault;
        if (encoded) i += 2;
        c = (unsigned char)byte;
        if (encoded ? is_unreserved(c) : is_plain(c)) {
            to[len++] = (char)c;
        } else {
            len += put_escape(to + len, c);
        }
    }
    *ret_len = len;
    return NULL;
}

/* "%252e" in canonical spelling: a second decoding would find what is refused in the first, or, in "adm%2569n", letters that a rule
 * was written for. No encoder spells those so; a double encoded space or comma is somebody's odd file name and stays. */
static bool hides_more(struct slice s, size_t percent)
{
    if (percent_byte(s, percent) != '%' || percent + 4 >= s.len) return false;
    int high = hex_digit(s.at[percent + 3]), low = hex_digit(s.at[percent + 4]);
    if (high < 0 || low < 0) return false;
    int byte = high << 4 | low;
    return byte == '/' || byte == '\\' || byte == '%' || byte < 0x20 || byte == 0x7F ||
           is_unreserved((unsigned char)byte);
}

/* The bytes that %XX from here on spell must be UTF-8; *i is moved behind them. */
static bool escapes_are_utf8(struct slice s, size_t *i)
{
    char bytes[4];
    size_t len = 0;
    size_t at = *i;
    while (len < sizeof bytes && percent_byte(s, at) >= 0) {
        bytes[len++] = (char)percent_byte(s, at);
        at += 3;
    }
    size_t taken = utf8_length((struct slice){bytes, len});
    *i += 3 * taken;
    return taken != 0;
}

/* Cuts ";x=1" off, encoded or not: what some backends never see. */
static struct slice without_parameters(struct slice segment)
{
    size_t plain = slice_index(segment, ';'), encoded = slice_find(segment, LIT("%3B"));
    return slice_upto(segment, plain < encoded ? plain : encoded);
}

static bool is_dots(struct slice s)
{
    bool dot = false;
    while (s.len != 0) {
        bool space = slice_starts(s, LIT("%20"));
        if (!space && s.at[0] != '.') return false;
        dot = dot || !space;
        s = slice_from(s, space ? 3 : 1);
    }
    return dot;
}

static const char *segment_fault(struct slice segment, bool last)
{
    struct slice bare = without_parameters(segment);
    if (!last && bare.len == 0) return segment.len == 0 ? "an empty segment" : "a segment of parameters";
    if (is_dots(bare)) return "a dot segment";
    for (size_t i = 0; i < segment.len;) {
        if (segment.at[i] != '%') {
            i++;
            continue;
        }
        if (hides_more(segment, i)) return "a double encoding";
        if (!escapes_are_utf8(segment, &i)) return "escapes that are not UTF-8";
    }
    return NULL;
}

static const char *segments_fault(struct slice path)
{
    struct slice rest = slice_from(path, 1), segment;
    while (slice_cut(&rest, '/', &segment)) {
        const char *fault = segment_fault(segment, rest.at == NULL);
        if (fault != NULL) return fault;
    }
    return NULL;
}

/* Nearly every path is letters and slashes: no copy for them. */
static bool is_spelled(struct slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (!is_plain((unsigned char)path.at[i])) return false;
    }
    return true;
}

const struct err *path_canonical(struct arena *a, struct slice path, struct slice *ret_path)
{
    struct slice out = path;
    if (path.len == 0 || path.at[0] != '/') return refuse(a, "it does not begin with /");
    if (!is_spelled(path)) {
        size_t len = 0;
        char *to = arena_bytes(a, arena_product(3, path.len) + 1);
        const char *fault = spell(path, to, &len);
        if (fault != NULL) return refuse(a, fault);
        to[len] = '\0';
        out = len == path.len && memcmp(to, path.at, len) == 0 ? path : (struct slice){to, len};
    }
    const char *fault = segments_fault(out);
    if (fault != NULL) return refuse(a, fault);
    *ret_path = out;
    return NULL;
}
