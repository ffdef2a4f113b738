/* lend.h -- the provider's access token on its way to a backend, and sessions that follow their provider. Private to gate/. */
#ifndef GATE_LEND_H
#define GATE_LEND_H
#include "gate/visitor.h"
#include "session/session_tokens.h"

/* Whom to ask about this session's tokens; keeps the exchange's snapshot, not the exchange. */
struct token_source lend_source(const struct visitor *w, const struct provider *p);
/* A step of the gate: sets visitor.access_token for a backend that is to have one. May wait; the session may end here. */
enum flow_next lend_token(struct flow *f);

#endif
