/* chunked.c -- a state per kind of byte; content is moved in runs, everything else goes byte by byte. */
#include "http/chunked.h"

#include <string.h>

enum state {
    SIZE_FIRST, /* the zeroed struct stands here */
    SIZE,
    EXTENSION,
    SIZE_LF,
    CONTENT,
    CONTENT_CR,
    CONTENT_LF,
    TRAILER,
    TRAILER_LF,
    DONE,
    BAD
};

enum {
    SIZE_DIGITS_MAX = 16
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool is_text(char c)
{
    unsigned char u = (unsigned char)c;
    return c == '\t' || (u >= 0x20 && u != 0x7f);
}

static enum state after_size_line(struct chunked *c)
{
    c->count_ = 0;
    c->blank_line_ = true;
    return c->left_ == 0 ? TRAILER : CONTENT;
}

static enum state take_size(struct chunked *c, char byte, bool first)
{
    int v = hex_value(byte);
    if (v >= 0) {
        c->left_ = first ? (uint64_t)v : c->left_ * 16 + (uint64_t)v;
        c->count_ = first ? 1 : c->count_ + 1;
        return c->count_ > SIZE_DIGITS_MAX ? BAD : SIZE;
    }
    if (first) return BAD;
    c->count_ = 0;
    return byte == '\r' ? SIZE_LF : byte == ';' ? EXTENSION : BAD;
}

static enum state take_extension(struct chunked *c, char byte)
{
    if (byte == '\r') return SIZE_LF;
    if (!is_text(byte) || ++c->count_ > CHUNKED_EXTENSION_MAX) return BAD;
    return EXTENSION;
}

static enum state take_trailer(struct chunked *c, char byte)
{
    if (byte == '\r') return TRAILER_LF;
    if (!is_text(byte) || ++c->trailer_ > CHUNKED_TRAILER_MAX) return BAD;
    c->blank_line_ = false;
    return TRAILER;
}

static enum state after_trailer_line(struct chunked *c)
{
    if (c->blank_line_) return DONE;
    c->blank_line_ = true;
    return ++c->trailer_ > CHUNKED_TRAILER_MAX ? BAD : TRAILER;
}

/* One byte that is not content. */
static enum state take(struct chunked *c, char byte)
{
    switch ((enum state)c->state_) {
    case SIZE_FIRST: return take_size(c, byte, true);
    case SIZE: return take_size(c, byte, false);
    case EXTENSION: return take_extension(c, byte);
    case SIZE_LF: return byte == '\n' ? after_size_line(c) : BAD;
    case CONTENT_CR: return byte == '\r' ? CONTENT_LF : BAD;
    case CONTENT_LF: return byte == '\n' ? SIZE_FIRST : BAD;
    case TRAILER: return take_trailer(c, byte);
    case TRAILER_LF: return byte == '\n' ? after_trailer_line(c) : BAD;
    case CONTENT:
    case DONE:
    case BAD: break;
    }
    return BAD;
}

/* How many bytes of a run are content of this chunk; moves them to `to`. */
static size_t take_content(struct chunked *c, char *to, const char *from, size_t len)
{
    size_t run = len < c->left_ ? len : (size_t)c->left_;
    if (to != from) memmove(to, from, run);
    c->left_ -= run;
    if (c->left_ == 0) c->state_ = CONTENT_CR;
    return run;
}

enum chunked_result chunked_decode(struct chunked *c, char *bytes, size_t len, size_t *ret_content, size_t *ret_rest)
{
    size_t content = 0, at = 0;
    while (at < len && c->state_ != DONE && c->state_ != BAD) {
        if (c->state_ != CONTENT) {
            c->state_ = (int)take(c, bytes[at++]);
            continue;
        }
        size_t run = take_content(c, bytes + content, bytes + at, len - at);
        content += run;
        at += run;
    }
    *ret_content = content;
    *ret_rest = c->state_ == DONE ? len - at : 0;
    if (c->state_ == BAD) return CHUNKED_BAD;
    return c->state_ == DONE ? CHUNKED_DONE : CHUNKED_MORE;
}
