/* ended.h -- telling that sessions were ended by somebody else than their own sign-out: one audit record and one count for each. */
#ifndef LOGIN_ENDED_H
#define LOGIN_ENDED_H
#include "login/visit.h"

/* Whose they were, and why they ended: a word of ours ("max_per_user", "account", "back_channel_logout" ...). The actor is who asked: the
 * signed-in person where there is one, else the provider. */
void ended_tell(const struct visit *v, const struct session_ids *ids, struct slice provider, struct slice subject,
                const char *why);

/* For session_revoke and its kin: the tokens of whoever is ended go back to this provider, told in the same names. NULL: it is not configured
 * any more. */
const struct session_giving *ended_giving(const struct visit *v, struct slice provider, struct slice subject);

#endif
