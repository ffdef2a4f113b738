/* logout_told.c -- a provider tells us that it has signed somebody out, in one of two ways.
 *
 * PREFIX/backchannel-logout/ID, from the provider itself (OpenID Connect Back-Channel Logout 1.0):
 *     read_token     one logout_token in a form
 *     verify         signature and claims                                            may ask the provider for keys, waits
 *     look_back      a token that was taken before is refused                        asks the store, waits
 *     end_session    sid: what came of that session; without one, the person's       asks the store, waits
 *     end_untold     sid and sub: also those of the person of which no sid was told  asks the store, waits
 *     remember       so that it is not taken again: last of all, for what failed half-way must be possible to repeat
 *     say_done       200; what is wrong with the token is 400, what is wrong here 503
 *
 * PREFIX/frontchannel-logout/ID?iss=&sid=, from a frame on the provider's page (OpenID Connect Front-Channel Logout 1.0). Browsers send no
 * cookie of ours into that frame, so it works by the sid, from the store. Whoever knows a sid, which is the provider's secret and the
 * person's, can sign that person out: that is what the specification offers.
 *
 * Sessions end here whatever the browser does next: its cookie names nothing any more.
 */
#include "login/ended.h"
#include "login/login.h"
#include "login/told.h"
#include "observe/metrics.h"
#include "provider/oidc_logout.h"
#include "text/form.h"
#include "text/url.h"

static struct metric told = {
    .name = "vestibule_provider_logouts_total",
    .help = "Logouts that providers told us of, by provider, channel and outcome.",
    .kind = METRIC_COUNTER,
    .labels = {"provider", "channel", "outcome"}
};

struct logout {
    struct visit *v;
    const struct provider *provider;
    const char *channel; /* of the audit record: "back_channel_logout" */
    struct slice token, token_key, before;
    struct logout_claims claims;
    struct session_ids ended, untold;
    bool remembered;
    struct flow flow;
};

static void count(const struct logout *g, const char *outcome)
{
    const struct slice values[] = {g->provider->id, slice_of(g->channel), slice_of(outcome)};
    metric_add(metric_series(&told, values), 1);
}

/* ---- what both have in common ---- */

/* One record that the provider spoke, and one for each session that ended. */
static void tell(const struct logout *g, const struct err *why)
{
    struct audit_record r = visit_audit(g->v, why == NULL ? "logout.told" : "logout.refused");
    r.actor = g->provider->id;
    r.subject = g->claims.sub;
    r.reason = slice_of(g->channel);
    r.why = why;
    records_audit(&r);
    /* a frame of the front channel is part of a page, and any page can have one */
    if (why != NULL && why->problem == PROBLEM_BAD_REQUEST && !visit_is_foreign(g->v))
        visit_failed(g->v, g->v->conf->limits);
    count(g, why == NULL ? "success" : why->problem == PROBLEM_BAD_REQUEST ? "refused" : "failed");
    if (why != NULL) return;
    ended_tell(g->v, &g->ended, g->provider->id, g->claims.sub, g->channel);
    ended_tell(g->v, &g->untold, g->provider->id, g->claims.sub, g->channel);
}

static struct logout *logout_of(struct flow *f, struct visit *v, struct slice provider_id, const char *channel)
{
    const struct provider *p = visit_provider(v, provider_id);
    if (p == NULL || p->descriptor->protocol != PROTOCOL_OIDC) return NULL;
    struct logout *g = arena_new(f->arena, struct logout);
    g->v = v;
    g->provider = p;
    g->channel = channel;
    v->provider = p->id;
    v->endpoint = g;
    return g;
}

/* ---- from the provider itself ---- */

static enum flow_next read_token(struct flow *f)
{
    struct logout *g = f->self;
    struct form form;
    const struct exchange *x = g->v->x;
    if (told_by_browser(g->v) || visit_is_limited(g->v, LIMIT_AUTH_FAILURES, LIT(""))) return FLOW_DONE;
    if (!fetch_type_is(exchange_header(x, LIT("content-type")), LIT("application/x-www-form-urlencoded"))) {
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST, "it is not a form by its media type"));
    }
    const struct err *e = form_read(f->arena, x->body, &form);
    if (e == NULL && form_single(&form, LIT("logout_token"), &g->token) != FORM_ONCE) {
        e = err_new(f->arena, PROBLEM_BAD_REQUEST, "the form needs one logout_token");
    }
    return e != NULL ? flow_fail(f, err_as(f->arena, PROBLEM_BAD_REQUEST, e, "logout")) : FLOW_NEXT;
}

static enum flow_next verify(struct flow *f)
{
    struct logout *g = f->self;
    return oidc_logout(f, g->provider, g->v->env, g->token, &g->claims);
}

static enum flow_next look_back(struct flow *f)
{
    struct logout *g = f->self;
    g->token_key = told_key(f->arena, "logout", g->provider->id, g->claims.jti);
    return store_get(f, g->v->store, g->token_key, &g->before);
}

static enum flow_next refuse_repeated(struct flow *f)
{
    struct logout *g = f->self;
    if (g->before.at == NULL) return FLOW_NEXT;
    return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST, "logout_token: its jti was seen before"));
}

