/* request_head.c -- the head we write to a backend, in one pass for its size and one to fill it. */
#include "http/request_head.h"

#include <string.h>

bool request_is_hop_by_hop(struct slice name)
{
    switch (name.len) {
    case 2: return slice_is(name, LIT("te"));
    case 4: return slice_is(name, LIT("host"));
    case 6: return slice_is(name, LIT("expect"));
    case 7: return slice_is(name, LIT("upgrade")) || slice_is(name, LIT("trailer"));
    case 10: return slice_is(name, LIT("connection")) || slice_is(name, LIT("keep-alive"));
    case 14: return slice_is(name, LIT("content-length")) || slice_is(name, LIT("http2-settings"));
    case 16: return slice_is(name, LIT("proxy-connection"));
    case 17: return slice_is(name, LIT("transfer-encoding"));
    case 18: return slice_is(name, LIT("proxy-authenticate"));
    case 19: return slice_is(name, LIT("proxy-authorization"));
    default: return false;
    }
}

bool request_is_idempotent(struct slice method)
{
    static const struct slice words[] = {LIT_INIT("GET"), LIT_INIT("HEAD"), LIT_INIT("OPTIONS"), LIT_INIT("PUT"),
                                         LIT_INIT("DELETE")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (slice_is(method, words[i])) return true;
    }
    return false;
}

static bool usually_has_body(struct slice method)
{
    return slice_is(method, LIT("POST")) || slice_is(method, LIT("PUT")) || slice_is(method, LIT("PATCH"));
}

static char *put(char *to, struct slice s)
{
    if (s.len != 0) memcpy(to, s.at, s.len);
    return to + s.len;
}

static char *put_header(char *to, struct slice name, struct slice value)
{
    to = put(to, name);
    to = put(to, LIT(": "));
    to = put(to, value);
    return put(to, LIT("\r\n"));
}

/* An upper bound: what is dropped later is counted, too. */
static size_t room_for(const struct header *headers, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += headers[i].name.len + headers[i].value.len + sizeof ": \r\n";
    return bytes;
}

static char *put_list(char *to, const struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct header *h = &headers[i];
        if (request_is_hop_by_hop(h->name)) continue;
        must(slice_is_one_word(h->name) && slice_is_one_line(h->value));
        to = put_header(to, h->name, h->value);
    }
    return to;
}

struct slice request_head_lines(struct arena *a, const struct header *headers, size_t count)
{
    char *lines = arena_bytes(a, room_for(headers, count));
    return (struct slice){lines, (size_t)(put_list(lines, headers, count) - lines)};
}

struct slice request_head(struct arena *a, const struct forward *f)
{
    must(slice_is_one_word(f->method) && slice_is_one_word(f->target) && slice_is_one_line(f->host));
    size_t room = f->method.len + f->target.len + f->host.len +
                  sizeof "  HTTP/1.1\r\nhost: \r\ncontent-length: \r\nconnection: Upgrade\r\n"
                         "upgrade: websocket\r\n\r\n" +
                  SLICE_DIGITS_MAX + room_for(f->headers, f->header_count) + f->lines.len;
    char *head = arena_bytes(a, room), *to = head;
    to = put(to, f->method);
    to = put(to, LIT(" "));
    to = put(to, f->target);
    to = put(to, LIT(" HTTP/1.1\r\n"));
    to = put_header(to, LIT("host"), f->host);
    to = put_list(to, f->headers, f->header_count);
    to = put(to, f->lines);
    if (f->body.len != 0 || usually_has_body(f->method)) {
        char digits[SLICE_DIGITS_MAX];
        to = put_header(to, LIT("content-length"), slice_digits(digits, f->body.len));
    }
    if (f->upgrade) {
        to = put_header(to, LIT("connection"), LIT("Upgrade"));
        to = put_header(to, LIT("upgrade"), LIT("websocket"));
    }
    to = put(to, LIT("\r\n"));
    return (struct slice){head, (size_t)(to - head)};
}
