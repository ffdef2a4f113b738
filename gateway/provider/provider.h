/* provider.h -- how a provider wants to be asked, and what its answers mean: by its descriptor; data, no brand.
 *
 * A `struct provider` is made by config/ and immutable. What changes (metadata from discovery, key sets) is in its provider_state, which
 * is shared by all workers and survives a reload when issuer and endpoints stay the same. Discovery and JWKS are fetched when first
 * needed, refreshed in the background before they are stale, kept when the source fails; an unknown kid causes at most one refetch a minute; one
 * fetch serves all who wait. Start never depends on a provider being up.
 *
 * Waiting functions take a flow; errors carry the problem the visitor will see (provider-away, provider-broken, provider-refused,
 * provider-misconfigured). Nothing of a token ever stands in an err's text.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H
#include "crypto/client_key.h"
#include "crypto/jose.h"
#include "crypto/secret.h"
#include "fetch/fetch.h"
#include "provider/descriptor.h"
#include "provider/identity.h"
#include "provider/tokens.h"

#include "base/flow.h"

enum tokens_kept {
    TOKENS_DISCARD,
    TOKENS_SESSION /* sealed in a record beside the session's */
};

struct provider_state;

struct provider {
    /* Everything of the platform that is in force, with the operator's word over it. Never NULL in a provider of a snapshot */
    const struct descriptor *descriptor;
    const struct doc
        *document; /* what it was read from: file, what that extends and the operator's entry; for showing */
    struct slice id, name, icon; /* icon: the name of a mark in templates/marks, or empty */
    bool hidden;
    struct slice callback; /* path of the redirect URI; no two providers share one (RFC 9700 section 4.4) */
    struct slice issuer;   /* what sessions are held to: the issuer, or without one the origin of the token endpoint */
    struct slice client_id;
    struct secret client_secret;
    const struct client_key
        *client_key; /* of client_key_file: signs what private_key_jwt and client_secret_jwt_es256 send; or NULL */
    enum client_auth client_auth;
    bool require_verified_email;
    /* claims.keep: names of members, or pointers */
    struct slice *keep;
    size_t keep_count;
    unsigned algorithms;     /* enum jose_alg bits: allowed for id_tokens */
    struct slice *audiences; /* further audiences we trust beside client_id */
    size_t audience_count;
    int clock_skew_s, timeout_ms; /* timeout_ms of each question; must be above 0 */
    const char *ca_file;
    bool allow_private, allow_http;
    enum tokens_kept tokens;
    bool follows;              /* kept tokens are renewed whenever the person is active, not only for a backend */
    bool refusal_ends_session; /* tokens that will not be renewed end the session; else it goes on without */
    bool revokes;              /* kept tokens are given back when the session is ended */
    struct provider_state *state;
};

struct provider_env { /* of a worker */
    struct fetch *fetch;
    struct loop *loop;
};

/* Gives state for a provider; `old` (may be NULL) is another snapshot's state of the same id: its reference is shared when issuer, URLs,
 * ca_file, allow_private and allow_http are the same, so a reload keeps what was learned. Copies what it needs of p. Any thread. */
struct provider_state *provider_state_open(const struct provider *p, struct provider_state *old);
void provider_state_drop(struct provider_state *s); /* NULL is fine */
/* On the thread of a loop that ends, before it closes and after its flows were dropped, for each provider: shared fetches that run on this
 * loop are called off, and who waits for them elsewhere is told. */
void provider_state_leave(struct provider_state *s, struct loop *l);

struct authorize_ask {
    struct slice redirect_uri, state, nonce;
    struct slice verifier;                       /* PKCE: its challenge is sent, as the descriptor says */
    struct slice login_hint, prompt, ui_locales; /* empty: not sent */
    struct slice acr_values;                     /* by spaces; empty: not sent */
    int64_t max_age_s;                           /* 0: not sent */
};
struct authorized {
    struct slice url;                 /* where the browser goes */
    struct slice state;               /* what the attempt is found by when it comes back; usually the ask's */
    struct slice token, token_secret; /* oauth1: the request token, for redeem_ask; the secret is one. Else empty */
};
/* oauth1 asks the provider for a request token first. */
enum flow_next provider_authorize(struct flow *f, const struct provider *p, const struct provider_env *env,
                                  const struct authorize_ask *ask, struct authorized *ret_authorized);
/* Has it not answered lately, and nothing since has shown that it does again? For the page, and for not beginning new sign-ins while
 * *ret_wait_s (until the next try) is above 0. Who comes back from it is served all the same. Any thread. */
bool provider_is_away(const struct provider *p, int64_t *ret_wait_s);

/* RFC 9207: the answer's iss (at NULL: absent) must be there when the provider says it sends one, and must be the issuer when there;
 * else PROBLEM_BAD_REQUEST. */
enum flow_next provider_check_issuer(struct flow *f, const struct provider *p, const struct provider_env *env,
                                     struct slice iss);

struct redeem_ask {
    struct slice redirect_uri, code, verifier, nonce, state;
    struct slice token, token_secret; /* oauth1: of `authorized`; code is the verifier it gave */
    const struct doc *params;         /* callback.params that came (callback_answer.h); may be NULL */
    int64_t began_s;                  /* when the person was sent to the provider, wall clock; 0: not known */
};
struct grant {
    struct identity identity;
    struct tokens tokens; /* secrets; those that are not kept are forgotten with the arena */
    struct slice sid;     /* the provider's session id, from the id_token */
};
/* Code for tokens, tokens for a verified identity (OpenID Connect Core 3.1.3.7, userinfo with equal sub). The code is sent once, never
 * again. What ask points to must last until the flow goes on; the grant lives as long as f->arena. With require_verified_email an
 * address that is not verified ends in PROBLEM_EMAIL_UNVERIFIED, with a check of `require` that is not met in PROBLEM_NOT_A_MEMBER. provider-refused: the provider or the person said no;
 * provider-misconfigured: the text says which key or registration to change; provider-broken: an answer that is not believed. */
enum flow_next provider_redeem(struct flow *f, const struct provider *p, const struct provider_env *env,
                               const struct redeem_ask *ask, struct grant *ret_grant);

struct end_session_ask {
    struct slice id_token_hint, post_logout_redirect_uri, state;
};
/* OpenID Connect RP-Initiated Logout 1.0 section 2; *ret_url empty when the provider has no end_session_endpoint or
 * cannot be asked for it. Never fails: the sign-out here has happened already. */
enum flow_next provider_end_session(struct flow *f, const struct provider *p, const struct provider_env *env,
                                    const struct end_session_ask *ask, struct slice *ret_url);
/* What is known without asking: for pages ("also at ..."), check --online, metrics. Any thread. */
bool provider_knows_end_session(const struct provider *p);
/* Discovery and JWKS now, for `check --online`. */
enum flow_next provider_probe(struct flow *f, const struct provider *p, const struct provider_env *env);

#endif
