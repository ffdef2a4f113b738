/* refresh.h -- new tokens for old ones: RFC 6749 section 6, or the exchange a descriptor declares.
 *
 * In two parts, for what lies between them is the caller's: many providers take the old refresh token away as they give the new one, so
 * the new one must be in the store before anything else is waited for. `provider_refresh` asks, once, and reads the answer;
 * `provider_refresh_verify` judges the id_token that came with it, which may need keys. Until then nothing of the answer but its refresh
 * token may be used.
 *
 * Both fail the flow: PROBLEM_PROVIDER_REFUSED when the provider will not renew these tokens any more (invalid_grant and its kin: the person
 * must sign in again); every other problem says nothing about the tokens, and asking again later is right.
 */
#ifndef PROVIDER_REFRESH_H
#define PROVIDER_REFRESH_H
#include "provider/provider.h"

/* When these should be renewed, wall clock: a while before the access token ends; a long-lived token that is exchanged itself, after half
 * of its life and not before the provider allows it. INT64_MAX: never. Pure. */
int64_t provider_refresh_due_s(const struct provider *p, const struct tokens *t);

struct refreshed {
    struct tokens tokens; /* to be kept now: the new ones, and of the old ones what was not given anew */
    bool has_id_token;    /* one came, and provider_refresh_verify must judge it */
    bool
        is_stranger; /* set by provider_refresh_verify with its failure: the id_token has another iss or sub than the one we had */
    int64_t retry_after_s; /* -1: not told; also when the flow failed */
};
/* subject: whose they are. What `old` points to must last until the flow goes on. *ret lives as long as f->arena. */
enum flow_next provider_refresh(struct flow *f, const struct provider *p, const struct provider_env *env,
                                const struct tokens *old, struct slice subject, struct refreshed *ret);
enum flow_next provider_refresh_verify(struct flow *f, const struct provider *p, const struct provider_env *env,
                                       const struct tokens *old, struct refreshed *got);

#endif
