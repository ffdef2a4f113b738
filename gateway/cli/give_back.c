#include "cli/give_back.h"

#include "fetch/fetch.h"

#include "base/now.h"

enum {
    PATIENCE_MS = 15000,
    TURN_MS = 20
};

static void keep(void *snapshot)
{
    snapshot_keep(snapshot);
}

static void drop(void *snapshot)
{
    snapshot_drop(snapshot);
}

static const struct provider *provider_of(const struct snapshot *s, struct slice id)
{
    for (size_t i = 0; i < s->provider_count; i++) {
        if (slice_is(s->providers[i]->id, id)) return s->providers[i];
    }
    return NULL;
}

void give_back(struct give_back *g, const struct session_left *left, const struct audit_record *who)
{
    const struct provider *p = left->tokens != NULL ? provider_of(g->snapshot, left->provider) : NULL;
    if (p == NULL) return;
    const struct fetch_conf conf = {.proxy = g->snapshot->provider_proxy};
    if (g->fetch_ == NULL && fetch_open(g->arena, &conf, &g->fetch_) != NULL) return;
    g->env_ = (struct provider_env){g->fetch_, g->loop};
    const struct token_source from = {.provider = p, .env = &g->env_, .owner = g->snapshot, .keep = keep, .drop = drop};
    session_tokens_revoke(g->sessions, left, &from, who);
}

void give_back_finish(struct give_back *g)
{
    int64_t end = now_ms() + PATIENCE_MS;
    while (session_tokens_busy(g->sessions) && now_ms() < end) {
        loop_turn(g->loop, TURN_MS);
    }
}

void give_back_close(struct give_back *g)
{
    if (g->fetch_ == NULL) return;
    for (size_t i = 0; i < g->snapshot->provider_count; i++) {
        provider_state_leave(g->snapshot->providers[i]->state, g->loop);
    }
    fetch_close(g->fetch_);
}
