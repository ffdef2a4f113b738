/* snapshot.c -- the reference count of a configuration, and the order in which its parts go.
 *
 * Whoever drops the last reference frees: first what others lent us by reference (provider states, TLS contexts), then what is built
 * upon keys, then the keys, at last the arena with all plain data.
 */
#include "gate/snapshot.h"

#include "proxy/asked.h"

const struct provider *snapshot_voucher(struct provider *const *providers, size_t count, const struct identity *who)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(providers[i]->id, who->provider))
            return slice_is(providers[i]->issuer, who->issuer) ? providers[i] : NULL;
    }
    return NULL;
}

struct snapshot *snapshot_keep(struct snapshot *s)
{
    int before = atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    must(before > 0);
    return s;
}

static void drop_tls(struct snapshot *s)
{
    for (size_t i = 0; i < s->listener_count; i++) {
        if (s->listeners[i].tls != NULL) tls_drop(s->listeners[i].tls);
    }
    for (size_t i = 0; i < s->backend_count; i++) {
        if (s->backends[i].backend.tls != NULL) tls_drop(s->backends[i].backend.tls);
    }
    if (s->store.target.tls != NULL) tls_drop(s->store.target.tls);
}

static void snapshot_free(struct snapshot *s)
{
    for (size_t i = 0; i < s->provider_count; i++) {
        if (s->providers[i]->state != NULL) provider_state_drop(s->providers[i]->state);
    }
    drop_tls(s);
    for (size_t i = 0; i < s->site_count; i++) {
        if (s->sites[i].pages != NULL) pages_close(s->sites[i].pages);
        if (s->sites[i].session_jwt != NULL) session_jwt_close(s->sites[i].session_jwt);
    }
    if (s->site_count == 0 && s->pages != NULL) pages_close(s->pages);
    if (s->signing_keys != NULL) signing_keys_close(s->signing_keys);
    if (s->keys != NULL) keyring_close(s->keys);
    arena_close(s->arena);
}

void snapshot_drop(struct snapshot *s)
{
    if (s == NULL) return;
    int before = atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel);
    must(before > 0);
    if (before == 1) snapshot_free(s);
}

/* ---- sites ---- */

static struct slice without_usual_port(const struct site *site, struct slice authority)
{
    struct slice usual = site->public_https ? LIT(":443") : LIT(":80");
    return slice_ends(authority, usual) ? slice_upto(authority, authority.len - usual.len) : authority;
}

static bool covers(struct slice domain, struct slice host)
{
    if (domain.len == 0 || !slice_ends(host, domain)) return false;
    return host.len == domain.len || host.at[host.len - domain.len - 1] == '.';
}

const struct site *snapshot_site(const struct snapshot *s, struct slice authority, bool *ret_home, bool *ret_known)
{
    *ret_home = *ret_known = true;
    for (size_t i = 0; i < s->site_count; i++) {
        const struct site *site = &s->sites[i];
        if (slice_is(without_usual_port(site, authority), site->public_host)) return site;
    }
    *ret_home = false;
    struct slice host = asked_host(authority);
    for (size_t i = 0; i < s->site_count; i++) {
        if (return_host(&s->sites[i].return_rules, host)) return &s->sites[i];
    }
    *ret_known = false;
    const struct site *best = &s->sites[0];
    size_t most = 0;
    for (size_t i = 0; i < s->site_count; i++) {
        struct slice domain = s->sites[i].session.cookie.domain;
        if (domain.len <= most || !covers(domain, host)) continue;
        best = &s->sites[i];
        most = domain.len;
    }
    return best;
}