static enum flow_next end_session(struct flow *f)
{
    struct logout *g = f->self;
    const struct logout_claims *c = &g->claims;
    const struct session_giving *giving = ended_giving(g->v, g->provider->id, c->sub);
    if (c->sid.len == 0) {
        return session_revoke_person(f, g->v->sessions, g->provider->id, c->sub, (struct slice){NULL, 0}, giving,
                                     &g->ended);
    }
    return session_revoke_elsewhere(f, g->v->sessions, g->provider->id, c->sid, c->sub, giving, &g->ended);
}

static enum flow_next end_untold(struct flow *f)
{
    struct logout *g = f->self;
    const struct logout_claims *c = &g->claims;
    if (c->sid.len == 0 || c->sub.len == 0) return FLOW_NEXT;
    const struct session_giving *giving = ended_giving(g->v, g->provider->id, c->sub);
    return session_revoke_elsewhere(f, g->v->sessions, g->provider->id, LIT(""), c->sub, giving, &g->untold);
}

static enum flow_next remember(struct flow *f)
{
    struct logout *g = f->self;
    return store_put(f, g->v->store, g->token_key, LIT("1"), told_left_ms(g->claims.until_s), STORE_ALWAYS,
                     &g->remembered);
}

static enum flow_next say_done(struct flow *f)
{
    struct logout *g = f->self;
    tell(g, NULL);
    respond_empty(&g->v->answer, 200);
    return FLOW_DONE;
}

static const struct flow_step back_steps[] = {
    {"logout_told/read_token",      read_token     }, /* */
    {"logout_told/verify",          verify         }, /* may wait */
    {"logout_told/look_back",       look_back      }, /* waits */
    {"logout_told/refuse_repeated", refuse_repeated}, /* */
    {"logout_told/end_session",     end_session    }, /* waits */
    {"logout_told/end_untold",      end_untold     }, /* waits */
    {"logout_told/remember",        remember       }, /* waits */
    {"logout_told/say_done",        say_done       }, /* */
};

/* Section 2.8 of the specification. */
static void back_failed(struct visit *v, const struct err *why)
{
    tell(v->endpoint, why);
    told_refuse(v, why);
}

enum flow_next login_backchannel_logout(struct flow *f, struct visit *v, struct slice provider_id)
{
    struct logout *g = logout_of(f, v, provider_id, "back_channel_logout");
    if (g == NULL) return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no such provider"));
    v->failed = back_failed;
    return flow_call(f, &g->flow, back_steps, sizeof back_steps / sizeof back_steps[0], g);
}

/* ---- from a frame on the provider's page ---- */

static enum flow_next read_query(struct flow *f)
{
    struct logout *g = f->self;
    struct form form;
    struct slice iss = {0};
    const struct exchange *x = g->v->x;
    if (visit_is_limited(g->v, LIMIT_AUTH_FAILURES, LIT(""))) return FLOW_DONE;
    if (form_read(f->arena, x->query, &form) != NULL || form_single(&form, LIT("iss"), &iss) != FORM_ONCE ||
        form_single(&form, LIT("sid"), &g->claims.sid) != FORM_ONCE || g->claims.sid.len == 0) {
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST,
                                    "it needs one iss and one sid (frontchannel_logout_session_required)"));
    }
    if (!slice_is(iss, g->provider->issuer) || g->claims.sid.len > LOGOUT_TOKEN_TEXT_MAX) {
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST, "its iss or sid is not this provider's"));
    }
    return FLOW_NEXT;
}

static enum flow_next end_by_sid(struct flow *f)
{
    struct logout *g = f->self;
    const struct session_giving *giving = ended_giving(g->v, g->provider->id, LIT(""));
    return session_revoke_elsewhere(f, g->v->sessions, g->provider->id, g->claims.sid, LIT(""), giving, &g->ended);
}

/* The one answer of ours that a page of somebody else may show in a frame: this provider's. */
static enum flow_next say_in_frame(struct flow *f)
{
    struct logout *g = f->self;
    struct url u;
    struct slice origin = LIT("'none'");
    tell(g, NULL);
    if (url_read(f->arena, g->provider->issuer, &u) == NULL) origin = url_origin(f->arena, &u);
    const struct slice policy[] = {LIT("default-src 'none'; frame-ancestors "), origin};
    exchange_add(g->v->x, LIT("content-security-policy"), arena_join(f->arena, policy, 2));
    respond_data(&g->v->answer, 200, LIT("text/html; charset=utf-8"),
                 LIT("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Signed out</title></html>\n"));
    return FLOW_DONE;
}

static const struct flow_step front_steps[] = {
    {"logout_told/read_query",   read_query  }, /* */
    {"logout_told/end_by_sid",   end_by_sid  }, /* waits */
    {"logout_told/say_in_frame", say_in_frame}, /* */
};

static void front_failed(struct visit *v, const struct err *why)
{
    tell(v->endpoint, why);
    respond_problem(&v->answer, why->problem, why->problem == PROBLEM_STORE_AWAY ? 5 : 0);
}

enum flow_next login_frontchannel_logout(struct flow *f, struct visit *v, struct slice provider_id)
{
    struct logout *g = logout_of(f, v, provider_id, "front_channel_logout");
    if (g == NULL) return flow_fail(f, err_new(f->arena, PROBLEM_NOT_FOUND, "no such provider"));
    v->failed = front_failed;
    return flow_call(f, &g->flow, front_steps, sizeof front_steps / sizeof front_steps[0], g);
}
