/* oidc.c -- the OpenID Connect dialect: the short flows, and the table of all. Redeeming a code has a file of its own. */
#include "provider/dialect.h"
#include "provider/oidc_authorize.h"
#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"
#include "provider/oidc_redeem.h"

/* ---- authorize ---- */

struct authorize {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    struct authorize_ask ask;
    struct slice *ret_url;
    struct metadata *metadata;
};

static enum flow_next authorize_learn(struct flow *f)
{
    struct authorize *z = f->self;
    return oidc_discovery_need(f, z->p, z->env, &z->metadata);
}

static enum flow_next authorize_build(struct flow *f)
{
    struct authorize *z = f->self;
    const struct err *bad = oidc_authorize_url(f->arena, z->p, z->metadata->authorize_url, &z->ask, z->ret_url);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static const struct flow_step authorize_steps[] = {
    {"authorize/learn_metadata", authorize_learn},
    {"authorize/build_url",      authorize_build}
};

static enum flow_next authorize(struct flow *f, const struct provider *p, const struct provider_env *env,
                                const struct authorize_ask *ask, struct slice *ret_url)
{
    struct authorize *z = arena_new(f->arena, struct authorize);
    z->p = p;
    z->env = env;
    z->ask = *ask;
    z->ret_url = ret_url;
    return flow_call(f, &z->flow, authorize_steps, 2, z);
}

/* ---- RFC 9207 ---- */

struct check {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    struct metadata *metadata;
};

static enum flow_next check_learn(struct flow *f)
{
    struct check *c = f->self;
    return oidc_discovery_need(f, c->p, c->env, &c->metadata);
}

static enum flow_next check_absent(struct flow *f)
{
    const struct check *c = f->self;
    if (!c->metadata->sends_iss) return FLOW_NEXT;
    return flow_fail(
        f, err_new(f->arena, PROBLEM_BAD_REQUEST, "the provider sends iss with its answers, and this one has none"));
}

static const struct flow_step check_steps[] = {
    {"check_issuer/learn_metadata", check_learn },
    {"check_issuer/absent",         check_absent}
};

static enum flow_next check_issuer(struct flow *f, const struct provider *p, const struct provider_env *env,
                                   struct slice iss)
{
    if (iss.at != NULL && slice_is(iss, p->issuer)) return FLOW_NEXT;
    if (iss.at != NULL)
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST,
                                    "the answer's iss is not the issuer this sign-in was begun with"));
    struct check *c = arena_new(f->arena, struct check);
    c->p = p;
    c->env = env;
    return flow_call(f, &c->flow, check_steps, 2, c);
}

/* ---- signing out at the provider ---- */

static struct metadata *known_metadata(const struct provider *p)
{
    if (p->state->fixed != NULL) return metadata_keep(p->state->fixed);
    return learned_known(&p->state->metadata);
}

struct leave {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    struct flow *outer;
    bool ended, waits;
    struct end_session_ask ask;
    struct slice *ret_url;
    struct metadata *metadata;
};

static enum flow_next leave_learn(struct flow *f)
{
    struct leave *v = f->self;
    return oidc_discovery_need(f, v->p, v->env, &v->metadata);
}

static enum flow_next leave_build(struct flow *f)
{
    struct leave *v = f->self;
    if (v->metadata->end_session_url.len == 0) return FLOW_NEXT;
    const struct err *bad =
        oidc_authorize_end_session(f->arena, v->p, v->metadata->end_session_url, &v->ask, v->ret_url);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static const struct flow_step leave_steps[] = {
    {"end_session/learn_metadata", leave_learn},
    {"end_session/build_url",      leave_build}
};

/* The person has signed out here already; that the provider cannot be asked where to go on is no reason to fail. */
static void leave_end(struct flow *f, const struct err *why)
{
    struct leave *v = f->self;
    (void)why;
    v->ended = true;
    if (v->waits) flow_wake(v->outer, NULL);
}

static void leave_cancel(void *pending)
{
    struct leave *v = pending;
    flow_drop(&v->flow);
}

static enum flow_next end_session(struct flow *f, const struct provider *p, const struct provider_env *env,
                                  const struct end_session_ask *ask, struct slice *ret_url)
{
    struct leave *v = arena_new(f->arena, struct leave);
    v->p = p;
    v->env = env;
    v->outer = f;
    v->ask = *ask;
    v->ret_url = ret_url;
    *ret_url = (struct slice){0};
    flow_start(&v->flow, f->arena, leave_steps, 2, leave_end, v);
    if (v->ended) return FLOW_NEXT;
    v->waits = true;
    return flow_wait(f, v, leave_cancel);
}

static bool knows_end_session(const struct provider *p)
{
    struct metadata *m = known_metadata(p);
    bool knows = m != NULL && m->end_session_url.len != 0;
    metadata_drop(m);
    return knows;
}

/* ---- probe ---- */

struct probe {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    struct metadata *metadata;
    struct jwks *keys;
};

static enum flow_next probe_metadata(struct flow *f)
{
    struct probe *b = f->self;
    return oidc_discovery_now(f, b->p, b->env, &b->metadata);
}

static enum flow_next probe_keys(struct flow *f)
{
    struct probe *b = f->self;
    return oidc_keys_now(f, b->p, b->env, b->metadata->jwks_url, &b->keys);
}

static const struct flow_step probe_steps[] = {
    {"probe/metadata", probe_metadata},
    {"probe/keys",     probe_keys    }
};

static enum flow_next probe(struct flow *f, const struct provider *p, const struct provider_env *env)
{
    struct probe *b = arena_new(f->arena, struct probe);
    b->p = p;
    b->env = env;
    return flow_call(f, &b->flow, probe_steps, 2, b);
}

const struct dialect oidc_dialect = {.authorize = authorize,
                                     .check_issuer = check_issuer,
                                     .redeem = oidc_redeem,
                                     .end_session = end_session,
                                     .knows_end_session = knows_end_session,
                                     .probe = probe};
