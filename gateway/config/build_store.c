/* build_store.c -- session.*: how long, and the address of the store with its TLS. */
#include "config/config_int.h"
#include "crypto/tls.h"
#include "text/address.h"

enum {
    REDIS_PORT = 6379,
    DATABASES = 1024,
    CACHE_ENTRIES = 4096, /* sessions per worker, about 2 KiB each */
    PREFIX_MAX = STORE_MAX_PREFIX
};

static bool database(struct slice text, int *ret_database)
{
    uint64_t number = 0;
    if (text.len != 0 && (!slice_number(text, &number) || number >= DATABASES)) return false;
    *ret_database = (int)number;
    return true;
}

static bool unix_target(struct build *b, struct slice rest, struct store_conf *conf)
{
    struct slice path, query = rest;
    slice_cut(&query, '?', &path);
    if (query.len != 0 && !slice_starts(query, LIT("db="))) return false;
    if (path.len < 2 || path.at[0] != '/' || path.len > 107) return false;
    conf->target.unix_path = arena_copy(b->a, path);
    return database(slice_from(query, 3), &conf->database);
}

static bool host_target(struct build *b, struct slice rest, struct store_conf *conf)
{
    struct slice host, path = rest;
    slice_cut(&path, '/', &host);
    return build_host_port(b, host, REDIS_PORT, &conf->target.host, &conf->target.port) && conf->target.port > 0 &&
           database(path, &conf->database);
}

/* True: it is Redis, and *ret_tls says whether inside TLS. */
static bool address(struct build *b, struct slice url, struct store_conf *conf, bool *ret_tls)
{
    bool fine = false;
    *ret_tls = false;
    conf->kind = STORE_REDIS;
    size_t scheme = slice_find(url, LIT("://"));
    if (scheme != SLICE_NONE && slice_index(slice_from(url, scheme), '@') != SLICE_NONE) {
        BUILD_ERROR(b, b->root, "session.store",
                    "no name or password in the address: they belong into store_username and store_password_file");
        return false;
    }
    conf->told = url;
    if (slice_is(url, LIT("memory://"))) {
        conf->kind = STORE_MEMORY;
        return false;
    }
    if (slice_starts(url, LIT("redis+unix://")))
        fine = unix_target(b, slice_from(url, 13), conf);
    else if (slice_starts(url, LIT("redis://")))
        fine = host_target(b, slice_from(url, 8), conf);
    else if (slice_starts(url, LIT("rediss://")))
        fine = *ret_tls = host_target(b, slice_from(url, 9), conf);
    if (fine) return true;
    BUILD_ERROR(b, b->root, "session.store",
                "session.store cannot be \"%.*s\": write redis://host:6379/0, rediss://host:6379/0, "
                "redis+unix:///path?db=0 or memory://",
                SLICE_ARG(url));
    return false;
}

static void store_tls(struct build *b, const struct setting *at, struct store_conf *conf)
{
    const struct snapshot *old = b->use->old;
    struct tls_client_conf tls = {.host = conf->target.host,
                                  .ca_file = setting_path(at, "store_ca_file"),
                                  .certificate_file = setting_path(at, "store_client_certificate"),
                                  .key_file = setting_path(at, "store_client_key")};
    if ((tls.certificate_file == NULL) != (tls.key_file == NULL)) {
        BUILD_ERROR(b, at, tls.key_file == NULL ? "store_client_certificate" : "store_client_key",
                    "store_client_certificate and store_client_key belong together");
        return;
    }
    /* the store was opened with the first one and keeps using it */
    if (old != NULL && old->store.target.tls != NULL && slice_is(old->store.told, conf->told)) {
        conf->target.tls = tls_keep(old->store.target.tls);
        return;
    }
    const struct err *why = tls_client(b->a, &tls, &conf->target.tls);
    if (why != NULL) build_complain(b, setting_place(at, "store"), "", why);
}

static void only_with_redis(struct build *b, const struct setting *at)
{
    static const char *const names[] = {"store_username", "store_password", "store_ca_file", "store_client_certificate",
                                        "store_client_key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setting_given(at, names[i])) BUILD_WARNING(b, at, names[i], "%s does nothing with memory://", names[i]);
    }
}

static void store(struct build *b, const struct setting *at)
{
    struct store_conf *conf = &b->s->store;
    bool tls = false;
    conf->username = setting_text(at, "store_username");
    conf->password = setting_at(at, "store_password")->secret;
    conf->key_prefix = setting_text(at, "store_key_prefix");
    conf->timeout_ms = (int)setting_number(at, "store_timeout");
    conf->target.connect_ms = conf->timeout_ms < 1000 ? 1000 : conf->timeout_ms;
    if (conf->key_prefix.len > PREFIX_MAX || slice_index(conf->key_prefix, '{') != SLICE_NONE) {
        BUILD_ERROR(b, at, "store_key_prefix", "store_key_prefix: at most %d bytes, without braces", PREFIX_MAX);
    }
    if (setting_at(at, "store")->bad || setting_text(at, "store").len == 0) return;
    bool redis = address(b, setting_text(at, "store"), conf, &tls);
    if (conf->kind == STORE_MEMORY) {
        only_with_redis(b, at);
        if (b->use->purpose != CONFIG_DEMO) {
            BUILD_WARNING(
                b, at, "store",
                "session.store is memory://: everybody is signed out at restart, and only one process can serve");
        }
        return;
    }
    if (redis && tls) store_tls(b, at, conf);
    if (redis && !tls && setting_given(at, "store_ca_file")) {
        BUILD_ERROR(b, at, "store_ca_file", "store_ca_file is for TLS: write rediss://");
    }
    bool local = conf->target.host.len == 0 || address_host_is_loopback(conf->target.host);
    if (redis && !tls && !local && setting_given(at, "store_password")) {
        BUILD_WARNING(b, at, "store", "the store's password crosses the network in clear text: use rediss://");
    }
}

void build_store(struct build *b)
{
    const struct setting *at = setting_at(b->root, "session");
    struct session_conf *conf = &b->s->session;
    conf->lifetime_s = setting_number(at, "lifetime") / 1000;
    conf->idle_s = setting_number(at, "idle") / 1000;
    conf->cache_ms = (int)setting_number(at, "revocation_cache");
    conf->max_per_user = (int)setting_number(at, "max_per_user");
    conf->cache_entries = CACHE_ENTRIES;
    conf->cookie.max_age_s = conf->lifetime_s;
    if (at->node == NULL) {
        complaint_at(b->c, COMPLAINT_ERROR, NULL, COMPLAINT_KEY, LIT(""),
                     "session.store is missing: redis://host:6379/0, or memory:// to try things out");
    }
    if (conf->idle_s > conf->lifetime_s) {
        bool both = setting_given(at, "idle");
        if (both)
            BUILD_ERROR(b, at, "idle", "session.idle is longer than session.lifetime");
        else
            conf->idle_s = conf->lifetime_s;
    }
    store(b, at);
}
