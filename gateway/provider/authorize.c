/* authorize.c -- one list of parameters, filled in order of importance: the first of a name stays. */
#include "provider/authorize.h"

#include "crypto/digest.h"
#include "text/encode.h"
#include "text/form.h"
#include "text/url.h"

#include "base/buf.h"

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
    struct slice names[PARAMS_MAX], values[PARAMS_MAX];
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
        if (slice_is(q->names[i], name)) return true;
    return false;
}

static void put(struct params *q, struct slice name, struct slice value)
{
    if (value.len == 0 || name.len == 0 || has(q, name)) return;
    q->full = q->full || q->count == PARAMS_MAX;
    if (q->full) return;
    q->names[q->count] = name;
    q->values[q->count++] = value;
}

static void put_declared(struct arena *a, struct params *q, const struct declared_params *from,
                         const struct template_values *v, bool may_be_ours)
{
    for (size_t i = 0; i < from->count; i++) {
        struct slice missing, value = template_expand(a, &from->at[i].value, v, &missing);
        if (missing.len == 0 && (may_be_ours || !is_reserved(from->at[i].name))) put(q, from->at[i].name, value);
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
    for (size_t i = 0; i < q->count; i++) {
        if (query.len != 0) buf_byte(&query, '&');
        buf_add(&query, percent_encode(a, q->names[i]));
        buf_byte(&query, '=');
        buf_add(&query, percent_encode(a, q->values[i]));
    }
    bool full = query.full || q->full;
    struct slice url = q->count != 0 ? url_with_query(a, endpoint, buf_slice(&query)) : endpoint;
    buf_close(&query);
    if (full)
        return err_new(a, PROBLEM_PROVIDER_MISCONFIGURED,
                       "the parameters for the provider are more than %d, or longer than %d bytes", (int)PARAMS_MAX,
                       (int)QUERY_MAX_BYTES);
    *ret_url = url;
    return NULL;
}

struct slice authorize_challenge(struct arena *a, enum pkce pkce, struct slice verifier)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    struct slice bytes = {(const char *)digest, sizeof digest};
    if (pkce == PKCE_NONE) return (struct slice){NULL, 0};
    digest_sha256(verifier, digest);
    return pkce == PKCE_S256_HEX ? hex_encode(a, bytes) : base64url_encode(a, bytes);
}

static void put_pkce(struct arena *a, const struct descriptor *d, struct params *q, struct slice verifier)
{
    if (d->pkce == PKCE_NONE) return;
    put(q, LIT("code_challenge"), authorize_challenge(a, d->pkce, verifier));
    put(q, LIT("code_challenge_method"), LIT("S256"));
}

static struct template_values values_of(const struct provider *p, const struct authorize_ask *ask)
{
    struct template_values v = {.token = NULL};
    v.at[TEMPLATE_CLIENT_ID] = p->client_id;
    v.at[TEMPLATE_REDIRECT_URI] = ask->redirect_uri;
    v.at[TEMPLATE_STATE] = ask->state;
    return v;
}

const struct err *authorize_url(struct arena *a, const struct provider *p, struct slice endpoint,
                                const struct authorize_ask *ask, struct slice *ret_url)
{
    const struct descriptor *d = p->descriptor;
    struct params q = {.count = 0};
    struct template_values v = values_of(p, ask);
    must(ask->state.len != 0 && ask->redirect_uri.len != 0);
    must(d->nonce == NONCE_NONE || ask->nonce.len != 0);
    must(d->pkce == PKCE_NONE || ask->verifier.len != 0);
    put(&q, d->token.client_id_param, p->client_id);
    put(&q, LIT("redirect_uri"), ask->redirect_uri);
    put(&q, LIT("response_type"), LIT("code"));
    put(&q, LIT("scope"), d->scope);
    put(&q, LIT("state"), ask->state);
    if (d->nonce != NONCE_NONE) put(&q, LIT("nonce"), ask->nonce);
    put_pkce(a, d, &q, ask->verifier);
    if (d->response_mode == RESPONSE_FORM_POST) put(&q, LIT("response_mode"), LIT("form_post"));
    put(&q, LIT("login_hint"), ask->login_hint);
    put(&q, LIT("prompt"), ask->prompt);
    put(&q, LIT("ui_locales"), ask->ui_locales);
    put(&q, LIT("acr_values"), ask->acr_values);
    if (ask->max_age_s > 0) put(&q, LIT("max_age"), arena_print(a, "%lld", (long long)ask->max_age_s));
    put_declared(a, &q, &d->authorize_params, &v, false);
    const struct err *bad = build(a, endpoint, &q, ret_url);
    if (bad == NULL && d->fragment.len != 0)
        *ret_url = arena_join(a, (struct slice[]){*ret_url, LIT("#"), d->fragment}, 3);
    return bad;
}

const struct err *authorize_url_oauth1(struct arena *a, const struct provider *p, struct slice endpoint,
                                       struct slice token, struct slice *ret_url)
{
    struct params q = {.count = 0};
    struct template_values v = {.token = NULL};
    v.at[TEMPLATE_CLIENT_ID] = p->client_id;
    put(&q, LIT("oauth_token"), token);
    put_declared(a, &q, &p->descriptor->authorize_params, &v, false);
    return build(a, endpoint, &q, ret_url);
}

const struct err *authorize_end_session(struct arena *a, const struct provider *p, const struct template_values *known,
                                        const struct end_session_ask *ask, struct slice *ret_url)
{
    const struct descriptor_logout *logout = &p->descriptor->logout;
    struct params q = {.count = 0};
    struct template_values v = *known;
    struct slice missing;
    *ret_url = (struct slice){NULL, 0};
    v.at[TEMPLATE_CLIENT_SECRET] = (struct slice){NULL, 0}; /* this goes through a browser */
    v.at[TEMPLATE_ID_TOKEN] = ask->id_token_hint;
    v.at[TEMPLATE_POST_LOGOUT_REDIRECT_URI] = ask->post_logout_redirect_uri;
    v.at[TEMPLATE_STATE] = ask->post_logout_redirect_uri.len != 0 ? ask->state : (struct slice){NULL, 0};
    struct slice endpoint = template_expand(a, &logout->url, &v, &missing);
    if (endpoint.len == 0 || missing.len != 0) return NULL;
    put_declared(a, &q, &logout->params, &v, true);
    return build(a, endpoint, &q, ret_url);
}
