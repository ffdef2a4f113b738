/* tokens.h -- what a provider gave us beside an identity: the right to ask it in a person's name. Plain data; slices live with their maker.
 *
 * Secrets every one of them: they go into sealed records, into requests to the provider that gave them and, where the operator says so, to
 * one backend; never into a log, an error, a page or a cookie.
 */
#ifndef PROVIDER_TOKENS_H
#define PROVIDER_TOKENS_H
#include "base/slice.h"

enum {
    TOKENS_VALUES_MAX = 8 /* beside the tokens: what a descriptor wants to have later of what came now */
};
struct tokens_value {
    struct slice name, value;
};
struct tokens {
    struct slice access_token, refresh_token, id_token; /* empty: none */
    struct slice access_secret;    /* OAuth 1.0a: what requests with the access token are signed with */
    int64_t obtained_s, expires_s; /* of the access token, wall clock; expires_s 0: not told */
    const struct tokens_value *values;
    size_t value_count;
};

#endif
