#include "gate/compat.h"

#include "gate/inquiry.h"
#include "login/login.h"
#include "text/form.h"
#include "text/json.h"

enum {
    USERINFO_MAX = 64 * 1024
};

/* ---- where people return to ---- */

static bool is_address(struct slice s)
{
    return slice_starts(s, LIT("/")) || slice_starts(s, LIT("http://")) || slice_starts(s, LIT("https://"));
}

/* "rd=/a?b=c&d=e", as it stands: who writes so means all of it. What vouch's users add behind it is none of it. */
static struct slice unescaped(struct slice query, struct slice name)
{
    struct slice value = slice_from(query, name.len + 1);
    if (!slice_starts(query, name) || query.len <= name.len || query.at[name.len] != '=' || !is_address(value)) {
        return (struct slice){0};
    }
    return slice_upto(value, slice_find(value, LIT("&vouch-failcount=")));
}

static struct slice in_query(struct exchange *x, struct slice name)
{
    struct form q;
    struct slice value = unescaped(x->query, name);
    if (value.len != 0 || x->query.len == 0 || form_read(x->arena, x->query, &q) != NULL) return value;
    return form_single(&q, name, &value) == FORM_ONCE ? value : (struct slice){0};
}

/* A front proxy that shows our page in place of its own leaves its own address in the line; X-Forwarded-Uri under our prefix is ours. */
static struct slice in_headers(const struct visitor *w)
{
    const struct exchange *x = w->v.x;
    if (!w->client.peer_trusted) return (struct slice){0};
    struct slice value = exchange_header(x, LIT("x-auth-request-redirect"));
    if (value.len == 0) value = exchange_header(x, LIT("x-forwarded-uri"));
    return slice_starts(value, w->snapshot->prefix) ? (struct slice){0} : value;
}

static void find_return(struct visitor *w, struct slice name)
{
    struct slice asked = in_query(w->v.x, name);
    if (asked.len == 0) asked = in_headers(w);
    w->v.return_asked = asked.len != 0 ? asked : LIT("/");
    w->v.answer.back = LIT("");
}

/* ---- oauth2-proxy ---- */

/* A page, also for one provider: proxies show it under a status of their own, with which nobody would follow a redirect. */
static enum flow_next sign_in(struct flow *f, struct visitor *w)
{
    find_return(w, LIT("rd"));
    if (w->v.session != NULL) return login_sign_in(f, &w->v);
    login_show_page(&w->v, visit_return_url(&w->v), PROBLEM_NONE, NULL);
    return FLOW_DONE;
}

/* Straight to the only provider; of several somebody must choose. */
static enum flow_next start(struct flow *f, struct visitor *w)
{
    const struct provider *only = NULL;
    size_t count = 0;
    find_return(w, LIT("rd"));
    for (size_t i = 0; i < w->site->provider_count; i++) {
        if (w->site->providers[i]->hidden) continue;
        only = w->site->providers[i];
        count++;
    }
    return count == 1 ? login_start(f, &w->v, only->id) : login_sign_in(f, &w->v);
}

/* Theirs sign out by being asked. From another site it is asked whether that was meant; where nobody looks at the answer nothing is done. */
static enum flow_next sign_out_to(struct flow *f, struct visitor *w, struct slice return_param)
{
    const struct exchange *x = w->v.x;
    find_return(w, return_param);
    if (visit_is_prefetch(&w->v)) return FLOW_DONE;
    bool foreign = slice_is(exchange_header(x, LIT("sec-fetch-site")), LIT("cross-site"));
    return foreign || !slice_is(x->method, LIT("GET")) ? login_sign_out(f, &w->v) : login_sign_out_now(f, &w->v);
}

static enum flow_next sign_out(struct flow *f, struct visitor *w)
{
    return sign_out_to(f, w, LIT("rd"));
}

static void optional(struct json *j, const char *name, struct slice value)
{
    if (value.len != 0) json_string(j, name, value);
}

