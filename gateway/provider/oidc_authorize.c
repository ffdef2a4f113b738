/* oidc_authorize.c -- one list of parameters, filled in order of importance: the first of a name stays. */
#include "provider/oidc_authorize.h"

#include "text/encode.h"
#include "text/form.h"
#include "text/url.h"

enum {
    PARAMS_MAX = 64,
    QUERY_MAX_BYTES = 16 * 1024 /* what browsers and providers surely take in a Location is less */
};

/* Ours alone, also when this request does not send them: who could add one would change what is asked for. */
static const struct slice reserved[] = {
    LIT_INIT("response_type"),  LIT_INIT("client_id"),     LIT_INIT("redirect_uri"),
    LIT_INIT("scope"),          LIT_INIT("state"),         LIT_INIT("nonce"),
    LIT_INIT("code_challenge"), LIT_INIT("response_mode"), LIT_INIT("code_challenge_method"),
    LIT_INIT("request"),        LIT_INIT("request_uri"),   LIT_INIT("client_secret"),
};

struct params {
    struct provider_param list[PARAMS_MAX];
    size_t count;
    bool full;
};

static bool is_reserved(struct slice name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (slice_is(reserved[i], name)) return true;
    return false;
}

static bool has(const struct params *q, struct slice name)
{
    for (size_t i = 0; i < q->count; i++)
        if (slice_is(q->list[i].name, name)) return true;
    return false;
}

static void put(struct params *q, const char *name, struct slice value)
{
    if (value.len == 0 || has(q, slice_of(name))) return;
    q->full = q->full || q->count == PARAMS_MAX;
    if (!q->full) q->list[q->count++] = (struct provider_param){slice_of(name), value};
}

static void put_extras(struct params *q, const struct provider *p)
{
    for (size_t i = 0; i < p->authorize_param_count; i++) {
        const struct provider_param *x = &p->authorize_params[i];
        if (x->name.len == 0 || is_reserved(x->name) || has(q, x->name)) continue;
        q->full = q->full || q->count == PARAMS_MAX;
        if (!q->full) q->list[q->count++] = *x;
    }
}

/* An endpoint may have a query of its own (RFC 6749 section 3.1), but a parameter may stand there only once. */
static const struct err *check_endpoint(struct arena *a, struct slice endpoint, const struct params *q)
{
    struct url u;
    struct form own = {0};
    const struct err *bad = url_read(a, endpoint, &u);
    if (bad == NULL && u.query.len != 0) bad = form_read(a, u.query, &own);
    if (bad != NULL) return err_as(a, PROBLEM_PROVIDER_MISCONFIGURED, bad, "the provider's endpoint cannot be used");
    for (size_t i = 0; i < own.count; i++)
        if (has(q, own.fields[i].name) || is_reserved(own.fields[i].name))
            return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED,
                           "the provider's endpoint has the parameter %.*s in its URL, which is ours to send",
                           SLICE_ARG(slice_upto(own.fields[i].name, 64)));
    return NULL;
}

static const struct err *build(struct arena *a, struct slice endpoint, const struct params *q, struct slice *ret_url)
{
    const struct err *bad = check_endpoint(a, endpoint, q);
    if (bad != NULL) return bad;
    struct buf query = buf_open(QUERY_MAX_BYTES);
    for (size_t i = 0; i < q->count; i++)
        form_add(&query, q->list[i].name, q->list[i].value);
    bool full = query.full || q->full;
    struct slice url = url_with_query(a, endpoint, buf_slice(&query));
    buf_close(&query);
    if (full)
        return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED,
                       "the parameters for the provider are more than %d, or longer than %d bytes", (int)PARAMS_MAX,
                       (int)QUERY_MAX_BYTES);
    *ret_url = url;
    return NULL;
}

const struct err *oidc_authorize_url(struct arena *a, const struct provider *p, struct slice endpoint,
                                     const struct authorize_ask *ask, struct slice *ret_url)
{
    struct params q = {.count = 0};
    must(ask->state.len != 0 && ask->nonce.len != 0 && ask->redirect_uri.len != 0);
    must(!p->pkce || ask->code_challenge.len != 0);
    put(&q, "response_type", LIT("code"));
    put(&q, "client_id", p->client_id);
    put(&q, "redirect_uri", ask->redirect_uri);
    put(&q, "scope", p->scope.len != 0 ? p->scope : LIT("openid"));
    put(&q, "state", ask->state);
    put(&q, "nonce", ask->nonce);
    if (p->pkce) {
        put(&q, "code_challenge", ask->code_challenge);
        put(&q, "code_challenge_method", LIT("S256"));
    }
    if (p->response_mode == RESPONSE_FORM_POST) put(&q, "response_mode", LIT("form_post"));
    put(&q, "login_hint", ask->login_hint);
    put(&q, "prompt", ask->prompt);
    put(&q, "ui_locales", ask->ui_locales);
    put(&q, "acr_values", ask->acr_values);
    if (ask->max_age_s > 0) put(&q, "max_age", arena_print(a, "%lld", (long long)ask->max_age_s));
    put_extras(&q, p);
    return build(a, endpoint, &q, ret_url);
}

const struct err *oidc_authorize_end_session(struct arena *a, const struct provider *p, struct slice endpoint,
                                             const struct end_session_ask *ask, struct slice *ret_url)
{
    struct params q = {.count = 0};
    put(&q, "id_token_hint", ask->id_token_hint);
    put(&q, "client_id", p->client_id);
    put(&q, "post_logout_redirect_uri", ask->post_logout_redirect_uri);
    if (ask->post_logout_redirect_uri.len != 0) put(&q, "state", ask->state);
    return build(a, endpoint, &q, ret_url);
}
