/* build_public.c -- who we are to browsers: public address, prefix, cookies, trusted proxies; and small readers for all builders. */
#include <libpsl.h>

#include "config/config_int.h"
#include "text/address.h"
#include "text/encode.h"
#include "text/url.h"

enum {
    COOKIE_NAME_MAX = 40
}; /* with prefix and attempt suffix far below what proxies take */

struct slice build_lower(struct arena *a, struct slice s)
{
    return arena_copy(a, arena_lower(a, s));
}

void build_complain(struct build *b, const struct doc *at, const char *what, const struct err *why)
{
    struct slice story = err_story(b->a, why);
    complaint_at(b->c, COMPLAINT_ERROR, at, COMPLAINT_VALUE, LIT(""), "%s%s%.*s", what, what[0] != '\0' ? ": " : "",
                 SLICE_ARG(story));
}

bool build_host_name(struct slice host)
{
    struct slice label;
    if (host.len == 0 || host.len > 253) return false;
    while (slice_cut(&host, '.', &label)) {
        if (label.len == 0 || label.len > 63 || label.at[0] == '-' || label.at[label.len - 1] == '-') return false;
        for (size_t i = 0; i < label.len; i++) {
            char c = label.at[i];
            bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!letter && c != '-' && c != '_') return false;
        }
    }
    return true;
}

bool build_host_port(struct build *b, struct slice text, int fallback_port, struct slice *ret_host, int *ret_port)
{
    struct slice host = text, port = {NULL, 0};
    uint64_t number = (uint64_t)fallback_port;
    if (text.len > 0 && text.at[0] == '[') {
        size_t end = slice_index(text, ']');
        if (end == SLICE_NONE) return false;
        host = slice_upto(slice_from(text, 1), end - 1);
        struct slice rest = slice_from(text, end + 1);
        if (rest.len > 0 && rest.at[0] != ':') return false;
        if (rest.len > 0) port = slice_from(rest, 1);
        if (rest.len == 1) return false;
    } else if (slice_index(text, ':') != SLICE_NONE) {
        slice_cut(&text, ':', &host);
        port = text;
        if (port.len == 0) return false;
    }
    struct address x;
    if (port.len != 0 && !slice_number(port, &number)) return false;
    if (number > 65535 || (!build_host_name(host) && !address_read(host, &x))) return false;
    *ret_host = build_lower(b->a, host);
    *ret_port = (int)number;
    return true;
}

static bool in_networks(struct slice host, const char *const *texts, size_t count)
{
    struct address x;
    struct network n;
    if (!address_read(host, &x) || !x.is_ip) return false;
    for (size_t i = 0; i < count; i++) {
        if (network_read(slice_of(texts[i]), &n) && network_has(&n, &x)) return true;
    }
    return false;
}

bool build_is_private(struct slice host)
{
    static const char *const nets[] = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",
                                       "169.254.0.0/16", "fc00::/7",      "fe80::/10"};
    return address_host_is_loopback(host) || in_networks(host, nets, sizeof nets / sizeof nets[0]);
}

/* ---------------------------------------------------------------------------------------------- public_url */

void build_public_url(struct build *b, const struct setting *section, struct public_address *ret_address)
{
    const struct setting *at = setting_at(section, "public_url");
    struct url u;
    if (at->bad || at->text.len == 0) return;
    const struct err *why = url_read(b->a, at->text, &u);
    if (why != NULL) {
        build_complain(b, at->node, "public_url", why);
        return;
    }
    if (!slice_is(u.path, LIT("/")) || u.query.at != NULL) {
        BUILD_ERROR(b, section, "public_url", "public_url must end after the host: a path has no place in it");
    }
    if (!u.https && !address_host_is_loopback(u.host)) {
        BUILD_ERROR(
            b, section, "public_url",
            "public_url must be https: over plain http anybody on the way can take sessions. http is for localhost");
    }
    ret_address->https = u.https;
    ret_address->origin = url_origin(b->a, &u);
    size_t host = slice_find(ret_address->origin, LIT("://"));
    ret_address->host = slice_from(ret_address->origin, host + 3);
}

static void public_url(struct build *b)
{
    struct public_address x = {.https = false};
    build_public_url(b, b->root, &x);
    b->s->public_https = x.https;
    b->s->public_url = b->s->public_origin = x.origin;
    b->s->public_host = x.host;
}

static bool prefix_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/';
}

static void prefix(struct build *b)
{
    struct slice p = setting_text(b->root, "prefix");
    if (!setting_given(b->root, "prefix") && (b->s->compat & COMPAT_OAUTH2_PROXY) != 0) p = LIT("/oauth2");
    bool fine = p.len >= 2 && p.len <= 64 && p.at[0] == '/' && p.at[p.len - 1] != '/' &&
                slice_find(p, LIT("//")) == SLICE_NONE && slice_find(p, LIT("/.")) == SLICE_NONE;
    for (size_t i = 0; i < p.len; i++) {
        fine = fine && prefix_byte(p.at[i]);
    }
    if (!fine) {
        BUILD_ERROR(b, b->root, "prefix", "prefix cannot be \"%.*s\": write a path such as /_vestibule", SLICE_ARG(p));
    }
    b->s->prefix = p;
}

