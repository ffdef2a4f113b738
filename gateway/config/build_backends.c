/* build_backends.c -- the applications behind the gateway: address, TLS, times. */
#include "config/config_int.h"
#include "crypto/tls.h"
#include "text/url.h"

enum {
    BACKENDS_MAX = 1024
};

static bool address(struct build *b, const struct setting *at, const char *key, struct slice text,
                    struct snapshot_backend *to)
{
    struct backend *e = &to->backend;
    struct url u;
    if (slice_starts(text, LIT("http+unix://"))) {
        e->unix_path = arena_copy(b->a, slice_from(text, 12));
        e->authority = LIT("localhost");
        if (e->unix_path.len > 1 && e->unix_path.at[0] == '/' && e->unix_path.len <= 107) return true;
        BUILD_ERROR(b, at, key, "http+unix:// wants an absolute path of at most 107 bytes");
        return false;
    }
    const struct err *why = url_read(b->a, text, &u);
    if (why != NULL) {
        build_complain(b, setting_place(at, key), "", why);
        return false;
    }
    if (!slice_is(u.path, LIT("/")) || u.query.at != NULL) {
        BUILD_ERROR(b, at, key, "a backend's address ends after host and port: paths are passed on as they are");
        return false;
    }
    struct slice origin = url_origin(b->a, &u);
    e->host = u.host;
    e->port = u.port;
    e->authority = slice_from(origin, slice_find(origin, LIT("://")) + 3);
    return true;
}

static void backend_tls(struct build *b, const struct setting *at, struct snapshot_backend *to, bool https)
{
    const struct setting *t = setting_at(at, "tls");
    struct tls_client_conf conf = {.host = setting_given(t, "name") ? setting_text(t, "name") : to->backend.host,
                                   .ca_file = setting_path(t, "ca_file"),
                                   .certificate_file = setting_path(t, "client_certificate"),
                                   .key_file = setting_path(t, "client_key"),
                                   .insecure = setting_on(t, "insecure")};
    if (!https) {
        if (t->node != NULL) BUILD_ERROR(b, at, "tls", "tls is for backends with https://");
        return;
    }
    if (conf.insecure) BUILD_WARNING(b, t, "insecure", "any machine on the way can pretend to be this backend");
    if ((conf.certificate_file == NULL) != (conf.key_file == NULL)) {
        BUILD_ERROR(b, t, conf.key_file == NULL ? "client_certificate" : "client_key",
                    "client_certificate and client_key belong together");
        return;
    }
    const struct err *why = tls_client(b->a, &conf, &to->backend.tls);
    if (why != NULL) build_complain(b, setting_place(at, "url"), "", why);
    to->backend.pool_key =
        arena_print(b->a, "%.*s name=%.*s ca=%s certificate=%s insecure=%d", SLICE_ARG(to->backend.pool_key),
                    SLICE_ARG(conf.host), conf.ca_file != NULL ? conf.ca_file : "-",
                    conf.certificate_file != NULL ? conf.certificate_file : "-", conf.insecure);
}

static struct slice strip_prefix(struct build *b, const struct setting *at, struct slice path)
{
    struct slice strip = setting_text(at, "strip_prefix");
    if (strip.len == 0) return strip;
    bool fine =
        strip.at[0] == '/' && strip.len > 1 && strip.at[strip.len - 1] != '/' && slice_index(strip, '*') == SLICE_NONE;
    if (!fine) {
        BUILD_ERROR(b, at, "strip_prefix", "strip_prefix cannot be \"%.*s\": write a path such as /app",
                    SLICE_ARG(strip));
    } else if (!slice_starts(path, strip)) {
        BUILD_ERROR(b, at, "strip_prefix", "strip_prefix is not the head of this backend's path %.*s", SLICE_ARG(path));
    }
    return strip;
}

static enum header_preset preset_at(int64_t index)
{
    static const enum header_preset presets[] = {PRESET_STANDARD, PRESET_OAUTH2_PROXY, PRESET_AUTHELIA, PRESET_POMERIUM,
                                                 PRESET_NONE};
    return presets[index];
}

/* Without a word about it an assertion is for the backend's origin; a unix socket's is its address as configured. */
static void default_audience(struct build *b, struct snapshot_backend *to, struct slice url)
{
    if (to->audience.len != 0) return;
    const struct backend *e = &to->backend;
    bool https = slice_starts(url, LIT("https://"));
    to->audience =
        e->unix_path.len != 0 ? url : arena_print(b->a, "%s://%.*s", https ? "https" : "http", SLICE_ARG(e->authority));
}

static enum token_form token_form(struct build *b, const struct setting *at)
{
    static const enum token_form forms[] = {TOKEN_FORM_NONE, TOKEN_FORM_HEADER, TOKEN_FORM_BEARER};
    enum token_form form = forms[setting_number(at, "access_token")];
    bool kept = form == TOKEN_FORM_NONE;
    for (size_t i = 0; i < b->s->provider_count; i++) {
        kept = kept || b->s->providers[i]->tokens == TOKENS_SESSION;
    }
    if (!kept)
        BUILD_ERROR(b, at, "access_token", "no provider's tokens are kept: write tokens: session at one of them");
    return form;
}

