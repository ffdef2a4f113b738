/* command_explain.c -- `explain`: which rule decides for an address and a person, and why the others do not. Asks nobody: the
 * configuration is compiled as `run` would, and the same functions judge as for a request. */
#include "cli/commands.h"
#include "config/value.h"
#include "route/path.h"
#include "text/json.h"
#include "text/url.h"

#include "base/now.h"

enum {
    TEXT_MAX = 1 << 20,
    CLAIMS_MAX = 32
};

struct explanation {
    struct arena *arena;
    const struct snapshot *s;
    struct slice url; /* as asked */
    struct route_ask ask;
    struct address client;
    bool has_client, has_person, own, known_host;
    struct person person;
    struct {
        struct slice name, value;
    } claims[CLAIMS_MAX];
    size_t claim_count;
    const struct err *ambiguous; /* the path has no one reading */
    const struct rule *rule;     /* that decides */
    enum verdict verdict;
};

/* ---- what was asked ---- */

static struct slice asked_claim(const void *claims, struct slice name)
{
    const struct explanation *e = claims;
    for (size_t i = 0; i < e->claim_count; i++) {
        if (slice_is(e->claims[i].name, name)) return e->claims[i].value;
    }
    return (struct slice){NULL, 0};
}

static bool read_claims(const struct command_line *line, struct explanation *e)
{
    for (size_t i = 0; i < line->given_count; i++) {
        if (strcmp(line->given[i].option->name, "claim") != 0) continue;
        struct slice rest = slice_of(line->given[i].value), name;
        bool fits = e->claim_count < CLAIMS_MAX && slice_cut(&rest, '=', &name) && rest.at != NULL && name.len != 0;
        if (!fits) {
            command_say("--claim is written NAME=VALUE, at most %d times; NAME as in claims.keep", CLAIMS_MAX);
            return false;
        }
        e->claims[e->claim_count].name = name;
        e->claims[e->claim_count++].value = rest;
    }
    e->person.claim = asked_claim;
    e->person.claims = e;
    return true;
}

static bool read_groups(const struct command_line *line, struct explanation *e)
{
    struct slice rest = slice_of(command_value(line, "groups")), one;
    struct slice *all = arena_array(e->arena, struct slice, rest.len + 1);
    while (rest.len != 0 && slice_cut(&rest, ',', &one)) {
        all[e->person.groups.count++] = slice_trim(one);
    }
    e->person.groups.at = all;
    return true;
}

/* A person who has just signed in, unless --age says how long ago. */
static bool read_person(const struct command_line *line, struct explanation *e)
{
    static const char *const others[] = {"email", "groups", "claim", "acr", "age", "bearer"};
    struct slice user = slice_of(command_value(line, "user"));
    size_t joint = slice_index(user, '/');
    int64_t age_ms = 0;
    for (size_t i = 0; user.len == 0 && i < sizeof others / sizeof others[0]; i++) {
        if (!command_has(line, others[i])) continue;
        command_say("--%s says something of a person: say who it is with --user PROVIDER/SUBJECT", others[i]);
        return false;
    }
    if (user.len == 0) return true;
    if (joint == SLICE_NONE || joint == 0 || joint + 1 == user.len) {
        command_say("--user is written PROVIDER/SUBJECT, such as corp/4711");
        return false;
    }
    if (command_has(line, "age") && !value_duration(slice_of(command_value(line, "age")), &age_ms)) {
        command_say("--age is a duration such as 10m");
        return false;
    }
    e->has_person = true;
    e->person.provider = slice_upto(user, joint);
    e->person.subject = slice_from(user, joint + 1);
    e->person.email = slice_of(command_value(line, "email"));
    e->person.email_verified = true;
    e->person.acr = slice_of(command_value(line, "acr"));
    e->person.issuer = slice_of(command_value(line, "bearer"));
    e->person.signed_in_s = now_s() - age_ms / 1000;
    return read_groups(line, e) && read_claims(line, e);
}

