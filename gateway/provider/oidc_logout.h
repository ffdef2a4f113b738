/* oidc_logout.h -- an OpenID Connect provider tells us that it has signed somebody out. */
#ifndef PROVIDER_OIDC_LOGOUT_H
#define PROVIDER_OIDC_LOGOUT_H
#include "provider/logout_token.h"
#include "provider/provider.h"

/* Only for providers with keys of their own (p->state). PROBLEM_BAD_REQUEST: the token is not believed, and the text says why;
 * provider-away and its kin: its keys could not be had. *ret_claims lives as long as f->arena. */
enum flow_next oidc_logout(struct flow *f, const struct provider *p, const struct provider_env *env, struct slice token,
                           struct logout_claims *ret_claims);

#endif
