/* bearer.h -- an access token that a program sends with its request: whether its issuer vouches for it, and for whom.
 *
 *   a JWT (RFC 9068, RFC 8725): typ at+jwt, signature by a published key, iss, an audience of ours, exp, iat, sub
 *   anything else (RFC 7662): the issuer is asked, and must say active
 *
 * Refused, always: tokens for another audience, id_tokens and logout tokens (nonce, at_hash, events), tokens bound to a key that the sender
 * would have to prove (cnf), symmetric signatures, our own session tokens (they are HS256). Refused is PROBLEM_TOKEN_REFUSED; when the issuer
 * cannot be asked the problem is the provider's (away, broken). Nothing of a token stands in an err.
 */
#ifndef PROVIDER_BEARER_H
#define PROVIDER_BEARER_H
#include "provider/provider.h"

enum {
    BEARER_TOKEN_MAX = 16 * 1024, /* what fits into a head beside all else */
    BEARER_CACHE_MOST_S = 300,    /* a withdrawn key or token is noticed after that at the latest */
    BEARER_UNTOLD_S =
        366 * 86400 /* an issuer that is asked need not say when a token ends: it is asked again instead */
};

struct bearer_issuer {
    struct provider *provider;      /* id, issuer, keys, audiences, algorithms, claims; its client for introspection */
    struct slice introspection_url; /* empty: its tokens are JWTs */
    bool plain_jwt;                 /* typ JWT, or none, will do: the issuer does not follow RFC 9068 */
    int64_t cache_s;
};

struct bearer_told {
    struct identity identity; /* provider: the issuer's id */
    int64_t issued_s, expires_s;
};

/* Pure: whose JWT this says it is, unverified: to choose whom to ask. NULL: none of these. Each call parses. */
const struct bearer_issuer *bearer_issuer_of(struct slice token, const struct bearer_issuer *all, size_t count);
/* A JWT with a symmetric signature, as our own session tokens are: never anybody's access token, and never shown to an issuer. */
bool bearer_is_symmetric(struct slice token);
/* The token is lent until the flow goes on; what is told lives as long as f->arena. */
enum flow_next bearer_verify(struct flow *f, const struct bearer_issuer *by, const struct provider_env *env,
                             struct slice token, struct bearer_told *ret_told);

/* Pure, for tests and for the two ways above. now_s is handed in. */
const struct err *bearer_judge_jwt(struct arena *a, const struct bearer_issuer *by, const struct jws *token,
                                   int64_t now_s, struct bearer_told *ret_told);
const struct err *bearer_judge_introspection(struct arena *a, const struct bearer_issuer *by, struct slice json,
                                             int64_t now_s, struct bearer_told *ret_told);

#endif
