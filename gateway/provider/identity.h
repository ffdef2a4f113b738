/* identity.h -- what a provider says about a person. Plain data; slices live in the arena of whoever made it.
 *
 * People are keyed by (provider, subject), never by e-mail. email_verified is the provider's own word, false when it says nothing.
 */
#ifndef PROVIDER_IDENTITY_H
#define PROVIDER_IDENTITY_H
#include "base/arena.h"

enum {
    IDENTITY_GROUPS_MAX = 512, /* beyond these are left out */
    IDENTITY_VALUE_MAX = 512,  /* bytes of one value; a longer subject is refused, others are dropped */
    IDENTITY_KEEP_MAX = 32
};
struct identity_claim {
    struct slice name, value; /* value as text; JSON for lists and objects */
};
struct identity {
    struct slice provider; /* our id of it */
    struct slice issuer, subject;
    struct slice email, name, given_name, family_name, username, picture, locale, profile_url;
    bool email_verified;
    struct slice *groups;
    size_t group_count;
    struct identity_claim *kept; /* claims.keep */
    size_t kept_count;
    int64_t auth_time_s; /* 0: not told */
    struct slice acr;
};

#endif
