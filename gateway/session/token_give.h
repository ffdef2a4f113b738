/* token_give.h -- the tokens of a session that is about to be ended, given back. For session_revoke.c alone. */
#ifndef SESSION_TOKEN_GIVE_H
#define SESSION_TOKEN_GIVE_H
#include "session/session_tokens.h"

bool token_give_can(const struct session_giving *by); /* by NULL: no */

/* Room for one after the other; an arena of its own goes with a. */
struct token_give *token_give_open(struct arena *a);
/* Takes the session's tokens out of the store and queues them to be revoked. The store being away fails the flow: nothing has been ended. */
enum flow_next token_give(struct flow *f, struct token_give *g, struct sessions *s, struct slice id,
                          const struct session_giving *by);

#endif
