/* session_jwt.h -- the signed session token in the cookie: HS256 by libjwt, behind a gate.
 *
 * Claims: sid (43 characters of base64url: 32 random bytes), iat, exp; header: alg HS256, kid, typ JWT; at most 400 bytes.
 * libjwt never sees a token that is not already shaped like ours: length, alphabet, exactly two dots, a header segment byte
 * for byte equal to one we emit (facts: it would take its algorithm from the token). One instance per process, immutable, any thread.
 */
#ifndef CRYPTO_SESSION_JWT_H
#define CRYPTO_SESSION_JWT_H
#include "crypto/keyring.h"

struct session_jwt;
struct session_claims {
    struct slice sid;
    int64_t iat, exp;
};

struct session_jwt *session_jwt_open(const struct keyring *keys, struct slice issuer); /* issuer: our public origin, claim iss */
void session_jwt_close(struct session_jwt *j);
const struct err *session_jwt_sign(const struct session_jwt *j, struct arena *a,
                                   const struct session_claims *claims, struct slice *ret_token);
/* Every reason to refuse is PROBLEM_SESSION_ENDED; the text says which for the developer. now_s is handed in. */
const struct err *session_jwt_read(const struct session_jwt *j, struct arena *a, struct slice token,
                                   int64_t now_s, struct session_claims *ret_claims);

#endif
