/* build_access.c -- access[] and backends[].access: rules, compiled with the backends' patterns; then build_access_check.c looks whether they can mean what they say. */
#include "config/config_int.h"

static bool method_name(struct slice s)
{
    bool fine = s.len >= 1 && s.len <= 20;
    for (size_t i = 0; i < s.len; i++) {
        fine = fine && s.at[i] >= 'A' && s.at[i] <= 'Z';
    }
    return fine && !slice_is(s, LIT("CONNECT")) && !slice_is(s, LIT("TRACE"));
}

static struct slices methods(struct build *b, const struct setting *at)
{
    const struct setting *list = setting_at(at, "methods");
    struct slices all = {NULL, 0};
    bool fine = true;
    if (list->node != NULL && list->count == 0 && !list->bad) {
        BUILD_ERROR(b, at, "methods", "methods is empty: leave it out for any method");
    }
    for (const struct setting *m = list->first; m != NULL; m = m->next) {
        if (method_name(m->text)) continue;
        fine = false;
        complaint_at(b->c, COMPLAINT_ERROR, m->node, COMPLAINT_VALUE, LIT(""),
                     "\"%.*s\" is no method we pass on; write GET, POST ... in capitals", SLICE_ARG(m->text));
    }
    if (fine) all.at = setting_texts(b->a, at, "methods", &all.count);
    return all;
}

/* A network is written with its prefix; one address means itself. */
static void networks(struct build *b, const struct setting *at, struct rule *r)
{
    const struct setting *list = setting_at(at, "client_ip");
    struct network *all = arena_array(b->a, struct network, list->count + 1);
    if (list->node != NULL && list->count == 0 && !list->bad)
        BUILD_ERROR(b, at, "client_ip", "client_ip is empty: leave it out for any address");
    for (const struct setting *n = list->first; n != NULL; n = n->next) {
        if (network_read(n->text, &all[r->client_ip_count])) {
            r->client_ip_count++;
            continue;
        }
        complaint_at(b->c, COMPLAINT_ERROR, n->node, COMPLAINT_VALUE, LIT(""),
                     "\"%.*s\" is no network; write 10.0.0.0/8, 2001:db8::/32 or one address", SLICE_ARG(n->text));
    }
    r->client_ip = all;
}

