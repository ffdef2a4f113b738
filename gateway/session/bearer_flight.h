/* bearer_flight.h -- one verification of an access token for all who bring it before it is known: one question to the issuer, however many ask.
 *
 * It is nobody's errand: when whoever came first hangs up, the others are served all the same; when all have hung up it is called off. The
 * configuration it began under is kept until it ends. For bearers.c alone.
 */
#ifndef SESSION_BEARER_FLIGHT_H
#define SESSION_BEARER_FLIGHT_H
#include "session/bearers.h"
#include "session/session_cache.h"

struct bearer_flight;
struct bearers {
    struct loop *loop;
    const struct provider_env *env;
    struct session_cache *cache;
    struct bearer_flight *flights;
    unsigned generation; /* of the configuration */
};

/* by: one of ask's issuers. */
enum flow_next bearer_flight_join(struct flow *f, struct bearers *b, const struct bearer_issuer *by,
                                  const struct bearer_ask *ask, const struct session **ret_session);
void bearer_flight_close_all(struct bearers *b);

const struct session *bearers_lend(struct arena *a, struct session_held *held);

#endif
