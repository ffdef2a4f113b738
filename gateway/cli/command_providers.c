/* command_providers.c -- the configured providers, every platform there is a file for, and the addresses to register with them.
 *
 * Without a configuration `list` and `show` tell of the built-in files: whoever begins wants to see what there is.
 */
#include "cli/commands.h"
#include "provider/descriptor_print.h"
#include "provider/descriptor_read.h"
#include "text/json.h"

enum {
    TEXT_MAX = 1 << 20
};

/* A configuration that is whole, or none at all; otherwise complaints were told. */
struct known {
    struct config *config;
    struct snapshot *snapshot; /* NULL: there is no configuration */
    struct descriptor_library *library;
    bool fine;
};

static struct known known_open(const struct command_line *line, bool needs_config)
{
    struct known k = {.config = command_config_to_register(line)};
    bool absent = config_is_absent(k.config) && !needs_config;
    if (!absent) k.snapshot = config_build(k.config, &(struct config_use){.purpose = CONFIG_CHECK});
    k.fine = absent || k.snapshot != NULL;
    if (k.fine)
        k.library = config_provider_files(k.config);
    else
        command_complain(line, k.config, LIT("mend the configuration first"));
    return k;
}

static int known_close(struct known *k, int status)
{
    config_close(k->config);
    snapshot_drop(k->snapshot);
    return k->fine ? status : EXIT_CONFIG;
}

static struct slice redirect_uri(const struct snapshot *s, const struct site *site, const struct provider *p)
{
    return arena_print(s->arena, "%.*s%.*s", SLICE_ARG(site->public_url), SLICE_ARG(p->callback));
}

static bool offers(const struct site *site, const struct provider *p)
{
    for (size_t i = 0; i < site->provider_count; i++) {
        if (site->providers[i] == p) return true;
    }
    return false;
}

/* What else a platform can be told of, beside the redirect URI: PREFIX/PATH, or PREFIX/PATH/ID. */
struct further {
    const char *path, *what, *member;
    bool is_own; /* one for each provider */
    bool (*offered)(const struct descriptor *d);
};

static bool is_oidc(const struct descriptor *d)
{
    return d->protocol == PROTOCOL_OIDC;
}

static bool has_deauthorize(const struct descriptor *d)
{
    return d->lifecycle.deauthorize.given;
}

static bool has_data_deletion(const struct descriptor *d)
{
    return d->lifecycle.data_deletion.given;
}

static const struct further further[] = {
    {"signed-out", "post-logout redirect", "post_logout_redirect_uri", false, is_oidc},
    {"backchannel-logout", "back-channel logout", "backchannel_logout_uri", true, is_oidc},
    {"frontchannel-logout", "front-channel logout", "frontchannel_logout_uri", true, is_oidc},
    {"deauthorize", "deauthorize callback", "deauthorize_uri", true, has_deauthorize},
    {"data-deletion", "data deletion", "data_deletion_uri", true, has_data_deletion},
};

static struct slice further_uri(const struct snapshot *s, const struct site *site, const struct provider *p,
                                const struct further *f)
{
    return arena_print(s->arena, "%.*s%.*s/%s%s%.*s", SLICE_ARG(site->public_url), SLICE_ARG(s->prefix), f->path,
                       f->is_own ? "/" : "", SLICE_ARG(f->is_own ? p->id : LIT("")));
}

/* ---- list ---- */

static const char *text_of(const struct doc *d, const char *key)
{
    struct slice s = doc_string(d, slice_of(key));
    return s.at != NULL ? s.at : "";
}

static void configured_json(struct json *j, const struct snapshot *s)
{
    for (size_t i = 0; s != NULL && i < s->provider_count; i++) {
        const struct provider *p = s->providers[i];
        json_open_object(j, NULL);
        json_string(j, "id", p->id);
        json_string(j, "name", p->name);
        json_string(j, "use", p->descriptor->id);
        json_string(j, "protocol", slice_of(protocol_word(p->descriptor->protocol)));
        json_string(j, "origin", p->descriptor->origin);
        json_string(j, "issuer", p->issuer);
        json_string(j, "client_id", p->client_id);
        json_string(j, "redirect_uri", redirect_uri(s, &s->sites[0], p));
        json_open_list(j, "redirect_uris"); /* of every site that offers it */
        for (size_t k = 0; k < s->site_count; k++) {
            if (offers(&s->sites[k], p)) json_string(j, NULL, redirect_uri(s, &s->sites[k], p));
        }
        json_close_list(j);
        for (size_t k = 0; k < sizeof further / sizeof further[0]; k++) {
            if (further[k].offered(p->descriptor))
                json_string(j, further[k].member, further_uri(s, &s->sites[0], p, &further[k]));
        }
        json_bool(j, "hidden", p->hidden);
        json_close_object(j);
    }
}

