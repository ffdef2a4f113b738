/* What a request must look like; see screen.h. */
#include "http/screen.h"

#include "http/field.h"

enum {
    SCREEN_METHOD_BYTES = 20, /* the longest registered one is UPDATEREDIRECTREF with 17 */
    SCREEN_PORT_DIGITS = 5
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool letter(char c)
{
    return lower(c) || (c >= 'A' && c <= 'Z');
}

bool screen_method(struct slice m)
{
    if (m.len == 0 || m.len > SCREEN_METHOD_BYTES) return false;
    for (size_t i = 0; i < m.len; i++)
        if (m.at[i] < 'A' || m.at[i] > 'Z') return false;
    return !slice_is(m, LIT("CONNECT")) && !slice_is(m, LIT("TRACE"));
}

bool screen_target(struct slice t)
{
    if (t.len == 0 || t.at[0] != '/') return false;
    return slice_is_one_word(t) && slice_is_printable(t) && slice_index(t, '#') == SLICE_NONE;
}

static bool port_ok(struct slice port)
{
    uint64_t n;
    return port.len <= SCREEN_PORT_DIGITS && slice_number(port, &n) && n >= 1 && n <= 65535;
}

static bool ip6_ok(struct slice literal)
{
    struct address address;
    for (size_t i = 0; i < literal.len; i++) {
        char c = literal.at[i];
        if (!digit(c) && c != ':' && c != '.' && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) return false;
    }
    return address_read(literal, &address) && !address.is_ip4;
}

bool screen_authority(struct slice a)
{
    struct slice host = a, port = {0};
    if (a.len > 0 && a.at[0] == '[') {
        size_t end = slice_index(a, ']');
        if (end == SLICE_NONE || !ip6_ok((struct slice){a.at + 1, end - 1})) return false;
        struct slice rest = slice_from(a, end + 1);
        return rest.len == 0 || (rest.at[0] == ':' && port_ok(slice_from(rest, 1)));
    }
    size_t colon = slice_index(a, ':');
    if (colon != SLICE_NONE) {
        host = slice_upto(a, colon);
        port = slice_from(a, colon + 1);
        if (!port_ok(port)) return false;
    }
    for (size_t i = 0; i < host.len; i++)
        if (!letter(host.at[i]) && !digit(host.at[i]) && host.at[i] != '-' && host.at[i] != '.' && host.at[i] != '_')
            return false;
    return host.len != 0;
}

bool screen_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (field_name_bytes[(unsigned char)name.at[i]] == 0) return false;
    return name.len != 0;
}

/* Its own lower-case form, so nothing odd and no capital. */
bool screen_name_kept(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c == 0 || field_name_bytes[c] != c) return false;
    }
    return name.len != 0;
}

bool screen_value(struct slice v)
{
    return slice_is_printable(v) && slice_trim(v).len == v.len;
}

static bool framing(struct slice name)
{
    switch (name.len) {
    case 4: return slice_is(name, LIT("host"));
    case 6: return slice_is(name, LIT("expect"));
    case 14: return slice_is(name, LIT("content-length"));
    case 17: return slice_is(name, LIT("transfer-encoding"));
    default: return false;
    }
}

/* All Cookie lines that say something as one, in one piece of memory: line by line would cost the square of them. */
static struct slice all_cookies(struct arena *a, const struct header *list, size_t count)
{
    struct slice *parts = arena_array(a, struct slice, 2 * count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!slice_is(list[i].name, LIT("cookie")) || list[i].value.len == 0) continue;
        if (n != 0) parts[n++] = LIT("; ");
        parts[n++] = list[i].value;
    }
    return n == 1 ? parts[0] : arena_join(a, parts, n);
}

size_t screen_headers(struct arena *a, struct header *list, size_t count)
{
    size_t kept = 0, cookies = 0, first = 0;
    struct slice joined = {0};
    for (size_t i = 0; i < count; i++) {
        if (slice_is(list[i].name, LIT("cookie"))) cookies++;
    }
    if (cookies > 1) joined = all_cookies(a, list, count);
    for (size_t i = 0; i < count; i++) {
        struct slice name = list[i].name;
        if (!screen_name_kept(name) || framing(name)) continue;
        bool is_cookie = cookies > 1 && slice_is(name, LIT("cookie"));
        if (is_cookie && first++ != 0) continue;
        list[kept] = list[i];
        if (is_cookie) list[kept].value = joined;
        kept++;
    }
    return kept;
}
