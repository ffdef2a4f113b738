/* oidc_keys.h -- the keys a provider signs with: OpenID Connect Core 1.0 section 10.1, rotation included. */
#ifndef PROVIDER_OIDC_KEYS_H
#define PROVIDER_OIDC_KEYS_H
#include "provider/provider_state.h"

extern const struct learned_kind oidc_keys_kind;

/* *ret_keys is kept until f->arena closes. url: the metadata's jwks_url. */
enum flow_next oidc_keys_need(struct flow *f, const struct provider *p, const struct provider_env *env,
                              struct slice url, struct jwks **ret_keys);
/* For a token that `seen` does not verify: the set as it is published now, if we may ask (once a minute), else `seen` again. */
enum flow_next oidc_keys_newer(struct flow *f, const struct provider *p, const struct provider_env *env,
                               struct slice url, struct jwks *seen, struct jwks **ret_keys);
enum flow_next oidc_keys_now(struct flow *f, const struct provider *p, const struct provider_env *env, struct slice url,
                             struct jwks **ret_keys);

#endif
