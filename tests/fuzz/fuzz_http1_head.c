/* fuzz_http1_head.c -- any bytes up to an empty line as a request's head, and what is left over as its chunked body. What is taken keeps every
 * promise of http/exchange.h. */
#include "fuzz.h"
#include "http/http1_head.h"
#include "http/screen.h"

enum {
    HEAD_BYTES = 4096,
    URI_BYTES = 1024,
    HEADERS = 20
};

static void keeps_promises(const struct http1_head *h)
{
    must(screen_method(h->method) && screen_target(h->target) && screen_authority(h->authority));
    must(h->target.len <= URI_BYTES && h->header_count <= HEADERS);
    for (size_t i = 0; i < h->authority.len; i++)
        must(h->authority.at[i] < 'A' || h->authority.at[i] > 'Z');
    size_t cookies = 0;
    for (size_t i = 0; i < h->header_count; i++) {
        struct slice name = h->headers[i].name;
        must(screen_name_kept(name) && screen_value(h->headers[i].value));
        must(!slice_is(name, LIT("host")) && !slice_is(name, LIT("content-length")));
        must(!slice_is(name, LIT("transfer-encoding")) && !slice_is(name, LIT("expect")));
        cookies += slice_is(name, LIT("cookie"));
    }
    must(cookies <= 1);
    must(h->framing != HTTP1_CHUNKED || h->minor == 1);
    must(!h->wants_upgrade || (h->framing == HTTP1_NO_BODY && h->minor == 1));
}

/* In one piece and in two the same bytes are the same body. */
static void body(struct slice bytes, size_t cut)
{
    struct http1_chunks once = {0}, twice = {0};
    struct slice data, rest = bytes, parts[2] = {slice_upto(bytes, cut), slice_from(bytes, cut)};
    size_t whole = 0, pieces = 0, i = 0;
    enum http1_chunked first, second = HTTP1_CHUNK_MORE;
    while ((first = http1_chunks_read(&once, &rest, &data)) == HTTP1_CHUNK_DATA) {
        must(data.len != 0);
        whole += data.len;
    }
    for (; i < 2 && second == HTTP1_CHUNK_MORE; i++)
        while ((second = http1_chunks_read(&twice, &parts[i], &data)) == HTTP1_CHUNK_DATA)
            pieces += data.len;
    must(first == second && (first == HTTP1_CHUNK_BAD || whole == pieces));
    must(first != HTTP1_CHUNK_MORE || rest.len == 0);
    must(whole <= bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_limits limits = {
        .head_bytes = HEAD_BYTES, .uri_bytes = URI_BYTES, .header_count = HEADERS};
    struct slice input = fuzz_slice(data, size);
    size_t end = slice_find(input, LIT("\r\n\r\n"));
    if (end == SLICE_NONE || end + 4 > HEAD_BYTES) {
        body(input, size / 2);
        return 0;
    }
    AUTO(arena_closep) struct arena *a = arena_open(64 * 1024);
    char *text = arena_bytes(a, end + 4);
    memcpy(text, data, end + 4);
    struct http1_head h;
    const char *why = NULL;
    enum problem p = http1_head_read(a, text, end + 4, &limits, &h, &why);
    must(p == PROBLEM_NONE || why != NULL);
    if (p == PROBLEM_NONE) keeps_promises(&h);
    struct slice rest = slice_from(input, end + 4);
    body(rest, rest.len != 0 ? data[0] % rest.len : 0);
    return 0;
}
