/* trial.h -- tries a provider out before anybody signs in there: is it found, is there a way to send a browser, does it know the client. For
 * `vestibule providers test`.
 *
 * The token endpoint is asked with a code that nobody gave out. How it refuses says who is at fault: a platform that complains of the code has
 * accepted the client. OAuth 1.0a needs no such trick, as its request token is given to clients it knows.
 */
#ifndef PROVIDER_TRIAL_H
#define PROVIDER_TRIAL_H
#include "provider/meaning.h"
#include "provider/provider.h"

enum trial_state {
    TRIAL_FINE,
    TRIAL_UNSURE, /* its answer does not say whether the client is known */
    TRIAL_AWAY,   /* nobody answers, or too much was asked */
    TRIAL_WRONG   /* something of ours, or of the registration, has to be changed */
};
struct trial_step {
    const char *name; /* "discovery", "keys", "authorize", "client", "clock" */
    enum trial_state state;
    struct slice text;
};
enum {
    TRIAL_STEPS = 5,
    TRIAL_CLOCK_S = 60 /* a clock that differs more refuses identity tokens that are good */
};
struct trial {
    struct trial_step steps[TRIAL_STEPS];
    size_t count;
};
/* Never fails; ret_trial lives in f->arena, which must be large (DECLARED_ANSWER_MAX_BYTES as a tree). */
enum flow_next trial_run(struct flow *f, const struct provider *p, const struct provider_env *env,
                         struct slice redirect_uri, struct trial *ret_trial);

/* Pure: what an answer to a made-up code says of the client. */
enum trial_state trial_judge(const struct meaning *m);

#endif
