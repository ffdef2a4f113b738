/* assertion.h -- the signed identity for a backend: an ES256 JWT for one audience, at most five minutes.
 *
 * Claims: iss (this gateway), aud (the backend), sub "PROVIDER:SUBJECT", iat, nbf, exp, jti, provider, and email (only when verified),
 * name, preferred_username, groups, auth_time, acr, claims (those that the operator keeps, as texts) when known. Verifiable with PREFIX/jwks.json. typ is "vestibule-assertion+jwt", so that it is never taken for
 * a session, an id_token or an access token (RFC 8725 section 3.11).
 */
#ifndef PROXY_ASSERTION_H
#define PROXY_ASSERTION_H
#include "crypto/signing_keys.h"
#include "provider/identity.h"

struct assertion_ask {
    struct slice issuer, audience;
    int lifetime_s;
    int64_t now_s;
    const struct identity *who;
    struct slice session; /* the session's reference: claim sid */
};
struct slice assertion_mint(struct arena *a, const struct signing_keys *keys, const struct assertion_ask *ask);

#endif