static void one(struct build *b, const struct setting *at, struct snapshot_backend *to, size_t position)
{
    const struct setting *url = setting_at(at, "url"), *audience = setting_at(at, "audience");
    struct backend *e = &to->backend;
    int64_t preset = setting_number(at, "headers.preset");
    e->id = setting_given(at, "id") ? setting_text(at, "id") : arena_print(b->a, "%zu", position + 1);
    e->connect_ms = (int)setting_number(at, "timeout.connect");
    e->response_ms = (int)setting_number(at, "timeout.response");
    e->idle_ms = (int)setting_number(at, "timeout.idle");
    e->keep_alive = (int)setting_number(at, "keep_alive");
    e->max_connections = (int)setting_number(at, "max_connections");
    e->websockets = setting_on(at, "websockets");
    to->host = build_lower(b->a, setting_text(at, "host"));
    to->path = setting_text(at, "path");
    to->strip_prefix = strip_prefix(b, at, to->path);
    to->keep_host = setting_number(at, "host_header") == 0;
    to->preset = preset >= 0 ? preset_at(preset) : b->s->preset;
    to->audience = audience->text.len != 0 ? audience->text : setting_text(b->root, "token.audience");
    to->token_form = token_form(b, at);
    e->pool_key = url->text;
    if (url->bad || url->text.len == 0 || !address(b, at, "url", url->text, to)) return;
    default_audience(b, to, url->text);
    backend_tls(b, at, to, slice_starts(url->text, LIT("https://")));
}

/* The shorthand: everything goes to one address. */
static void only_one(struct build *b, struct slice url)
{
    struct setting_folders folders = {NULL, NULL, false};
    const struct key *list = keys_find(keys_root(), "backends", 8);
    const struct setting *defaults = setting_walk(b->c, NULL, list->inside, &folders);
    struct snapshot_backend *to = &b->s->backends[b->s->backend_count++];
    one(b, defaults, to, 0);
    to->backend.id = LIT("backend");
    to->backend.pool_key = url;
    if (!address(b, b->root, "backend", url, to)) return;
    default_audience(b, to, url);
    if (slice_starts(url, LIT("https://"))) {
        struct tls_client_conf conf = {.host = to->backend.host};
        const struct err *why = tls_client(b->a, &conf, &to->backend.tls);
        if (why != NULL) build_complain(b, setting_place(b->root, "backend"), "", why);
    }
}

static void unique_ids(struct build *b, const struct setting *list)
{
    size_t i = 0;
    for (const struct setting *at = list->first; at != NULL; at = at->next, i++) {
        for (size_t j = 0; j < i; j++) {
            if (!slice_is(b->s->backends[i].backend.id, b->s->backends[j].backend.id)) continue;
            BUILD_ERROR(b, at, "id", "there are two backends \"%.*s\"", SLICE_ARG(b->s->backends[i].backend.id));
        }
    }
}

static void names_and_strips(struct build *b)
{
    const struct setting *strip = setting_at(b->root, "headers.strip");
    struct snapshot *s = b->s;
    s->preset = preset_at(setting_number(b->root, "headers.preset"));
    s->strip_headers = arena_array(b->a, struct slice, strip->count + 1);
    for (const struct setting *h = strip->first; h != NULL; h = h->next) {
        struct slice name = build_lower(b->a, h->text);
        bool needed = slice_is(name, LIT("host")) || slice_is(name, LIT("cookie")) ||
                      slice_is(name, LIT("content-type")) || slice_is(name, LIT("content-length"));
        if (needed) {
            complaint_at(b->c, COMPLAINT_ERROR, h->node, COMPLAINT_VALUE, LIT(""),
                         "%.*s cannot be stripped: requests need it", SLICE_ARG(h->text));
        }
        s->strip_headers[s->strip_count++] = name;
    }
}

void build_backends(struct build *b)
{
    const struct setting *list = setting_at(b->root, "backends"), *single = setting_at(b->root, "backend");
    struct snapshot *s = b->s;
    bool auth_only = setting_number(b->root, "mode") == 1;
    names_and_strips(b);
    s->backends = arena_array(b->a, struct snapshot_backend, list->count + 1);
    if (list->count > BACKENDS_MAX) BUILD_ERROR(b, b->root, "backends", "more than %d backends", BACKENDS_MAX);
    for (const struct setting *at = list->first; at != NULL; at = at->next) {
        one(b, at, &s->backends[s->backend_count], s->backend_count);
        s->backend_count++;
    }
    unique_ids(b, list);
    bool both = single->node != NULL && list->count > 0;
    if (both)
        BUILD_ERROR(b, b->root, "backend", "backend is short for one entry of backends: give one of them");
    else if (single->node != NULL && !single->bad)
        only_one(b, single->text);
    if (auth_only && (list->count > 0 || single->node != NULL)) {
        BUILD_ERROR(b, b->root, "mode", "mode: auth has no use for a backend");
    }
    if (!auth_only && s->backend_count == 0 && single->node == NULL && !list->bad) {
        complaint_at(
            b->c, COMPLAINT_ERROR, list->node, COMPLAINT_KEY, LIT(""),
            "there is no backend: write backend: http://127.0.0.1:3000 (or mode: auth, when another proxy asks us)");
    }
}
