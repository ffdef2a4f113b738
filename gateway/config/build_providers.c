/* build_providers.c -- one struct provider per entry of providers[], in the order of the buttons. */
#include "config/config_int.h"
#include "config/environment.h"
#include "text/address.h"
#include "text/url.h"

enum {
    PROVIDERS_MAX = 64,
    SECRET_SHORT = 12 /* providers give 24 and more */
};

/* "groups", "realm_access.roles" or "/realm_access/roles" as a JSON pointer; a name that is an address is taken whole. */
static struct slice pointer(struct arena *a, struct slice path)
{
    if (path.len == 0 || path.at[0] == '/') return path;
    bool whole = slice_find(path, LIT("://")) != SLICE_NONE;
    struct buf out = buf_open(8192);
    buf_byte(&out, '/');
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];
        if (c == '.' && !whole)
            buf_byte(&out, '/');
        else if (c == '~')
            buf_add(&out, LIT("~0"));
        else if (c == '/')
            buf_add(&out, LIT("~1"));
        else
            buf_byte(&out, c);
    }
    struct slice told = arena_copy(a, buf_slice(&out));
    buf_close(&out);
    return told;
}

static void claims(struct build *b, const struct setting *at, struct provider *p)
{
    p->claim_subject = pointer(b->a, setting_text(at, "claims.subject"));
    p->claim_email = pointer(b->a, setting_text(at, "claims.email"));
    p->claim_email_verified = pointer(b->a, setting_text(at, "claims.email_verified"));
    p->claim_name = pointer(b->a, setting_text(at, "claims.name"));
    p->claim_username = pointer(b->a, setting_text(at, "claims.username"));
    p->claim_groups = pointer(b->a, setting_text(at, "claims.groups"));
    p->claim_picture = pointer(b->a, setting_text(at, "claims.picture"));
    p->keep = setting_texts(b->a, at, "claims.keep", &p->keep_count);
    if (p->keep_count > IDENTITY_KEEP_MAX) {
        BUILD_ERROR(b, at, "claims.keep", "at most %d claims can be kept", IDENTITY_KEEP_MAX);
        p->keep_count = IDENTITY_KEEP_MAX;
    }
}

static void scopes(struct build *b, const struct setting *at, struct provider *p)
{
    static const char *const lists[] = {"scopes", "extra_scopes"};
    bool openid = false;
    for (size_t i = 0; i < 2; i++) {
        const struct setting *list = setting_at(at, lists[i]);
        for (const struct setting *s = list->first; s != NULL; s = s->next) {
            openid = openid || slice_is(s->text, LIT("openid"));
            if (slice_index(s->text, ' ') != SLICE_NONE) {
                complaint_at(b->c, COMPLAINT_ERROR, s->node, COMPLAINT_VALUE, LIT(""),
                             "a scope has no space in it: write them as a list");
            }
            p->scope =
                p->scope.len == 0 ? s->text : arena_print(b->a, "%.*s %.*s", SLICE_ARG(p->scope), SLICE_ARG(s->text));
        }
    }
    if (!openid) BUILD_ERROR(b, at, "scopes", "scopes must hold openid: without it there is no identity token");
}

static bool is_ours(struct slice name)
{
    static const struct slice ours[] = {
        LIT_INIT("client_id"), LIT_INIT("redirect_uri"), LIT_INIT("response_type"), LIT_INIT("response_mode"),
        LIT_INIT("scope"),     LIT_INIT("state"),        LIT_INIT("nonce"),         LIT_INIT("code_challenge"),
        LIT_INIT("request"),   LIT_INIT("request_uri"),  LIT_INIT("client_secret"), LIT_INIT("code_challenge_method")};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (slice_is(name, ours[i])) return true;
    }
    return false;
}

static void params(struct build *b, const struct setting *at, struct provider *p)
{
    const struct setting *list = setting_at(at, "authorize_params");
    p->authorize_params = arena_array(b->a, struct provider_param, list->count + 1);
    for (const struct setting *s = list->first; s != NULL; s = s->next) {
        if (is_ours(s->name) || s->name.len == 0) {
            complaint_at(b->c, COMPLAINT_ERROR, s->node, COMPLAINT_KEY, LIT(""),
                         "authorize_params cannot set \"%.*s\": the gateway does", SLICE_ARG(s->name));
            continue;
        }
        p->authorize_params[p->authorize_param_count++] = (struct provider_param){s->name, s->text};
    }
}

