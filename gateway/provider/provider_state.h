/* provider_state.h -- what was learned of a provider, shared by all workers and by the snapshots that agree on where it comes from. */
#ifndef PROVIDER_PROVIDER_STATE_H
#define PROVIDER_PROVIDER_STATE_H
#include "provider/breaker.h"
#include "provider/learned.h"
#include "provider/metadata.h"

struct provider_state {
    _Atomic int references;
    char *id, *issuer, *ca_file; /* issuer: as the discovery document must say it; ca_file NULL: the system's */
    char *discovery;             /* where that document is; "": under the issuer */
    struct metadata *configured; /* overrides of discovery; empty ones are asked for */
    bool allow_private, allow_http;
    struct metadata *fixed; /* no discovery: every endpoint was configured; else NULL */
    struct learned metadata, keys;
    struct breaker breaker;
};

struct provider_state *provider_state_keep(struct provider_state *s);
/* What an answer meant, or a silence: for the breaker and its metrics. */
void provider_state_heard(struct provider_state *s, enum meaning_kind kind, int64_t wait_s);

#endif
