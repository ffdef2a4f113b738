/* prepare.c -- what an answer of our own is made of: its pages and language, where the visitor returns to, what login/ may see. See visitor.h. */
#include "gate/inquiry.h"
#include "gate/lend.h"
#include "gate/visitor.h"
#include "login/login.h"
#include "text/form.h"

static enum wants what_is_wanted(const struct visitor *w)
{
    const struct exchange *x = w->v.x;
    const struct asker who = {.method = w->asked.method,
                              .accept = exchange_header(x, LIT("accept")),
                              .fetch_mode = exchange_header(x, LIT("sec-fetch-mode")),
                              .fetch_dest = exchange_header(x, LIT("sec-fetch-dest")),
                              .purpose = exchange_header(x, LIT("sec-purpose")),
                              .requested_with = exchange_header(x, LIT("x-requested-with")),
                              .upgrade = exchange_header(x, LIT("upgrade")).len != 0 || x->wants_upgrade};
    return negotiate(&who);
}

struct slice prepare_same_again(const struct visitor *w)
{
    const struct asked *a = &w->asked;
    if (w->at_home) return a->target;
    /* A question about http, where people are at home on https, is about somebody whose cookie could not come along. */
    bool https = a->https || (is_inquiry(w) && w->site->public_https);
    const struct slice parts[] = {https ? LIT("https://") : LIT("http://"), a->authority, a->target};
    return arena_join(w->v.x->arena, parts, 3);
}

/* What login/ sees of the snapshot: this exchange's own, for the worker's may be freed by the next reload but one while we wait. */
static void see_login(struct visitor *w)
{
    const struct snapshot *s = w->snapshot;
    const struct site *site = w->site;
    w->login = (struct login_conf){.public_url = site->public_url,
                                   .public_origin = site->public_origin,
                                   .prefix = s->prefix,
                                   .site_name = site->name,
                                   .providers = site->providers,
                                   .provider_count = site->provider_count,
                                   .return_rules = &site->return_rules,
                                   .routes = s->routes,
                                   .limits = &s->rate_limits,
                                   .local_users = s->local_users,
                                   .keys = s->keys,
                                   .site = site->id,
                                   .session_cookie_name = site->session.cookie_name,
                                   .session_cookie = &site->session.cookie,
                                   .attempt_prefix = site->attempt_prefix,
                                   .secure_cookies = site->session.cookie.secure,
                                   .strict_session = site->session.cookie.same_site == COOKIE_STRICT,
                                   .skip_if_single = s->skip_if_single,
                                   .remember_last = s->remember_last,
                                   .primary = s->primary,
                                   .tokens = lend_source(w, NULL)};
    w->v.conf = &w->login;
}

void prepare_answer(struct visitor *w)
{
    struct visit *v = &w->v;
    struct exchange *x = v->x;
    const struct snapshot *s = w->snapshot;
    const struct site *site = w->site;
    bool elsewhere = is_inquiry(w) && !w->at_home && site->pages_elsewhere != NULL;
    const struct pages *pages = elsewhere ? site->pages_elsewhere : site->pages;
    bool question = is_inquiry(w); /* its answer is another request's: no cookie, and no query of ours */
    see_login(w);
    struct slice locales = {0}, chosen = {0};
    struct form query;
    if (!question && x->query.len != 0 && form_read(x->arena, x->query, &query) == NULL) {
        form_single(&query, LIT("ui_locales"), &locales);
    }
    cookie_find(v->cookies, LIT("vestibule-lang"), &chosen);
    v->answer = (struct responder){
        .x = x,
        .pages = pages,
        .language = pages_language(pages, locales, chosen, exchange_header(x, LIT("accept-language"))),
        .request_id = v->request_id,
        .home = elsewhere ? site->public_url : LIT("/"),
        .elsewhere = elsewhere ? site->public_origin : LIT(""),
        .hsts_s = w->client.https && !question ? s->hsts_s : 0, /* of our own host, not of another */
        .wants = what_is_wanted(w)};
    if (v->session != NULL) {
        const struct identity *who = &v->session->identity;
        v->answer.who = who->email.len != 0 ? who->email : who->name.len != 0 ? who->name : who->subject;
    }
    /* A person who comes by one of our own addresses, or with something a redirect would lose, goes home afterwards. */
    const struct asked *a = &w->asked;
    bool back = (w->endpoint == NULL || (question && a->how != ASKED_SELF)) &&
                (slice_is(a->method, LIT("GET")) || slice_is(a->method, LIT("HEAD")));
    struct slice again = back ? prepare_same_again(w) : LIT("/");
    v->answer.sign_in = login_page_url(v, again);
    v->answer.switch_account = login_switch_url(v, again);
    /* Two slashes at the front would name another host. */
    if (back && !slice_starts(a->target, LIT("//"))) v->answer.back = a->target;
    if (locales.len != 0) visit_set_cookie(v, LIT("vestibule-lang"), v->answer.language, 180 * 86400, COOKIE_LAX);
}

struct slice prepare_secure_again(const struct visitor *w)
{
    const struct snapshot *s = w->snapshot;
    const struct asked *a = &w->asked;
    size_t i = routes_backend(s->routes, a->host, a->path);
    bool for_host = i != SIZE_MAX && s->backends[i].host.len != 0;
    struct slice port = slice_from(w->site->public_host, asked_host(w->site->public_host).len);
    const struct slice at_host[] = {LIT("https://"), a->host, port, a->target};
    const struct slice at_home[] = {w->site->public_origin, a->target};
    return for_host ? arena_join(w->v.x->arena, at_host, 4) : arena_join(w->v.x->arena, at_home, 2);
}
