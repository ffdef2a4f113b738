/* request_head.c -- the head we write to a backend, in one pass for its size and one to fill it. */
#include "http/request_head.h"

#include <stdio.h>
#include <string.h>

enum {
    NUMBER_MAX = 24 /* "18446744073709551615" and its NUL */
};

/* Sorted by length first, which decides nearly every time. */
static const struct slice hop_by_hop[] = {
    LIT_INIT("te"),
    LIT_INIT("host"),
    LIT_INIT("expect"),
    LIT_INIT("upgrade"),
    LIT_INIT("trailer"),
    LIT_INIT("connection"),
    LIT_INIT("keep-alive"),
    LIT_INIT("content-length"),
    LIT_INIT("http2-settings"),
    LIT_INIT("proxy-connection"),
    LIT_INIT("transfer-encoding"),
    LIT_INIT("proxy-authenticate"),
    LIT_INIT("proxy-authorization"),
};

bool request_is_hop_by_hop(struct slice lower_name)
{
    for (size_t i = 0; i < sizeof hop_by_hop / sizeof *hop_by_hop; i++) {
        if (hop_by_hop[i].len == lower_name.len &&
            memcmp(hop_by_hop[i].at, lower_name.at, lower_name.len) == 0)
            return true;
    }
    return false;
}

bool request_is_idempotent(struct slice method)
{
    static const struct slice words[] = {LIT_INIT("GET"), LIT_INIT("HEAD"), LIT_INIT("OPTIONS"),
                                         LIT_INIT("PUT"), LIT_INIT("DELETE")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (slice_is(method, words[i])) return true;
    }
    return false;
}

static bool usually_has_body(struct slice method)
{
    return slice_is(method, LIT("POST")) || slice_is(method, LIT("PUT")) ||
           slice_is(method, LIT("PATCH"));
}

static bool fits_on_a_line(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\r' || s.at[i] == '\n' || s.at[i] == '\0') return false;
    }
    return true;
}

static bool is_one_word(struct slice s)
{
    return s.len != 0 && fits_on_a_line(s) && slice_index(s, ' ') == SLICE_NONE &&
           slice_index(s, '\t') == SLICE_NONE;
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
static size_t room_for(const struct forward *f)
{
    size_t bytes = f->method.len + f->target.len + f->host.len +
                   sizeof "  HTTP/1.1\r\nhost: \r\ncontent-length: \r\nconnection: Upgrade\r\n"
                          "upgrade: websocket\r\n\r\n" +
                   NUMBER_MAX;
    for (size_t i = 0; i < f->header_count; i++)
        bytes += f->headers[i].name.len + f->headers[i].value.len + sizeof ": \r\n";
    return bytes;
}

struct slice request_head(struct arena *a, const struct forward *f)
{
    must(is_one_word(f->method) && is_one_word(f->target) && fits_on_a_line(f->host));
    char *head = arena_bytes(a, room_for(f)), *to = head;
    to = put(to, f->method);
    to = put(to, LIT(" "));
    to = put(to, f->target);
    to = put(to, LIT(" HTTP/1.1\r\n"));
    to = put_header(to, LIT("host"), f->host);
    for (size_t i = 0; i < f->header_count; i++) {
        const struct header *h = &f->headers[i];
        if (request_is_hop_by_hop(h->name)) continue;
        must(is_one_word(h->name) && fits_on_a_line(h->value));
        to = put_header(to, h->name, h->value);
    }
    if (f->body.len != 0 || usually_has_body(f->method)) {
        char number[NUMBER_MAX];
        int len = snprintf(number, sizeof number, "%zu", f->body.len);
        to = put_header(to, LIT("content-length"), (struct slice){number, (size_t)len});
    }
    if (f->upgrade) {
        to = put_header(to, LIT("connection"), LIT("Upgrade"));
        to = put_header(to, LIT("upgrade"), LIT("websocket"));
    }
    to = put(to, LIT("\r\n"));
    return (struct slice){head, (size_t)(to - head)};
}
