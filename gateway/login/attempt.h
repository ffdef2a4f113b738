/* attempt.h -- one sign-in under way: what we must remember until the visitor comes back from the provider.
 *
 * It is kept by the browser, not by us: sealed (AES-256-GCM, purpose "attempt", bound to its cookie's name) into a cookie of its own, so that starting
 * costs no store write, junk at the callback costs no store read, and tabs do not disturb each other. That an attempt is used once is the
 * store's word: the callback claims attempt_claim_key before the code is redeemed.
 *
 *     __Host-vestibule-tx-TTTTTTTSSSSSSSSSS      T: when it began (base32 of seconds, so that names sort by age), S: the head of state
 *
 * RFC 9700 sections 2.1, 4.4, 4.7; RFC 7636; OpenID Connect Core 3.1.2.1.
 */
#ifndef LOGIN_ATTEMPT_H
#define LOGIN_ATTEMPT_H
#include "crypto/keyring.h"
#include "text/cookie.h"

enum {
    ATTEMPT_AGE_S = 600,       /* a person typing a password and a second factor, generously */
    ATTEMPT_SKEW_S = 60,       /* between replicas */
    ATTEMPTS_PER_BROWSER = 8,  /* tabs; the oldest is forgotten */
    ATTEMPTS_BYTES = 6 * 1024, /* of older ones, when addresses are long: cookies come with every request */
    ATTEMPT_STATE_MAX = 128    /* what we look at of a state parameter; ours has 43 characters */
};

struct attempt {
    struct slice state, nonce, verifier; /* 256 bits each, base64url */
    struct slice provider, issuer, client_id,
        redirect_uri;                 /* checked again at the callback: a reload may have come between */
    struct slice return_url;          /* judged by route/return_to.h before it is sealed */
    struct slice token, token_secret; /* oauth1: the request token this is about, and its secret; else empty */
    int64_t began_s,
        began_ms; /* one moment; the latter decides which came first, this sign-in or the end of a person's sessions */
};

/* Fresh state, nonce and verifier; the other fields are the caller's. */
void attempt_begin(struct arena *a, int64_t now_s, struct attempt *ret_attempt);

/* The name and value of its cookie. prefix: "__Host-vestibule-tx-". */
struct slice attempt_cookie_name(struct arena *a, struct slice prefix, const struct attempt *t);
struct slice attempt_seal(struct arena *a, const struct keyring *keys, struct slice cookie_name,
                          const struct attempt *t);

enum attempt_found {
    ATTEMPT_GOOD,
    ATTEMPT_NONE,       /* no cookie for this state, but there are others of ours */
    ATTEMPT_NO_COOKIES, /* the browser brought no cookie of ours at all */
    ATTEMPT_FORGED,     /* a cookie that is not ours or belongs to another state */
    ATTEMPT_OLD
};
enum attempt_found attempt_find(struct arena *a, const struct keyring *keys, struct slice prefix, struct slice cookies,
                                struct slice state, int64_t now_s, struct attempt *ret_attempt,
                                struct slice *ret_cookie_name);

/* Names of attempt cookies beyond the newest (ATTEMPTS_PER_BROWSER - 1), or beyond ATTEMPTS_BYTES: to be deleted when another one is set. */
size_t attempt_surplus(struct arena *a, struct slice prefix, struct slice cookies, struct slice **ret_names);

/* "a:" and a hash of state: the key that one callback may claim. */
struct slice attempt_claim_key(struct arena *a, const struct attempt *t);

#endif