/* An address of the provider: https, or http on this machine. */
static struct slice endpoint(struct build *b, const struct setting *at, const char *name, struct provider *p)
{
    const struct setting *s = setting_at(at, name);
    struct url u;
    if (s->bad || s->text.len == 0 || url_read(b->a, s->text, &u) != NULL) return (struct slice){NULL, 0};
    if (!u.https && !address_host_is_loopback(u.host)) {
        BUILD_ERROR(b, at, name, "%s must be https: secrets and tokens travel there", name);
    }
    if (!u.https) p->allow_http = true;
    bool hidden = slice_is(slice_of(name), LIT("authorize_url")) || slice_is(slice_of(name), LIT("end_session_url"));
    if (!hidden && build_is_private(u.host) && !p->allow_private) {
        BUILD_ERROR(b, at, name, "%s is on a private address: allow_private: true permits that for this provider",
                    name);
    }
    return s->text;
}

static void endpoints(struct build *b, const struct setting *at, struct provider *p)
{
    p->issuer = endpoint(b, at, "issuer", p);
    p->authorize_url = endpoint(b, at, "authorize_url", p);
    p->token_url = endpoint(b, at, "token_url", p);
    p->userinfo_url = endpoint(b, at, "userinfo_url", p);
    p->jwks_url = endpoint(b, at, "jwks_url", p);
    p->end_session_url = endpoint(b, at, "end_session_url", p);
    if (slice_index(p->issuer, '?') != SLICE_NONE) BUILD_ERROR(b, at, "issuer", "an issuer has no query");
}

static void algorithms(struct build *b, const struct setting *at, struct provider *p)
{
    const struct setting *list = setting_at(at, "algorithms");
    p->algorithms = list->count == 0 ? (unsigned)JOSE_ASYMMETRIC : 0;
    for (const struct setting *s = list->first; s != NULL; s = s->next) {
        enum jose_alg alg;
        if (!s->bad && jose_alg_of(s->text, &alg)) p->algorithms |= (unsigned)alg;
    }
    if (list->count == 0 && list->node != NULL && !list->bad) {
        BUILD_ERROR(b, at, "algorithms", "algorithms is empty: no identity token could be accepted");
    }
}

static void client(struct build *b, const struct setting *at, struct provider *p)
{
    static const enum client_auth auths[] = {CLIENT_AUTH_BASIC, CLIENT_AUTH_POST, CLIENT_AUTH_NONE};
    const struct setting *secret = setting_at(at, "client_secret");
    p->client_id = setting_text(at, "client_id");
    p->client_secret = secret->secret;
    p->client_auth = auths[setting_number(at, "client_auth")];
    p->pkce = setting_number(at, "pkce") == 0;
    p->response_mode = setting_number(at, "response_mode") == 1 ? RESPONSE_FORM_POST : RESPONSE_QUERY;
    bool given = secret->node != NULL;
    if (p->client_auth != CLIENT_AUTH_NONE && !given && at->node != NULL && !at->bad) {
        complaint_at(
            b->c, COMPLAINT_ERROR, at->node, COMPLAINT_KEY, LIT(""),
            "provider \"%.*s\" has no client_secret or client_secret_file (client_auth: none is for public clients)",
            SLICE_ARG(p->id));
    }
    size_t len = secret_reveal(p->client_secret).len;
    if (given && len > 0 && len < SECRET_SHORT) {
        BUILD_WARNING(b, at, "client_secret", "client_secret has only %zu characters: could it be guessed?", len);
    }
    if (p->client_auth == CLIENT_AUTH_NONE && given) {
        BUILD_ERROR(b, at, "client_secret", "with client_auth: none no secret is sent: leave it out");
    }
    if (p->client_auth == CLIENT_AUTH_NONE && !p->pkce) {
        BUILD_ERROR(b, at, "pkce", "a client without a secret needs pkce: anybody could redeem a stolen code");
    } else if (!p->pkce) {
        BUILD_WARNING(b, at, "pkce", "pkce none: only for providers that refuse it");
    }
}