/* "/path" is at the host of public_url. */
static bool read_address(const struct command_line *line, struct explanation *e)
{
    struct slice asked = slice_of(line->words[0]);
    const struct slice parts[] = {slice_starts(asked, LIT("/")) ? e->s->public_origin : LIT(""),
                                  slice_upto(asked, slice_index(asked, '#'))};
    struct url u;
    e->url = arena_join(e->arena, parts, 2);
    const struct err *why = url_read(e->arena, e->url, &u);
    if (why != NULL) {
        command_say("'%s' is no address: write https://host/path, or a path", line->words[0]);
        return false;
    }
    const struct slice bracketed[] = {LIT("["), u.host, LIT("]")};
    e->ask.host = u.host_is_ip6 ? arena_join(e->arena, bracketed, 3) : u.host;
    e->ask.method = slice_of(command_has(line, "method") ? command_value(line, "method") : "GET");
    e->ambiguous = path_canonical(e->arena, u.path, &e->ask.path);
    struct slice origin = url_origin(e->arena, &u);
    bool home;
    snapshot_site(e->s, slice_from(origin, slice_find(origin, LIT("://")) + 3), &home, &e->known_host);
    e->known_host = e->known_host || home;
    return true;
}

static bool read_client(const struct command_line *line, struct explanation *e)
{
    if (!command_has(line, "client-ip")) return true;
    e->has_client = address_read(slice_of(command_value(line, "client-ip")), &e->client);
    if (!e->has_client) command_say("--client-ip is one address");
    e->ask.client = &e->client;
    return e->has_client;
}

/* ---- the answer ---- */

static bool is_below(struct slice path, struct slice prefix)
{
    return slice_starts(path, prefix) && (path.len == prefix.len || path.at[prefix.len] == '/');
}

static void judge(struct explanation *e)
{
    const struct snapshot *s = e->s;
    if (e->ambiguous != NULL) return;
    e->own = is_below(e->ask.path, s->prefix);
    e->ask.backend = routes_backend(s->routes, e->ask.host, e->ask.path);
    if (e->ask.backend != SIZE_MAX && s->backends[e->ask.backend].host.len != 0) e->known_host = true;
    e->rule = routes_rule(s->routes, &e->ask);
    e->verdict = route_judge(e->rule, e->has_person ? &e->person : NULL, now_s());
}

static struct slice listed(struct arena *a, const struct slices *words)
{
    struct slice all = LIT("");
    for (size_t i = 0; i < words->count; i++) {
        const struct slice more[] = {all, i != 0 ? LIT(", ") : LIT(""), words->at[i]};
        all = arena_join(a, more, 3);
    }
    return all;
}

static struct slice networks(struct arena *a, const struct rule *r)
{
    struct slice all = LIT("");
    for (size_t i = 0; i < r->client_ip_count; i++) {
        const struct network *n = &r->client_ip[i];
        all = arena_print(a, "%.*s%s%.*s/%d", SLICE_ARG(all), i != 0 ? ", " : "", SLICE_ARG(address_text(a, &n->base)),
                          n->base.is_ip4 ? n->bits - 96 : n->bits);
    }
    return all;
}

/* Why a rule is not the one. */
static struct slice apart(const struct explanation *e, size_t i, const char **ret_word)
{
    const struct rule *r = routes_nth(e->s->routes, e->ask.backend, i);
    struct arena *a = e->arena;
    switch (routes_fit(e->s->routes, &e->ask, i)) {
    case ROUTE_OTHER_HOST: *ret_word = "host"; return arena_print(a, "for another host: %.*s", SLICE_ARG(r->host));
    case ROUTE_OTHER_PATH: *ret_word = "path"; return arena_print(a, "for other paths: %.*s", SLICE_ARG(r->path));
    case ROUTE_OTHER_METHOD:
        *ret_word = "method";
        return arena_print(a, "for other methods: %.*s", SLICE_ARG(listed(a, &r->methods)));
    case ROUTE_OTHER_CLIENT:
        *ret_word = "client_ip";
        return arena_print(a, "for other networks: %.*s%s", SLICE_ARG(networks(a, r)),
                           e->has_client ? "" : " (say whose request it is with --client-ip)");
    case ROUTE_PARAMETERS:
        *ret_word = "parameters";
        return LIT(
            "whether it fits depends on the path's ;parameters, which some applications do not see: then nobody passes");
    case ROUTE_FITS: break;
    }
    *ret_word = r == e->rule ? "decides" : "later";
    if (r == e->rule) return LIT("decides");
    return e->rule != NULL ? arena_print(a, "not asked: %.*s comes first", SLICE_ARG(e->rule->id))
                           : LIT("would fit, but another reading of the path's ;parameters meets another rule");
}

