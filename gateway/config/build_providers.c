/* build_providers.c -- one struct provider per entry of providers[], in the order of the buttons: its file, with the entry laid upon it. */
#include "config/build_provider.h"
#include "config/environment.h"
#include "crypto/private_file.h"
#include "text/address.h"
#include "text/url.h"

enum {
    PROVIDERS_MAX = 64,
    SECRET_SHORT = 12 /* providers give 24 and more */
};

static void kept_claims(struct build *b, const struct setting *at, struct provider *p)
{
    p->keep = setting_texts(b->a, at, "claims.keep", &p->keep_count);
    if (p->keep_count > IDENTITY_KEEP_MAX) {
        BUILD_ERROR(b, at, "claims.keep", "at most %d claims can be kept", IDENTITY_KEEP_MAX);
        p->keep_count = IDENTITY_KEEP_MAX;
    }
}

static void close_key(void *key)
{
    client_key_close(key);
}

static void client_key(struct build *b, const struct setting *at, struct provider *p)
{
    const struct setting *s = setting_at(at, "client_key_file");
    struct client_key *key = NULL;
    struct secret pem = {NULL, 0};
    bool needed = p->client_auth == CLIENT_AUTH_PRIVATE_KEY || p->client_auth == CLIENT_AUTH_SECRET_JWT;
    if (needed && s->node == NULL && at->node != NULL)
        complaint_at(b->c, COMPLAINT_ERROR, at->node, COMPLAINT_KEY, LIT(""),
                     "provider \"%.*s\" has no client_key_file: the private key that signs who we are",
                     SLICE_ARG(p->id));
    if (!needed && s->node != NULL)
        BUILD_ERROR(b, at, "client_key_file", "no key is used: client_auth is not private_key_jwt or secret_jwt");
    if (!needed || s->node == NULL || s->bad) return;
    const struct err *why = private_file_read(b->a, s->text.at, CLIENT_KEY_PEM_MAX, &pem);
    if (why == NULL) why = client_key_read(b->a, secret_reveal(pem), &key);
    if (why != NULL) {
        build_complain(b, s->node, "client_key_file", why);
        return;
    }
    arena_at_close(b->a, close_key, key);
    p->client_key = key;
    if (p->client_auth == CLIENT_AUTH_SECRET_JWT && (client_key_algs(key) & (unsigned)JOSE_ES256) == 0)
        BUILD_ERROR(b, at, "client_key_file", "this provider wants a P-256 key (ES256)");
}

static void client(struct build *b, const struct setting *at, struct provider *p)
{
    const struct setting *secret = setting_at(at, "client_secret");
    p->client_id = setting_text(at, "client_id");
    p->client_secret = secret->secret;
    p->client_auth = p->descriptor->token.auth;
    bool given = secret->node != NULL;
    bool signs = p->client_auth == CLIENT_AUTH_PRIVATE_KEY || p->client_auth == CLIENT_AUTH_SECRET_JWT;
    client_key(b, at, p);
    if (p->client_auth != CLIENT_AUTH_NONE && !signs && !given && at->node != NULL && !at->bad) {
        complaint_at(
            b->c, COMPLAINT_ERROR, at->node, COMPLAINT_KEY, LIT(""),
            "provider \"%.*s\" has no client_secret or client_secret_file (for a client without one: client_auth: none)",
            SLICE_ARG(p->id));
    }
    size_t len = secret_reveal(p->client_secret).len;
    if (given && len > 0 && len < SECRET_SHORT) {
        BUILD_WARNING(b, at, "client_secret",
                      "client_secret has only %zu character%s: is it whole, and could nobody guess it?", len,
                      len == 1 ? "" : "s");
    }
    if (p->client_auth == CLIENT_AUTH_NONE && given) {
        BUILD_ERROR(b, at, "client_secret", "with client_auth: none no secret is sent: leave it out");
    }
    if (p->descriptor->pkce == PKCE_NONE && setting_given(at, "pkce")) {
        BUILD_WARNING(b, at, "pkce", "pkce none: only for providers that refuse it");
    }
}

static void tokens(struct build *b, const struct setting *at, struct provider *p)
{
    p->tokens = setting_number(at, "tokens") == 1 ? TOKENS_SESSION : TOKENS_DISCARD;
    p->follows = setting_on(at, "refresh");
    p->refusal_ends_session = setting_number(at, "refresh_refused") == 0;
    p->revokes = setting_on(at, "revoke");
    if (p->tokens == TOKENS_SESSION && p->follows && p->descriptor->refresh.kind == REFRESH_NONE) {
        BUILD_WARNING(b, at, "refresh", "this provider's tokens are never renewed: its sessions cannot follow it");
    }
    if (p->tokens == TOKENS_SESSION) return;
    static const char *const moot[] = {"refresh", "refresh_refused", "revoke"};
    for (size_t i = 0; i < sizeof moot / sizeof moot[0]; i++) {
        const struct setting *m = setting_at(at, moot[i]);
        if (m->node != NULL && !slice_is(m->text, slice_of(m->key->fallback)))
            BUILD_ERROR(b, at, moot[i], "%s is about tokens that are kept: write tokens: session with it", moot[i]);
    }
}

