/* counted.c -- a flow of one step between the asking flow and fetch/, so that its end can be seen whichever way it goes. */
#include "provider/counted.h"

#include "observe/metrics.h"

#include "base/now.h"

static struct metric requests = {
    .name = "vestibule_provider_requests_total",
    .help = "Questions asked of providers.",
    .kind = METRIC_COUNTER,
    .labels = {"provider", "endpoint", "outcome"}
};
static struct metric durations = {
    .name = "vestibule_provider_request_duration_seconds",
    .help = "How long providers took to answer.",
    .kind = METRIC_HISTOGRAM,
    .labels = {"provider", "endpoint"}
};

struct counted {
    struct flow inner, *outer;
    const struct provider_env *env;
    const struct fetch_ask *ask; /* during the first step only */
    struct fetch_answer *ret_answer;
    struct slice provider, endpoint;
    int64_t began_us;
    bool ended, waits;
    const struct err *why;
};

static void count(const struct counted *c)
{
    struct slice outcome = LIT("ok");
    if (c->why != NULL)
        outcome = problem_word(c->why->problem);
    else if (c->ret_answer->status != 200)
        outcome = LIT("refused");
    metric_add(metric_series(&requests, (struct slice[]){c->provider, c->endpoint, outcome}), 1);
    metric_observe_us(metric_series(&durations, (struct slice[]){c->provider, c->endpoint}), now_us() - c->began_us);
}

static enum flow_next ask(struct flow *f)
{
    struct counted *c = f->self;
    return fetch_ask(f, c->env->fetch, c->env->loop, c->ask, c->ret_answer);
}

static const struct flow_step steps[] = {
    {"provider/ask", ask}
};

static void end(struct flow *f, const struct err *why)
{
    struct counted *c = f->self;
    c->ended = true;
    c->why = why;
    count(c);
    if (c->waits) flow_wake(c->outer, why);
}

static void cancel(void *pending)
{
    struct counted *c = pending;
    flow_drop(&c->inner);
}

enum flow_next counted_ask(struct flow *f, const struct provider_env *env, struct slice provider, const char *endpoint,
                           const struct fetch_ask *question, struct fetch_answer *ret_answer)
{
    struct counted *c = arena_new(f->arena, struct counted);
    *c = (struct counted){.outer = f,
                          .env = env,
                          .ask = question,
                          .ret_answer = ret_answer,
                          .provider = provider,
                          .endpoint = slice_of(endpoint),
                          .began_us = now_us()};
    flow_start(&c->inner, f->arena, steps, 1, end, c);
    if (c->ended) return c->why != NULL ? flow_fail(f, c->why) : FLOW_NEXT;
    c->waits = true;
    return flow_wait(f, c, cancel);
}
