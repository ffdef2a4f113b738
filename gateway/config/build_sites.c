/* build_sites.c -- who may ask and how (mode, compat, forward_auth), and the sites: public addresses with sessions of their own. */
#include "config/config_int.h"

static void who_may_ask(struct build *b)
{
    static const enum gate_mode modes[] = {MODE_BOTH, MODE_AUTH, MODE_PROXY};
    static const enum compat kinds[] = {COMPAT_OAUTH2_PROXY, COMPAT_AUTHELIA, COMPAT_VOUCH};
    static const char *const words[] = {"oauth2-proxy", "authelia", "vouch"};
    const struct setting *compat = setting_at(b->root, "compat");
    struct snapshot *s = b->s;
    bool by_socket = false;
    s->mode = modes[setting_number(b->root, "mode")];
    s->verdict_cache_s = (int)(setting_number(b->root, "forward_auth.cache") / 1000);
    for (const struct setting *one = compat->first; one != NULL; one = one->next) {
        unsigned bit = 0;
        for (size_t i = 0; i < 3; i++) {
            if (slice_is(one->text, slice_of(words[i]))) bit = kinds[i];
        }
        if (bit == 0)
            complaint_at(b->c, COMPLAINT_ERROR, one->node, COMPLAINT_VALUE, LIT(""),
                         "\"%.*s\" is nothing we are compatible with: there are oauth2-proxy, authelia and vouch",
                         SLICE_ARG(one->text));
        s->compat |= bit;
    }
    for (size_t i = 0; i < s->listener_count; i++) {
        by_socket = by_socket || s->listeners[i].kind == LISTENER_UNIX;
    }
    if (s->mode == MODE_PROXY && s->compat != 0)
        BUILD_ERROR(b, b->root, "compat", "compat answers other proxies, and mode: proxy forbids them to ask");
    if (s->trusted_count > 0 || by_socket) return;
    if (s->mode == MODE_AUTH)
        BUILD_ERROR(b, b->root, "mode",
                    "mode: auth, and nobody may ask: name the proxy in front in trusted_proxies, or listen on a unix "
                    "socket");
    else if (s->compat != 0)
        BUILD_WARNING(b, b->root, "compat",
                      "nobody may ask: name the proxy in front in trusted_proxies, or listen on a unix socket");
}

static void first_site(struct build *b, struct site *to)
{
    const struct snapshot *s = b->s;
    *to = (struct site){.public_url = s->public_url,
                        .public_origin = s->public_origin,
                        .public_host = s->public_host,
                        .public_https = s->public_https,
                        .name = s->site_name,
                        .pages = s->pages,
                        .return_rules = s->return_rules,
                        .session = s->session,
                        .attempt_prefix = s->attempt_prefix,
                        .providers = s->providers,
                        .provider_count = s->provider_count};
}

void build_sites(struct build *b)
{
    struct snapshot *s = b->s;
    who_may_ask(b);
    s->sites = arena_array(b->a, struct site, 1);
    first_site(b, &s->sites[s->site_count++]);
}
