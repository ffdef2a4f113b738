/* One HTTP/1 request head; see http1_head.h. Line by line: the request line, then fields, each checked as a field before it is asked
 * what it means; last what only the whole head can tell (one Host, one framing). */
#include "http/http1_head.h"

#include "http/field.h"
#include "http/screen.h"

enum {
    HEAD_LENGTH_DIGITS = 18, /* more than any limit, less than what overflows */
    HEAD_FIELDS_AT_ONCE = 24 /* more than a browser sends */
};

struct reading {
    struct http1_head head;
    const char *why;
    size_t hosts, lengths, encodings, upgrades, cookies;
    size_t lines, room; /* lines counts what is dropped, too */
    bool close, alive, upgrade;
};

static enum problem bad(struct reading *r, const char *why)
{
    r->why = why;
    return PROBLEM_BAD_REQUEST;
}

/* The next line without its CRLF; false on a bare LF. The text ends with CRLF CRLF, so there is always an LF. */
static bool next_line(struct slice *text, struct slice *ret_line)
{
    const char *lf = memchr(text->at, '\n', text->len);
    if (lf == NULL || lf == text->at || lf[-1] != '\r') return false;
    *ret_line = (struct slice){text->at, (size_t)(lf - text->at) - 1};
    *text = slice_from(*text, (size_t)(lf - text->at) + 1);
    return true;
}

static enum problem request_line(struct reading *r, struct slice line, const struct http_limits *limits)
{
    struct slice rest = line, version;
    size_t space = slice_index(rest, ' ');
    if (space == SLICE_NONE) return bad(r, "request line without a target");
    r->head.method = slice_upto(rest, space);
    rest = slice_from(rest, space + 1);
    space = slice_index(rest, ' ');
    if (space == SLICE_NONE) return bad(r, "request line without a version");
    r->head.target = slice_upto(rest, space);
    version = slice_from(rest, space + 1);
    if (slice_is(version, LIT("HTTP/1.1")))
        r->head.minor = 1;
    else if (!slice_is(version, LIT("HTTP/1.0")))
        return bad(r, "neither HTTP/1.1 nor HTTP/1.0");
    if (!screen_method(r->head.method)) return bad(r, "method");
    if (r->head.target.len > limits->uri_bytes) {
        r->why = "target too long";
        return PROBLEM_URI_TOO_LONG;
    }
    return screen_target(r->head.target) ? PROBLEM_NONE : bad(r, "target");
}

/* RFC 9112 6.3: a Content-Length is digits, nothing else, once. */
static enum problem take_length(struct reading *r, struct slice value)
{
    r->lengths++;
    if (value.len > HEAD_LENGTH_DIGITS || !slice_number(value, &r->head.length))
        return bad(r, "content-length is not a number");
    r->head.framing = HTTP1_LENGTH;
    return PROBLEM_NONE;
}

static enum problem take_encoding(struct reading *r, struct slice value)
{
    r->encodings++;
    if (!slice_is_nocase(value, LIT("chunked"))) return bad(r, "transfer-encoding other than chunked");
    r->head.framing = HTTP1_CHUNKED;
    return PROBLEM_NONE;
}

static void take_connection(struct reading *r, struct slice value)
{
    struct slice token;
    while (slice_cut(&value, ',', &token)) {
        token = slice_trim(token);
        r->close = r->close || slice_is_nocase(token, LIT("close"));
        r->alive = r->alive || slice_is_nocase(token, LIT("keep-alive"));
        r->upgrade = r->upgrade || slice_is_nocase(token, LIT("upgrade"));
    }
}

static enum problem take_expectation(struct reading *r, struct slice value)
{
    if (!slice_is_nocase(value, LIT("100-continue"))) return bad(r, "an expectation other than 100-continue");
    r->head.expects_continue = true;
    return PROBLEM_NONE;
}

/* Framing is ours: handlers do not see it. */
static void keep(struct reading *r, struct arena *a, const struct field *f)
{
    struct http1_head *h = &r->head;
    if (h->header_count == r->room) {
        struct header *old = h->headers;
        r->room = r->room != 0 ? 2 * r->room : HEAD_FIELDS_AT_ONCE;
        h->headers = arena_array(a, struct header, r->room);
        if (h->header_count != 0) memcpy(h->headers, old, h->header_count * sizeof *old);
    }
    h->headers[h->header_count++] = (struct header){f->name, f->value};
}

