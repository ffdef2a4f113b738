/* build_access_check.c -- rules that cannot mean what they say: those that never decide, and those that open what a later one closes. */
#include "config/config_int.h"

enum {
    TOLD = 4 /* rules that are named in one complaint */
};

static struct slice names(struct build *b, const struct rule *const *rules, size_t count)
{
    struct slice all = LIT("");
    for (size_t i = 0; i < count; i++) {
        const char *joint = i == 0 ? "" : i + 1 == count ? " and " : ", ";
        all = arena_print(b->a, "%.*s%s\"%.*s\"", SLICE_ARG(all), joint, SLICE_ARG(rules[i]->id));
    }
    return all;
}

static bool is_shadowed(struct build *b, const struct setting *at, size_t backend, size_t i)
{
    const struct rule *by[TOLD] = {NULL};
    size_t count = routes_shadow(b->s->routes, backend, i, by, TOLD);
    const struct rule *hidden = routes_nth(b->s->routes, backend, i);
    if (count == 0) return false;
    complaint_at(b->c, COMPLAINT_ERROR, setting_place(at, "path"), COMPLAINT_VALUE, LIT(""),
                 "rule \"%.*s\" can never match: rule%s %.*s already cover%s %.*s", SLICE_ARG(hidden->id),
                 count == 1 ? "" : "s", SLICE_ARG(names(b, by, count)), count == 1 ? "s" : "", SLICE_ARG(hidden->path));
    return true;
}

/* Preflights carry no cookie: letting them pass is meant. */
static bool only_preflights(const struct rule *r)
{
    return r->methods.count == 1 && slice_is(r->methods.at[0], LIT("OPTIONS"));
}

/* Something that everybody may is wider than what a later rule keeps for some: for the methods of the first the second is not asked. The same
 * pattern twice (public reading, closed writing) is meant so; and rules for networks say themselves whom they trust. */
static void is_opened(struct build *b, const struct setting *at, size_t backend, size_t i)
{
    const struct routes *r = b->s->routes;
    const struct rule *closed = routes_nth(r, backend, i);
    if (closed->allow == ALLOW_EVERYONE) return;
    for (size_t k = 0; k < i; k++) {
        const struct rule *open = routes_nth(r, backend, k);
        if (open->allow != ALLOW_EVERYONE || open->client_ip_count != 0 || only_preflights(open)) continue;
        if (!routes_reach(r, backend, k, i) || routes_reach(r, backend, i, k)) continue;
        struct slice methods = LIT("");
        for (size_t m = 0; m < open->methods.count; m++) {
            methods = arena_print(b->a, "%.*s %.*s", SLICE_ARG(methods), SLICE_ARG(open->methods.at[m]));
        }
        complaint_at(b->c, COMPLAINT_WARNING, setting_place(at, "path"), COMPLAINT_VALUE, LIT(""),
                     "rule \"%.*s\" comes first and lets everyone%.*s: for that, rule \"%.*s\" protects nothing. Put "
                     "\"%.*s\" above it",
                     SLICE_ARG(open->id), SLICE_ARG(methods), SLICE_ARG(closed->id), SLICE_ARG(closed->id));
        return;
    }
}

void build_access_check(struct build *b, const struct setting *list, size_t backend)
{
    for (size_t i = 0; i < routes_rules(b->s->routes, backend); i++) {
        const struct setting *at = build_nth(list, i);
        if (at != NULL && !is_shadowed(b, at, backend, i)) is_opened(b, at, backend, i);
    }
}
