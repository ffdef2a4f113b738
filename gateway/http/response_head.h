/* response_head.h -- a backend's answer up to its first body byte: read, judged, cleaned (RFC 9112 sections 4 to 6).
 *
 * What is refused, because it has more than one reading or none: anything but HTTP/1.0 and 1.1; a status that is not three digits
 * between 100 and 599; folded lines, bare LF, NUL and control bytes, blank or empty names; Content-Length twice, as a list, with sign
 * or over 18 digits; Transfer-Encoding with Content-Length, in HTTP/1.0, twice, or anything but "chunked"; more than
 * RESPONSE_HEADERS_MAX lines or RESPONSE_HEAD_MAX bytes; 101 (the caller asks with `upgrade` whether it may come).
 *
 * What is dropped: hop-by-hop headers and every name that Connection lists; Content-Length (it is `length` now); Trailer, as
 * trailers are not passed on.
 *
 * Pure: no allocation, no I/O. Names are lower-cased in the caller's bytes, and every slice lends from there.
 */
#ifndef HTTP_RESPONSE_HEAD_H
#define HTTP_RESPONSE_HEAD_H
#include "http/exchange.h"

enum {
    RESPONSE_HEAD_MAX = 64 * 1024, /* some frameworks write large policies and cookies; no browser takes more */
    RESPONSE_HEADERS_MAX = 128
};
#define RESPONSE_LENGTH_UNKNOWN UINT64_MAX

enum response_body {
    RESPONSE_BODY_NONE,   /* HEAD, 1xx, 204, 304, or Content-Length: 0 */
    RESPONSE_BODY_LENGTH, /* `length` bytes */
    RESPONSE_BODY_CHUNKED,
    RESPONSE_BODY_CLOSE /* till the backend closes */
};

enum response_result {
    RESPONSE_PARTIAL, /* not all here yet */
    RESPONSE_WHOLE,
    RESPONSE_BAD /* see why */
};

struct response_head {
    int status;
    bool interim;                                /* 1xx other than 101: the real answer follows */
    struct header headers[RESPONSE_HEADERS_MAX]; /* what is passed on, in order */
    size_t header_count;
    enum response_body body;
    uint64_t length;      /* as announced, also for HEAD and 304; else RESPONSE_LENGTH_UNKNOWN */
    bool reusable;        /* the connection may carry another request after this answer */
    int keep_alive_s;     /* the backend's promise, Keep-Alive: timeout=N; 0: none */
    struct slice upgrade; /* 101 only: the protocol */
    struct slice accept;  /* 101 only: Sec-WebSocket-Accept */
    size_t bytes;         /* of the head, with the empty line */
    const char *why;      /* RESPONSE_BAD: in plain words, static */
};

struct response_asked {
    bool head;    /* the method was HEAD */
    bool upgrade; /* a websocket was asked for */
};

/* seen: how many of the bytes an earlier call found to be partial; 0 at first. Looking at a head byte by byte stays linear.
 * *h is written on RESPONSE_WHOLE; on RESPONSE_BAD only why. */
enum response_result response_head_read(char *bytes, size_t len, size_t seen, struct response_asked asked,
                                        struct response_head *h);

#endif
