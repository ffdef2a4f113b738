#include "gate/lend.h"

struct token_source lend_source(const struct visitor *w, const struct provider *p)
{
    return (struct token_source){.provider = p,
                                 .env = &w->gate->env,
                                 .owner = w->snapshot,
                                 .keep = snapshot_keep_owner,
                                 .drop = snapshot_drop_owner};
}

enum flow_next lend_token(struct flow *f)
{
    struct visitor *w = f->self;
    const struct session *s = w->v.session;
    if (s == NULL || !s->keeps_tokens) return FLOW_NEXT;
    bool wanted = w->endpoint == NULL && w->backend != NULL && w->backend->token_form != TOKEN_FORM_NONE;
    if (!wanted && !w->provider->follows) return FLOW_NEXT;
    const struct token_source from = lend_source(w, w->provider);
    if (wanted) return session_access_token(f, w->v.sessions, s, &from, &w->access_token);
    session_tokens_look_after(w->v.sessions, s, &from);
    return FLOW_NEXT;
}
