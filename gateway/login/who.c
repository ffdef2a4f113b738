/* who.c -- who am I, for front ends: /me and /session. Both answer 401 as a problem document when nobody is signed in. */
#include "login/login.h"
#include "text/json.h"

enum {
    ME_MAX = 64 * 1024
};

static void optional(struct json *j, const char *name, struct slice value)
{
    if (value.len != 0) json_string(j, name, value);
}

static struct slice me_text(struct arena *a, const struct session *s)
{
    const struct identity *who = &s->identity;
    AUTO(buf_close) struct buf text = buf_open(ME_MAX);
    struct json j = json_into(&text);
    const struct slice user[] = {who->provider, LIT(":"), who->subject};
    json_open_object(&j, NULL);
    json_string(&j, "user", arena_join(a, user, 3));
    json_string(&j, "provider", who->provider);
    optional(&j, "email", who->email);
    if (who->email.len != 0) json_bool(&j, "email_verified", who->email_verified);
    optional(&j, "name", who->name);
    optional(&j, "given_name", who->given_name);
    optional(&j, "family_name", who->family_name);
    optional(&j, "username", who->username);
    optional(&j, "picture", who->picture);
    optional(&j, "locale", who->locale);
    optional(&j, "profile_url", who->profile_url);
    json_open_list(&j, "groups");
    for (size_t i = 0; i < who->group_count; i++) {
        json_string(&j, NULL, who->groups[i]);
    }
    json_close_list(&j);
    json_number(&j, "signed_in", s->created_s);
    json_number(&j, "expires", s->expires_s);
    json_close_object(&j);
    return arena_copy(a, buf_slice(&text));
}

static enum flow_next nobody(struct flow *f, struct visit *v)
{
    enum problem why = v->session_why != PROBLEM_NONE ? v->session_why : PROBLEM_SIGN_IN_REQUIRED;
    return flow_fail(f, err_new(f->arena, why, "nobody is signed in"));
}

enum flow_next login_me(struct flow *f, struct visit *v)
{
    if (v->session == NULL) return nobody(f, v);
    respond_data(&v->answer, 200, LIT("application/json"), me_text(f->arena, v->session));
    return FLOW_DONE;
}

struct ending {
    struct visit *v;
    struct slice set_cookie;
    struct session_left left;
    struct flow flow;
};

static enum flow_next end(struct flow *f)
{
    struct ending *e = f->self;
    return session_end(f, e->v->sessions, e->v->session_cookies, &e->set_cookie, &e->left);
}

static enum flow_next say_so(struct flow *f)
{
    struct ending *e = f->self;
    struct audit_record r = visit_audit(e->v, "signout");
    r.actor = e->v->answer.who;
    r.provider = e->v->session->identity.provider;
    r.subject = e->v->session->identity.subject;
    r.session = e->v->session->reference;
    records_audit(&r);
    visit_give_back(e->v, &e->left, e->v->session);
    visit_set_session(e->v, (struct slice){0});
    respond_empty(&e->v->answer, 204);
    return FLOW_DONE;
}

static const struct flow_step ending_steps[] = {
    {"session/end",    end   }, /* waits */
    {"session/say_so", say_so}, /* */
};

enum flow_next login_session(struct flow *f, struct visit *v)
{
    if (v->session == NULL) return nobody(f, v);
    if (!slice_is(v->x->method, LIT("DELETE"))) {
        respond_data(&v->answer, 200, LIT("application/json"), me_text(f->arena, v->session));
        return FLOW_DONE;
    }
    if (!visit_is_same_origin(v)) {
        return flow_fail(f, err_new(f->arena, PROBLEM_CROSS_SITE, "not asked by a page of this site"));
    }
    struct ending *e = arena_new(f->arena, struct ending);
    e->v = v;
    return flow_call(f, &e->flow, ending_steps, sizeof ending_steps / sizeof ending_steps[0], e);
}
