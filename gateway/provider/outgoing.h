/* outgoing.h -- a request to a provider while it is put together: parameters and headers first, credentials then, and at last what goes over
 * the wire. Pure.
 *
 * Values are lent and must last until outgoing_finish, but what templates made of secrets is the request's own and wiped with it.
 */
#ifndef PROVIDER_OUTGOING_H
#define PROVIDER_OUTGOING_H
#include "provider/provider.h"

#include "base/buf.h"

enum {
    OUTGOING_PARAMS_MAX = 40,
    OUTGOING_BODY_MAX = 160 * 1024, /* tokens of 64 KiB, encoded */
    OUTGOING_QUERY_MAX = 100 * 1024
};
struct outgoing_param {
    struct slice name, value;
    bool own; /* wiped with the request */
};
struct outgoing_params {
    struct outgoing_param list[OUTGOING_PARAMS_MAX];
    size_t count;
};
struct outgoing {
    struct arena *arena;
    const struct provider *provider;
    enum request_method method;
    enum body_format format;
    struct slice url;
    struct outgoing_params query, body, headers;
    struct slice authorization; /* a whole header line; empty: none */
    bool full;
    struct buf query_text, body_text;
    struct slice whole_url; /* with the query */
};

struct outgoing outgoing_open(struct arena *a, const struct provider *p, enum request_method method, struct slice url);
void outgoing_wipe(struct outgoing *o); /* after the question was handed over; also frees */

/* Into the body, or with GET into the query; an empty value is left out. The first of a name stays. */
void outgoing_param(struct outgoing *o, struct slice name, struct slice value);
/* The declared ones, expanded; empty values are left out. */
void outgoing_declared(struct outgoing *o, struct outgoing_params *to, const struct declared_params *from,
                       const struct template_values *v);
/* A header of this name takes the place of one that is there. */
void outgoing_header(struct outgoing *o, struct slice name, struct slice value);

/* The client's credentials as token.auth says (oauth1: nothing, see outgoing_sign). audience: for JWTs, the token endpoint. */
const struct err *outgoing_client(struct outgoing *o, const struct template_values *v);
void outgoing_basic(struct outgoing *o); /* client_id:client_secret */
void outgoing_bearer(struct outgoing *o, struct slice token);

struct outgoing_signature { /* OAuth 1.0a; empty ones are not there */
    struct slice token, secret, callback, verifier;
};
/* Fills ask's method, url, headers and body; they live as long as o. sign may be NULL. */
const struct err *outgoing_finish(struct outgoing *o, const struct outgoing_signature *sign, struct fetch_ask *ask);

#endif
