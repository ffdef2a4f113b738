/* route.c -- compiled rules and backends, looked through from the top. What a pattern matches is in pattern.h, who may pass in judge.c. */
#include "route/route.h"

#include "route/pattern.h"

struct compiled_rule {
    const struct rule *rule;
    struct pattern pattern;
};

struct rule_list {
    struct compiled_rule *rules;
    size_t count;
};

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

/* Methods are case-sensitive (RFC 9110 section 9.1): "get" in a rule would silently never match. */
static bool is_method(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool letter = s.at[i] >= 'A' && s.at[i] <= 'Z';
        if (!letter && slice_index(LIT("-_0123456789"), s.at[i]) == SLICE_NONE) return false;
    }
    return s.len != 0;
}

static const struct err *compile_rule(struct arena *a, const struct rule *rule, struct compiled_rule *to)
{
    to->rule = rule;
    for (size_t i = 0; i < rule->methods.count; i++) {
        struct slice method = rule->methods.at[i];
        if (!is_method(method))
            return err_new(a, PROBLEM_CONFIG, "method '%.*s' is not written in capital letters", SLICE_ARG(method));
    }
    return pattern_compile(a, rule->host, rule->path, &to->pattern);
}

static const struct err *compile_rules(struct arena *a, const struct rule *rules, size_t count, struct rule_list *to)
{
    if (count > ROUTE_RULES_MAX)
        return err_new(a, PROBLEM_CONFIG, "%zu rules are more than %d", count, ROUTE_RULES_MAX);
    *to = (struct rule_list){arena_array(a, struct compiled_rule, count), count};
    for (size_t i = 0; i < count; i++) {
        const struct err *e = compile_rule(a, &rules[i], &to->rules[i]);
        if (e != NULL) return err_over(a, e, "rule %zu (%.*s)", i, SLICE_ARG(rules[i].id));
    }
    return NULL;
}

static const struct err *compile_backend(struct arena *a, const struct route_backend *b, struct compiled_backend *to)
{
    to->index = b->index;
    to->own = b->rules != NULL;
    const struct err *e = pattern_compile(a, b->host, b->path, &to->pattern);
    return e == NULL && to->own ? compile_rules(a, b->rules, b->rule_count, &to->rules) : e;
}

const struct err *routes_compile(struct arena *a, const struct rule *rules, size_t rule_count,
                                 const struct route_backend *backends, size_t backend_count, struct routes **ret_routes)
{
    struct routes *r = arena_new(a, struct routes);
    r->backends = arena_array(a, struct compiled_backend, backend_count);
    r->backend_count = backend_count;
    const struct err *e = compile_rules(a, rules, rule_count, &r->rules);
    if (e != NULL) return e;
    for (size_t i = 0; i < backend_count; i++) {
        e = compile_backend(a, &backends[i], &r->backends[i]);
        if (e != NULL) return err_over(a, e, "backend %zu", i);
    }
    *ret_routes = r;
    return NULL;
}

static bool has_method(const struct slices *methods, struct slice method)
{
    for (size_t i = 0; i < methods->count; i++) {
        if (slice_is(methods->at[i], method)) return true;
    }
    return methods->count == 0;
}

static bool is_from(const struct rule *rule, const struct address *client)
{
    return rule->client_ip_count == 0 ||
           (client != NULL && networks_have(rule->client_ip, rule->client_ip_count, client));
}

static const struct rule *first_rule(const struct rule_list *list, const struct route_ask *ask,
                                     enum pattern_reading reading)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct compiled_rule *c = &list->rules[i];
        if (has_method(&c->rule->methods, ask->method) && pattern_has(&c->pattern, ask->host, ask->path, reading) &&
            is_from(c->rule, ask->client))
            return c->rule;
    }
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
    const struct rule *rule = first_rule(list, ask, PATTERN_WHOLE);
    if (!pattern_has_parameters(ask->path)) return rule;
    const struct rule *bare = first_rule(list, ask, PATTERN_BARE);
    return rule == bare ? rule : NULL;
}

size_t routes_backend(const struct routes *r, struct slice host, struct slice path)
{
    for (size_t i = 0; i < r->backend_count; i++) {
        if (pattern_has(&r->backends[i].pattern, host, path, PATTERN_WHOLE)) return r->backends[i].index;
    }
    return SIZE_MAX;
}

static bool methods_cover(const struct slices *wide, const struct slices *narrow)
{
    if (wide->count == 0) return true;
    for (size_t i = 0; i < narrow->count; i++) {
        if (!has_method(wide, narrow->at[i])) return false;
    }
    return narrow->count != 0;
}

const struct rule *routes_shadow(const struct routes *r, size_t i)
{
    must(i < r->rules.count);
    const struct compiled_rule *hidden = &r->rules.rules[i];
    for (size_t k = 0; k < i; k++) {
        const struct compiled_rule *c = &r->rules.rules[k];
        if (c->rule->client_ip_count == 0 && methods_cover(&c->rule->methods, &hidden->rule->methods) &&
            pattern_covers(&c->pattern, &hidden->pattern))
            return c->rule;
    }
    return NULL;
}
