/* provider.c -- hands each question to the dialect the provider speaks. */
#include "provider/provider.h"

#include "provider/dialect.h"

static const struct dialect *dialect_of(const struct provider *p)
{
    must(p->state != NULL && p->issuer.len != 0);
    return &oidc_dialect;
}

enum flow_next provider_authorize(struct flow *f, const struct provider *p, const struct provider_env *env,
                                  const struct authorize_ask *ask, struct slice *ret_url)
{
    return dialect_of(p)->authorize(f, p, env, ask, ret_url);
}

enum flow_next provider_check_issuer(struct flow *f, const struct provider *p, const struct provider_env *env,
                                     struct slice iss)
{
    return dialect_of(p)->check_issuer(f, p, env, iss);
}

enum flow_next provider_redeem(struct flow *f, const struct provider *p, const struct provider_env *env,
                               const struct redeem_ask *ask, struct grant *ret_grant)
{
    return dialect_of(p)->redeem(f, p, env, ask, ret_grant);
}

enum flow_next provider_end_session(struct flow *f, const struct provider *p, const struct provider_env *env,
                                    const struct end_session_ask *ask, struct slice *ret_url)
{
    return dialect_of(p)->end_session(f, p, env, ask, ret_url);
}

bool provider_knows_end_session(const struct provider *p)
{
    return dialect_of(p)->knows_end_session(p);
}

enum flow_next provider_probe(struct flow *f, const struct provider *p, const struct provider_env *env)
{
    return dialect_of(p)->probe(f, p, env);
}
