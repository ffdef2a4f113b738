/* sign_out.c -- GET asks, POST does it.
 *
 *     check_request   our own form, by the token in it; else the same question again
 *     end             the records are deleted everywhere; the cookie goes with the answer         asks the store, waits
 *     ask_where       the provider's end-session address, if the box was ticked and it has one
 *     say_goodbye     303 to the provider, or to our own page
 *
 * The session is over here before anything is sent to the provider; the store being away is told (503), with the cookie deleted all the same.
 */
#include "login/login.h"
#include "observe/metrics.h"
#include "text/encode.h"
#include "text/form.h"
#include "text/url.h"

static struct metric sign_outs = {.name = "vestibule_sign_outs_total",
                                  .help = "Sign-outs by the person.",
                                  .kind = METRIC_COUNTER,
                                  .labels = {"cause"}};

struct sign_out {
    struct visit *v;
    const struct provider *provider; /* of the session; NULL: not configured any more */
    bool everywhere;
    struct slice return_url, elsewhere, set_cookie;
    struct session_left left;
    struct flow flow;
};

static struct slice ours(const struct visit *v, struct slice below)
{
    const struct slice parts[] = {v->conf->prefix, below};
    return arena_join(v->x->arena, parts, 2);
}

/* What a POST carries; a form that cannot be read carries nothing. */
static void read_form(struct sign_out *s, struct slice *ret_token)
{
    struct form form;
    struct slice yes = {0}, rd = {0};
    bool refused;
    if (form_read(s->v->x->arena, s->v->x->body, &form) != NULL) return;
    form_single(&form, LIT("token"), ret_token);
    form_single(&form, LIT("everywhere"), &yes);
    form_single(&form, LIT("rd"), &rd);
    s->everywhere = slice_is(yes, LIT("yes"));
    s->return_url = return_to(s->v->x->arena, s->v->conf->return_rules, rd, &refused);
}

static enum flow_next check_request(struct flow *f)
{
    struct sign_out *s = f->self;
    struct visit *v = s->v;
    struct slice token = {0};
    if (v->session == NULL) {
        respond_redirect(&v->answer, 303, ours(v, LIT("/signed-out")));
        return FLOW_DONE;
    }
    read_form(s, &token);
    /* The token alone would do; a browser that says "cross-site" is believed all the same. */
    if (visit_is_foreign(v) || !session_form_token_fits(v->sessions, v->session, token)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_CROSS_SITE, "the form is not one of ours"));
    }
    return FLOW_NEXT;
}

static enum flow_next end(struct flow *f)
{
    struct sign_out *s = f->self;
    return session_end(f, s->v->sessions, s->v->session_cookies, &s->set_cookie, &s->left);
}

static enum flow_next ask_where(struct flow *f)
{
    struct sign_out *s = f->self;
    struct visit *v = s->v;
    if (!s->everywhere || s->provider == NULL || !provider_knows_end_session(s->provider)) {
        return FLOW_NEXT;
    }
    const struct end_session_ask ask = {.id_token_hint = s->left.tokens != NULL ? s->left.tokens->id_token : LIT(""),
                                        .post_logout_redirect_uri = visit_url(v, LIT("/signed-out"))};
    return provider_end_session(f, s->provider, v->env, &ask, &s->elsewhere);
}

static void tell(const struct sign_out *s)
{
    struct visit *v = s->v;
    const struct identity *who = &v->session->identity;
    struct audit_record r = visit_audit(v, "signout");
    const struct slice user[] = {who->provider, LIT(":"), who->subject};
    r.actor = arena_join(v->x->arena, user, 3);
    r.subject = who->subject;
    r.provider = who->provider;
    r.session = v->session->reference;
    records_audit(&r);
    visit_give_back(v, &s->left, v->session);
    metric_add(metric_series(&sign_outs, (const struct slice[]){LIT("sign_out")}), 1);
}

static enum flow_next say_goodbye(struct flow *f)
{
    struct sign_out *s = f->self;
    struct visit *v = s->v;
    const struct identity *who = &v->session->identity;
    tell(s);
    visit_set_session(v, (struct slice){0});
    if (s->elsewhere.len != 0) {
        respond_redirect(&v->answer, 303, s->elsewhere);
        return FLOW_DONE;
    }
    const struct slice parts[] = {ours(v, LIT("/signed-out")), LIT("?provider="),
                                  percent_encode(f->arena, who->provider), LIT("&rd="),
                                  percent_encode(f->arena, s->return_url)};
    respond_redirect(&v->answer, 303, arena_join(f->arena, parts, 5));
    return FLOW_DONE;
}

