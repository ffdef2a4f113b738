/* session_flight.h -- one question to the store for everybody on this worker who waits for the same session.
 *
 * News of a change may overtake the answer that was read before the change: then the answer is worth nothing and the question is asked
 * again, a few times, so a session that was deleted while it was being read is neither cached nor given out.
 */
#ifndef SESSION_SESSION_FLIGHT_H
#define SESSION_SESSION_FLIGHT_H
#include "session/sessions.h"

/* claims: of the verified token. Answers as session_find does; use: and moves the idle end. */
enum flow_next session_flight_join(struct flow *f, struct sessions *s, struct slice token,
                                   const struct session_claims *claims, bool use, const struct session **ret_session,
                                   enum problem *ret_why);
/* The record of this key (at NULL: any) has changed. */
void session_flight_overtake(struct sessions *s, struct slice key);
void session_flight_close_all(struct sessions *s); /* nobody waits any more */

#endif
