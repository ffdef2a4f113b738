/* visitor.h -- a visit with what only gate/ needs of it. Private to gate/. */
#ifndef GATE_VISITOR_H
#define GATE_VISITOR_H
#include "gate/gate.h"
#include "proxy/asked.h"
#include "proxy/client.h"

struct endpoint;
struct visitor {
    struct visit v; /* first: what login/ sees */
    struct gate *gate;
    struct snapshot *snapshot; /* kept until the exchange is over, whatever the worker goes over to */
    struct login_conf login;   /* of that snapshot; made when there is an answer of our own */
    struct client client;
    const struct site *site; /* of the snapshot, by the host that is asked for */
    bool at_home;            /* that host is the site's public one */
    struct asked
        asked; /* what rules judge, records tell and people return to: this request, or the one a front proxy asks about */
    struct rule *narrow; /* what the front proxy asks for beside the rules (gate/inquiry.h) */
    size_t narrow_count;
    struct slice traceparent, tracestate;
    bool own_address;                /* it is for us, whether there is such an endpoint or not */
    const struct endpoint *endpoint; /* one of our own addresses; NULL: a backend's */
    struct slice endpoint_tail;      /* what stands behind it: a provider's id, an asset's name */
    const struct rule *rule;
    const struct snapshot_backend *backend;
    struct live_watch watch;         /* while it is passed on in the name of a session */
    const struct provider *provider; /* who vouches for the session */
    struct slice access_token;       /* for that backend; empty: none */
    bool
        by_token; /* the client shows an access token (gate/bearer_visit.c): the session is what its issuer told of it */
    struct slice shown_token;
    int64_t wait_s; /* with PROBLEM_RATE_LIMITED */
};

enum endpoint_flag {
    ENDPOINT_ONLY_MODE_AUTH = 1,
    ENDPOINT_ANY_HOST = 2 /* also for those who ask by our address alone */
};

/* Sets site, at_home and v.session_cookies by asked.authority. *ret_known: people may be sent there (a site's public host, or one of its
 * redirects); else it is the site whose cookies reach that host, else the first. */
void site_choose(struct visitor *w, bool *ret_known);

/* Our own addresses below the prefix. */
struct endpoint {
    struct slice path;    /* "/start/": a final slash takes a tail */
    struct slice methods; /* "GET, HEAD": as Allow has it */
    struct slice handler; /* in logs and metrics */
    bool wants_session;
    enum flow_next (*run)(struct flow *f, struct visitor *w);
    const struct inquiry
        *inquiry;    /* a front proxy asks whether a request may pass: gate/inquiry.h; NULL: it asks for itself */
    unsigned flags;  /* enum endpoint_flag */
    unsigned compat; /* there only with one of these in `compat`; 0: always */
};
/* NULL: no such address in this configuration. *ret_tail is set for those that take one. */
const struct endpoint *endpoint_find(const struct snapshot *s, struct slice below_prefix, struct slice *ret_tail);
/* The same for addresses that are not below the prefix: compatible ones, and redirect addresses of providers. */
const struct endpoint *endpoint_elsewhere(const struct snapshot *s, struct slice path, struct slice *ret_tail);
static inline bool is_inquiry(const struct visitor *w)
{
    return w->endpoint != NULL && w->endpoint->inquiry != NULL;
}

/* What an answer of our own needs (v.answer, v.conf); made when there is one, for most requests are passed on. */
void prepare_answer(struct visitor *w);
/* What was asked for again, for afterwards. At another host than the site's own it names that host: return_to judges whether it is one of ours. */
struct slice prepare_same_again(const struct visitor *w);
/* The same by https: at the port of the site's own address, for what the plain port's number says of the other is nothing. A host that no
 * backend is configured for is not repeated. */
struct slice prepare_secure_again(const struct visitor *w);

bool endpoint_takes(const struct endpoint *e, struct slice method);

#endif
