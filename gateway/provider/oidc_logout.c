/* oidc_logout.c -- keys, signature (with newer keys when the known ones do not do), claims. */
#include "provider/oidc_logout.h"

#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"

#include "base/now.h"

struct logout {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    struct slice text;
    struct logout_claims *ret_claims;
    struct metadata *metadata;
    struct jwks *keys, *newer;
    struct jws token;
    const struct err *unverified; /* NULL: the signature is good */
};

static enum flow_next learn_metadata(struct flow *f)
{
    struct logout *g = f->self;
    return oidc_discovery_need(f, g->p, g->env, &g->metadata);
}

static enum flow_next learn_keys(struct flow *f)
{
    struct logout *g = f->self;
    return oidc_keys_need(f, g->p, g->env, g->metadata->jwks_url, &g->keys);
}

/* A token that is not even one must not make us ask for newer keys. */
static enum jose_verdict verify_with(struct logout *g, struct arena *a, const struct jwks *keys)
{
    const struct err *why = NULL;
    enum jose_verdict verdict = jws_verify(a, g->text, keys, g->p->algorithms, &g->token, &why);
    g->unverified = verdict == JOSE_GOOD ? NULL : why;
    return verdict;
}

static enum flow_next verify(struct flow *f)
{
    struct logout *g = f->self;
    g->newer = g->keys;
    if (verify_with(g, f->arena, g->keys) != JOSE_UNKNOWN_KEY) return FLOW_NEXT;
    return oidc_keys_newer(f, g->p, g->env, g->metadata->jwks_url, g->keys, &g->newer);
}

static enum flow_next judge(struct flow *f)
{
    struct logout *g = f->self;
    if (g->unverified != NULL && g->newer != g->keys) verify_with(g, f->arena, g->newer);
    if (g->unverified != NULL) {
        return flow_fail(f, err_as(f->arena, PROBLEM_BAD_REQUEST, g->unverified, "logout_token: not verified"));
    }
    const struct logout_token_rules rules = {.issuer = g->p->issuer,
                                             .client_id = g->p->client_id,
                                             .audiences = g->p->audiences,
                                             .audience_count = g->p->audience_count,
                                             .now_s = now_s(),
                                             .skew_s = g->p->clock_skew_s};
    const struct err *bad = logout_token_judge(f->arena, &rules, &g->token, g->ret_claims);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"logout/learn_metadata", learn_metadata}, /* may wait */
    {"logout/learn_keys",     learn_keys    }, /* may wait */
    {"logout/verify",         verify        }, /* may wait */
    {"logout/judge",          judge         }, /* */
};

enum flow_next oidc_logout(struct flow *f, const struct provider *p, const struct provider_env *env, struct slice token,
                           struct logout_claims *ret_claims)
{
    struct logout *g = arena_new(f->arena, struct logout);
    *g = (struct logout){.p = p, .env = env, .text = token, .ret_claims = ret_claims};
    return flow_call(f, &g->flow, steps, sizeof steps / sizeof steps[0], g);
}
