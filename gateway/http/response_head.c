/* response_head.c -- the status line, then the field lines as of any head (field.h), then the judgement.
 *
 * In order: is the empty line here; status line; lines; what they say about framing and the connection; what is passed on.
 */
#include "http/response_head.h"

#include <string.h>

#include "http/field.h"
#include "http/request_head.h"

enum {
    VERSION_LEN = 8,      /* "HTTP/1.1" */
    STATUS_LINE_MIN = 12, /* "HTTP/1.1 200" */
    STATUS_MIN = 100,     /* RFC 9110 section 15 */
    STATUS_MAX = 599,
    LENGTH_DIGITS_MAX = 18,
    KEEP_ALIVE_S_MAX = 3600
};

/* What the lines said, before it is judged. */
struct notes {
    bool http10, closes, keeps, chunked;
    bool lists; /* Connection names more than that */
    int lengths, encodings;
    uint64_t length;
    struct slice connection[4]; /* Connection lines; more are refused */
    size_t connections;
};

static bool refuse(struct response_head *h, const char *why)
{
    h->why = why;
    return false;
}

/* Where the empty line ends, or 0. Starts a little before what was seen earlier. */
static size_t head_end(const char *bytes, size_t len, size_t seen)
{
    const char *end = bytes + len, *lf = bytes + (seen > 3 ? seen - 3 : 0);
    /* from line to line: several times faster than memmem for so short a needle */
    for (; lf < end && (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL; lf++) {
        if (end - lf > 2 && lf[1] == '\r' && lf[2] == '\n' && lf != bytes && lf[-1] == '\r')
            return (size_t)(lf - bytes) + 3;
    }
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.x SP 3DIGIT [SP reason] CRLF"; returns its length through ret_len. */
static bool read_status_line(const char *bytes, size_t end, struct response_head *h, struct notes *n, size_t *ret_len)
{
    const char *lf = memchr(bytes, '\n', end);
    if (lf == NULL || lf - bytes < STATUS_LINE_MIN + 1 || lf[-1] != '\r')
        return refuse(h, "the first line is not an HTTP/1 status line");
    if (memcmp(bytes, "HTTP/1.", VERSION_LEN - 1) != 0 || (bytes[7] != '0' && bytes[7] != '1') || bytes[8] != ' ')
        return refuse(h, "the answer is neither HTTP/1.1 nor HTTP/1.0");
    const char *code = bytes + VERSION_LEN + 1;
    if (!is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]) || (code[3] != ' ' && code[3] != '\r'))
        return refuse(h, "the status is not three digits");
    for (const char *p = code + 3; p < lf - 1; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return refuse(h, "the status line holds a control byte");
    }
    h->status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    if (h->status < STATUS_MIN || h->status > STATUS_MAX) return refuse(h, "the status is not between 100 and 599");
    n->http10 = bytes[7] == '0';
    *ret_len = (size_t)(lf - bytes) + 1;
    return true;
}

static bool note_length(struct response_head *h, struct notes *n, struct slice value)
{
    if (n->lengths++ != 0) return refuse(h, "Content-Length stands there twice");
    if (value.len > LENGTH_DIGITS_MAX || !slice_number(value, &n->length))
        return refuse(h, "Content-Length is not a number");
    return true;
}

static bool note_encoding(struct response_head *h, struct notes *n, struct slice value)
{
    if (n->encodings++ != 0) return refuse(h, "Transfer-Encoding stands there twice");
    if (!slice_is_nocase(value, LIT("chunked"))) return refuse(h, "Transfer-Encoding is not chunked");
    n->chunked = true;
    return true;
}

static bool note_connection(struct response_head *h, struct notes *n, struct slice value)
{
    if (n->connections == sizeof n->connection / sizeof *n->connection) return refuse(h, "too many Connection lines");
    n->connection[n->connections++] = value;
    struct slice token;
    while (slice_cut(&value, ',', &token)) {
        token = slice_trim(token);
        bool closes = slice_is_nocase(token, LIT("close")), keeps = slice_is_nocase(token, LIT("keep-alive"));
        n->closes = n->closes || closes;
        n->keeps = n->keeps || keeps;
        n->lists = n->lists || (!closes && !keeps); /* those two are hop by hop anyway */
    }
    return true;
}

static void note_keep_alive(struct response_head *h, struct slice value)
{
    struct slice part;
    while (slice_cut(&value, ',', &part)) {
        uint64_t seconds;
        part = slice_trim(part);
        if (part.len > 8 && slice_is_nocase(slice_upto(part, 8), LIT("timeout=")) &&
            slice_number(slice_from(part, 8), &seconds) && seconds <= KEEP_ALIVE_S_MAX)
            h->keep_alive_s = (int)seconds;
    }
}

