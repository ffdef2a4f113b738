/* oidc_discovery.h -- where a provider's endpoints are: OpenID Connect Discovery 1.0 sections 4.1 to 4.3. */
#ifndef PROVIDER_OIDC_DISCOVERY_H
#define PROVIDER_OIDC_DISCOVERY_H
#include "provider/provider_state.h"

extern const struct learned_kind oidc_discovery_kind;

struct oidc_discovery_rules {
    struct slice issuer;               /* must stand in the document exactly so */
    const struct metadata *configured; /* not empty: wins over what the document says */
    bool allow_http;
};
/* Pure. *ret_draft lives in a and has no reference of its own. */
const struct err *oidc_discovery_read(struct arena *a, const struct oidc_discovery_rules *rules, struct slice json,
                                      struct metadata *ret_draft);
/* issuer + "/.well-known/openid-configuration", with one slash between. */
struct slice oidc_discovery_url(struct arena *a, struct slice issuer);

/* What was configured, else what is learned. *ret_metadata is kept until f->arena closes. */
enum flow_next oidc_discovery_need(struct flow *f, const struct provider *p, const struct provider_env *env,
                                   struct metadata **ret_metadata);
/* Asked now, for a probe; what was configured needs no asking. */
enum flow_next oidc_discovery_now(struct flow *f, const struct provider *p, const struct provider_env *env,
                                  struct metadata **ret_metadata);

#endif
