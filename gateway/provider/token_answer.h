/* token_answer.h -- what a token endpoint said: RFC 6749 sections 5.1 and 5.2, OpenID Connect Core 1.0 section 3.1.3.3. Pure. */
#ifndef PROVIDER_TOKEN_ANSWER_H
#define PROVIDER_TOKEN_ANSWER_H
#include "fetch/fetch.h"

enum {
    TOKEN_ANSWER_MAX_BYTES = 128 * 1024, /* an id_token of 64 KiB and others beside it */
    TOKEN_ANSWER_TOKEN_MAX = 64 * 1024,
    TOKEN_ANSWER_EXPIRES_MAX_S = 366 * 86400
};
struct token_answer {
    struct slice id_token, access_token, refresh_token; /* refresh_token may be empty */
    int64_t expires_in_s;                               /* 0: not told, or nonsense */
};
/* Words of ours that a provider may echo in its error, and that must not reach a log; empty ones are skipped. */
enum {
    TOKEN_ANSWER_SECRETS = 6
};

/* Errors: refused (the person said no or must do something), misconfigured (client, redirect_uri, grant: the text says what to change),
 * away (the provider says so), broken (everything else). */
const struct err *token_answer_read(struct arena *a, const struct fetch_answer *answer,
                                    const struct slice secrets[TOKEN_ANSWER_SECRETS], struct token_answer *ret_tokens);

#endif
