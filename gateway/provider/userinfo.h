/* userinfo.h -- what the userinfo endpoint said, and how it joins the id_token's claims: OpenID Connect Core 1.0 section 5.3. Pure. */
#ifndef PROVIDER_USERINFO_H
#define PROVIDER_USERINFO_H
#include "text/doc.h"

enum {
    USERINFO_MAX_BYTES = 128 * 1024
};

/* A JSON object whose sub is `subject` to the byte; PROBLEM_PROVIDER_BROKEN otherwise. */
const struct err *userinfo_read(struct arena *a, struct slice json, struct slice subject, struct doc **ret_claims);
/* A map of both: userinfo wins, but never for claims that make an id_token what it is (iss, sub, aud, azp, exp, iat, nbf, nonce, sid, at_hash,
 * c_hash, auth_time, acr, amr, jti). References to claims elsewhere (_claim_names, _claim_sources) are left out. userinfo may be NULL. */
const struct doc *userinfo_merge(struct arena *a, const struct doc *id_claims, const struct doc *userinfo);

#endif
