/* account.c -- who I am here, and where else: GET shows a person's own sessions, POST ends one of them or all but this one.
 *
 *     check_request   our own form, by the token in it
 *     read_it         the one that is asked for: is it this person's at all                 asks the store, waits
 *     end_it          that one, or all others                                              asks the store, waits
 *     go_back         303 to the page, which then shows what is left
 *
 * A person's are those of the same provider and subject. An id that belongs to somebody else, or to nobody, ends nothing and is answered
 * alike.
 */
#include "login/device.h"
#include "login/ended.h"
#include "login/login.h"
#include "page/letter.h"
#include "text/form.h"

#include "base/now.h"

enum {
    ID = 43
};

struct account {
    struct visit *v;
    struct session_roll roll;
    struct slice id; /* to be ended; empty: all others */
    struct session_listed one;
    bool was_there;
    struct session_ids ended;
    struct flow flow;
};

static struct slice below(const struct visit *v, struct slice path)
{
    return arena_join(v->x->arena, (struct slice[]){v->conf->prefix, path}, 2);
}

/* ---- the page ---- */

/* "12 min": a number and its unit, which need no plural in any language we have. */
static void put_ago(struct arena *a, struct view *item, const char *name, int64_t then_s)
{
    enum {
        MINUTE = 60,
        HOUR = 60 * MINUTE,
        DAY = 24 * HOUR
    };
    struct view *ago = view_section(item, name);
    int64_t s = now_s() - then_s;
    if (s < 2 * MINUTE)
        view_flag(ago, "now", true);
    else if (s < 2 * HOUR)
        view_text(ago, "minutes", arena_print(a, "%lld", (long long)(s / MINUTE)));
    else if (s < 2 * DAY)
        view_text(ago, "hours", arena_print(a, "%lld", (long long)(s / HOUR)));
    else
        view_text(ago, "days", arena_print(a, "%lld", (long long)(s / DAY)));
}

static void put_session(struct account *c, struct view *view, const struct session_listed *s, bool current)
{
    struct arena *a = c->v->x->arena;
    struct view *item = view_item(view, "sessions");
    struct device d = device_of(s->user_agent);
    view_text(item, "id", s->id);
    view_text(item, "browser", d.browser.len != 0 ? d.browser : d.system);
    if (d.browser.len != 0) view_text(item, "system", d.system);
    view_text(item, "address", s->address);
    view_flag(item, "current", current);
    put_ago(a, item, "began", s->created_s);
    if (current)
        put_ago(a, item, "seen", now_s());
    else if (s->seen_s != 0)
        put_ago(a, item, "seen", s->seen_s);
}

static void put_person(const struct visit *v, struct view *view)
{
    const struct identity *who = &v->session->identity;
    const struct provider *p = visit_provider(v, who->provider);
    struct slice name = who->name.len != 0 ? who->name : who->username.len != 0 ? who->username : who->email;
    view_text(view, "person", name.len != 0 ? name : who->subject);
    if (!slice_is(name, who->email)) view_text(view, "email", who->email);
    if (p == NULL) return;
    view_text(view, "provider", p->name);
    view_text(view, "mark", pages_mark_url(v->answer.pages, p->icon));
    view_text(view, "provider_letter", letter_of(p->name));
}

static enum flow_next read_all(struct flow *f)
{
    struct account *c = f->self;
    const struct identity *who = &c->v->session->identity;
    return session_roll(f, c->v->sessions, who->provider, who->subject, &c->roll);
}

static enum flow_next show(struct flow *f)
{
    struct account *c = f->self;
    struct visit *v = c->v;
    struct view *view = view_new(f->arena);
    put_person(v, view);
    for (int others = 0; others <= 1; others++) { /* this one first */
        for (size_t i = 0; i < c->roll.count; i++) {
            bool current = slice_is(c->roll.at[i].id, session_id(v->session));
            if (current != (others == 1)) put_session(c, view, &c->roll.at[i], current);
        }
    }
    view_flag(view, "others", c->roll.count > 1);
    view_text(view, "action", below(v, LIT("/account/sessions/revoke")));
    view_text(view, "token", session_form_token(v->sessions, f->arena, v->session));
    view_text(view, "sign_out", below(v, LIT("/sign-out")));
    view_text(view, "home", v->answer.home);
    respond_page(&v->answer, 200, PAGE_ACCOUNT, view);
    return FLOW_DONE;
}

