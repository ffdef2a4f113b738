/* sign_in.c -- the page that offers the providers, also the page on which a failed sign-in is told. */
#include <string.h>

#include "login/login.h"
#include "observe/metrics.h"
#include "page/provider_buttons.h"
#include "text/encode.h"
#include "text/url.h"

#include "base/now.h"

enum {
    STORE_WAIT_S = 5 /* what browsers are told while the store is away */
};

static struct metric sign_ins = {
    .name = "vestibule_sign_ins_total",
    .help = "Sign-ins by provider, outcome and reason.",
    .kind = METRIC_COUNTER,
    .labels = {"provider", "outcome", "reason"}
};
static struct metric sign_in_seconds = {.name = "vestibule_sign_in_duration_seconds",
                                        .help = "Callback handling, from the visitor's return to the new session.",
                                        .kind = METRIC_HISTOGRAM,
                                        .labels = {"provider"}};

void login_count(struct slice provider, const char *outcome, enum problem reason, int64_t took_us)
{
    const struct slice values[] = {provider, slice_of(outcome), problem_word(reason)};
    metric_add(metric_series(&sign_ins, values), 1);
    if (reason == PROBLEM_NONE) metric_observe_us(metric_series(&sign_in_seconds, values), took_us);
}

static struct slice with_rd(const struct visit *v, struct slice url, struct slice return_url)
{
    struct arena *a = v->x->arena;
    const struct slice parts[] = {url, LIT("?rd="), percent_encode(a, return_url)};
    return arena_join(a, parts, 3);
}

struct slice login_page_url(const struct visit *v, struct slice to)
{
    return with_rd(v, visit_url(v, LIT("/sign-in")), to);
}

struct slice login_switch_url(const struct visit *v, struct slice to)
{
    return with_rd(v, visit_url(v, LIT("/sign-out")), to);
}

struct slice login_start_url(const struct visit *v, struct slice provider, struct slice to)
{
    const struct slice below[] = {LIT("/start/"), provider};
    return with_rd(v, visit_url(v, arena_join(v->x->arena, below, 2)), to);
}

static struct slice start_path(const struct visit *v, const struct provider *p, struct slice return_url)
{
    const struct slice parts[] = {v->conf->prefix, LIT("/start/"), p->id};
    return with_rd(v, arena_join(v->x->arena, parts, 3), return_url);
}

static struct slice destination_host(const struct visit *v, struct slice return_url)
{
    struct url u;
    bool absolute = !slice_starts(return_url, LIT("/"));
    if (url_read(v->x->arena, absolute ? return_url : v->conf->public_origin, &u) != NULL) return LIT("");
    return u.host;
}

/* The next provider from *i on that a sign-in for this place may use, or NULL. A hidden one is offered where the rule names it. */
static const struct provider *next_offered(const struct visit *v, const struct rule *rule, size_t *i)
{
    bool named = rule != NULL && rule->providers.count != 0;
    while (*i < v->conf->provider_count) {
        const struct provider *p = v->conf->providers[(*i)++];
        if (named ? route_takes_provider(rule, p->id) : !p->hidden) return p;
    }
    return NULL;
}

/* Its owner's sentence stands only on a button in its owner's colours that has its owner's name. */
static struct slice official_sentence(const struct visit *v, const struct provider *p)
{
    bool official =
        p->descriptor != NULL && slice_is(p->name, p->descriptor->name) && pages_brand(v->answer.pages, p->id).len != 0;
    return official ? p->descriptor->brand.label : LIT("");
}

/* told: whom the banner is about, may be NULL. */
static size_t visible_buttons(const struct visit *v, struct slice return_url, const struct provider *told,
                              struct provider_button *to)
{
    struct slice last = {0};
    const struct rule *rule = visit_rule_at(v, return_url);
    const struct provider *p;
    size_t n = 0, i = 0;
    int64_t wait_s;
    if (v->conf->remember_last) cookie_find(v->cookies, LIT("vestibule-last"), &last);
    while ((p = next_offered(v, rule, &i)) != NULL) {
        to[n++] = (struct provider_button){.id = p->id,
                                           .name = p->name,
                                           .href = start_path(v, p, return_url),
                                           .icon = p->icon,
                                           .label = official_sentence(v, p),
                                           .last = last.len != 0 && slice_is(last, p->id),
                                           .away = provider_is_away(p, &wait_s),
                                           .told = p == told};
    }
    return n;
}

