/* token_ask.c -- the request by the descriptor, the answer by its pointers. */
#include "provider/token_ask.h"

#include "provider/asking.h"
#include "provider/token_answer.h"
#include "text/encode.h"

enum {
    OWN_SECRETS = 8 /* of the call, plain and encoded; the client's follow */
};

struct token_question {
    struct flow flow;
    const struct provider *p;
    bool wants_id_token, wants_access_token;
    struct token_told *ret_told;
    struct asking asking;
};

static void add_secrets(struct arena *a, const struct token_ask *ask, struct asking *x)
{
    for (size_t i = 0; i < OWN_SECRETS / 2; i++) {
        x->secrets[2 * i] = ask->secrets[i];
        if (ask->secrets[i].len != 0) x->secrets[2 * i + 1] = form_encode(a, ask->secrets[i]);
    }
    asking_client_secrets(a, ask->provider, x->secrets, OWN_SECRETS);
}

/* What stands first of a name stays: the grant's own parameters cannot be replaced by the descriptor's. */
static const struct err *build(struct arena *a, const struct token_ask *ask, struct asking *x)
{
    const struct descriptor_token *t = &ask->provider->descriptor->token;
    x->out = outgoing_open(a, ask->provider, t->method, ask->url);
    for (size_t i = 0; i < TOKEN_ASK_PARAMS_MAX; i++)
        if (ask->params[i].name.len != 0) outgoing_param(&x->out, ask->params[i].name, ask->params[i].value);
    const struct err *bad = outgoing_client(&x->out, ask->values);
    outgoing_declared(&x->out, t->method == METHOD_GET ? &x->out.query : &x->out.body, ask->more, ask->values);
    outgoing_declared(&x->out, &x->out.headers, &t->headers, ask->values);
    x->signs = t->auth == CLIENT_AUTH_OAUTH1;
    x->signature = (struct outgoing_signature){.token = ask->oauth1_token,
                                               .secret = ask->oauth1_secret,
                                               .callback = ask->oauth1_callback,
                                               .verifier = ask->oauth1_verifier};
    return bad;
}

static enum flow_next send_question(struct flow *f)
{
    struct token_question *q = f->self;
    return asking_run(f, &q->asking);
}

static enum flow_next read_answer(struct flow *f)
{
    struct token_question *q = f->self;
    struct asking *x = &q->asking;
    struct token_told told = {
        .why = x->why, .meaning = x->meaning, .status = x->answer.status, .root = x->root, .asked_s = x->asked_s};
    if (told.why == NULL) {
        told.why = token_answer_read(f->arena, q->p->descriptor, x->root, &told);
        if (told.why == NULL && q->wants_access_token && told.access_token.len == 0)
            told.why = err_new(f->arena, PROBLEM_PROVIDER_BROKEN, "the token answer: it has no usable access_token");
        if (told.why == NULL && q->wants_id_token && told.id_token.len == 0)
            told.why = err_new(f->arena, PROBLEM_PROVIDER_BROKEN,
                               "the token answer: it has no usable id_token; is openid among the scopes?");
        if (told.why != NULL) told.meaning.kind = MEANING_BROKEN;
    }
    *q->ret_told = told;
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"token/send_question", send_question},
    {"token/read_answer",   read_answer  }
};

enum flow_next token_ask(struct flow *f, const struct token_ask *ask, struct token_told *ret_told)
{
    struct token_question *q = arena_new(f->arena, struct token_question);
    q->p = ask->provider;
    q->wants_id_token = ask->wants_id_token;
    q->wants_access_token = ask->wants_access_token;
    q->ret_told = ret_told;
    q->asking = (struct asking){.provider = ask->provider,
                                .env = ask->env,
                                .endpoint = "token",
                                .what = "the token endpoint",
                                .is_token_answer = true,
                                .json_type_only = ask->provider->descriptor->protocol == PROTOCOL_OIDC,
                                .once = true,
                                .max_bytes = TOKEN_TOLD_MAX_BYTES};
    add_secrets(f->arena, ask, &q->asking);
    const struct err *bad = build(f->arena, ask, &q->asking);
    if (bad == NULL) return flow_call(f, &q->flow, steps, 2, q);
    outgoing_wipe(&q->asking.out);
    *ret_told = (struct token_told){
        .why = bad, .meaning = {.kind = MEANING_MISCONFIGURED, .wait_s = -1}
    };
    return FLOW_NEXT;
}
