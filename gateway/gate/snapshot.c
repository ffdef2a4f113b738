/* snapshot.c -- the reference count of a configuration, and the order in which its parts go.
 *
 * Whoever drops the last reference frees: first what others lent us by reference (provider states, TLS contexts), then what is built
 * upon keys, then the keys, at last the arena with all plain data.
 */
#include "gate/snapshot.h"

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
    for (size_t i = 0; i < s->bearer_issuer_count; i++) {
        struct provider *p = s->bearer_issuers[i].provider;
        if (p->state != NULL) provider_state_drop(p->state);
    }
    drop_tls(s);
    for (size_t i = 0; i < s->site_count; i++) {
        if (s->sites[i].pages != NULL) pages_close(s->sites[i].pages);
        if (s->sites[i].pages_elsewhere != NULL) pages_close(s->sites[i].pages_elsewhere);
    }
    if (s->site_count == 0 && s->pages != NULL) pages_close(s->pages);
    if (s->session_jwt != NULL) session_jwt_close(s->session_jwt);
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

void snapshot_keep_owner(void *snapshot)
{
    snapshot_keep(snapshot);
}

void snapshot_drop_owner(void *snapshot)
{
    snapshot_drop(snapshot);
}
