/* return_to.c -- cut into parts, judge each part with the one judge that part has, join what was judged.
 *
 * The origin is judged by text/url.h and then compared whole; the path by route/path.h, as if it were asked for; query and fragment
 * have no power over where a browser goes and are only spelled so that they cannot break a header.
 */
#include "route/return_to.h"

#include "route/path.h"
#include "text/encode.h"
#include "text/url.h"
#include "text/utf8.h"

#include "base/buf.h"

struct parts {
    struct slice origin; /* "" for a rooted path */
    struct slice path, query, fragment;
    bool has_query, has_fragment;
};

/* What browsers drop, turn around or trip over is nowhere allowed. */
static bool is_clean(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= 0x20 || c == 0x7F || c == '\\') return false;
    }
    return utf8_valid(s);
}

static size_t index_of_any(struct slice s, const char *set)
{
    for (size_t i = 0; i < s.len; i++) {
        if (slice_index(slice_of(set), s.at[i]) != SLICE_NONE) return i;
    }
    return s.len;
}

/* "https://host:port" as it was written, empty for a rooted path; false for everything else. */
static bool cut_origin(struct slice *rest, struct slice *ret_origin)
{
    *ret_origin = (struct slice){NULL, 0};
    if (rest->at[0] == '/') return !slice_starts(*rest, LIT("//"));
    size_t colon = slice_index(*rest, ':');
    if (colon == SLICE_NONE || !slice_starts(slice_from(*rest, colon), LIT("://"))) return false;
    struct slice authority = slice_from(*rest, colon + 3);
    size_t end = colon + 3 + index_of_any(authority, "/?#");
    *ret_origin = slice_upto(*rest, end);
    *rest = slice_from(*rest, end);
    return true;
}

static bool cut(struct slice asked, struct parts *p)
{
    if (!cut_origin(&asked, &p->origin)) return false;
    size_t hash = slice_index(asked, '#');
    p->has_fragment = hash != SLICE_NONE;
    if (p->has_fragment) p->fragment = slice_from(asked, hash + 1);
    asked = slice_upto(asked, hash);
    size_t mark = slice_index(asked, '?');
    p->has_query = mark != SLICE_NONE;
    if (p->has_query) p->query = slice_from(asked, mark + 1);
    p->path = slice_upto(asked, mark);
    if (p->path.len == 0) p->path = LIT("/");
    return true;
}

/* "*.example.com" with its scheme has a.example.com and a.b.example.com; the port is part of the comparison. */
static bool origin_has(struct slice listed, struct slice origin)
{
    size_t star = slice_find(listed, LIT("://*."));
    if (star == SLICE_NONE) return slice_is(listed, origin);
    struct slice scheme = slice_upto(listed, star + 3), below = slice_from(listed, star + 4);
    return slice_starts(origin, scheme) && slice_ends(origin, below) && origin.len > scheme.len + below.len;
}

bool return_host(const struct return_rules *rules, struct slice host)
{
    for (size_t i = 0; i < rules->origin_count; i++) {
        struct slice listed = slice_from(rules->origins[i], slice_find(rules->origins[i], LIT("://")) + 3);
        if (listed.len != 0 && listed.at[0] != '[')
            listed = slice_upto(listed, slice_index(listed, ':'));
        else
            listed = slice_upto(listed, slice_index(listed, ']') + 1);
        bool below = slice_starts(listed, LIT("*."));
        if (below) listed = slice_from(listed, 1);
        if (below ? slice_ends(host, listed) && host.len > listed.len : slice_is(host, listed)) return true;
    }
    return false;
}

/* Listed, and https unless we live on http ourselves. */
static bool judge_origin(struct arena *a, const struct return_rules *rules, struct slice *origin)
{
    struct url u;
    if (origin->len == 0) return true;
    if (url_read(a, *origin, &u) != NULL) return false;
    struct slice written = url_origin(a, &u);
    bool listed = slice_is(written, rules->public_origin);
    for (size_t i = 0; i < rules->origin_count; i++) {
        listed = listed || origin_has(rules->origins[i], written);
    }
    if (!listed || (!u.https && !slice_starts(rules->public_origin, LIT("http://")))) return false;
    *origin = written;
    return true;
}

/* An address of ours that would start over, end what has just begun, or show nothing to a person. */
static bool is_loop(struct slice prefix, struct slice path)
{
    static const struct slice words[] = {LIT_INIT("callback"), LIT_INIT("start"),    LIT_INIT("sign-in"),
                                         LIT_INIT("sign-out"), LIT_INIT("sign_in"),  LIT_INIT("sign_out"),
                                         LIT_INIT("auth"),     LIT_INIT("no-access")};
    if (prefix.len == 0 || !slice_starts(path, prefix)) return false;
    struct slice rest = slice_from(path, prefix.len), word;
    if (rest.len == 0 || rest.at[0] != '/') return false;
    rest = slice_from(rest, 1);
    slice_cut(&rest, '/', &word);
    word = slice_upto(word, index_of_any(word, ";%")); /* nobody means these with a parameter */
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_is_nocase(word, words[i])) return true;
    }
    return false;
}

static bool is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

/* What RFC 3986 knows in a query or fragment. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           slice_index(LIT("-._~!$&'()*+,;=:@/?"), c) != SLICE_NONE;
}

/* s with everything but what may stand and valid %XX as %XX. */
static struct slice spell(struct arena *a, struct slice s, bool (*may_stand)(char))
{
    struct buf out = buf_open(3 * (size_t)RETURN_TO_MAX);
    for (size_t i = 0; i < s.len; i++) {
        if (may_stand(s.at[i]) || percent_byte(s, i) >= 0) {
            buf_byte(&out, s.at[i]);
        } else {
            buf_print(&out, "%%%02X", (unsigned)(unsigned char)s.at[i]);
        }
    }
    struct slice spelled = arena_copy(a, buf_slice(&out));
    buf_close(&out);
    return spelled;
}

static bool judge(struct arena *a, const struct return_rules *rules, struct slice asked, struct slice *ret_target)
{
    struct parts p = {
        .path = {NULL, 0}
    };
    if (asked.len > RETURN_TO_MAX || !is_clean(asked) || !cut(asked, &p)) return false;
    if (!judge_origin(a, rules, &p.origin)) return false;
    /* Letters of people's languages are spelled first, because path.h refuses them raw. */
    if (path_canonical(a, spell(a, p.path, is_ascii), &p.path) != NULL) return false;
    if (is_loop(rules->prefix, p.path)) return false;
    struct slice all[] = {p.origin,
                          p.path,
                          p.has_query ? LIT("?") : LIT(""),
                          spell(a, p.query, is_plain),
                          p.has_fragment ? LIT("#") : LIT(""),
                          spell(a, p.fragment, is_plain)};
    struct slice target = arena_join(a, all, sizeof all / sizeof all[0]);
    if (target.len > RETURN_TO_MAX) return false;
    *ret_target = target;
    return true;
}

struct slice return_to(struct arena *a, const struct return_rules *rules, struct slice asked, bool *ret_refused)
{
    struct slice target = LIT("/");
    *ret_refused = asked.len != 0 && !judge(a, rules, asked, &target);
    return target;
}
