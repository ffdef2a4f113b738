/* require.c -- nobody passes a check whose answer could not be had. */
#include "provider/require.h"

struct checking {
    struct flow flow;
    struct gather *g;
    const struct template_values *values;
    const struct descriptor_require *check; /* this one */
    size_t left;                            /* with it */
};

static bool among(const struct descriptor_require *r, const struct slice *list, size_t count, struct slice one)
{
    for (size_t i = 0; i < count; i++)
        if (r->ignore_case ? slice_is_nocase(list[i], one) : slice_is(list[i], one)) return true;
    return false;
}

bool require_holds(const struct descriptor_require *r, const struct slice *values, size_t count)
{
    size_t met = 0;
    for (size_t i = 0; i < r->wanted.count; i++)
        met += among(r, values, count, r->wanted.at[i]) ? 1 : 0;
    switch (r->compare) {
    case REQUIRE_ANY: return met != 0;
    case REQUIRE_ALL: return met == r->wanted.count && met != 0;
    case REQUIRE_EQUALS: return count == 1 && met != 0;
    }
    return false;
}

static enum flow_next ask(struct flow *f)
{
    struct checking *c = f->self;
    return gather_requests(f, c->g, &c->check->request, c->check->request.given ? 1 : 0);
}

static enum flow_next compare(struct flow *f)
{
    struct checking *c = f->self;
    size_t count = 0;
    struct slice *values = map_texts(f->arena, &c->check->values, c->g->docs, c->values, &count);
    if (!require_holds(c->check, values, count))
        return flow_fail(f,
                         err_new(f->arena, PROBLEM_NOT_A_MEMBER,
                                 "require.%.*s is not met: the account has %zu values there, and not what is asked for",
                                 SLICE_ARG(c->check->name), count));
    c->check++;
    return --c->left != 0 ? flow_back(f, 1) : FLOW_NEXT;
}

static const struct flow_step steps[] = {
    {"require/ask",     ask    },
    {"require/compare", compare}
};

enum flow_next require_all(struct flow *f, struct gather *g, const struct template_values *values)
{
    const struct descriptor *d = g->provider->descriptor;
    if (d->require_count == 0) return FLOW_NEXT;
    struct checking *c = arena_new(f->arena, struct checking);
    c->g = g;
    c->values = values;
    c->check = d->require;
    c->left = d->require_count;
    return flow_call(f, &c->flow, steps, 2, c);
}
