/* backend.h -- an application behind the gateway: where it is, how long we wait for it.
 *
 * Plain data, part of the immutable configuration snapshot. Each worker keeps idle connections per backend under `pool_key`, so
 * a reload that leaves a backend as it was keeps its connections.
 */
#ifndef HTTP_BACKEND_H
#define HTTP_BACKEND_H
#include "crypto/tls.h"

struct backend {
    struct slice id;       /* in logs and metrics */
    struct slice pool_key; /* origin and TLS settings as text: equal keys may share connections */
    struct slice host;     /* name or IP literal; empty for a unix socket */
    int port;
    struct slice unix_path;
    struct slice authority;               /* Host header when the client's is not passed on */
    tls_context *tls;                     /* NULL: plain http */
    int connect_ms, response_ms, idle_ms; /* till connected; till the head; between bytes */
    int keep_alive;                       /* idle connections kept per worker */
    int max_connections;                  /* per worker; 0: no limit of ours */
    bool websockets;
};

#endif