/* In which of the lists the person is: each asked by itself. */
static const char *by_which(const struct explanation *e)
{
    const struct people *p = &e->rule->people;
    const struct {
        const char *name;
        struct people alone;
    } lists[] = {
        {"users", {.users = p->users}},
        {"emails", {.emails = p->emails}},
        {"email_domains", {.email_domains = p->email_domains}},
        {"groups", {.groups = p->groups}},
        {"providers", {.providers = p->providers}},
        {"claims", {.claims = p->claims, .claim_count = p->claim_count}},
        {"any_of", {.any_of = p->any_of, .any_of_count = p->any_of_count}},
        {"all_of", {.all_of = p->all_of, .all_of_count = p->all_of_count}},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct rule alone = {.allow = ALLOW_SOME, .people = lists[i].alone, .bearer = e->rule->bearer};
        if (route_judge(&alone, &e->person, now_s()) == VERDICT_ALLOW) return lists[i].name;
    }
    return NULL;
}

static bool takes_token(const struct explanation *e)
{
    for (size_t i = 0; i < e->rule->bearer.count; i++) {
        if (slice_is(e->rule->bearer.at[i], e->person.issuer)) return true;
    }
    return e->person.issuer.len == 0;
}

static struct slice reason(const struct explanation *e)
{
    const struct rule *r = e->rule;
    if (e->ambiguous != NULL) return err_story(e->arena, e->ambiguous);
    if (!e->known_host) return LIT("no backend and no public address is configured for this host");
    if (e->own) return LIT("one of the gateway's own addresses: rules are not asked");
    if (r == NULL) return LIT("no rule fits, so nobody passes");
    if (r->allow == ALLOW_EVERYONE) return arena_print(e->arena, "%.*s lets everyone pass", SLICE_ARG(r->id));
    if (r->allow == ALLOW_NOBODY) return arena_print(e->arena, "%.*s lets nobody pass", SLICE_ARG(r->id));
    if (!e->has_person)
        return arena_print(e->arena, "%.*s lets %s pass, and nobody is signed in (say who with --user)",
                           SLICE_ARG(r->id), r->allow == ALLOW_SIGNED_IN ? "who is signed in" : "some people");
    if (!takes_token(e))
        return arena_print(e->arena, "%.*s takes no access tokens of %.*s: it is as if nobody had asked",
                           SLICE_ARG(r->id), SLICE_ARG(e->person.issuer));
    struct slice lacking = route_step_up(r, &e->person, now_s());
    if (e->verdict == VERDICT_STEP_UP)
        return arena_print(e->arena, "%.*s asks for another sign-in: %.*s is not as it says", SLICE_ARG(r->id),
                           SLICE_ARG(lacking));
    const char *list = r->allow == ALLOW_SOME ? by_which(e) : NULL;
    if (list != NULL) return arena_print(e->arena, "%.*s lets this person pass: %s", SLICE_ARG(r->id), list);
    return arena_print(e->arena,
                       r->allow == ALLOW_SIGNED_IN
                           ? "%.*s lets pass who is signed in"
                           : "%.*s lets some people pass, and this person is in none of its lists",
                       SLICE_ARG(r->id));
}

/* The word for programs, the status a browser's navigation gets, the sentence. */
static struct slice outcome(const struct explanation *e, const char **ret_word, int *ret_status)
{
    struct arena *a = e->arena;
    *ret_status = 0;
    *ret_word = "own";
    if (e->ambiguous != NULL) return (*ret_word = "ambiguous", *ret_status = 400, LIT("400"));
    if (!e->known_host) return (*ret_word = "unknown_host", *ret_status = 421, LIT("421"));
    if (e->own) return LIT("answered by the gateway itself");
    bool may_redirect = e->rule != NULL && e->rule->otherwise == OTHERWISE_SIGN_IN;
    switch (e->verdict) {
    case VERDICT_ALLOW:
        *ret_word = "allow";
        if (e->ask.backend != SIZE_MAX)
            return arena_print(a, "allow: passed on to backend %.*s",
                               SLICE_ARG(e->s->backends[e->ask.backend].backend.id));
        if (e->s->backend_count == 0) return (*ret_status = 200, LIT("allow: 200 to the front proxy that asks"));
        return (*ret_status = 404, LIT("allow, but no backend has this path: 404"));
    case VERDICT_SIGN_IN:
        *ret_word = "sign_in";
        *ret_status = 302;
        return LIT("sign in: a browser is sent to the sign-in page, others get 401");
    case VERDICT_STEP_UP:
        *ret_word = "step_up";
        *ret_status = may_redirect ? 302 : 401;
        return may_redirect ? LIT("sign in again: a browser is sent to the provider, others get 401") : LIT("401");
    case VERDICT_HIDE: *ret_word = "hide"; return (*ret_status = 404, LIT("hide: 404"));
    case VERDICT_REFUSE: break;
    }
    *ret_word = "refuse";
    if (e->has_person) return (*ret_status = 403, LIT("refuse: 403"));
    if (e->rule != NULL && e->rule->otherwise != OTHERWISE_SIGN_IN) return (*ret_status = 401, LIT("refuse: 401"));
    *ret_status = 302; /* a stranger is not told which pages nobody may see */
    return LIT("refuse: a browser is sent to the sign-in page and refused afterwards, others get 401");
}

