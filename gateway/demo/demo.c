/* demo.c -- opens the stage, and carries questions and answers between it and http/. */
#include "demo/demo_state.h"
#include "page/page_headers.h"
#include "text/json.h"

enum {
    DEMO_ARENA_BYTES = 1 << 20,
    DEMO_DOCUMENT_MAX = 8 * 1024
};

static struct demo *served; /* set before the listeners open, read by one worker */

static void list(struct json *j, const char *name, const char *const *values)
{
    json_open_list(j, name);
    for (; *values != NULL; values++)
        json_string(j, NULL, slice_of(*values));
    json_close_list(j);
}

static void endpoint(struct json *j, const struct demo *d, const char *name, const char *path)
{
    json_string(j, name, arena_print(d->arena, "%.*s%s", SLICE_ARG(d->conf.issuer), path));
}

/* OpenID Connect Discovery 1.0 section 3. */
static struct slice discovery(const struct demo *d)
{
    AUTO(buf_close) struct buf to = buf_open(DEMO_DOCUMENT_MAX);
    struct json j = json_into(&to);
    json_open_object(&j, NULL);
    json_string(&j, "issuer", d->conf.issuer);
    endpoint(&j, d, "authorization_endpoint", "/authorize");
    endpoint(&j, d, "token_endpoint", "/token");
    endpoint(&j, d, "userinfo_endpoint", "/userinfo");
    endpoint(&j, d, "jwks_uri", "/jwks");
    endpoint(&j, d, "end_session_endpoint", "/end_session");
    list(&j, "response_types_supported", (const char *const[]){"code", NULL});
    list(&j, "response_modes_supported", (const char *const[]){"query", NULL});
    list(&j, "grant_types_supported", (const char *const[]){"authorization_code", NULL});
    list(&j, "subject_types_supported", (const char *const[]){"public", NULL});
    list(&j, "id_token_signing_alg_values_supported", (const char *const[]){"ES256", NULL});
    list(&j, "token_endpoint_auth_methods_supported",
         (const char *const[]){"client_secret_basic", "client_secret_post", NULL});
    list(&j, "code_challenge_methods_supported", (const char *const[]){"S256", NULL});
    list(&j, "scopes_supported", (const char *const[]){"openid", "profile", "email", "groups", NULL});
    list(&j, "claims_supported",
         (const char *const[]){"sub", "name", "email", "email_verified", "preferred_username", "groups", NULL});
    json_bool(&j, "authorization_response_iss_parameter_supported", true);
    json_close_object(&j);
    return arena_copy(d->arena, buf_slice(&to));
}

static void copy_conf(struct arena *a, const struct demo_conf *from, struct demo_conf *to)
{
    to->issuer = arena_copy(a, from->issuer);
    to->client_id = arena_copy(a, from->client_id);
    to->client_secret = arena_copy(a, from->client_secret);
    to->redirect_uri = arena_copy(a, from->redirect_uri);
    to->app_origin = arena_copy(a, from->app_origin);
    to->prefix = arena_copy(a, from->prefix);
}

const struct err *demo_open(struct arena *a, const struct demo_conf *conf, struct demo **ret_demo)
{
    struct arena *own = arena_open(DEMO_ARENA_BYTES);
    struct demo *d = arena_new(own, struct demo);
    d->arena = own;
    copy_conf(own, conf, &d->conf);
    d->key = signing_key_make();
    d->jwks_json = arena_print(own, "{\"keys\":[%.*s]}", SLICE_ARG(signing_key_jwk(own, d->key)));
    d->discovery_json = discovery(d);
    const struct pages_conf pages = {.name = LIT("Demo")};
    const struct err *e = pages_open(a, &pages, &d->pages);
    if (e == NULL) e = jwks_read(a, d->jwks_json, &d->public_keys);
    if (e != NULL) {
        demo_close(d);
        return e;
    }
    *ret_demo = d;
    return NULL;
}

void demo_close(struct demo *d)
{
    if (d == NULL) return;
    pages_close(d->pages);
    if (d->public_keys != NULL) jwks_drop(d->public_keys);
    signing_key_close(d->key);
    arena_close(d->arena);
}

