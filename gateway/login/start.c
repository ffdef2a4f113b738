/* start.c -- a stranger has chosen a provider.
 *
 *     refuse_what_is_no_click   sub-resources, prefetches and scripts get no attempt, nor does who tries too often
 *     look_whether_it_is_there  a provider that did not answer lately is left alone for a moment
 *     ask_provider              the authorization URL; may wait for discovery, or for a request token
 *     send_away                 302 there, with the attempt in a cookie
 *
 * Nothing is written to the store: the attempt travels in the browser's own cookie, sealed.
 */
#include "login/attempt.h"
#include "login/login.h"
#include "text/encode.h"

#include "base/now.h"

struct start {
    struct visit *v;
    const struct provider *provider;
    struct attempt attempt;
    struct authorized to;
    struct flow flow;
};

/* A sign-in begins with a person's navigation; an image, a fetch or a prefetch that starts one would only leave cookies about. */
static bool is_no_click(const struct visit *v)
{
    const struct exchange *x = v->x;
    struct slice mode = exchange_header(x, LIT("sec-fetch-mode"));
    if (mode.len != 0 && !slice_is(mode, LIT("navigate"))) return true;
    if (visit_is_part(v)) return true;
    /* a script's mark; applications that show the web put their own name there, and then the browser's word counts */
    struct slice by = exchange_header(x, LIT("x-requested-with"));
    if (by.len != 0 && (mode.len == 0 || slice_is_nocase(by, LIT("XMLHttpRequest")))) return true;
    struct slice accept = exchange_header(x, LIT("accept"));
    return slice_find(accept, LIT("json")) != SLICE_NONE && slice_find(accept, LIT("html")) == SLICE_NONE;
}

static enum flow_next refuse_what_is_no_click(struct flow *f)
{
    struct start *s = f->self;
    struct visit *v = s->v;
    if (visit_is_prefetch(v)) return FLOW_DONE;
    if (is_no_click(v)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_SIGN_IN_REQUIRED,
                                    "a sign-in is started by a navigation, not by a sub-resource"));
    }
    bool limited = visit_is_limited(v, LIMIT_SIGN_IN, LIT("")) || visit_is_limited(v, LIMIT_PROVIDER, s->provider->id);
    return limited ? FLOW_DONE : FLOW_NEXT;
}

static struct slice joined(struct arena *a, const struct slices *words)
{
    struct slice all = LIT("");
    for (size_t i = 0; i < words->count; i++) {
        const struct slice more[] = {all, i != 0 ? LIT(" ") : LIT(""), words->at[i]};
        all = arena_join(a, more, 3);
    }
    return all;
}

/* Sending somebody to a provider that does not answer ends in an error later on; here they are offered the others at once. */
static enum flow_next look_whether_it_is_there(struct flow *f)
{
    struct start *s = f->self;
    int64_t wait_s = 0;
    if (!provider_is_away(s->provider, &wait_s) || wait_s == 0) return FLOW_NEXT;
    return flow_fail(f, err_new(f->arena, PROBLEM_PROVIDER_AWAY,
                                "the provider did not answer lately; it is tried again in %lld s", (long long)wait_s));
}

static enum flow_next ask_provider(struct flow *f)
{
    struct start *s = f->self;
    struct visit *v = s->v;
    const struct provider *p = s->provider;
    struct arena *a = f->arena;
    attempt_begin(a, now_s(), &s->attempt);
    s->attempt.provider = p->id;
    s->attempt.issuer = p->issuer;
    s->attempt.client_id = p->client_id;
    s->attempt.redirect_uri = visit_redirect_uri(v, p);
    s->attempt.return_url = visit_return_url(v);
    /* What the page they return to will ask for is asked for now, so that nobody signs in twice. */
    const struct rule *rule = visit_rule_at(v, s->attempt.return_url);
    const struct authorize_ask ask = {.redirect_uri = s->attempt.redirect_uri,
                                      .state = s->attempt.state,
                                      .nonce = s->attempt.nonce,
                                      .verifier = s->attempt.verifier,
                                      .acr_values = rule != NULL ? joined(a, &rule->acr) : LIT(""),
                                      .max_age_s = rule != NULL ? rule->max_age_s : 0};
    return provider_authorize(f, p, v->env, &ask, &s->to);
}

static enum flow_next send_away(struct flow *f)
{
    struct start *s = f->self;
    struct visit *v = s->v;
    struct slice *old;
    s->attempt.state = s->to.state;
    s->attempt.token = s->to.token;
    s->attempt.token_secret = s->to.token_secret;
    size_t surplus = attempt_surplus(f->arena, v->conf->attempt_prefix, v->cookies, &old);
    for (size_t i = 0; i < surplus; i++) {
        visit_set_cookie(v, old[i], LIT(""), 0, COOKIE_LAX);
    }
    struct slice name = attempt_cookie_name(f->arena, v->conf->attempt_prefix, &s->attempt);
    struct slice value = attempt_seal(f->arena, v->conf->keys, name, &s->attempt);
    /* A form_post answer is a cross-site POST: only SameSite=None comes along (OAuth 2.0 Form Post, section 2). */
    bool cross_site = s->provider->descriptor->response_mode == RESPONSE_FORM_POST;
    visit_set_cookie(v, name, value, ATTEMPT_AGE_S, cross_site ? COOKIE_SAME_SITE_NONE : COOKIE_LAX);
    struct audit_record r = visit_audit(v, "signin.started");
    records_audit(&r);
    respond_redirect(&v->answer, 302, s->to.url);
    return FLOW_DONE;
}

static const struct flow_step steps[] = {
    {"start/refuse_what_is_no_click",  refuse_what_is_no_click }, /* */
    {"start/look_whether_it_is_there", look_whether_it_is_there}, /* */
    {"start/ask_provider",             ask_provider            }, /* waits */
    {"start/send_away",                send_away               }, /* */
};

static void start_failed(struct visit *v, const struct err *why)
{
    struct start *s = v->endpoint;
    if (why->problem == PROBLEM_SIGN_IN_REQUIRED) {
        respond_problem(&v->answer, why->problem, 0);
        return;
    }
    struct audit_record r = visit_audit(v, "signin.failed");
    r.why = why;
    records_audit(&r);
    login_count(v->provider, "error", why->problem, 0);
    login_show_page(v, visit_return_url(v), why->problem, s->provider);
}

enum flow_next login_start(struct flow *f, struct visit *v, struct slice provider_id)
{
    struct start *s = arena_new(f->arena, struct start);
    s->v = v;
    s->provider = visit_provider(v, provider_id);
    if (s->provider == NULL) {
        return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no such provider"));
    }
    v->provider = s->provider->id;
    v->endpoint = s;
    v->failed = start_failed;
    struct slice return_url = visit_return_url(v);
    if (!route_takes_provider(visit_rule_at(v, return_url), s->provider->id)) {
        respond_redirect(&v->answer, 302, login_page_url(v, return_url)); /* it offers those that count there */
        return FLOW_DONE;
    }
    return flow_call(f, &s->flow, steps, sizeof steps / sizeof steps[0], s);
}
