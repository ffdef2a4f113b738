/* callback.c -- the visitor comes back from the provider.
 *
 *     refuse_too_many an address that tries, or fails, too often waits; what no person went to is neither looked at nor counted
 *     read_answer     one state, and one code or one error; each at most once and of bounded size. An answer with
 *                     a fault still ends the attempt its state names
 *     find_attempt    the attempt this browser's cookie holds for that state
 *     recognise       no attempt, but signed in already (Back, refresh, another tab): no dead end
 *     check_issuer    RFC 9207: is this the provider we asked                         may wait
 *     claim           exactly one callback may use the attempt                         asks the store, waits
 *     hear_refusal    the provider said no
 *     redeem          code for tokens, tokens for a verified identity                  asks the provider, waits
 *     judge           is this identity one we let in
 *     begin           a new session; the old one is deleted                            asks the store, waits
 *     send_home       303 to where the visitor first wanted to go
 *
 * Nothing is promised to anybody before send_home, so a callback that fails or is dropped half-way leaves nothing behind but a claimed attempt.
 */
#include "login/attempt.h"
#include "login/login.h"
#include "login/welcome.h"
#include "provider/callback_answer.h"
#include "text/form.h"
#include "text/utf8.h"

#include "base/now.h"

enum {
    ERROR_SHOWN = 120 /* characters of a provider's error in our log */
};

struct callback {
    struct visit *v;
    const struct provider *provider;
    struct callback_answer answer;
    const struct err *fault; /* what is wrong with the answer beside its state */
    enum problem lost;       /* why there is no attempt */
    struct attempt attempt;
    struct slice attempt_cookie;
    bool claimed, replayed;
    struct grant grant;
    struct session_begun begun;
    int64_t began_us;
    struct flow flow;
};

/* Before anything is opened or asked for: junk in any amount costs a look-up. Pictures of somebody else's page come first, or that page could use
 * up what its visitors may try. */
static enum flow_next refuse_too_many(struct flow *f)
{
    struct callback *c = f->self;
    if (visit_is_prefetch(c->v)) return FLOW_DONE;
    if (visit_is_part(c->v)) {
        respond_problem(&c->v->answer, PROBLEM_SIGN_IN_REQUIRED, 0);
        return FLOW_DONE;
    }
    bool limited =
        visit_is_limited(c->v, LIMIT_AUTH_FAILURES, LIT("")) || visit_is_limited(c->v, LIMIT_CALLBACK, LIT(""));
    return limited ? FLOW_DONE : FLOW_NEXT;
}

static enum flow_next read_answer(struct flow *f)
{
    struct callback *c = f->self;
    const struct exchange *x = c->v->x;
    bool by_post = c->provider->descriptor->response_mode == RESPONSE_FORM_POST;
    if (!slice_is(x->method, by_post ? LIT("POST") : LIT("GET"))) {
        return flow_fail(f, err_new(f->arena, PROBLEM_METHOD, "this provider answers by %s", by_post ? "POST" : "GET"));
    }
    struct form form;
    const struct err *e = NULL;
    struct slice type = exchange_header(x, LIT("content-type"));
    if (by_post && !fetch_type_is(type, LIT("application/x-www-form-urlencoded")))
        e = err_new(f->arena, PROBLEM_BAD_REQUEST, "the answer is not a form by its media type");
    if (e == NULL) e = form_read(f->arena, by_post ? x->body : x->query, &form);
    if (e == NULL) e = callback_answer_read(f->arena, c->provider->descriptor, &form, &c->answer);
    if (e != NULL && c->answer.state.len == 0) return flow_fail(f, e);
    c->fault = e;
    return FLOW_NEXT;
}

