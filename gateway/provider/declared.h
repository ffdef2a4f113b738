/* declared.h -- asks one question that a descriptor declares: a profile request, a check's, an exchange, a refresh, a revocation.
 *
 * It never ends the asking flow with an error: whatever becomes of it stands in the answer, and the caller decides what it means (a request
 * with required: false may fail). Dropping the flow hangs up. The outcome is counted, classified (provider/meaning.h), and told to the
 * provider's circuit breaker.
 */
#ifndef PROVIDER_DECLARED_H
#define PROVIDER_DECLARED_H
#include "provider/meaning.h"
#include "provider/provider.h"

struct declared_ask {
    const struct provider *provider; /* of the snapshot */
    const struct provider_env *env;
    const struct declared_request *request;
    /* what its templates may name: begin with provider_values() and add. {access_token} is what bearer and oauth1 go with; {random} and
     * {product} are filled in here. Must last until the flow goes on */
    const struct template_values *values;
    struct slice access_secret; /* oauth1: of the access token */
    bool once;                  /* a GET, too, must not be sent twice */
};
struct declared_answer {
    const struct err *why;    /* NULL: good, or skipped */
    bool skipped;             /* if_known, and its endpoint is not known: nothing was asked */
    struct meaning meaning;   /* of an answer; with `why` and no answer at all: kind alone */
    int status;               /* 0: no answer */
    const struct doc *root;   /* the whole answer as a tree; NULL: not readable, or empty */
    const struct doc *chosen; /* what `pick` chose, else root; NULL: pick found none */
    int64_t asked_s;          /* when it was sent, wall clock */
};
enum {
    DECLARED_ANSWER_MAX_BYTES = 256 * 1024 /* a hundred organisations with all their members' fields */
};

/* The answer lives in f->arena, which needs DECLARED_ANSWER_MAX_BYTES as a tree (DOC_JSON_BYTES). *ret_answer is set when this returns
 * FLOW_NEXT, or when the flow goes on. */
enum flow_next declared_run(struct flow *f, const struct declared_ask *ask, struct declared_answer *ret_answer);

/* client_id, client_secret, product, a fresh random, and the endpoints that discovery found (metadata may be NULL); lends, and lives as long
 * as p and metadata. The secret of client_secret_jwt_es256 is made here, new for each call, in a. */
struct metadata;
struct template_values provider_values(struct arena *a, const struct provider *p, const struct metadata *metadata);

#endif
