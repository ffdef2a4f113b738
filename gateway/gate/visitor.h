/* visitor.h -- a visit with what only gate/ needs of it. Private to gate/. */
#ifndef GATE_VISITOR_H
#define GATE_VISITOR_H
#include "gate/gate.h"
#include "proxy/client.h"

struct endpoint;
struct visitor {
    struct visit v; /* first: what login/ sees */
    struct gate *gate;
    struct snapshot *snapshot; /* kept until the exchange is over, whatever the worker goes over to */
    struct login_conf login;   /* of that snapshot; made when there is an answer of our own */
    struct client client;
    struct slice host; /* of the request, without port */
    struct slice path; /* canonical */
    struct slice traceparent, tracestate;
    const struct endpoint *endpoint; /* one of our own addresses; NULL: a backend's */
    struct slice endpoint_tail;      /* what stands behind it: a provider's id, an asset's name */
    const struct rule *rule;
    const struct snapshot_backend *backend;
};

/* Our own addresses below the prefix. */
struct endpoint {
    struct slice path;    /* "/start/": a final slash takes a tail */
    struct slice methods; /* "GET, HEAD": as Allow has it */
    struct slice handler; /* in logs and metrics */
    bool wants_session;
    enum flow_next (*run)(struct flow *f, struct visitor *w);
};
/* NULL: no such address. *ret_tail is set for those that take one. */
const struct endpoint *endpoint_find(struct slice below_prefix, struct slice *ret_tail);
bool endpoint_takes(const struct endpoint *e, struct slice method);

#endif
