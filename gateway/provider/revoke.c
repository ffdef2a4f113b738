#include "provider/revoke.h"

bool provider_can_revoke(const struct provider *p)
{
    return p->descriptor != NULL && p->descriptor->revoke.request.given;
}

enum flow_next provider_revoke(struct flow *f, const struct provider *p, const struct provider_env *env,
                               const struct tokens *tokens)
{
    (void)p;
    (void)env;
    (void)tokens;
    return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_MISCONFIGURED, "this provider takes no tokens back"));
}