static enum flow_next find_attempt(struct flow *f)
{
    struct callback *c = f->self;
    struct visit *v = c->v;
    switch (attempt_find(f->arena, v->conf->keys, v->conf->attempt_prefix, v->cookies, c->answer.state, now_s(),
                         &c->attempt, &c->attempt_cookie)) {
    case ATTEMPT_GOOD: return FLOW_NEXT;
    case ATTEMPT_NO_COOKIES: c->lost = PROBLEM_COOKIES_BLOCKED; return FLOW_NEXT;
    case ATTEMPT_OLD: c->lost = PROBLEM_ATTEMPT_EXPIRED; return FLOW_NEXT;
    case ATTEMPT_NONE:
    case ATTEMPT_FORGED: break;
    }
    c->lost = PROBLEM_ATTEMPT_UNKNOWN;
    return FLOW_NEXT;
}

static enum flow_next recognise(struct flow *f)
{
    struct callback *c = f->self;
    struct visit *v = c->v;
    if (c->lost == PROBLEM_NONE || c->fault != NULL) return FLOW_NEXT;
    return session_find(f, v->sessions, v->session_cookies, &v->session, &v->session_why);
}

static enum flow_next check_attempt(struct flow *f)
{
    struct callback *c = f->self;
    if (c->fault != NULL) return flow_fail(f, c->fault);
    if (c->lost != PROBLEM_NONE && c->v->session != NULL && slice_is(c->v->session->site, c->v->conf->site)) {
        respond_redirect(&c->v->answer, 303, LIT("/"));
        return FLOW_DONE;
    }
    if (c->lost != PROBLEM_NONE) {
        return flow_fail(f, err_new(f->arena, c->lost, "no sign-in of this browser has that state"));
    }
    const struct attempt *t = &c->attempt;
    const struct provider *p = c->provider;
    /* Mix-up defence (RFC 9700 section 4.4): the attempt says whom it asked, and from where. */
    if (!slice_is(t->provider, p->id) || !slice_is(t->issuer, p->issuer) || !slice_is(t->client_id, p->client_id)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_ATTEMPT_UNKNOWN, "the attempt was begun with another provider"));
    }
    /* A start that does not count where the person goes was refused; a reload may have come between. */
    if (!route_takes_provider(visit_rule_at(c->v, t->return_url), p->id)) {
        return flow_fail(
            f, err_new(f->arena, PROBLEM_ATTEMPT_UNKNOWN, "this provider no longer counts where they return"));
    }
    if (!slice_is(t->redirect_uri, visit_redirect_uri(c->v, p))) {
        return flow_fail(
            f, err_new(f->arena, PROBLEM_ATTEMPT_UNKNOWN, "the attempt was begun at another address of ours"));
    }
    return provider_check_issuer(f, p, c->v->env, c->answer.iss);
}

static enum flow_next claim(struct flow *f)
{
    struct callback *c = f->self;
    int64_t left_s = c->attempt.began_s + ATTEMPT_AGE_S + 2 * ATTEMPT_SKEW_S - now_s();
    return store_put(f, c->v->store, attempt_claim_key(f->arena, &c->attempt), LIT("1"), left_s * 1000, STORE_IF_NEW,
                     &c->claimed);
}

/* The provider's words for our log, unless they repeat what must not stand there. */
static struct slice told(const struct callback *c, struct arena *a, struct slice words)
{
    if (slice_find(words, c->attempt.state) != SLICE_NONE || slice_find(words, c->attempt.nonce) != SLICE_NONE)
        return LIT("(repeats what we sent)");
    return utf8_for_people(a, words, ERROR_SHOWN);
}

static enum flow_next hear_refusal(struct flow *f)
{
    struct callback *c = f->self;
    if (!c->claimed) {
        c->replayed = true;
        return flow_fail(f, err_new(f->arena, PROBLEM_ATTEMPT_UNKNOWN, "the attempt was used before"));
    }
    if (c->answer.error.len == 0) return FLOW_NEXT;
    struct slice error = told(c, f->arena, c->answer.error);
    struct slice text = told(c, f->arena, c->answer.error_description);
    enum problem problem = callback_answer_problem(&c->answer);
    return flow_fail(f, err_new(f->arena, problem, "the provider answered %.*s%s%.*s", SLICE_ARG(error),
                                text.len != 0 ? "; it says: " : "", SLICE_ARG(text)));
}