static void trusted_proxies(struct build *b)
{
    const struct setting *list = setting_at(b->root, "trusted_proxies");
    struct snapshot *s = b->s;
    s->trusted = arena_array(b->a, struct network, list->count + 1);
    for (const struct setting *one = list->first; one != NULL; one = one->next) {
        struct network n;
        if (one->bad) continue;
        if (!network_read(one->text, &n)) {
            complaint_at(b->c, COMPLAINT_ERROR, one->node, COMPLAINT_VALUE, LIT(""),
                         "\"%.*s\" is no network; write 10.0.0.0/8 or 192.0.2.1 (bits behind the prefix are zero)",
                         SLICE_ARG(one->text));
            continue;
        }
        int bits = n.base.is_ip4 ? n.bits - 96 : n.bits;
        if (bits <= 0) {
            complaint_at(
                b->c, COMPLAINT_ERROR, one->node, COMPLAINT_VALUE, LIT(""),
                "trusting %.*s lets every client choose its own address and scheme; name the networks of your proxies",
                SLICE_ARG(one->text));
        } else if (bits < 8) {
            complaint_at(b->c, COMPLAINT_WARNING, one->node, COMPLAINT_VALUE, LIT(""),
                         "%.*s is a very large network to trust", SLICE_ARG(one->text));
        }
        s->trusted[s->trusted_count++] = n;
    }
    s->client_ip_header = build_lower(b->a, setting_text(b->root, "client_ip_header"));
    s->request_id_header = build_lower(b->a, setting_text(b->root, "server.request_id_header"));
}

/* ---------------------------------------------------------------------------------------------- cookies */

/* By the public suffix list (publicsuffix.org): the system's when it is newer than the one inside libpsl. */
bool build_is_suffix(struct build *b, struct slice domain)
{
    psl_ctx_t *list = psl_latest(NULL);
    must(list != NULL);
    bool is = psl_is_public_suffix(list, arena_text(b->a, domain)) != 0;
    psl_free(list);
    return is;
}

struct slice build_cookie_domain(struct build *b, const struct setting *section, const char *key, struct slice host)
{
    struct slice domain = build_lower(b->a, setting_text(section, key));
    struct slice none = {NULL, 0};
    struct address x;
    if (domain.len == 0) return none;
    if (domain.at[0] == '.') domain = slice_from(domain, 1);
    if (!build_host_name(domain) || address_read(domain, &x)) {
        BUILD_ERROR(b, section, key, "cookie.domain cannot be \"%.*s\": write a name such as example.com",
                    SLICE_ARG(domain));
        return none;
    }
    if (build_is_suffix(b, domain)) {
        BUILD_ERROR(b, section, key, "%.*s belongs to many: the cookie would be sent to strangers' sites",
                    SLICE_ARG(domain));
        return none;
    }
    size_t colon = slice_index(host, ':');
    if (colon != SLICE_NONE) host = slice_upto(host, colon);
    bool below = slice_is(host, domain) || slice_ends(host, arena_print(b->a, ".%.*s", SLICE_ARG(domain)));
    if (host.len != 0 && !below) {
        BUILD_ERROR(b, section, key, "browsers refuse the cookie: %.*s is not below %.*s", SLICE_ARG(host),
                    SLICE_ARG(domain));
    }
    return domain;
}

struct slice build_cookie_name(struct build *b, const struct setting *section, const char *key)
{
    struct slice name = setting_text(section, key);
    bool fine = name.len > 0 && name.len <= COOKIE_NAME_MAX;
    for (size_t i = 0; i < name.len; i++) {
        fine = fine && prefix_byte(name.at[i]) && name.at[i] != '/';
    }
    if (!fine)
        BUILD_ERROR(b, section, key, "a cookie's name has at most %d of letters, digits, '-', '_' and '.'",
                    COOKIE_NAME_MAX);
    if (slice_starts(name, LIT("__"))) BUILD_ERROR(b, section, key, "the prefix is added by itself; leave it out");
    return name;
}

static void cookies(struct build *b)
{
    static const enum cookie_same_site sites[] = {COOKIE_LAX, COOKIE_STRICT, COOKIE_SAME_SITE_NONE};
    struct session_conf *conf = &b->s->session;
    struct slice name = build_cookie_name(b, b->root, "cookie.name");
    conf->cookie.domain = build_cookie_domain(b, b->root, "cookie.domain", b->s->public_host);
    conf->cookie_name =
        arena_print(b->a, "%s%.*s", conf->cookie.domain.len != 0 ? "__Secure-" : "__Host-", SLICE_ARG(name));
    b->s->attempt_prefix = arena_print(b->a, "__Host-%.*s-tx-", SLICE_ARG(name));
    conf->cookie.path = LIT("/");
    conf->cookie.secure = true;
    conf->cookie.http_only = true;
    conf->cookie.same_site = sites[setting_number(b->root, "cookie.same_site")];
    if (conf->cookie.same_site == COOKIE_SAME_SITE_NONE) {
        BUILD_WARNING(b, b->root, "cookie.same_site",
                      "same_site none sends the session along with requests from foreign pages");
    }
}

void build_public(struct build *b)
{
    public_url(b);
    build_compat(b);
    prefix(b);
    trusted_proxies(b);
    cookies(b);
}