static enum flow_next go_on(struct flow *f)
{
    struct sign_out *s = f->self;
    if (s->v->session != NULL) tell(s);
    visit_set_session(s->v, (struct slice){0});
    respond_redirect(&s->v->answer, 302, s->return_url);
    return FLOW_DONE;
}

static const struct flow_step steps[] = {
    {"sign_out/check_request", check_request}, /* */
    {"sign_out/end",           end          }, /* waits */
    {"sign_out/ask_where",     ask_where    }, /* waits seldom: only for metadata known before */
    {"sign_out/say_goodbye",   say_goodbye  }, /* */
};

static const struct flow_step at_once[] = {
    {"sign_out/end",   end  }, /* waits */
    {"sign_out/go_on", go_on}, /* */
};

static void sign_out_failed(struct visit *v, const struct err *why)
{
    struct sign_out *s = v->endpoint;
    LOG(LOG_LEVEL_WARN, "signout.failed", "A sign-out could not be completed.", why, {"request_id", v->request_id});
    if (s->set_cookie.len != 0) visit_set_session(v, (struct slice){0});
    respond_problem(&v->answer, why->problem, why->problem == PROBLEM_STORE_AWAY ? 5 : 0);
}

/* ---- the question ---- */

static enum flow_next learn_origin(struct flow *f)
{
    return ask_where(f);
}

static enum flow_next show_question(struct flow *f)
{
    struct sign_out *s = f->self;
    struct visit *v = s->v;
    struct arena *a = f->arena;
    struct view *view = view_new(a);
    struct url u;
    view_text(view, "action", ours(v, LIT("/sign-out")));
    view_text(view, "token", session_form_token(v->sessions, a, v->session));
    struct slice return_url = visit_return_url(v);
    const struct slice query[] = {LIT("rd="), percent_encode(a, return_url), LIT("&")};
    view_text(view, "rd", return_url);
    view_text(view, "keep_query", arena_join(a, query, 3));
    view_text(view, "home", v->answer.home);
    view_text(view, "who", v->answer.who);
    if (s->elsewhere.len != 0 && url_read(a, s->elsewhere, &u) == NULL) {
        view_text(view, "provider", s->provider->name);
        /* Browsers hold the redirect after a form post to form-action, so the provider must be named there. */
        v->answer.form_action = url_origin(a, &u);
    }
    respond_page(&v->answer, 200, PAGE_SIGN_OUT, view);
    return FLOW_DONE;
}

static const struct flow_step question[] = {
    {"sign_out/learn_origin",  learn_origin }, /* */
    {"sign_out/show_question", show_question}, /* */
};

static struct sign_out *begin(struct arena *a, struct visit *v)
{
    struct sign_out *s = arena_new(a, struct sign_out);
    s->v = v;
    s->return_url = LIT("/");
    if (v->session != NULL) s->provider = visit_provider(v, v->session->identity.provider);
    v->endpoint = s;
    v->failed = sign_out_failed;
    return s;
}

enum flow_next login_sign_out_now(struct flow *f, struct visit *v)
{
    struct sign_out *s = begin(f->arena, v);
    s->return_url = visit_return_url(v);
    return flow_call(f, &s->flow, at_once, sizeof at_once / sizeof at_once[0], s);
}

enum flow_next login_sign_out(struct flow *f, struct visit *v)
{
    struct sign_out *s = begin(f->arena, v);
    if (slice_is(v->x->method, LIT("POST"))) {
        return flow_call(f, &s->flow, steps, sizeof steps / sizeof steps[0], s);
    }
    if (v->session == NULL) {
        respond_redirect(&v->answer, 303, ours(v, LIT("/signed-out")));
        return FLOW_DONE;
    }
    s->everywhere = true; /* only to learn whether the box can be offered */
    return flow_call(f, &s->flow, question, sizeof question / sizeof question[0], s);
}

enum flow_next login_signed_out(struct flow *f, struct visit *v)
{
    struct form query;
    struct slice id = {0};
    struct view *view = view_new(f->arena);
    if (v->x->query.at != NULL && form_read(f->arena, v->x->query, &query) == NULL) {
        form_single(&query, LIT("provider"), &id);
    }
    const struct provider *p = visit_provider(v, id);
    struct slice return_url = visit_return_url(v);
    const struct slice keep[] = {LIT("provider="), p != NULL ? p->id : LIT(""), LIT("&rd="),
                                 percent_encode(f->arena, return_url), LIT("&")};
    view_text(view, "keep_query", arena_join(f->arena, keep, 5));
    if (p != NULL) view_text(view, "provider", p->name);
    view_text(view, "sign_in", login_page_url(v, return_url));
    view_text(view, "home", v->answer.home);
    respond_page(&v->answer, 200, PAGE_SIGNED_OUT, view);
    return FLOW_DONE;
}
