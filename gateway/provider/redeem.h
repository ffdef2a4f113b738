/* redeem.h -- the code's way to a verified identity, for every dialect. */
#ifndef PROVIDER_REDEEM_H
#define PROVIDER_REDEEM_H
#include "provider/provider.h"

enum flow_next redeem(struct flow *f, const struct provider *p, const struct provider_env *env,
                      const struct redeem_ask *ask, struct grant *ret_grant);

#endif