static void list_json(struct known *k)
{
    struct buf out = buf_open(TEXT_MAX);
    struct json j = json_into(&out);
    size_t count;
    struct descriptor_listed *all = descriptor_library_list(k->library, &count);
    json_open_object(&j, NULL);
    json_open_list(&j, "configured");
    configured_json(&j, k->snapshot);
    json_close_list(&j);
    json_open_list(&j, "files");
    for (size_t i = 0; i < count; i++) {
        const struct doc *d = descriptor_library_find(k->library, all[i].id, NULL);
        json_open_object(&j, NULL);
        json_string(&j, "id", all[i].id);
        json_string(&j, "name", doc_string(d, LIT("name")));
        json_string(&j, "protocol", doc_string(d, LIT("protocol")));
        json_string(&j, "status", doc_member(d, LIT("status")) != NULL ? doc_string(d, LIT("status")) : LIT("current"));
        json_string(&j, "origin", all[i].origin);
        json_close_object(&j);
    }
    json_close_list(&j);
    json_close_object(&j);
    buf_byte(&out, '\n');
    command_out(&out);
    buf_close(&out);
}

static void list_text(struct known *k)
{
    const struct snapshot *s = k->snapshot;
    size_t count;
    struct descriptor_listed *all = descriptor_library_list(k->library, &count);
    for (size_t i = 0; s != NULL && i < s->provider_count; i++) {
        const struct provider *p = s->providers[i];
        printf("%-16.*s %-7s use: %-14.*s %.*s%s\n", SLICE_ARG(p->id), protocol_word(p->descriptor->protocol),
               SLICE_ARG(p->descriptor->id), SLICE_ARG(p->issuer), p->hidden ? "  (hidden)" : "");
    }
    printf("%sProvider files (use: ID):\n", s != NULL ? "\n" : "");
    for (size_t i = 0; i < count; i++) {
        const struct doc *d = descriptor_library_find(k->library, all[i].id, NULL);
        const char *status = text_of(d, "status");
        printf("%-16.*s %-7s %-22s %.*s%s%s\n", SLICE_ARG(all[i].id), text_of(d, "protocol"), text_of(d, "name"),
               SLICE_ARG(all[i].origin), all[i].replaced ? ", in place of the built-in one" : "",
               strcmp(status, "legacy") == 0 ? ", legacy" : "");
    }
}

int command_providers_list(const struct command_line *line)
{
    struct known k = known_open(line, false);
    if (k.fine && command_json(line))
        list_json(&k);
    else if (k.fine)
        list_text(&k);
    return known_close(&k, EXIT_FINE);
}

/* ---- show ---- */

static void show(const struct doc *document, struct slice what, struct slice origin)
{
    struct buf out = buf_open(TEXT_MAX);
    buf_print(&out, "# %.*s (%.*s)\n", SLICE_ARG(what), SLICE_ARG(origin));
    descriptor_print(&out, document);
    command_out(&out);
    buf_close(&out);
}

static bool show_configured(const struct snapshot *s, struct slice id)
{
    for (size_t i = 0; s != NULL && i < s->provider_count; i++) {
        const struct provider *p = s->providers[i];
        if (!slice_is(p->id, id)) continue;
        show(p->document,
             arena_print(s->arena, "provider \"%.*s\", use: %.*s", SLICE_ARG(id), SLICE_ARG(p->descriptor->id)),
             p->descriptor->origin);
        return true;
    }
    return false;
}

int command_providers_show(const struct command_line *line)
{
    struct known k = known_open(line, false);
    struct slice id = slice_of(line->words[0]);
    if (!k.fine || show_configured(k.snapshot, id)) return known_close(&k, EXIT_FINE);
    if (!descriptor_library_has(k.library, id)) {
        struct slice near = descriptor_library_nearest(k.library, id);
        if (near.len != 0)
            command_say("there is no provider \"%s\": did you mean \"%.*s\"?", line->words[0], SLICE_ARG(near));
        else
            command_say("there is no provider \"%s\"; vestibule providers list shows all", line->words[0]);
        return known_close(&k, EXIT_USAGE);
    }
    const struct doc *document = descriptor_library_find(k.library, id, NULL);
    if (document != NULL) show(document, id, descriptor_library_origin(k.library, id));
    return known_close(&k, document != NULL ? EXIT_FINE : EXIT_CONFIG);
}

/* ---- urls ---- */

static void urls_at(struct buf *out, const struct snapshot *s, const struct site *site)
{
    for (size_t i = 0; i < site->provider_count; i++) {
        const struct provider *p = site->providers[i];
        buf_print(out, "%-16.*s %.*s (redirect URI)\n", SLICE_ARG(p->id), SLICE_ARG(redirect_uri(s, site, p)));
        for (size_t k = 0; k < sizeof further / sizeof further[0]; k++) {
            if (!further[k].offered(p->descriptor)) continue;
            buf_print(out, "%-16.*s %.*s (%s)\n", SLICE_ARG(p->id), SLICE_ARG(further_uri(s, site, p, &further[k])),
                      further[k].what);
        }
    }
}

int command_providers_urls(const struct command_line *line)
{
    struct known k = known_open(line, true);
    const struct snapshot *s = k.snapshot;
    struct buf out = buf_open(TEXT_MAX);
    struct json j = json_into(&out);
    bool as_json = command_json(line);
    if (as_json) json_open_list(&j, NULL);
    if (as_json) configured_json(&j, s);
    if (as_json) json_close_list(&j);
    for (size_t i = 0; s != NULL && !as_json && i < s->site_count; i++) {
        urls_at(&out, s, &s->sites[i]);
    }
    if (as_json) buf_byte(&out, '\n');
    if (k.fine) command_out(&out);
    buf_close(&out);
    return known_close(&k, EXIT_FINE);
}
