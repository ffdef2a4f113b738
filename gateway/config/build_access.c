/* build_access.c -- access[]: rules, compiled with the backends' patterns; what can never match is an error. */
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

/* One list of people. An empty one was perhaps meant as "nobody", perhaps as "no limit": neither is guessed. */
static struct slices people(struct build *b, const struct setting *allow, const char *name, bool lower)
{
    const struct setting *list = setting_at(allow, name);
    struct slices all = {NULL, 0};
    struct slice *texts = setting_texts(b->a, allow, name, &all.count);
    if (list->node != NULL && list->count == 0 && !list->bad) {
        BUILD_ERROR(b, allow, name,
                    "allow.%s is empty; that never means everyone: write allow: signed_in, or allow: nobody", name);
    }
    for (size_t i = 0; lower && i < all.count; i++) {
        texts[i] = build_lower(b->a, texts[i]);
    }
    all.at = texts;
    return all;
}

static void known_providers(struct build *b, const struct setting *allow)
{
    for (const struct setting *p = setting_at(allow, "providers")->first; p != NULL; p = p->next) {
        bool known = false;
        for (size_t i = 0; i < b->s->provider_count; i++) {
            known = known || slice_is(b->s->providers[i]->id, p->text);
        }
        if (known || b->s->provider_count == 0) continue;
        complaint_at(b->c, COMPLAINT_ERROR, p->node, COMPLAINT_VALUE, LIT(""), "there is no provider \"%.*s\"",
                     SLICE_ARG(p->text));
    }
}

static void shapes(struct build *b, const struct setting *allow)
{
    for (const struct setting *e = setting_at(allow, "emails")->first; e != NULL; e = e->next) {
        size_t sign = slice_index(e->text, '@');
        if (sign != SLICE_NONE && sign > 0 && build_host_name(slice_from(e->text, sign + 1))) continue;
        complaint_at(b->c, COMPLAINT_ERROR, e->node, COMPLAINT_VALUE, LIT(""), "\"%.*s\" is no e-mail address",
                     SLICE_ARG(e->text));
    }
    for (const struct setting *e = setting_at(allow, "email_domains")->first; e != NULL; e = e->next) {
        if (build_host_name(e->text) && slice_index(e->text, '.') != SLICE_NONE) continue;
        complaint_at(b->c, COMPLAINT_ERROR, e->node, COMPLAINT_VALUE, LIT(""),
                     "\"%.*s\" is no domain; write example.com", SLICE_ARG(e->text));
    }
    for (const struct setting *u = setting_at(allow, "users")->first; u != NULL; u = u->next) {
        if (slice_index(u->text, '/') != SLICE_NONE) continue;
        complaint_at(b->c, COMPLAINT_ERROR, u->node, COMPLAINT_VALUE, LIT(""),
                     "users are written provider/subject, such as corp/4711; for addresses there is emails");
    }
}

static void allow_of(struct build *b, const struct setting *at, struct rule *r)
{
    static const enum allow_kind kinds[] = {ALLOW_EVERYONE, ALLOW_SIGNED_IN, ALLOW_NOBODY};
    const struct setting *allow = setting_at(at, "allow");
    r->allow = ALLOW_NOBODY;
    if (allow->bad) return;
    if (allow->number >= 0) {
        r->allow = kinds[allow->number];
        return;
    }
    r->allow = ALLOW_SOME;
    r->people.users = people(b, allow, "users", false);
    r->people.emails = people(b, allow, "emails", true);
    r->people.email_domains = people(b, allow, "email_domains", true);
    r->people.groups = people(b, allow, "groups", false);
    r->people.providers = people(b, allow, "providers", false);
    known_providers(b, allow);
    shapes(b, allow);
    bool nothing_given = true;
    for (const struct setting *m = allow->first; m != NULL; m = m->next) {
        nothing_given = nothing_given && m->node == NULL;
    }
    if (nothing_given)
        BUILD_ERROR(b, at, "allow", "allow names nobody; write everyone, signed_in, nobody, or lists of people");
}

static void rule(struct build *b, const struct setting *at, struct rule *r, size_t position)
{
    static const enum otherwise others[] = {OTHERWISE_SIGN_IN, OTHERWISE_REFUSE, OTHERWISE_HIDE};
    r->id = setting_given(at, "id") ? setting_text(at, "id") : arena_print(b->a, "%zu", position + 1);
    r->host = build_lower(b->a, setting_text(at, "host"));
    r->path = setting_text(at, "path");
    r->methods = methods(b, at);
    r->otherwise = others[setting_number(at, "otherwise")];
    allow_of(b, at, r);
    if (!setting_given(at, "allow") && at->node != NULL && !at->bad) {
        complaint_at(b->c, COMPLAINT_WARNING, at->node, COMPLAINT_KEY, LIT(""),
                     "rule \"%.*s\" has no allow: it lets nobody pass", SLICE_ARG(r->id));
    }
}

