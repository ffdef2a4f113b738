/* oauth1_handshake.h -- OAuth 1.0a's first step: a request token, before the browser is sent anywhere (RFC 5849 section 2.1). */
#ifndef PROVIDER_OAUTH1_HANDSHAKE_H
#define PROVIDER_OAUTH1_HANDSHAKE_H
#include "provider/provider.h"

/* Asks endpoints.request_token with our callback, demands oauth_callback_confirmed (without it the platform would not tell a callback that was
 * put under it), and makes the browser's URL. ret_authorized->state stands for the token, so that the callback finds its attempt. */
enum flow_next oauth1_handshake(struct flow *f, const struct provider *p, const struct provider_env *env,
                                const struct authorize_ask *ask, struct authorized *ret_authorized);

#endif
