/* bearer_visit.h -- a program that shows an access token in place of a cookie: RFC 6750. Private to gate/.
 *
 * Looked at only where the rule that is met names issuers (access[].bearer); elsewhere Authorization is the backend's own business. A request
 * that shows both a token and a session of ours is refused (400): it would have two answers to the question who it is. Tokens are read
 * from the header alone, never from a query or a form.
 */
#ifndef GATE_BEARER_VISIT_H
#define GATE_BEARER_VISIT_H
#include "gate/visitor.h"

/* *ret_by_token: the rule takes tokens and there is one. PROBLEM_BAD_REQUEST: two of them, an odd one, or a cookie of ours beside it. */
const struct err *bearer_visit_looks(struct visitor *w, bool *ret_by_token);
/* Sets the visitor's session. */
enum flow_next bearer_visit_find(struct flow *f, struct visitor *w);
/* For gate/live.c: whether the token this visitor came by still counts, by the configuration now in force, which is kept until f's arena
 * closes. PROBLEM_TOKEN_REFUSED: it does not. */
enum flow_next bearer_visit_look(struct flow *f, struct visitor *w, const struct session **ret_session);
/* How long its issuer's word is believed; 0: not at all, or the issuer is not known any more. */
int64_t bearer_visit_believed_ms(const struct visitor *w);
/* WWW-Authenticate for a refusal where tokens are taken: RFC 6750 section 3, RFC 9470 section 3; and the audit record of a token refused. */
void bearer_visit_challenge(struct visitor *w, enum problem problem, const struct err *why);

#endif