static bool rules_matter(const struct explanation *e)
{
    return e->ambiguous == NULL && e->known_host && !e->own;
}

static void tell_rules(const struct explanation *e, struct buf *to)
{
    size_t count = routes_rules(e->s->routes, e->ask.backend), width = 8;
    const char *word;
    for (size_t i = 0; i < count; i++) {
        size_t len = routes_nth(e->s->routes, e->ask.backend, i)->id.len;
        if (len > width) width = len;
    }
    for (size_t i = 0; i < count; i++) {
        struct slice id = routes_nth(e->s->routes, e->ask.backend, i)->id;
        buf_print(to, "  %-*.*s  %.*s\n", (int)width, SLICE_ARG(id), SLICE_ARG(apart(e, i, &word)));
    }
}

static void tell_text(const struct explanation *e, struct buf *to)
{
    const char *word;
    int status;
    buf_print(to, "%.*s %.*s\n", SLICE_ARG(e->ask.method), SLICE_ARG(e->url));
    if (rules_matter(e)) {
        if (e->ask.backend != SIZE_MAX)
            buf_print(to, "rules for backend %.*s\n", SLICE_ARG(e->s->backends[e->ask.backend].backend.id));
        tell_rules(e, to);
    }
    buf_print(to, "%.*s\n=> %.*s\n", SLICE_ARG(reason(e)), SLICE_ARG(outcome(e, &word, &status)));
}

static void tell_json(const struct explanation *e, struct buf *to)
{
    struct json j = json_into(to);
    const char *word;
    int status;
    json_open_object(&j, NULL);
    json_string(&j, "method", e->ask.method);
    json_string(&j, "url", e->url);
    if (rules_matter(e)) {
        json_string(&j, "host", e->ask.host);
        json_string(&j, "path", e->ask.path);
        if (e->ask.backend != SIZE_MAX) json_string(&j, "backend", e->s->backends[e->ask.backend].backend.id);
        json_open_list(&j, "rules");
        for (size_t i = 0; i < routes_rules(e->s->routes, e->ask.backend); i++) {
            json_open_object(&j, NULL);
            json_string(&j, "id", routes_nth(e->s->routes, e->ask.backend, i)->id);
            struct slice why = apart(e, i, &word);
            json_string(&j, "fit", slice_of(word));
            json_string(&j, "why", why);
            json_close_object(&j);
        }
        json_close_list(&j);
        if (e->rule != NULL) json_string(&j, "rule", e->rule->id);
    }
    json_string(&j, "reason", reason(e));
    (void)outcome(e, &word, &status);
    json_string(&j, "verdict", slice_of(word));
    if (status != 0) json_number(&j, "status", status);
    json_close_object(&j);
    buf_byte(to, '\n');
}

static int explain(const struct command_line *line, const struct snapshot *s)
{
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct explanation e = {.arena = a, .s = s};
    if (!read_address(line, &e) || !read_client(line, &e) || !read_person(line, &e)) return EXIT_USAGE;
    judge(&e);
    AUTO(buf_close) struct buf out = buf_open(TEXT_MAX);
    if (command_json(line))
        tell_json(&e, &out);
    else
        tell_text(&e, &out);
    command_out(&out);
    return EXIT_FINE;
}

int command_explain(const struct command_line *line)
{
    struct config *c = command_config(line, NULL);
    struct snapshot *s = config_build(c, &(struct config_use){.purpose = CONFIG_CHECK});
    int status = EXIT_CONFIG;
    if (s == NULL)
        command_complain(line, c, LIT("mend the configuration first"));
    else
        status = explain(line, s);
    config_close(c);
    snapshot_drop(s);
    return status;
}
