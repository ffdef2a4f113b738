/* authorize.h -- the URLs a browser is sent to: RFC 6749 section 4.1.1, OpenID Connect Core 1.0 section 3.1.2.1, RP-Initiated Logout 1.0 section 2,
 * and what platforms want in their place. Pure. */
#ifndef PROVIDER_AUTHORIZE_H
#define PROVIDER_AUTHORIZE_H
#include "provider/provider.h"

/* Each parameter once, encoded once, spaces as %20; the endpoint's own query is kept and may hold none of ours; declared extras cannot take the
 * place of ours and go once each; the fragment stands last. */
const struct err *authorize_url(struct arena *a, const struct provider *p, struct slice endpoint,
                                const struct authorize_ask *ask, struct slice *ret_url);
/* oauth1: the endpoint with the request token (RFC 5849 section 2.2). */
const struct err *authorize_url_oauth1(struct arena *a, const struct provider *p, struct slice endpoint,
                                       struct slice token, struct slice *ret_url);
/* By logout.url and logout.params; *ret_url empty when the descriptor has none, or its endpoint is not known. */
const struct err *authorize_end_session(struct arena *a, const struct provider *p, const struct template_values *known,
                                        const struct end_session_ask *ask, struct slice *ret_url);
/* RFC 7636 section 4.2: base64url of the verifier's SHA-256, or its hex where the descriptor says so. Empty with PKCE_NONE. */
struct slice authorize_challenge(struct arena *a, enum pkce pkce, struct slice verifier);

#endif
