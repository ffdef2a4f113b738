/* Chunked bodies of requests, strictly: hexadecimal digits, CRLF, exactly so many bytes, CRLF. libh2o's decoder takes "5g", bare line
 * feeds and endless extensions for good; an application behind us might not, and the difference is a hidden request. */
#include "http/http1_head.h"

enum {
    CHUNK_DIGITS = 8,        /* 4 GiB in one chunk is above every body limit */
    CHUNK_EXTRA_BYTES = 8192 /* extensions and trailers of one body */
};

enum {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* at the start of a line */
    TRAILER_LINE,
    TRAILER_LF,
    LAST_LF
};

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool plain(char c)
{
    unsigned char u = (unsigned char)c;
    return c == '\t' || (u >= 0x20 && u != 0x7f);
}

static int after_size(struct http1_chunks *c, char byte)
{
    int value = hex(byte);
    if (value >= 0 && c->digits < CHUNK_DIGITS) {
        c->left = c->left * 16 + (uint64_t)value;
        c->digits++;
        return SIZE;
    }
    if (c->digits == 0 || value >= 0) return -1;
    return byte == ';' ? EXTENSION : byte == '\r' ? SIZE_LF : -1;
}

/* The next state for a byte that is no data; -1 when it may not stand here. */
static int step(struct http1_chunks *c, char byte)
{
    switch (c->state) {
    case SIZE: return after_size(c, byte);
    case EXTENSION: return byte == '\r' ? SIZE_LF : plain(byte) && ++c->extra <= CHUNK_EXTRA_BYTES ? EXTENSION : -1;
    case SIZE_LF: c->digits = 0; return byte != '\n' ? -1 : c->left != 0 ? DATA : TRAILER;
    case DATA_CR: return byte == '\r' ? DATA_LF : -1;
    case DATA_LF: return byte == '\n' ? SIZE : -1;
    case TRAILER:
        if (byte == '\r') return LAST_LF;
        return plain(byte) && byte != ' ' && byte != '\t' ? TRAILER_LINE : -1;
    case TRAILER_LINE:
        return byte == '\r' ? TRAILER_LF : plain(byte) && ++c->extra <= CHUNK_EXTRA_BYTES ? TRAILER_LINE : -1;
    case TRAILER_LF: return byte == '\n' && ++c->extra <= CHUNK_EXTRA_BYTES ? TRAILER : -1;
    default: return -1;
    }
}

enum http1_chunked http1_chunks_read(struct http1_chunks *c, struct slice *bytes, struct slice *ret_data)
{
    while (bytes->len != 0) {
        if (c->state == DATA) {
            *ret_data = slice_upto(*bytes, c->left < bytes->len ? (size_t)c->left : bytes->len);
            *bytes = slice_from(*bytes, ret_data->len);
            c->left -= ret_data->len;
            if (c->left == 0) c->state = DATA_CR;
            return HTTP1_CHUNK_DATA;
        }
        char byte = bytes->at[0];
        *bytes = slice_from(*bytes, 1);
        if (c->state == LAST_LF) return byte == '\n' ? HTTP1_CHUNK_DONE : HTTP1_CHUNK_BAD;
        c->state = step(c, byte);
        if (c->state < 0) return HTTP1_CHUNK_BAD;
    }
    return HTTP1_CHUNK_MORE;
}
