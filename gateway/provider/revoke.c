#include "provider/revoke.h"

#include "provider/declared.h"
#include "provider/oidc_discovery.h"

enum {
    KINDS = 2
};

struct revocation {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    const struct tokens *tokens;
    size_t *ret_asked;
    struct metadata *metadata;
    struct template_values values;
    struct template_pair me, stored[TOKENS_VALUES_MAX];
    struct {
        struct slice token, kind;
    } wanted[KINDS];
    size_t count, at;
    struct declared_answer answer;
};

bool provider_can_revoke(const struct provider *p)
{
    return p->descriptor->revoke.request.given;
}

static enum flow_next learn_metadata(struct flow *f)
{
    struct revocation *r = f->self;
    return oidc_discovery_need(f, r->p, r->env, &r->metadata);
}

/* ---- which ones ---- */

static void want(struct revocation *r, struct slice token, struct slice kind)
{
    if (token.len == 0) return;
    r->wanted[r->count].token = token;
    r->wanted[r->count++].kind = kind;
}

static enum flow_next choose(struct flow *f)
{
    struct revocation *r = f->self;
    const struct tokens *t = r->tokens;
    enum revoke_which which = r->p->descriptor->revoke.which;
    if (which != REVOKE_ACCESS) want(r, t->refresh_token, LIT("refresh_token"));
    if (which != REVOKE_REFRESH_THEN_ACCESS || r->count == 0) want(r, t->access_token, LIT("access_token"));
    for (size_t i = 0; i < t->value_count && i < TOKENS_VALUES_MAX; i++)
        r->stored[i] = (struct template_pair){t->values[i].name, t->values[i].value};
    return r->count == 0 ? FLOW_DONE : FLOW_NEXT;
}

/* ---- one after the other ---- */

static enum flow_next ask(struct flow *f)
{
    struct revocation *r = f->self;
    r->values = provider_values(f->arena, r->p, r->metadata);
    r->values.at[TEMPLATE_ACCESS_TOKEN] = r->tokens->access_token;
    r->values.at[TEMPLATE_REFRESH_TOKEN] = r->tokens->refresh_token;
    r->values.at[TEMPLATE_TOKEN_VALUE] = r->wanted[r->at].token;
    r->values.at[TEMPLATE_TOKEN_KIND] = r->wanted[r->at].kind;
    r->values.me = &r->me;
    r->values.me_count = 1;
    r->values.stored = r->stored;
    r->values.stored_count = r->tokens->value_count;
    const struct declared_ask question = {.provider = r->p,
                                          .env = r->env,
                                          .request = &r->p->descriptor->revoke.request,
                                          .values = &r->values,
                                          .access_secret = r->tokens->access_secret,
                                          .once = true};
    return declared_run(f, &question, &r->answer);
}

static enum flow_next next_one(struct flow *f)
{
    struct revocation *r = f->self;
    if (r->answer.why != NULL) return flow_fail(f, r->answer.why);
    if (!r->answer.skipped) ++*r->ret_asked;
    return ++r->at < r->count ? flow_back(f, 1) : FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"revoke/learn_metadata", learn_metadata},
    {"revoke/choose",         choose        },
    {"revoke/ask",            ask           },
    {"revoke/next_one",       next_one      },
};

enum flow_next provider_revoke(struct flow *f, const struct provider *p, const struct provider_env *env,
                               const struct tokens *tokens, struct slice subject, size_t *ret_asked)
{
    struct revocation *r = arena_new(f->arena, struct revocation);
    *r = (struct revocation){.p = p, .env = env, .tokens = tokens, .ret_asked = ret_asked};
    r->me = (struct template_pair){LIT("subject"), subject};
    *ret_asked = 0;
    return flow_call(f, &r->flow, steps, sizeof steps / sizeof steps[0], r);
}
