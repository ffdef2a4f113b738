/* logout_token.h -- does this token say that somebody was signed out: OpenID Connect Back-Channel Logout 1.0 section 2.6. Pure: the signature was
 * verified by crypto/jose, the time is handed in.
 *
 * Stricter than the text where that costs nobody anything: a token is taken for five minutes after it was issued, whatever its exp says, so that
 * what was taken need not be remembered for longer. A missing exp is forgiven for that reason; earlier drafts had none.
 */
#ifndef PROVIDER_LOGOUT_TOKEN_H
#define PROVIDER_LOGOUT_TOKEN_H
#include "crypto/jose.h"

enum {
    LOGOUT_TOKEN_AGE_S = 300,
    LOGOUT_TOKEN_TEXT_MAX = 512 /* of jti and sid */
};
struct logout_token_rules {
    struct slice issuer, client_id;
    const struct slice *audiences; /* others that may stand beside client_id */
    size_t audience_count;
    int64_t now_s, skew_s;
};
struct logout_claims {
    struct slice sub, sid; /* one of them is not empty: everybody's of that name, or one session */
    struct slice jti;
    int64_t until_s; /* it is refused by its age from then on */
};
/* Every refusal is PROBLEM_BAD_REQUEST and names the claim, never its value. */
const struct err *logout_token_judge(struct arena *a, const struct logout_token_rules *r, const struct jws *token,
                                     struct logout_claims *ret_claims);

#endif