static void empty_algorithms(struct build *b, const struct setting *at)
{
    const struct setting *list = setting_at(at, "algorithms");
    if (list->count == 0 && list->node != NULL && !list->bad) {
        BUILD_ERROR(b, at, "algorithms", "algorithms is empty: no identity token could be accepted");
    }
}

static struct slice id_of(const struct setting *at)
{
    const struct setting *id = setting_at(at, "id");
    if (id->text.len != 0) return id->text;
    struct slice use = setting_text(at, "use");
    return use.len != 0 ? use : LIT("oidc");
}

/* Names with values as a document: as they stand in a file, or made of what the environment says in one text. */
static const struct doc *names_in(struct build *b, const struct setting *at, const char *key)
{
    const struct setting *s = setting_at(at, key);
    if (s->node == NULL || s->bad || s->node->type == DOC_MAP) return s->bad ? NULL : s->node;
    struct doc *map = arena_new(b->a, struct doc), **end = &map->first;
    *map = *s->node;
    map->type = DOC_MAP;
    for (const struct setting *one = s->first; one != NULL; one = one->next) {
        *end = arena_new(b->a, struct doc);
        **end = *s->node;
        (*end)->key = one->name;
        (*end)->text = one->text;
        (*end)->next = NULL;
        end = &(*end)->next;
        map->count++;
    }
    return map;
}

/* The file, what it extends, and the entry upon them: NULL after complaints. */
static const struct descriptor *descriptor(struct build *b, struct descriptor_library *l, const struct setting *at,
                                           struct provider *p)
{
    const struct setting *use = setting_at(at, "use");
    if (use->bad || use->text.len == 0) return NULL;
    const struct doc *file = descriptor_library_find(l, use->text, use->node);
    if (file == NULL) return NULL;
    struct descriptor_ask ask = {.complaints = b->c,
                                 .library = l,
                                 .id = use->text,
                                 .place = at->node != NULL ? at->node : use->node,
                                 .overlay = build_overlay(b, at, file),
                                 .variables = names_in(b, at, "variables"),
                                 .require = names_in(b, at, "require"),
                                 .tokens_kept = setting_number(at, "tokens") == 1,
                                 .provider = p->id};
    ask.extra_scopes.at = setting_texts(b->a, at, "extra_scopes", &ask.extra_scopes.count);
    return descriptor_read(&ask, &p->document);
}

static void verified_email(struct build *b, const struct setting *at, struct provider *p)
{
    const struct map_value *m = &p->descriptor->profile.email_verified;
    bool given = setting_given(at, "require_verified_email");
    p->require_verified_email =
        given ? setting_on(at, "require_verified_email") : p->descriptor->profile.require_verified_email;
    if (given && p->require_verified_email && (m->kind == MAP_NONE || m->kind == MAP_CONST))
        BUILD_ERROR(b, at, "require_verified_email",
                    "this provider never says that an address is verified: nobody could sign in");
}

static struct provider *provider(struct build *b, struct descriptor_library *l, const struct setting *at)
{
    static const struct descriptor none;
    struct provider *p = arena_new(b->a, struct provider);
    p->id = id_of(at);
    p->callback = setting_text(at, "callback");
    p->allow_private = setting_on(at, "allow_private");
    p->descriptor = build_addresses(b, at, p) ? descriptor(b, l, at, p) : NULL;
    bool known = p->descriptor != NULL;
    if (!known) p->descriptor = &none; /* what is judged below must not be told as its fault */
    p->name = setting_given(at, "name") ? setting_text(at, "name") : setting_given(at, "id") ? p->id : LIT("");
    if (p->name.len == 0) p->name = p->descriptor->name.len != 0 ? p->descriptor->name : p->id;
    p->icon = setting_given(at, "icon") ? setting_text(at, "icon") : p->descriptor->brand.mark;
    p->hidden = setting_on(at, "hidden");
    p->algorithms = p->descriptor->id_token.algorithms;
    if (known) verified_email(b, at, p);
    p->clock_skew_s = (int)(setting_number(at, "clock_skew") / 1000);
    p->timeout_ms = (int)setting_number(at, "timeout");
    p->ca_file = setting_path(at, "ca_file");
    tokens(b, at, p);
    p->audiences = setting_texts(b->a, at, "audiences", &p->audience_count);
    build_endpoints(b, at, p);
    if (known) client(b, at, p);
    kept_claims(b, at, p);
    empty_algorithms(b, at);
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
    struct descriptor_library *library = build_library(b);
    int64_t *orders = arena_array(b->a, int64_t, list->count + 1);
    s->providers = arena_array(b->a, struct provider *, list->count + 1);
    size_t shown = 0;
    if (list->count == 0 && list->node != NULL && !list->bad) {
        BUILD_ERROR(b, b->root, "providers", "providers is empty: nobody could sign in");
    }
    if (list->count > PROVIDERS_MAX) BUILD_ERROR(b, b->root, "providers", "more than %d providers", PROVIDERS_MAX);
    for (const struct setting *at = list->first; at != NULL; at = at->next) {
        struct provider *p = provider(b, library, at);
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