/* Looks at the headers that speak to us, not to the visitor. */
static bool note(struct response_head *h, struct notes *n, const struct header *line)
{
    switch (line->name.len) {
    case 7:
        if (slice_is(line->name, LIT("upgrade"))) h->upgrade = line->value;
        return true;
    case 10:
        if (slice_is(line->name, LIT("connection"))) return note_connection(h, n, line->value);
        if (slice_is(line->name, LIT("keep-alive"))) note_keep_alive(h, line->value);
        return true;
    case 14: return slice_is(line->name, LIT("content-length")) ? note_length(h, n, line->value) : true;
    case 17: return slice_is(line->name, LIT("transfer-encoding")) ? note_encoding(h, n, line->value) : true;
    case 20:
        if (slice_is(line->name, LIT("sec-websocket-accept"))) h->accept = line->value;
        return true;
    default: return true;
    }
}

static bool read_lines(char *bytes, size_t start, size_t end, struct response_head *h, struct notes *n)
{
    struct field f;
    enum field_result got;
    char *at = bytes + start;
    while ((got = field_next(&at, bytes + end, &f, &h->why)) == FIELD_READ) {
        if (h->header_count == RESPONSE_HEADERS_MAX) return refuse(h, "there are too many header lines");
        h->headers[h->header_count] = (struct header){f.name, f.value};
        if (!note(h, n, &h->headers[h->header_count++])) return false;
    }
    return got == FIELD_END;
}

static bool is_listed(const struct notes *n, struct slice name)
{
    for (size_t i = 0; i < n->connections; i++) {
        struct slice rest = n->connection[i], token;
        while (slice_cut(&rest, ',', &token)) {
            if (slice_is_nocase(slice_trim(token), name)) return true;
        }
    }
    return false;
}

static void keep_what_travels(struct response_head *h, const struct notes *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->header_count; i++) {
        struct slice name = h->headers[i].name;
        if (request_is_hop_by_hop(name) || (n->lists && is_listed(n, name))) continue;
        h->headers[kept++] = h->headers[i];
    }
    h->header_count = kept;
}

/* RFC 9112 section 6.3, and nothing that is open to doubt. */
static bool judge_framing(struct response_head *h, const struct notes *n, struct response_asked asked)
{
    if (n->encodings != 0 && n->lengths != 0) return refuse(h, "both Content-Length and Transfer-Encoding");
    if (n->encodings != 0 && n->http10) return refuse(h, "Transfer-Encoding in an HTTP/1.0 answer");
    h->length = n->lengths != 0 ? n->length : RESPONSE_LENGTH_UNKNOWN;
    bool bare = h->status < 200 || h->status == 204;
    if (bare || h->status == 304 || asked.head) {
        h->body = RESPONSE_BODY_NONE;
        if (bare) h->length = RESPONSE_LENGTH_UNKNOWN;
        return true;
    }
    if (n->chunked)
        h->body = RESPONSE_BODY_CHUNKED;
    else if (n->lengths == 0)
        h->body = RESPONSE_BODY_CLOSE;
    else
        h->body = n->length == 0 ? RESPONSE_BODY_NONE : RESPONSE_BODY_LENGTH;
    return true;
}

static bool is_reusable(const struct response_head *h, const struct notes *n)
{
    /* a body where none may be: who knows what the backend will send next */
    bool doubtful = (h->status < 200 || h->status == 204) && (n->encodings != 0 || (n->lengths != 0 && n->length != 0));
    return !doubtful && !n->closes && (!n->http10 || n->keeps) && h->body != RESPONSE_BODY_CLOSE;
}

static bool read_whole(char *bytes, size_t end, struct response_asked asked, struct response_head *h)
{
    struct notes n = {0};
    size_t line;
    if (!read_status_line(bytes, end, h, &n, &line) || !read_lines(bytes, line, end, h, &n)) return false;
    if (h->status == 101 && (!asked.upgrade || n.http10))
        return refuse(h, "101 Switching Protocols that nobody asked for");
    if (!judge_framing(h, &n, asked)) return false;
    h->interim = h->status < 200 && h->status != 101;
    h->reusable = is_reusable(h, &n);
    keep_what_travels(h, &n);
    return true;
}

enum response_result response_head_read(char *bytes, size_t len, size_t seen, struct response_asked asked,
                                        struct response_head *h)
{
    static const char start[] = "HTTP/1.";
    size_t known = len < sizeof start - 1 ? len : sizeof start - 1;
    if (memcmp(bytes, start, known) != 0) {
        h->why = "the answer is neither HTTP/1.1 nor HTTP/1.0";
        return RESPONSE_BAD;
    }
    size_t end = head_end(bytes, len < RESPONSE_HEAD_MAX ? len : RESPONSE_HEAD_MAX, seen);
    if (end == 0 && len < RESPONSE_HEAD_MAX) return RESPONSE_PARTIAL;
    if (end == 0) {
        h->why = "the head is longer than 64 KiB";
        return RESPONSE_BAD;
    }
    h->status = 0;
    h->header_count = 0;
    h->keep_alive_s = 0;
    h->upgrade = h->accept = (struct slice){NULL, 0};
    h->why = NULL;
    h->bytes = end;
    return read_whole(bytes, end, asked, h) ? RESPONSE_WHOLE : RESPONSE_BAD;
}
