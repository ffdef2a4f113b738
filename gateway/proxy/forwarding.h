/* forwarding.h -- the exact list of headers a backend gets: the client's own without what only we may say, then ours.
 *
 * Removed from the client's: hop-by-hop headers and whatever its Connection header names (RFC 9110 section 7.6.1), every identity name
 * (proxy/presets.h) and configured further ones, X-Forwarded-*, Forwarded, X-Real-IP and the "original URL" family, our own cookies. Added: X-Forwarded-For,
 * -Proto, -Host, X-Real-IP, X-Request-Id, traceparent, and the identity of the session in the preset's names, each exactly once.
 *
 * A backend that is to have the provider's access token gets it as X-Auth-Access-Token (X-Forwarded-Access-Token with oauth2-proxy's names), or as
 * Authorization: then the client's own never
 * passes, also when there is no token to put in its place.
 *
 * What a session says is formed once and kept as the session's memo: a warm request copies finished lines into its head.
 */
#ifndef PROXY_FORWARDING_H
#define PROXY_FORWARDING_H
#include "crypto/signing_keys.h"
#include "http/exchange.h"
#include "proxy/client.h"
#include "proxy/presets.h"
#include "session/session.h"

struct forwarding {
    const struct exchange *x;
    const struct client *client;
    const struct sessions *sessions; /* knows our cookies' names */
    const struct session *session;   /* NULL: nobody is signed in */
    enum token_form token_form;
    struct slice access_token; /* empty: none */
    bool drop_authorization;   /* the client's own was for us */
    enum header_preset preset;
    bool subject_alone; /* one provider only: the user id need not name it (compatible presets) */
    struct slice audience, issuer;
    const struct signing_keys *keys;
    int assertion_s;
    int64_t generation; /* of the configuration: another one forms the memo anew */
    int64_t now_s;
    struct slice request_id, request_id_header, traceparent, tracestate;
    const struct slice *strip;
    size_t strip_count;
};
/* Fills headers, header_count (in x's arena) and lines (lent by the session until the next call) of what is passed on; none of them is
 * Host, Content-Length, Connection or Transfer-Encoding. */
void forwarding_headers(const struct forwarding *f, struct forward *ret_forward);

/* For an answer to a front proxy: every name of the preset once, with nothing behind it when nobody is signed in or the provider does not say.
 * Of f it takes x, session, preset, subject_alone, audience, issuer, keys, assertion_s, generation, now_s. At most PRESET_HEADERS_MAX. */
size_t forwarding_identity(const struct forwarding *f, struct header *ret_headers);

/* For forward.keep_header, self = struct sessions: a backend may not set our cookies nor answer with identity headers. */
bool forwarding_keeps(void *sessions, struct slice lower_name, struct slice value);

#endif
