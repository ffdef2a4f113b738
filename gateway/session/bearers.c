#include "session/bearers.h"

#include <stdlib.h>

#include "observe/metrics.h"
#include "session/session_cache.h"
#include "session/session_record.h"
#include "text/encode.h"

#include "base/now.h"

enum {
    ENTRIES = 2048, /* a worker; one is a record of some hundred bytes and the token */
    RECORD_MAX = 1 << 20
};

static struct metric verified = {
    .name = "vestibule_bearer_tokens_total",
    .help =
        "Access tokens of requests that were verified, by issuer and outcome; those that a worker still knew are not counted.",
    .kind = METRIC_COUNTER,
    .labels = {"issuer", "outcome"}
};

struct bearers {
    struct loop *loop;
    const struct provider_env *env;
    struct session_cache *cache;
};

struct find {
    struct flow flow;
    struct bearers *bearers;
    struct slice token;
    const struct bearer_issuer *by;
    struct bearer_told told;
    const struct err *why;
    const struct session **ret_session;
};

struct bearers *bearers_open(struct loop *l, const struct provider_env *env)
{
    struct bearers *b = must_alloc(sizeof *b);
    *b = (struct bearers){l, env, session_cache_open(ENTRIES)};
    return b;
}

void bearers_close(struct bearers *b)
{
    session_cache_close(b->cache);
    free(b);
}

void bearers_forget(struct bearers *b)
{
    session_cache_clear(b->cache);
}

static bool is_taken(const struct bearer_ask *ask, struct slice id)
{
    for (size_t i = 0; i < ask->taken_count; i++) {
        if (slice_is(ask->taken[i], id)) return true;
    }
    return false;
}

static const struct session *lend(struct arena *a, struct session_held *held)
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

/* As a session, under the hash of the token: its first characters tell the token apart in logs without telling it. */
static const struct err *remember(struct find *f, struct arena *a, struct session_held **ret_held)
{
    unsigned char hash[DIGEST_SHA256_BYTES];
    digest_sha256(f->token, hash);
    const struct slice key[] = {LIT("s:"), base64url_encode(a, (struct slice){(const char *)hash, sizeof hash})};
    const struct session s = {
        .identity = f->told.identity, .created_s = f->told.issued_s, .expires_s = f->told.expires_s};
    AUTO(buf_close) struct buf record = buf_open(RECORD_MAX);
    session_record_write(&record, &s);
    must(!record.full);
    return session_held_read(a, arena_join(a, key, 2), buf_slice(&record), ret_held);
}

static void count(const struct find *f)
{
    bool fine = f->why == NULL;
    const struct slice values[] = {f->by->provider->id, fine ? LIT("ok") : problem_word(f->why->problem)};
    metric_add(metric_series(&verified, values), 1);
}

static enum flow_next keep(struct flow *flow)
{
    struct find *f = flow->self;
    count(f);
    if (f->why != NULL) return flow_fail(flow, f->why);
    struct session_held *held;
    const struct err *e = remember(f, flow->arena, &held);
    if (e != NULL) return flow_fail(flow, e);
    *f->ret_session = lend(flow->arena, held);
    int64_t left_s = f->told.expires_s - now_s();
    int64_t cache_s = f->by->cache_s < left_s ? f->by->cache_s : left_s;
    if (cache_s > 0) {
        struct session_entry *e_cached = session_cache_put(f->bearers->cache, f->token, held);
        e_cached->fresh_until_ms = loop_now_ms(f->bearers->loop) + cache_s * 1000;
    }
    session_held_drop(held);
    return FLOW_NEXT;
}

static enum flow_next ask_issuer(struct flow *flow);
static const struct flow_step verify_steps[] = {
    {"bearer/ask_issuer", ask_issuer}, /* may wait */
};

static enum flow_next ask_issuer(struct flow *flow)
{
    struct find *f = flow->self;
    return bearer_verify(flow, f->by, f->bearers->env, f->token, &f->told);
}

static enum flow_next verify(struct flow *flow)
{
    struct find *f = flow->self;
    struct flow *child = arena_new(flow->arena, struct flow);
    return flow_try(flow, child, verify_steps, 1, f, &f->why);
}

static const struct flow_step steps[] = {
    {"bearer/verify", verify}, /* may wait */
    {"bearer/keep",   keep  }, /* */
};

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
        *ret_session = lend(f->arena, known->held);
        return FLOW_NEXT;
    }
    const struct bearer_issuer *by = whom_to_ask(ask);
    if (by == NULL)
        return flow_fail(f, err_new(f->arena, PROBLEM_TOKEN_REFUSED, "access token: of no issuer that may speak here"));
    struct find *find = arena_new(f->arena, struct find);
    *find = (struct find){.bearers = b, .token = ask->token, .by = by, .ret_session = ret_session};
    return flow_call(f, &find->flow, steps, sizeof steps / sizeof steps[0], find);
}
