/* token_ask.h -- one question to the token endpoint, for a code or for a refresh, and the tokens it gave.
 *
 * By the descriptor: POST or GET, where the client's credentials go and how they are made, names of parameters, headers, the shape of the
 * answer. Like declared.h it never ends the asking flow: read `why`. It is sent once, whatever happens.
 */
#ifndef PROVIDER_TOKEN_ASK_H
#define PROVIDER_TOKEN_ASK_H
#include "provider/meaning.h"
#include "provider/provider.h"

enum {
    TOKEN_ASK_PARAMS_MAX = 8
};
struct token_ask {
    const struct provider *provider;
    const struct provider_env *env;
    struct slice url; /* the token endpoint */
    /* "grant_type", "code" ...: sent first, in this order; empty values are not sent */
    struct template_pair params[TOKEN_ASK_PARAMS_MAX];
    const struct declared_params *more; /* the descriptor's own for this grant; may be NULL */
    const struct template_values *values;
    bool wants_id_token;                                                        /* an answer without one is broken */
    bool wants_access_token;                                                    /* nearly always */
    struct slice oauth1_token, oauth1_secret, oauth1_verifier, oauth1_callback; /* for auth oauth1_hmac_sha1 alone */
    struct slice secrets[4]; /* that errors must not repeat, beside the client's: code, verifier, tokens */
};

struct token_told {
    const struct err *why; /* NULL: good */
    struct meaning meaning;
    int status; /* 0: no answer */
    const struct doc *root;
    /* by the pointers of token.response.map. Empty: none */
    struct slice access_token, refresh_token, id_token, token_secret;
    int64_t expires_in_s, refresh_expires_in_s; /* 0: not told */
    struct slice *scopes;
    size_t scope_count;
    int64_t asked_s; /* wall clock: expires_in counts from here */
};
enum {
    TOKEN_TOLD_MAX_BYTES = 128 * 1024, /* an id_token of 64 KiB and others beside it */
    TOKEN_TOLD_TOKEN_MAX = 64 * 1024,
    TOKEN_TOLD_EXPIRES_MAX_S = 366 * 86400,
    TOKEN_TOLD_SCOPES_MAX = 64
};
enum flow_next token_ask(struct flow *f, const struct token_ask *ask, struct token_told *ret_told);

#endif
