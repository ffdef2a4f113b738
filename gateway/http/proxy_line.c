/* The PROXY line, both versions; see proxy_line.h. */
#include "http/proxy_line.h"

enum {
    LINE_TEXT_BYTES = 107,    /* the longest v1 line, with its CRLF */
    LINE_BINARY_BYTES = 2048, /* v2 may carry extensions; honest ones stay far below */
    LINE_BINARY_HEAD = 16
};

static const char binary_mark[12] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static bool word(struct slice *rest, struct slice *ret_word)
{
    return slice_cut(rest, ' ', ret_word) && ret_word->len != 0;
}

static bool port_read(struct slice text, uint16_t *ret_port)
{
    uint64_t n;
    if (text.len == 0 || text.len > 5 || !slice_number(text, &n) || n > 65535) return false;
    *ret_port = (uint16_t)n;
    return true;
}

static enum proxy_line text_words(struct slice line, struct address *ret_peer)
{
    struct slice proxy, family, from, to, from_port, to_port;
    struct address source, target;
    uint16_t port, ignored;
    if (!word(&line, &proxy) || !word(&line, &family)) return PROXY_LINE_BAD;
    if (slice_is(family, LIT("UNKNOWN"))) return PROXY_LINE_NONE;
    bool four = slice_is(family, LIT("TCP4"));
    if (!four && !slice_is(family, LIT("TCP6"))) return PROXY_LINE_BAD;
    if (!word(&line, &from) || !word(&line, &to) || !word(&line, &from_port) || !word(&line, &to_port) ||
        line.at != NULL)
        return PROXY_LINE_BAD;
    if (!address_read(from, &source) || !address_read(to, &target) || source.port != 0 || source.is_ip4 != four ||
        !port_read(from_port, &port) || !port_read(to_port, &ignored))
        return PROXY_LINE_BAD;
    source.port = port;
    *ret_peer = source;
    return PROXY_LINE_PEER;
}

static enum proxy_line text_line(struct slice bytes, struct address *ret_peer, size_t *ret_used)
{
    struct slice seen = slice_upto(bytes, LINE_TEXT_BYTES);
    size_t lf = slice_index(seen, '\n');
    if (lf == SLICE_NONE) return seen.len == LINE_TEXT_BYTES ? PROXY_LINE_BAD : PROXY_LINE_MORE;
    if (lf == 0 || seen.at[lf - 1] != '\r') return PROXY_LINE_BAD;
    *ret_used = lf + 1;
    return text_words(slice_upto(seen, lf - 1), ret_peer);
}

static unsigned char byte_at(struct slice s, size_t i)
{
    return (unsigned char)s.at[i];
}

static void binary_address(struct slice body, bool four, struct address *ret_peer)
{
    struct address a = {.is_ip = true, .is_ip4 = four};
    size_t width = four ? 4 : 16;
    if (four) {
        a.bytes[10] = a.bytes[11] = 0xff;
        memcpy(a.bytes + 12, body.at, 4);
    } else {
        memcpy(a.bytes, body.at, 16);
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
        a.is_ip4 = memcmp(a.bytes, mapped, sizeof mapped) == 0;
    }
    a.port = (uint16_t)(byte_at(body, 2 * width) << 8 | byte_at(body, 2 * width + 1));
    *ret_peer = a;
}

static enum proxy_line binary_line(struct slice bytes, struct address *ret_peer, size_t *ret_used)
{
    if (bytes.len < LINE_BINARY_HEAD) return PROXY_LINE_MORE;
    unsigned char command = byte_at(bytes, 12), family = byte_at(bytes, 13);
    size_t len = (size_t)byte_at(bytes, 14) << 8 | byte_at(bytes, 15);
    if ((command != 0x20 && command != 0x21) || len > LINE_BINARY_BYTES) return PROXY_LINE_BAD;
    if (bytes.len < LINE_BINARY_HEAD + len) return PROXY_LINE_MORE;
    *ret_used = LINE_BINARY_HEAD + len;
    if (command == 0x20 || family == 0x00) return PROXY_LINE_NONE;
    bool four = family == 0x11;
    if ((!four && family != 0x21) || len < (four ? 12u : 36u)) return PROXY_LINE_BAD;
    binary_address(slice_from(bytes, LINE_BINARY_HEAD), four, ret_peer);
    return PROXY_LINE_PEER;
}

enum proxy_line proxy_line_read(struct slice bytes, struct address *ret_peer, size_t *ret_used)
{
    struct slice mark = {binary_mark, sizeof binary_mark};
    if (slice_starts(bytes, mark)) return binary_line(bytes, ret_peer, ret_used);
    if (bytes.len < mark.len && slice_starts(mark, bytes)) return PROXY_LINE_MORE;
    if (slice_starts(bytes, LIT("PROXY "))) return text_line(bytes, ret_peer, ret_used);
    return bytes.len < 6 && slice_starts(LIT("PROXY "), bytes) ? PROXY_LINE_MORE : PROXY_LINE_BAD;
}
