/* revoke.h -- telling a provider that tokens of ours are no longer wanted: RFC 7009, or the request a descriptor declares. */
#ifndef PROVIDER_REVOKE_H
#define PROVIDER_REVOKE_H
#include "provider/provider.h"

/* Does this provider take tokens back, as far as is known without asking? */
bool provider_can_revoke(const struct provider *p);
/* Asks for every token the descriptor wants revoked, one after the other; the first failure fails the flow. *ret_asked: how many it has taken;
 * 0 when it turns out that it offers no such thing. subject: whose they are. What tokens points to
 * must last until the flow goes on. */
enum flow_next provider_revoke(struct flow *f, const struct provider *p, const struct provider_env *env,
                               const struct tokens *tokens, struct slice subject, size_t *ret_asked);

#endif