static enum flow_next userinfo(struct flow *f, struct visitor *w)
{
    if (w->v.session == NULL) return flow_fail(f, err_new(f->arena, PROBLEM_SIGN_IN_REQUIRED, "nobody is signed in"));
    const struct identity *who = &w->v.session->identity;
    AUTO(buf_close) struct buf text = buf_open(USERINFO_MAX);
    struct json j = json_into(&text);
    json_open_object(&j, NULL);
    json_string(&j, "user", preset_value(f->arena, FIELD_USER, who, w->snapshot->provider_count == 1));
    json_string(&j, "email", who->email_verified ? who->email : LIT(""));
    if (who->group_count != 0) {
        json_open_list(&j, "groups");
        for (size_t i = 0; i < who->group_count; i++) {
            json_string(&j, NULL, who->groups[i]);
        }
        json_close_list(&j);
    }
    optional(&j, "preferredUsername", who->username);
    json_close_object(&j);
    respond_data(&w->v.answer, 200, LIT("application/json"), arena_copy(f->arena, buf_slice(&text)));
    return FLOW_DONE;
}

static enum flow_next ping(struct flow *f, struct visitor *w)
{
    (void)f;
    respond_data(&w->v.answer, 200, LIT("text/plain; charset=utf-8"), LIT("OK"));
    return FLOW_DONE;
}

static enum flow_next ready(struct flow *f, struct visitor *w)
{
    bool is = gate_is_ready(w->gate);
    (void)f;
    respond_data(&w->v.answer, is ? 200 : 503, LIT("text/plain; charset=utf-8"), is ? LIT("OK") : LIT("not ready"));
    return FLOW_DONE;
}

static enum flow_next robots(struct flow *f, struct visitor *w)
{
    (void)f;
    respond_data(&w->v.answer, 200, LIT("text/plain; charset=utf-8"), LIT("User-agent: *\nDisallow: /\n"));
    return FLOW_DONE;
}

/* ---- vouch ---- */

static enum flow_next login(struct flow *f, struct visitor *w)
{
    find_return(w, LIT("url"));
    return login_sign_in(f, &w->v);
}

static enum flow_next logout(struct flow *f, struct visitor *w)
{
    return sign_out_to(f, w, LIT("url"));
}

static enum flow_next healthcheck(struct flow *f, struct visitor *w)
{
    (void)f;
    respond_data(&w->v.answer, 200, LIT("application/json"), LIT("{\"ok\":true}"));
    return FLOW_DONE;
}

/* ---- there is nothing at "/" when nothing is passed on ---- */

/* Authelia's users are sent to "/?rd="; whoever signed in without saying where to go sees who they are. */
static enum flow_next front_page(struct flow *f, struct visitor *w)
{
    find_return(w, LIT("rd"));
    if (!slice_is(w->v.return_asked, LIT("/"))) return login_sign_in(f, &w->v);
    const struct slice parts[] = {w->snapshot->prefix, w->v.session != NULL ? LIT("/account") : LIT("/sign-in")};
    respond_redirect(&w->v.answer, 302, arena_join(f->arena, parts, 2));
    return FLOW_DONE;
}

/* ---- the tables ---- */

static const struct inquiry auth_request = {
    .how = ASKED_UNTOLD, .yes = 202, .no = NO_TEXT, .own_preset = true, .preset = PRESET_AUTH_REQUEST};
static const struct inquiry validate = {
    .how = ASKED_UNTOLD, .yes = 200, .no = NO_TEXT, .own_preset = true, .preset = PRESET_VOUCH};
static const struct inquiry authz_forward = {
    .how = ASKED_FORWARD, .yes = 200, .no = NO_WHOLE, .own_preset = true, .preset = PRESET_AUTHELIA};
static const struct inquiry authz_request = {
    .how = ASKED_NGINX, .yes = 200, .no = NO_BARE_FOR_ALL, .own_preset = true, .preset = PRESET_AUTHELIA};
static const struct inquiry authz_ext = {
    .how = ASKED_ENVOY, .yes = 200, .no = NO_WHOLE, .own_preset = true, .preset = PRESET_AUTHELIA};
static const struct inquiry verify = {.how = ASKED_EITHER,
                                      .yes = 200,
                                      .no = NO_BARE_FOR_ALL,
                                      .whole_with_rd = true,
                                      .own_preset = true,
                                      .preset = PRESET_AUTHELIA};