static void step_up(struct build *b, const struct setting *at, struct rule *r)
{
    static const char *const names[] = {"max_age", "acr", "provider"};
    r->max_age_s = setting_number(at, "max_age") / 1000;
    r->acr.at = setting_texts(b->a, at, "acr", &r->acr.count);
    r->providers.at = setting_texts(b->a, at, "provider", &r->providers.count);
    for (const struct setting *p = setting_at(at, "provider")->first; p != NULL; p = p->next) {
        if (!build_knows_provider(b, p->text)) build_no_such_provider(b, p);
    }
    for (size_t i = 1; i < 3; i++) {
        if (setting_given(at, names[i]) && setting_at(at, names[i])->count == 0 && !setting_at(at, names[i])->bad)
            BUILD_ERROR(b, at, names[i], "%s is empty: leave it out for any", names[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        bool nobody_to_ask = r->allow == ALLOW_EVERYONE || r->allow == ALLOW_NOBODY;
        if (nobody_to_ask && setting_given(at, names[i]))
            BUILD_ERROR(b, at, names[i], "%s asks something of people who sign in; this rule lets %s pass", names[i],
                        r->allow == ALLOW_EVERYONE ? "everyone" : "nobody");
    }
}

static void rule(struct build *b, const struct setting *at, struct rule *r, struct slice default_id)
{
    static const enum otherwise others[] = {OTHERWISE_SIGN_IN, OTHERWISE_REFUSE, OTHERWISE_HIDE};
    r->id = setting_given(at, "id") ? setting_text(at, "id") : default_id;
    r->host = build_lower(b->a, setting_text(at, "host"));
    r->path = setting_text(at, "path");
    r->methods = methods(b, at);
    r->otherwise = others[setting_number(at, "otherwise")];
    networks(b, at, r);
    build_people(b, at, r);
    step_up(b, at, r);
    build_rule_bearer(b, at, r);
    if (!setting_given(at, "allow") && at->node != NULL && !at->bad) {
        complaint_at(b->c, COMPLAINT_WARNING, at->node, COMPLAINT_KEY, LIT(""),
                     "rule \"%.*s\" has no allow: it lets nobody pass", SLICE_ARG(r->id));
    }
}

const struct setting *build_nth(const struct setting *list, size_t n)
{
    const struct setting *s = list->first;
    while (s != NULL && n-- > 0) {
        s = s->next;
    }
    return s;
}

static void pattern_error(struct build *b, const struct setting *at, const struct err *why)
{
    bool path = at == NULL || setting_given(at, "path");
    const struct doc *place = at == NULL ? NULL : setting_place(at, path ? "path" : "host");
    build_complain(b, place, "", why->cause != NULL ? why->cause : why); /* without its own word for the position */
}

/* One pattern after the other, so that every wrong one is told at its place. Methods were judged before. */
static bool rules_fine(struct build *b, const struct setting *list, const struct rule *rules, size_t count)
{
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        struct routes *ignored;
        struct rule alone = rules[i];
        alone.methods = (struct slices){NULL, 0};
        const struct err *why = routes_compile(b->a, &alone, 1, NULL, 0, &ignored);
        if (why != NULL) pattern_error(b, build_nth(list, i), why);
        fine = fine && why == NULL;
    }
    return fine;
}

/* Without its rules, which were judged by themselves. */
static bool backend_fine(struct build *b, struct route_backend alone, size_t i)
{
    struct routes *ignored;
    alone.rules = NULL;
    const struct err *why = routes_compile(b->a, NULL, 0, &alone, 1, &ignored);
    if (why != NULL) pattern_error(b, build_nth(setting_at(b->root, "backends"), i), why);
    return why == NULL;
}

static void same_ids(struct build *b, const struct setting *list, const struct rule *rules)
{
    size_t i = 0;
    for (const struct setting *at = list->first; at != NULL; at = at->next, i++) {
        for (size_t j = 0; j < i; j++) {
            if (!slice_is(rules[i].id, rules[j].id)) continue;
            BUILD_ERROR(b, at, "id", "there are two rules \"%.*s\"", SLICE_ARG(rules[i].id));
        }
    }
}

/* One list of rules. prefix: of the ids of those that have none. */
static struct rule *rules_of(struct build *b, const struct setting *list, struct slice prefix, size_t *ret_count)
{
    struct rule *rules = arena_array(b->a, struct rule, list->count + 1);
    size_t count = 0;
    for (const struct setting *at = list->first; at != NULL; at = at->next, count++) {
        rule(b, at, &rules[count], arena_print(b->a, "%.*s%zu", SLICE_ARG(prefix), count + 1));
    }
    same_ids(b, list, rules);
    *ret_count = count;
    return rules;
}

static bool common_rules(struct build *b)
{
    const struct setting *list = setting_at(b->root, "access");
    struct snapshot *s = b->s;
    s->rules = rules_of(b, list, LIT(""), &s->rule_count);
    if (list->node == NULL) {
        s->rules[s->rule_count++] = (struct rule){.id = LIT("default"), .path = LIT("/**"), .allow = ALLOW_SIGNED_IN};
    } else if (list->count == 0 && !list->bad) {
        BUILD_ERROR(b, b->root, "access",
                    "access is empty: nobody could pass; leave it out for everybody who is signed in");
    }
    return rules_fine(b, list, s->rules, s->rule_count);
}

static bool rules_of_backend(struct build *b, const struct setting *at, struct route_backend *to, struct slice id)
{
    const struct setting *list = setting_at(at, "access");
    if (list->node == NULL || list->bad) return true;
    if (list->count == 0)
        BUILD_ERROR(b, at, "access", "access is empty: nobody could pass; leave it out for the rules at the top");
    to->rules = rules_of(b, list, arena_print(b->a, "%.*s.", SLICE_ARG(id)), &to->rule_count);
    return rules_fine(b, list, to->rules, to->rule_count);
}

void build_access(struct build *b)
{
    struct snapshot *s = b->s;
    bool fine = common_rules(b);
    struct route_backend *backends = arena_array(b->a, struct route_backend, s->backend_count + 1);
    for (size_t i = 0; i < s->backend_count; i++) {
        const struct setting *at = build_nth(setting_at(b->root, "backends"), i);
        backends[i] = (struct route_backend){.host = s->backends[i].host, .path = s->backends[i].path, .index = i};
        if (at != NULL) fine = rules_of_backend(b, at, &backends[i], s->backends[i].backend.id) && fine;
        fine = backend_fine(b, backends[i], i) && fine;
    }
    if (!fine) return;
    const struct err *why = routes_compile(b->a, s->rules, s->rule_count, backends, s->backend_count, &s->routes);
    if (why != NULL) {
        build_complain(b, setting_at(b->root, "access")->node, "access", why);
        return;
    }
    build_access_check(b, setting_at(b->root, "access"), SIZE_MAX);
    for (size_t i = 0; i < s->backend_count; i++) {
        const struct setting *at = build_nth(setting_at(b->root, "backends"), i);
        if (at != NULL && backends[i].rules != NULL) build_access_check(b, setting_at(at, "access"), i);
    }
}
