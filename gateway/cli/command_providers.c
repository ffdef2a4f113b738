/* command_providers.c -- the configured providers, and the redirect URIs to register with them. */
#include "cli/commands.h"
#include "text/json.h"

enum {
    TEXT_MAX = 1 << 20
};

static struct slice redirect_uri(const struct snapshot *s, const struct provider *p)
{
    return arena_print(s->arena, "%.*s%.*s", SLICE_ARG(s->public_url), SLICE_ARG(p->callback));
}

static void tell_json(const struct snapshot *s)
{
    struct buf out = buf_open(TEXT_MAX);
    struct json j = json_into(&out);
    json_open_list(&j, NULL);
    for (size_t i = 0; i < s->provider_count; i++) {
        const struct provider *p = s->providers[i];
        json_open_object(&j, NULL);
        json_string(&j, "id", p->id);
        json_string(&j, "name", p->name);
        json_string(&j, "issuer", p->issuer);
        json_string(&j, "client_id", p->client_id);
        json_string(&j, "redirect_uri", redirect_uri(s, p));
        json_bool(&j, "hidden", p->hidden);
        json_close_object(&j);
    }
    json_close_list(&j);
    buf_byte(&out, '\n');
    command_out(&out);
    buf_close(&out);
}

static void tell_text(const struct snapshot *s, bool urls)
{
    for (size_t i = 0; i < s->provider_count; i++) {
        const struct provider *p = s->providers[i];
        struct slice second = urls ? redirect_uri(s, p) : p->issuer;
        printf("%-16.*s %.*s%s\n", SLICE_ARG(p->id), SLICE_ARG(second), p->hidden ? "  (hidden)" : "");
    }
}

static int tell(const struct command_line *line, bool urls)
{
    struct config *c = command_config(line, NULL);
    struct snapshot *s = config_build(c, &(struct config_use){.purpose = CONFIG_CHECK});
    if (s == NULL)
        command_complain(line, c, LIT("mend the configuration first"));
    else if (command_json(line))
        tell_json(s);
    else
        tell_text(s, urls);
    config_close(c);
    int status = s != NULL ? EXIT_FINE : EXIT_CONFIG;
    snapshot_drop(s);
    return status;
}

int command_providers_list(const struct command_line *line)
{
    return tell(line, false);
}

int command_providers_urls(const struct command_line *line)
{
    return tell(line, true);
}
