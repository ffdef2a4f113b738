/* flow.h -- work that has to wait reads from top to bottom.
 *
 * A flow is a const table of steps. Each step returns
 *     FLOW_NEXT   done, go on with the next step
 *     FLOW_WAIT   an answer is awaited; whoever brings it calls flow_wake
 *     FLOW_DONE   the whole flow is finished, later steps are not taken
 *     FLOW_FAIL   flow_fail was called with the reason
 * A step that must wait calls a function of another module and returns what that returns: that function answers at once
 * (FLOW_NEXT) or waits (FLOW_WAIT); the step cannot tell. When the answer comes, the flow goes on with the NEXT step (an
 * error given to flow_wake ends the flow).
 *
 * Promises
 *  1. `end` is called exactly once, after the last step, after FLOW_DONE, or with the error; never after flow_drop.
 *  2. flow_wake is never called from inside the function that returned FLOW_WAIT, always later, on the same thread.
 *  3. After flow_drop nobody wakes the flow any more: the one who is waited for was told by its `cancel`.
 *  4. A flow's arena outlives the flow. flow_start registers nothing there: an exchange that ends early must flow_drop
 *     (usually by arena_at_close).
 */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H
#include "base/err.h"

enum flow_next {
    FLOW_NEXT,
    FLOW_WAIT,
    FLOW_DONE,
    FLOW_FAIL
};

struct flow;
typedef enum flow_next flow_fn(struct flow *f);

struct flow_step {
    const char *name; /* "callback/redeem_code": what a trace prints */
    flow_fn *run;
};

struct flow {
    struct arena *arena;
    void *self; /* whose flow it is */
    const struct flow_step *steps;
    size_t count, at;
    const struct err *why; /* set by flow_fail */
    void (*end)(struct flow *f, const struct err *why);
    void *pending; /* what is waited for, and how to call it off */
    void (*cancel)(void *pending);
    bool running, ended;
    struct flow *parent;        /* set by flow_call: woken when this one ends */
    bool called;                /* flow_call has returned FLOW_WAIT to the parent */
    const struct err **ret_why; /* of flow_try */
};

/* Takes the first step at once, on the caller's stack; `end` may thus run before this returns. Borrows steps for ever
 * (static const). */
void flow_start(struct flow *f, struct arena *arena, const struct flow_step *steps, size_t count,
                void (*end)(struct flow *f, const struct err *why), void *self);
/* In a step: remember why, return FLOW_FAIL. `return flow_fail(f, e);` */
enum flow_next flow_fail(struct flow *f, const struct err *why);
/* In a function that has to wait: `return flow_wait(f, op, cancel);`. cancel(op) is called by flow_drop only. */
enum flow_next flow_wait(struct flow *f, void *pending, void (*cancel)(void *pending));
/* In a step that does not wait: the next step is not the following one but the one that stands so many before it. `return flow_back(f, 2);`
 * in the third step of a table goes on with the first. */
enum flow_next flow_back(struct flow *f, size_t steps);
/* By the one who was waited for. why == NULL: go on; else the flow ends with it (why must live in f->arena). */
void flow_wake(struct flow *f, const struct err *why);
/* Hangs up. Safe at any time after flow_start, also twice, also when the flow has ended. */
void flow_drop(struct flow *f);
/* In a step or function of `parent`: runs a table of steps of its own as one waiting operation. The child may live in
 * the parent's arena; its errors end the parent; dropping the parent drops the child. Returns FLOW_NEXT when the child
 * ended at once, FLOW_FAIL with its error, else FLOW_WAIT. */
enum flow_next flow_call(struct flow *parent, struct flow *child, const struct flow_step *steps, size_t count,
                         void *self);
/* The same for what may fail: an error does not end the parent, which goes on and finds it in *ret_why (NULL: it went well). */
enum flow_next flow_try(struct flow *parent, struct flow *child, const struct flow_step *steps, size_t count,
                        void *self, const struct err **ret_why);
const char *flow_at(const struct flow *f); /* the name of the step it stands at, for logs */

#endif
