/* fuzz_proxy_line.c -- any bytes as a PROXY line. What a prefix was enough for, more bytes do not change. */
#include "fuzz.h"
#include "http/proxy_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096) return 0;
    struct slice whole = fuzz_slice(data, size);
    struct address peer = {0}, again = {0};
    size_t used = 0, used_again = 0;
    enum proxy_line said = proxy_line_read(whole, &peer, &used);
    if (said == PROXY_LINE_PEER || said == PROXY_LINE_NONE) {
        must(used != 0 && used <= size);
        must(said == PROXY_LINE_NONE || peer.is_ip);
        must(proxy_line_read(slice_upto(whole, used), &again, &used_again) == said);
        must(used == used_again && memcmp(peer.bytes, again.bytes, sizeof peer.bytes) == 0);
        for (size_t len = 0; len < used; len += 1 + used / 64)
            must(proxy_line_read(slice_upto(whole, len), &again, &used_again) == PROXY_LINE_MORE);
    }
    if (said == PROXY_LINE_MORE) must(size < 16 + 2048);
    return 0;
}
