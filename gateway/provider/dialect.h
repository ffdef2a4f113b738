/* dialect.h -- what a protocol must be able to do for provider.h: one table of functions per dialect. OpenID Connect is the one there is. */
#ifndef PROVIDER_DIALECT_H
#define PROVIDER_DIALECT_H
#include "provider/provider.h"

struct dialect {
    enum flow_next (*authorize)(struct flow *f, const struct provider *p, const struct provider_env *env,
                                const struct authorize_ask *ask, struct slice *ret_url);
    enum flow_next (*check_issuer)(struct flow *f, const struct provider *p, const struct provider_env *env,
                                   struct slice iss);
    enum flow_next (*redeem)(struct flow *f, const struct provider *p, const struct provider_env *env,
                             const struct redeem_ask *ask, struct grant *ret_grant);
    enum flow_next (*end_session)(struct flow *f, const struct provider *p, const struct provider_env *env,
                                  const struct end_session_ask *ask, struct slice *ret_url);
    bool (*knows_end_session)(const struct provider *p);
    enum flow_next (*probe)(struct flow *f, const struct provider *p, const struct provider_env *env);
};

extern const struct dialect oidc_dialect;

#endif
