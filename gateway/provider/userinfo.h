/* userinfo.h -- what the userinfo endpoint said, and how it joins the id_token's claims: OpenID Connect Core 1.0 section 5.3. Pure. */
#ifndef PROVIDER_USERINFO_H
#define PROVIDER_USERINFO_H
#include "text/doc.h"

/* An object whose sub is `subject` to the byte; PROBLEM_PROVIDER_BROKEN otherwise. answer may be NULL: not JSON. */
const struct err *userinfo_check(struct arena *a, const struct doc *answer, struct slice subject);
/* A map of both: userinfo wins, but never for claims that make an id_token what it is (iss, sub, aud, azp, exp, iat, nbf, nonce, sid, at_hash,
 * c_hash, auth_time, acr, amr, jti). References to claims elsewhere (_claim_names, _claim_sources) are left out. userinfo may be NULL. */
const struct doc *userinfo_merge(struct arena *a, const struct doc *id_claims, const struct doc *userinfo);

#endif
