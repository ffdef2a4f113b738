/* pattern.c -- compiling, matching, covering, in that order. */
#include "route/pattern.h"

#include "route/path.h"
#include "text/encode.h"

/* ---- compiling */

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || slice_index(LIT("-._:[]"), c) != SLICE_NONE;
}

static const struct err *compile_host(struct arena *a, struct slice host, struct pattern *p)
{
    if (host.len == 0) return NULL;
    p->host_below = slice_starts(host, LIT("*."));
    char *to = arena_bytes(a, host.len + 1);
    struct slice name = p->host_below ? slice_from(host, 1) : host;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        to[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        if (!is_host_byte(to[i]))
            return err_new(a, PROBLEM_CONFIG, "host '%.*s' is neither a name nor \"*.\" and a name", SLICE_ARG(host));
    }
    p->host = (struct slice){to, name.len};
    bool port = slice_index(name, ':') != SLICE_NONE && slice_index(name, '.') != SLICE_NONE;
    if (port || slice_find(name, LIT("..")) != SLICE_NONE || slice_ends(name, LIT(".")) ||
        (name.at[0] == '.' && !p->host_below))
        return err_new(a, PROBLEM_CONFIG, "host '%.*s' has a port or an empty part", SLICE_ARG(host));
    return NULL;
}

static bool compile_segment(struct arena *a, struct slice text, struct pattern_segment *to)
{
    size_t star = slice_index(text, '*');
    struct slice tail = slice_from(text, star + 1);
    to->star = star != SLICE_NONE;
    if (to->star && slice_index(tail, '*') != SLICE_NONE) return false;
    return percent_decode(a, slice_upto(text, star), &to->head) && (!to->star || percent_decode(a, tail, &to->tail));
}

/* So that rules with expressions can be told apart by their first segments, like others. */
static void take_head(struct arena *a, struct pattern *p)
{
    struct slice rest = slice_from(regex_head(a, p->regex), 1), segment;
    p->segments = arena_array(a, struct pattern_segment, REGEX_TEXT_MAX);
    while (slice_cut(&rest, '/', &segment) && rest.at != NULL) { /* the last one may go on */
        p->segments[p->count++].head = segment;
    }
}

static const struct err *compile_path(struct arena *a, struct slice path, struct pattern *p)
{
    if (slice_starts(path, LIT("~"))) {
        p->regex_text = slice_from(path, 1);
        const struct err *e = regex_compile(a, p->regex_text, &p->regex);
        if (e == NULL) take_head(a, p);
        return e;
    }
    struct slice canonical = LIT("/**"), segment;
    size_t count = 1;
    if (path.len != 0) {
        const struct err *e = path_canonical(a, path, &canonical);
        if (e != NULL) return err_as(a, PROBLEM_CONFIG, e, "path '%.*s'", SLICE_ARG(path));
    }
    for (size_t i = 0; i < canonical.len; i++) {
        count += canonical.at[i] == '/';
    }
    p->segments = arena_array(a, struct pattern_segment, count);
    struct slice rest = slice_from(canonical, 1);
    while (slice_cut(&rest, '/', &segment)) {
        if (rest.at == NULL && slice_is(segment, LIT("**"))) {
            p->rest = true;
            return NULL;
        }
        if (!compile_segment(a, segment, &p->segments[p->count++]))
            return err_new(a, PROBLEM_CONFIG, "path '%.*s': one star a segment, and two stars only as the last segment",
                           SLICE_ARG(path));
    }
    return NULL;
}

const struct err *pattern_compile(struct arena *a, struct slice host, struct slice path, struct pattern *ret_pattern)
{
    struct pattern p = {.count = 0};
    const struct err *e = compile_host(a, host, &p);
    if (e == NULL) e = compile_path(a, path, &p);
    if (e == NULL) *ret_pattern = p;
    return e;
}

/* ---- matching */

static size_t decoded_len(struct slice s)
{
    size_t escapes = 0;
    for (size_t i = 0; i < s.len; i++) {
        escapes += s.at[i] == '%';
    }
    return s.len - 2 * escapes; /* canonical: every '%' begins a %XX */
}

/* Takes one character off a canonical segment. */
static char next_char(struct slice *s)
{
    int byte = s->at[0] == '%' ? percent_byte(*s, 0) : -1;
    char c = byte >= 0 ? (char)byte : s->at[0];
    *s = slice_from(*s, byte >= 0 ? 3 : 1);
    return c;
}

/* Takes text off the front of s, if it stands there. */
static bool take(struct slice *s, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (s->len == 0 || next_char(s) != text.at[i]) return false;
    }
    return true;
}

static bool segment_has(const struct pattern_segment *p, struct slice segment)
{
    size_t len = decoded_len(segment), fixed = p->head.len + p->tail.len;
    if (p->star ? len < fixed : len != fixed) return false;
    if (p->star && fixed == 0 && len == 0) return false; /* a lone star stands for something */
    if (!take(&segment, p->head)) return false;
    for (size_t skip = len - fixed; skip != 0; skip--) {
        next_char(&segment);
    }
    return take(&segment, p->tail);
}