enum { /* for the tables */
    O2P = COMPAT_OAUTH2_PROXY,
    AUTHELIA = COMPAT_AUTHELIA,
    VOUCH = COMPAT_VOUCH,
    ANY = ENDPOINT_ANY_HOST,
    ALONE = ENDPOINT_ONLY_MODE_AUTH
};

/* path, methods, handler, wants_session, run, inquiry, flags, compat */
static const struct endpoint below[] = {
    {LIT_INIT("/auth"),     LIT_INIT("*"),               LIT_INIT("auth_compat"), true, NULL,     &auth_request, 0, O2P}, /* */
    {LIT_INIT("/start"),    LIT_INIT("GET"),             LIT_INIT("start"),       true, start,    NULL,          0, O2P}, /* */
    {LIT_INIT("/sign_in"),  LIT_INIT("GET, HEAD"),       LIT_INIT("sign_in"),     true, sign_in,  NULL,          0, O2P}, /* */
    {LIT_INIT("/sign_out"), LIT_INIT("GET, HEAD, POST"), LIT_INIT("sign_out"),    true, sign_out, NULL,          0, O2P}, /* */
    {LIT_INIT("/userinfo"), LIT_INIT("GET, HEAD"),       LIT_INIT("api"),         true, userinfo, NULL,          0, O2P}, /* */
};

/* path, methods, handler, wants_session, run, inquiry, flags, compat */
static const struct endpoint elsewhere[] = {
    {LIT_INIT("/validate"),               LIT_INIT("*"),         LIT_INIT("auth_compat"), true, NULL,        &validate,      0,     VOUCH   }, /* */
    {LIT_INIT("/api/authz/forward-auth"), LIT_INIT("*"),         LIT_INIT("auth_compat"), true, NULL,        &authz_forward, 0,
     AUTHELIA                                                                                                                               }, /* */
    {LIT_INIT("/api/authz/auth-request"), LIT_INIT("*"),         LIT_INIT("auth_compat"), true, NULL,        &authz_request, 0,
     AUTHELIA                                                                                                                               }, /* */
    {LIT_INIT("/api/authz/ext-authz/"),   LIT_INIT("*"),         LIT_INIT("auth_compat"), true, NULL,        &authz_ext,     0,
     AUTHELIA                                                                                                                               }, /* */
    {LIT_INIT("/api/verify"),             LIT_INIT("*"),         LIT_INIT("auth_compat"), true, NULL,        &verify,        0,     AUTHELIA}, /* */
    {LIT_INIT("/login"),                  LIT_INIT("GET, HEAD"), LIT_INIT("sign_in"),     true, login,       NULL,           0,     VOUCH   }, /* */
    {LIT_INIT("/logout"),                 LIT_INIT("GET, HEAD"), LIT_INIT("sign_out"),    true, logout,      NULL,           0,     VOUCH   }, /* */
    {LIT_INIT("/healthcheck"),            LIT_INIT("GET, HEAD"), LIT_INIT("health"),      true, healthcheck, NULL,           ANY,   VOUCH   }, /* */
    {LIT_INIT("/ping"),                   LIT_INIT("GET, HEAD"), LIT_INIT("health"),      true, ping,        NULL,           ANY,   O2P     }, /* */
    {LIT_INIT("/ready"),                  LIT_INIT("GET, HEAD"), LIT_INIT("health"),      true, ready,       NULL,           ANY,   O2P     }, /* */
    {LIT_INIT("/robots.txt"),             LIT_INIT("GET, HEAD"), LIT_INIT("health"),      true, robots,      NULL,           ANY,   O2P     }, /* */
    {LIT_INIT("/"),                       LIT_INIT("GET, HEAD"), LIT_INIT("front_page"),  true, front_page,  NULL,           ALONE, 0       }, /* */
};

const struct endpoint *compat_below_prefix(size_t *ret_count)
{
    *ret_count = sizeof below / sizeof below[0];
    return below;
}

const struct endpoint *compat_elsewhere(size_t *ret_count)
{
    *ret_count = sizeof elsewhere / sizeof elsewhere[0];
    return elsewhere;
}
