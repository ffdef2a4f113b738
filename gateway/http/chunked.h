/* chunked.h -- the chunked transfer coding of a backend's answer, taken apart in place (RFC 9112 section 7.1).
 *
 * Strict: sizes of 1 to 16 hexadecimal digits without sign, blank or prefix; every line ends with CR LF; extensions are passed over up to
 * CHUNKED_EXTENSION_MAX bytes a line and may hold no control byte but tab; trailers are checked the same way and dropped, up to
 * CHUNKED_TRAILER_MAX bytes. An answer that ends before the last chunk and its empty line is not complete: the caller sees that
 * CHUNKED_DONE never came.
 */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"

enum {
    CHUNKED_EXTENSION_MAX = 1024,  /* more is no extension anybody uses but a way to feed us for nothing */
    CHUNKED_TRAILER_MAX = 8 * 1024 /* as large as heads of sane servers */
};

enum chunked_result {
    CHUNKED_MORE, /* all bytes were used, more are needed */
    CHUNKED_DONE, /* the end; bytes behind it do not belong to this answer */
    CHUNKED_BAD   /* not chunked: the connection is of no use any more */
};

struct chunked { /* zeroed to begin */
    uint64_t left_;
    int state_;
    unsigned count_; /* digits of a size, bytes of an extension */
    unsigned trailer_;
    bool blank_line_;
};

/* Decodes bytes[0..len): the content is moved to the front, *ret_content bytes of it. *ret_rest: how many bytes followed the end
 * (only with CHUNKED_DONE). */
enum chunked_result chunked_decode(struct chunked *c, char *bytes, size_t len, size_t *ret_content, size_t *ret_rest);

#endif
