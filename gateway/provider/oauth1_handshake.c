/* oauth1_handshake.c -- ask, judge, send on. */
#include "provider/oauth1_handshake.h"

#include "provider/authorize.h"
#include "provider/callback_answer.h"
#include "provider/declared.h"
#include "provider/token_ask.h"

enum {
    REQUEST_TOKEN_MAX = 512 /* it and its secret travel in a cookie; those that exist have less than a hundred bytes */
};

struct handshake {
    struct flow flow;
    const struct provider *p;
    const struct provider_env *env;
    struct authorize_ask ask;
    struct authorized *ret_authorized;
    struct template_values values;
    struct token_told told;
};

static enum flow_next ask_token(struct flow *f)
{
    struct handshake *h = f->self;
    const struct descriptor *d = h->p->descriptor;
    h->values = provider_values(f->arena, h->p, NULL);
    h->values.at[TEMPLATE_REDIRECT_URI] = h->ask.redirect_uri;
    const struct token_ask ask = {.provider = h->p,
                                  .env = h->env,
                                  .url = template_text(&d->endpoints[ENDPOINT_REQUEST_TOKEN]),
                                  .more = &d->request_token_params,
                                  .values = &h->values,
                                  .wants_access_token = true,
                                  .oauth1_callback = h->ask.redirect_uri};
    return token_ask(f, &ask, &h->told);
}

static enum flow_next judge(struct flow *f)
{
    struct handshake *h = f->self;
    struct slice confirmed = doc_text(f->arena, doc_member(h->told.root, LIT("oauth_callback_confirmed")));
    if (h->told.why != NULL)
        return flow_fail(f, err_over(f->arena, h->told.why, "there is no request token to sign in with"));
    if (!slice_is(confirmed, LIT("true")))
        return flow_fail(f,
                         err_new(f->arena, PROBLEM_PROVIDER_BROKEN,
                                 "the request token came without oauth_callback_confirmed=true: this provider does not "
                                 "speak OAuth 1.0a, and nobody could tell who a token belongs to"));
    if (h->told.token_secret.len == 0)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN,
                                    "the request token came without a secret: nothing could be signed with it"));
    if (h->told.access_token.len > REQUEST_TOKEN_MAX || h->told.token_secret.len > REQUEST_TOKEN_MAX)
        return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_BROKEN, "the request token is too long to be one"));
    return FLOW_NEXT;
}

static enum flow_next send_on(struct flow *f)
{
    struct handshake *h = f->self;
    struct authorized to = {.token = h->told.access_token, .token_secret = h->told.token_secret};
    to.state = callback_state_oauth1(f->arena, to.token);
    struct slice endpoint = template_text(&h->p->descriptor->endpoints[ENDPOINT_AUTHORIZATION]);
    const struct err *bad = authorize_url_oauth1(f->arena, h->p, endpoint, to.token, &to.url);
    if (bad != NULL) return flow_fail(f, bad);
    *h->ret_authorized = to;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"oauth1_handshake/ask_token", ask_token},
    {"oauth1_handshake/judge",     judge    },
    {"oauth1_handshake/send_on",   send_on  }
};

enum flow_next oauth1_handshake(struct flow *f, const struct provider *p, const struct provider_env *env,
                                const struct authorize_ask *ask, struct authorized *ret_authorized)
{
    struct handshake *h = arena_new(f->arena, struct handshake);
    h->p = p;
    h->env = env;
    h->ask = *ask;
    h->ret_authorized = ret_authorized;
    return flow_call(f, &h->flow, steps, 3, h);
}
