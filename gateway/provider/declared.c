/* declared.c -- a request by its templates, sent, judged, and the item that `pick` wants of its answer. */
#include "provider/declared.h"

#include "crypto/random.h"
#include "provider/asking.h"
#include "provider/client_assertion.h"
#include "provider/metadata.h"

#include "base/now.h"

struct declared_question {
    struct flow flow;
    const struct declared_request *request;
    struct declared_answer *ret_answer;
    struct asking asking;
};

struct template_values provider_values(struct arena *a, const struct provider *p, const struct metadata *metadata)
{
    struct template_values v = {.token = NULL};
    v.at[TEMPLATE_CLIENT_ID] = p->client_id;
    v.at[TEMPLATE_CLIENT_SECRET] = secret_reveal(p->client_secret);
    v.at[TEMPLATE_PRODUCT] = LIT("vestibule/" VESTIBULE_VERSION);
    v.at[TEMPLATE_RANDOM] = random_text(a, 16);
    if (metadata != NULL) {
        v.endpoints[ENDPOINT_AUTHORIZATION] = metadata->authorize_url;
        v.endpoints[ENDPOINT_TOKEN] = metadata->token_url;
        v.endpoints[ENDPOINT_USERINFO] = metadata->userinfo_url;
        v.endpoints[ENDPOINT_JWKS] = metadata->jwks_url;
        v.endpoints[ENDPOINT_REVOCATION] = metadata->revocation_url;
        v.endpoints[ENDPOINT_END_SESSION] = metadata->end_session_url;
    }
    if (p->descriptor->token.auth == CLIENT_AUTH_SECRET_JWT &&
        client_assertion_make(a, p, &v, now_s(), &v.at[TEMPLATE_CLIENT_SECRET]) != NULL)
        v.at[TEMPLATE_CLIENT_SECRET] = (struct slice){NULL, 0}; /* outgoing_client says why */
    return v;
}

static bool needs_unknown_endpoint(const struct template *t, const struct template_values *v)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->parts[i].kind == PART_ENDPOINT && v->endpoints[t->parts[i].number].len == 0) return true;
    return false;
}

static const struct err *add_credentials(struct arena *a, const struct declared_ask *ask, struct asking *x)
{
    const struct template_values *v = ask->values;
    struct slice token = v->at[TEMPLATE_ACCESS_TOKEN];
    enum request_auth auth = ask->request->auth;
    bool oauth1_client = auth == REQUEST_CLIENT && ask->provider->descriptor->token.auth == CLIENT_AUTH_OAUTH1;
    x->signs = auth == REQUEST_OAUTH1 || oauth1_client;
    x->signature = (struct outgoing_signature){.token = token, .secret = ask->access_secret};
    if (auth == REQUEST_BEARER && token.len == 0)
        return err_new(a, PROBLEM_INTERNAL, "there is no access token to ask with");
    if (auth == REQUEST_BEARER) outgoing_bearer(&x->out, token);
    if (auth == REQUEST_BASIC) outgoing_basic(&x->out);
    return auth == REQUEST_CLIENT ? outgoing_client(&x->out, v) : NULL;
}

static const struct err *build(struct arena *a, const struct declared_ask *ask, struct asking *x)
{
    const struct declared_request *r = ask->request;
    struct slice missing, url = template_expand(a, &r->url, ask->values, &missing);
    x->out = outgoing_open(a, ask->provider, r->method, url);
    x->out.format = r->format;
    if (missing.len != 0)
        return err_new(a, PROBLEM_PROVIDER_BROKEN, "%s cannot be asked: there is no %.*s", x->what, SLICE_ARG(missing));
    outgoing_declared(&x->out, &x->out.query, &r->query, ask->values);
    outgoing_declared(&x->out, &x->out.body, &r->body, ask->values);
    outgoing_declared(&x->out, &x->out.headers, &r->headers, ask->values);
    return add_credentials(a, ask, x);
}

static enum flow_next send_question(struct flow *f)
{
    struct declared_question *q = f->self;
    return asking_run(f, &q->asking);
}

static enum flow_next choose(struct flow *f)
{
    struct declared_question *q = f->self;
    const struct asking *x = &q->asking;
    (void)f;
    *q->ret_answer = (struct declared_answer){
        .why = x->why,
        .meaning = x->meaning,
        .status = x->answer.status,
        .root = x->root,
        .chosen = q->request->pick.given && x->why == NULL ? pick_item(&q->request->pick, x->root) : x->root,
        .asked_s = x->asked_s};
    return FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"declared/send_question", send_question},
    {"declared/choose",        choose       }
};

enum flow_next declared_run(struct flow *f, const struct declared_ask *ask, struct declared_answer *ret_answer)
{
    const struct declared_request *r = ask->request;
    *ret_answer = (struct declared_answer){.skipped = r->if_known && needs_unknown_endpoint(&r->url, ask->values)};
    if (ret_answer->skipped) return FLOW_NEXT;
    struct declared_question *q = arena_new(f->arena, struct declared_question);
    q->request = r;
    q->ret_answer = ret_answer;
    struct slice name = arena_copy(f->arena, r->as);
    q->asking = (struct asking){.provider = ask->provider,
                                .env = ask->env,
                                .endpoint = name.at,
                                .what = arena_print(f->arena, "the request \"%.*s\"", SLICE_ARG(name)).at,
                                .json_type_only = r->joins_claims,
                                .once = ask->once,
                                .request = r,
                                .max_bytes = DECLARED_ANSWER_MAX_BYTES};
    q->asking.secrets[0] = ask->values->at[TEMPLATE_ACCESS_TOKEN];
    q->asking.secrets[1] = ask->values->at[TEMPLATE_REFRESH_TOKEN];
    q->asking.secrets[2] = ask->access_secret;
    asking_client_secrets(f->arena, ask->provider, q->asking.secrets, 3);
    const struct err *bad = build(f->arena, ask, &q->asking);
    if (bad == NULL) return flow_call(f, &q->flow, steps, 2, q);
    outgoing_wipe(&q->asking.out);
    ret_answer->why = bad;
    ret_answer->meaning = (struct meaning){.kind = meaning_of_silence(bad), .wait_s = -1};
    return FLOW_NEXT;
}
