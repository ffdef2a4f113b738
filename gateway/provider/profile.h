/* profile.h -- claims become an identity, by the JSON pointers of the provider. Pure.
 *
 * Refused: no subject, a subject over IDENTITY_VALUE_MAX or with control characters; with require_verified_email an address that is missing or
 * not verified (PROBLEM_EMAIL_UNVERIFIED). Dropped: values that are no text, longer than IDENTITY_VALUE_MAX, or have control characters; an
 * address that is not one plain ASCII address; a kept text that begins like JSON, [ or {; a picture or profile that is not an https URL; groups past IDENTITY_GROUPS_MAX.
 *
 * email_verified is true for JSON true and the string "true", and only as the word of the document the address came from: a
 * userinfo answer cannot borrow the id_token's word for another address.
 *
 * An empty pointer means the claim of OpenID Connect Core section 5.1 ("/sub", "/email", "/email_verified", "/name", "/preferred_username",
 * "/groups", "/picture"). Names in `keep` are members, or pointers when they begin with '/'.
 */
#ifndef PROVIDER_PROFILE_H
#define PROVIDER_PROFILE_H
#include "provider/provider.h"
#include "text/doc.h"

/* userinfo may be NULL. Slices of *ret_identity live in a, or as long as p. */
const struct err *profile_make(struct arena *a, const struct provider *p, const struct doc *id_claims,
                               const struct doc *userinfo, struct identity *ret_identity);

#endif
