/* url.c -- scheme, authority, path and query, each checked byte by byte before it is believed. */
#include "text/url.h"

#include "text/address.h"
#include "text/encode.h"

enum {
    URL_MAX = 8192,
    HOST_MAX = 253,
    LABEL_MAX = 63
}; /* RFC 1035 section 2.3.4 for names */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, struct slice set)
{
    return slice_index(set, c) != SLICE_NONE;
}

/* RFC 3986: pchar, '/', and '?' where a query is read. */
static bool is_path_text(struct slice s, bool query)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == '%') {
            if (percent_byte(s, i) < 0) return false;
            i += 2;
            continue;
        }
        if (is_letter(c) || is_digit(c) || is_one_of(c, LIT("-._~!$&'()*+,;=:@/"))) continue;
        if (!query || c != '?') return false;
    }
    return true;
}

/* A label of a name: letters, digits, inner '-' and '_' (names inside container networks have them). */
static bool is_label(struct slice s)
{
    if (s.len == 0 || s.len > LABEL_MAX || s.at[0] == '-' || s.at[s.len - 1] == '-') return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_letter(s.at[i]) && !is_digit(s.at[i]) && s.at[i] != '-' && s.at[i] != '_') return false;
    }
    return true;
}

/* What some readers take for an IPv4 address ("127.1", "0x7f.1", "2130706433") must be a plain one. */
static bool looks_like_ip4(struct slice last_label)
{
    if (last_label.len >= 2 && last_label.at[0] == '0' && (last_label.at[1] | 0x20) == 'x') return true;
    for (size_t i = 0; i < last_label.len; i++) {
        if (!is_digit(last_label.at[i])) return false;
    }
    return true;
}

static bool read_name(struct arena *a, struct slice text, struct slice *ret_host)
{
    struct slice rest = text, label = {NULL, 0};
    struct address ip;
    if (text.len == 0 || text.len > HOST_MAX) return false;
    while (slice_cut(&rest, '.', &label)) {
        if (!is_label(label)) return false;
    }
    if (looks_like_ip4(label) && (!address_read(text, &ip) || !ip.is_ip4)) return false;
    char *to = arena_bytes(a, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        to[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] | 0x20) : text.at[i];
    }
    to[text.len] = '\0';
    *ret_host = (struct slice){to, text.len};
    return true;
}

static bool read_ip6(struct arena *a, struct slice text, struct slice *ret_host)
{
    struct address ip;
    if (slice_index(text, ':') == SLICE_NONE || !address_read(text, &ip)) return false;
    if (ip.is_ip4 || ip.port != 0) return false; /* a mapped address has a plainer spelling */
    *ret_host = address_text(a, &ip);
    return true;
}

static bool read_port(struct slice text, int *ret_port)
{
    uint64_t number = 0;
    if (text.len == 0 || text.at[0] == '0' || !slice_number(text, &number)) return false;
    if (number > 65535) return false;
    *ret_port = (int)number;
    return true;
}

static bool read_authority(struct arena *a, struct slice text, struct url *u)
{
    size_t name_end = text.len;
    if (text.len != 0 && text.at[0] == '[') {
        size_t bracket = slice_index(text, ']');
        if (bracket == SLICE_NONE) return false;
        if (!read_ip6(a, slice_upto(slice_from(text, 1), bracket - 1), &u->host)) return false;
        u->host_is_ip6 = true;
        name_end = bracket + 1;
    } else {
        size_t colon = slice_index(text, ':');
        if (colon != SLICE_NONE) name_end = colon;
        if (!read_name(a, slice_upto(text, name_end), &u->host)) return false;
    }
    if (name_end == text.len) return true;
    return text.at[name_end] == ':' && read_port(slice_from(text, name_end + 1), &u->port);
}

/* The message never repeats the URL: it might hold what its writer took for a password. */
static const struct err *refuse(struct arena *a, const char *why)
{
    return err_new(a, PROBLEM_CONFIG, "not a URL we take: %s", why);
}

static size_t end_of_authority(struct slice s)
{
    size_t i = 0;
    while (i < s.len && !is_one_of(s.at[i], LIT("/?#\\"))) {
        i++;
    }
    return i;
}

const struct err *url_read(struct arena *a, struct slice text, struct url *ret_url)
{
    struct url u = {.path = LIT_INIT("/")};
    size_t colon = slice_index(text, ':');
    if (text.len > URL_MAX) return refuse(a, "it is longer than 8192 bytes");
    if (colon == SLICE_NONE) return refuse(a, "it must begin with http:// or https://");
    struct slice scheme = slice_upto(text, colon), rest = slice_from(text, colon + 1);
    u.https = slice_is_nocase(scheme, LIT("https"));
    if (!u.https && !slice_is_nocase(scheme, LIT("http"))) return refuse(a, "it must begin with http:// or https://");
    if (!slice_starts(rest, LIT("//"))) return refuse(a, "it must begin with http:// or https://");
    u.port = u.https ? 443 : 80;
    rest = slice_from(rest, 2);
    struct slice authority = slice_upto(rest, end_of_authority(rest));
    if (slice_index(authority, '@') != SLICE_NONE) return refuse(a, "no name or password may stand in it");
    if (!read_authority(a, authority, &u)) return refuse(a, "its host or port is none");
    rest = slice_from(rest, authority.len);
    if (slice_index(rest, '#') != SLICE_NONE) return refuse(a, "no # may stand in it");
    size_t mark = slice_index(rest, '?');
    struct slice path = slice_upto(rest, mark);
    if (path.len != 0) u.path = path;
    if (!is_path_text(u.path, false)) return refuse(a, "its path has a character that must be written as %XX");
    if (mark != SLICE_NONE) u.query = slice_from(rest, mark + 1);
    if (!is_path_text(u.query, true)) return refuse(a, "its query has a character that must be written as %XX");
    u.path = arena_copy(a, u.path);
    if (mark != SLICE_NONE) u.query = arena_copy(a, u.query);
    *ret_url = u;
    return NULL;
}

struct slice url_origin(struct arena *a, const struct url *u)
{
    struct slice port = {NULL, 0};
    if (u->port != (u->https ? 443 : 80)) port = arena_print(a, ":%d", u->port);
    struct slice parts[] = {u->https ? LIT("https://") : LIT("http://"), u->host_is_ip6 ? LIT("[") : LIT(""), u->host,
                            u->host_is_ip6 ? LIT("]") : LIT(""), port};
    return arena_join(a, parts, sizeof parts / sizeof parts[0]);
}

struct slice url_text(struct arena *a, const struct url *u)
{
    struct slice parts[] = {url_origin(a, u), u->path, u->query.at != NULL ? LIT("?") : LIT(""), u->query};
    return arena_join(a, parts, sizeof parts / sizeof parts[0]);
}

struct slice url_with_query(struct arena *a, struct slice url, struct slice query)
{
    if (query.len == 0) return url;
    bool has_query = slice_index(url, '?') != SLICE_NONE;
    struct slice joint = has_query ? LIT("&") : LIT("?");
    if (slice_ends(url, LIT("?")) || (has_query && slice_ends(url, LIT("&")))) joint = LIT("");
    struct slice parts[] = {url, joint, query};
    return arena_join(a, parts, sizeof parts / sizeof parts[0]);
}
