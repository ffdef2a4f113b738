/* provider_state.c -- opened per snapshot, shared with the one before when a reload changed nothing that was learned from.
 *
 * Everything a fetch needs beyond the provider's time limits is copied here, as a fetch in the background may outlive the snapshot whose
 * sign-in began it.
 */
#include "provider/provider_state.h"

#include <stdatomic.h>

#include "crypto/random.h"
#include "observe/metrics.h"
#include "provider/oidc_discovery.h"
#include "provider/oidc_keys.h"

#include "base/now.h"

static struct metric unavailable = {.name = "vestibule_provider_unavailable",
                                    .help =
                                        "1 while a provider is not asked for new sign-ins, or has not answered since.",
                                    .kind = METRIC_GAUGE,
                                    .labels = {"provider"}};
static struct metric openings = {.name = "vestibule_provider_unavailable_total",
                                 .help = "How often a provider was found unavailable.",
                                 .kind = METRIC_COUNTER,
                                 .labels = {"provider"}};

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

/* The text of an endpoint that the descriptor gives; empty: discovery must tell, or it holds what only a request knows. */
static struct slice given(const struct provider *p, enum endpoint_name name)
{
    const struct template *t = &p->descriptor->endpoints[name];
    return template_is_fixed(t) ? template_text(t) : (struct slice){NULL, 0};
}

static struct slice document_issuer(const struct provider *p)
{
    struct slice other = p->descriptor->id_token.discovered_issuer;
    return other.len != 0 ? other : p->descriptor->issuer;
}

static struct metadata given_endpoints(const struct provider *p)
{
    return (struct metadata){.authorize_url = given(p, ENDPOINT_AUTHORIZATION),
                             .token_url = given(p, ENDPOINT_TOKEN),
                             .jwks_url = given(p, ENDPOINT_JWKS),
                             .userinfo_url = given(p, ENDPOINT_USERINFO),
                             .end_session_url = given(p, ENDPOINT_END_SESSION),
                             .revocation_url = given(p, ENDPOINT_REVOCATION)};
}

/* With what a sign-in needs at hand nothing is discovered. */
static bool is_fixed(const struct provider *p, const struct metadata *m)
{
    return !p->descriptor->discover || (m->authorize_url.len != 0 && m->token_url.len != 0 && m->jwks_url.len != 0);
}

static bool same_endpoints(const struct metadata *x, const struct metadata *y)
{
    return slice_is(x->authorize_url, y->authorize_url) && slice_is(x->token_url, y->token_url) &&
           slice_is(x->jwks_url, y->jwks_url) && slice_is(x->userinfo_url, y->userinfo_url) &&
           slice_is(x->end_session_url, y->end_session_url) && slice_is(x->revocation_url, y->revocation_url);
}

static bool is_same(const struct provider_state *s, const struct provider *p)
{
    struct metadata m = given_endpoints(p);
    return slice_is(slice_of(s->id), p->id) && slice_is(slice_of(s->issuer), document_issuer(p)) &&
           slice_is(slice_of(s->discovery), given(p, ENDPOINT_DISCOVERY)) && same_endpoints(s->configured, &m) &&
           (s->fixed != NULL) == is_fixed(p, &m) && same_text(s->ca_file, p->ca_file) &&
           s->allow_private == p->allow_private && s->allow_http == p->allow_http;
}

static struct provider_state *state_make(const struct provider *p)
{
    struct provider_state *s = must_alloc(sizeof *s);
    atomic_init(&s->references, 1);
    s->id = copied(p->id);
    s->issuer = copied(document_issuer(p));
    s->discovery = copied(given(p, ENDPOINT_DISCOVERY));
    s->ca_file = p->ca_file == NULL ? NULL : copied(slice_of(p->ca_file));
    s->allow_private = p->allow_private;
    s->allow_http = p->allow_http;
    struct metadata draft = given_endpoints(p);
    s->configured = metadata_make(&draft);
    if (is_fixed(p, &draft)) s->fixed = metadata_keep(s->configured);
    learned_open(&s->metadata, &oidc_discovery_kind, s);
    learned_open(&s->keys, &oidc_keys_kind, s);
    breaker_init(&s->breaker);
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
    breaker_free(&s->breaker);
    free(s->id);
    free(s->issuer);
    free(s->discovery);
    free(s->ca_file);
    free(s);
}

void provider_state_leave(struct provider_state *s, struct loop *l)
{
    learned_leave(&s->metadata, l);
    learned_leave(&s->keys, l);
}

void provider_state_heard(struct provider_state *s, enum meaning_kind kind, int64_t wait_s)
{
    unsigned char bytes[4];
    uint32_t chance;
    int64_t wait_ms;
    struct slice id = slice_of(s->id);
    random_bytes(bytes, sizeof bytes);
    memcpy(&chance, bytes, sizeof chance);
    bool opened = breaker_note(&s->breaker, kind, wait_s, now_ms(), chance);
    bool closed = breaker_look(&s->breaker, now_ms(), &wait_ms) == BREAKER_CLOSED;
    metric_set(metric_series(&unavailable, &id), closed ? 0 : 1);
    if (opened) metric_add(metric_series(&openings, &id), 1);
}
