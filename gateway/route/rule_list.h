/* rule_list.h -- for route/ alone: rules in their order, compiled so that two hundred cost hardly more than two.
 *
 * Each question about a request (its host, its method, each of its first segments) has a set of rules that do not contradict the answer, as
 * bits, made when the configuration is read. The sets are cut with each other; what is left is looked at from the top with the patterns
 * themselves, so the sets may hold a rule too many, never one too few.
 */
#ifndef ROUTE_RULE_LIST_H
#define ROUTE_RULE_LIST_H
#include "route/pattern.h"
#include "route/route.h"

struct compiled_rule {
    const struct rule *rule;
    struct pattern pattern;
    unsigned methods; /* bits of the known ones; all: any */
};

struct rule_sets;
struct rule_list {
    struct compiled_rule *rules;
    size_t count;
    const struct rule_sets *sets; /* NULL: so few that looking at each is quicker */
};

const struct err *rule_list_compile(struct arena *a, const struct rule *rules, size_t count, struct rule_list *to);
/* NULL: none. */
const struct rule *rule_list_first(const struct rule_list *list, const struct route_ask *ask,
                                   enum pattern_reading reading);
/* Why a rule does not fit, in the order host, path, method, network; ROUTE_FITS when it does. */
enum route_fit rule_list_fit(const struct compiled_rule *c, const struct route_ask *ask, enum pattern_reading reading);
/* Rules above i that together cover it wholly: how many, at most `room` of them; 0: something is left over for it. */
size_t rule_list_shadow(const struct rule_list *list, size_t i, const struct rule **ret_by, size_t room);

#endif
