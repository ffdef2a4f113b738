/* http1_head.h -- reads one HTTP/1 request head, strictly (RFC 9112), and the framing of its body.
 *
 * Pure; for http1.c and the tests. Two readings of one text are how a second request is hidden in the first, so whatever the RFC lets
 * a server repair is refused here: bare LF, folded lines, blanks before the colon, several or doubtful Content-Length and
 * Transfer-Encoding, chunked in HTTP/1.0, several Host.
 */
#ifndef HTTP_HTTP1_HEAD_H
#define HTTP_HTTP1_HEAD_H
#include "http/exchange.h"
#include "http/server.h"

enum http1_framing {
    HTTP1_NO_BODY,
    HTTP1_LENGTH,
    HTTP1_CHUNKED
};

struct http1_head {
    struct slice method, target, authority; /* authority lower case */
    int minor;                              /* HTTP/1.minor: 0 or 1 */
    struct header *headers;                 /* screened: see screen_headers */
    size_t header_count;
    enum http1_framing framing;
    uint64_t length;
    bool keep_alive, expects_continue, wants_upgrade;
};

/* text: the head up to and with its empty line, in a; names are lower-cased in place and everything given points into it. PROBLEM_NONE:
 * *ret_head is filled; else *ret_why says what was wrong, static. */
enum problem http1_head_read(struct arena *a, char *text, size_t len, const struct http_limits *limits,
                             struct http1_head *ret_head, const char **ret_why);

/* Chunked bodies, byte by byte and strictly (RFC 9112 7.1): extensions are skipped, trailers dropped, both up to a limit. */
struct http1_chunks {
    int state;
    int digits;
    uint64_t left;
    size_t extra; /* bytes of extensions and trailers so far */
};
enum http1_chunked {
    HTTP1_CHUNK_MORE, /* all input was used; more is needed */
    HTTP1_CHUNK_DATA, /* *ret_data is the next piece of body; call again with what is behind it */
    HTTP1_CHUNK_DONE, /* the body is complete */
    HTTP1_CHUNK_BAD
};
/* c zeroed before the first call. Cuts what it used off *bytes. */
enum http1_chunked http1_chunks_read(struct http1_chunks *c, struct slice *bytes, struct slice *ret_data);

#endif
