#include "session/bearers.h"

#include <stdlib.h>

#include "session/bearer_flight.h"

enum {
    ENTRIES = 2048 /* a worker; one is a record of some hundred bytes and the token */
};

struct bearers *bearers_open(struct loop *l, const struct provider_env *env)
{
    struct bearers *b = must_alloc(sizeof *b);
    *b = (struct bearers){.loop = l, .env = env, .cache = session_cache_open(ENTRIES)};
    return b;
}

void bearers_close(struct bearers *b)
{
    bearer_flight_close_all(b);
    session_cache_close(b->cache);
    free(b);
}

void bearers_forget(struct bearers *b)
{
    b->generation++; /* what is being verified is not kept */
    session_cache_clear(b->cache);
}

static bool is_taken(const struct bearer_ask *ask, struct slice id)
{
    for (size_t i = 0; i < ask->taken_count; i++) {
        if (slice_is(ask->taken[i], id)) return true;
    }
    return false;
}

const struct session *bearers_lend(struct arena *a, struct session_held *held)
{
    arena_at_close(a, session_held_drop, session_held_keep(held));
    return &held->session;
}

/* A JWT is for the issuer it names, when that may speak here; anything else for the one that is asked. */
static const struct bearer_issuer *whom_to_ask(const struct bearer_ask *ask)
{
    const struct bearer_issuer *named = bearer_issuer_of(ask->token, ask->issuers, ask->issuer_count);
    if (named != NULL) return is_taken(ask, named->provider->id) ? named : NULL;
    if (bearer_is_symmetric(ask->token)) return NULL;
    for (size_t i = 0; i < ask->issuer_count; i++) {
        const struct bearer_issuer *by = &ask->issuers[i];
        if (by->introspection_url.len != 0 && is_taken(ask, by->provider->id)) return by;
    }
    return NULL;
}

static struct session_entry *known_entry(struct bearers *b, struct slice token)
{
    struct session_entry *e = session_cache_find(b->cache, token);
    return e != NULL && e->fresh_until_ms > loop_now_ms(b->loop) ? e : NULL;
}

bool bearer_is_known(struct bearers *b, struct slice token)
{
    return known_entry(b, token) != NULL;
}

enum flow_next bearer_find(struct flow *f, struct bearers *b, const struct bearer_ask *ask,
                           const struct session **ret_session)
{
    struct session_entry *known = known_entry(b, ask->token);
    if (known != NULL) {
        *ret_session = bearers_lend(f->arena, known->held);
        return FLOW_NEXT;
    }
    const struct bearer_issuer *by = whom_to_ask(ask);
    if (by == NULL)
        return flow_fail(f, err_new(f->arena, PROBLEM_TOKEN_REFUSED, "access token: of no issuer that may speak here"));
    return bearer_flight_join(f, b, by, ask, ret_session);
}
