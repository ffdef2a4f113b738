/* oauth1.h -- signs a request as OAuth 1.0a wants it: RFC 5849 sections 3.4.1 (base string), 3.4.2 (HMAC-SHA1), 3.5.1 (header).
 *
 * Pure: nonce and timestamp are handed in. What is signed is what is sent: method, URL with its query, and the fields of a form body.
 */
#ifndef CRYPTO_OAUTH1_H
#define CRYPTO_OAUTH1_H
#include "base/err.h"

enum {
    OAUTH1_PARAMS_MAX = 96 /* of query, form and header together; sorting is quadratic at worst */
};
struct oauth1_ask {
    struct slice method; /* "POST" */
    struct slice url;    /* as it will be asked, its query included */
    struct slice form;   /* the urlencoded body, or empty */
    struct slice consumer_key, consumer_secret;
    struct slice token, token_secret; /* empty: there is none yet */
    struct slice callback, verifier;  /* oauth_callback, oauth_verifier of the header; empty: not sent */
    struct slice nonce;               /* new for every request */
    int64_t timestamp_s;
};

/* "METHOD&uri&parameters", each part encoded; PROBLEM_PROVIDER_MISCONFIGURED for a URL or form that cannot be read. */
const struct err *oauth1_base_string(struct arena *a, const struct oauth1_ask *ask, struct slice *ret_text);
/* The whole line "Authorization: OAuth oauth_...". It holds no secret, but with the body it is a request anybody may send once. */
const struct err *oauth1_authorization(struct arena *a, const struct oauth1_ask *ask, struct slice *ret_line);

#endif
