#include "session/patient_put.h"

#include "base/now.h"

struct patient {
    struct patient_put put;
    struct flow *outer;
    struct flow flow; /* of one attempt */
    struct loop_timer timer;
    int64_t end_ms;
    int attempts;
    bool starting, ended, done;
    bool *ret_done;
    struct slice found;
    const struct err *why;
};

static enum flow_next look(struct flow *f)
{
    struct patient *p = f->self;
    if (p->attempts == 1) return FLOW_NEXT;
    return store_get(f, p->put.link, p->put.key, &p->found);
}

static enum flow_next compare(struct flow *f)
{
    struct patient *p = f->self;
    if (p->attempts == 1) return FLOW_NEXT;
    p->done = p->found.at != NULL && slice_is(p->found, p->put.value); /* it had arrived after all */
    bool fits = p->found.at != NULL && p->put.still(p->put.self, f->arena, p->found);
    return fits && !p->done ? FLOW_NEXT : FLOW_DONE;
}

static enum flow_next write_it(struct flow *f)
{
    struct patient *p = f->self;
    return store_put(f, p->put.link, p->put.key, p->put.value, p->put.ttl_ms, STORE_IF_THERE, &p->done);
}

static const struct flow_step steps[] = {
    {"patient_put/look",     look    }, /* */
    {"patient_put/compare",  compare }, /* */
    {"patient_put/write_it", write_it}, /* */
};

static void attempt(struct patient *p);

static void again(struct loop_timer *t)
{
    attempt((struct patient *)(void *)((char *)t - offsetof(struct patient, timer)));
}

static void landed(struct flow *f, const struct err *why)
{
    struct patient *p = f->self;
    bool patient = why != NULL && why->problem == PROBLEM_STORE_AWAY && now_ms() < p->end_ms;
    if (patient) {
        loop_timer_set(p->put.loop, &p->timer, PATIENT_EVERY_MS, again);
        return;
    }
    p->ended = true;
    p->why = why;
    *p->ret_done = p->done;
    if (!p->starting) flow_wake(p->outer, why);
}

static void attempt(struct patient *p)
{
    p->attempts++;
    p->done = false;
    flow_start(&p->flow, p->outer->arena, steps, sizeof steps / sizeof *steps, landed, p);
}

static void cancel(void *pending)
{
    struct patient *p = pending;
    loop_timer_stop(p->put.loop, &p->timer);
    flow_drop(&p->flow);
}

enum flow_next patient_put(struct flow *f, const struct patient_put *put, bool *ret_done)
{
    struct patient *p = arena_new(f->arena, struct patient);
    p->put = *put;
    p->outer = f;
    p->end_ms = now_ms() + put->patience_ms;
    p->ret_done = ret_done;
    p->starting = true;
    attempt(p);
    p->starting = false;
    if (p->ended) return p->why != NULL ? flow_fail(f, p->why) : FLOW_NEXT;
    return flow_wait(f, p, cancel);
}
