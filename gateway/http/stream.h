/* stream.h -- an outgoing byte stream over TCP, a unix socket or TLS, for protocols that are not HTTP (the store).
 *
 * Promises: exactly one of on_open or on_close comes after stream_open, later, never from inside it; after on_close or stream_close no
 * event comes. Host names are looked up without blocking the loop (getaddrinfo on helper threads); each address is tried in turn
 * within connect_ms. TLS contexts verify the peer (crypto/tls.h). TCP_NODELAY and keep-alive are on.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H
#include "crypto/tls.h"
#include "http/loop.h"

struct stream;

struct stream_target {
    struct slice host; /* a name or an IP literal; or empty: */
    int port;
    struct slice unix_path;
    tls_context *tls; /* NULL: plain. Lent for as long as the stream lives */
    int connect_ms;   /* for look-up, connect and TLS together */
};

struct stream_events {
    void (*on_open)(void *self);
    /* bytes are lent during the call; all of them are consumed */
    void (*on_bytes)(void *self, struct slice bytes);
    /* failed to open, peer closed, reset, TLS refused: why says it in plain words. The stream is gone. */
    void (*on_close)(void *self, const char *why);
};

struct stream *stream_open(struct loop *l, const struct stream_target *to, const struct stream_events *events,
                           void *self);
/* Copies. Writes in the same turn leave in one system call. Returns bytes not yet taken by the kernel. */
size_t stream_write(struct stream *s, struct slice bytes);
void stream_close(struct stream *s);

#endif