static size_t parameters_at(struct slice s)
{
    size_t plain = slice_index(s, ';'), encoded = slice_find(s, LIT("%3B"));
    return plain < encoded ? plain : encoded;
}

bool pattern_has_parameters(struct slice path)
{
    return parameters_at(path) != SLICE_NONE;
}

struct slice pattern_segment_read(struct slice segment, enum pattern_reading reading)
{
    return reading == PATTERN_BARE ? slice_upto(segment, parameters_at(segment)) : segment;
}

uint32_t pattern_segment_hash(struct slice segment)
{
    uint32_t h = 2166136261u;
    while (segment.len != 0) {
        h = (h ^ (unsigned char)next_char(&segment)) * 16777619u;
    }
    return h;
}

bool pattern_segment_is(struct slice segment, struct slice decoded)
{
    return decoded_len(segment) == decoded.len && take(&segment, decoded);
}

static bool regex_has(const struct regex *r, struct slice path, enum pattern_reading reading)
{
    regex_state at = regex_begin(r);
    bool parameter = false;
    while (path.len != 0 && !regex_dead(at)) {
        char c = next_char(&path);
        parameter = c != '/' && (parameter || (c == ';' && reading == PATTERN_BARE));
        if (!parameter) at = regex_next(r, at, (unsigned char)c);
    }
    return regex_ends(r, at);
}

static bool host_has(const struct pattern *p, struct slice host)
{
    if (p->host.len == 0) return true;
    if (!p->host_below) return slice_is(host, p->host);
    return host.len > p->host.len && slice_ends(host, p->host);
}

bool pattern_has_host(const struct pattern *p, struct slice host)
{
    return host_has(p, host);
}

bool pattern_has_path(const struct pattern *p, struct slice path, enum pattern_reading reading)
{
    struct slice rest = slice_from(path, 1), segment;
    size_t at = 0;
    if (path.len == 0) return false;
    if (p->regex != NULL) return regex_has(p->regex, path, reading);
    while (slice_cut(&rest, '/', &segment)) {
        if (at == p->count) return p->rest;
        segment = pattern_segment_read(segment, reading);
        if (!segment_has(&p->segments[at++], segment)) return false;
    }
    return at == p->count;
}

bool pattern_has(const struct pattern *p, struct slice host, struct slice path, enum pattern_reading reading)
{
    return host_has(p, host) && pattern_has_path(p, path, reading);
}

/* ---- covering */

static bool segment_covers(const struct pattern_segment *wide, const struct pattern_segment *narrow)
{
    if (!wide->star) return !narrow->star && slice_is(wide->head, narrow->head);
    if (wide->head.len + wide->tail.len == 0) return narrow->star || narrow->head.len != 0;
    if (narrow->star) return slice_starts(narrow->head, wide->head) && slice_ends(narrow->tail, wide->tail);
    return narrow->head.len >= wide->head.len + wide->tail.len && slice_starts(narrow->head, wide->head) &&
           slice_ends(narrow->head, wide->tail);
}

static bool host_covers(const struct pattern *wide, const struct pattern *narrow)
{
    if (wide->host.len == 0) return true;
    if (narrow->host.len == 0) return false;
    if (!wide->host_below) return !narrow->host_below && slice_is(wide->host, narrow->host);
    if (narrow->host_below) return slice_ends(narrow->host, wide->host);
    return narrow->host.len > wide->host.len && slice_ends(narrow->host, wide->host);
}

/* A pattern without any star is one path. */
static bool regex_covers(const struct regex *wide, const struct pattern *narrow)
{
    regex_state at = regex_begin(wide);
    if (narrow->rest) return false;
    for (size_t i = 0; i < narrow->count; i++) {
        struct slice text = narrow->segments[i].head;
        if (narrow->segments[i].star) return false;
        at = regex_next(wide, at, '/');
        for (size_t k = 0; k < text.len; k++) {
            at = regex_next(wide, at, (unsigned char)text.at[k]);
        }
    }
    return regex_ends(wide, at);
}

bool pattern_covers(const struct pattern *wide, const struct pattern *narrow)
{
    if (!host_covers(wide, narrow)) return false;
    if (narrow->regex != NULL)
        return wide->regex != NULL ? slice_is(wide->regex_text, narrow->regex_text) : wide->rest && wide->count == 0;
    if (wide->regex != NULL) return regex_covers(wide->regex, narrow);
    if (wide->count > narrow->count) return false;
    if (!wide->rest && (narrow->rest || wide->count != narrow->count)) return false;
    for (size_t i = 0; i < wide->count; i++) {
        if (!segment_covers(&wide->segments[i], &narrow->segments[i])) return false;
    }
    return true;
}
