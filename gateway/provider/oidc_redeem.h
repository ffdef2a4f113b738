/* oidc_redeem.h -- the code's way to a verified identity: OpenID Connect Core 1.0 sections 3.1.3 and 5.3. */
#ifndef PROVIDER_OIDC_REDEEM_H
#define PROVIDER_OIDC_REDEEM_H
#include "provider/provider.h"

#include "base/buf.h"

enum flow_next oidc_redeem(struct flow *f, const struct provider *p, const struct provider_env *env,
                           const struct redeem_ask *ask, struct grant *ret_grant);

/* The token request's header line (empty: none) and body, by client_auth. Pure; both hold secrets: wipe them. */
struct oidc_redeem_request {
    struct buf authorization, body;
};
struct oidc_redeem_request oidc_redeem_request(struct arena *a, const struct provider *p, const struct redeem_ask *ask);
void oidc_redeem_wipe(struct oidc_redeem_request *r);

#endif
