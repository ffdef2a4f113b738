/* bearers.h -- who a program is by the access token it sends: verified once, then a table look-up on this worker.
 *
 * What is told of a token is kept as a session like any other, so rules, identity headers and records need not know the difference. It is
 * never in the store, has no cookie, and ends with the token (or after the issuer's `cache`, when it is verified anew). Found by the whole
 * text of the token (session_cache.h). Per worker; bounded; the least recently used go.
 */
#ifndef SESSION_BEARERS_H
#define SESSION_BEARERS_H
#include "provider/bearer.h"
#include "session/session.h"

struct bearers;
struct bearers *bearers_open(struct loop *l, const struct provider_env *env);
void bearers_close(struct bearers *b);
void bearers_forget(struct bearers *b); /* a reload: issuers may say other things now */

bool bearer_is_known(struct bearers *b, struct slice token); /* bearer_find will need nobody */

struct bearer_ask {
    struct slice token;
    const struct bearer_issuer *issuers; /* lent until the flow's arena closes; longer while owner is kept */
    size_t issuer_count;
    const struct slice *taken; /* ids of those that may speak here */
    size_t taken_count;
    void *owner;
    void (*keep)(void *owner);
    void (*drop)(void *owner);
};
/* Errors: PROBLEM_TOKEN_REFUSED, or that an issuer cannot be asked. Warm: FLOW_NEXT without parsing anything. Those who bring one token at
 * once wait for one verification (bearer_flight.h). The session lives as long as f->arena; its expires_s is when the token stops to count. */
enum flow_next bearer_find(struct flow *f, struct bearers *b, const struct bearer_ask *ask,
                           const struct session **ret_session);

#endif
