/* callback_answer.h -- what the person's browser brought back from the platform, by the descriptor: RFC 6749 section 4.1.2, RFC 9207, RFC 5849
 * section 2.2. Pure. Nothing here is trusted: all of it came through the browser. */
#ifndef PROVIDER_CALLBACK_ANSWER_H
#define PROVIDER_CALLBACK_ANSWER_H
#include "provider/provider.h"
#include "text/form.h"

enum {
    CALLBACK_CODE_MAX = 4096, /* larger ones exist nowhere (RFC 6749 leaves it open) */
    CALLBACK_STATE_MAX = 128, /* what we look at of a state parameter; ours has 43 characters */
    CALLBACK_ERROR_MAX = 256,
    CALLBACK_DESCRIPTION_MAX = 8192,
    CALLBACK_PARAM_MAX = 4096 /* of a further parameter the descriptor keeps */
};
struct callback_answer {
    struct slice state; /* for oauth1 made of the request token: authorize_state_oauth1 */
    struct slice code;  /* or the verifier of oauth1 */
    struct slice iss;   /* at NULL: absent */
    struct slice error, error_description;
    bool denied;              /* the person said no */
    struct slice token;       /* oauth1: the request token it is about */
    const struct doc *params; /* callback.params that came, as a map: texts, and trees of those that are JSON */
};

/* PROBLEM_BAD_REQUEST for a parameter that comes twice or is too long, a code with strange characters, neither or both of code and
 * error; PROBLEM_ATTEMPT_UNKNOWN without a state. state is set when it could be read, whatever else is wrong: the attempt is over then. A kept
 * parameter that is too long or no JSON is left out. */
const struct err *callback_answer_read(struct arena *a, const struct descriptor *d, const struct form *form,
                                       struct callback_answer *ret_answer);
/* The problem an error at the callback is. */
enum problem callback_answer_problem(const struct callback_answer *c);
/* What stands for `state` where the platform has none: one-way of the request token, in the alphabet of ours. */
struct slice callback_state_oauth1(struct arena *a, struct slice token);

#endif
