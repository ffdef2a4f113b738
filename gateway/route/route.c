/* route.c -- compiled rules and backends, looked through from the top. What a pattern matches is in pattern.h, who may pass in judge.c. */
#include "route/route.h"

#include "route/pattern.h"

struct compiled_rule {
    const struct rule *rule;
    struct pattern pattern;
};

struct compiled_backend {
    size_t index;
    struct pattern pattern;
};

struct routes {
    struct compiled_rule *rules;
    struct compiled_backend *backends;
    size_t rule_count, backend_count;
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

const struct err *routes_compile(struct arena *a, const struct rule *rules, size_t rule_count,
                                 const struct route_backend *backends, size_t backend_count, struct routes **ret_routes)
{
    struct routes *r = arena_new(a, struct routes);
    *r = (struct routes){.rules = arena_array(a, struct compiled_rule, rule_count),
                         .backends = arena_array(a, struct compiled_backend, backend_count),
                         .rule_count = rule_count,
                         .backend_count = backend_count};
    for (size_t i = 0; i < rule_count; i++) {
        const struct err *e = compile_rule(a, &rules[i], &r->rules[i]);
        if (e != NULL) return err_over(a, e, "rule %zu (%.*s)", i, SLICE_ARG(rules[i].id));
    }
    for (size_t i = 0; i < backend_count; i++) {
        r->backends[i].index = backends[i].index;
        const struct err *e = pattern_compile(a, backends[i].host, backends[i].path, &r->backends[i].pattern);
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

static const struct rule *first_rule(const struct routes *r, struct slice host, struct slice path, struct slice method,
                                     enum pattern_reading reading)
{
    for (size_t i = 0; i < r->rule_count; i++) {
        const struct compiled_rule *c = &r->rules[i];
        if (has_method(&c->rule->methods, method) && pattern_has(&c->pattern, host, path, reading)) return c->rule;
    }
    return NULL;
}

/* A backend may or may not see ";parameters". When that decides which rule is met, no rule is. */
const struct rule *routes_rule(const struct routes *r, struct slice host, struct slice path, struct slice method)
{
    const struct rule *rule = first_rule(r, host, path, method, PATTERN_WHOLE);
    if (!pattern_has_parameters(path)) return rule;
    const struct rule *bare = first_rule(r, host, path, method, PATTERN_BARE);
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
    must(i < r->rule_count);
    const struct compiled_rule *hidden = &r->rules[i];
    for (size_t k = 0; k < i; k++) {
        const struct compiled_rule *c = &r->rules[k];
        if (methods_cover(&c->rule->methods, &hidden->rule->methods) && pattern_covers(&c->pattern, &hidden->pattern))
            return c->rule;
    }
    return NULL;
}
