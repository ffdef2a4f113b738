/* session_jwt.h -- the signed session token in the cookie: HS256 by libjwt, behind a gate.
 *
 * Claims: sid (43 characters of base64url: 32 random bytes), iat, exp, iss; header: alg HS256, kid (the key ring's id), typ JWT. At most
 * 400 bytes for an issuer of up to 100 characters; a longer host name makes it longer, never over SESSION_JWT_MAX.
 * libjwt never sees a token that is not already shaped like ours: length, alphabet, exactly two dots, a header segment byte
 * for byte equal to one we emit (it would take its algorithm from the token). One instance per process, immutable, any thread.
 */
#ifndef CRYPTO_SESSION_JWT_H
#define CRYPTO_SESSION_JWT_H
#include "crypto/keyring.h"

struct session_jwt;
struct session_claims {
    struct slice sid;
    int64_t iat, exp;
};

enum {
    SESSION_JWT_MAX = 640,       /* 400, and what the longest issuer adds */
    SESSION_JWT_ISSUER_MAX = 270 /* https:// and a host name of 253 and a port */
};
/* issuer: our public origin, claim iss; 1 to SESSION_JWT_ISSUER_MAX bytes without control characters or a NUL. Copies what it
 * needs of both; gives. */
struct session_jwt *session_jwt_open(const struct keyring *keys, struct slice issuer);
void session_jwt_close(struct session_jwt *j);
/* Signs with the newest key. Claims that session_jwt_read would refuse (sid of another shape, exp not after iat) are PROBLEM_INTERNAL. */
const struct err *session_jwt_sign(const struct session_jwt *j, struct arena *a, const struct session_claims *claims,
                                   struct slice *ret_token);
/* Every reason to refuse is PROBLEM_SESSION_ENDED; the text says which for the developer. now_s is handed in. No leeway on exp; iat may
 * be 60 s ahead. ret_claims->sid lives in a. */
const struct err *session_jwt_read(const struct session_jwt *j, struct arena *a, struct slice token, int64_t now_s,
                                   struct session_claims *ret_claims);

#endif