static enum flow_next redeem(struct flow *f)
{
    struct callback *c = f->self;
    const struct redeem_ask ask = {.redirect_uri = c->attempt.redirect_uri,
                                   .code = c->answer.code,
                                   .verifier = c->attempt.verifier,
                                   .nonce = c->attempt.nonce,
                                   .state = c->attempt.state,
                                   .token = c->attempt.token,
                                   .token_secret = c->attempt.token_secret,
                                   .params = c->answer.params,
                                   .began_s = c->attempt.began_s};
    return provider_redeem(f, c->provider, c->v->env, &ask, &c->grant);
}

/* What the page they came from asks for was asked of the provider; one that cannot give it is not asked in a circle. */
static enum flow_next check_step_up(struct callback *c, struct flow *f)
{
    const struct rule *rule = visit_rule_at(c->v, c->attempt.return_url);
    const struct person who = visit_person(&c->grant.identity, now_s());
    if (route_judge(rule, &who, now_s()) != VERDICT_STEP_UP) return FLOW_NEXT;
    struct slice lacking = route_step_up(rule, &who, now_s());
    return flow_fail(f, err_new(f->arena, PROBLEM_STEP_UP_UNMET,
                                "rule %.*s asks for %.*s, and the provider did not confirm it", SLICE_ARG(rule->id),
                                SLICE_ARG(lacking)));
}

static enum flow_next judge(struct flow *f)
{
    struct callback *c = f->self;
    const struct identity *who = &c->grant.identity;
    if (c->provider->require_verified_email && who->email.len != 0 && !who->email_verified) {
        return flow_fail(
            f, err_new(f->arena, PROBLEM_EMAIL_UNVERIFIED, "the provider does not vouch for the e-mail address"));
    }
    return check_step_up(c, f);
}

static enum flow_next begin(struct flow *f)
{
    struct callback *c = f->self;
    const struct grant *g = &c->grant;
    const struct session_start start = {
        .identity = &g->identity,
        .tokens = c->provider->tokens == TOKENS_SESSION ? &g->tokens : NULL,
        .provider_sid = g->sid,
        .site = c->v->conf->site,
        .old_cookie_header = c->v->session_cookies,
        .address = c->v->client_ip,
        .user_agent = exchange_header(c->v->x, LIT("user-agent")),
        .began_ms = c->attempt.began_ms,
    };
    return session_begin(f, c->v->sessions, &start, &c->begun);
}

/* A fragment that a platform hung on our address ("#_=_") would follow the person home, unless that has one of its own; outside OpenID Connect
 * there are such platforms. */
static struct slice home_of(const struct callback *c, struct arena *a)
{
    struct slice home = c->attempt.return_url;
    if (c->provider->descriptor->protocol == PROTOCOL_OIDC || slice_index(home, '#') != SLICE_NONE) return home;
    return arena_join(a, (struct slice[]){home, LIT("#")}, 2);
}

static enum flow_next send_home(struct flow *f)
{
    struct callback *c = f->self;
    struct visit *v = c->v;
    welcome(v, &c->grant.identity, &c->begun, now_us() - c->began_us);
    visit_set_cookie(v, c->attempt_cookie, LIT(""), 0, COOKIE_LAX);
    if (v->conf->remember_last) {
        visit_set_cookie(v, LIT("vestibule-last"), v->provider, 180 * 86400, COOKIE_LAX);
    }
    if (v->conf->strict_session)
        respond_onward(&v->answer, c->attempt.return_url);
    else
        respond_redirect(&v->answer, 303, home_of(c, f->arena));
    return FLOW_DONE;
}

static const struct flow_step steps[] = {
    {"callback/refuse_too_many", refuse_too_many}, /* */
    {"callback/read_answer",     read_answer    }, /* */
    {"callback/find_attempt",    find_attempt   }, /* */
    {"callback/recognise",       recognise      }, /* may wait */
    {"callback/check_attempt",   check_attempt  }, /* may wait */
    {"callback/claim",           claim          }, /* waits */
    {"callback/hear_refusal",    hear_refusal   }, /* */
    {"callback/redeem",          redeem         }, /* waits */
    {"callback/judge",           judge          }, /* */
    {"callback/begin",           begin          }, /* waits */
    {"callback/send_home",       send_home      }, /* */
};