static void tokens(struct build *b, const struct setting *at, struct provider *p)
{
    p->tokens = setting_number(at, "tokens") == 1 ? TOKENS_SESSION : TOKENS_DISCARD;
    p->follows = setting_on(at, "refresh");
    p->refusal_ends_session = setting_number(at, "refresh_refused") == 0;
    p->revokes = setting_on(at, "revoke");
    if (p->tokens == TOKENS_SESSION) return;
    static const char *const moot[] = {"refresh", "refresh_refused", "revoke"};
    for (size_t i = 0; i < sizeof moot / sizeof moot[0]; i++) {
        if (setting_given(at, moot[i]))
            BUILD_ERROR(b, at, moot[i], "%s is about tokens that are kept: write tokens: session with it", moot[i]);
    }
}

static struct slice id_of(const struct setting *at)
{
    const struct setting *id = setting_at(at, "id");
    if (id->text.len != 0) return id->text;
    struct slice use = setting_text(at, "use");
    return use.len != 0 ? use : LIT("oidc");
}

static struct provider *provider(struct build *b, const struct setting *at)
{
    struct provider *p = arena_new(b->a, struct provider);
    p->id = id_of(at);
    p->name = setting_given(at, "name") ? setting_text(at, "name") : p->id;
    p->icon = setting_text(at, "icon");
    p->hidden = setting_on(at, "hidden");
    p->callback = setting_text(at, "callback");
    p->userinfo = setting_on(at, "userinfo");
    p->require_verified_email = setting_on(at, "require_verified_email");
    p->allow_private = setting_on(at, "allow_private");
    p->clock_skew_s = (int)(setting_number(at, "clock_skew") / 1000);
    p->timeout_ms = (int)setting_number(at, "timeout");
    p->ca_file = setting_path(at, "ca_file");
    tokens(b, at, p);
    p->audiences = setting_texts(b->a, at, "audiences", &p->audience_count);
    endpoints(b, at, p);
    client(b, at, p);
    scopes(b, at, p);
    params(b, at, p);
    claims(b, at, p);
    algorithms(b, at, p);
    return p;
}

/* Moves the last one before all whose order is larger: stable. */
static void settle(struct provider **list, int64_t *orders, size_t last)
{
    for (size_t i = last; i > 0 && orders[i - 1] > orders[i]; i--) {
        struct provider *p = list[i];
        int64_t order = orders[i];
        list[i] = list[i - 1];
        orders[i] = orders[i - 1];
        list[i - 1] = p;
        orders[i - 1] = order;
    }
}

void build_providers(struct build *b)
{
    const struct setting *list = setting_at(b->root, "providers");
    struct snapshot *s = b->s;
    int64_t *orders = arena_array(b->a, int64_t, list->count + 1);
    s->providers = arena_array(b->a, struct provider *, list->count + 1);
    size_t shown = 0;
    if (list->count == 0 && list->node != NULL && !list->bad) {
        BUILD_ERROR(b, b->root, "providers", "providers is empty: nobody could sign in");
    }
    if (list->count > PROVIDERS_MAX) BUILD_ERROR(b, b->root, "providers", "more than %d providers", PROVIDERS_MAX);
    for (const struct setting *at = list->first; at != NULL; at = at->next) {
        struct provider *p = provider(b, at);
        for (size_t i = 0; i < s->provider_count; i++) {
            if (!slice_is(s->providers[i]->id, p->id)) continue;
            BUILD_ERROR(b, at, "id", "there are two providers \"%.*s\": give each an id of its own", SLICE_ARG(p->id));
        }
        orders[s->provider_count] = setting_number(at, "order");
        s->providers[s->provider_count] = p;
        settle(s->providers, orders, s->provider_count++);
        shown += p->hidden ? 0 : 1;
    }
    if (shown == 0 && list->count > 0) {
        BUILD_WARNING(b, b->root, "providers", "every provider is hidden: the sign-in page has no button");
    }
    struct slice proxy = environment_get(b->environment, LIT("HTTPS_PROXY"));
    if (proxy.len == 0) proxy = environment_get(b->environment, LIT("https_proxy"));
    s->provider_proxy = proxy.len != 0 ? arena_text(b->a, proxy) : NULL;
}
