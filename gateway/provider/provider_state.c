/* provider_state.c -- opened per snapshot, shared with the one before when a reload changed nothing that was learned from.
 *
 * Everything a fetch needs beyond the provider's time limits is copied here, as a fetch in the background may outlive the snapshot whose
 * sign-in began it.
 */
#include "provider/provider_state.h"

#include <stdatomic.h>

#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"

static char *copied(struct slice s)
{
    char *text = must_alloc(s.len + 1);
    if (s.len != 0) memcpy(text, s.at, s.len);
    return text;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same(const struct provider_state *s, const struct provider *p)
{
    return slice_is(slice_of(s->id), p->id) && slice_is(slice_of(s->issuer), p->issuer) &&
           slice_is(s->configured->authorize_url, p->authorize_url) &&
           slice_is(s->configured->token_url, p->token_url) && slice_is(s->configured->jwks_url, p->jwks_url) &&
           slice_is(s->configured->userinfo_url, p->userinfo_url) &&
           slice_is(s->configured->end_session_url, p->end_session_url) && same_text(s->ca_file, p->ca_file) &&
           s->allow_private == p->allow_private && s->allow_http == p->allow_http;
}

static struct provider_state *state_make(const struct provider *p)
{
    struct provider_state *s = must_alloc(sizeof *s);
    atomic_init(&s->references, 1);
    s->id = copied(p->id);
    s->issuer = copied(p->issuer);
    s->ca_file = p->ca_file == NULL ? NULL : copied(slice_of(p->ca_file));
    s->allow_private = p->allow_private;
    s->allow_http = p->allow_http;
    struct metadata draft = {.authorize_url = p->authorize_url,
                             .token_url = p->token_url,
                             .jwks_url = p->jwks_url,
                             .userinfo_url = p->userinfo_url,
                             .end_session_url = p->end_session_url};
    s->configured = metadata_make(&draft);
    if (p->authorize_url.len != 0 && p->token_url.len != 0 && p->jwks_url.len != 0)
        s->fixed = metadata_keep(s->configured);
    learned_open(&s->metadata, &oidc_discovery_kind, s);
    learned_open(&s->keys, &oidc_keys_kind, s);
    return s;
}

struct provider_state *provider_state_open(const struct provider *p, struct provider_state *old)
{
    return old != NULL && is_same(old, p) ? provider_state_keep(old) : state_make(p);
}

struct provider_state *provider_state_keep(struct provider_state *s)
{
    atomic_fetch_add(&s->references, 1);
    return s;
}

void provider_state_drop(struct provider_state *s)
{
    if (s == NULL || atomic_fetch_sub(&s->references, 1) != 1) return;
    learned_close(&s->metadata);
    learned_close(&s->keys);
    metadata_drop(s->fixed);
    metadata_drop(s->configured);
    free(s->id);
    free(s->issuer);
    free(s->ca_file);
    free(s);
}

void provider_state_leave(struct provider_state *s, struct loop *l)
{
    learned_leave(&s->metadata, l);
    learned_leave(&s->keys, l);
}