static enum problem take_field(struct reading *r, struct arena *a, const struct field *f)
{
    switch (f->name.len) {
    case 4:
        if (!slice_is(f->name, LIT("host"))) break;
        r->hosts++;
        r->head.authority = f->value;
        return PROBLEM_NONE;
    case 6:
        if (slice_is(f->name, LIT("expect"))) return take_expectation(r, f->value);
        if (slice_is(f->name, LIT("cookie"))) r->cookies++;
        break;
    case 7:
        if (!slice_is(f->name, LIT("upgrade"))) break;
        r->upgrades++;
        r->head.wants_upgrade = slice_is_nocase(f->value, LIT("websocket"));
        break;
    case 10:
        if (slice_is(f->name, LIT("connection"))) take_connection(r, f->value);
        break;
    case 14:
        if (slice_is(f->name, LIT("content-length"))) return take_length(r, f->value);
        break;
    case 17:
        if (slice_is(f->name, LIT("transfer-encoding"))) return take_encoding(r, f->value);
        break;
    default: break;
    }
    if (!f->odd) keep(r, a, f);
    return PROBLEM_NONE;
}

static void lower(struct slice s)
{
    char *at = (char *)(uintptr_t)s.at; /* the text is ours and writable; slices are read-only by type */
    for (size_t i = 0; i < s.len; i++)
        if (at[i] >= 'A' && at[i] <= 'Z') at[i] = (char)(at[i] | 0x20);
}

/* What only the whole head can tell. */
static enum problem whole(struct reading *r)
{
    struct http1_head *h = &r->head;
    if (r->hosts != 1) return bad(r, r->hosts == 0 ? "no host" : "several hosts");
    if (!screen_authority(h->authority)) return bad(r, "host");
    if (r->lengths + r->encodings > 1) return bad(r, "more than one content-length or transfer-encoding");
    if (r->encodings != 0 && h->minor == 0) return bad(r, "transfer-encoding in HTTP/1.0");
    lower(h->authority);
    h->keep_alive = !r->close && (h->minor == 1 || r->alive);
    h->wants_upgrade = h->wants_upgrade && r->upgrades == 1 && r->upgrade && h->minor == 1 &&
                       slice_is(h->method, LIT("GET")) && h->framing == HTTP1_NO_BODY;
    h->expects_continue = h->expects_continue && h->minor == 1;
    return PROBLEM_NONE;
}

static enum problem fields(struct reading *r, struct arena *a, char *at, const char *end,
                           const struct http_limits *limits)
{
    struct field f;
    enum field_result got;
    while ((got = field_next(&at, end, &f, &r->why)) == FIELD_READ) {
        if (r->lines++ == limits->header_count) {
            r->why = "too many headers";
            return PROBLEM_HEAD_TOO_LARGE;
        }
        enum problem p = take_field(r, a, &f);
        if (p != PROBLEM_NONE) return p;
    }
    return got == FIELD_END ? PROBLEM_NONE : PROBLEM_BAD_REQUEST;
}

enum problem http1_head_read(struct arena *a, char *text, size_t len, const struct http_limits *limits,
                             struct http1_head *ret_head, const char **ret_why)
{
    struct slice rest = {text, len}, line;
    struct reading r = {.why = "bare line feed"};
    enum problem p = PROBLEM_BAD_REQUEST;
    if (next_line(&rest, &line)) p = request_line(&r, line, limits);
    if (p == PROBLEM_NONE) p = fields(&r, a, text + (rest.at - text), text + len, limits);
    if (p == PROBLEM_NONE) p = whole(&r);
    if (p != PROBLEM_NONE) {
        *ret_why = r.why;
        return p;
    }
    if (r.cookies > 1) r.head.header_count = screen_headers(a, r.head.headers, r.head.header_count);
    *ret_head = r.head;
    return PROBLEM_NONE;
}
