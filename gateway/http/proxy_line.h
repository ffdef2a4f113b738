/* proxy_line.h -- reads the PROXY line (v1 text, v2 binary) with which a proxy names the client it speaks for. Pure.
 *
 * haproxy.org's proxy-protocol.txt, sections 2.1 and 2.2.
 */
#ifndef HTTP_PROXY_LINE_H
#define HTTP_PROXY_LINE_H
#include "text/address.h"

enum proxy_line {
    PROXY_LINE_MORE, /* not all of it is here */
    PROXY_LINE_PEER, /* *ret_peer is the client */
    PROXY_LINE_NONE, /* LOCAL, UNKNOWN: the proxy speaks for itself, or for somebody whose kind of address it has no words for */
    PROXY_LINE_BAD
};
/* *ret_used: bytes of the line, for PEER and NONE. */
enum proxy_line proxy_line_read(struct slice bytes, struct address *ret_peer, size_t *ret_used);

#endif
