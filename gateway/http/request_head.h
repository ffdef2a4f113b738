/* request_head.h -- the first lines we write to a backend: request line, Host, headers, framing (RFC 9112 sections 3, 6, 9.6).
 *
 * The head is built from a struct forward and nothing else, so nothing of an earlier request on the same connection can leak into
 * it. Headers go out in the order given. Names that speak of one connection only, or of framing, are ours to write and are
 * dropped from the list whoever put them there: Host, Content-Length, Transfer-Encoding, Connection, Upgrade, TE, Trailer,
 * Keep-Alive, Expect, Proxy-Connection, Proxy-Authorization, HTTP2-Settings.
 */
#ifndef HTTP_REQUEST_HEAD_H
#define HTTP_REQUEST_HEAD_H
#include "http/exchange.h"

/* Content-Length is written when there is a body, or when the method is one that usually has one (POST, PUT, PATCH).
 * Connection is left out (HTTP/1.1 keeps the connection), or "Upgrade" for a websocket. A CR, LF or NUL in any part, or a target or method with a
 * space, would be our own mistake (the front refuses them): a must. Gives arena memory. */
struct slice request_head(struct arena *a, const struct forward *f);

/* For forward.lines: a list that goes out with many requests, written and checked once. The same rules. Gives arena memory. */
struct slice request_head_lines(struct arena *a, const struct header *headers, size_t count);

/* GET, HEAD, OPTIONS, PUT, DELETE: may be sent a second time (RFC 9110 section 9.2.2). */
bool request_is_idempotent(struct slice method);

/* A header of one connection only, which never travels on (RFC 9110 section 7.6.1). Lower-case name. */
bool request_is_hop_by_hop(struct slice lower_name);

#endif
