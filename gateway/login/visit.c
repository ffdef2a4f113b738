#include "login/visit.h"

#include "observe/metrics.h"
#include "route/path.h"
#include "text/form.h"
#include "text/url.h"

const struct provider *visit_provider(const struct visit *v, struct slice id)
{
    for (size_t i = 0; i < v->conf->provider_count; i++) {
        if (slice_is(v->conf->providers[i]->id, id)) return v->conf->providers[i];
    }
    return NULL;
}

struct slice visit_url(const struct visit *v, struct slice below_prefix)
{
    const struct slice parts[] = {v->conf->public_url, v->conf->prefix, below_prefix};
    return arena_join(v->x->arena, parts, 3);
}

struct slice visit_redirect_uri(const struct visit *v, const struct provider *p)
{
    const struct slice parts[] = {v->conf->public_url, p->callback};
    return arena_join(v->x->arena, parts, 2);
}

struct slice visit_return_url(const struct visit *v)
{
    struct form query;
    struct slice asked = v->return_asked;
    bool refused;
    if (asked.at == NULL && v->x->query.at != NULL && form_read(v->x->arena, v->x->query, &query) == NULL) {
        if (form_single(&query, LIT("rd"), &asked) != FORM_ONCE) asked = (struct slice){0};
    }
    return return_to(v->x->arena, v->conf->return_rules, asked, &refused);
}

void visit_set_cookie(const struct visit *v, struct slice name, struct slice value, int64_t max_age_s,
                      enum cookie_same_site same_site)
{
    const struct cookie_attributes with = {.path = LIT("/"),
                                           .max_age_s = max_age_s,
                                           .secure = v->conf->secure_cookies,
                                           .http_only = true,
                                           .same_site = same_site};
    exchange_add(v->x, LIT("set-cookie"), cookie_set(v->x->arena, name, value, &with));
}

void visit_set_session(const struct visit *v, struct slice token)
{
    struct cookie_attributes with = *v->conf->session_cookie;
    if (token.len == 0) with.max_age_s = 0;
    exchange_add(v->x, LIT("set-cookie"), cookie_set(v->x->arena, v->conf->session_cookie_name, token, &with));
}

/* Purpose is what some browsers sent before, or beside, Sec-Purpose. */
bool visit_is_prefetch(struct visit *v)
{
    static const struct slice names[] = {LIT_INIT("sec-purpose"), LIT_INIT("purpose")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_find(exchange_header(v->x, names[i]), LIT("prefetch")) == SLICE_NONE) continue;
        respond_empty(&v->answer, 503);
        return true;
    }
    return false;
}

bool visit_is_part(const struct visit *v)
{
    struct slice dest = exchange_header(v->x, LIT("sec-fetch-dest"));
    if (dest.len == 0 || slice_is(dest, LIT("document"))) return false;
    /* a service worker that hands a navigation on loses what it was for, but not that it is one, which no script can claim */
    return !slice_is(dest, LIT("empty")) || !slice_is(exchange_header(v->x, LIT("sec-fetch-mode")), LIT("navigate"));
}

bool visit_is_foreign(const struct visit *v)
{
    struct slice site = exchange_header(v->x, LIT("sec-fetch-site"));
    return slice_is(site, LIT("cross-site")) || slice_is(site, LIT("same-site"));
}

bool visit_is_same_origin(const struct visit *v)
{
    struct slice site = exchange_header(v->x, LIT("sec-fetch-site"));
    if (site.at != NULL) return slice_is(site, LIT("same-origin"));
    return slice_is(exchange_header(v->x, LIT("origin")), v->conf->public_origin);
}

static struct metric limited = {
    .name = "vestibule_rate_limited_total",
    .help = "Requests that were refused because their address, or their provider, had tried too often.",
    .kind = METRIC_COUNTER,
    .labels = {"limit"}};

/* One record for each subject and window: who tries a thousand times more writes no thousand lines. */
static void tell_limited(struct visit *v, enum limit_what what, const struct limit_verdict *verdict)
{
    struct slice word = limit_word(what);
    metric_add(metric_series(&limited, &word), 1);
    v->reason = problem_word(PROBLEM_RATE_LIMITED);
    if (!verdict->first) return;
    struct audit_record r = visit_audit(v, "rate.limited");
    r.target = word;
    records_audit(&r);
}

