#include "cli/give_back.h"

#include "fetch/fetch.h"
#include "provider/revoke.h"

#include "base/now.h"

enum {
    PATIENCE_MS = 15000,
    TURN_MS = 20
};

static const struct provider *provider_of(const struct snapshot *s, struct slice id)
{
    for (size_t i = 0; i < s->provider_count; i++) {
        if (slice_is(s->providers[i]->id, id)) return s->providers[i];
    }
    return NULL;
}

const struct session_giving *give_back(struct give_back *g, struct arena *a, struct slice provider,
                                       const struct audit_record *who)
{
    const struct provider *p = provider_of(g->snapshot, provider);
    if (p == NULL || !p->revokes || !provider_can_revoke(p)) return NULL;
    const struct fetch_conf conf = {.proxy = g->snapshot->provider_proxy};
    if (g->fetch_ == NULL && fetch_open(g->arena, &conf, &g->fetch_) != NULL) return NULL;
    g->env_ = (struct provider_env){g->fetch_, g->loop};
    struct session_giving *giving = arena_new(a, struct session_giving);
    giving->from = (struct token_source){
        .provider = p, .env = &g->env_, .owner = g->snapshot, .keep = snapshot_keep_owner, .drop = snapshot_drop_owner};
    giving->who = *who;
    return giving;
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