void demo_serve(struct demo *d)
{
    served = d;
}

/* ---- questions and answers ---- */

struct slice demo_header(const struct demo_ask *ask, struct slice name)
{
    for (size_t i = 0; i < ask->header_count; i++) {
        if (slice_is(ask->headers[i].name, name)) return ask->headers[i].value;
    }
    return (struct slice){0};
}

void demo_add(struct demo_answer *to, struct slice name, struct slice value)
{
    must(to->header_count < DEMO_HEADERS);
    to->headers[to->header_count++] = (struct header){.name = name, .value = value};
}

void demo_json(struct demo_answer *to, int status, struct slice body)
{
    to->status = status;
    to->body = body;
    demo_add(to, LIT("content-type"), LIT("application/json"));
    demo_add(to, LIT("cache-control"), LIT("no-store"));
    demo_add(to, LIT("x-content-type-options"), LIT("nosniff"));
}

void demo_page(const struct demo *d, const struct demo_ask *ask, int status, enum page_kind kind, const struct view *v,
               struct demo_answer *to)
{
    struct slice wished = {0};
    struct form query = {0};
    if (form_read(ask->arena, ask->query, &query) == NULL) (void)form_single(&query, LIT("ui_locales"), &wished);
    struct slice language =
        pages_language(d->pages, wished, (struct slice){0}, demo_header(ask, LIT("accept-language")));
    /* the answer to our form is a redirect to the gateway, which form-action rules as well */
    const struct slice policy[] = {page_csp_with_form_action, d->conf.app_origin};
    to->status = status;
    to->body = pages_render(d->pages, ask->arena, kind, language, v);
    demo_add(to, LIT("content-type"), LIT("text/html; charset=utf-8"));
    demo_add(to, LIT("content-security-policy"), arena_join(ask->arena, policy, 2));
    demo_add(to, LIT("cache-control"), LIT("no-store"));
    demo_add(to, LIT("referrer-policy"), LIT("no-referrer"));
    demo_add(to, LIT("x-content-type-options"), LIT("nosniff"));
    demo_add(to, LIT("content-language"), language);
}

void demo_redirect(struct demo_answer *to, struct slice location)
{
    to->status = 303;
    to->body = LIT("");
    demo_add(to, LIT("location"), location);
    demo_add(to, LIT("cache-control"), LIT("no-store"));
    demo_add(to, LIT("referrer-policy"), LIT("no-referrer"));
}

void demo_asset(const struct demo *d, struct slice path, struct demo_answer *to)
{
    struct asset asset = {0};
    if (!pages_asset(d->pages, path, &asset)) {
        demo_json(to, 404, LIT("{\"error\":\"not_found\"}"));
        return;
    }
    to->status = 200;
    to->body = asset.body;
    demo_add(to, LIT("content-type"), asset.type);
    demo_add(to, LIT("cache-control"), page_asset_cache);
    demo_add(to, LIT("content-security-policy"), page_csp_asset);
    demo_add(to, LIT("x-content-type-options"), LIT("nosniff"));
}

void demo_method(struct demo_answer *to, struct slice allow)
{
    demo_json(to, 405, LIT("{\"error\":\"method_not_allowed\"}"));
    demo_add(to, LIT("allow"), allow);
}

/* ---- http/'s side ---- */

static void carry(struct exchange *x,
                  void (*answer)(struct demo *d, const struct demo_ask *ask, struct demo_answer *to))
{
    if (served == NULL) {
        exchange_reply(x, 503, LIT(""));
        return;
    }
    const struct demo_ask ask = {.arena = x->arena,
                                 .method = x->method,
                                 .path = x->path,
                                 .query = x->query,
                                 .body = x->body,
                                 .headers = x->headers,
                                 .header_count = x->header_count};
    struct demo_answer to = {0};
    answer(served, &ask, &to);
    for (size_t i = 0; i < to.header_count; i++)
        exchange_add(x, to.headers[i].name, to.headers[i].value);
    exchange_reply(x, to.status, to.body);
}

void demo_provider_handle(struct exchange *x)
{
    carry(x, demo_provider_answer);
}

void demo_app_handle(struct exchange *x)
{
    carry(x, demo_app_answer);
}
