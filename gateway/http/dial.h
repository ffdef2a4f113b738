/* dial.h -- a connection to somebody else's server: name, address, TCP or unix socket, TLS, within one deadline.
 *
 * For http/'s own files (backends, streams). Every address of a name is tried in turn, each with its share of the time that is left.
 * TLS verification, the host name included, is the business of the context (crypto/tls.h); libh2o's own name check is not asked, for it
 * is skipped on TLS 1.3 and wrong for IP addresses.
 */
#ifndef HTTP_DIAL_H
#define HTTP_DIAL_H
#include "http/loop_int.h"
#include "http/stream.h"

struct dial;

/* socket: gives, connected, not being read; TCP_NODELAY and SO_KEEPALIVE are on. NULL: why says in plain words what failed
 * (static text). Called once, later, never from inside dial_start; not after dial_cancel. What `to` points to must outlive the dial. */
typedef void dial_done(void *self, h2o_socket_t *socket, const char *why);

struct dial *dial_start(struct loop *l, const struct stream_target *to, dial_done *done, void *self);
void dial_cancel(struct dial *d);

/* Closes at once, without politeness: nothing that is still to be written will be waited for. */
void dial_hang_up(h2o_socket_t *socket);

#endif
