/* id_token.h -- is this token about the sign-in we began: OpenID Connect Core 1.0 sections 3.1.3.7 and 3.1.3.8. Pure: the signature was
 * verified by crypto/jose, the time is handed in. */
#ifndef PROVIDER_ID_TOKEN_H
#define PROVIDER_ID_TOKEN_H
#include "crypto/jose.h"

enum {
    ID_TOKEN_SUBJECT_MAX = 255, /* OpenID Connect Core section 2 */
    ID_TOKEN_AUDIENCES_MAX = 16
};
struct id_token_rules {
    struct slice issuer, client_id;
    const struct slice *issuers; /* others that are accepted in issuer's place */
    size_t issuer_count;
    const struct slice *audiences; /* others that may stand beside client_id */
    size_t audience_count;
    struct slice nonce;        /* at NULL: none was sent (a refreshed token) */
    bool nonce_may_lack;       /* the provider is known to forget it; another one is refused all the same */
    struct slice access_token; /* for at_hash */
    struct slice code;         /* for c_hash; may be empty */
    int64_t auth_since_s;      /* auth_time must be there and not before; 0: max_age was not asked for */
    int64_t now_s, skew_s;
};
/* Every refusal is PROBLEM_PROVIDER_BROKEN and names the claim, never its value (but iss). */
const struct err *id_token_judge(struct arena *a, const struct id_token_rules *r, const struct jws *token);

#endif
