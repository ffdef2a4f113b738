/* fuzz_backend_answer.c -- any bytes as a backend's answer: the head, then its body if it is chunked. The first byte chooses how it was
 * asked for. What is taken as a head reads the same when it comes in two parts. */
#include "http/chunked.h"
#include "http/response_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void decode(char *bytes, size_t len)
{
    struct chunked c = {0};
    size_t content = 0, rest = 0;
    enum chunked_result result = chunked_decode(&c, bytes, len, &content, &rest);
    must(content + rest <= len && (result == CHUNKED_DONE || rest == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char whole[2 * RESPONSE_HEAD_MAX], parts[2 * RESPONSE_HEAD_MAX];
    struct response_head h, again;
    if (len == 0 || len > sizeof whole) return 0;
    const struct response_asked asked = {.head = bytes[0] & 1, .upgrade = bytes[0] & 2};
    size_t cut = --len != 0 ? bytes[0] % len : 0;
    memcpy(whole, bytes + 1, len);
    memcpy(parts, bytes + 1, len);
    enum response_result result = response_head_read(whole, len, 0, asked, &h);
    if (response_head_read(parts, cut, 0, asked, &again) == RESPONSE_PARTIAL)
        must(response_head_read(parts, len, cut, asked, &again) == result);
    must(result != RESPONSE_BAD || h.why != NULL);
    if (result != RESPONSE_WHOLE) return 0;
    must(h.bytes <= len && h.status >= 100 && h.status <= 599);
    must(h.body != RESPONSE_BODY_LENGTH || h.length != RESPONSE_LENGTH_UNKNOWN);
    must(!h.reusable || h.body != RESPONSE_BODY_CLOSE);
    if (h.body == RESPONSE_BODY_CHUNKED) decode(whole + h.bytes, len - h.bytes);
    return 0;
}
