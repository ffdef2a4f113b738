/* counted.h -- a question to a provider that is counted and timed in the metrics, however it ends.
 *
 * vestibule_provider_requests_total{provider, endpoint, outcome} and vestibule_provider_request_duration_seconds{provider, endpoint};
 * outcome is "ok", "refused" (an acceptable 4xx) or the word of the problem. One that was hung up is not counted.
 */
#ifndef PROVIDER_COUNTED_H
#define PROVIDER_COUNTED_H
#include "provider/provider.h"

/* As fetch_ask. provider: its id, must live as long as f->arena; endpoint: static. */
enum flow_next counted_ask(struct flow *f, const struct provider_env *env, struct slice provider, const char *endpoint,
                           const struct fetch_ask *ask, struct fetch_answer *ret_answer);

#endif
