/* profile.h -- the documents of a sign-in become an identity, by the descriptor's map. Pure.
 *
 * Refused: no subject, a subject over IDENTITY_VALUE_MAX or with control characters; with require_verified_email an address that is missing or
 * not verified (PROBLEM_EMAIL_UNVERIFIED). Dropped: values that are no text, longer than IDENTITY_VALUE_MAX, or have control characters; an
 * address that is not one plain ASCII address; a kept text that begins like JSON, [ or {; a picture or profile that is not an https URL; groups past IDENTITY_GROUPS_MAX.
 *
 * email_verified is the platform's word and false without one. A plain pointer counts for JSON true and the string "true"; the descriptor may
 * say `bool` or `present` where a platform is known to mean it. It is taken only as the word of the document the address came from:
 * a userinfo answer cannot borrow the id_token's word for another address, nor one request another's.
 *
 * Names in `keep` are attributes of profile.extra, else members of the profile's source, or pointers into it when they begin with '/'.
 */
#ifndef PROVIDER_PROFILE_H
#define PROVIDER_PROFILE_H
#include "provider/provider.h"
#include "text/doc.h"

enum {
    PROFILE_ME_MAX = 40 /* the attributes of an identity and those of profile.extra */
};
struct profile_ask {
    const struct provider *provider;
    struct map_documents docs;
    const struct doc
        *userinfo; /* the answer that joined the claims, NULL: none did; docs has the id_token and the joined claims */
    struct template_values values; /* for templates in the map; profile_make adds `me` */
};
/* Slices of *ret_identity live in a, or as long as the provider. ask->values.me tells {me:name} afterwards, to later requests. */
const struct err *profile_make(struct arena *a, struct profile_ask *ask, struct identity *ret_identity);

#endif
