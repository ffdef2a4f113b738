/* gate_worker.c -- a worker comes and goes, and goes over to another configuration. */
#include <stdlib.h>

#include "gate/gate.h"
#include "session/session_tokens.h"

#include "base/now.h"

/* Nobody is turned away because a worker has just begun, least of all when it takes over from another process: listening waits for the
 * first answer of the store, as long as an answer may take. */
static void wait_for_store(struct gate *g)
{
    int64_t end = now_ms() + g->snapshot->store.timeout_ms;
    while (!store_tried(g->link) && now_ms() < end) {
        loop_turn(g->loop, 10);
    }
}

void *gate_open(void *shared, struct loop *l, int worker)
{
    struct gate_shared *sh = shared;
    struct gate *g = must_alloc(sizeof *g);
    g->shared = sh;
    g->loop = l;
    g->worker = worker;
    g->link = store_link(sh->store, l);
    g->env = (struct provider_env){sh->fetch, l};
    trace_seed(&g->trace);
    g->snapshot = snapshot_keep(sh->snapshot);
    g->sessions = sessions_open(g->link, l, g->snapshot->session_jwt, g->snapshot->keys, &g->snapshot->session);
    g->limits = limits_link(sh->limits, l, g->link);
    g->bearers = bearers_open(l, &g->env);
    live_open(&g->live, g);
    wait_for_store(g);
    return g;
}

/* What this worker fetches for a provider that `next` no longer has (NULL: for any) is called off; who waits for it elsewhere is told. */
static void leave_issuers(const struct gate *g, const struct snapshot *next)
{
    for (size_t i = 0; i < g->snapshot->bearer_issuer_count; i++) {
        struct provider_state *mine = g->snapshot->bearer_issuers[i].provider->state;
        bool stays = false;
        for (size_t k = 0; next != NULL && k < next->bearer_issuer_count; k++) {
            stays = stays || next->bearer_issuers[k].provider->state == mine;
        }
        if (!stays) provider_state_leave(mine, g->loop);
    }
}

static void leave_providers(const struct gate *g, const struct snapshot *next)
{
    leave_issuers(g, next);
    for (size_t i = 0; i < g->snapshot->provider_count; i++) {
        struct provider_state *mine = g->snapshot->providers[i]->state;
        bool stays = false;
        for (size_t k = 0; next != NULL && k < next->provider_count; k++) {
            stays = stays || next->providers[k]->state == mine;
        }
        if (!stays) provider_state_leave(mine, g->loop);
    }
}

/* What a provider has given once it does not give again: a worker that ends stays for the moment it takes to store it. */
static void finish_tokens(struct gate *g)
{
    enum {
        MOST_MS = 5000
    };
    int64_t end = now_ms() + MOST_MS;
    while (session_tokens_busy(g->sessions) && now_ms() < end) {
        loop_turn(g->loop, 10);
    }
}

void gate_close(void *gate)
{
    struct gate *g = gate;
    finish_tokens(g);
    leave_providers(g, NULL);
    live_close(&g->live);
    bearers_close(g->bearers);
    limits_unlink(g->limits);
    sessions_close(g->sessions);
    store_unlink(g->link);
    snapshot_drop(g->snapshot);
    free(g);
}

void gate_swap(void *gate, void *snapshot)
{
    struct gate *g = gate;
    struct snapshot *old = g->snapshot;
    leave_providers(g, snapshot);
    g->snapshot = snapshot_keep(snapshot);
    sessions_configure(g->sessions, g->snapshot->session_jwt, g->snapshot->keys, &g->snapshot->session);
    bearers_forget(g->bearers);
    live_doubt_all(&g->live);
    snapshot_drop(old);
}
