/* route.c -- compiled rules and backends, looked through from the top. Rules are found by rule_list.c, what a pattern matches is in pattern.c, who
 * may pass in judge.c. */
#include "route/route.h"

#include "route/rule_list.h"

struct compiled_backend {
    size_t index;
    struct pattern pattern;
    bool own; /* rules of its own */
    struct rule_list rules;
};

struct routes {
    struct rule_list rules; /* the common ones */
    struct compiled_backend *backends;
    size_t backend_count;
};

static const struct err *compile_backend(struct arena *a, const struct route_backend *b, struct compiled_backend *to)
{
    to->index = b->index;
    to->own = b->rules != NULL;
    const struct err *e = pattern_compile(a, b->host, b->path, &to->pattern);
    return e == NULL && to->own ? rule_list_compile(a, b->rules, b->rule_count, &to->rules) : e;
}

const struct err *routes_compile(struct arena *a, const struct rule *rules, size_t rule_count,
                                 const struct route_backend *backends, size_t backend_count, struct routes **ret_routes)
{
    struct routes *r = arena_new(a, struct routes);
    r->backends = arena_array(a, struct compiled_backend, backend_count);
    r->backend_count = backend_count;
    const struct err *e = rule_list_compile(a, rules, rule_count, &r->rules);
    if (e != NULL) return e;
    for (size_t i = 0; i < backend_count; i++) {
        e = compile_backend(a, &backends[i], &r->backends[i]);
        if (e != NULL) return err_over(a, e, "backend %zu", i);
    }
    *ret_routes = r;
    return NULL;
}

static const struct rule_list *list_for(const struct routes *r, size_t backend)
{
    for (size_t i = 0; backend != SIZE_MAX && i < r->backend_count; i++) {
        if (r->backends[i].index == backend) return r->backends[i].own ? &r->backends[i].rules : &r->rules;
    }
    return &r->rules;
}

/* A backend may or may not see ";parameters". When that decides which rule is met, no rule is. */
const struct rule *routes_rule(const struct routes *r, const struct route_ask *ask)
{
    const struct rule_list *list = list_for(r, ask->backend);
    const struct rule *rule = rule_list_first(list, ask, PATTERN_WHOLE);
    if (!pattern_has_parameters(ask->path)) return rule;
    const struct rule *bare = rule_list_first(list, ask, PATTERN_BARE);
    return rule == bare ? rule : NULL;
}

size_t routes_backend(const struct routes *r, struct slice host, struct slice path)
{
    for (size_t i = 0; i < r->backend_count; i++) {
        if (pattern_has(&r->backends[i].pattern, host, path, PATTERN_WHOLE)) return r->backends[i].index;
    }
    return SIZE_MAX;
}

size_t routes_rules(const struct routes *r, size_t backend)
{
    return list_for(r, backend)->count;
}

const struct rule *routes_nth(const struct routes *r, size_t backend, size_t i)
{
    const struct rule_list *list = list_for(r, backend);
    must(i < list->count);
    return list->rules[i].rule;
}

enum route_fit routes_fit(const struct routes *r, const struct route_ask *ask, size_t i)
{
    const struct rule_list *list = list_for(r, ask->backend);
    must(i < list->count);
    enum route_fit whole = rule_list_fit(&list->rules[i], ask, PATTERN_WHOLE);
    bool same = !pattern_has_parameters(ask->path) || rule_list_fit(&list->rules[i], ask, PATTERN_BARE) == whole;
    return same ? whole : ROUTE_PARAMETERS;
}

size_t routes_shadow(const struct routes *r, size_t backend, size_t i, const struct rule **ret_by, size_t room)
{
    return rule_list_shadow(list_for(r, backend), i, ret_by, room);
}

bool routes_reach(const struct routes *r, size_t backend, size_t k, size_t i)
{
    const struct rule_list *list = list_for(r, backend);
    must(i < list->count && k < list->count);
    return pattern_covers(&list->rules[k].pattern, &list->rules[i].pattern);
}