static const char *event_of(const struct callback *c, enum problem problem)
{
    if (c->replayed) return "callback.replayed";
    if (problem == PROBLEM_SIGN_IN_CANCELLED) return "signin.cancelled";
    if (problem == PROBLEM_ATTEMPT_UNKNOWN || problem == PROBLEM_COOKIES_BLOCKED) {
        return "callback.state_mismatch";
    }
    return "signin.failed";
}

static void callback_failed(struct visit *v, const struct err *why)
{
    struct callback *c = v->endpoint;
    if (why->problem == PROBLEM_METHOD) {
        exchange_add(v->x, LIT("allow"),
                     c->provider->descriptor->response_mode == RESPONSE_FORM_POST ? LIT("POST") : LIT("GET"));
        respond_problem(&v->answer, why->problem, 0);
        return;
    }
    if (why->problem != PROBLEM_SIGN_IN_CANCELLED && problem_status(why->problem) < 500)
        visit_failed(v, v->conf->limits);
    struct audit_record r = visit_audit(v, event_of(c, why->problem));
    r.reason = problem_word(why->problem);
    r.why = why;
    records_audit(&r);
    login_count(v->provider, why->problem == PROBLEM_SIGN_IN_CANCELLED ? "cancelled" : "error", why->problem,
                now_us() - c->began_us);
    /* While the store is away nothing was used: the same answer may be tried again, as Retry-After says. */
    bool untried = why->problem == PROBLEM_STORE_AWAY && !c->claimed;
    if (c->attempt_cookie.len != 0 && !untried) visit_set_cookie(v, c->attempt_cookie, LIT(""), 0, COOKIE_LAX);
    struct slice home = c->attempt.return_url.len != 0 ? c->attempt.return_url : LIT("/");
    login_show_page(v, home, why->problem, c->provider);
}

/* Nobody stands behind this address. Only to whoever was sent away from here, before a reload took the provider out, is that more than a page
 * that does not exist. */
static enum flow_next offer_others(struct flow *f, struct visit *v, struct slice provider_id)
{
    struct form form;
    struct attempt t;
    struct slice state = {0}, cookie;
    const struct login_conf *conf = v->conf;
    struct slice text = slice_is(v->x->method, LIT("POST")) ? v->x->body : v->x->query;
    const struct err *e = err_new(f->arena, PROBLEM_NOT_FOUND, "no such provider");
    if (form_read(f->arena, text, &form) != NULL || form_single(&form, LIT("state"), &state) != FORM_ONCE)
        return flow_fail(f, e);
    if (attempt_find(f->arena, conf->keys, conf->attempt_prefix, v->cookies, state, now_s(), &t, &cookie) !=
            ATTEMPT_GOOD ||
        !slice_is(t.provider, provider_id))
        return flow_fail(f, e);
    struct audit_record r = visit_audit(v, "signin.failed");
    r.reason = problem_word(PROBLEM_ATTEMPT_UNKNOWN);
    r.provider = t.provider;
    r.why = err_new(f->arena, PROBLEM_ATTEMPT_UNKNOWN, "the provider it was begun with is no longer configured");
    records_audit(&r);
    visit_set_cookie(v, cookie, LIT(""), 0, COOKIE_LAX);
    login_show_page(v, t.return_url, PROBLEM_ATTEMPT_UNKNOWN, NULL);
    return FLOW_DONE;
}

enum flow_next login_callback(struct flow *f, struct visit *v, struct slice provider_id)
{
    struct callback *c = arena_new(f->arena, struct callback);
    c->v = v;
    c->began_us = now_us();
    c->provider = visit_provider(v, provider_id);
    if (c->provider == NULL) return offer_others(f, v, provider_id);
    v->provider = c->provider->id;
    v->endpoint = c;
    v->failed = callback_failed;
    return flow_call(f, &c->flow, steps, sizeof steps / sizeof steps[0], c);
}
