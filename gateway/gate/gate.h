/* gate.h -- the request path as one readable table, and what a worker needs to walk it.
 *
 * A `struct gate` is a worker's: its link to the store, its sessions, the snapshot new requests begin under. Functions named for
 * http_app are called by http/ on the worker's thread.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H
#include "gate/live.h"
#include "gate/snapshot.h"
#include "gate/trace.h"
#include "login/visit.h"
#include "session/bearers.h"

struct gate_shared { /* of the process; lent for its life */
    struct store *store;
    struct fetch *fetch;
    struct limits *limits;
    struct local_desk local;
    struct snapshot *snapshot; /* the first one */
};

struct gate {
    struct loop *loop;
    int worker;
    struct snapshot *snapshot;
    struct store_link *link;
    struct sessions *sessions;
    struct provider_env env;
    struct trace_source trace;
    struct live live;
    struct bearers *bearers;
    struct limits_link *limits;
    struct gate_shared *shared;
};

void *gate_open(void *shared, struct loop *l, int worker);
void gate_close(void *gate);
void gate_handle(struct exchange *x);                               /* a public listener's requests */
void gate_done(struct exchange *x, const struct exchange_end *end); /* the access record and the counters */
void gate_refused(void *gate, const struct listener *l, const struct address *peer, enum problem problem, int status,
                  const char *why);
struct slice gate_refusal_body(enum problem problem);
/* For server_each: the worker goes over to another snapshot; requests under way finish on theirs. */
void gate_swap(void *gate, void *snapshot);

/* The metrics listener: /metrics, /live, /ready. */
void gate_health_handle(struct exchange *x);
bool gate_is_ready(const struct gate *g); /* neither draining nor without its store */
void gate_set_draining(bool draining);    /* any thread: /ready answers 503 from now on */

#endif
