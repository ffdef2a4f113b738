/* asking.h -- for declared.c and token_ask.c: one finished request goes out, what comes back is read, judged, counted and told to the breaker.
 *
 * vestibule_provider_answers_total{provider, endpoint, meaning} counts what the answers meant.
 */
#ifndef PROVIDER_ASKING_H
#define PROVIDER_ASKING_H
#include "provider/meaning.h"
#include "provider/outgoing.h"

struct asking {
    const struct provider *provider;
    const struct provider_env *env;
    const char *endpoint; /* in metrics */
    const char *what;     /* in errors: "the token endpoint" */
    bool is_token_answer, json_type_only, once;
    const struct declared_request *request;
    struct slice secrets[MEANING_SECRETS];
    size_t max_bytes;
    struct outgoing out;
    bool signs;
    struct outgoing_signature signature;
    /* what came of it */
    const struct err *why; /* NULL: a good answer */
    struct fetch_answer answer;
    const struct doc *root;
    struct meaning meaning;
    int64_t asked_s;
};
/* x lives in f->arena; its request is wiped. */
enum flow_next asking_run(struct flow *f, struct asking *x);
/* The client's secrets, in the spellings a platform may echo, from place `from` on. */
void asking_client_secrets(struct arena *a, const struct provider *p, struct slice secrets[MEANING_SECRETS],
                           size_t from);

#endif