/* The form for local users: where a rule takes certain providers' word, only when it takes theirs. */
static bool offers_local(const struct visit *v, const struct rule *rule)
{
    return v->conf->local_users != NULL && route_takes_provider(rule, local_provider);
}

static void offer_local(struct visit *v, struct slice return_url, struct view *view)
{
    struct arena *a = v->x->arena;
    if (!offers_local(v, visit_rule_at(v, return_url))) return;
    struct view *form = view_section(view, "local");
    const struct slice action[] = {v->conf->prefix, LIT("/sign-in")};
    view_text(form, "action", arena_join(a, action, 2));
    view_text(form, "token", session_form_token(v->sessions, a, NULL));
    view_text(form, "rd", return_url);
}

static int banner_status(enum problem problem)
{
    return problem == PROBLEM_NONE ? 200 : problem_status(problem);
}

void login_show_page(struct visit *v, struct slice return_url, enum problem problem, const struct provider *provider)
{
    struct arena *a = v->x->arena;
    if (v->answer.wants == WANTS_JSON || v->answer.wants == WANTS_BARE) {
        if (problem == PROBLEM_SIGN_IN_CANCELLED) problem = PROBLEM_PROVIDER_REFUSED;
        if (problem == PROBLEM_NONE) problem = PROBLEM_SIGN_IN_REQUIRED;
        respond_problem(&v->answer, problem, problem == PROBLEM_STORE_AWAY ? STORE_WAIT_S : 0);
        return;
    }
    struct view *view = view_new(a);
    struct provider_button *buttons = arena_array(a, struct provider_button, v->conf->provider_count + 1);
    size_t count = visible_buttons(v, return_url, provider, buttons);
    provider_buttons(view, v->answer.pages, buttons, count, (size_t)v->conf->primary, v->answer.language);
    view_text(view, "destination", destination_host(v, return_url));
    const struct slice query[] = {LIT("rd="), percent_encode(a, return_url), LIT("&")};
    view_text(view, "keep_query", arena_join(a, query, 3));
    view_text(view, "home", v->answer.home);
    /* A start or a callback is not to be asked for again by choosing a language. */
    view_text(view, "here", visit_url(v, LIT("/sign-in")));
    if (problem != PROBLEM_NONE) {
        view_text(view, "problem_title", pages_problem_title(v->answer.pages, v->answer.language, problem));
        view_text(view, "problem_advice", pages_problem_advice(v->answer.pages, v->answer.language, problem));
        view_text(view, "code", problem_word(problem));
        view_text(view, "reference", respond_reference(a, v->request_id));
    }
    offer_local(v, return_url, view);
    if (provider != NULL) view_text(view, "provider", provider->name);
    int64_t wait_s = problem == PROBLEM_STORE_AWAY ? STORE_WAIT_S : 0;
    if (problem == PROBLEM_PROVIDER_AWAY && provider != NULL) (void)provider_is_away(provider, &wait_s);
    if (wait_s > 0) exchange_add(v->x, LIT("retry-after"), arena_print(a, "%lld", (long long)wait_s));
    respond_page(&v->answer, banner_status(problem), PAGE_SIGN_IN, view);
}

enum flow_next login_sign_in(struct flow *f, struct visit *v)
{
    struct slice return_url = visit_return_url(v);
    (void)f;
    const struct rule *rule = visit_rule_at(v, return_url);
    if (v->session != NULL && route_takes_provider(rule, v->session->identity.provider)) {
        respond_redirect(&v->answer, 302, return_url);
        return FLOW_DONE;
    }
    size_t i = 0;
    const struct provider *first = next_offered(v, rule, &i);
    bool single = first != NULL && next_offered(v, rule, &i) == NULL;
    /* Where a rule takes the word of one provider alone there is nothing to choose, whatever is configured. */
    bool named = rule != NULL && rule->providers.count != 0;
    if (single && !offers_local(v, rule) && (named || v->conf->skip_if_single)) {
        respond_redirect(&v->answer, 302, start_path(v, first, return_url));
        return FLOW_DONE;
    }
    login_show_page(v, return_url, PROBLEM_NONE, NULL);
    return FLOW_DONE;
}
