/* local.c -- a person of local_users shows a password: POST PREFIX/sign-in.
 *
 *     read_form        our own form, from our own page
 *     ask_replicas     what all know of wrong passwords, of this name and from this address    asks the store, waits
 *     refuse_too_many  by address, and by the name that is tried
 *     compare          on the password thread, as long for a name that is not there          waits
 *     tell_replicas    that it was wrong, or right                                           asks the store, waits
 *     judge            wrong: the page again, whatever of the two was wrong
 *     begin            a new session; the old one is deleted                                 asks the store, waits
 *     send_home        to where the person first wanted to go
 */
#include "login/ended.h"
#include "login/local_users.h"
#include "login/lockout.h"
#include "login/lockout_share.h"
#include "login/login.h"
#include "login/password_desk.h"
#include "login/welcome.h"
#include "text/form.h"

#include "base/now.h"

enum {
    PASSWORD_SHOWN_MAX = 512 /* what a form may carry; longer than any that fits */
};

struct local {
    struct visit *v;
    struct slice name, return_url;
    struct secret password;
    const struct local_user *user; /* NULL: there is none */
    bool fits;
    struct identity identity;
    struct session_begun begun;
    int64_t began_us, began_ms;
    struct flow flow;
};

static enum flow_next read_form(struct flow *f)
{
    struct local *c = f->self;
    struct visit *v = c->v;
    struct form form;
    struct slice token = {0}, rd = {0}, password = {0};
    bool refused;
    const struct err *e = form_read(f->arena, v->x->body, &form);
    if (e != NULL) return flow_fail(f, e);
    form_single(&form, LIT("token"), &token);
    form_single(&form, LIT("user"), &c->name);
    form_single(&form, LIT("password"), &password);
    form_single(&form, LIT("rd"), &rd);
    c->return_url = return_to(f->arena, v->conf->return_rules, rd, &refused);
    if (!visit_is_same_origin(v) || !session_form_token_fits(v->sessions, NULL, token))
        return flow_fail(f, err_new(f->arena, PROBLEM_CROSS_SITE, "the form is not one of ours"));
    if (c->name.len > LOCAL_NAME_MAX || password.len > PASSWORD_SHOWN_MAX)
        return flow_fail(f, err_new(f->arena, PROBLEM_BAD_REQUEST, "a name or password that nobody has"));
    c->password = secret_in(f->arena, password);
    return FLOW_NEXT;
}

static enum flow_next ask_replicas(struct flow *f)
{
    struct local *c = f->self;
    struct visit *v = c->v;
    if (visit_is_limited(v, LIMIT_AUTH_FAILURES, LIT("")) || visit_is_limited(v, LIMIT_SIGN_IN, LIT("")))
        return FLOW_DONE;
    return lockout_share_ask(f, v, c->name);
}

static enum flow_next refuse_too_many(struct flow *f)
{
    struct local *c = f->self;
    struct visit *v = c->v;
    int64_t wait_s = lockout_wait_s(v->local->lockout, c->name, v->client, now_ms());
    if (wait_s == 0) return FLOW_NEXT;
    struct audit_record r = visit_audit(v, "signin.locked");
    r.subject = c->name; /* as it was typed */
    records_audit(&r);
    login_count(v->provider, "error", PROBLEM_RATE_LIMITED, 0);
    v->reason = problem_word(PROBLEM_RATE_LIMITED);
    respond_problem(&v->answer, PROBLEM_RATE_LIMITED, wait_s);
    return FLOW_DONE;
}

static enum flow_next compare(struct flow *f)
{
    struct local *c = f->self;
    const struct local_users *all = c->v->conf->local_users;
    c->user = local_users_find(all, c->name);
    return password_desk_check(f, c->v->local->desk, c->v->env->loop, c->user != NULL ? c->user->hash : all->nobody,
                               c->password, &c->fits);
}

static bool is_wrong(const struct local *c)
{
    return c->user == NULL || !c->fits;
}

static enum flow_next tell_replicas(struct flow *f)
{
    struct local *c = f->self;
    return is_wrong(c) ? lockout_share_failed(f, c->v, c->name) : lockout_share_passed(f, c->v, c->name);
}

static enum flow_next judge(struct flow *f)
{
    struct local *c = f->self;
    struct visit *v = c->v;
    if (is_wrong(c)) {
        visit_failed(v, v->conf->limits);
        return flow_fail(f, err_new(f->arena, PROBLEM_WRONG_PASSWORD, "name or password is wrong"));
    }
    c->identity = (struct identity){.provider = local_provider,
                                    .issuer = c->user->issuer,
                                    .subject = c->user->name,
                                    .name = c->user->name,
                                    .username = c->user->name,
                                    .groups = v->conf->local_users->groups,
                                    .group_count = v->conf->local_users->group_count,
                                    .auth_time_s = now_s()};
    return FLOW_NEXT;
}

static enum flow_next begin(struct flow *f)
{
    struct local *c = f->self;
    const struct session_start start = {
        .identity = &c->identity,
        .site = c->v->conf->site,
        .old_cookie_header = c->v->session_cookies,
        .address = c->v->client_ip,
        .user_agent = exchange_header(c->v->x, LIT("user-agent")),
        .began_ms = c->began_ms,
    };
    return session_begin(f, c->v->sessions, &start, &c->begun);
}

static enum flow_next send_home(struct flow *f)
{
    struct local *c = f->self;
    (void)f;
    welcome(c->v, &c->identity, &c->begun, now_us() - c->began_us);
    /* Browsers hold a form's redirects to form-action: elsewhere only a page leads. */
    if (c->v->conf->strict_session || !slice_starts(c->return_url, LIT("/")))
        respond_onward(&c->v->answer, c->return_url);
    else
        respond_redirect(&c->v->answer, 303, c->return_url);
    return FLOW_DONE;
}

static const struct flow_step steps[] = {
    {"local/read_form",       read_form      }, /* */
    {"local/ask_replicas",    ask_replicas   }, /* waits */
    {"local/refuse_too_many", refuse_too_many}, /* */
    {"local/compare",         compare        }, /* waits */
    {"local/tell_replicas",   tell_replicas  }, /* waits */
    {"local/judge",           judge          }, /* */
    {"local/begin",           begin          }, /* waits */
    {"local/send_home",       send_home      }, /* */
};

static void local_failed(struct visit *v, const struct err *why)
{
    struct local *c = v->endpoint;
    struct audit_record r = visit_audit(v, "signin.failed");
    r.reason = problem_word(why->problem);
    r.subject = c->name; /* as it was typed */
    r.why = why;
    records_audit(&r);
    login_count(v->provider, "error", why->problem, 0);
    if (why->problem == PROBLEM_RATE_LIMITED) {
        respond_problem(&v->answer, why->problem, 1);
        return;
    }
    login_show_page(v, c->return_url.len != 0 ? c->return_url : LIT("/"), why->problem, NULL);
}

enum flow_next login_local(struct flow *f, struct visit *v)
{
    struct local *c = arena_new(f->arena, struct local);
    c->v = v;
    c->began_us = now_us();
    c->began_ms = now_wall_ms();
    v->provider = local_provider;
    v->endpoint = c;
    v->failed = local_failed;
    return flow_call(f, &c->flow, steps, sizeof steps / sizeof steps[0], c);
}
