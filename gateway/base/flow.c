#include "base/flow.h"

static void finish(struct flow *f, const struct err *why)
{
    f->ended = true;
    f->why = why;
    f->end(f, why); /* f may be gone now */
}

static void run(struct flow *f)
{
    must(!f->running && !f->ended && f->pending == NULL);
    while (f->at < f->count) {
        f->running = true;
        enum flow_next next = f->steps[f->at].run(f);
        f->running = false;
        if (f->ended) return; /* dropped from inside the step: somebody hung up */
        switch (next) {
        case FLOW_NEXT: f->at++; continue;
        case FLOW_WAIT: must(f->pending != NULL); return;
        case FLOW_DONE: finish(f, NULL); return;
        case FLOW_FAIL:
            must(f->why != NULL);
            finish(f, f->why);
            return;
        }
        must_fail("a flow step returned nonsense", __FILE__, __LINE__);
    }
    finish(f, NULL);
}

void flow_start(struct flow *f, struct arena *arena, const struct flow_step *steps, size_t count,
                void (*end)(struct flow *f, const struct err *why), void *self)
{
    *f = (struct flow){.arena = arena, .self = self, .steps = steps, .count = count, .end = end};
    run(f);
}

enum flow_next flow_fail(struct flow *f, const struct err *why)
{
    must(why != NULL);
    f->why = why;
    return FLOW_FAIL;
}

enum flow_next flow_back(struct flow *f, size_t steps)
{
    must(f->running && steps <= f->at);
    f->at -= steps + 1; /* FLOW_NEXT adds one; from the first step this passes by way of SIZE_MAX */
    return FLOW_NEXT;
}

enum flow_next flow_wait(struct flow *f, void *pending, void (*cancel)(void *pending))
{
    must(f->pending == NULL && pending != NULL && cancel != NULL);
    f->pending = pending;
    f->cancel = cancel;
    return FLOW_WAIT;
}

void flow_wake(struct flow *f, const struct err *why)
{
    must(!f->running && !f->ended && f->pending != NULL);
    f->pending = NULL; /* first of all: nothing is asked any more */
    f->cancel = NULL;
    if (why != NULL) {
        finish(f, why);
        return;
    }
    f->at++;
    if (f->at >= f->count) {
        finish(f, NULL);
        return;
    }
    run(f);
}

void flow_drop(struct flow *f)
{
    if (f->ended || f->steps == NULL) return;
    f->ended = true;
    void *pending = f->pending;
    f->pending = NULL;
    if (pending != NULL) f->cancel(pending);
}

static void call_end(struct flow *child, const struct err *why)
{
    if (child->ret_why != NULL) {
        *child->ret_why = why;
        why = NULL;
    }
    if (child->called) flow_wake(child->parent, why);
}

static void call_cancel(void *child)
{
    flow_drop(child);
}

static enum flow_next call(struct flow *child)
{
    struct flow *parent = child->parent;
    run(child);
    if (child->ended) {
        bool failed = child->why != NULL && child->ret_why == NULL;
        return failed ? flow_fail(parent, child->why) : FLOW_NEXT;
    }
    child->called = true;
    return flow_wait(parent, child, call_cancel);
}

enum flow_next flow_call(struct flow *parent, struct flow *child, const struct flow_step *steps, size_t count,
                         void *self)
{
    *child = (struct flow){
        .arena = parent->arena, .self = self, .steps = steps, .count = count, .end = call_end, .parent = parent};
    return call(child);
}

enum flow_next flow_try(struct flow *parent, struct flow *child, const struct flow_step *steps, size_t count,
                        void *self, const struct err **ret_why)
{
    *child = (struct flow){.arena = parent->arena,
                           .self = self,
                           .steps = steps,
                           .count = count,
                           .end = call_end,
                           .parent = parent,
                           .ret_why = ret_why};
    return call(child);
}

const char *flow_at(const struct flow *f)
{
    return f->steps != NULL && f->at < f->count ? f->steps[f->at].name : "end";
}
