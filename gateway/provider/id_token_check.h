/* id_token_check.h -- an id_token that came from the token endpoint: is it the provider's, and about this sign-in? For sign-ins and refreshes.
 *
 * Signature by the provider's published keys, asked again once when none of them fits (rotation), or by the client secret where the descriptor
 * says so (id_token.hs256_key) -- never because the token does. Then the claims (id_token.h), the issuers and guards of the descriptor.
 */
#ifndef PROVIDER_ID_TOKEN_CHECK_H
#define PROVIDER_ID_TOKEN_CHECK_H
#include "provider/metadata.h"
#include "provider/provider.h"

struct id_token_check {
    const struct provider *provider;
    const struct provider_env *env;
    const struct metadata *metadata;
    struct slice token;
    struct slice nonce;              /* at NULL: none was sent, or it is a refreshed token */
    struct slice access_token, code; /* for at_hash and c_hash; may be empty */
    int64_t auth_since_s;            /* max_age; 0: not asked for */
    /* Of a refreshed token: what the one before it said. NULL: there is none. One whose iss or sub is another is refused, and
     * *ret_is_stranger says that it was that (OpenID Connect Core section 12.2) */
    const struct doc *former;
    bool *ret_is_stranger;
};
/* Ends the flow with PROBLEM_PROVIDER_BROKEN when not (or with why the keys could not be had). ret_token's claims live in f->arena, which needs
 * JOSE_ARENA_BYTES. */
enum flow_next id_token_check(struct flow *f, const struct id_token_check *check, struct jws *ret_token);

#endif
