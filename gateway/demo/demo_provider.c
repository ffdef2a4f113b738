/* demo_provider.c -- the demo provider's addresses, and the end of a session. */
#include "demo/demo_state.h"
#include "text/encode.h"
#include "text/url.h"

static bool is(const struct demo_ask *ask, const char *path)
{
    return slice_is(ask->path, slice_of(path));
}

static bool is_read(const struct demo_ask *ask)
{
    return slice_is(ask->method, LIT("GET")) || slice_is(ask->method, LIT("HEAD"));
}

static void document(const struct demo_ask *ask, struct slice json, struct demo_answer *to)
{
    if (is_read(ask))
        demo_json(to, 200, json);
    else
        demo_method(to, LIT("GET, HEAD"));
}

/* ---- end_session: OpenID Connect RP-Initiated Logout 1.0 ---- */

static bool hint_is_ours(const struct demo *d, struct arena *a, struct slice hint)
{
    struct jws token = {0};
    const struct err *why = NULL;
    if (jws_verify(a, hint, d->public_keys, JOSE_ES256, &token, &why) != JOSE_GOOD) return false;
    return slice_is(doc_string(token.claims, LIT("aud")), d->conf.client_id);
}

static bool may_return(const struct demo *d, struct slice to)
{
    struct slice path = slice_from(to, d->conf.app_origin.len);
    return slice_starts(to, d->conf.app_origin) && slice_starts(path, LIT("/"));
}

static struct slice with_state(struct arena *a, struct slice url, struct slice state)
{
    if (state.len == 0) return url;
    AUTO(buf_close) struct buf query = buf_open(8 * 1024);
    form_add(&query, LIT("state"), state);
    return url_with_query(a, url, arena_copy(a, buf_slice(&query)));
}

static void end_session(struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    struct form form = {0};
    struct slice hint = {0}, client = {0}, back = {0}, state = {0};
    bool post = slice_is(ask->method, LIT("POST"));
    if (form_read(ask->arena, post ? ask->body : ask->query, &form) == NULL) {
        (void)form_single(&form, LIT("id_token_hint"), &hint);
        (void)form_single(&form, LIT("client_id"), &client);
        (void)form_single(&form, LIT("post_logout_redirect_uri"), &back);
        (void)form_single(&form, LIT("state"), &state);
    }
    bool known = slice_is(client, d->conf.client_id) || (hint.len != 0 && hint_is_ours(d, ask->arena, hint));
    if (known && may_return(d, back)) {
        demo_redirect(to, with_state(ask->arena, back, state));
        return;
    }
    struct view *v = view_new(ask->arena);
    view_flag(v, "signed_out", true);
    view_text(v, "back", arena_print(ask->arena, "%.*s/", SLICE_ARG(d->conf.app_origin)));
    demo_page(d, ask, 200, PAGE_DEMO_PROVIDER, v, to);
}

void demo_provider_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to)
{
    bool get = is_read(ask), post = slice_is(ask->method, LIT("POST"));
    if (is(ask, "/.well-known/openid-configuration")) {
        document(ask, d->discovery_json, to);
    } else if (is(ask, "/jwks")) {
        document(ask, d->jwks_json, to);
    } else if (is(ask, "/authorize")) {
        if (get || post)
            demo_authorize_answer(d, ask, to);
        else
            demo_method(to, LIT("GET, HEAD, POST"));
    } else if (is(ask, "/token")) {
        if (post)
            demo_token_answer(d, ask, to);
        else
            demo_method(to, LIT("POST"));
    } else if (is(ask, "/userinfo")) {
        if (get || post)
            demo_userinfo_answer(d, ask, to);
        else
            demo_method(to, LIT("GET, HEAD, POST"));
    } else if (is(ask, "/end_session")) {
        if (get || post)
            end_session(d, ask, to);
        else
            demo_method(to, LIT("GET, HEAD, POST"));
    } else if (slice_starts(ask->path, LIT("/assets/"))) {
        demo_asset(d, slice_from(ask->path, 8), to);
    } else {
        demo_json(to, 404, LIT("{\"error\":\"not_found\"}"));
    }
}
