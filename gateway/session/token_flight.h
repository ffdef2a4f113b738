/* token_flight.h -- everybody on this worker who waits for the same session's tokens, and the one look or turn they wait for. For session/
 * only.
 *
 * When another replica has the turn we look again when the store tells of a change, and at the latest every TOKEN_LOOK_EVERY_MS, for it may
 * have died: then its lock ends, and the turn is anybody's.
 */
#ifndef SESSION_TOKEN_FLIGHT_H
#define SESSION_TOKEN_FLIGHT_H
#include "session/session_tokens.h"
#include "session/sessions.h"

enum {
    TOKEN_LOOK_EVERY_MS = 250
};

/* Answers as session_access_token does. */
enum flow_next token_flight_join(struct flow *f, struct sessions *s, struct session_held *h,
                                 const struct token_source *from, struct slice *ret_token);
/* The same with nobody waiting; nothing when there is a flight already. */
void token_flight_start(struct sessions *s, struct session_held *h, const struct token_source *from);
/* The tokens of the session under this key (at NULL: any) have changed. */
void token_flight_overtake(struct sessions *s, struct slice session_key);
void token_flight_close_all(struct sessions *s); /* nobody waits any more */

#endif