static const struct setting *nth(const struct setting *list, size_t n)
{
    const struct setting *s = list->first;
    while (s != NULL && n-- > 0) {
        s = s->next;
    }
    return s;
}

static void shadows(struct build *b, const struct setting *list)
{
    for (size_t i = 0; i < b->s->rule_count; i++) {
        const struct rule *by = NULL;
        if (routes_shadow(b->s->routes, SIZE_MAX, i, &by, 1) == 0) by = NULL;
        const struct setting *at = nth(list, i);
        if (by == NULL || at == NULL) continue;
        complaint_at(b->c, COMPLAINT_ERROR, setting_place(at, "path"), COMPLAINT_VALUE, LIT(""),
                     "rule \"%.*s\" can never match: rule \"%.*s\" already covers %.*s", SLICE_ARG(b->s->rules[i].id),
                     SLICE_ARG(by->id), SLICE_ARG(by->path));
    }
}

static void pattern_error(struct build *b, const struct setting *at, const struct err *why)
{
    bool path = at == NULL || setting_given(at, "path");
    const struct doc *place = at == NULL ? NULL : setting_place(at, path ? "path" : "host");
    build_complain(b, place, "", why->cause != NULL ? why->cause : why); /* without its own word for the position */
}

/* One pattern after the other, so that every wrong one is told at its place. Methods were judged before. */
static bool rules_fine(struct build *b, const struct setting *list)
{
    bool fine = true;
    for (size_t i = 0; i < b->s->rule_count; i++) {
        struct routes *ignored;
        struct rule alone = b->s->rules[i];
        alone.methods = (struct slices){NULL, 0};
        const struct err *why = routes_compile(b->a, &alone, 1, NULL, 0, &ignored);
        if (why != NULL) pattern_error(b, nth(list, i), why);
        fine = fine && why == NULL;
    }
    return fine;
}

static bool backends_fine(struct build *b, const struct route_backend *all, size_t count)
{
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        struct routes *ignored;
        const struct err *why = routes_compile(b->a, NULL, 0, &all[i], 1, &ignored);
        if (why != NULL) pattern_error(b, nth(setting_at(b->root, "backends"), i), why);
        fine = fine && why == NULL;
    }
    return fine;
}

static void same_ids(struct build *b, const struct setting *list)
{
    size_t i = 0;
    for (const struct setting *at = list->first; at != NULL; at = at->next, i++) {
        for (size_t j = 0; j < i; j++) {
            if (!slice_is(b->s->rules[i].id, b->s->rules[j].id)) continue;
            BUILD_ERROR(b, at, "id", "there are two rules \"%.*s\"", SLICE_ARG(b->s->rules[i].id));
        }
    }
}

static struct route_backend *places(struct build *b)
{
    struct route_backend *all = arena_array(b->a, struct route_backend, b->s->backend_count + 1);
    for (size_t i = 0; i < b->s->backend_count; i++) {
        all[i] = (struct route_backend){b->s->backends[i].host, b->s->backends[i].path, i, NULL, 0};
    }
    return all;
}

void build_access(struct build *b)
{
    const struct setting *list = setting_at(b->root, "access");
    struct snapshot *s = b->s;
    s->rules = arena_array(b->a, struct rule, list->count + 1);
    for (const struct setting *at = list->first; at != NULL; at = at->next) {
        rule(b, at, &s->rules[s->rule_count], s->rule_count);
        s->rule_count++;
    }
    same_ids(b, list);
    if (list->node == NULL) {
        s->rules[s->rule_count++] = (struct rule){.id = LIT("default"), .path = LIT("/**"), .allow = ALLOW_SIGNED_IN};
    } else if (list->count == 0 && !list->bad) {
        BUILD_ERROR(b, b->root, "access",
                    "access is empty: nobody could pass; leave it out for everybody who is signed in");
    }
    struct route_backend *backends = places(b);
    bool fine = rules_fine(b, list);
    fine = backends_fine(b, backends, s->backend_count) && fine;
    if (!fine) return;
    const struct err *why = routes_compile(b->a, s->rules, s->rule_count, backends, s->backend_count, &s->routes);
    if (why != NULL)
        build_complain(b, list->node, "access", why);
    else
        shadows(b, list);
}
