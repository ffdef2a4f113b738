/* cookie.c -- reading a Cookie header by cutting it, writing a Set-Cookie value from checked parts. */
#include "text/cookie.h"

/* One piece between semicolons as name and value; false if it has no '=' or no name. */
static bool read_pair(struct slice piece, struct cookie *ret_cookie)
{
    size_t equals = slice_index(piece, '=');
    if (equals == SLICE_NONE) return false;
    struct cookie c = {.name = slice_trim(slice_upto(piece, equals)),
                       .value = slice_trim(slice_from(piece, equals + 1))};
    if (c.name.len == 0) return false;
    *ret_cookie = c;
    return true;
}

bool cookie_next(struct slice *rest, struct cookie *ret_cookie)
{
    struct slice piece;
    while (slice_cut(rest, ';', &piece)) {
        if (read_pair(piece, ret_cookie)) return true;
    }
    return false;
}

bool cookie_find(struct slice header, struct slice name, struct slice *ret_value)
{
    struct slice found = {NULL, 0};
    struct cookie c;
    bool seen = false;
    while (cookie_next(&header, &c)) {
        if (!slice_is(c.name, name)) continue;
        if (seen) return false;
        seen = true;
        found = c.value;
    }
    if (seen) *ret_value = found;
    return seen;
}

void cookie_strip(struct buf *to, struct slice header, bool (*is_ours)(void *self, struct slice name), void *self)
{
    size_t start = to->len;
    struct slice piece;
    while (slice_cut(&header, ';', &piece)) {
        piece = slice_trim(piece);
        if (piece.len == 0) continue;
        struct slice rest = piece, name;
        slice_cut(&rest, '=', &name); /* a bare word could be read as a name by a backend */
        if (is_ours(self, slice_trim(name))) continue;
        if (to->len != start) buf_add(to, LIT("; "));
        buf_add(to, piece);
    }
}

static bool is_octet(unsigned char c)
{
    return c > 0x20 && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\';
}

static bool is_token(unsigned char c)
{
    return is_octet(c) && slice_index(LIT("()<>@:/[]?={}"), (char)c) == SLICE_NONE;
}

static bool all(struct slice s, bool (*is)(unsigned char))
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is((unsigned char)s.at[i])) return false;
    }
    return true;
}

struct slice cookie_set(struct arena *a, struct slice name, struct slice value, const struct cookie_attributes *with)
{
    static const char *const same_site[] = {"Lax", "Strict", "None"};
    must(name.len != 0 && all(name, is_token) && all(value, is_octet));
    must(all(with->path, is_octet) && all(with->domain, is_octet));
    struct slice age = {NULL, 0};
    if (with->max_age_s >= 0) age = arena_print(a, "; Max-Age=%lld", (long long)with->max_age_s);
    struct slice path = with->path.len != 0 ? with->path : LIT("/");
    struct slice parts[] = {
        name,
        LIT("="),
        value,
        LIT("; Path="),
        path,
        with->domain.len != 0 ? LIT("; Domain=") : LIT(""),
        with->domain,
        age,
        with->max_age_s == 0 ? LIT("; Expires=Thu, 01 Jan 1970 00:00:00 GMT") : LIT(""),
        with->secure ? LIT("; Secure") : LIT(""),
        with->http_only ? LIT("; HttpOnly") : LIT(""),
        LIT("; SameSite="),
        slice_of(same_site[with->same_site]),
    };
    return arena_join(a, parts, sizeof parts / sizeof parts[0]);
}