static const struct flow_step page_steps[] = {
    {"account/read_all", read_all}, /* waits */
    {"account/show",     show    }, /* */
};

static struct account *account_of(struct flow *f, struct visit *v)
{
    struct account *c = arena_new(f->arena, struct account);
    c->v = v;
    return c;
}

enum flow_next login_account(struct flow *f, struct visit *v)
{
    if (v->session == NULL && v->answer.wants == WANTS_NAVIGATION) {
        respond_redirect(&v->answer, 302, login_page_url(v, below(v, LIT("/account"))));
        return FLOW_DONE;
    }
    if (v->session == NULL) return flow_fail(f, err_new(f->arena, PROBLEM_SIGN_IN_REQUIRED, "nobody is signed in"));
    struct account *c = account_of(f, v);
    return flow_call(f, &c->flow, page_steps, sizeof page_steps / sizeof page_steps[0], c);
}

/* ---- ending ---- */

static enum flow_next check_request(struct flow *f)
{
    struct account *c = f->self;
    struct visit *v = c->v;
    struct form form;
    struct slice token = {0}, others = {0};
    const struct err *e = form_read(f->arena, v->x->body, &form);
    if (e != NULL) return flow_fail(f, e);
    form_single(&form, LIT("token"), &token);
    form_single(&form, LIT("others"), &others);
    form_single(&form, LIT("id"), &c->id);
    /* The token alone would do; a browser that says "cross-site" is believed all the same. */
    if (visit_is_foreign(v) || !session_form_token_fits(v->sessions, v->session, token)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_CROSS_SITE, "the form is not one of ours"));
    }
    if (slice_is(others, LIT("yes")) && c->id.len == 0) return FLOW_NEXT;
    if (c->id.len == ID && others.len == 0) return FLOW_NEXT;
    return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST, "it names neither one session nor all others"));
}

static enum flow_next read_it(struct flow *f)
{
    struct account *c = f->self;
    return c->id.len != 0 ? session_read(f, c->v->sessions, c->id, &c->one) : FLOW_NEXT;
}

static enum flow_next end_it(struct flow *f)
{
    struct account *c = f->self;
    struct visit *v = c->v;
    const struct identity *who = &v->session->identity;
    const struct session_giving *giving = ended_giving(v, who->provider, who->subject);
    if (c->id.len == 0) {
        return session_revoke_person(f, v->sessions, who->provider, who->subject, session_id(v->session), giving,
                                     &c->ended);
    }
    if (slice_is(c->id, session_id(v->session))) { /* has a page of its own, which also asks about the provider */
        respond_redirect(&v->answer, 303, below(v, LIT("/sign-out")));
        return FLOW_DONE;
    }
    bool mine = slice_is(c->one.provider, who->provider) && slice_is(c->one.subject, who->subject);
    if (!mine || c->one.id.len == 0) return FLOW_NEXT;
    const struct session known = {.identity = *who, .provider_sid = c->one.provider_sid};
    return session_revoke(f, v->sessions, c->id, &known, giving, &c->was_there);
}

static enum flow_next go_back(struct flow *f)
{
    struct account *c = f->self;
    struct visit *v = c->v;
    const struct identity *who = &v->session->identity;
    (void)f;
    if (c->was_there) c->ended = (struct session_ids){&c->id, 1};
    ended_tell(v, &c->ended, who->provider, who->subject, "account");
    respond_redirect(&v->answer, 303, below(v, LIT("/account")));
    return FLOW_DONE;
}

static const struct flow_step ending_steps[] = {
    {"account/check_request", check_request}, /* */
    {"account/read_it",       read_it      }, /* may wait */
    {"account/end_it",        end_it       }, /* may wait */
    {"account/go_back",       go_back      }, /* */
};

enum flow_next login_account_revoke(struct flow *f, struct visit *v)
{
    if (v->session == NULL) return flow_fail(f, err_new(f->arena, PROBLEM_SIGN_IN_REQUIRED, "nobody is signed in"));
    struct account *c = account_of(f, v);
    return flow_call(f, &c->flow, ending_steps, sizeof ending_steps / sizeof ending_steps[0], c);
}
