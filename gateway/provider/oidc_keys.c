/* oidc_keys.c -- a key set as a learned document. */
#include "provider/oidc_keys.h"

static const struct err *kind_read(struct provider_state *s, struct arena *a, struct slice body, void **ret_value)
{
    struct jwks *keys;
    (void)s;
    const struct err *bad = jwks_read(a, body, &keys);
    if (bad != NULL) return err_as(a, PROBLEM_PROVIDER_BROKEN, bad, "the provider's key set cannot be used");
    *ret_value = keys;
    return NULL;
}

static void *kind_keep(void *value)
{
    return jwks_keep(value);
}

static void kind_drop(void *value)
{
    jwks_drop(value);
}

const struct learned_kind oidc_keys_kind = {"jwks", JWKS_MAX_BYTES, kind_read, kind_keep, kind_drop};

enum flow_next oidc_keys_need(struct flow *f, const struct provider *p, const struct provider_env *env,
                              struct slice url, struct jwks **ret_keys)
{
    struct learned_source from = {p, env, url};
    return learned_need(f, &p->state->keys, &from, (void **)ret_keys);
}

enum flow_next oidc_keys_newer(struct flow *f, const struct provider *p, const struct provider_env *env,
                               struct slice url, struct jwks *seen, struct jwks **ret_keys)
{
    struct learned_source from = {p, env, url};
    return learned_newer(f, &p->state->keys, &from, seen, (void **)ret_keys);
}

enum flow_next oidc_keys_now(struct flow *f, const struct provider *p, const struct provider_env *env, struct slice url,
                             struct jwks **ret_keys)
{
    struct learned_source from = {p, env, url};
    return learned_now(f, &p->state->keys, &from, (void **)ret_keys);
}
