/* build_sites.c -- who may ask and how (mode, compat, forward_auth), and the sites: public addresses with sessions of their own. */
#include "config/config_int.h"
#include "route/path.h"

enum {
    SITES_MAX = 64 /* each request looks through them, and each has its pages compiled */
};

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

/* The pages once more, as answers that a front proxy shows at other hosts. */
static void pages_elsewhere(struct build *b, struct pages_conf look, struct site *to)
{
    if (b->s->mode == MODE_PROXY || !somebody_may_ask(b->s) || to->pages == NULL) return;
    const struct slice parts[] = {to->public_origin, look.prefix};
    look.prefix = arena_join(b->a, parts, 2);
    const struct err *why = pages_open(b->a, &look, &to->pages_elsewhere);
    if (why != NULL) build_complain(b, NULL, "pages", why);
}

/* A session that reaches hosts which nobody may ask about, and to which nobody may return, was meant otherwise. */
static void reach(struct build *b, const struct setting *section, const char *key, const struct site *site)
{
    struct slice domain = site->session.cookie.domain;
    if (b->s->mode != MODE_AUTH || domain.len == 0 || site->return_rules.origin_count > 0) return;
    BUILD_WARNING(b, section, key,
                  "no host below %.*s is answered for: list them in redirects, as \"https://*.%.*s\" or one by one",
                  SLICE_ARG(domain), SLICE_ARG(domain));
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

static void site_cookie(struct build *b, const struct setting *at, struct site *to)
{
    struct slice name = build_cookie_name(b, setting_given(at, "cookie_name") ? at : b->root,
                                          setting_given(at, "cookie_name") ? "cookie_name" : "cookie.name");
    to->session = b->s->session;
    to->session.cookie.domain = build_cookie_domain(b, at, "cookie_domain", to->public_host);
    const char *prefix = to->session.cookie.domain.len != 0 ? "__Secure-" : "__Host-";
    to->session.cookie_name = arena_print(b->a, "%s%.*s", prefix, SLICE_ARG(name));
    to->attempt_prefix = arena_print(b->a, "__Host-%.*s-tx-", SLICE_ARG(name));
}

static void site_providers(struct build *b, const struct setting *at, struct site *to)
{
    const struct setting *list = setting_at(at, "providers");
    const struct snapshot *s = b->s;
    to->providers = s->providers;
    to->provider_count = s->provider_count;
    if (list->node == NULL) return;
    if (list->count == 0 && !list->bad)
        BUILD_ERROR(b, at, "providers", "providers is empty: nobody could sign in there; leave it out for all of them");
    to->providers = arena_array(b->a, struct provider *, list->count + 1);
    to->provider_count = 0;
    for (const struct setting *one = list->first; one != NULL; one = one->next) {
        size_t before = to->provider_count;
        for (size_t i = 0; i < s->provider_count; i++) {
            if (slice_is(s->providers[i]->id, one->text)) to->providers[to->provider_count++] = s->providers[i];
        }
        if (to->provider_count == before && s->provider_count != 0 && !one->bad) build_no_such_provider(b, one);
        if (to->provider_count > before + 1) to->provider_count = before + 1; /* told elsewhere */
    }
}

static void further_site(struct build *b, const struct setting *at, struct site *to)
{
    struct public_address address = {.https = false};
    struct pages_conf look = b->pages;
    build_public_url(b, at, &address);
    *to = (struct site){.id = setting_text(at, "id"),
                        .public_url = address.origin,
                        .public_origin = address.origin,
                        .public_host = address.host,
                        .public_https = address.https};
    site_cookie(b, at, to);
    site_providers(b, at, to);
    build_redirects(b, setting_at(at, "redirects"), address.origin, &to->return_rules);
    look.name = address.host;
    build_page_look(b, at, &look);
    to->name = look.name;
    const struct err *why = pages_open(b->a, &look, &to->pages);
    if (why != NULL) build_complain(b, at->node, "sites", why);
    pages_elsewhere(b, look, to);
    reach(b, at, "cookie_domain", to);
}

static bool below(struct slice domain, struct slice host)
{
    if (!slice_ends(host, domain) || domain.len == 0) return false;
    return host.len == domain.len || host.at[host.len - domain.len - 1] == '.';
}

/* A browser would send both sites' cookies of one name to the same host, and of two none counts. */
static bool cookies_meet(const struct site *x, const struct site *y)
{
    struct slice a = x->session.cookie.domain, b = y->session.cookie.domain;
    return slice_is(x->session.cookie_name, y->session.cookie_name) && (below(a, b) || below(b, a));
}

static bool share_a_redirect(const struct return_rules *x, const struct return_rules *y)
{
    for (size_t i = 0; i < x->origin_count; i++) {
        for (size_t k = 0; k < y->origin_count; k++) {
            if (slice_is(x->origins[i], y->origins[k])) return true;
        }
    }
    return false;
}

static void site_beside(struct build *b, const struct setting *at, const struct site *site, const struct site *other)
{
    if (slice_is(site->id, other->id)) BUILD_ERROR(b, at, "id", "there are two sites \"%.*s\"", SLICE_ARG(site->id));
    if (site->public_host.len != 0 && slice_is(site->public_host, other->public_host))
        BUILD_ERROR(b, at, "public_url", "%.*s is another site's already", SLICE_ARG(site->public_origin));
    if (share_a_redirect(&site->return_rules, &other->return_rules))
        BUILD_ERROR(b, at, "redirects", "another site lists the same origin: a host belongs to one site");
    if (cookies_meet(site, other))
        BUILD_ERROR(b, at, "cookie_domain",
                    "browsers would send two cookies of one name to hosts below both domains: give this site a "
                    "cookie_name of its own");
}

void build_sites(struct build *b)
{
    const struct setting *list = setting_at(b->root, "sites");
    struct snapshot *s = b->s;
    who_may_ask(b);
    callbacks(b);
    s->sites = arena_array(b->a, struct site, list->count + 1);
    struct slice *names = arena_array(b->a, struct slice, list->count + 1);
    size_t name_count = 0;
    first_site(b, &s->sites[s->site_count++]);
    pages_elsewhere(b, b->pages, &s->sites[0]);
    reach(b, b->root, "cookie.domain", &s->sites[0]);
    if (list->count > SITES_MAX) BUILD_ERROR(b, b->root, "sites", "more than %d sites", SITES_MAX);
    for (const struct setting *at = list->first; at != NULL; at = at->next) {
        struct site *site = &s->sites[s->site_count];
        further_site(b, at, site);
        for (size_t i = 0; i < s->site_count; i++) {
            site_beside(b, at, site, &s->sites[i]);
        }
        names[name_count++] = site->session.cookie_name;
        s->site_count++;
    }
    s->session.other_cookie_names = names;
    s->session.other_cookie_count = name_count;
}
