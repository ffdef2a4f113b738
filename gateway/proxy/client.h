/* client.h -- who is really at the other end, and by which address they came: X-Forwarded-* from those we trust, else the socket. Pure.
 *
 * Only a peer inside `trusted` (or a unix socket) is believed; behind a PROXY line the peer is whom the line names. The client's address is the rightmost one in the forwarding header that is
 * not itself trusted, all lines of that name read as one list; a malformed one ends the walk at the last address that could be read, and
 * only what could be read is passed on. Scheme and host are taken from a trusted peer when it says them once and well-formed, else from
 * the connection.
 */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H
#include "http/exchange.h"

struct client_rules {
    const struct network *trusted;
    size_t trusted_count;
    struct slice ip_header; /* lower case; "x-forwarded-for" */
};
struct client {
    bool peer_trusted;
    struct address address;
    struct slice ip;    /* as text */
    struct slice chain; /* the X-Forwarded-For we send on */
    bool https;
    struct slice authority; /* host[:port] the browser used, lower case */
};
void client_find(const struct exchange *x, const struct client_rules *rules, struct client *ret_client);

#endif