bool visit_is_limited(struct visit *v, enum limit_what what, struct slice provider)
{
    const struct limit_subject who = {.address = what == LIMIT_PROVIDER ? NULL : v->client, .name = provider};
    struct limit_verdict verdict = what == LIMIT_AUTH_FAILURES ? limits_look(v->limits, v->conf->limits, what, &who)
                                                               : limits_take(v->limits, v->conf->limits, what, &who);
    if (verdict.wait_s == 0) return false;
    tell_limited(v, what, &verdict);
    respond_problem(&v->answer, PROBLEM_RATE_LIMITED, verdict.wait_s);
    return true;
}

int64_t visit_failures_wait_s(struct visit *v, const struct limits_conf *conf)
{
    const struct limit_subject who = {.address = v->client};
    struct limit_verdict verdict = limits_look(v->limits, conf, LIMIT_AUTH_FAILURES, &who);
    if (verdict.wait_s != 0) tell_limited(v, LIMIT_AUTH_FAILURES, &verdict);
    return verdict.wait_s;
}

void visit_failed(struct visit *v, const struct limits_conf *conf)
{
    const struct limit_subject who = {.address = v->client};
    limits_add(v->limits, conf, LIMIT_AUTH_FAILURES, &who);
}

static struct slice kept_claim(const void *claims, struct slice name)
{
    const struct identity *who = claims;
    for (size_t i = 0; i < who->kept_count; i++) {
        if (slice_is(who->kept[i].name, name)) return who->kept[i].value;
    }
    return (struct slice){NULL, 0};
}

struct person visit_person(const struct identity *who, int64_t signed_in_s)
{
    return (struct person){
        .provider = who->provider,
        .subject = who->subject,
        .email = who->email,
        .email_verified = who->email_verified,
        .groups = {who->groups, who->group_count},
        .signed_in_s = signed_in_s,
        .auth_time_s = who->auth_time_s,
        .acr = who->acr,
        .claim = kept_claim,
        .claims = who
    };
}

const struct rule *visit_rule_at(const struct visit *v, struct slice return_url)
{
    struct arena *a = v->x->arena;
    struct slice plain = slice_upto(return_url, slice_index(return_url, '#'));
    bool ours = slice_starts(plain, LIT("/"));
    struct url u;
    if (url_read(a, ours ? v->conf->public_origin : plain, &u) != NULL) return NULL;
    if (ours) u.path = slice_upto(plain, slice_index(plain, '?'));
    struct slice path;
    if (path_canonical(a, u.path, &path) != NULL) return NULL;
    const struct slice bracketed[] = {LIT("["), u.host, LIT("]")};
    struct slice host = u.host_is_ip6 ? arena_join(a, bracketed, 3) : u.host;
    const struct route_ask ask = {host, path, LIT("GET"), v->client, routes_backend(v->conf->routes, host, path)};
    return routes_rule(v->conf->routes, &ask);
}

struct audit_record visit_audit(const struct visit *v, const char *event)
{
    return (struct audit_record){.event = event,
                                 .request_id = v->request_id,
                                 .provider = v->provider,
                                 .client_ip = v->client_ip,
                                 .user_agent = exchange_header(v->x, LIT("user-agent"))};
}

void visit_give_back(const struct visit *v, const struct session_left *left, const struct session *session)
{
    const struct provider *p = visit_provider(v, left->provider);
    if (left->tokens == NULL || p == NULL) return;
    struct token_source from = v->conf->tokens;
    from.provider = p;
    struct audit_record who = visit_audit(v, "");
    const struct slice user[] = {session->identity.provider, LIT(":"), session->identity.subject};
    who.actor = arena_join(v->x->arena, user, 3);
    who.subject = session->identity.subject;
    who.email = session->identity.email;
    who.session = session->reference;
    session_tokens_revoke(v->sessions, left, &from, &who);
}
