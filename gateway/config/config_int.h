/* config_int.h -- what the files of config/ share: the configuration on its way to a snapshot, and the builders of its parts.
 *
 * Every builder judges one part and fills it; it complains and goes on, with nothing or the default in place of what was wrong.
 */
#ifndef CONFIG_CONFIG_INT_H
#define CONFIG_CONFIG_INT_H
#include "config/config.h"
#include "config/setting.h"

struct config {
    struct arena *arena; /* becomes the snapshot's */
    bool taken;
    struct complaints *complaints;
    struct setting *root;
    bool readable; /* every document could be parsed */
    bool absent;   /* nobody wrote one */
    const char *const *environment;
};

struct build { /* one call of config_build */
    struct arena *a;
    struct complaints *c;
    const struct setting *root;
    const struct config_use *use;
    const char *const *environment;
    struct snapshot *s;
    struct pages_conf pages; /* of the first site, for the others to begin with */
};

void build_public(struct build *b); /* public_url, prefix, trusted proxies, header names, cookies */
void build_server(struct build *b); /* listeners, limits, metrics */
void build_providers(struct build *b);
void build_store(struct build *b);  /* session.*, the store's address */
void build_access(struct build *b); /* access[] and routes; after build_backends */
void build_people(struct build *b, const struct setting *at, struct rule *to); /* access[].allow */
/* What is wrong with rules that are fine each by itself; list: where they were written. */
void build_access_check(struct build *b, const struct setting *list, size_t backend);
bool build_knows_provider(const struct build *b, struct slice id);
void build_no_such_provider(struct build *b, const struct setting *where); /* complains, with the nearest id */
const struct setting *build_nth(const struct setting *list, size_t n);     /* NULL: there are fewer */
void build_local(struct build *b);                                         /* local_users; before build_access */
void build_limits(struct build *b);                                        /* rate_limit */
void build_bearer(struct build *b);                                        /* bearer_issuers[]; before build_access */
void build_rule_bearer(struct build *b, const struct setting *at, struct rule *r); /* access[].bearer */
void build_backends(struct build *b);
void build_sign_in(struct build *b); /* pages, return rules */
void build_sites(struct build *b);   /* mode, compat, forward_auth; sites[], after everything a site has of its own */
/* Keys last: they are made, on disk even, only for a configuration without errors. */
void build_keys(struct build *b);

/* What a site has of its own; the top of the configuration is the first one. */
struct public_address {
    bool https;
    struct slice origin, host; /* host[:port] as browsers send it */
};
void build_public_url(struct build *b, const struct setting *section, struct public_address *ret_address);
struct slice build_cookie_domain(struct build *b, const struct setting *section, const char *key, struct slice host);
struct slice build_cookie_name(struct build *b, const struct setting *section, const char *key);
/* What section says of name, logo, accent, message, terms, privacy and help, over what conf has. */
void build_page_look(struct build *b, const struct setting *section, struct pages_conf *conf);
/* Lists of origins to which people may return: sign_in.redirects, and a site's own. */
void build_redirects(struct build *b, const struct setting *list, struct slice public_origin,
                     struct return_rules *ret_rules);
bool build_is_suffix(struct build *b, struct slice domain); /* belongs to many, not to one owner */
void build_compat(struct build *b);                         /* before prefix */

/* Complaints at `path` below section (its own place, else the section's). */
#define BUILD_ERROR(b, section, path, ...) \
    complaint_at((b)->c, COMPLAINT_ERROR, setting_place((section), (path)), COMPLAINT_VALUE, LIT(""), __VA_ARGS__)
#define BUILD_WARNING(b, section, path, ...) \
    complaint_at((b)->c, COMPLAINT_WARNING, setting_place((section), (path)), COMPLAINT_VALUE, LIT(""), __VA_ARGS__)
/* The same for an err from below. */
void build_complain(struct build *b, const struct doc *at, const char *what, const struct err *why);

/* "host:port" with a name or an IP literal in brackets or not; false if it is not that. */
bool build_host_port(struct build *b, struct slice text, int fallback_port, struct slice *ret_host, int *ret_port);
bool build_is_private(struct slice host); /* loopback, or an IP literal no route of the internet leads to */
bool build_host_name(struct slice host);  /* letters, digits, '-', labels between dots */
struct slice build_lower(struct arena *a, struct slice s);

#endif
