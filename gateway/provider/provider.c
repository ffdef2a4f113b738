/* provider.c -- the short flows: where a browser is sent, whose answer this is, where it signs out, is anybody there. Redeeming a code has files of
 * its own (redeem.c). */
#include "provider/provider.h"

#include "provider/authorize.h"
#include "provider/declared.h"
#include "provider/oauth1_handshake.h"
#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"
#include "provider/redeem.h"

#include "base/now.h"

/* ---- authorize ---- */

struct authorizing {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    struct authorize_ask ask;
    struct authorized *ret_authorized;
    struct metadata *metadata;
};

static enum flow_next authorize_learn(struct flow *f)
{
    struct authorizing *z = f->self;
    return oidc_discovery_need(f, z->p, z->env, &z->metadata);
}

static enum flow_next authorize_build(struct flow *f)
{
    struct authorizing *z = f->self;
    struct authorized to = {.state = z->ask.state};
    const struct err *bad = authorize_url(f->arena, z->p, z->metadata->authorize_url, &z->ask, &to.url);
    if (bad != NULL) return flow_fail(f, bad);
    *z->ret_authorized = to;
    return FLOW_NEXT;
}

static const struct flow_step authorize_steps[] = {
    {"authorize/learn_metadata", authorize_learn},
    {"authorize/build_url",      authorize_build}
};

enum flow_next provider_authorize(struct flow *f, const struct provider *p, const struct provider_env *env,
                                  const struct authorize_ask *ask, struct authorized *ret_authorized)
{
    if (p->descriptor->protocol == PROTOCOL_OAUTH1) return oauth1_handshake(f, p, env, ask, ret_authorized);
    struct authorizing *z = arena_new(f->arena, struct authorizing);
    z->p = p;
    z->env = env;
    z->ask = *ask;
    z->ret_authorized = ret_authorized;
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

static const struct err *iss_missing(struct arena *a)
{
    return err_new(a, PROBLEM_BAD_REQUEST, "the provider sends iss with its answers, and this one has none");
}

static enum flow_next check_absent(struct flow *f)
{
    const struct check *c = f->self;
    return c->metadata->sends_iss ? flow_fail(f, iss_missing(f->arena)) : FLOW_NEXT;
}

static const struct flow_step check_steps[] = {
    {"check_issuer/learn_metadata", check_learn },
    {"check_issuer/absent",         check_absent}
};

/* An issuer with a claim in it ("https://x.example/{claim:tid}/v2") is known only with the token, which is compared then: here the text around
 * the claim must fit, and what stands for it must be one segment. */
static bool fits_pattern(const struct template *t, struct slice iss)
{
    struct slice head = {NULL, 0}, tail = {NULL, 0};
    if (t->count == 0 || t->count > 3) return false;
    if (t->parts[0].kind == PART_TEXT) head = t->parts[0].text;
    if (t->count > 1 && t->parts[t->count - 1].kind == PART_TEXT) tail = t->parts[t->count - 1].text;
    if (iss.len <= head.len + tail.len || !slice_starts(iss, head) || !slice_ends(iss, tail)) return false;
    struct slice middle = slice_upto(slice_from(iss, head.len), iss.len - head.len - tail.len);
    return slice_index(middle, '/') == SLICE_NONE;
}

static bool is_issuer(const struct provider *p, struct slice iss)
{
    const struct descriptor *d = p->descriptor;
    if (d->protocol != PROTOCOL_OIDC) return d->callback.issuer.len == 0 || slice_is(iss, d->callback.issuer);
    if (slice_is(iss, d->issuer)) return true;
    for (size_t i = 0; i < d->id_token.issuer_count; i++) {
        const struct template *t = &d->id_token.issuers[i];
        if (template_is_fixed(t) ? slice_is(iss, template_text(t)) : fits_pattern(t, iss)) return true;
    }
    return false;
}

enum flow_next provider_check_issuer(struct flow *f, const struct provider *p, const struct provider_env *env,
                                     struct slice iss)
{
    if (iss.at != NULL && is_issuer(p, iss)) return FLOW_NEXT;
    if (iss.at != NULL)
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST,
                                    "the answer's iss is not the issuer this sign-in was begun with"));
    if (p->descriptor->callback.issuer_required) return flow_fail(f, iss_missing(f->arena));
    struct check *c = arena_new(f->arena, struct check);
    c->p = p;
    c->env = env;
    return flow_call(f, &c->flow, check_steps, 2, c);
}

/* ---- a code ---- */

enum flow_next provider_redeem(struct flow *f, const struct provider *p, const struct provider_env *env,
                               const struct redeem_ask *ask, struct grant *ret_grant)
{
    return redeem(f, p, env, ask, ret_grant);
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
    struct end_session_ask ask;
    struct slice *ret_url;
    struct metadata *metadata;
    const struct err *why; /* the person has signed out here already: it is no reason to fail */
};

static enum flow_next leave_learn(struct flow *f)
{
    struct leave *v = f->self;
    return oidc_discovery_need(f, v->p, v->env, &v->metadata);
}

static enum flow_next leave_build(struct flow *f)
{
    struct leave *v = f->self;
    struct template_values values = provider_values(f->arena, v->p, v->metadata);
    const struct err *bad = authorize_end_session(f->arena, v->p, &values, &v->ask, v->ret_url);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static const struct flow_step leave_steps[] = {
    {"end_session/learn_metadata", leave_learn},
    {"end_session/build_url",      leave_build}
};

enum flow_next provider_end_session(struct flow *f, const struct provider *p, const struct provider_env *env,
                                    const struct end_session_ask *ask, struct slice *ret_url)
{
    struct leave *v = arena_new(f->arena, struct leave);
    v->p = p;
    v->env = env;
    v->ask = *ask;
    v->ret_url = ret_url;
    *ret_url = (struct slice){0};
    if (p->descriptor->logout.url.count == 0) return FLOW_NEXT;
    return flow_try(f, &v->flow, leave_steps, 2, v, &v->why);
}

bool provider_knows_end_session(const struct provider *p)
{
    const struct template *url = &p->descriptor->logout.url;
    bool needs = false;
    for (size_t i = 0; i < url->count; i++)
        needs = needs || (url->parts[i].kind == PART_ENDPOINT && url->parts[i].number == ENDPOINT_END_SESSION);
    if (!needs) return url->count != 0;
    struct metadata *m = known_metadata(p);
    bool knows = m != NULL && m->end_session_url.len != 0;
    metadata_drop(m);
    return knows;
}

/* ---- is it there ---- */

bool provider_is_away(const struct provider *p, int64_t *ret_wait_s)
{
    int64_t wait_ms;
    enum breaker_mode mode = breaker_look(&p->state->breaker, now_ms(), &wait_ms);
    *ret_wait_s = (wait_ms + 999) / 1000;
    /* Without its discovery document nobody can be sent there either; the next to ask is told why. */
    return mode != BREAKER_CLOSED || (p->state->fixed == NULL && learned_is_missing(&p->state->metadata));
}

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
    if (!b->p->descriptor->id_token.verified || b->metadata->jwks_url.len == 0) return FLOW_NEXT;
    return oidc_keys_now(f, b->p, b->env, b->metadata->jwks_url, &b->keys);
}

static const struct flow_step probe_steps[] = {
    {"probe/metadata", probe_metadata},
    {"probe/keys",     probe_keys    }
};

enum flow_next provider_probe(struct flow *f, const struct provider *p, const struct provider_env *env)
{
    struct probe *b = arena_new(f->arena, struct probe);
    b->p = p;
    b->env = env;
    return flow_call(f, &b->flow, probe_steps, 2, b);
}
