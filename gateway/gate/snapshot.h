/* snapshot.h -- one immutable configuration, compiled: everything a request or a sign-in looks at.
 *
 * Made by config/, handed to each worker, kept by every exchange that began under it; freed when the last one has gone. Nothing in it
 * changes after snapshot_ready (provider_state and metrics have their own rules).
 */
#ifndef GATE_SNAPSHOT_H
#define GATE_SNAPSHOT_H
#include <stdatomic.h>

#include "crypto/keyring.h"
#include "crypto/session_jwt.h"
#include "crypto/signing_keys.h"
#include "http/server.h"
#include "login/limits.h"
#include "login/local_users.h"
#include "page/page.h"
#include "provider/bearer.h"
#include "provider/provider.h"
#include "proxy/presets.h"
#include "route/return_to.h"
#include "route/route.h"
#include "session/session.h"
#include "store/store.h"

struct snapshot_backend {
    struct backend backend;
    struct slice host, path;   /* patterns */
    struct slice strip_prefix; /* removed from the path before it is sent; empty: nothing */
    bool keep_host;            /* send the client's Host */
    struct slice audience;     /* of the assertion; empty: the backend's origin */
    enum header_preset preset;
    enum token_form token_form; /* whether it gets the provider's access token, and how */
};

struct snapshot_header { /* headers.set: a name and a fixed value or one profile field */
    struct slice name, value;
};

enum gate_mode {
    MODE_BOTH,
    MODE_AUTH, /* no backend of ours: other proxies ask */
    MODE_PROXY /* nobody may ask */
};
enum compat { /* bits: whose addresses and names are understood besides ours */
    COMPAT_OAUTH2_PROXY = 1,
    COMPAT_AUTHELIA = 2,
    COMPAT_VOUCH = 4
};

/* One public address with what belongs to it alone: a session of one site is none on another (its record names the site). The first
 * one is the top of the configuration, whose values also stand in the snapshot itself. */
struct site {
    struct slice id;                         /* empty: the first */
    struct slice public_url;                 /* as configured, without trailing slash */
    struct slice public_origin, public_host; /* host[:port] as browsers send it */
    bool public_https;
    struct slice name;
    struct pages *pages,
        *pages_elsewhere; /* the latter with absolute addresses, for answers at other hosts; NULL: nobody asks for such */
    struct return_rules return_rules;
    struct session_conf session; /* its cookie is the site's own; the rest is the same everywhere */
    struct slice attempt_prefix;
    struct provider **providers; /* lent by the snapshot */
    size_t provider_count;
};

struct snapshot {
    atomic_int references;
    struct arena *arena;
    int64_t generation;

    struct slice public_url;                 /* as configured, without trailing slash */
    struct slice public_origin, public_host; /* host[:port] as browsers send it */
    bool public_https;
    struct slice prefix; /* "/_vestibule" */
    enum gate_mode mode;
    unsigned compat;
    int verdict_cache_s; /* how long nginx may keep a yes; 0: not at all */
    bool own_callbacks;  /* a provider's redirect address is not PREFIX/callback/ID */

    struct listener *listeners; /* public ones; the metrics listener is the last of them when there is one */
    size_t listener_count;
    bool has_metrics_listener;
    struct http_limits limits;
    int workers;
    int64_t drain_ms;
    int64_t hsts_s;
    bool https_redirect;
    struct network *trusted;
    size_t trusted_count;
    struct slice client_ip_header, request_id_header; /* lower case */

    struct provider **providers;
    size_t provider_count;
    const char *provider_proxy; /* for fetch */

    struct store_conf store;
    struct session_conf session;
    /* "__Host-vestibule-tx-": sign-in attempts, host-only whatever the session's cookie is */
    struct slice attempt_prefix;
    struct keyring *keys;
    bool keys_are_new; /* made just now, in memory: nothing that is stored can be read with them */
    struct session_jwt *session_jwt;
    struct signing_keys *signing_keys;
    struct slice token_issuer, token_audience; /* audience: as configured, empty: each backend's own */
    int token_lifetime_s;                      /* of assertions; at most 300 */

    struct limits_conf rate_limits;
    struct local_users *local_users; /* NULL: none */
    struct bearer_issuer *bearer_issuers;
    size_t bearer_issuer_count;

    struct rule *rules;
    size_t rule_count;
    struct snapshot_backend *backends;
    size_t backend_count;
    struct routes *routes;
    enum header_preset preset;
    struct slice *strip_headers; /* further names to strip, lower case */
    size_t strip_count;

    struct pages *pages;
    struct return_rules return_rules;
    bool skip_if_single, remember_last;
    int primary; /* full-width buttons */
    struct slice site_name;
    struct site *sites; /* never none */
    size_t site_count;
};

/* The site that a host belongs to: whose public address it is (*ret_home), else whose people may return there, else whose cookies reach it,
 * else the first. *ret_known: it was one of the first two. authority: host[:port], lower case. */
const struct site *snapshot_site(const struct snapshot *s, struct slice authority, bool *ret_home, bool *ret_known);

/* A session is the word of a provider. Of one that is no longer configured, or whose id now stands for another issuer, it is worth
 * nothing: "corp:42" would be somebody else. */
const struct provider *snapshot_voucher(struct provider *const *providers, size_t count, const struct identity *who);

struct snapshot *snapshot_keep(struct snapshot *s);
void snapshot_drop(struct snapshot *s); /* closes what it owns with the last reference; any thread */
/* The same for those who keep a configuration without knowing what one is (token_source, bearer_ask). */
void snapshot_keep_owner(void *snapshot);
void snapshot_drop_owner(void *snapshot);

#endif
