/* client_assertion.h -- the JWT a client proves itself with: RFC 7523 section 3, and client secrets that are such tokens. */
#ifndef PROVIDER_CLIENT_ASSERTION_H
#define PROVIDER_CLIENT_ASSERTION_H
#include "provider/provider.h"

/* Signed now with p->client_key, by token.assertion's templates. PROBLEM_PROVIDER_MISCONFIGURED without a key, or with one of another kind
 * than token.auth needs. */
const struct err *client_assertion_make(struct arena *a, const struct provider *p, const struct template_values *v,
                                        int64_t now_s, struct slice *ret_jwt);

#endif
