/* oidc_authorize.h -- the URLs a browser is sent to: OpenID Connect Core 1.0 section 3.1.2.1, RP-Initiated Logout 1.0 section 2. Pure. */
#ifndef PROVIDER_OIDC_AUTHORIZE_H
#define PROVIDER_OIDC_AUTHORIZE_H
#include "provider/provider.h"

/* Each parameter once, encoded once; the endpoint's own query is kept and may hold none of ours; configured extras cannot take the place of
 * ours and go once each. */
const struct err *oidc_authorize_url(struct arena *a, const struct provider *p, struct slice endpoint,
                                     const struct authorize_ask *ask, struct slice *ret_url);
const struct err *oidc_authorize_end_session(struct arena *a, const struct provider *p, struct slice endpoint,
                                             const struct end_session_ask *ask, struct slice *ret_url);

#endif
