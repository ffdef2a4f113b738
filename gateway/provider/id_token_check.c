/* id_token_check.c -- keys ─ verify ─(a key we do not know: newer keys ─ verify)─ compare ─ judge. */
#include "provider/id_token_check.h"

#include "provider/id_token.h"
#include "provider/oidc_keys.h"

#include "base/now.h"

struct checking {
    struct flow flow;
    struct id_token_check ask;
    struct jws *ret_token;
    struct jwks *keys, *newer;
    struct jws token;
    bool good;                    /* the signature is */
    const struct err *unverified; /* why it is not */
};

static enum flow_next try_secret(struct flow *f)
{
    struct checking *c = f->self;
    const struct provider *p = c->ask.provider;
    if (!p->descriptor->id_token.hs256_client_secret) return FLOW_NEXT;
    c->good = jws_verify_hs256(f->arena, c->ask.token, secret_reveal(p->client_secret), &c->token, &c->unverified) ==
              JOSE_GOOD;
    return FLOW_NEXT;
}

static unsigned asymmetric(const struct checking *c)
{
    return c->ask.provider->descriptor->id_token.algorithms & (unsigned)JOSE_ASYMMETRIC;
}

static enum flow_next learn_keys(struct flow *f)
{
    struct checking *c = f->self;
    if (c->good || asymmetric(c) == 0) return FLOW_NEXT;
    if (c->ask.metadata->jwks_url.len == 0)
        return flow_fail(f,
                         err_new(f->arena, PROBLEM_PROVIDER_MISCONFIGURED,
                                 "nobody says where the provider's keys are (jwks): its id_token cannot be verified"));
    return oidc_keys_need(f, c->ask.provider, c->ask.env, c->ask.metadata->jwks_url, &c->keys);
}

static void verify_with(struct checking *c, struct arena *a, const struct jwks *keys)
{
    const struct err *why = NULL;
    enum jose_verdict verdict = jws_verify(a, c->ask.token, keys, asymmetric(c), &c->token, &why);
    c->good = verdict == JOSE_GOOD;
    c->unverified = why;
    must(c->good || why != NULL);
}

/* A signature that fails is looked at again with the newest keys, whatever the reason: a provider may have changed a key and kept its kid. */
static enum flow_next verify(struct flow *f)
{
    struct checking *c = f->self;
    if (c->good || c->keys == NULL) return FLOW_NEXT;
    verify_with(c, f->arena, c->keys);
    c->newer = c->keys;
    if (c->good) return FLOW_NEXT;
    return oidc_keys_newer(f, c->ask.provider, c->ask.env, c->ask.metadata->jwks_url, c->keys, &c->newer);
}

static enum flow_next verify_again(struct flow *f)
{
    struct checking *c = f->self;
    if (!c->good && c->newer != c->keys) verify_with(c, f->arena, c->newer);
    if (c->good) return FLOW_NEXT;
    if (c->unverified == NULL)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_MISCONFIGURED,
                                    "no algorithm is allowed for this provider's id_token (id_token.algorithms)"));
    return flow_fail(f, err_as(f->arena, PROBLEM_PROVIDER_BROKEN, c->unverified, "id_token: not verified"));
}

static bool same_claim(const struct doc *a, const struct doc *b, struct slice name)
{
    return slice_is(doc_string(a, name), doc_string(b, name));
}

static enum flow_next compare(struct flow *f)
{
    struct checking *c = f->self;
    const struct doc *was = c->ask.former, *is = c->token.claims;
    if (was == NULL) return FLOW_NEXT;
    *c->ask.ret_is_stranger = !same_claim(was, is, LIT("iss")) || !same_claim(was, is, LIT("sub"));
    if (!*c->ask.ret_is_stranger) return FLOW_NEXT;
    return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN,
                                "id_token: it is about another iss or sub than the one before it"));
}

/* Their texts, filled from the claims that were just verified; one whose claim is missing is left out. */
static struct slice *issuers_of(struct arena *a, const struct checking *c, size_t *ret_count)
{
    const struct descriptor_id_token *d = &c->ask.provider->descriptor->id_token;
    struct slice *list = arena_array(a, struct slice, d->issuer_count + 1), missing;
    struct template_values v = {.claims = c->token.claims};
    for (size_t i = 0; i < d->issuer_count; i++) {
        struct slice text = template_expand(a, &d->issuers[i], &v, &missing);
        if (missing.len == 0 && text.len != 0) list[(*ret_count)++] = text;
    }
    return list;
}

static enum flow_next judge_claims(struct flow *f)
{
    struct checking *c = f->self;
    const struct provider *p = c->ask.provider;
    size_t count = 0;
    struct slice *issuers = issuers_of(f->arena, c, &count);
    const struct id_token_rules rules = {.issuer = count != 0 ? issuers[0] : p->descriptor->issuer,
                                         .issuers = issuers,
                                         .issuer_count = count,
                                         .client_id = p->client_id,
                                         .audiences = p->audiences,
                                         .audience_count = p->audience_count,
                                         .nonce = c->ask.nonce,
                                         .nonce_may_lack = p->descriptor->nonce == NONCE_SENT,
                                         .access_token = c->ask.access_token,
                                         .code = c->ask.code,
                                         .auth_since_s = c->ask.auth_since_s,
                                         .now_s = now_s(),
                                         .skew_s = p->clock_skew_s};
    const struct err *bad = id_token_judge(f->arena, &rules, &c->token);
    return bad != NULL ? flow_fail(f, bad) : FLOW_NEXT;
}

static bool is_listed(const struct descriptor_guard *g, struct slice value)
{
    for (size_t i = 0; i < g->values.count; i++)
        if (slice_is(g->values.at[i], value)) return true;
    return false;
}

static enum flow_next ask_guards(struct flow *f)
{
    struct checking *c = f->self;
    const struct descriptor_id_token *d = &c->ask.provider->descriptor->id_token;
    for (size_t i = 0; i < d->guard_count; i++) {
        const struct descriptor_guard *g = &d->guards[i];
        struct slice value = doc_text(f->arena, doc_member(c->token.claims, g->claim));
        if (is_listed(g, value) == g->negated)
            return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN,
                                        "id_token: its %.*s is not one that is let in here", SLICE_ARG(g->claim)));
    }
    *c->ret_token = c->token;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"id_token/try_secret",   try_secret  },
    {"id_token/learn_keys",   learn_keys  },
    {"id_token/verify",       verify      },
    {"id_token/verify_again", verify_again},
    {"id_token/compare",      compare     },
    {"id_token/judge_claims", judge_claims},
    {"id_token/ask_guards",   ask_guards  },
};

enum flow_next id_token_check(struct flow *f, const struct id_token_check *check, struct jws *ret_token)
{
    struct checking *c = arena_new(f->arena, struct checking);
    c->ask = *check;
    c->ret_token = ret_token;
    return flow_call(f, &c->flow, steps, sizeof steps / sizeof steps[0], c);
}
