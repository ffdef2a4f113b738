/* gather.c -- ask, put in its place, and back to the first step while there is another. */
#include "provider/gather.h"

#include "provider/userinfo.h"

struct gathering {
    struct flow flow;
    struct gather *g;
    const struct declared_request *request; /* this one */
    size_t left;                            /* with it */
    struct declared_answer answer;
};

static enum flow_next ask(struct flow *f)
{
    struct gathering *o = f->self;
    const struct declared_ask question = {.provider = o->g->provider,
                                          .env = o->g->env,
                                          .request = o->request,
                                          .values = o->g->values,
                                          .access_secret = o->g->access_secret};
    return declared_run(f, &question, &o->answer);
}

/* The answer's place among the documents, or why it cannot stand there. */
static const struct err *place(struct arena *a, struct gathering *o)
{
    struct gather *g = o->g;
    const struct declared_request *r = o->request;
    if (o->answer.why != NULL) return o->answer.why;
    if (o->answer.skipped) return NULL;
    if (r->document >= 0 && o->answer.chosen == NULL)
        return err_new(a, PROBLEM_PROVIDER_BROKEN, "the request \"%.*s\": its answer has no item that fits",
                       SLICE_ARG(r->as));
    if (r->joins_claims) {
        const struct err *bad = userinfo_check(a, o->answer.chosen, g->subject);
        if (bad != NULL) return bad;
        g->userinfo = o->answer.chosen;
        g->docs->at[DOCUMENT_CLAIMS] = userinfo_merge(a, g->docs->at[DOCUMENT_ID_TOKEN], g->userinfo);
    }
    if (r->document >= 0) g->docs->at[r->document] = o->answer.chosen;
    return NULL;
}

static enum flow_next take(struct flow *f)
{
    struct gathering *o = f->self;
    const struct err *bad = place(f->arena, o);
    if (bad != NULL && o->request->required) return flow_fail(f, bad);
    o->request++;
    return --o->left != 0 ? flow_back(f, 1) : FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"gather/ask",  ask },
    {"gather/take", take}
};

enum flow_next gather_requests(struct flow *f, struct gather *g, const struct declared_request *requests, size_t count)
{
    if (count == 0) return FLOW_NEXT;
    struct gathering *o = arena_new(f->arena, struct gathering);
    o->g = g;
    o->request = requests;
    o->left = count;
    return flow_call(f, &o->flow, steps, 2, o);
}
