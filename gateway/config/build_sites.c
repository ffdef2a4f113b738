/* build_sites.c -- who may ask and how (mode, compat, forward_auth), and the sites: public addresses with sessions of their own. */
#include "config/config_int.h"
#include "route/path.h"

void build_compat(struct build *b)
{
    static const struct {
        struct slice word;
        enum compat bit;
    } kinds[] = {
        {LIT_INIT("oauth2-proxy"), COMPAT_OAUTH2_PROXY},
        {LIT_INIT("authelia"), COMPAT_AUTHELIA},
        {LIT_INIT("vouch"), COMPAT_VOUCH},
    };
    for (const struct setting *one = setting_at(b->root, "compat")->first; one != NULL; one = one->next) {
        unsigned bit = 0;
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            if (slice_is(one->text, kinds[i].word)) bit = kinds[i].bit;
        }
        if (bit == 0 && !one->bad)
            complaint_at(b->c, COMPLAINT_ERROR, one->node, COMPLAINT_VALUE, LIT(""),
                         "\"%.*s\" is nothing we are compatible with: there are oauth2-proxy, authelia and vouch",
                         SLICE_ARG(one->text));
        b->s->compat |= bit;
    }
}

static bool somebody_may_ask(const struct snapshot *s)
{
    for (size_t i = 0; i < s->listener_count; i++) {
        if (s->listeners[i].kind == LISTENER_UNIX) return true;
    }
    return s->trusted_count > 0;
}

static void who_may_ask(struct build *b)
{
    static const enum gate_mode modes[] = {MODE_BOTH, MODE_AUTH, MODE_PROXY};
    struct snapshot *s = b->s;
    s->mode = modes[setting_number(b->root, "mode")];
    s->verdict_cache_s = (int)(setting_number(b->root, "forward_auth.cache") / 1000);
    if (s->mode == MODE_PROXY && s->compat != 0)
        BUILD_ERROR(b, b->root, "compat", "compat answers other proxies, and mode: proxy forbids them to ask");
    if (somebody_may_ask(s) || setting_at(b->root, "trusted_proxies")->bad) return;
    if (s->mode == MODE_AUTH)
        BUILD_ERROR(b, b->root, "mode",
                    "mode: auth, and nobody may ask: name the proxy in front in trusted_proxies, or listen on a unix "
                    "socket");
    else if (s->compat != 0)
        BUILD_WARNING(b, b->root, "compat",
                      "nobody may ask: name the proxy in front in trusted_proxies, or listen on a unix socket");
}

/* A path that is its own canonical form and none of ours: the first sign of somebody's typing error is otherwise the provider's refusal. */
static bool callback_fine(const struct build *b, struct slice path)
{
    struct slice canonical;
    const struct slice below[] = {b->s->prefix, LIT("/")};
    const struct slice usual[] = {b->s->prefix, LIT("/callback")};
    if (path.len < 2 || path_canonical(b->a, path, &canonical) != NULL || !slice_is(path, canonical)) return false;
    bool ours = slice_starts(path, arena_join(b->a, below, 2)) || slice_is(path, b->s->prefix);
    return !ours || slice_starts(path, arena_join(b->a, usual, 2));
}

/* Where each provider sends people back to. Whoever was oauth2-proxy's only provider keeps its address; further ones get their own. */
static void callbacks(struct build *b)
{
    struct snapshot *s = b->s;
    const struct doc *at = setting_at(b->root, "providers")->node;
    for (size_t i = 0; i < s->provider_count; i++) {
        struct provider *p = s->providers[i];
        bool as_before = i == 0 && (s->compat & COMPAT_OAUTH2_PROXY) != 0;
        const struct slice usual[] = {s->prefix, LIT("/callback/"), p->id};
        const struct slice before[] = {s->prefix, LIT("/callback")};
        if (p->callback.len == 0)
            p->callback = as_before ? arena_join(b->a, before, 2) : arena_join(b->a, usual, 3);
        else if (!callback_fine(b, p->callback))
            complaint_at(b->c, COMPLAINT_ERROR, at, COMPLAINT_VALUE, LIT(""),
                         "provider %.*s: callback cannot be \"%.*s\": write a path such as /oauth2/callback",
                         SLICE_ARG(p->id), SLICE_ARG(p->callback));
        s->own_callbacks = s->own_callbacks || !slice_is(p->callback, arena_join(b->a, usual, 3));
        for (size_t k = 0; k < i; k++) {
            bool same_id = slice_is(s->providers[k]->id, p->id); /* told elsewhere */
            if (same_id || !slice_is(s->providers[k]->callback, p->callback)) continue;
            complaint_at(b->c, COMPLAINT_ERROR, at, COMPLAINT_VALUE, LIT(""),
                         "providers %.*s and %.*s share the redirect address %.*s: a lying one could then take what is "
                         "meant for the other",
                         SLICE_ARG(s->providers[k]->id), SLICE_ARG(p->id), SLICE_ARG(p->callback));
        }
    }
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
    callbacks(b);
    s->sites = arena_array(b->a, struct site, 1);
    first_site(b, &s->sites[s->site_count++]);
}
