#include "session/session_tokens.h"

#include "session/token_flight.h"
#include "session/token_memo.h"

enum flow_next session_access_token(struct flow *f, struct sessions *s, const struct session *session,
                                    const struct token_source *from, struct slice *ret_token)
{
    *ret_token = (struct slice){NULL, 0};
    if (!session->keeps_tokens) return FLOW_NEXT; /* nor is it one of the cache's, perhaps */
    struct session_held *h = session_held_of(session);
    const struct token_memo *m = h->token_memo;
    if (m == NULL || m->doubted) return token_flight_join(f, s, h, from, ret_token);
    bool good = token_memo_is_good(m);
    if (good) *ret_token = arena_copy(f->arena, (struct slice){m->access, m->len});
    if (!token_memo_is_due(m)) return FLOW_NEXT;
    if (!good) return token_flight_join(f, s, h, from, ret_token);
    token_flight_start(s, h, from);
    return FLOW_NEXT;
}

void session_tokens_look_after(struct sessions *s, const struct session *session, const struct token_source *from)
{
    if (!session->keeps_tokens) return;
    struct session_held *h = session_held_of(session);
    const struct token_memo *m = h->token_memo;
    if (m == NULL || m->doubted || token_memo_is_due(m)) token_flight_start(s, h, from);
}
